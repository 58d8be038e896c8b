"""The set-up cell of every notebook, in an environment that has torch and lacks gatewise."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
from packaging.utils import canonicalize_name

from gatewise import authoring

ROOT = Path(__file__).parents[1]
PROTECTED = ["torch", "numpy", "ipython", "ipywidgets", "anywidget"]
# What Colab has of all that shows a widget.
COLAB = ["ipywidgets==7.7.1", "anywidget==0.9.21", "ipython==7.34.0", "ipykernel==6.17.1"]
ON_COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"


def cells():
    for path in authoring.notebooks():
        notebook = nbformat.read(path, as_version=4)
        yield next(cell.source for cell in notebook.cells if cell.id == "setup")


def environment(folder, *pins):
    """A new environment with the pinned, and all else that is installed here, but not gatewise."""
    venv.create(folder, with_pip=True)
    home = {"base": str(folder), "platbase": str(folder)}
    python = Path(sysconfig.get_path("scripts", "venv", vars=home)) / "python"
    if pins:
        online = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        wanted = [*pins, "setuptools>=77.0.3"]  # torch wants it, a new environment's is older
        install = [python, "-m", "pip", "install", "--quiet", *wanted]
        subprocess.run(install, env=online, check=True)
    there = Path(sysconfig.get_path("purelib", "venv", vars=home))
    own = {canonicalize_name(d.name) for d in importlib.metadata.distributions(path=[str(there)])}
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        name = canonicalize_name(package.name.split("-")[0])
        told = package.suffix == ".dist-info" and name in own  # of another version
        if "gatewise" not in name and not told and not (there / package.name).exists():
            (there / package.name).symlink_to(package)
    return python


@pytest.fixture
def fresh(tmp_path):
    return environment(tmp_path / "fresh")


def run(python, code, folder):
    """Run code as a notebook's kernel would, with this checkout standing for the address."""
    script = folder / "cell.ipy"
    script.write_text(code, encoding="utf-8")
    address = f"https://github.com/{authoring.repository()}"
    environment = os.environ | {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's own way to say: build with what is installed
        "IPYTHONDIR": str(folder / "ipython"),
    }
    command = [python, "-m", "IPython", "--no-banner", "--colors=NoColor", str(script)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_it_is_the_same_cell_in_every_notebook():
    assert len(set(cells())) == 1


def test_where_the_package_is_there_it_does_nothing(tmp_path):
    done = run(sys.executable, next(cells()), tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_elsewhere_it_says_in_a_sentence_how_to_install(fresh, tmp_path):
    done = run(fresh, next(cells()), tmp_path)
    assert "ModuleNotFoundError: gatewise is missing here: run `make lab`" in done.stdout


def test_on_colab_it_installs_gatewise_and_touches_nothing_else(tmp_path):
    """With Colab's versions, in which a notebook full of widgets then gives what is saved in it."""
    python = environment(tmp_path / "colab", *COLAB)
    look = (
        "\nimport gatewise.cells.rnn, importlib.metadata\n"
        f"print([importlib.metadata.version(name) for name in {PROTECTED}])\n"
        "print(gatewise.__file__)\n"
    )
    done = run(python, ON_COLAB + next(cells()) + look, tmp_path)
    meant = dict(pin.split("==") for pin in COLAB)
    meant = [meant.get(name) or importlib.metadata.version(name) for name in PROTECTED]
    assert str(meant) in done.stdout, done.stdout + done.stderr
    assert str(tmp_path) in done.stdout.splitlines()[-1]

    notebook = tmp_path / "02.ipynb"
    shutil.copy(ROOT / "notebooks" / "02_lstm_gate_by_gate.ipynb", notebook)
    nbval = ["-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    subprocess.run([python, *nbval, notebook], cwd=tmp_path, check=True)
