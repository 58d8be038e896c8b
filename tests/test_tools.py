"""The saved notebooks and their links are correct, and the tools detect faults in notebooks."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lab, links, notebooks
from tools.notebooks import FOLDED

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda path: path.stem)
def test_every_notebook_is_free_of_faults(path):
    assert notebooks.check(path) == []


@pytest.fixture
def small(tmp_path):
    """Return the path of a saved notebook with three cells and no faults."""
    printed = new_output("stream", text="9 words\n")
    result = new_output("execute_result", {"text/plain": "10"}, execution_count=2)
    cells = [
        new_markdown_cell("# Small", id="title"),
        new_code_cell("n = 9\nprint(n, 'words')", id="words", execution_count=1, outputs=[printed]),
        new_code_cell("n + 1", id="more", execution_count=2, outputs=[result]),
    ]
    path = tmp_path / "small.ipynb"
    notebooks.write(notebooks.normalize(new_notebook(cells=cells)), path)
    return path


def edit(path, change):
    """Apply a change to a saved notebook."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    notebooks.write(notebook, path)


def strip(notebook):
    """Remove all outputs and execution counts, as some tools do."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def test_a_stripped_notebook_turns_the_check_red(small):
    """Since nbval skips cells without an execution count, it would accept the notebook."""
    edit(small, strip)
    assert notebooks.check(small) == [
        "small.ipynb: execution counts are not 1…2: run `make notebooks`",
        "small.ipynb: [1] prints, but has no saved output",
    ]


def add_output(text, name="stdout"):
    output = new_output("stream", name=name, text=text)
    return lambda notebook: notebook.cells[1].outputs.append(output)


def fold_nothing(notebook):
    notebook.cells[2].update(metadata=FOLDED, outputs=[])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda nb: nb.cells[1].update(execution_count=7), "execution counts are not 1…2"),
        (lambda nb: nb.metadata.update(widgets={}), "metadata"),
        (lambda nb: nb.cells[1].metadata.update(tags=["skip"]), "[1] carries metadata: tags"),
        (lambda nb: nb.cells[1].metadata.update(FOLDED, tags=[]), "metadata: jupyter, tags"),
        (lambda nb: nb.cells[1].metadata.update(jupyter={}), "[1] carries metadata: jupyter"),
        (lambda nb: nb.cells[0].metadata.update(FOLDED), "title: text with metadata: jupyter"),
        (fold_nothing, "[2] is folded, but has no saved output"),
        (add_output("at 0x7f3a12345678"), "[1] a path or an address of one machine"),
        (add_output("/home/somebody/file"), "[1] a path or an address of one machine"),
        (add_output("a warning", "stderr"), "[1] a saved warning or progress bar"),
        (lambda nb: nb.cells[1].update(source="x = 1\n" * 26), "longest 26"),
        (lambda nb: nb.cells[0].update(source="![](a.png)"), "without alt text"),
    ],
)
def test_faults_are_found(small, change, fault):
    edit(small, change)
    assert fault in "\n".join(notebooks.check(small))


def test_two_cells_with_the_same_id_are_found(small):
    text = small.read_text(encoding="utf-8")
    small.write_text(text.replace('"id": "more"', '"id": "words"'), encoding="utf-8")
    assert notebooks.check(small) == ["small.ipynb: two cells share an id, or a cell has none"]


def test_check_prints_one_line_per_fault_and_fails(small, capsys):
    assert not notebooks.main(["--check", str(small)])
    edit(small, lambda notebook: notebook.metadata.update(widgets={}))
    assert notebooks.main(["--check", str(small)])
    assert capsys.readouterr().out == (
        "no fault in 1 notebooks\nsmall.ipynb: the metadata are not the fixed kernelspec alone\n"
    )


def test_execute_normalizes_a_notebook(small):
    def disturb(notebook):
        strip(notebook)
        notebook.metadata["widgets"] = {"state": {}}
        for cell in notebook.cells:
            cell.metadata["scrolled"] = True

    before = small.read_text(encoding="utf-8")
    edit(small, disturb)
    notebooks.execute(small)
    assert small.read_text(encoding="utf-8") == before


def test_a_folded_output_stays_folded_and_no_other_metadata_survive(small):
    def disturb(notebook):
        notebook.cells[0].metadata["jupyter"] = {"outputs_hidden": True}
        notebook.cells[1].metadata |= {"jupyter": {"outputs_hidden": True, "source_hidden": True}}
        notebook.cells[2].metadata |= {"jupyter": {"outputs_hidden": False}, "tags": ["skip"]}

    edit(small, disturb)
    notebooks.execute(small)
    assert [dict(cell.metadata) for cell in nbformat.read(small, 4).cells] == [{}, FOLDED, {}]
    assert notebooks.check(small) == []


def test_missing_and_repeated_ids_are_derived_from_the_content():
    cells = [new_markdown_cell(text) for text in ("one", "two", "three")]
    notebook = new_notebook(cells=cells)
    cells[1].id = cells[0].id
    del cells[2]["id"]
    ids = [cell.id for cell in notebooks.normalize(notebook).cells]
    # The last two ids are the first digits of the SHA-256 hashes of "two" and "three".
    assert ids == [cells[0].id, "3fc4ccfe", "8b5b9db0"]


def test_all_links_lead_to_the_address_in_pyproject(monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert links.faults() == []


def test_the_readme_says_that_the_badges_do_not_work_yet_while_they_do_not():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (links.NOTE in readme) == (links.address() == links.PLACEHOLDER)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Copy the files that contain the repository's address to a temporary folder."""
    for pattern in links.FILES:
        for path in ROOT.glob(pattern):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    return tmp_path


def test_an_address_is_written_everywhere_and_can_be_undone(copy):
    links.main([links.PLACEHOLDER])
    before = {path: path.read_bytes() for path in copy.rglob("*.*")}
    assert links.main(["alice/lstm.book"]) == 0
    assert links.address() == "alice/lstm.book"
    assert links.book() == "https://alice.github.io/lstm.book/"
    notebook = next(copy.glob("notebooks/02*")).read_text(encoding="utf-8")
    assert f"]({links.book()}02_lstm_gate_by_gate.html#explorer?" in notebook
    assert links.faults() == []
    for path, bytes_before in before.items():
        text = path.read_text(encoding="utf-8")
        assert "alice/lstm.book" in text
        assert "__owner__" not in text
        assert path.read_bytes() != bytes_before

    links.main([links.PLACEHOLDER])
    readme = copy / "README.md"
    assert links.NOTE not in readme.read_text(encoding="utf-8")
    for path in before.keys() - {readme}:
        assert path.read_bytes() == before[path]


def test_sources_change_and_outputs_do_not():
    link = "https://github.com/a/gatewise"
    output = new_output("stream", text=link)
    cell = new_code_cell(f"print('{link}')", outputs=[output])
    text = nbformat.writes(new_notebook(cells=[cell])) + "\n"
    expected = text.replace(f"print('{link}')", "print('https://github.com/b/gatewise')")
    assert links.rewrite_notebook(text, "a/gatewise", "b/gatewise") == expected


def test_links_to_this_repository_and_its_forks_are_rewritten_and_others_are_not():
    old = """
        https://colab.research.google.com/github/a/b/blob/main/n.ipynb git+https://github.com/a/b
        https://mybinder.org/v2/gh/fork/b/main?labpath=n.ipynb git clone https://github.com/a/b.git
        https://raw.githubusercontent.com/a/b/main/x.svg https://github.com/__owner__/gatewise
    """
    kept = "https://github.com/a/better src/b/a/b.py https://github.com/karpathy/micrograd"
    new = old.replace("/a/b", "/new/home").replace("fork/b", "new/home")
    new = new.replace(links.PLACEHOLDER, "new/home")
    assert links.rewrite(old + kept, "a/b", "new/home") == new + kept
    page = "https://{}.github.io/{}/n.html#explorer?x=1"
    assert links.rewrite(page.format("a", "b"), "a/b", "c/d") == page.format("c", "d")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/alice/gate.wise",
        "https://github.com/alice/gate.wise.git",
        "https://alice:token@github.com/alice/gate.wise.git/",
        "git@github.com:alice/gate.wise.git",
        "ssh://git@github.com/alice/gate.wise",
        "ssh://git@ssh.github.com:443/alice/gate.wise.git",
    ],
)
def test_the_address_is_read_from_a_remote(url):
    assert links.from_remote(url) == "alice/gate.wise"


@pytest.mark.parametrize("url", ["https://gitlab.com/alice/gatewise", "/home/alice/gatewise", ""])
def test_a_remote_outside_github_is_refused_in_a_sentence(url):
    with pytest.raises(ValueError, match="^expected a remote on github.com, .*OWNER=owner/name`$"):
        links.from_remote(url)


def test_make_links_takes_the_address_of_origin(copy):
    remote = "git@github.com:alice/gatewise.git"
    for command in ["init", "--quiet"], ["remote", "add", "origin", remote]:
        subprocess.run(["git", *command], cwd=copy, check=True)
    assert links.main([]) == 0
    assert links.address() == "alice/gatewise"


def test_an_invalid_address_is_refused_before_anything_changes(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*.*")}
    for wrong in "alice", "__alice/gatewise", "https://github.com/alice/gatewise":
        assert links.main([wrong]) == f"expected an address OWNER=owner/name, got {wrong}"
    assert {path: path.read_bytes() for path in before} == before


def test_the_check_fails_in_one_sentence_where_github_has_another_address(copy, monkeypatch):
    links.main(["alice/gatewise"])
    assert links.main(["--check"]) == 0
    monkeypatch.setenv("GITHUB_REPOSITORY", "Alice/gatewise")  # GitHub ignores the case of names
    assert links.main(["--check"]) == 0
    monkeypatch.setenv("GITHUB_REPOSITORY", "bob/gatewise")
    assert links.main(["--check"]) == (
        "this is bob/gatewise, but its links lead to alice/gatewise: run `make links` and commit"
    )


def test_the_check_names_files_with_other_addresses(copy):
    links.main(["alice/gatewise"])
    readme = copy / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(text.replace("github/alice", "github/bob", 1), encoding="utf-8")
    assert links.main(["--check"]) == (
        "README.md: expected links to alice/gatewise, got others: run `make links`"
    )


def test_the_check_needs_only_python():
    command = [sys.executable, "-S", "-I", ROOT / "tools" / "links.py", "--help"]
    assert b"OWNER/NAME" in subprocess.run(command, check=True, capture_output=True).stdout


def test_lab_opens_as_root_and_without_a_browser():
    plain = lab.options(root=False, browser=True)
    assert "--allow-root" not in plain
    assert "--no-browser" not in plain
    assert lab.options(root=True, browser=False) == [*plain, "--allow-root", "--no-browser"]
    assert (ROOT / lab.FIRST).exists()


def test_without_a_display_there_is_no_browser(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in lab.WINDOWS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lab.webbrowser, "get", lambda: "w3m")
    assert not lab.has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert lab.has_browser()

    def none():
        raise lab.webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(lab.webbrowser, "get", none)
    assert not lab.has_browser()
