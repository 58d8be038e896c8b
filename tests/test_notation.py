"""What NOTATION.md says of shapes and names is so."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from gatewise.cells import gru, lstm, rnn

TEXT = (Path(__file__).parents[1] / "NOTATION.md").read_text(encoding="utf-8")
SIZES = {"T": 2, "B": 3, "D": 4, "H": 5}
CELLS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}
each_cell = pytest.mark.parametrize("name", CELLS)


def table(heading):
    """The first table below a heading, a dict a row."""
    lines = TEXT.split(f"## {heading}\n")[1].splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    head, _, *body = rows
    return [dict(zip(head, row, strict=True)) for row in body]


def names(cell):
    return re.findall(r"`(\w+)`", cell)


def shape(text):
    """(4H, D) → (20, 4)."""
    factors = [re.fullmatch(r"(\d?)([TBDH])", part.strip()) for part in text.strip("()").split(",")]
    return tuple(int(f[1] or 1) * SIZES[f[2]] for f in factors if f)


def run(cell):
    params = cell.Params.random(SIZES["D"], SIZES["H"], np.random.default_rng(0))
    trace = cell.forward(params, np.zeros((SIZES["T"], SIZES["B"], SIZES["D"])))
    return params, trace, cell.backward(params, trace)


@each_cell
def test_parameters_have_the_shapes_and_torch_s_names(name):
    params, _, _ = run(CELLS[name])
    module = getattr(torch.nn, name)(SIZES["D"], SIZES["H"])
    rows = table("Parameters")
    assert [*names(" ".join(row["code"] for row in rows))] == list(params._fields)
    for row in rows:
        (field,), (theirs,) = names(row["code"]), names(row["torch"])
        assert shape(row[name]) == getattr(params, field).shape
        assert shape(row[name]) == getattr(module, theirs).shape


@each_cell
def test_each_field_of_a_trace_is_told(name):
    _, trace, _ = run(CELLS[name])
    told = {
        field for row in table("States, gates, candidates") for field in names(row["in a trace"])
    }
    assert set(trace._fields) - {"reset_after"} <= told
    whole = tuple(SIZES[letter] for letter in "TBH")
    for field in set(trace._fields) - {"reset_after", "x", "h0", "c0"}:
        assert getattr(trace, field).shape == whole


@each_cell
def test_each_gradient_is_told(name):
    _, _, grads = run(CELLS[name])
    assert set(grads._fields) <= {f for row in table("Gradients") for f in names(row["in `Grads`"])}


def test_sizes_have_torch_s_names():
    module = torch.nn.LSTM(SIZES["D"], SIZES["H"])
    for row in table("Sizes"):
        for name in names(row["torch"]):
            if name.endswith("_size"):
                assert getattr(module, name) == SIZES[row["letter"]]
