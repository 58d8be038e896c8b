"""Train every classifier from notebook 7 with ten seeds. The notebook trains fewer networks.

    python benchmarks/names.py     writes src/gatewise/data/names.csv in about three minutes

To avoid duplicate code, the script runs the notebook's cells that define the data and the
functions. Each row gives three fractions for one model and seed: the validation accuracy after the
best epoch, the test accuracy, and the fraction of test names assigned to the most frequently
predicted class. Each seed gives a different split of the names. On another processor, the same seed
can lead to different weights.
"""

import csv
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks/07_a_real_training_loop.ipynb"
PATH = ROOT / "src/gatewise/data/names.csv"
CELLS = "imports names ngrams bag index split letters model fit-both last-row reading".split()
SEEDS = 10
# Each model is trained by a function in the notebook, with these arguments and a seed.
MODELS = {
    "bag": ("fit_bag", {}),
    "bag, up to 1": ("fit_bag", {"longest": 1}),
    "bag, up to 2": ("fit_bag", {"longest": 2}),
    "bag, up to 4": ("fit_bag", {"longest": 4}),
    "LSTM": ("fit_lstm", {}),
    "LSTM, no dropout": ("fit_lstm", {"dropout": 0.0}),
    "own last step": ("fit_reading", {"way": "own last step"}),
    "last row": ("fit_reading", {"way": "last row"}),
    "padded to 60": ("fit_reading", {"way": "padded to 60"}),
}


def functions():
    """Run the notebook cells listed in CELLS. Returns a dict of the names that the cells define."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    defined = {}
    for name in CELLS:
        exec(cells[name], defined)
    return defined


def rows(notebook, model, seed):
    """Train a model with one seed, and yield a row of results.

    For the model "last row", a second row has the results for all test names in one padded batch.
    """
    function, arguments = MODELS[model]
    fitted, curves, (sequences, labels) = notebook[function](seed=seed, **arguments)
    sizes = {model: 128} | ({"last row, one batch": len(labels)} if model == "last row" else {})
    for name, size in sizes.items():
        logits = notebook["training"].predict(fitted, sequences, size)
        answers = logits.argmax(dim=1).cpu().numpy()
        shares = [
            curves.accuracy[curves.best],
            np.mean(answers == labels),
            np.bincount(answers).max() / len(answers),
        ]
        yield [name, seed, *(f"{share:.3f}" for share in shares)]


def main():
    notebook = functions()
    with PATH.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["model", "seed", "validation", "test", "commonest"])
        for model in MODELS:
            for seed in range(SEEDS):
                table.writerows(rows(notebook, model, seed))
                file.flush()


if __name__ == "__main__":
    main()
