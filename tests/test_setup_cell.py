"""The setup cell works on Colab, on Kaggle and elsewhere, whether gatewise is installed or not."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools import links, notebooks

ROOT = Path(__file__).parents[1]
PUBLISHED = links.setup_cell("alice/gatewise")
UNPUBLISHED = links.setup_cell(links.PLACEHOLDER)


def run(cell):
    """Run a cell, and return its %pip commands without executing them."""
    installed = []

    class Shell:
        def run_line_magic(self, name, line):
            installed.append(f"{name} {line}")

    exec(TransformerManager().transform_cell(cell), {"get_ipython": Shell})
    return installed


@pytest.fixture
def elsewhere(monkeypatch):
    """Simulate a machine other than Colab and Kaggle, without gatewise installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.delenv("KAGGLE_KERNEL_RUN_TYPE", raising=False)


@pytest.fixture(params=["Colab", "Kaggle"])
def hosted(request, elsewhere, monkeypatch):
    """Simulate Colab or Kaggle without gatewise installed."""
    if request.param == "Colab":
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    else:
        monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda path: path.stem)
def test_it_is_the_first_code_cell_of_every_notebook(path):
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert (code[0].id, code[0].source) == ("setup", links.setup_cell(links.address()))


@pytest.mark.parametrize("cell", [PUBLISHED, UNPUBLISHED], ids=["published", "unpublished"])
def test_if_the_package_is_installed_it_does_nothing(cell, capsys):
    assert run(cell) == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("hosted")
def test_on_colab_and_kaggle_it_installs_from_the_public_address():
    assert run(PUBLISHED) == ['pip install --quiet "git+https://github.com/alice/gatewise"']


@pytest.mark.usefixtures("hosted")
def test_without_a_public_address_it_says_so_and_installs_nothing():
    assert "pip" not in UNPUBLISHED
    with pytest.raises(ModuleNotFoundError, match="no public address yet.* run `make lab`"):
        run(UNPUBLISHED)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("cell", [PUBLISHED, UNPUBLISHED], ids=["published", "unpublished"])
def test_elsewhere_it_says_how_to_install(cell):
    sentence = "^gatewise is not installed: run `make lab`, or see README.md$"
    with pytest.raises(ModuleNotFoundError, match=sentence):
        run(cell)


@pytest.mark.slow
def test_it_really_installs_gatewise_and_nothing_else(tmp_path):
    """The environment lacks only gatewise, which the cell installs from this checkout.

    Since pip has no index, it would fail if another package were missing or too old.
    """
    venv.create(tmp_path / "hosted")
    home = {"base": str(tmp_path / "hosted"), "platbase": str(tmp_path / "hosted")}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=home))
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "gatewise" not in package.name:
            (packages / package.name).symlink_to(package)
    before = set(packages.iterdir())

    look = "\nimport gatewise.cells.lstm\nprint(gatewise.__file__)\n"
    cell = tmp_path / "cell.ipy"
    cell.write_text(PUBLISHED + look, encoding="utf-8")
    environment = os.environ | {
        "KAGGLE_KERNEL_RUN_TYPE": "Interactive",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/alice/gatewise",
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # the value 0 makes pip build with the installed packages
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    environment["PYTHONPATH"] = str(ROOT / "tests" / "offline")
    python = Path(sysconfig.get_path("scripts", "venv", vars=home)) / "python"
    command = [python, "-m", "IPython", "--no-banner", "--colors=NoColor", cell]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == [str(packages / "gatewise" / "__init__.py")], done
    added = sorted(path.name for path in set(packages.iterdir()) - before)
    assert added == ["gatewise", f"gatewise-{importlib.metadata.version('gatewise')}.dist-info"]
