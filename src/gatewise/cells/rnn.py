"""The recurrent neural network with one tanh layer (Elman 1990; `torch.nn.RNN`).

    a_t = W_ih x_t + b_ih + W_hh h_{t−1} + b_hh
    h_t = tanh(a_t)

Vectors are columns in the equations but rows in the code, so W x becomes `x @ W.T`.
"""

from collections import namedtuple

import numpy as np

from gatewise.cells.params import CellParams, check_backward, check_forward, read_only


class Params(CellParams):
    """The parameters W_ih (H, D), W_hh (H, H), b_ih and b_hh (H,)."""

    __slots__ = ()
    G, mode, torch_module, keras_layer = 1, "RNN_TANH", "nn.RNN", "SimpleRNN"
    blocks = keras_blocks = onnx_blocks = "h"


class Trace(namedtuple("Trace", "x h0 h")):
    """The inputs and results of a forward pass. A Trace from `step` has no T axis.

    x: (T, B, D). h0: (B, H). h: (T, B, H).
    """

    __slots__ = ()


class Grads(namedtuple("Grads", "W_ih W_hh b_ih b_hh x h0 h a")):
    """The gradients of a loss, each with the same shape as its variable.

    h: (T, B, H), the total gradient on the hidden states, from the outputs and later time steps.
    a: (T, B, H), the gradient on the pre-activations.
    """

    __slots__ = ()


def step(params, x_t, h):
    """Compute one time step.

    params: Params. x_t: (B, D). h: (B, H), the previous state. All array dtypes must match.
    Returns a Trace without a T axis; its `h` is the new state.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: Elman 1990; the documentation of `torch.nn.RNN`.
    """
    params, x_t, h = check_forward(Params, params, "BD", x_t, h=h)
    a = x_t @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    return read_only(Trace(x_t, h, np.tanh(a)))


def forward(params, x, h0=None):
    """Compute all time steps.

    params: Params. x: (T, B, D). h0: (B, H), zeros by default. All array dtypes must match.
    Returns a Trace of read-only arrays. For errors and sources, see `step`.
    """
    params, x, h0 = check_forward(Params, params, "TBD", x, h0=h0)
    (T, B, D), H = x.shape, h0.shape[1]
    a_x = x.reshape(T * B, D) @ params.W_ih.T + params.b_ih  # one matrix product for all time steps
    a_x = a_x.reshape(T, B, H)

    h_t, h = h0, np.empty((T, B, H), x.dtype)
    for t in range(T):
        h_t = h[t] = np.tanh(a_x[t] + h_t @ params.W_hh.T + params.b_hh)
    return read_only(Trace(x, h0, h))


def backward(params, trace, dh=None, dh_T=None):
    """Backpropagate the gradients of a loss through all time steps.

    params: Params. trace: the result of `forward`. dh: (T, B, H), the gradient on each output h_t.
    dh_T: (B, H), the gradient on the final state. Both gradients default to zero.
    Returns Grads.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: Werbos 1990; the recursion in Goodfellow et al. 2016, equations 10.19 to 10.21.
    """
    params, dh, dh_next = check_backward(Params, params, Trace, trace, dh=dh, dh_T=dh_T)
    x, h0, h = trace
    (T, B, D), H = x.shape, h.shape[2]
    h_before = np.concatenate([h0[None], h[:-1]])  # h_{t−1} for every t

    da = np.empty_like(h)
    for t in reversed(range(T)):
        dh[t] += dh_next  # add the gradient from later time steps
        da[t] = dh[t] * (1 - h[t] ** 2)  # tanh′(a) = 1 − tanh²(a)
        dh_next = da[t] @ params.W_hh

    # All time steps share the same weights, so one matrix product sums the gradients over t.
    rows = da.reshape(T * B, H)
    dW_ih = rows.T @ x.reshape(T * B, D)
    dW_hh = rows.T @ h_before.reshape(T * B, H)
    db = rows.sum(axis=0)
    dx = (rows @ params.W_ih).reshape(x.shape)
    return Grads(dW_ih, dW_hh, db, db.copy(), dx, dh_next, dh, da)
