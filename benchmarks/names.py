"""More seeds of the classifiers in notebook 7 than the notebook runs itself.

    python benchmarks/names.py     writes src/gatewise/data/names.csv, in about two minutes

It runs the notebook's own code cells, those with the data and the functions, so that there is no
second copy of them. A row per model and seed: the share of the test names, of the seed's own split,
that is classified correctly. On another processor, networks with the same seed end elsewhere.
"""

import csv
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks/07_a_real_training_loop.ipynb"
PATH = ROOT / "src/gatewise/data/names.csv"
CELLS = "imports names ngrams bag index split letters model fit-both last-row reading".split()
SEEDS = {"bag": 4, "LSTM": 4, "own last step": 10, "last row": 10, "padded to 60": 10}


def functions():
    """Run the notebook's cells CELLS; returns all the names they define."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    defined = {}
    for name in CELLS:
        exec(cells[name], defined)
    return defined


def correct(notebook, model, seed):
    """The share of test names that a model classifies correctly, trained with one seed."""
    if model in ("bag", "LSTM"):
        return notebook[f"fit_{model.lower()}"](seed)[1]
    return notebook["fit_reading"](model, seed)


def main():
    notebook = functions()
    with PATH.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["model", "seed", "correct"])
        for model, seeds in SEEDS.items():
            for seed in range(seeds):
                rows.writerow([model, seed, f"{correct(notebook, model, seed):.3f}"])
                file.flush()


if __name__ == "__main__":
    main()
