"""The notebooks link to each other correctly, and two of them pass tests that nbval can't run.

nbval executes the notebooks; see conftest.py.
"""

import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from gatewise import data
from gatewise.check import compare
from gatewise.widgets import GateExplorer
from tools import notebooks


def test_each_notebook_links_to_its_neighbors():
    """The line below the badge links to the previous and next notebooks by title."""
    paths = notebooks.notebooks()
    heads = [nbformat.read(path, as_version=4).cells[0].source.split("\n\n") for path in paths]
    links = [f"[{h[0].removeprefix('# ')}]({p.name})" for h, p in zip(heads, paths, strict=True)]
    for n, head in enumerate(heads):
        before = [f"Before: {link}" for link in links[max(n - 1, 0) : n]]
        after = [f"Next: {link}" for link in links[n + 1 : n + 2]]
        assert head[2] == " · ".join([*before, *after, "[Notation](../NOTATION.md)"])


def test_notebook_5_notices_a_stored_network_that_differs(monkeypatch):
    """The test runs the code cell `um-check` with stored results instead of training a network."""
    (path,) = [path for path in notebooks.notebooks() if path.stem == "05_gru"]
    (cell,) = [c for c in nbformat.read(path, as_version=4).cells if c.id == "um-check"]
    stored = data.um(model="GRU", forget_bias=0, readout="normal", ums=30)
    run = SimpleNamespace(right=np.array([[row.right] for row in stored]))
    names = {"um_run": run, "data": data, "compare": compare}
    exec(cell.source, names)
    planted = [stored[0]._replace(right=stored[0].right - 1), *stored[1:]]
    monkeypatch.setattr(data, "um", lambda **where: planted)
    with pytest.raises(AssertionError):
        exec(cell.source, names)


def test_the_folded_solution_of_keep_solves_it():
    """The solution isn't in a code cell, because code cells are always visible."""
    (path,) = [path for path in notebooks.notebooks() if path.stem == "02_lstm_gate_by_gate"]
    (cell,) = [c for c in nbformat.read(path, as_version=4).cells if c.id == "keep-caption"]
    keep = GateExplorer(task="keep")
    assert not keep.check()
    exec(re.search(r"<details>.*```python\n(.*?)```", cell.source, re.DOTALL)[1], {"keep": keep})
    assert keep.check()


def test_links_to_a_section_lead_to_a_heading():
    """Jupyter creates the anchor of a heading by replacing spaces with hyphens."""
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
