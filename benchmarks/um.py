"""Train networks on sentences whose subject is far from the end, such as `i um um … like dog`.

    python benchmarks/um.py        writes src/gatewise/data/um.csv in about ten minutes

The data are the six sentences in `gatewise.text`, with `ums` copies of "um" after the subject. The
vocabulary has ten words.
The networks are TextRNN, TextLSTM (with and without a `forget_bias`), TextGRU and, for 30 ums,
TextLSTMs with one part removed. Each network has 16 hidden units and float64 weights. The normal
readout is used for every number of ums, and the linear readout only for 30 ums. The weights for
seed s are drawn after a call to `torch.manual_seed(s)`.
Each training run takes 1,000 full-batch Adam updates with a learning rate of 0.01.
`training.fit_together` trains the networks for all seeds in parallel.
"""

import csv
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from gatewise import models, text, training
from gatewise.cells import gru, lstm, rnn

PATH = Path(__file__).parents[1] / "src/gatewise/data/um.csv"
# Each network has a class, and three networks also have a cell that computes the states.
NETWORKS = {
    "RNN": (models.TextRNN, rnn),
    "LSTM": (models.TextLSTM, lstm),
    "GRU": (models.TextGRU, gru),
    "without tanh of c": (partial(models.TextLSTMWithout, without="tanh of c"), None),
    "without tanh of g": (partial(models.TextLSTMWithout, without="tanh of g"), None),
    "without input gate": (partial(models.TextLSTMWithout, without="input gate"), None),
}
SEEDS, HIDDEN, EPOCHS = range(10), 16, 1000
UMS = [0, 5, 10, 20, 30, 40, 50]
FOUR = [("RNN", 0), ("LSTM", 0), ("LSTM", 4), ("GRU", 0)]
MORE = [("LSTM", bias) for bias in (1, 2, 6)]  # how large must the forget bias be?
MORE += [(name, 0) for name in NETWORKS if name.startswith("without")]
GRID = [("normal", ums, network) for ums, network in product(UMS, FOUR)]
GRID += [("normal", 30, network) for network in MORE]
# Does the readout's initialization matter?
GRID += [("linear", 30, network) for network in FOUR + MORE]
FIELDS = ["model", "forget_bias", "readout", "ums", "seed", "right", "loss", "apart_h", "apart_c"]


def main():
    rows = []
    for readout, ums, network in GRID:
        start = time.process_time()
        found = point(*network, readout, ums)
        rows += found
        solved = sum(row["right"] == 6 for row in found)
        seconds = time.process_time() - start
        print(f"{readout} {ums:2} {network}: {solved} of {len(found)}, {seconds:.0f} s", flush=True)
    # Write the file only after a complete run.
    with PATH.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def point(name, forget_bias, readout, ums):
    """Train one network per seed with the same settings. Returns a list with a dict for each seed.

    right: the number of correct answers after training, from 0 to 6. loss: the loss before the last
    update.
    apart_h, apart_c: the distances between the states after "i … like" and after "you … like".
    """
    kind, cell = NETWORKS[name]
    options = {"forget_bias": forget_bias} if forget_bias else {}
    vocabulary = text.Vocabulary(text.with_ums(1))
    x, y = text.last_word_task(text.with_ums(ums), vocabulary)
    networks = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        networks.append(kind(len(vocabulary), HIDDEN, readout, **options).double())
    runs = training.fit_together(networks, torch.from_numpy(x), torch.from_numpy(y), EPOCHS)
    rows = []
    for seed, network in zip(SEEDS, networks, strict=True):
        right = int((network(torch.from_numpy(x)).argmax(dim=1).numpy() == y).sum())
        row = {"model": name, "forget_bias": forget_bias, "readout": readout, "ums": ums}
        row |= {"seed": seed, "right": right, "loss": f"{runs.loss[seed, -1]:.3g}"}
        if cell:
            trace = cell.forward(cell.Params.from_torch(network.rnn), x)
            for k in "hc":
                if hasattr(trace, k):
                    i_like, you_like = getattr(trace, k)[-1, [0, 3]]
                    row[f"apart_{k}"] = f"{np.linalg.norm(i_like - you_like):.1e}"
        rows.append(row)
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
