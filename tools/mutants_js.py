"""Test copies of cells.js that each have one change. This script is part of `make mutants`.

    python tools/mutants_js.py [WORD …]     all mutants, or only those in lines with a WORD

Each change swaps an operator or an index, adds 1 to a number, alters a string, makes a condition
constant or removes a statement. All mutants share one browser. The output ends with the surviving
mutants, which pass every test in tests/browser/test_cells_js.py.
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "gatewise" / "widgets" / "static" / "cells.js"
TESTS = ROOT / "tests" / "browser" / "test_cells_js.py"
SWAPS = {
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "**": ["*"], "%": ["*"], "&": ["|"],
    "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["/=", "="], "!": [""],
    "<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "===": ["!=="], "!==": ["==="],
    "&&": ["||"], "||": ["&&"], "??": ["&&"], "?": ["&& false ?", "|| true ?"],
    "max": ["min"], "min": ["max"], "true": ["false"], "false": ["true"],
}  # fmt: skip
TOKEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | `[^`]*`     # comments and templates stay as they are
    | "[^"]*" | \[[a-z]\] | \.?\w[\w.]*
    | => | \+\+ | -- | \?\. | \.\.\. | [!=]== | [-+*]= | \*\* | <= | >= | && | \|\| | \?\? | \S""",
    re.DOTALL | re.VERBOSE,
)
STATEMENT = re.compile(r"^ +(?!const |let )\w[^\n]*;$", re.MULTILINE)
LOOP = re.compile(r"(\bfor \((?:let [^;\n]*)?;|\bwhile \()")
# A mutant may loop forever, so every loop counts its iterations. The unchanged code never reaches
# the limit.
TURNS = """
let turns = 1e7;
function tick() {
  if (turns === 1e7) queueMicrotask(() => (turns = 1e7));
  if (turns-- < 0) throw new Error("expected an end of the loop, got none");
  return true;
}
"""


def changes(token, line):
    """Return the possible replacements for a token in a line of code."""
    word = token.rpartition(".")[2]  # such as max in Math.max
    if word in SWAPS:
        return [token.removesuffix(word) + other for other in SWAPS[word]]
    if token[0].isdigit():
        return [str(float(token) + 1) if "." in token else str(int(token, 0) + 1)]
    if token[0] == '"':
        return ['"another"']
    if token[0] == "[" != token:
        return sorted({*re.findall(r"\[[a-z]\]", line)} - {token})
    return []


def mutants(source):
    """Return a dict mapping each mutant's code to a string with the line number and the change."""
    edits = [(*found.span(), "") for found in STATEMENT.finditer(source)]
    for found in TOKEN.finditer(source):
        start, end = source.rfind("\n", 0, found.start()) + 1, source.find("\n", found.end())
        edits += [(*found.span(), other) for other in changes(found[0], source[start:end])]
    mutants = {}
    for start, end, other in sorted(edits):
        mutant = source[:start] + other + source[end:]
        number = source.count("\n", 0, start)
        before, after = (code.split("\n")[number].strip() for code in (source, mutant))
        mutants[mutant] = f"{number + 1}: {before}  →  {after}"
    return mutants


class Mutants:
    """A pytest plugin that runs each test on all sources that have passed all previous tests."""

    def __init__(self, sources):
        self.sources, self.killed, self.invalid = sources, set(), set()

    def pytest_generate_tests(self, metafunc):
        if "page" in metafunc.fixturenames:
            ids = map(str, range(len(self.sources)))
            metafunc.parametrize("page", self.sources, ids=ids, indirect=True, scope="module")

    def pytest_collection_modifyitems(self, items):
        items.reverse()  # the fastest tests are at the end of the file

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item):
        return item.callspec.params["page"] in self.killed or None  # True skips the test

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo:
            print(".", end="", flush=True)
            self.killed.add(item.callspec.params["page"])
            if "SyntaxError" in str(call.excinfo.value):
                self.invalid.add(item.callspec.params["page"])


def main():
    source = SOURCE.read_text(encoding="utf-8")
    found = mutants(source)
    words = sys.argv[1:]
    wanted = {m: where for m, where in found.items() if not words or any(w in where for w in words)}
    guarded = {code: LOOP.sub(r"\1 tick() &&", code) + TURNS for code in (source, *wanted)}
    plugin = Mutants(list(guarded.values()))
    options = ["-p", "no:terminal", "-p", "no:cacheprovider"]
    pytest.main([str(TESTS), *options], plugins=[plugin])
    if guarded[source] in plugin.killed:
        sys.exit("expected cells.js to pass its tests, got a failure")
    survivors = [where for code, where in wanted.items() if guarded[code] not in plugin.killed]
    killed = len(wanted) - len(survivors) - len(plugin.invalid)
    print("", *survivors, sep="\n")
    print(f"cells.js: {killed} mutants killed, {len(survivors)} survived")


if __name__ == "__main__":
    main()
