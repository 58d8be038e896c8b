"""Ten seeds of the classifiers in notebook 7, which runs three of them itself.

    python benchmarks/names.py     writes src/gatewise/data/names.csv, in about five minutes

It runs the notebook's own code cells, those with the data and the functions, so that there is no
second copy of them. A row per seed, a column per model: the share of the test names, of the seed's
own split, that is classified correctly. On another processor the shares differ by a point or so.
"""

import csv
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks/07_a_real_training_loop.ipynb"
PATH = ROOT / "src/gatewise/data/names.csv"
CELLS = "imports names ngrams bag index split letters model fit-both last-row reading".split()
WAYS = ["own last step", "last row", "padded to 60"]
SEEDS = range(10)


def functions():
    """Run the notebook's cells CELLS; returns all the names they define."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    defined = {}
    for name in CELLS:
        exec(cells[name], defined)
    return defined


def row(notebook, seed):
    """The accuracy of each model with one seed."""
    found = {"bag": notebook["fit_bag"](seed)[1], "LSTM": notebook["fit_lstm"](seed)[1]}
    return found | {way: notebook["fit_reading"](way, seed) for way in WAYS}


def main():
    notebook = functions()
    with PATH.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, ["bag", "LSTM", *WAYS], lineterminator="\n")
        rows.writeheader()
        for seed in SEEDS:
            rows.writerow({name: f"{share:.3f}" for name, share in row(notebook, seed).items()})
            file.flush()


if __name__ == "__main__":
    main()
