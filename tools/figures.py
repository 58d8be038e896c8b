"""`make figures`: draw every SVG file in figures/ by running the code in figures/README.md."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

FIGURES = Path(__file__).resolve().parents[1] / "figures"
CODE = r"```python\n(?P<code>.+?)```"
FIGURE = r"!\[(?P<alt>.+?)\]\((?P<file>[\w.]+)\)\n\n(?P<caption>\*.+?\*)\n\n" + CODE


class Figure(NamedTuple):
    """The file name, alt text, caption and code of a figure in figures/README.md."""

    file: str
    alt: str
    caption: str  # a Markdown paragraph in italics
    code: str

    def draw(self, names):
        """Run the code and return the Drawing or Plot on the last line.

        names: a dict of the names that the code may use. The code can add names to the dict.
        """
        *before, last = ast.parse(self.code).body
        exec(compile(ast.Module(before, []), self.file, "exec"), names)
        return eval(compile(ast.Expression(last.value), self.file, "eval"), names)


def index():
    """Return the figures in figures/README.md, and the names that the first code block imports."""
    page = (FIGURES / "README.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(CODE, page, re.DOTALL)["code"], names)
    return [Figure(**found.groupdict()) for found in re.finditer(FIGURE, page, re.DOTALL)], names


def pictures():
    """Generate all the pictures. Returns a dict that maps file names to SVG text."""
    figures, names = index()
    return {figure.file: figure.draw(names).svg(figure.alt) + "\n" for figure in figures}


def out_of_date(made, folder=FIGURES):
    """Return the names of outdated, missing or unknown pictures in a folder.

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
