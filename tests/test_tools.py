"""The saved notebooks are as they should be, and what is not so is found."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from gatewise import authoring

ROOT = Path(__file__).parents[1]
FIRST = authoring.notebooks()[0]


@pytest.fixture
def short(tmp_path):
    """The beginning of the first notebook: a file that is quick to run."""
    notebook = nbformat.read(FIRST, as_version=4)
    ends = [n for n, cell in enumerate(notebook.cells) if cell.id == "onehot-same"]
    notebook.cells = notebook.cells[: ends[0] + 1]
    path = tmp_path / "short.ipynb"
    authoring.write(notebook, path)
    return path


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    authoring.write(notebook, path)


def nbval(path):
    """The exit status of what `make test` does with this notebook."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), str(path)]
    return subprocess.run(command, capture_output=True, env=os.environ, check=False).returncode


@pytest.mark.parametrize("path", authoring.notebooks(), ids=lambda path: path.stem)
def test_every_notebook_is_as_it_should_be(path):
    assert authoring.check(path) == []


def test_a_number_changed_by_hand_turns_the_test_red(short):
    assert nbval(short) == 0
    text = short.read_text(encoding="utf-8")
    assert text.count("9 words") == 1
    short.write_text(text.replace("9 words", "8 words"), encoding="utf-8")
    assert nbval(short) == 1


def test_a_stripped_notebook_turns_the_test_red(short):
    def strip(notebook):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None

    edit(short, strip)
    assert nbval(short) == 0, "nbval alone passes a stripped notebook; if it no longer does, good"
    faults = "\n".join(authoring.check(short))
    assert "execution counts" in faults
    assert "prints, but has no saved output" in faults


def test_an_output_removed_turns_the_test_red(short):
    edit(short, lambda notebook: notebook.cells[-1].outputs.clear())
    assert nbval(short) == 1
    assert authoring.check(short) == ["short.ipynb: [5] prints, but has no saved output"]


def first_code(notebook):
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def add_output(text, name="stdout"):
    output = nbformat.v4.new_output("stream", name=name, text=text)
    return lambda notebook: first_code(notebook).outputs.append(output)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda nb: setattr(first_code(nb), "execution_count", 7), "execution counts are not 1…5"),
        (lambda nb: nb.metadata.update(widgets={}), "metadata"),
        (lambda nb: first_code(nb).metadata.update(tags=["skip"]), "[1] carries metadata: tags"),
        (add_output("at 0x7f3a12345678"), "[1] a path or an address of one machine"),
        (add_output("/home/somebody/file"), "[1] a path or an address of one machine"),
        (add_output("a warning", "stderr"), "[1] a saved warning or progress bar"),
        (lambda nb: setattr(first_code(nb), "source", "x = 1\n" * 26), "longest 26"),
        (lambda nb: setattr(nb.cells[0], "source", "![](a.png)"), "without alt text"),
    ],
)
def test_faults_are_found(short, change, fault):
    edit(short, change)
    assert fault in "\n".join(authoring.check(short))


def test_two_cells_with_one_id_are_found(short):
    text = short.read_text(encoding="utf-8")
    short.write_text(text.replace('"id": "onehot"', '"id": "words"'), encoding="utf-8")
    assert authoring.check(short) == ["short.ipynb: two cells share an id, or a cell has none"]


def test_execute_normalises(short, tmp_path):
    def disturb(notebook):
        notebook.metadata["widgets"] = {"state": {}}
        for cell in notebook.cells:
            cell.metadata["scrolled"] = True
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], 40

    before = short.read_text(encoding="utf-8")
    edit(short, disturb)
    authoring.execute(short)
    assert short.read_text(encoding="utf-8") == before


def test_missing_and_repeated_ids_are_made_from_the_content():
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("one", "two", "three")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    cells[1].id = cells[0].id
    del cells[2]["id"]
    ids = [cell.id for cell in authoring.normalise(notebook).cells]
    # The last two are the beginnings of the SHA-256 of "two" and "three".
    assert ids == [cells[0].id, "3fc4ccfe", "8b5b9db0"]


@pytest.mark.parametrize("path", authoring.addressed_files(), ids=lambda path: path.name)
def test_links_lead_to_the_address_in_pyproject(path):
    text = path.read_text(encoding="utf-8")
    assert authoring.with_links(text) == text, f"{path.name}: run `make links`"
    assert authoring.repository() in text


def test_links_are_rewritten_and_other_peoples_are_not(monkeypatch):
    monkeypatch.setattr(authoring, "repository", lambda: "new/home")
    old = (
        "https://colab.research.google.com/github/a/b/blob/main/n.ipynb git+https://github.com/a/b\n"
        "https://mybinder.org/v2/gh/a/b/main?labpath=n.ipynb git clone https://github.com/a/b.git\n"
        "https://github.com/karpathy/micrograd"
    )
    assert authoring.with_links(old) == old.replace("/a/b", "/new/home")


def test_check_prints_one_line_a_fault_and_fails(short, capsys):
    edit(short, lambda notebook: notebook.metadata.update(widgets={}))
    assert authoring.main(["--check", str(short)])
    assert capsys.readouterr().out == (
        "short.ipynb: the metadata are not the fixed kernelspec alone\n"
    )
