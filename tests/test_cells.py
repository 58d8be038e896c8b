"""The cells against torch and against central differences, at shapes drawn by hypothesis."""

import re

import numpy as np
import proofs
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatewise.cells import gru, lstm, rnn
from gatewise.check import compare

settings.register_profile("proof", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("proof")

CELLS = [rnn, lstm, gru]
each_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__.split(".")[-1])
# The two forms of the GRU count as two cells wherever their arithmetic is asked for.
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
@cases
@least
def test_every_field_of_trace_and_grads_equals_autograd(cell, reset_after, seed, sizes, left_out):
    proofs.equals_by_hand(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_slopes_for_blocks_of_steps_make_the_same_gradients(monkeypatch, block):
    """Seven steps: blocks of two and three leave a rest."""
    case = proofs.draw(lstm, 0, 7, 3, 2, 4)
    monkeypatch.setattr(lstm, "AT_ONCE", block * 3 * 4)
    proofs.equals_module(lstm, case)
    proofs.equals_by_hand(lstm, case)


@each_form
@settings(max_examples=15)
@cases
@least
def test_gradients_equal_central_differences(cell, reset_after, seed, sizes, left_out):
    proofs.equals_differences(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_form
@cases
@least
def test_step_equals_forward(cell, reset_after, seed, sizes, left_out):
    proofs.step_equals_forward(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_form
@cases
@least
def test_arguments_are_left_alone(cell, reset_after, seed, sizes, left_out):
    proofs.leaves_its_arguments_alone(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_form
@cases
@least
def test_float32_stays_float32_all_the_way(cell, reset_after, seed, sizes, left_out):
    proofs.stays_float32(cell, proofs.draw(cell, seed, *sizes, left_out, reset_after))


@each_cell
def test_float32_is_as_near_to_torch_as_float32_allows(cell):
    case = proofs.draw(cell, 0, 8, 4, 3, 16, dtype=np.float32)
    trace, _ = proofs.run(cell, case)
    output, _ = proofs.module_of(case.params)(
        torch.tensor(case.x),
        tuple(torch.tensor(s)[None] for s in case.states.values())
        if cell is lstm
        else torch.tensor(case.states["h0"])[None],
    )
    assert compare("h", trace.h, output, tol=1e-6)


@each_cell
def test_no_torch_at_import(cell):
    assert "torch" not in vars(cell)


# from_torch -----------------------------------------------------------------------------------


@each_cell
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("directions", [1, 2])
def test_from_torch_runs_a_whole_stack(cell, bias, directions):
    """Three layers, both directions, each with its own parameters and states."""
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
            order = slice(None, None, -1 if reverse else 1)  # the second direction runs backwards
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


def test_the_step_of_a_gru_has_torchs_form_unless_told():
    params = gru.Params.random(3, 2, np.random.default_rng(0))
    x_t, h = np.ones((1, 3)), np.ones((1, 2))
    for now in (gru.step(params, x_t, h), gru.forward(params, x_t[None], h)):
        assert now.reset_after
    assert gru.step(params, x_t, h).h.tolist() == gru.step(params, x_t, h, True).h.tolist()


@pytest.mark.parametrize(
    ("cell", "module", "options", "sentence"),
    [
        (rnn, torch.nn.RNN(2, 3, nonlinearity="relu"), {}, "reads an nn.RNN with tanh, but the"),
        (rnn, torch.nn.LSTM(2, 3), {}, "reads an nn.RNN with tanh, but the module is LSTM"),
        (lstm, torch.nn.GRU(2, 3), {}, "reads an nn.LSTM, but the module is GRU"),
        (gru, torch.nn.Linear(2, 3), {}, "reads an nn.GRU, but the module is Linear"),
        (lstm, torch.nn.LSTM(2, 3, proj_size=1), {}, "no projection, but proj_size=1"),
        (lstm, torch.nn.LSTM(2, 3, 2), {"layer": 2}, "layer 2 does not exist: num_layers=2"),
        (gru, torch.nn.GRU(2, 3), {"layer": -1}, "layer -1 does not exist: num_layers=1"),
        (gru, torch.nn.GRU(2, 3), {"reverse": True}, "reverse=True, but the module is not bid"),
    ],
    ids=["relu", "LSTM as RNN", "GRU as LSTM", "Linear", "projection", "layer", "-1", "reverse"],
)
def test_from_torch_refuses(cell, module, options, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        cell.Params.from_torch(module, **options)
    assert re.match("(this cell|layer|reverse)", str(error.value))


# Errors: one sentence, with what came and what was meant --------------------------------------


@each_cell
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x": np.zeros((2, 6, 8))}, "x has 8 features (T=2, B=6, D=8), but W_ih takes 9"),
        ({"x": np.zeros((6, 9))}, "x has shape (6, 9), but (T, B, D) is meant"),
        ({"x": np.zeros((0, 6, 9))}, "x is empty (T=0, B=6, D=9)"),
        ({"x": np.full((2, 6, 9), np.nan)}, "x has NaN or infinity in 108 of 108 entries"),
        ({"x": np.zeros((2, 6, 9), np.float32)}, "x is float32, but W_ih is float64"),
        ({"h0": np.zeros((6, 4))}, "h0 has shape (6, 4), but (B, H) = (6, 5) is meant"),
        ({"h0": np.zeros((1, 5))}, "h0 has shape (1, 5), but (B, H) = (6, 5) is meant"),
        ({"h0": np.zeros((6, 5), np.float32)}, "h0 is float32, but W_ih is float64"),
        ({"h0": np.full((6, 5), np.inf)}, "h0 has NaN or infinity in 30 of 30 entries"),
    ],
    ids=["width", "2-D", "empty", "NaN", "dtype", "h0", "h0 of one", "h0 dtype", "h0 inf"],
)
def test_forward_refuses(cell, change, sentence):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        cell.forward(params, **({"x": np.zeros((2, 6, 9))} | change))


def test_forward_refuses_a_wrong_c0():
    params = lstm.Params.random(9, 5, np.random.default_rng(0))
    sentence = "c0 has shape (5, 6), but (B, H) = (6, 5) is meant"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        lstm.forward(params, np.zeros((2, 6, 9)), c0=np.zeros((5, 6)))


@each_cell
def test_step_refuses(cell):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    x_t, state = np.zeros((6, 9)), np.zeros((6, 5))
    others = [state] if cell is lstm else []
    for arguments, sentence in [
        ((x_t[:, 1:], state), "x has 8 features (B=6, D=8), but W_ih takes 9"),
        ((x_t[None], state), "x has shape (1, 6, 9), but (B, D) is meant"),
        ((x_t, state[:5]), "h has shape (5, 5), but (B, H) = (6, 5) is meant"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)):
            cell.step(params, *arguments, *others)
    if cell is lstm:
        with pytest.raises(ValueError, match=re.escape("c has shape (6, 4), but (B, H) = (6, 5)")):
            cell.step(params, x_t, state, state[:, 1:])


@each_cell
@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        ("dh", np.zeros((6, 5)), "dh has shape (6, 5), but (T, B, H) = (2, 6, 5) is meant"),
        ("dh", np.zeros((2, 1, 5)), "dh has shape (2, 1, 5), but (T, B, H) = (2, 6, 5) is meant"),
        ("dh", np.full((2, 6, 5), np.nan), "dh has NaN or infinity in 60 of 60 entries"),
        ("dh", np.zeros((2, 6, 5), np.float32), "dh is float32, but W_ih is float64"),
        ("dh_T", np.zeros((1, 6, 5)), "dh_T has shape (1, 6, 5), but (B, H) = (6, 5) is meant"),
        ("dc_T", np.zeros(5), "dc_T has shape (5,), but (B, H) = (6, 5) is meant"),
    ],
    ids=["dh", "dh of one", "dh NaN", "dh dtype", "dh_T", "dc_T"],
)
def test_backward_refuses(cell, name, array, sentence):
    if name == "dc_T" and cell is not lstm:
        return  # only the LSTM has it
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    trace = cell.forward(params, np.zeros((2, 6, 9)))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        cell.backward(params, trace, **{name: array})


@each_cell
@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("W_hh", lambda W: W * np.nan, "W_hh has NaN or infinity in"),
        ("b_ih", lambda b: b[1:], "b_ih has shape"),
        ("W_hh", lambda W: W[1:], "W_hh has shape"),
        ("b_hh", lambda b: b.astype(np.float32), "b_hh is float32, but W_ih is float64"),
        ("W_ih", lambda W: W.astype(int), "W_ih is int64, but float32 or float64 is meant"),
    ],
    ids=["NaN", "bias", "rows", "dtype", "integers"],
)
def test_parameters_are_refused(cell, name, change, sentence):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    params = params._replace(**{name: change(getattr(params, name))})
    with pytest.raises(ValueError, match=re.escape(sentence)):
        cell.forward(params, np.zeros((2, 6, 9)))


@each_cell
def test_a_parameter_of_the_wrong_shape_is_told_in_letters(cell):
    params = cell.Params.random(9, 5, np.random.default_rng(0))
    rows = {rnn: "H", lstm: "4H", gru: "3H"}[cell]
    for W_hh in (params.W_hh[1:], params.W_hh[0]):
        with pytest.raises(
            ValueError, match=re.escape(f"but ({rows}, H) = {params.W_hh.shape} is")
        ):
            cell.forward(params._replace(W_hh=W_hh), np.zeros((2, 6, 9)))
    with pytest.raises(ValueError, match=re.escape(f"W_ih has shape (9,), but ({rows}, D) = ")):
        cell.forward(params._replace(W_ih=params.W_ih[0]), np.zeros((2, 6, 9)))


@each_cell
def test_random_parameters_fill_the_range_that_torch_draws_from(cell):
    for array in cell.Params.random(30, 100, np.random.default_rng(0)):
        assert -0.1 <= array.min() < -0.08
        assert 0.08 < array.max() <= 0.1


# Extremes -------------------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_thousands_give_finite_results_and_no_warning(cell, reset_after, dtype):
    case = proofs.draw(cell, 0, 6, 3, 4, 5, reset_after=reset_after, dtype=dtype)
    x = np.sign(case.x) * dtype(1000)
    states = {name: np.sign(state) * dtype(1000) for name, state in case.states.items()}
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for extreme in (case._replace(x=x), case._replace(x=x, states=states)):
            for results in proofs.run(cell, extreme):
                assert all(np.isfinite(array).all() for array in results)
