"""`make figures`: every file in this folder, from the functions that the notebooks use."""

from pathlib import Path

from gatewise import diagrams

HERE = Path(__file__).parent
DRAWINGS = {
    "rnn_cell": diagrams.rnn_cell,
    "rnn_unrolled": lambda: diagrams.chain(["i", "love"], "coffee"),
    "legend": diagrams.legend,
    "lstm_cell": diagrams.lstm_cell,
    "gru_cell": diagrams.gru_cell,
}

for name, draw in DRAWINGS.items():
    (HERE / f"{name}.svg").write_text(draw().svg() + "\n", encoding="utf-8")
    print(f"figures/{name}.svg")
