"""The recurrent network with one tanh layer (Elman 1990; `torch.nn.RNN`).

    a_t = W_ih x_t + b_ih + W_hh h_{t−1} + b_hh
    h_t = tanh(a_t)

Equations use columns, code rows: every W x of the equations is `x @ W.T` here.
"""

from typing import NamedTuple

import numpy as np

from gatewise.cells import contract


class Params(contract.Params):
    """W_ih (H, D), W_hh (H, H), b_ih (H,), b_hh (H,)."""

    __slots__ = ()
    G, mode, torch_module = 1, "RNN_TANH", "nn.RNN with tanh"


class Trace(NamedTuple):
    """What a forward pass leaves behind; from `step`, the same without the axis T."""

    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    h: np.ndarray  # (T, B, H)


class Grads(NamedTuple):
    """The gradient of the loss by each parameter, input and state."""

    W_ih: np.ndarray  # (H, D)
    W_hh: np.ndarray  # (H, H)
    b_ih: np.ndarray  # (H,)
    b_hh: np.ndarray  # (H,)
    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    h: np.ndarray  # (T, B, H), all that reaches h_t: from its own output and from later steps
    a: np.ndarray  # (T, B, H)


def step(params, x_t, h):
    """One time step.

    x_t: (B, D). h: (B, H), the state before the step. Both in the dtype of the parameters.
    Returns a Trace without the axis T; its `h` is the new state.
    Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: Elman 1990; the equation of `torch.nn.RNN`.
    """
    contract.check_input(params, x_t, axes="BD")
    h = contract.check_state("h", h, params, B=len(x_t))
    a = x_t @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    return Trace(x_t, h, np.tanh(a))


def forward(params, x, h0=None):
    """All time steps.

    x: (T, B, D). h0: (B, H), zeros where not given. Both in the dtype of the parameters.
    Returns a Trace. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: as for `step`.
    """
    contract.check_input(params, x)
    T, B, D = x.shape
    h_t = h0 = contract.check_state("h0", h0, params, B)

    # The inputs are known beforehand, so their products are one product for all steps. What it
    # holds for step t is used once; then its room is taken by the state of step t.
    h = (x.reshape(T * B, D) @ params.W_ih.T).reshape(T, B, -1)
    W_hh_T, b = contract.transposed(params.W_hh), params.b_ih + params.b_hh
    for t in range(T):
        a_t = h_t @ W_hh_T
        a_t += h[t]
        a_t += b
        h_t = np.tanh(a_t, out=h[t])
    return Trace(x, h0, h)


def backward(params, trace, dh=None, dh_T=None):
    """The gradients of a loss, through all time steps.

    trace: what `forward` returned. dh: (T, B, H), the gradient of the loss by every output h_t.
    dh_T: (B, H), by the final state; both zero where not given.
    Returns Grads. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: Werbos 1990; Goodfellow et al. 2016, equations 10.22 to 10.28.
    """
    T, B, H = trace.h.shape
    dh = contract.check_grad("dh", dh, trace.h, "(T, B, H)")
    dh_later = contract.check_grad("dh_T", dh_T, trace.h0, "(B, H)")  # by way of later steps

    da = np.empty_like(dh)
    for t in reversed(range(T)):
        dh[t] += dh_later
        da[t] = dh[t] * (1 - trace.h[t] ** 2)  # tanh′, which needs no a: it is known from h
        dh_later = da[t] @ params.W_hh

    # Each step used the same weights, so their gradients are sums over t and b: one product.
    rows = da.reshape(T * B, H)
    db = rows.sum(axis=0)
    return Grads(
        W_ih=rows.T @ trace.x.reshape(T * B, -1),
        W_hh=contract.weight_grad(rows, trace.h0, trace.h[:-1]),
        b_ih=db,
        b_hh=db.copy(),
        x=(rows @ params.W_ih).reshape(trace.x.shape),
        h0=dh_later,
        h=dh,
        a=da,
    )
