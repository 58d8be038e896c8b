"""What the notebooks have in common. Each one is executed by nbval: see conftest.py."""

import re

import nbformat

from tools import notebooks


def test_each_notebook_leads_to_its_neighbours():
    """The line below the badge names the notebooks before and after by their titles."""
    paths = notebooks.notebooks()
    heads = [nbformat.read(path, as_version=4).cells[0].source.split("\n\n") for path in paths]
    links = [f"[{h[0].removeprefix('# ')}]({p.name})" for h, p in zip(heads, paths, strict=True)]
    for n, head in enumerate(heads):
        before = [f"Before: {link}" for link in links[max(n - 1, 0) : n]]
        after = [f"Next: {link}" for link in links[n + 1 : n + 2]]
        assert head[2] == " · ".join([*before, *after, "[Notation](../NOTATION.md)"])


def test_links_to_a_section_lead_to_a_heading():
    """Jupyter's anchor of a heading is its text with a hyphen for each space."""
    prose = {path.name: _prose(path) for path in notebooks.notebooks()}
    anchors = {
        name: {heading.replace(" ", "-") for heading in re.findall("^#+ (.+)", text, re.M)}
        for name, text in prose.items()
    }
    for name, text in prose.items():
        for file, anchor in re.findall(r"\]\(([\w.]*)#([^)\s]+)\)", text):
            assert anchor in anchors.get(file or name, ()), f"{name}: {file}#{anchor}"


def _prose(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
