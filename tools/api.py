"""Generate the API page from the source code without importing the package.

The names in a module's `__all__` are public. In modules without `__all__`, all names without a
leading underscore are public.
"""

import ast
import re
from functools import cache

from tools import links

SOURCE = links.ROOT / "src"
MODULES = [
    "gatewise",
    "gatewise.cells.rnn",
    "gatewise.cells.lstm",
    "gatewise.cells.gru",
    "gatewise.cells.stack",
    "gatewise.cells.activations",
    "gatewise.check",
    "gatewise.text",
    "gatewise.data",
    "gatewise.models",
    "gatewise.training",
    "gatewise.plots",
    "gatewise.drawings",
    "gatewise.widgets",
    "gatewise.widgets.tasks",
]
# On the page, a new line starts before each parameter name that is followed by a colon.
ITEM = re.compile(r"(?:\n|(?<=\.) )(?!Source)(\w+(?:, \w+)*)(?=(?: \([^)]*\))?: )")
LAST = re.compile(r"(?:\n|(?<=\.) )(?=(?:Returns|Raises|Source)\b)")


# ── the source ──────────────────────────────────────────────────────────────────────────────


@cache
def read(module):
    """Return the lines and the syntax tree of a module, or None if the module doesn't exist."""
    path = SOURCE / module.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    return text.splitlines(), ast.parse(text)


def find(module, name):
    """Find the definition of a name that `module` uses. Returns a pair (module, definition).

    Returns None for an unknown name, a submodule, or a name that isn't a function or a class.
    """
    for node in read(module)[1].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom) and any(one.name == name for one in node.names):
            is_ours = node.module.startswith("gatewise") and read(node.module)
            return find(node.module, name) if is_ours else None
    return None


def public(module):
    """Return a module's public functions and classes as a list of pairs (module, definition)."""
    body = read(module)[1].body
    for node in body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            names = ast.literal_eval(node.value)
            break
    else:
        names = [n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return [found for name in names if name[0] != "_" and (found := find(module, name))]


def family(module, node):
    """Return a class and its bases in the package as a list of pairs (module, definition)."""
    found = [(module, node)]
    for base in node.bases:
        if isinstance(base, ast.Name) and (parent := find(module, base.id)):
            found += family(*parent)
    return found


def methods(module, node):
    """Return a class's own and inherited methods as a dict that maps names to definitions."""
    found = {}
    for _, kind in family(module, node):
        for one in kind.body:
            if isinstance(one, ast.FunctionDef):
                found.setdefault(one.name, one)
    return found


def fields(module, node):
    """Return a dict that maps a named tuple's fields to their comments in the source."""
    for base in node.bases:  # such as namedtuple("Trace", "x h0 …")
        if isinstance(base, ast.Call) and base.func.id == "namedtuple":
            return dict.fromkeys(base.args[1].value.split(), "")
    own = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    lines = read(module)[0]
    return {one.target.id: lines[one.end_lineno - 1].partition("  # ")[2] for one in own}


def parameters(module, node):
    """Return the parameters of a function, method or class as text."""
    if isinstance(node, ast.FunctionDef):
        return re.sub(r"^(self|cls)(, |$)", "", ast.unparse(node.args))
    if init := methods(module, node).get("__init__"):
        return parameters(module, init)
    return ", ".join(name for one in family(module, node) for name in fields(*one))


# ── the page ────────────────────────────────────────────────────────────────────────────────


def anchor(heading):
    """Return a heading's anchor, which is the name without the parameters."""
    return re.sub(r"`|\(.*", "", heading)


def entries(module):
    """Yield the name, the parameters, the docstring and the fields of each public definition.

    A class is followed by its methods. The parameters of a property are None.
    """
    short = module.split(".")[-1]
    for origin, node in public(module):
        name = f"{short}.{node.name}"
        is_class = isinstance(node, ast.ClassDef)
        own = fields(origin, node) if is_class else {}
        yield name, parameters(origin, node), ast.get_docstring(node), own
        for one in methods(origin, node).values() if is_class else []:
            if one.name[0] != "_":
                is_value = any(getattr(d, "id", "") == "property" for d in one.decorator_list)
                given = None if is_value else parameters(origin, one)
                yield f"{name}.{one.name}", given, ast.get_docstring(one), {}


def entry(name, given, docstring, own):
    """Return one entry as Markdown, with its signature, docstring and fields."""
    level = "###" if name.count(".") == 1 else "####"
    lines = [f"- `{field}`: {told}" for field, told in own.items() if told]
    signature = name if given is None else f"{name}({given})"
    docstring = LAST.sub("  \n", ITEM.sub(r"  \n`\1`", docstring or ""))
    return "\n\n".join([f"{level} `{signature}`", docstring, "\n".join(lines)])


def markdown(introduction):
    contents, parts = [], []
    for module in MODULES:
        found = list(entries(module))
        names = [name for name, *_ in found if name.count(".") == 1]
        listed = " · ".join(f"[{name.partition('.')[2]}](#{name})" for name in names)
        contents.append(f"- [{module}](#{module}): {listed}")
        parts += [f"## {module}", ast.get_docstring(read(module)[1])]
        parts += [entry(*one) for one in found]
    return "\n\n".join([introduction, "\n".join(contents), *parts])
