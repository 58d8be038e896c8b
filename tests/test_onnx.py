"""The cells agree with ONNX's reference evaluator, which implements both forms of the GRU.

ONNX orders the gates of the LSTM as i, o, f, c and the gates of the GRU as z, r, h. It stacks both
directions in one array.
"""

import importlib.util
import os
import re

import numpy as np
import pytest

from gatewise import gru, lstm, rnn
from gatewise.check import compare

if importlib.util.find_spec("onnx") is None and not os.environ.get("GATEWISE_SKIP_NOTHING"):
    pytest.skip("ONNX is not installed: pip install -e '.[onnx]'", allow_module_level=True)

helper = importlib.import_module("onnx.helper")
ReferenceEvaluator = importlib.import_module("onnx.reference").ReferenceEvaluator

NODES = {
    "rnn": (rnn, {}),
    "lstm": (lstm, {}),
    "gru": (gru, {"linear_before_reset": 1}),
    "gru-cho": (gru, {"linear_before_reset": 0}),
}
each_node = pytest.mark.parametrize(("cell", "options"), NODES.values(), ids=NODES)


def draw(cell, directions, T=5, B=3, D=2, H=4):
    """Return a dict from the names of a node's inputs to float64 arrays."""
    rng, rows = np.random.default_rng(0), cell.Params.G * H
    shapes = {"X": (T, B, D), "W": (directions, rows, D), "R": (directions, rows, H)}
    shapes |= {"B": (directions, 2 * rows), "initial_h": (directions, B, H)}
    shapes |= {"initial_c": (directions, B, H)} if cell is lstm else {}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def by_onnx(cell, given, direction, options):
    """Return a node's outputs (T, directions, B, H) and its final states."""
    kind = cell.Params.torch_module.removeprefix("nn.")
    names = [name if name in given else "" for name in ("X", "W", "R", "B", "", "initial_h")]
    names += ["initial_c"] if cell is lstm else []
    outputs = ["Y", "Y_h", "Y_c"] if cell is lstm else ["Y", "Y_h"]
    H = given["R"].shape[2]
    node = helper.make_node(kind, names, outputs, hidden_size=H, direction=direction, **options)
    double = helper.np_dtype_to_tensor_dtype(np.dtype(float))
    wires = [helper.make_tensor_value_info(k, double, a.shape) for k, a in given.items()]
    ends = [helper.make_tensor_value_info(name, double, None) for name in outputs]
    graph = helper.make_graph([node], "one node", wires, ends)
    return ReferenceEvaluator(helper.make_model(graph)).run(None, given)


@each_node
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("has_bias", [True, False])
def test_from_onnx_computes_what_the_node_computes(cell, options, direction, has_bias):
    given = draw(cell, directions=1 + (direction == "bidirectional"))
    if not has_bias:
        del given["B"]
    Y, *final = by_onnx(cell, given, direction, options)
    form = {"reset_after": bool(options["linear_before_reset"])} if options else {}
    for n in range(len(given["W"])):
        params = cell.Params.from_onnx(given["W"], given["R"], given.get("B"), direction=n)
        states = [given[name][n] for name in ("initial_h", "initial_c") if name in given]
        order = slice(None, None, -1 if n == 1 or direction == "reverse" else 1)
        one = cell.forward(params, given["X"][order], *states, **form)
        assert compare("h", one.h[order], Y[:, n])
        assert compare("h_T", one.h[-1], final[0][n])
        if cell is lstm:
            assert compare("c_T", one.c[-1], final[1][n])


@each_node
def test_from_onnx_copies_and_keeps_the_dtype(cell, options):
    given = draw(cell, directions=2)
    W, R, B = (given[name].astype(np.float32) for name in "WRB")
    for bias in (B, None):
        params = cell.Params.from_onnx(W, R, bias, direction=1)
        assert {array.dtype for array in params} == {np.dtype(np.float32)}
        assert not any(np.shares_memory(ours, a) for ours in params for a in (W, R, B))
    first, default = cell.Params.from_onnx(W, R, B, direction=0), cell.Params.from_onnx(W, R, B)
    assert all(np.array_equal(*pair) for pair in zip(first, default, strict=True))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"W": np.zeros((16, 2))}, "W: expected (directions, rows, columns), got (16, 2)"),
        ({"R": np.zeros((1, 16, 4))}, "R: expected (directions, rows, columns), got (1, 16, 4)"),
        ({"B": np.zeros((2, 16))}, "B: expected (directions, 2 · rows) = (2, 32), got (2, 16)"),
        ({"R": np.zeros((2, 12, 4))}, "W_hh: expected (4H, H) = (16, 4), got (12, 4)"),
        ({"W": np.zeros((2, 15, 2)), "B": None}, "W_ih: expected (4H, D) = (16, 2), got (15, 2)"),
        ({"W": None}, "W: expected an array of numbers, got NoneType"),
        ({"R": None}, "R: expected an array of numbers, got NoneType"),
        ({"B": "zeros"}, "B: expected an array of numbers, got str"),
        ({"direction": 2}, "direction: expected 0 to 1, got 2"),
        ({"direction": True}, "direction: expected 0 to 1, got True"),
        ({"direction": "reverse"}, "direction: expected 0 to 1, got 'reverse'"),
    ],
)
def test_from_onnx_refuses(change, sentence):
    given = draw(lstm, directions=2)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        lstm.Params.from_onnx(**{name: given[name] for name in "WRB"} | change)
