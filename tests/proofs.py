"""Functions that check the correctness of a cell with assertions.

Each function takes the module of a cell (`rnn`, `lstm` or `gru`) and a `Case`.
"""

from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import torch

from gatewise.cells import params as params_module
from gatewise.check import central_difference, compare
from gatewise.models import unroll

VALUE, GRADIENT, DIFFERENCE = 1e-12, 1e-10, 1e-6


class Case(NamedTuple):
    """Randomly drawn arguments for `forward` and `backward`."""

    params: tuple
    x: np.ndarray
    states: dict  # h0, plus c0 for the LSTM
    incoming: dict  # dh and dh_T, plus dc_T for the LSTM
    form: dict  # reset_after for the GRU


def draw(cell, seed, T, B, D, H, left_out=(), reset_after=True, dtype=np.float64):
    """Draw a random `Case`. States and gradients whose names are in `left_out` are None."""
    rng = np.random.default_rng(seed)
    params = cell.Params.random(D, H, rng, dtype)
    x = rng.normal(size=(T, B, D)).astype(dtype)
    shapes = {"h0": (B, H), "c0": (B, H), "dh": (T, B, H), "dh_T": (B, H), "dc_T": (B, H)}
    if cell.Params.mode != "LSTM":
        del shapes["c0"], shapes["dc_T"]
    drawn = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    drawn |= {name: None for name in shapes if name in left_out}
    states = {name: drawn[name] for name in drawn if name.endswith("0")}
    incoming = {name: drawn[name] for name in drawn if name.startswith("d")}
    form = {"reset_after": reset_after} if cell.Params.mode == "GRU" else {}
    return Case(params, x, states, incoming, form)


def run(cell, case):
    trace = cell.forward(case.params, case.x, **case.states, **case.form)
    return trace, cell.backward(case.params, trace, **case.incoming)


# Cells in torch -------------------------------------------------------------------------------


def tensors(case):
    """Return the parameters, input and states as leaf tensors in the order of `Grads`."""
    B, H = case.x.shape[1], case.params.W_hh.shape[1]
    arrays = [*case.params, case.x, *case.states.values()]
    arrays = [np.zeros((B, H), case.x.dtype) if array is None else array for array in arrays]
    names = [*case.params._fields, "x", *case.states]
    return dict(zip(names, (torch.tensor(a).requires_grad_() for a in arrays), strict=True))


def loss_of(case, h, c_T):
    """Return a loss whose gradients with respect to h and c_T equal the incoming gradients."""
    value = 0 * h.sum()
    for name, output in (("dh", h), ("dh_T", h[-1]), ("dc_T", c_T)):
        if case.incoming.get(name) is not None:
            value = value + (torch.tensor(case.incoming[name]) * output).sum()
    return value


def module_of(params, layers=1, **options):
    """Return a torch module whose first layer has these parameters."""
    H, D = params.W_hh.shape[1], params.W_ih.shape[1]
    kind = getattr(torch.nn, params.mode.removesuffix("_TANH"))
    module = kind(D, H, layers, dtype=torch.from_numpy(params.W_ih).dtype, **options)
    with torch.no_grad():
        for ours, theirs in zip(params, list(module.parameters())[:4], strict=True):
            theirs.copy_(torch.tensor(ours))
    return module


def unrolled(cell, case, leaf):
    """Run a cell with plain torch operations, and retain the gradient on every intermediate result.

    Returns a dict that maps symbols to lists with one tensor per time step.
    """
    weights = [leaf[name] for name in case.params._fields]
    steps = unroll(cell.Params.mode, leaf["x"], *weights, leaf["h0"], leaf.get("c0"), **case.form)
    kept = {}
    for now in steps:
        for symbol, value in now.items():
            value.retain_grad()
            kept.setdefault(symbol, []).append(value)
    return kept


# The proofs -----------------------------------------------------------------------------------


def equals_module(cell, case):
    """The outputs and gradients match those of `nn.RNN`, `nn.LSTM` or `nn.GRU`."""
    trace, grads = run(cell, case)
    module, leaf = module_of(case.params), tensors(case)
    states = tuple(leaf[name][None] for name in case.states)
    output, final = module(leaf["x"], states if len(states) > 1 else states[0])
    h_n, c_n = final if isinstance(final, tuple) else (final, None)
    loss_of(case, output, None if c_n is None else c_n[0]).backward()

    assert compare("h", trace.h, output, VALUE)
    assert compare("h_n", trace.h[-1:], h_n, VALUE)
    if c_n is not None:
        assert compare("c_n", trace.c[-1:], c_n, VALUE)
    for name, theirs in zip(case.params._fields, module.parameters(), strict=True):
        assert compare(f"d{name}", getattr(grads, name), theirs.grad, GRADIENT)
    for name in ("x", *case.states):
        assert compare(f"d{name}", getattr(grads, name), leaf[name].grad, GRADIENT)


def equals_unrolled(cell, case):
    """Every field of Trace and Grads matches the result of plain torch operations and autograd."""
    trace, grads = run(cell, case)
    leaf = tensors(case)
    kept = unrolled(cell, case, leaf)
    loss_of(case, torch.stack(kept["h"]), kept["c"][-1] if "c" in kept else None).backward()

    for name in set(trace._fields) & set(kept):
        assert compare(name, getattr(trace, name), torch.stack(kept[name]), VALUE)
    for name in ("x", *case.states):
        assert compare(name, getattr(trace, name), leaf[name], VALUE)
    for name, ours in grads._asdict().items():
        if name in ("h", "c", "a"):
            nothing = torch.zeros_like(kept[name][0])
            steps = [nothing if v.grad is None else v.grad for v in kept[name]]
            assert compare(f"every d{name}_t", ours, torch.stack(steps), GRADIENT)
        else:
            assert compare(f"d{name}", ours, leaf[name].grad, GRADIENT)


def equals_differences(cell, case):
    """Gradients with respect to parameters, input and states agree with finite differences."""
    _, grads = run(cell, case)
    arrays = {**case.params._asdict(), "x": case.x, **case.states}
    for name, at in arrays.items():
        if at is None:
            continue

        def loss(w, name=name):
            point = arrays | {name: w}
            params = cell.Params(*(point[field] for field in case.params._fields))
            states = {state: point[state] for state in case.states}
            trace = cell.forward(params, point["x"], **states, **case.form)
            outputs = {"dh": trace.h, "dh_T": trace.h[-1]}
            if "dc_T" in case.incoming:
                outputs["dc_T"] = trace.c[-1]
            given = {k: v for k, v in case.incoming.items() if v is not None}
            return sum(np.sum(v * outputs[k]) for k, v in given.items())

        differences = central_difference(loss, at)
        assert compare(f"d{name}", getattr(grads, name), differences, DIFFERENCE)


def step_equals_forward(cell, case):
    """Successive calls of `step` give the same trace as `forward`."""
    trace, _ = run(cell, case)
    B, H = trace.h0.shape
    states = [np.zeros((B, H)) if s is None else s for s in case.states.values()]
    for t, x_t in enumerate(case.x):
        now = cell.step(case.params, x_t, *states, **case.form)
        assert now._fields == trace._fields
        for name, ours, state in zip(case.states, now[1:], states, strict=False):
            assert compare(f"{name} of step {t}", ours, state, VALUE)
        for name in set(trace._fields) - {*case.states, "reset_after"}:
            assert compare(f"{name} of step {t}", getattr(now, name), getattr(trace, name)[t])
        states = [now.h, now.c] if "c0" in case.states else [now.h]


def leaves_its_arguments_alone(cell, case):
    """The arguments aren't modified, and no result shares memory with an argument."""
    arguments = [*case.params, *case.states.values(), case.x, *case.incoming.values()]
    arguments = [array for array in arguments if array is not None]
    before = [array.copy() for array in arguments]
    trace, grads = run(cell, case)
    traced = [np.copy(field) for field in trace]
    again = cell.backward(case.params, trace, **case.incoming)
    for array, copy in zip(arguments, before, strict=True):
        assert np.array_equal(array, copy)
    for array, copy in zip(trace, traced, strict=True):
        assert np.array_equal(array, copy)
        assert not any(np.shares_memory(array, argument) for argument in arguments)
    for one, two in zip(grads, again, strict=True):
        assert np.array_equal(one, two)
        assert not any(np.shares_memory(one, array) for array in arguments)
    b_ih, b_hh = grads.b_ih, grads.b_hh
    assert not np.shares_memory(b_ih, b_hh)


class Watched(np.ndarray):
    """An array that records the dtype of every array computed from it, including temporaries."""

    seen: set = set()

    def __array_finalize__(self, parent):
        Watched.seen.add(self.dtype)


def stays_float32(cell, case):
    """With float32 arguments, all final and intermediate results are float32."""

    def watched(array):
        return None if array is None else array.astype(np.float32).view(Watched)

    Watched.seen.clear()
    case = Case(
        cell.Params(*map(watched, case.params)),
        watched(case.x),
        {name: watched(array) for name, array in case.states.items()},
        {name: watched(array) for name, array in case.incoming.items()},
        case.form,
    )
    with patch.object(params_module, "as_array", lambda values: values):
        trace, grads = run(cell, case)
    names = set(trace._fields) - {"reset_after"}
    assert {getattr(trace, name).dtype for name in names} == {np.dtype(np.float32)}
    assert {array.dtype for array in grads} == {np.dtype(np.float32)}
    assert Watched.seen <= {np.dtype(np.float32), np.dtype(bool)}


PROOFS = (
    equals_module,
    equals_unrolled,
    equals_differences,
    step_equals_forward,
    leaves_its_arguments_alone,
    stays_float32,
)


def prove(cell, case):
    for proof in PROOFS:
        if proof is equals_module and case.form.get("reset_after") is False:
            continue  # torch doesn't implement Cho's form
        proof(cell, case)
