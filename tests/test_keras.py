"""With the same weights, the cells agree with Keras 3 on the torch backend.

Keras orders the gates of the LSTM as i, f, c, o and the gates of the GRU as z, r, h. It multiplies
by weights from the right and puts the batch first. The LSTM and the GRU in Cho's form
(`reset_after=False`) have a single bias.

Results and gradients agree to within 1e-12. The tolerance for Cho's form and SimpleRNN is 1e-6,
because Keras computes them with `keras.ops.matmul`, which always rounds float64 to float32.
(`test_cells` checks Cho's form against plain torch operations with a tolerance of 1e-12.)
"""

import importlib.util
import os
import re
from functools import partial

import numpy as np
import proofs
import pytest
import torch

from gatewise.cells import gru, lstm, rnn
from gatewise.check import compare

if importlib.util.find_spec("keras") is None and not os.environ.get("GATEWISE_SKIP_NOTHING"):
    pytest.skip("Keras is not installed: pip install -e '.[keras]'", allow_module_level=True)

os.environ["KERAS_BACKEND"] = "torch"  # must be set before Keras is imported
keras = importlib.import_module("keras")

FORMS = {"lstm": (lstm, True, 1e-12), "gru": (gru, True, 1e-12), "gru-cho": (gru, False, 1e-6)}
ORDER = {lstm: [0, 1, 2, 3], gru: [1, 0, 2]}  # the order in which Keras stores our blocks


def reordered(array, cell):
    """Convert row blocks between our order and Keras's order by swapping r and z."""
    blocks = np.split(array, cell.Params.G)
    return np.concatenate([blocks[k] for k in ORDER[cell]])


def keras_layer(cell, params, reset_after):
    H = params.W_hh.shape[1]
    options = {"return_sequences": True, "return_state": True, "dtype": "float64"}
    if cell is gru:
        options["reset_after"] = reset_after
    layer = {lstm: keras.layers.LSTM, gru: keras.layers.GRU}[cell](H, **options)
    layer.build((None, None, params.W_ih.shape[1]))
    W_ih, W_hh, b_ih, b_hh = (reordered(array, cell) for array in params)
    bias = np.stack([b_ih, b_hh]) if cell is gru and reset_after else b_ih + b_hh
    layer.set_weights([W_ih.T, W_hh.T, bias])
    return layer


@pytest.mark.parametrize(("cell", "reset_after", "tol"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (5, 3, 2, 4)], ids=["least", "larger"])
def test_outputs_and_gradients_equal_keras(cell, reset_after, tol, sizes):
    case = proofs.draw(cell, 0, *sizes, reset_after=reset_after)
    trace, grads = proofs.run(cell, case)

    layer = keras_layer(cell, case.params, reset_after)
    leaf = proofs.tensors(case)
    states = [leaf[name] for name in case.states]
    output, *final = layer(leaf["x"].transpose(0, 1), initial_state=states)
    assert output.dtype == torch.float64
    output = output.transpose(0, 1)
    proofs.loss_of(case, output, final[-1]).backward()

    assert compare("h", trace.h, output, tol)
    assert compare("h_T", trace.h[-1], final[0], tol)
    if cell is lstm:
        assert compare("c_T", trace.c[-1], final[1], tol)
    for name in ("x", *case.states):
        assert compare(f"d{name}", getattr(grads, name), leaf[name].grad, tol)
    dW_ih, dW_hh, dbias = (weight.value.grad.numpy() for weight in layer.trainable_weights)
    assert compare("dW_ih", grads.W_ih, reordered(dW_ih.T, cell), tol)
    assert compare("dW_hh", grads.W_hh, reordered(dW_hh.T, cell), tol)
    if dbias.ndim == 2:
        assert compare("db_ih", grads.b_ih, reordered(dbias[0], cell), tol)
        assert compare("db_hh", grads.b_hh, reordered(dbias[1], cell), tol)
    else:
        assert compare("db_ih", grads.b_ih, reordered(dbias, cell), tol)
        assert compare("db_hh", grads.b_hh, reordered(dbias, cell), tol)


@pytest.mark.parametrize("cell", [lstm, gru], ids=["lstm", "gru"])
def test_keras_has_the_names_in_the_notation_table(cell):
    params = cell.Params.random(4, 5, np.random.default_rng(0))
    inner = keras_layer(cell, params, reset_after=True).cell
    assert tuple(inner.kernel.shape) == params.W_ih.T.shape
    assert tuple(inner.recurrent_kernel.shape) == params.W_hh.T.shape
    assert tuple(inner.bias.shape) == (
        (2, *params.b_ih.shape) if cell is gru else params.b_ih.shape
    )


def test_keras_opens_the_forget_gate_of_a_fresh_lstm():
    layer = keras.layers.LSTM(5)
    layer.build((None, None, 4))
    bias = keras.ops.convert_to_numpy(layer.cell.bias)
    assert bias.tolist() == np.repeat([0, 1, 0, 0], 5).tolist()


# from_keras -----------------------------------------------------------------------------------

LAYERS = {"rnn": (rnn, "SimpleRNN", {}), "lstm": (lstm, "LSTM", {}), "gru": (gru, "GRU", {})}
LAYERS |= {"gru-cho": (gru, "GRU", {"reset_after": False})}


def fresh(kind, D=3, H=4, **options):
    """Return a Keras layer with default initial weights and random biases."""
    options = {"bias_initializer": "uniform", "dtype": "float64", "seed": 0} | options
    layer = getattr(keras.layers, kind)(H, return_sequences=True, **options)
    layer.build((None, None, D))
    return layer


@pytest.mark.parametrize(("cell", "kind", "options"), LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("read", [lambda layer: layer, lambda layer: layer.get_weights()])
def test_from_keras_computes_what_the_layer_computes(cell, kind, options, use_bias, read):
    layer = fresh(kind, use_bias=use_bias, **options)
    params = cell.Params.from_keras(read(layer))
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    h = cell.forward(params, x, **options).h
    theirs = layer(torch.tensor(x).transpose(0, 1)).transpose(0, 1)
    assert compare("h", h, theirs, 1e-6 if options or cell is rnn else 1e-12)  # see above


@pytest.mark.parametrize(("cell", "kind", "options"), LAYERS.values(), ids=LAYERS)
def test_from_keras_undoes_keras_s_order(cell, kind, options):
    drawn = cell.Params.random(3, 4, np.random.default_rng(0), np.float32)
    if cell is rnn:
        weights = [drawn.W_ih.T, drawn.W_hh.T, drawn.b_ih]
    else:
        weights = keras_layer(cell, drawn, not options).get_weights()
    weights = [array.astype(np.float32) for array in weights]
    params, unbiased = cell.Params.from_keras(weights), cell.Params.from_keras(weights[:2])
    assert compare("W_ih, W_hh", params[:2], drawn[:2], tol=0)
    if cell is gru and not options:
        assert compare("both biases", params[2:], drawn[2:], tol=0)
    elif cell is not rnn:
        assert compare("the sum of both", params.b_ih, drawn.b_ih + drawn.b_hh, tol=1e-7)
    assert {array.dtype for array in (*params, *unbiased)} == {np.dtype(np.float32)}
    assert not any(np.shares_memory(ours, array) for ours in params for array in weights)


def test_from_keras_takes_each_direction_of_a_bidirectional():
    layer = keras.layers.Bidirectional(fresh("LSTM"), dtype="float64")
    layer.build((None, None, 3))
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    theirs = layer(torch.tensor(x).transpose(0, 1)).transpose(0, 1)
    forward, backward = map(lstm.Params.from_keras, (layer.forward_layer, layer.backward_layer))
    ours = [lstm.forward(forward, x).h, lstm.forward(backward, x[::-1]).h[::-1]]
    assert compare("both directions", np.concatenate(ours, axis=2), theirs)


def arrays(*shapes):
    return [np.zeros(shape) for shape in shapes]


@pytest.mark.parametrize(
    ("cell", "make", "sentence"),
    [
        (
            lstm,
            lambda: fresh("GRU"),
            "layer: expected a Keras LSTM or a list of its weights, got G",
        ),
        (rnn, lambda: torch.nn.RNN(2, 3), "layer: expected a Keras SimpleRNN or a list of its"),
        (rnn, lambda: fresh("SimpleRNN", activation="relu"), "layer: expected activation='tanh'"),
        (
            rnn,
            lambda: fresh("SimpleRNN", activation=partial(np.clip, a_min=-1, a_max=1)),
            "layer: expected activation='tanh', got functools.partial",
        ),
        (
            lstm,
            lambda: fresh("LSTM", recurrent_activation="hard_sigmoid"),
            "layer: expected recurrent_activation='sigmoid'",
        ),
        (lstm, lambda: keras.layers.LSTM(3), "layer: expected kernel, recurrent_kernel and perhap"),
        (
            lstm,
            lambda: arrays((3, 16)),
            "layer: expected kernel, recurrent_kernel and perhaps bias",
        ),
        (lstm, lambda: arrays((3, 16), (4, 16), (2, 16)), "b_ih: expected (4H,) = (16,), got (2"),
        (gru, lambda: arrays((3, 12), (4, 12), (3, 12)), "b_ih: expected (3H,) = (12,), got (3"),
        (gru, lambda: arrays((3, 12), (4, 16)), "W_hh: expected (3H, H) = (12, 4), got (16, 4)"),
        (gru, lambda: arrays((12, 3), (12, 4)), "W_ih: expected (3H, D) = (36, 12), got (3, 12)"),
        (lstm, lambda: arrays((), ()), "W_ih: expected (4H, D), got ()"),
        (lstm, lambda: [None, None], "weights[0]: expected an array of numbers, got NoneType"),
    ],
)
def test_from_keras_refuses(cell, make, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        cell.Params.from_keras(make())
