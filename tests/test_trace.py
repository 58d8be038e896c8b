"""`trace` agrees with the torch module for every layer and direction."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatewise import gru, lstm, rnn, trace
from gatewise.cells.stack import mirrored
from gatewise.check import compare

settings.register_profile("proof", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("proof")

KINDS = {nn.RNN: rnn, nn.LSTM: lstm, nn.GRU: gru}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
size = st.integers(1, 4)
cases = given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(size, size, size, size),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    bias=st.booleans(),
    batch_first=st.booleans(),
    states=st.booleans(),
    form=st.sampled_from(["padded", "packed", "packed and sorted", "single"]),
)
NAMES = "seed sizes layers bidirectional bias batch_first states form".split()
LEAST = dict(zip(NAMES, (0, (1, 1, 1, 1), 1, False, False, False, False, "single"), strict=True))
LARGEST = dict(zip(NAMES, (0, (4, 4, 4, 4), 3, True, True, True, True, "packed"), strict=True))


def draw(kind, seed, sizes, layers, bidirectional, bias, batch_first, states, form):
    """Draw a module, its arguments x and hx, and the length of each sequence."""
    T, B, D, H = sizes
    B = 1 if form == "single" else B
    torch.manual_seed(seed)
    options = {"bias": bias, "bidirectional": bidirectional, "dtype": torch.float64}
    module = kind(D, H, layers, batch_first=batch_first, **options)
    x = torch.randn(T, B, D, dtype=torch.float64)
    rows = layers * (1 + bidirectional)
    h0, c0 = torch.randn(2, rows, B, H, dtype=torch.float64)
    lengths = torch.randint(1, T + 1, (B,)) if "packed" in form else torch.full((B,), T)
    if form == "single":
        x, h0, c0 = x[:, 0], h0[:, 0], c0[:, 0]
    elif "packed" in form:
        lengths = lengths.sort(descending=True)[0] if "sorted" in form else lengths
        x = pack_padded_sequence(x, lengths, enforce_sorted="sorted" in form)
    elif batch_first:
        x = x.transpose(0, 1)
    hx = ((h0, c0) if kind is nn.LSTM else h0) if states else None
    return module, x, hx, lengths.numpy()


def by_torch(module, x, hx, form):
    """Return the module's outputs (T, B, …) and final states (rows, B, H). A state may be None."""
    with torch.no_grad():
        output, final = module(x, hx)
    h_n, c_n = final if isinstance(final, tuple) else (final, None)
    if form == "single":
        states = [None if s is None else s[:, None] for s in (h_n, c_n)]
        return output[:, None], *states
    if "packed" in form:
        output = pad_packed_sequence(output)[0]
    elif module.batch_first:
        output = output.transpose(0, 1)
    return output, h_n, c_n


@each_kind
@cases
@example(**LEAST)
@example(**LARGEST)
def test_outputs_and_states_equal_the_module(kind, **drawn):
    module, x, hx, lengths = draw(kind, **drawn)
    traces = trace(module, x, hx)
    output, h_n, c_n = by_torch(module, x, hx, drawn["form"])
    directions = 1 + module.bidirectional
    assert len(traces) == len(h_n)
    last = np.concatenate([one.h for one in traces[-directions:]], axis=2)
    assert compare("output", last, output)
    for n, one in enumerate(traces):
        assert isinstance(one, KINDS[kind].Trace)
        at = 0 * lengths if n % directions else lengths - 1
        assert compare(f"h_n[{n}]", one.h[at, range(len(at))], h_n[n])
        if kind is nn.LSTM:
            assert compare(f"c_n[{n}]", one.c[at, range(len(at))], c_n[n])


@each_kind
@cases
def test_time_runs_as_in_x_and_nothing_follows_a_sequence(kind, **drawn):
    """A sequence read alone, without padding and in the trace's direction, gives the same trace."""
    module, x, hx, lengths = draw(kind, **drawn)
    traces = trace(module, x, hx)
    cell, below = KINDS[kind], traces[0].x
    for n, one in enumerate(traces):
        layer, reverse = divmod(n, 1 + module.bidirectional)
        params = cell.Params.from_torch(module, layer, reverse=bool(reverse))
        fields = [k for k, a in one._asdict().items() if np.ndim(a) == 3]
        for b, length in enumerate(lengths):
            states = {k: getattr(one, k)[b : b + 1] for k in ("h0", "c0") if k in one._fields}
            alone = below[:length, b : b + 1][:: -1 if reverse else 1]
            alone = cell.forward(params, alone, **states)
            alone = mirrored(alone) if reverse else alone
            for k in fields:
                assert compare(k, getattr(one, k)[:length, b : b + 1], getattr(alone, k))
                assert not getattr(one, k)[length:, b].any()
        if n % (1 + module.bidirectional) == module.bidirectional:
            below = np.concatenate([t.h for t in traces[n - module.bidirectional : n + 1]], axis=2)


@each_kind
@cases
@settings(max_examples=15)
def test_gradients_through_packed_sequences_equal_autograd(kind, **drawn):
    """The zeros after the end of a sequence don't contribute to the gradients."""
    drawn |= {"layers": 1, "bidirectional": False, "form": "packed"}
    module, x, hx, lengths = draw(kind, **drawn)
    cell, one = KINDS[kind], trace(module, x, hx)[0]
    output = pad_packed_sequence(module(x, hx)[0])[0]
    dh = torch.randn(output.shape, dtype=torch.float64)
    (dh * output).sum().backward()
    inside = (np.arange(len(dh))[:, None] < lengths)[:, :, None]
    grads = cell.backward(cell.Params.from_torch(module), one, dh.numpy() * inside)
    for name in ("W_ih", "W_hh", "b_ih", "b_hh")[: 4 if module.bias else 2]:
        theirs = getattr(module, name.replace("W", "weight").replace("b_", "bias_") + "_l0").grad
        assert compare(f"d{name}", getattr(grads, name), theirs, 1e-10)


@each_kind
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_kept_and_arrays_lists_and_tensors_are_the_same(kind, dtype):
    torch.manual_seed(0)
    module = kind(2, 3, 2, bidirectional=True, dtype=dtype)
    x = torch.randn(4, 5, 2, dtype=dtype, requires_grad=True)
    h0 = torch.randn(4, 5, 3, dtype=dtype)

    def given(read):
        return read(x), (read(h0), read(h0)) if kind is nn.LSTM else read(h0)

    traces = trace(module, *given(lambda tensor: tensor))
    for read in (lambda tensor: tensor.detach().numpy(), torch.Tensor.tolist):
        for one, other in zip(trace(module, *given(read)), traces, strict=True):
            assert compare("the same", one, other, tol=0)
    for array in (a for one in traces for a in one if isinstance(a, np.ndarray)):
        assert array.dtype == x.detach().numpy().dtype
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    output = module(*given(lambda tensor: tensor))[0]
    last = np.concatenate([traces[-2].h, traces[-1].h], axis=2)
    assert compare("output", last, output, 1e-6 if dtype == torch.float32 else 1e-12)


@each_kind
def test_dropout_is_nothing_in_evaluation_and_with_one_layer(kind):
    x = torch.randn(3, 1, 2)
    module = kind(2, 3, 2, dropout=0.5).eval()
    assert compare("output", trace(module, x)[-1].h, module(x)[0], 1e-6)
    with pytest.warns(UserWarning, match="dropout"):
        module = kind(2, 3, 1, dropout=0.5)
    assert compare("output", trace(module, x)[-1].h, module(x)[0], 1e-6)


class Doubled(nn.LSTM):
    def forward(self, x, hx=None):
        return super().forward(2 * x, hx)


def hooked(add):
    module = nn.GRU(2, 3)
    getattr(module, add)(lambda module, *given: None)
    return module


def normed(kind):
    module = nn.LSTM(2, 3, 2)
    kind(module, "weight_hh_l1")
    return module


def bidirectional(module=nn.LSTM):
    return module(2, 3, 2, bidirectional=True)


X = np.zeros((4, 5, 2), np.float32)
STATE = np.zeros((4, 5, 3), np.float32)
REFUSED = {
    "no recurrent module": (lambda: nn.Linear(2, 3), X, None, "nn.RNN, nn.LSTM or nn.GRU, got"),
    "a cell": (lambda: nn.LSTMCell(2, 3), X, None, "nn.RNN, nn.LSTM or nn.GRU, got torch.nn."),
    "nothing": (lambda: None, X, None, "nn.RNN, nn.LSTM or nn.GRU, got builtins.NoneType"),
    "another forward": (lambda: Doubled(2, 3), X, None, "nn.LSTM's own forward, got another"),
    "relu": (lambda: nn.RNN(2, 3, nonlinearity="relu"), X, None, "nonlinearity='tanh', got 'relu'"),
    "a projection": (lambda: nn.LSTM(2, 3, proj_size=1), X, None, "proj_size=0, got 1"),
    "old weight norm": (lambda: normed(nn.utils.weight_norm), X, None, "a parameter, got a value"),
    "weight norm": (
        lambda: normed(nn.utils.parametrizations.weight_norm),
        X,
        None,
        "a parameter, got a value computed",
    ),
    "half": (lambda: nn.LSTM(2, 3).half(), X, None, "float32 or float64, got torch.float16"),
    "no data": (lambda: nn.LSTM(2, 3, device="meta"), X, None, "float32 or float64, got no data"),
    "a hook": (lambda: hooked("register_forward_hook"), X, None, "no forward hooks, got 1"),
    "a hook before": (lambda: hooked("register_forward_pre_hook"), X, None, "no forward hooks, go"),
    "dropout": (
        lambda: nn.GRU(2, 3, 2, dropout=0.5),
        X,
        None,
        "dropout=0 or eval(), got 0.5 in training",
    ),
    "one axis": (bidirectional, X[0, 0], None, "(T, B, D) or (T, D), got (2,)"),
    "four axes": (
        lambda: nn.LSTM(2, 3, batch_first=True),
        X[None],
        None,
        "(B, T, D) or (T, D), got (1, 4, 5, 2)",
    ),
    "features": (bidirectional, X[:, :, :1], None, "D = 2 features, got (T, B, D) = (4, 5, 1)"),
    "no step": (bidirectional, X[:0], None, "at least one number, got (T, B, D) = (0, 5, 2)"),
    "NaN": (bidirectional, X + np.nan, None, "finite numbers, got NaN or infinity in 40 of 40"),
    "float64": (bidirectional, X.astype(float), None, "float32 like W_ih, got float64"),
    "words": (bidirectional, "you love", None, "an array of numbers, got str"),
    "packed bfloat16": (
        bidirectional,
        pack_padded_sequence(torch.from_numpy(X).bfloat16(), [4] * 5),
        None,
        "an array of numbers, got torch.bfloat16",
    ),
    "states in words": (bidirectional, X, ("you", "love"), "an array of numbers, got str"),
    "one state": (bidirectional, X, STATE, "(h_0, c_0), got (4, 5, 3)"),
    "no state": (bidirectional, X, 0, "(h_0, c_0), got int"),
    "rows": (bidirectional, X, (STATE, STATE[:2]), "(layers · directions, B, H) = (4, 5, 3), got"),
    "two states": (
        lambda: bidirectional(nn.GRU),
        X,
        (STATE, STATE),
        "(layers · directions, B, H) = (4, 5, 3), got (2, 4, 5, 3)",
    ),
    "a batch's states": (
        lambda: bidirectional(nn.GRU),
        X[:, 0],
        STATE,
        "(layers · directions, H) = (4, 3), got (4, 5, 3)",
    ),
    "the states' dtype": (
        lambda: bidirectional(nn.RNN),
        X,
        STATE.astype(float),
        "float32 like W_ih, got float64",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_the_cells_do_not_compute_is_refused_in_one_sentence(name):
    make, x, hx, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=f"^[a-z_0-9]+: expected {re.escape(sentence)}"):
        trace(make(), x, hx)


@pytest.mark.filterwarnings("ignore")  # quantize_dynamic is deprecated
def test_a_quantized_module_is_refused():
    module = nn.Sequential(nn.LSTM(2, 3))
    quantized = torch.ao.quantization.quantize_dynamic(module, {nn.LSTM})[0]
    with pytest.raises(ValueError, match=r"expected nn.RNN, .*, got torch.ao.nn.quantized.*LSTM$"):
        trace(quantized, X)


def test_module_and_arguments_are_left_alone():
    module, x = bidirectional(), X + np.arange(5, dtype=np.float32)[:, None]
    before, copied = copy.deepcopy(module.state_dict()), x.copy()
    traces = trace(module, x)
    assert np.array_equal(x, copied)
    assert not np.shares_memory(traces[0].x, x)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
