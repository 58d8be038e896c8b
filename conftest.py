"""The settings for all tests, and the nbval classes that test the notebooks.

Each notebook runs in a fresh kernel and an empty folder, without network access. After the last
cell, the same kernel checks the exercises, including the wrong answers from tests/exercises.py.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

import exercises
import nbformat
import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from tools import notebooks

# Kernels started by tests inherit these environment variables. Tests need no progress bars, and
# pytest-xdist workers are fastest with one thread each.
os.environ["TQDM_DISABLE"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# No notebook needs the network, so tests/offline/sitecustomize.py blocks access to it.
OFFLINE = Path(__file__).parent / "tests" / "offline"
# An empty entry in PYTHONPATH would mean the current folder, so `filter` removes it.
inherited = filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")])
os.environ["PYTHONPATH"] = os.pathsep.join(inherited)

WANTED = 180  # the target time for all notebooks on two cores, in seconds


# The site must build without torch or network access, as in the workflow that publishes it.
BUILD = """
import sys
sys.modules["torch"] = None
from pathlib import Path
from tools import site
site.build(Path(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Build the book's web pages once per session, and return their folder."""
    folder = tmp_path_factory.mktemp("site") / "out"
    subprocess.run([sys.executable, "-c", BUILD, folder], cwd=Path(__file__).parent, check=True)
    return folder


def pytest_addoption(parser):
    parser.addoption("--twice", action="store_true", help="run every code cell twice in a row")


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb":
        return Notebook.from_parent(parent, path=file_path)


class Notebook(IPyNbFile):
    """A notebook, collected as its code cells followed by its exercises."""

    def setup(self):
        self.folder = tempfile.TemporaryDirectory()
        self.kernel = RunningKernel(CURRENT_ENV_KERNEL_NAME, cwd=self.folder.name)

    def collect(self):
        for cell in super().collect():
            yield Cell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )
        for number, (name, source, verdict) in enumerate(judgements(self.nb, self.path.stem)):
            cell = nbformat.v4.new_code_cell(source, execution_count=1)
            cell.outputs = [nbformat.v4.new_output("stream", text=verdict)]
            yield Judgement.from_parent(
                self, name=name, cell_num=number, cell=cell, options=defaultdict(bool, check=True)
            )

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


class Cell(IPyNbCell):
    """A code cell. With --twice, the cell runs twice and must print the same output both times."""

    def runtest(self):
        super().runtest()
        if self.config.option.twice:
            super().runtest()

    def compare_outputs(self, test, ref, skip_compare=None):
        """Compare the outputs as nbval does, and compare the widget states with `alike`."""
        if not super().compare_outputs(test, ref, skip_compare):
            return False
        states = notebooks.read_states().get(self.parent.path.stem, {})
        if alike(notebooks.displayed(test), states.get(self.cell.id, [])):
            return True
        expected = "expected the widgets that notebooks/widgets.json records, got others"
        self.comparison_traceback = [f"{expected}: run `make notebooks`"]
        return False


class Judgement(IPyNbCell):
    """An answer to an exercise, followed by the check that prints the verdict."""

    def compare_outputs(self, test, ref, skip_compare=None):
        said = "".join(output.get("text", "") for output in test)
        self.comparison_traceback = [f"expected the verdict {ref[0].text!r}, got {said!r}"]
        return re.search(rf"^{ref[0].text}\n\Z", said, re.MULTILINE)


# Training magnifies rounding errors, so trained weights differ between machines. The unit that best
# distinguishes two sentences may differ, too.
TRAINED = {"weights", "unit"}


def alike(one, other):
    """Return whether two widget states are equal, allowing for differences between machines.

    Numbers may differ by up to 0.01 or one percent. Training results aren't compared.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        compared = one.keys() - TRAINED
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in compared)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one == pytest.approx(other, rel=0.01, abs=0.01)
    return one == other


def judgements(notebook, name):
    """Yield the name, the code and the expected verdict of every attempt at an exercise.

    The attempts are an empty answer, two wrong answers and the solution.
    Raises ValueError if an exercise lacks a cell or doesn't have exactly two wrong answers.
    """
    source = {cell.id: cell.source for cell in notebook.cells}
    cells = [re.fullmatch(r"(?:answer|check|solution)-(\d+)", id) for id in source]
    numbers = sorted({int(found[1]) for found in cells if found})
    wrong = exercises.WRONG.get(name, {})
    if sorted(wrong) != numbers or any(len(answers) != 2 for answers in wrong.values()):
        got = f"has exercises {numbers or 'none'}, and wrong answers to {sorted(wrong) or 'none'}"
        raise ValueError(
            f"expected two wrong answers to each exercise in tests/exercises.py: {name} {got}"
        )
    for n in numbers:
        for id in (f"answer-{n}", f"check-{n}", f"solution-{n}"):
            if id not in source:
                raise ValueError(f"{name}: expected a cell with the id {id}, got none")
        solution = re.search(r"<details>.*```python\n(.*?)```", source[f"solution-{n}"], re.DOTALL)
        if not solution:
            raise ValueError(f"{name}: expected a folded Python block in solution-{n}, got none")
        changed = [
            text if isinstance(text, str) else replaced(solution[1], *text) for text in wrong[n]
        ]
        tries = [
            ("no answer", "", "(no answer|not right) yet"),
            *((f"wrong answer {k}", text, "not right yet") for k, text in enumerate(changed, 1)),
            ("the folded solution", solution[1], "right"),
        ]
        for which, text, verdict in tries:
            code = "\n".join([source[f"answer-{n}"], text, source[f"check-{n}"]])
            yield f"Exercise {n}, {which}", code, f"exercise {n}: {verdict}"


def replaced(text, old, new):
    """Replace the one occurrence of `old`. Raises ValueError if there isn't exactly one."""
    if text.count(old) != 1:
        raise ValueError(f"expected {old!r} once in the solution, got it {text.count(old)} times")
    return text.replace(old, new)


def pytest_terminal_summary(terminalreporter):
    """Print the running time of each notebook and the total time."""
    seconds = Counter()
    for report in chain(*terminalreporter.stats.values()):
        file = getattr(report, "nodeid", "").partition("::")[0]
        if isinstance(report, pytest.TestReport) and file.endswith(".ipynb"):
            seconds[file] += report.duration
    if seconds:
        terminalreporter.section("seconds of each notebook")
        for file, took in sorted(seconds.items()):
            terminalreporter.write_line(f"{took:6.1f}  {file}")
        terminalreporter.write_line(f"{seconds.total():6.1f}  all, of {WANTED} wanted")
