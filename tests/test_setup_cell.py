"""The set-up cell of every notebook, in an environment that has torch and lacks gatewise."""

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest

from gatewise import authoring

ROOT = Path(__file__).parents[1]
PROTECTED = ["torch", "numpy", "ipython"]
ON_COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"


def cells():
    for path in authoring.notebooks():
        notebook = nbformat.read(path, as_version=4)
        yield next(cell.source for cell in notebook.cells if cell.id == "setup")


@pytest.fixture
def fresh(tmp_path):
    """A new environment with everything that is installed here, but not gatewise."""
    folder = tmp_path / "fresh"
    venv.create(folder, with_pip=True)
    home = {"base": str(folder), "platbase": str(folder)}
    there = Path(sysconfig.get_path("purelib", "venv", vars=home))
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "gatewise" not in package.name and not (there / package.name).exists():
            (there / package.name).symlink_to(package)
    return Path(sysconfig.get_path("scripts", "venv", vars=home)) / "python"


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


def test_on_colab_it_installs_gatewise_and_touches_nothing_else(fresh, tmp_path):
    look = (
        "\nimport gatewise.cells.rnn, importlib.metadata\n"
        f"print([importlib.metadata.version(name) for name in {PROTECTED}])\n"
        "print(gatewise.__file__)\n"
    )
    done = run(fresh, ON_COLAB + next(cells()) + look, tmp_path)
    assert str([importlib.metadata.version(name) for name in PROTECTED]) in done.stdout, done
    assert str(tmp_path) in done.stdout.splitlines()[-1]
    for name in PROTECTED:
        assert not [p for p in fresh.parents[1].rglob(f"{name}-*") if not p.is_symlink()]
