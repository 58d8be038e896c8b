"""Settings for every test, the notebooks included, and what the notebooks took."""

import os
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

# Kernels that tests start inherit both. A progress bar is for the person who waits.
os.environ["TQDM_DISABLE"] = "1"
# No notebook needs the network, so none is given: tests/offline/sitecustomize.py.
OFFLINE = Path(__file__).parent / "tests" / "offline"
inherited = filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")])  # "" would be this folder
os.environ["PYTHONPATH"] = os.pathsep.join(inherited)

WANTED = 300  # seconds for the whole series on two cores, the start of its kernels included


def pytest_terminal_summary(terminalreporter):
    """How long each notebook took, and all: told and not asserted, a slow machine is no fault."""
    seconds = Counter()
    for report in chain(*terminalreporter.stats.values()):
        file = getattr(report, "nodeid", "").partition("::")[0]
        if isinstance(report, pytest.TestReport) and file.endswith(".ipynb"):
            seconds[file] += report.duration
    if seconds:
        terminalreporter.section("seconds of each notebook")
        for file, took in seconds.items():
            terminalreporter.write_line(f"{took:6.1f}  {file}")
        terminalreporter.write_line(f"{seconds.total():6.1f}  all, of {WANTED} wanted")
