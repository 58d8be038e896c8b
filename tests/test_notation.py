"""The shapes, names and line numbers in NOTATION.md are correct."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from gatewise.cells import gru, lstm, rnn

ROOT = Path(__file__).parents[1]
PATH = ROOT / "NOTATION.md"
TEXT = PATH.read_text(encoding="utf-8")
SIZES = {"T": 2, "B": 3, "D": 4, "H": 5}
CELLS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}
each_cell = pytest.mark.parametrize("name", CELLS)


def table(heading):
    """Return the first table below a heading as a list with one dict per row."""
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
    """Evaluate a symbolic shape; for example, (4H, D) becomes (20, 4)."""
    factors = [re.fullmatch(r"(\d?)([TBDH])", part.strip()) for part in text.strip("()").split(",")]
    return tuple(int(f[1] or 1) * SIZES[f[2]] for f in factors if f)


def run(cell):
    params = cell.Params.random(SIZES["D"], SIZES["H"], np.random.default_rng(0))
    trace = cell.forward(params, np.zeros((SIZES["T"], SIZES["B"], SIZES["D"])))
    return params, trace, cell.backward(params, trace)


@each_cell
def test_parameters_have_the_listed_shapes_and_torchs_names(name):
    params, _, _ = run(CELLS[name])
    module = getattr(torch.nn, name)(SIZES["D"], SIZES["H"])
    rows = table("Parameters")
    assert [*names(" ".join(row["code"] for row in rows))] == list(params._fields)
    for row in rows:
        (field,), (theirs,) = names(row["code"]), names(row["torch"])
        assert shape(row[name]) == getattr(params, field).shape
        assert shape(row[name]) == getattr(module, theirs).shape


@each_cell
def test_each_field_of_a_trace_is_listed(name):
    _, trace, _ = run(CELLS[name])
    listed = {
        field for row in table("States, gates, candidates") for field in names(row["in a trace"])
    }
    assert set(trace._fields) - {"reset_after"} <= listed
    whole = tuple(SIZES[symbol] for symbol in "TBH")
    for field in set(trace._fields) - {"reset_after", "x", "h0", "c0"}:
        assert getattr(trace, field).shape == whole


@each_cell
def test_each_gradient_is_listed(name):
    _, _, grads = run(CELLS[name])
    assert set(grads._fields) <= {f for row in table("Gradients") for f in names(row["in `Grads`"])}


def test_sizes_have_torchs_names():
    module = torch.nn.LSTM(SIZES["D"], SIZES["H"])
    for row in table("Sizes"):
        for name in names(row["torch"]):
            if name.endswith("_size"):
                assert getattr(module, name) == SIZES[row["symbol"]]


# Equations ------------------------------------------------------------------------------------

# Equations in notebooks 1 to 3 that the tables in NOTATION.md omit.
NOT_OF_A_CELL = [
    r"m(\text{subject}, \text{verb}) = u_\text{subject} + v_\text{verb}",
    r"W_{ih}\,x_t + W_{hh}\,h_{t-1} = \begin{bmatrix} W_{ih} & W_{hh} \end{bmatrix} "
    r"\begin{bmatrix} x_t \\ h_{t-1} \end{bmatrix}",
    r"ds = (p - \text{one-hot}(y)) / B",
    r"Y_{bk} = \sum_j X_{bj} W_{jk}",
    r"dW_{jk} = \sum_b X_{bj}\, dY_{bk}",
    r"\text{or}",
    r"dW = X^\top dY",
    r"dX_{bj} = \sum_k dY_{bk}\, W_{jk}",
    r"dX = dY\, W^\top",
    r"dh_{T-k} = J_k^\top\, dh_T",
    r"c_t = c_{t-1} + g_t",
    r"g_t = \tanh(W x_t)",
    r"\frac{\partial L}{\partial w} \approx "
    r"\frac{L(w + \varepsilon) - L(w - \varepsilon)}{2\varepsilon}",
    r"L(w \pm \varepsilon) = L \pm \varepsilon L' + \tfrac{\varepsilon^2}{2} L'' "
    r"\pm \tfrac{\varepsilon^3}{6} L''' + \dots",
]


def line_of(path, code):
    """Return the line number of the only line with this code, ignoring comments."""
    lines = (ROOT / "src/gatewise" / path).read_text(encoding="utf-8").splitlines()
    found = [n for n, line in enumerate(lines, 1) if line.partition("  #")[0].strip() == code]
    assert len(found) == 1, f"{path}: {code!r} is in lines {found}"
    return found[0]


def test_every_equation_of_the_table_is_computed_by_its_line():
    for row in table("Where each equation is"):
        path, number = row["file and line"].strip("`").split(":")
        code = row["code"].strip("`")
        assert line_of(path, code) == int(number), f"{code}: run python tests/test_notation.py"


@pytest.mark.parametrize("notebook", ["01", "02", "03", "05"])
def test_every_equation_of_a_cell_is_in_the_table(notebook):
    (path,) = (ROOT / "notebooks").glob(f"{notebook}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    rows = table("Where each equation is")
    listed = {row["equation"].strip("$") for row in rows if notebook[1] in row["from"]}
    shown = re.findall(r"\$\$(.*?)\$\$", prose, flags=re.S)
    equations = [e.strip() for both in shown for e in re.split(r",?\s*\\qquad", both)]
    assert equations
    assert [e for e in equations if e not in listed and e not in NOT_OF_A_CELL] == []


def write_line_numbers():
    """Update the line numbers in NOTATION.md to match the code."""
    row = re.compile(r"(\| `(cells/\w+\.py)):\d+(` \| `(.*)` \|)$", flags=re.M)
    text = row.sub(lambda m: f"{m[1]}:{line_of(m[2], m[4])}{m[3]}", TEXT)
    PATH.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_line_numbers()
