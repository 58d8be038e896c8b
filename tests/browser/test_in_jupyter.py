"""Every notebook, opened in JupyterLab and run from its first cell."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PICTURES = {"image/png", "image/svg+xml", "application/vnd.jupyter.widget-view+json"}
# Width and height of what a reader sees in an output: of a picture that is loaded, or of a widget.
SIZES = """outputs => outputs.map(output =>
    [...output.querySelectorAll("img, svg, canvas")]
        .filter(picture => picture.tagName !== "IMG" || picture.naturalWidth > 0)
        .map(picture => picture.getBoundingClientRect())
        .some(box => box.width > 0 && box.height > 0))"""


def pictures(notebook, n):
    """For each output of the n-th code cell: does it show a picture?"""
    return notebook.cell(n).locator(".jp-OutputArea-child").evaluate_all(SIZES)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_every_cell_runs_and_every_figure_is_seen(open_notebook, file):
    notebook = open_notebook(file)
    saved = notebook.run_all()
    cells = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert cells
    for n, cell in enumerate(cells):
        errors = [out.evalue for out in cell.outputs if out.output_type == "error"]
        assert not errors, f"code cell {n + 1}"
        assert cell.execution_count == n + 1 or not cell.source.strip()
        figures = [bool(PICTURES & set(out.get("data", {}))) for out in cell.outputs]
        if any(figures):
            notebook.page.wait_for_timeout(100)  # a picture is decoded after its cell has ended
            seen = pictures(notebook, n)
            hidden = [f and not s for f, s in zip(figures, seen, strict=True)]
            assert not any(hidden), f"code cell {n + 1} has a figure that is not seen"
    assert notebook.messages == []
