"""`make figures`: make every picture in figures/ from the code below it in figures/README.md."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

FIGURES = Path(__file__).resolve().parents[1] / "figures"
CODE = r"```python\n(?P<code>.+?)```"
FIGURE = r"!\[(?P<alt>.+?)\]\((?P<file>[\w.]+)\)\n\n(?P<caption>\*.+?\*)\n\n" + CODE


class Figure(NamedTuple):
    """One section of the index: the picture's file, its alt text, its caption and its code."""

    file: str
    alt: str
    caption: str  # one paragraph of Markdown, in italics
    code: str

    def draw(self, names):
        """What the last line of the code makes: a Drawing or a Plot."""
        *before, last = ast.parse(self.code).body
        exec(compile(ast.Module(before, []), self.file, "exec"), names)
        return eval(compile(ast.Expression(last.value), self.file, "eval"), names)


def index():
    """The figures of README.md, and the names that its first piece of code imports for them."""
    page = (FIGURES / "README.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(CODE, page, re.DOTALL)["code"], names)
    return [Figure(**found.groupdict()) for found in re.finditer(FIGURE, page, re.DOTALL)], names


def pictures():
    """The text of each picture, by the name of its file."""
    figures, names = index()
    return {figure.file: figure.draw(names).svg(figure.alt) + "\n" for figure in figures}


def out_of_date(made, folder=FIGURES):
    """Names of the pictures in a folder that are not as they were made, are missing, or extra."""
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    return sorted(name for name in made | found if made.get(name) != found.get(name))


if __name__ == "__main__":
    made = pictures()
    for name, text in made.items():
        (FIGURES / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"figures/{name}")
    for name in out_of_date(made):
        print(f"figures/{name} is not in the index: remove it")
