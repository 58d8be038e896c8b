"""The API page lists all public objects, and each docstring describes all parameters."""

import ast
import inspect
import re
from importlib import import_module

import nbformat
import pytest

from tools import api, links, notebooks

# A dict from public functions, classes and methods to their parameters, docstrings and fields.
LISTED = {f"{module} {name}": told for module in api.MODULES for name, *told in api.entries(module)}
each = pytest.mark.parametrize("listed", LISTED)


def sources():
    """Yield the Python code of the notebooks and of the README."""
    for path in notebooks.notebooks():
        cells = nbformat.read(path, as_version=4).cells
        yield from (cell.source for cell in cells if cell.cell_type == "code")
    readme = (links.ROOT / "README.md").read_text(encoding="utf-8")
    yield from re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)


def actual(listed):
    """Return the object with the given name in LISTED."""
    module, name = listed.split()
    found = import_module(module)
    for part in name.split(".")[1:]:
        found = inspect.getattr_static(found, part) if inspect.isclass(found) else vars(found)[part]
    return getattr(found, "__func__", found)  # unwraps class methods


def arguments(given):
    """Return the names of the parameters in a signature."""
    found = ast.parse(f"def f({given}): pass").body[0].args
    return [one.arg for one in (*found.posonlyargs, *found.args, *found.kwonlyargs)]


def test_every_module_that_the_notebooks_and_the_readme_import_is_listed():
    imported = set()
    for source in sources():
        for node in ast.walk(ast.parse(re.sub(r"^[%!].*", "", source, flags=re.MULTILINE))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("gatewise"):
                for name in (one.name for one in node.names):
                    if api.read(f"{node.module}.{name}"):
                        imported.add(f"{node.module}.{name}")
                    else:
                        found = getattr(import_module(node.module), name)
                        imported.add(found.__name__ if inspect.ismodule(found) else node.module)
    assert len(imported) > 10
    assert imported <= set(api.MODULES)


@pytest.mark.parametrize("module", api.MODULES)
def test_the_functions_and_classes_of_a_module_are_listed(module):
    found = import_module(module)
    names = getattr(found, "__all__", [name for name in vars(found) if name[0] != "_"])
    ours = {
        name
        for name in names
        if inspect.isfunction(one := getattr(found, name)) or inspect.isclass(one)
        if hasattr(found, "__all__") or one.__module__ == module
    }
    assert {node.name for _, node in api.public(module)} == ours
    assert ours


@each
def test_the_parameters_are_those_that_python_knows(listed):
    found, (given, docstring, _) = actual(listed), LISTED[listed]
    if given is None:
        assert isinstance(found, property)
        return
    kinds = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    known = inspect.signature(found).parameters.values()
    names = [one.name for one in known if one.kind not in kinds and one.name not in ("self", "cls")]
    assert arguments(given) == names
    assert inspect.getdoc(found) == docstring


@each
def test_the_docstring_names_every_parameter(listed):
    given, docstring, fields = LISTED[listed]
    assert docstring
    if hasattr(actual(listed), "_fields"):  # the object is a named tuple
        assert re.search(r"\(\w+, \w+", docstring) or all(fields.values())
    elif "It takes the same arguments" not in docstring:
        names = arguments(given or "")
        assert [name for name in names if not re.search(rf"\b{name}\b", docstring)] == []
