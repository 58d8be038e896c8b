"""`make figures`: draw every SVG in figures/ by running its code from figures/README.md."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

FIGURES = Path(__file__).resolve().parents[1] / "figures"
CODE = r"```python\n(?P<code>.+?)```"
FIGURE = r"!\[(?P<alt>.+?)\]\((?P<file>[\w.]+)\)\n\n(?P<caption>\*.+?\*)\n\n" + CODE


class Figure(NamedTuple):
    """One section of the index: the picture's file, alt text, caption and code."""

    file: str
    alt: str
    caption: str  # one paragraph of Markdown, in italics
    code: str

    def draw(self, names):
        """Run the code, and return the Drawing or Plot from its last line.

        names: a dict of the names that the code may use; the code adds its own names.
        """
        *before, last = ast.parse(self.code).body
        exec(compile(ast.Module(before, []), self.file, "exec"), names)
        return eval(compile(ast.Expression(last.value), self.file, "eval"), names)


def index():
    """Return the figures in figures/README.md, and the names that its first code block imports."""
    page = (FIGURES / "README.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(CODE, page, re.DOTALL)["code"], names)
    return [Figure(**found.groupdict()) for found in re.finditer(FIGURE, page, re.DOTALL)], names


def pictures():
    """Make all pictures. Returns a dict from file names to SVG text."""
    figures, names = index()
    return {figure.file: figure.draw(names).svg(figure.alt) + "\n" for figure in figures}


def out_of_date(made, folder=FIGURES):
    """Return the names of the pictures in a folder that are outdated, missing or unknown.

    made: the result of `pictures`.
    """
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    return sorted(name for name in made | found if made.get(name) != found.get(name))


if __name__ == "__main__":
    made = pictures()
    for name, text in made.items():
        (FIGURES / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"figures/{name}")
    for name in out_of_date(made):
        print(f"figures/{name} is not in figures/README.md: remove it")
