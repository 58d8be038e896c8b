"""`make links`: update the repository's address in all files. The script needs only Python.

    python tools/links.py [OWNER/NAME]     by default, the address of the Git remote `origin`
    python tools/links.py --check          fail if any file contains a different address

The address is the value of `Repository` in pyproject.toml. Until the series is published, the
address is `__owner__/gatewise`. GitHub doesn't allow the account name `__owner__`, so no link leads
to someone else's code.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = ("pyproject.toml", "README.md", "CITATION.cff", "notebooks/*.ipynb")
PLACEHOLDER = "__owner__/gatewise"
ADDRESS = r"[A-Za-z0-9][\w-]*/[\w.-]+?"
# https://github.com/owner/name, git@github.com:owner/name.git, ssh://git@github.com/owner/name, …
REMOTE = rf"(?:\w+://)?(?:[^@/]+@)?(?:ssh\.)?github\.com(?::\d+)?[:/]({ADDRESS})(?:\.git)?/?"
# The part before the owner's name in a link to GitHub, Colab, Binder or a raw file.
BEFORE = r"(?P<before>github\.com/|/github/|/gh/|githubusercontent\.com/)"
NOTE = (
    "The badges and the links to the book work once the series is published and `make links` has "
    "filled in the address.\n\n"
)

SETUP = """\
# {purpose}
import importlib.util
import os
import sys

if importlib.util.find_spec("gatewise") is None:
    if "google.colab" in sys.modules or "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
        {install}
    else:
        raise ModuleNotFoundError("gatewise is not installed: run `make lab`, or see README.md")\
"""
INSTALL = '%pip install --quiet "git+https://github.com/{}"'
CANNOT_INSTALL = """\
raise ModuleNotFoundError("this copy has no public address yet, so it can't be installed here: "
                                  "run `make lab` on your own computer")\
"""


def address():
    """Return the repository's address, `owner/name`, from pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'^Repository = "https://github\.com/(.+)"$', project, re.MULTILINE)[1]


def book():
    """Return the address of the book on GitHub Pages."""
    owner, name = address().split("/")
    return f"https://{owner}.github.io/{name}/"


def origin():
    """Return the address of the Git remote `origin`. Raises ValueError if it isn't on GitHub."""
    command = ["git", "remote", "get-url", "origin"]
    url = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return from_remote(url.stdout.decode().strip())


def from_remote(url):
    """Return owner/name from the URL of a remote. Raises ValueError if the URL isn't on GitHub."""
    if found := re.fullmatch(REMOTE, url):
        return found[1]
    got = f"got {url}" if url else "but this copy has no remote `origin`"
    raise ValueError(f"expected a remote on github.com, {got}: try `make links OWNER=owner/name`")


def setup_cell(address):
    """Return the source of the setup cell, which is the first code cell in every notebook."""
    if address == PLACEHOLDER:
        return SETUP.format(purpose="Is the series installed?", install=CANNOT_INSTALL)
    purpose = "This installs the series on Colab and, with Internet switched on, on Kaggle."
    return SETUP.format(purpose=purpose, install=INSTALL.format(address))


def rewrite(text, old, new):
    """Return `text` with all links to this repository changed to `new`.

    old: the previous address. A repository with the same name and a different owner counts as a
    fork. Links to forks are changed as well.
    """
    owner, name = new.split("/")
    names = "|".join(re.escape(address.split("/")[1]) for address in (old, new, PLACEHOLDER))
    ours = rf"[\w-]+/(?:{names})(?![\w-])"
    text = re.sub(BEFORE + ours, rf"\g<before>{new}", text)
    text = re.sub(rf"[\w-]+\.github\.io/(?:{names})(?![\w-])", f"{owner}.github.io/{name}", text)
    return text if new == PLACEHOLDER else text.replace(NOTE, "")


def rewrite_notebook(text, old, new):
    """Return the text of an .ipynb file with new links in the cells, but not in the outputs."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        source = setup_cell(new) if cell["id"] == "setup" else "".join(cell["source"])
        cell["source"] = rewrite(source, old, new).splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def rewritten(old, new):
    """Return a dict that maps the path of each changed file to its new contents."""
    changed = {}
    for path in sorted(path for pattern in FILES for path in ROOT.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        after = (rewrite_notebook if path.suffix == ".ipynb" else rewrite)(text, old, new)
        if after != text:
            changed[path] = after
    return changed


def faults():
    """Return a list of sentences that describe faults in the links."""
    here = address()
    published = os.environ.get("GITHUB_REPOSITORY", here)
    if published.lower() != here.lower():
        return [f"this is {published}, but its links lead to {here}: run `make links` and commit"]
    paths = [path.relative_to(ROOT).as_posix() for path in rewritten(here, here)]
    return [f"{path}: expected links to {here}, got others: run `make links`" for path in paths]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("address", nargs="?", metavar="OWNER/NAME")
    options = parser.parse_args(arguments)
    if options.check:
        return "\n".join(faults()) or 0
    try:
        new = options.address or origin()
    except ValueError as error:
        return str(error)
    if new != PLACEHOLDER and not re.fullmatch(ADDRESS, new):
        return f"expected an address OWNER=owner/name, got {new}"
    for path, text in rewritten(address(), new).items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path.relative_to(ROOT).as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main())
