"""The wheel contains everything that readers import, and the cells in it don't need torch."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools import notebooks

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # importing it raises an ImportError
sys.path.insert(0, sys.argv[1])
import numpy as np
from gatewise.cells import gru, lstm, rnn
one = lstm.forward(lstm.Params.random(3, 4, np.random.default_rng(0)), np.zeros((5, 2, 3)))
print(lstm.__file__, one.h.shape)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel as pip does, unpack it, and return the folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    zipfile.ZipFile(file).extractall(folder / "unpacked")
    return folder / "unpacked"


def imported(source, package):
    """Yield the names that Python code imports, as dotted paths.

    package: the package that relative imports in the code refer to.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def file_of(name):
    """Return the path of a module in the wheel, or None if the name is not a module."""
    path = Path(*name.split("."))
    places = path.with_suffix(".py"), path / "__init__.py"
    return next((place for place in places if (SRC / place).is_file()), None)


def readers_modules():
    """Return the paths of all modules that the notebooks import, directly or indirectly."""
    waiting = []
    for path in notebooks.notebooks():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                waiting += imported(TransformerManager().transform_cell(cell.source), "")
    found = set()
    while waiting:
        name = waiting.pop()
        parents = [name.rsplit(".", n)[0] for n in range(name.count(".") + 1)]
        for path in {file_of(parent) for parent in parents} - found - {None}:
            found.add(path)
            package = ".".join(path.parent.parts)
            waiting += imported((SRC / path).read_text(encoding="utf-8"), package)
    return found


def test_the_wheel_holds_what_readers_import_and_nothing_else(wheel):
    files = {path.relative_to(wheel) for path in wheel.rglob("*") if path.is_file()}
    package = {path for path in files if path.parts[0] == "gatewise"}
    modules = {path for path in package if path.suffix == ".py"}
    assert {path.parts[0].split("-")[0] for path in files} == {"gatewise"}
    assert modules == readers_modules()

    # The wheel contains all data and scripts of the widgets, and the code uses every file.
    source = {path.relative_to(SRC) for path in SRC.glob("gatewise/**/*") if path.is_file()}
    assert package == {path for path in source if path.parent.name != "__pycache__"}
    readers = [path for path in package if path.suffix in {".py", ".js"}]
    code = "".join((SRC / path).read_text(encoding="utf-8") for path in readers)
    names = {path.stem for path in modules}
    for path in package - modules:
        named = {f'"{path.name}"', f'"./{path.name}"', f'"{path.stem}"'}
        assert path.stem in names or any(n in code for n in named), f"{path} is never read"


def test_the_cells_need_no_torch(wheel):
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT_TORCH, wheel],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split(maxsplit=1) == [
        os.fspath(wheel / "gatewise" / "cells" / "lstm.py"),
        "(5, 2, 4)\n",
    ]
