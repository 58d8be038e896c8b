"""For random shapes, the cells agree with torch and with central differences."""

import re
import subprocess
import sys

import numpy as np
import proofs
import pytest
import torch
import torch.nn.utils.prune as prune
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatewise.cells import gru, lstm, rnn
from gatewise.check import compare

settings.register_profile("proof", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("proof")

CELLS = [rnn, lstm, gru]
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__.split(".")[-1])
# Numerical tests treat the two forms of the GRU as separate cells.
FORMS = {"rnn": (rnn, True), "lstm": (lstm, True), "gru": (gru, True), "gru-cho": (gru, False)}
each_form = pytest.mark.parametrize(("cell", "reset_after"), FORMS.values(), ids=FORMS)

size = st.integers(1, 4)
cases = given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(size, size, size, size),
    left_out=st.sets(st.sampled_from(["h0", "c0", "dh", "dh_T", "dc_T"]), max_size=4),
)
least = example(seed=0, sizes=(1, 1, 1, 1), left_out=set())


@each_cell
@cases
@least
def test_outputs_and_gradients_equal_torch(cell, seed, sizes, left_out):
    proofs.equals_module(cell, proofs.draw(cell, seed, *sizes, left_out))


@each_form
@pytest.mark.parametrize(
    "proof",
    [
        proofs.equals_unrolled,
        proofs.step_equals_forward,
        proofs.leaves_its_arguments_alone,
        proofs.stays_float32,
    ],
)
@cases
@least
def test_each_proof_holds(cell, reset_after, proof, seed, sizes, left_out):
    proof(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_form
@settings(max_examples=15)
@cases
@least
def test_gradients_equal_central_differences(cell, reset_after, seed, sizes, left_out):
    proofs.equals_differences(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_cell
def test_float32_is_as_close_to_torch_as_float32_allows(cell):
    case = proofs.draw(cell, 0, 8, 4, 3, 16, dtype=np.float32)
    trace, _ = proofs.run(cell, case)
    output, _ = proofs.module_of(case.params)(
        torch.tensor(case.x),
        tuple(torch.tensor(s)[None] for s in case.states.values())
        if cell is lstm
        else torch.tensor(case.states["h0"])[None],
    )
    assert compare("h", trace.h, output, tol=1e-6)


def test_the_package_and_its_cells_work_without_torch_matplotlib_and_anywidget():
    script = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "matplotlib", "anywidget", "ipywidgets"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import numpy as np
import gatewise
from gatewise import check, data, gru, lstm, rnn, text
x, y = text.last_word_task(text.SENTENCES, text.Vocabulary())
for cell in (gatewise.rnn, gatewise.lstm, gatewise.gru):
    params = cell.Params.random(x.shape[2], 3, np.random.default_rng(0))
    trace = cell.forward(params, x)
    assert cell.backward(params, trace, trace.h).W_hh.shape == params.W_hh.shape
    assert check.compare("h", trace.h, trace.h)
assert data.um(ums=30)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


# from_torch -----------------------------------------------------------------------------------


@each_cell
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("directions", [1, 2])
def test_from_torch_runs_a_whole_stack(cell, bias, directions):
    """The stack has three layers; each direction of a layer has its own parameters and states."""
    T, B, D, H, layers = 5, 3, 4, 6, 3
    kind = getattr(torch.nn, cell.Params.mode.removesuffix("_TANH"))
    torch.manual_seed(0)
    module = kind(D, H, layers, bias=bias, bidirectional=directions == 2, dtype=torch.float64)
    x = torch.randn(T, B, D, dtype=torch.float64)
    h0, c0 = torch.randn(2, layers * directions, B, H, dtype=torch.float64)
    output, final = module(x, (h0, c0) if cell is lstm else h0)
    h_n, c_n = final if cell is lstm else (final, None)

    below = x.numpy()
    for layer in range(layers):
        outputs = []
        for reverse in range(directions):
            params = cell.Params.from_torch(module, layer, reverse=bool(reverse))
            number = layer * directions + reverse
            states = [s[number].numpy() for s in ((h0, c0) if cell is lstm else (h0,))]
            order = slice(None, None, -1 if reverse else 1)
            trace = cell.forward(params, below[order], *states)
            outputs.append(trace.h[order])
            assert compare(f"h_n of layer {layer}", trace.h[-1], h_n[number])
            if cell is lstm:
                assert compare(f"c_n of layer {layer}", trace.c[-1], c_n[number])
        below = np.concatenate(outputs, axis=-1)
    assert compare("the whole stack", below, output)


@each_cell
def test_from_torch_copies(cell):
    module = proofs.module_of(cell.Params.random(3, 2, np.random.default_rng(0), np.float32))
    params = cell.Params.from_torch(module)
    assert {array.dtype for array in params} == {np.dtype(np.float32)}
    before = params.W_ih.copy()
    torch.nn.init.zeros_(module.weight_ih_l0)
    assert np.array_equal(params.W_ih, before)


def test_from_torch_without_bias_keeps_the_dtype():
    params = lstm.Params.from_torch(torch.nn.LSTM(2, 3, bias=False))
    assert {array.dtype for array in params} == {np.dtype(np.float32)}


def test_a_gru_step_has_torchs_form_by_default():
    params = gru.Params.random(3, 2, np.random.default_rng(0))
    x_t, h = np.ones((1, 3)), np.ones((1, 2))
    for now in (gru.step(params, x_t, h), gru.forward(params, x_t[None], h)):
        assert now.reset_after
    assert gru.step(params, x_t, h).h.tolist() == gru.step(params, x_t, h, True).h.tolist()


class Doubled(torch.nn.LSTM):
    def forward(self, x, states=None):
        return super().forward(2 * x, states)


@pytest.mark.parametrize(
    ("cell", "module", "options", "sentence"),
    [
        (rnn, torch.nn.RNN(2, 3, nonlinearity="relu"), {}, "nonlinearity='tanh', got 'relu'"),
        (rnn, torch.nn.LSTM(2, 3), {}, "nn.RNN, got torch.nn.modules.rnn.LSTM"),
        (lstm, torch.nn.GRU(2, 3), {}, "nn.LSTM, got torch.nn.modules.rnn.GRU"),
        (lstm, torch.nn.LSTMCell(2, 3), {}, "nn.LSTM, got torch.nn.modules.rnn.LSTMCell"),
        (lstm, Doubled(2, 3), {}, "nn.LSTM's own forward, got another"),
        (gru, torch.nn.Linear(2, 3), {}, "nn.GRU, got torch.nn.modules.linear.Linear"),
        (gru, None, {}, "nn.GRU, got builtins.NoneType"),
        (lstm, torch.nn.LSTM(2, 3, proj_size=1), {}, "proj_size=0, got 1"),
        (lstm, torch.nn.LSTM(2, 3, 2), {"layer": 2}, "0 to 1, got 2"),
        (gru, torch.nn.GRU(2, 3), {"layer": -1}, "0 to 0, got -1"),
        (gru, torch.nn.GRU(2, 3), {"layer": "0"}, "0 to 0, got '0'"),
        (gru, torch.nn.GRU(2, 3), {"reverse": True}, "a bidirectional module, got one direction"),
        (lstm, torch.nn.LSTM(2, 3).bfloat16(), {}, "float32 or float64, got torch.bfloat16"),
        (lstm, torch.nn.LSTM(2, 3).half(), {}, "float32 or float64, got torch.float16"),
        (lstm, torch.nn.LSTM(2, 3, device="meta"), {}, "float32 or float64, got no data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_from_torch_refuses(cell, module, options, sentence):
    with pytest.raises(ValueError, match=f"^[a-z_0]+: expected {re.escape(sentence)}"):
        cell.Params.from_torch(module, **options)


def test_from_torch_refuses_a_module_whose_forward_was_replaced():
    module = torch.nn.LSTM(2, 3)
    module.forward = lambda x, states=None: torch.nn.LSTM.forward(module, 2 * x, states)
    with pytest.raises(ValueError, match="^module: expected nn.LSTM's own forward, got"):
        lstm.Params.from_torch(module)


@pytest.mark.filterwarnings("ignore")  # quantize_dynamic is deprecated
def test_from_torch_refuses_a_quantized_module():
    module = torch.nn.Sequential(torch.nn.LSTM(2, 3))
    quantized = torch.ao.quantization.quantize_dynamic(module, {torch.nn.LSTM})[0]
    with pytest.raises(ValueError, match="expected nn.LSTM, got torch.ao.nn.quantized"):
        lstm.Params.from_torch(quantized)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "wrap",
    [
        torch.nn.utils.weight_norm,
        torch.nn.utils.spectral_norm,
        torch.nn.utils.parametrizations.weight_norm,
        torch.nn.utils.parametrizations.orthogonal,
        lambda module, name: prune.l1_unstructured(module, name, 2),
    ],
)
def test_from_torch_refuses_computed_weights(wrap):
    """Computed weights would be out of date, since they don't include the optimizer's last step."""
    module = torch.nn.LSTM(2, 3)
    wrap(module, "weight_hh_l0")
    with pytest.raises(ValueError, match="^weight_hh_l0: expected a parameter, got a value comp"):
        lstm.Params.from_torch(module)


# Inputs of other types are converted or rejected ----------------------------------------------


@each_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensors_and_lists_are_read_as_arrays(cell, dtype):
    case = proofs.draw(cell, 0, 2, 3, 4, 5, dtype=dtype)
    plain = proofs.run(cell, case)
    W_ih, *others = case.params
    # The dtype comes from W_ih, and a list has no dtype.
    for read, first in (torch.tensor, torch.tensor(W_ih)), (np.ndarray.tolist, W_ih):
        foreign = case._replace(
            params=cell.Params(first, *map(read, others)),
            x=read(case.x),
            states={name: read(state) for name, state in case.states.items()},
            incoming={name: read(gradient) for name, gradient in case.incoming.items()},
        )
        for ours, theirs in zip(proofs.run(cell, foreign), plain, strict=True):
            assert compare("read", ours, theirs, tol=0)
            dtypes = {array.dtype for array in ours if isinstance(array, np.ndarray)}
            assert dtypes == {np.dtype(dtype)}


@each_cell
@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (torch.zeros(2, 6, 9, dtype=torch.bfloat16), "an array of numbers, got torch.bfloat16"),
        (torch.zeros(2, 6, 9), "float64 like W_ih, got float32"),
        (np.zeros((2, 6, 9), int), "float64 like W_ih, got int64"),
        ([[[1.0], [2.0, 3.0]]], "an array of numbers, got a list of unequal rows"),
        ([[["i", "like"]]], "an array of numbers, got list"),
        (None, "an array of numbers, got NoneType"),
        ("i like dog", "an array of numbers, got str"),
        ([[[1j] * 9]], "float64 like W_ih, got complex128"),
    ],
    ids=["bfloat16", "float32", "ints", "ragged", "words", "None", "string", "complex"],
)
def test_anything_but_an_array_of_floats_is_refused(cell, x, sentence):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"^x: expected {re.escape(sentence)}"):
        cell.forward(params, x)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("other", CELLS)
def test_another_cells_parameters_and_traces_are_refused(cell, other):
    if cell is other:
        return
    one, two = (c.__name__.split(".")[-1] for c in (cell, other))
    rng, x = np.random.default_rng(0), np.zeros((1, 2, 4))
    params, foreign = cell.Params.random(4, 5, rng), other.Params.random(4, 5, rng)
    states = [np.zeros((2, 5))] * (2 if cell is lstm else 1)
    sentence = f"^params: expected {one}.Params, got {two}.Params$"
    for call in (
        lambda: cell.forward(foreign, x),
        lambda: cell.step(foreign, x[0], *states),
        lambda: cell.backward(foreign, cell.forward(params, x)),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()
    with pytest.raises(ValueError, match=f"^trace: expected {one}.Trace, got {two}.Trace$"):
        cell.backward(params, other.forward(foreign, x))


@each_cell
def test_backward_refuses_a_trace_that_does_not_fit(cell):
    rng, x = np.random.default_rng(0), np.zeros((2, 3, 4))
    params = cell.Params.random(4, 5, rng)
    trace = cell.forward(params, x)
    states = [np.zeros((3, 5))] * (2 if cell is lstm else 1)
    for foreign, sentence in [
        (cell.step(params, x[0], *states), "trace: expected h of shape (T, B, H), got (3, 5)"),
        (cell.forward(cell.Params.random(4, 6, rng), x), "trace.h0: expected (B, H) = (3, 5), got"),
        (cell.forward(cell.Params.random(3, 5, rng), x[:, :, 1:]), "trace.x: expected (T, B, D) ="),
        (trace._replace(h0=trace.h0[:1]), "trace.h0: expected (B, H) = (3, 5), got (1, 5)"),
        (trace._replace(h=trace.h.astype(np.float32)), "trace: expected float64 like W_ih, got"),
        (tuple(trace), f"trace: expected {cell.__name__.split('.')[-1]}.Trace, got tuple"),
        (None, f"trace: expected {cell.__name__.split('.')[-1]}.Trace, got NoneType"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            cell.backward(params, foreign)


@each_form
def test_a_trace_cannot_change_between_forward_and_backward(cell, reset_after):
    """A trace can't be changed in place or through the arguments of `forward`."""
    case = proofs.draw(cell, 0, 3, 2, 4, 5, reset_after=reset_after)
    trace, before = proofs.run(cell, case)
    for array in (case.x, *case.states.values()):
        array[:] = 7
    after = cell.backward(case.params, trace, **case.incoming)
    assert compare("the same gradients", after, before, tol=0)
    now = cell.step(case.params, case.x[0], *case.states.values(), **case.form)
    for array in [*trace, *now]:
        if isinstance(array, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
    case.params.W_hh[:] = 0  # parameters stay writable because training changes them


# Errors state the expected and actual values --------------------------------------------------


@each_cell
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x": np.zeros((2, 6, 8))}, "x: expected D = 9 features, got (T, B, D) = (2, 6, 8)"),
        ({"x": np.zeros((6, 9))}, "x: expected (T, B, D), got (6, 9)"),
        ({"x": np.zeros((0, 6, 9))}, "x: expected at least one number, got (T, B, D) = (0, 6, 9)"),
        (
            {"x": np.full((2, 6, 9), np.nan)},
            "x: expected finite numbers, got NaN",
        ),
        ({"x": np.zeros((2, 6, 9), np.float32)}, "x: expected float64 like W_ih, got float32"),
        ({"h0": "zeros"}, "h0: expected an array of numbers, got str"),
        ({"h0": np.zeros((6, 4))}, "h0: expected (B, H) = (6, 5), got (6, 4)"),
        ({"h0": np.zeros((1, 5))}, "h0: expected (B, H) = (6, 5), got (1, 5)"),
        ({"h0": np.zeros((6, 5), np.float32)}, "h0: expected float64 like W_ih, got float32"),
        ({"h0": np.full((6, 5), np.inf)}, "h0: expected finite numbers, got NaN or infinity in 30"),
    ],
    ids=[
        "width",
        "2-D",
        "empty",
        "NaN",
        "dtype",
        "h0 text",
        "h0",
        "h0 of one",
        "h0 dtype",
        "h0 inf",
    ],
)
def test_forward_refuses(cell, change, sentence):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        cell.forward(params, **({"x": np.zeros((2, 6, 9))} | change))


def test_forward_refuses_a_wrong_c0():
    params = lstm.Params.random(9, 5, np.random.default_rng(0))
    sentence = "c0: expected (B, H) = (6, 5), got (5, 6)"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        lstm.forward(params, np.zeros((2, 6, 9)), c0=np.zeros((5, 6)))


@each_cell
def test_step_refuses(cell):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    x_t, state = np.zeros((6, 9)), np.zeros((6, 5))
    others = [state] if cell is lstm else []
    for arguments, sentence in [
        ((x_t[:, 1:], state), "x: expected D = 9 features, got (B, D) = (6, 8)"),
        ((x_t[None], state), "x: expected (B, D), got (1, 6, 9)"),
        ((x_t, state[:5]), "h: expected (B, H) = (6, 5), got (5, 5)"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            cell.step(params, *arguments, *others)
    if cell is lstm:
        with pytest.raises(ValueError, match=re.escape("c: expected (B, H) = (6, 5), got (6, 4)")):
            cell.step(params, x_t, state, state[:, 1:])


@pytest.mark.parametrize("wrong", [None, "after", 2])
def test_a_gru_refuses_an_unknown_form(wrong):
    params = gru.Params.random(9, 5, np.random.default_rng(0))
    for call in (
        lambda: gru.forward(params, np.zeros((2, 6, 9)), reset_after=wrong),
        lambda: gru.step(params, np.zeros((6, 9)), np.zeros((6, 5)), wrong),
    ):
        with pytest.raises(ValueError, match=f"^reset_after: expected True or .*, got {wrong!r}$"):
            call()


@each_cell
@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        ("dh", "zeros", "dh: expected an array of numbers, got str"),
        ("dh", np.zeros((6, 5)), "dh: expected (T, B, H) = (2, 6, 5), got (6, 5)"),
        ("dh", np.zeros((2, 1, 5)), "dh: expected (T, B, H) = (2, 6, 5), got (2, 1, 5)"),
        (
            "dh",
            np.full((2, 6, 5), np.nan),
            "dh: expected finite numbers, got NaN or",
        ),
        ("dh", np.zeros((2, 6, 5), np.float32), "dh: expected float64 like W_ih, got float32"),
        ("dh_T", np.zeros((1, 6, 5)), "dh_T: expected (B, H) = (6, 5), got (1, 6, 5)"),
        ("dc_T", np.zeros(5), "dc_T: expected (B, H) = (6, 5), got (5,)"),
    ],
    ids=["dh text", "dh", "dh of one", "dh NaN", "dh dtype", "dh_T", "dc_T"],
)
def test_backward_refuses(cell, name, array, sentence):
    if name == "dc_T" and cell is not lstm:
        return  # only the LSTM has dc_T
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    trace = cell.forward(params, np.zeros((2, 6, 9)))
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        cell.backward(params, trace, **{name: array})


@each_cell
@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("W_hh", lambda W: W * np.nan, "W_hh: expected finite numbers, got NaN or infinity in"),
        ("b_ih", lambda b: b[1:], "b_ih: expected ("),
        ("W_hh", lambda W: W[1:], "W_hh: expected ("),
        ("W_hh", lambda W: W[0, 0], "W_hh: expected ("),
        ("W_ih", lambda W: W[:, :0], "W_ih: expected at least one number"),
        ("b_hh", lambda b: b.astype(np.float32), "b_hh: expected float64 like W_ih, got float32"),
        ("W_ih", lambda W: W.astype(int), "W_ih: expected float32 or float64, got int64"),
        ("W_ih", lambda W: None, "W_ih: expected an array of numbers, got NoneType"),
    ],
    ids=["NaN", "bias", "rows", "one number", "no column", "dtype", "integers", "None"],
)
def test_parameters_are_refused(cell, name, change, sentence):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    params = params._replace(**{name: change(getattr(params, name))})
    with pytest.raises(ValueError, match=re.escape(sentence)):
        cell.forward(params, np.zeros((2, 6, 9)))


@each_cell
def test_a_parameter_of_the_wrong_shape_is_described_in_symbols(cell):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    rows = {rnn: "H", lstm: "4H", gru: "3H"}[cell]
    for W_hh in (params.W_hh[1:], params.W_hh[0]):
        sentence = f"W_hh: expected ({rows}, H)"
        with pytest.raises(ValueError, match=re.escape(sentence)):
            cell.forward(params._replace(W_hh=W_hh), np.zeros((2, 6, 9)))
    with pytest.raises(ValueError, match=re.escape(f"W_ih: expected ({rows}, D)")):
        cell.forward(params._replace(W_ih=params.W_ih[0]), np.zeros((2, 6, 9)))
    with pytest.raises(ValueError, match=re.escape(f"b_hh: expected ({rows},) = ")):
        cell.forward(params._replace(b_hh=params.b_hh[1:]), np.zeros((2, 6, 9)))


ONE_OF_EACH = "expected at least one feature and one unit"


@each_cell
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((9, 5, 0), "rng: expected a numpy.random.Generator, got int"),
        ((9, 5, np.random.default_rng(0), int), "dtype: expected float32 or float64, got int64"),
        (
            (9, 0, np.random.default_rng(0)),
            f"{ONE_OF_EACH}, got D=9, H=0",
        ),
        (
            (0, 5, np.random.default_rng(0)),
            f"{ONE_OF_EACH}, got D=0, H=5",
        ),
    ],
)
def test_random_refuses(cell, arguments, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        cell.Params.random(*arguments)


@each_cell
def test_random_parameters_fill_torchs_range(cell):
    for array in cell.Params.random(30, 100, np.random.default_rng(0)):
        assert -0.1 <= array.min() < -0.08
        assert 0.08 < array.max() <= 0.1


# Extremes -------------------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_give_finite_results_and_no_warning(cell, reset_after, dtype):
    case = proofs.draw(cell, 0, 6, 3, 4, 5, reset_after=reset_after, dtype=dtype)
    x = np.sign(case.x) * dtype(1000)
    states = {name: np.sign(state) * dtype(1000) for name, state in case.states.items()}
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for extreme in (case._replace(x=x), case._replace(x=x, states=states)):
            for results in proofs.run(cell, extreme):
                assert all(np.isfinite(array).all() for array in results)


def test_a_chunk_without_the_later_gradient_equals_torch_with_detached_states():
    """Without the later gradient, backpropagation through time is truncated, as in notebook 3."""
    rng = np.random.default_rng(0)
    params = lstm.Params.random(3, 4, rng)
    x, dh = rng.normal(size=(10, 2, 3)), rng.normal(size=(10, 2, 4))
    first = lstm.forward(params, x[:5])
    second = lstm.forward(params, x[5:], first.h[-1], first.c[-1])
    ours = lstm.backward(params, first, dh[:5]), lstm.backward(params, second, dh[5:])

    module = torch.nn.LSTM(3, 4, dtype=torch.float64)
    names = module.state_dict()
    module.load_state_dict(dict(zip(names, map(torch.from_numpy, params), strict=True)))
    output, (h, c) = module(torch.from_numpy(x[:5]))
    output.backward(torch.from_numpy(dh[:5]))
    output, _ = module(torch.from_numpy(x[5:]), (h.detach(), c.detach()))
    output.backward(torch.from_numpy(dh[5:]))
    assert compare("dW_hh, detached", ours[0].W_hh + ours[1].W_hh, module.weight_hh_l0.grad)
