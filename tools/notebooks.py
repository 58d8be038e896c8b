"""`make notebooks`: execute the notebooks, normalize them, and check the saved files.

    python tools/notebooks.py [NOTEBOOK …]            execute in fresh kernels and save
    python tools/notebooks.py --check [NOTEBOOK …]    list the faults in saved notebooks

Without notebook names, both commands run on all notebooks. nbval skips cells without an execution
count, so `--check` also looks for missing outputs.

notebooks/widgets.json records the state of each widget at the time of display. `make site` uses
these states to show the widgets without a kernel.
"""

import argparse
import ast
import hashlib
import json
import os
import re
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
STATES = ROOT / "notebooks" / "widgets.json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
# This pattern finds memory addresses and paths in home and temporary folders.
LOCAL = re.compile(r"(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\?Users)|at 0x[0-9a-f]{6,}")
LONGEST, MEDIAN = 25, 6  # limits for the number of lines per code cell
# This metadata collapses an output that reveals the answer to a guess. Cells must not have any
# other metadata.
FOLDED = {"jupyter": {"outputs_hidden": True}}
SPEAKS = {"print", "compare", "display", "exercise"}  # functions that print


def execute(path):
    """Run a notebook in a fresh kernel and an empty folder, normalize it and save it.

    path: the .ipynb file, which is replaced only if every cell runs without an error.
    Returns a dict mapping cell ids to lists of widget states.
    Raises nbclient.exceptions.CellExecutionError if a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(
            notebook, resources=resources, kernel_name="python3", coalesce_streams=True
        ).execute()
    states = {cell.id: displayed(cell.outputs) for cell in _code(notebook)}
    write(normalize(notebook), path)
    return {id: found for id, found in states.items() if found}


def displayed(outputs):
    """Return the recorded states of the widgets in a cell's outputs."""
    about = [output.get("metadata", {}) for output in outputs]
    return [_seven_digits(found["gatewise"]) for found in about if "gatewise" in found]


def _seven_digits(value):
    """Return a state with all numbers rounded to seven digits, the precision of float32."""
    if isinstance(value, dict):
        return {key: _seven_digits(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_seven_digits(part) for part in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def read_states():
    """Return the recorded states of all widgets in a dict keyed by notebook and cell id."""
    return json.loads(STATES.read_text(encoding="utf-8")) if STATES.exists() else {}


def write_states(states):
    """Write the states to notebooks/widgets.json, with one line per cell."""

    def compact(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    parts = []
    for name, cells in sorted(states.items()):
        lines = ",\n".join(f"{compact(id)}:{compact(found)}" for id, found in cells.items())
        parts += [f"{compact(name)}:{{\n{lines}\n}}"] * bool(cells)
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    STATES.write_text(text, encoding="utf-8", newline="\n")


def normalize(notebook):
    """Remove everything that depends on the run or the editor. Returns the changed notebook."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat_minor = 5
    seen = set()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(FOLDED if is_folded(cell) else {})
        if not cell.get("id") or cell.id in seen:
            cell.id = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen.add(cell.id)
    for count, cell in enumerate(_code(notebook), start=1):
        cell.execution_count = count
        for output in cell.outputs:
            output.pop("transient", None)
            # A widget's view refers to a model in this run's kernel, so only the picture is kept.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            output.get("metadata", {}).pop("gatewise", None)
            if "execution_count" in output:
                output.execution_count = count
    return notebook


def is_folded(cell):
    return (
        cell.cell_type == "code" and cell.metadata.get("jupyter", {}).get("outputs_hidden") is True
    )


def write(notebook, path):
    """Save a notebook. The same content always gives the same text."""
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def check(path):
    """Return a list of lines that describe the faults in a saved notebook."""
    # Read the JSON directly, because nbformat.read would silently repair some faults.
    notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
    code = _code(notebook)
    faults = []
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        faults.append(f"execution counts are not 1…{len(code)}: run `make notebooks`")
    if notebook.metadata != METADATA:
        faults.append("the metadata are not the fixed kernelspec alone")
    if len({cell.get("id") for cell in notebook.cells}) < len(notebook.cells):
        faults.append("two cells share an id, or a cell has none")
    lengths = [len([line for line in c.source.splitlines() if line.strip()]) for c in code]
    if max(lengths, default=0) > LONGEST or statistics.median(lengths or [0]) > MEDIAN:
        faults.append(f"code cells: longest {max(lengths)}, median {statistics.median(lengths)}")
    for number, cell in enumerate(code, start=1):
        faults += [f"[{number}] {fault}" for fault in _cell_faults(cell)]
    text = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    faults += [
        f"{cell.get('id')}: text with metadata: {', '.join(cell.metadata)}"
        for cell in text
        if cell.metadata
    ]
    prose = "".join(cell.source for cell in text)
    if re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"[^\"]+\")", prose):
        faults.append("a picture without alt text")
    return [f"{path.name}: {fault}" for fault in faults]


def _cell_faults(cell):
    if cell.metadata == FOLDED and not cell.outputs:
        yield "is folded, but has no saved output"
    elif cell.metadata not in ({}, FOLDED):
        yield f"carries metadata: {', '.join(cell.metadata)}"
    if _speaks(cell.source) and not cell.outputs:
        yield "prints, but has no saved output"
    for output in cell.outputs:
        if output.output_type == "error":
            yield "a saved error"
        if output.get("name") == "stderr":
            yield "a saved warning or progress bar"
        if "application/vnd.jupyter.widget-state+json" in output.get("data", {}):
            yield "saved widget state"
        if found := LOCAL.search(str(output)):
            yield f"a path or an address of one machine: {found[0]}"


def _speaks(source):
    """Return whether a cell calls a function in SPEAKS unconditionally."""
    # The setup cell contains %pip, which IPython must first transform into Python.
    waiting = list(ast.parse(TransformerManager().transform_cell(source)).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.If):
            continue
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in SPEAKS:
            return True
        waiting += ast.iter_child_nodes(node)
    return False


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def notebooks():
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("notebook", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    paths = options.notebook or notebooks()

    if options.check:
        faults = [fault for path in paths for fault in check(path)]
        print("\n".join(faults) or f"no fault in {len(paths)} notebooks")
        return bool(faults)
    os.environ["TQDM_DISABLE"] = "1"  # progress bars don't belong in the outputs
    for path in paths:
        print(path.name, flush=True)
        states = execute(path)
        if path.resolve().parent == STATES.parent:
            write_states(read_states() | {path.stem: states})
    return 0


if __name__ == "__main__":
    sys.exit(main())
