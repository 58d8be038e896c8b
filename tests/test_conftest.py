"""The conftest.py at the root checks notebooks for errors and blocks access to the network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_markdown_cell

ROOT = Path(__file__).parents[1]

LOOK_UP = "import socket; socket.getaddrinfo('example.org', 80)"
REFUSED = [
    (LOOK_UP, "example.org"),
    ("import socket; socket.gethostbyname('example.org')", "example.org"),
    ("import socket; socket.create_connection(('192.0.2.1', 80))", "192.0.2.1"),
    ("import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))", "2001:db8::1"),
    ("import socket; socket.socket(type=2).sendto(b'', ('192.0.2.1', 80))", "192.0.2.1"),
    ("import urllib.request; urllib.request.urlopen('https://example.org')", "example.org"),
    ("import asyncio; await asyncio.open_connection('192.0.2.1', 80)", "192.0.2.1"),
]
CHILD = f"""
import subprocess, sys
print(subprocess.run([sys.executable, "-c", {LOOK_UP!r}], stderr=subprocess.PIPE).stderr.decode())
"""
TALK_TO_ONESELF = """
import socket
with (
    socket.create_server(("127.0.0.1", 0)) as server,
    socket.create_connection(("localhost", server.getsockname()[1])) as caller,
):
    caller.sendall(b"here")
    print(server.accept()[0].recv(4))
"""


def sentence(host):
    return f"tests run without a network, but {host} was requested"


@pytest.fixture(scope="module")
def run():
    """Return a function that runs code in a kernel and returns the last output."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", allow_errors=True)

    def run_(source):
        client.nb.cells.append(nbformat.v4.new_code_cell(source))
        client.execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1)
        return client.nb.cells[-1].outputs[-1]

    with client.setup_kernel():
        yield run_


@pytest.mark.parametrize(("source", "host"), REFUSED)
def test_a_kernel_reaches_only_this_machine(run, source, host):
    output = run(source)
    assert (output.ename, output.evalue) == ("RuntimeError", sentence(host))


def test_a_child_of_the_kernel_reaches_only_this_machine(run):
    assert sentence("example.org") in run(CHILD).text  # Python 3.13 colors the traceback


def test_a_kernel_reaches_this_machine(run):
    assert run(TALK_TO_ONESELF).text == "b'here'\n"


def code(source, text, **more):
    """Return a code cell with its saved output."""
    outputs = [nbformat.v4.new_output("stream", text=text)] if text else []
    return nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs, **more)


def exercise(n, condition):
    """Return the three cells of an exercise whose correct answer is 3."""
    check = f"print('exercise {n}:', 'right' if {condition} else 'not right yet')"
    solution = f"<details>\n\n```python\nanswer_{n} = 3\n```\n\n</details>"
    return [
        code(f"answer_{n} = None", "", id=f"answer-{n}"),
        code(check, f"exercise {n}: not right yet\n", id=f"check-{n}"),
        nbformat.v4.new_markdown_cell(solution, id=f"solution-{n}"),
    ]


# A cell with a saved widget, but without a record of the widget's state.
WIDGET = nbformat.v4.new_code_cell(
    "from gatewise.widgets import GateExplorer\nGateExplorer()",
    execution_count=1,
    outputs=[
        nbformat.v4.new_output(
            "execute_result", {"text/plain": "GateExplorer", "image/png": ""}, execution_count=1
        )
    ],
)
NOTEBOOKS = {
    "sound": [code("print(6 * 7)", "42\n"), *exercise(1, "answer_1 == 3")],
    "faulty": [
        code("print(7 * 7)", "48\n"),
        nbformat.v4.new_code_cell("print(1)", execution_count=2),
        code(LOOK_UP, ""),
        code("n = globals().get('n', 0) + 1; print(n)", "1\n"),
        WIDGET,
        *exercise(1, "answer_1"),
        *exercise(2, "answer_2 == 4"),
    ],
    "plain": [code("print(1)", "1\n")],
    "untried": exercise(1, "answer_1 == 3"),
    "unsolved": exercise(1, "answer_1 == 3")[:2],
    "unfolded": [*exercise(1, "answer_1 == 3")[:2], new_markdown_cell("3", id="solution-1")],
}
TRIED = {name: {1: ["answer_1 = 1", "answer_1 = 2"]} for name in ("sound", "unsolved", "unfolded")}
TRIED["faulty"] = {1: ["answer_1 = 0", "answer_1 = 1"], 2: ["answer_2 = 1", "answer_2 = 2"]}
REFUSED_NOTEBOOKS = [
    "in tests/exercises.py: untried has exercises [1], and wrong answers to none",
    "unsolved: expected a cell with the id solution-1, got none",
    "unfolded: expected a folded Python block in solution-1, got none",
]
RED = [
    ("Cell 0", "a changed digit"),
    ("Cell 1", "an output removed"),
    ("Cell 2", "a question to the network"),
    ("Cell 4", "a widget that was not recorded"),
    ("Exercise 1, wrong answer 2", "a check that takes any answer"),
    ("Exercise 2, the folded solution", "a check that refuses the solution"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "red"),
    [([], RED), (["--twice"], [*RED[:3], ("Cell 3", "a cell that counts its runs"), *RED[3:]])],
    ids=["once", "twice"],
)
def test_each_fault_turns_its_item_red_and_nothing_else(tmp_path, options, red):
    copied = ("pyproject.toml", "conftest.py", "tests/offline/sitecustomize.py")
    for name in (*copied, "tools/__init__.py", "tools/notebooks.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests" / "exercises.py").write_text(f"WRONG = {TRIED}\n", encoding="utf-8")
    for name, cells in NOTEBOOKS.items():
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    options = [*options, "-q", "--tb=line", "--color=no", "--continue-on-collection-errors"]
    command = [sys.executable, "-m", "pytest", *options, *(f"{name}.ipynb" for name in NOTEBOOKS)]
    said = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    ).stdout
    failed = re.findall(r"^FAILED (\w+)\.ipynb::(.+?)(?: - .*)?$", said, re.MULTILINE)
    assert failed == [("faulty", item) for item, _ in red], said
    for sentence in REFUSED_NOTEBOOKS:
        assert sentence in said
    told = re.findall(r"^ +\d+\.\d  (.+)$", said, re.MULTILINE)
    assert told == ["faulty.ipynb", "plain.ipynb", "sound.ipynb", "all, of 180 wanted"]
