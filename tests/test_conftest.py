"""What the conftest.py at the root does for the notebooks: no network, and their seconds told."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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
    return f"tests run without a network, but {host} is asked for"


@pytest.fixture(scope="module")
def run():
    """Run a cell in a kernel like any other test's; returns its last output."""
    client = NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", allow_errors=True)

    def run_(source):
        client.nb.cells.append(nbformat.v4.new_code_cell(source))
        client.execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1)
        return client.nb.cells[-1].outputs[-1]

    with client.setup_kernel():
        yield run_


@pytest.mark.parametrize(("source", "host"), REFUSED)
def test_a_kernel_reaches_nothing_but_this_machine(run, source, host):
    output = run(source)
    assert (output.ename, output.evalue) == ("RuntimeError", sentence(host))


def test_nor_does_what_the_kernel_starts(run):
    assert f"RuntimeError: {sentence('example.org')}" in run(CHILD).text


def test_this_machine_it_does_reach(run):
    assert run(TALK_TO_ONESELF).text == "b'here'\n"


@pytest.fixture
def miniature(tmp_path):
    """A folder with this project's settings, where nothing is inherited from this run's."""
    for name in ("pyproject.toml", "conftest.py", "tests/offline/sitecustomize.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def pytest_on(*files, folder):
    """What pytest prints for these files in a miniature."""
    command = [sys.executable, "-m", "pytest", "--color=no", *files]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout


def test_notebooks_run_without_a_network_and_their_seconds_are_told(miniature):
    for name, source in {"here": "answer = 42", "away": LOOK_UP}.items():
        cell = nbformat.v4.new_code_cell(source, execution_count=1)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), miniature / f"{name}.ipynb")
    said = pytest_on("here.ipynb", "away.ipynb", folder=miniature)
    assert sentence("example.org") in said
    assert "1 failed, 1 passed" in said
    rows = re.findall(r"^ *(\d+\.\d)  (.*)$", said, re.MULTILINE)
    assert [row[1] for row in rows] == ["here.ipynb", "away.ipynb", "all, of 300 wanted"]
    here, away, all_ = (float(row[0]) for row in rows)
    assert min(here, away) > 0.1  # no kernel starts faster
    assert all_ == pytest.approx(here + away, abs=0.16)  # all three are rounded


def test_where_no_notebook_ran_there_is_nothing_to_tell(miniature):
    (miniature / "test_nothing.py").write_text("def test():\n    pass\n", encoding="utf-8")
    said = pytest_on("test_nothing.py", folder=miniature)
    assert "1 passed" in said
    assert "seconds of each notebook" not in said
