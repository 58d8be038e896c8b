"""The links between the notebooks. nbval executes each notebook: see conftest.py."""

import nbformat

from tools import notebooks


def test_each_notebook_links_to_its_neighbors():
    """The line below the badge links to the previous and next notebook by their titles."""
    paths = notebooks.notebooks()
    heads = [nbformat.read(path, as_version=4).cells[0].source.split("\n\n") for path in paths]
    links = [f"[{h[0].removeprefix('# ')}]({p.name})" for h, p in zip(heads, paths, strict=True)]
    for n, head in enumerate(heads):
        before = [f"Before: {link}" for link in links[max(n - 1, 0) : n]]
        after = [f"Next: {link}" for link in links[n + 1 : n + 2]]
        assert head[2] == " · ".join([*before, *after, "[Notation](../NOTATION.md)"])
