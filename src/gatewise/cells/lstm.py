"""The long short-term memory cell with a forget gate (Gers et al. 2000; `torch.nn.LSTM`).

    i_t = σ(W_xi x_t + b_xi + W_hi h_{t−1} + b_hi)        input gate
    f_t = σ(W_xf x_t + b_xf + W_hf h_{t−1} + b_hf)        forget gate
    g_t = tanh(W_xg x_t + b_xg + W_hg h_{t−1} + b_hg)     candidate
    o_t = σ(W_xo x_t + b_xo + W_ho h_{t−1} + b_ho)        output gate
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

The rows of W_xi, W_xf, W_xg and W_xo are stacked in W_ih; W_hh and the biases have the same row
order. Vectors are columns in the equations but rows in the code, so W x becomes `x @ W.T`.
"""

from collections import namedtuple

import numpy as np

from gatewise.cells.activations import sigmoid
from gatewise.cells.params import CellParams, check_backward, check_forward, read_only


class Params(CellParams):
    """The parameters W_ih (4H, D), W_hh (4H, H), b_ih and b_hh (4H,), in row order i, f, g, o."""

    __slots__ = ()
    G, mode, torch_module, keras_layer = 4, "LSTM", "nn.LSTM", "LSTM"
    blocks, keras_blocks, onnx_blocks = "ifgo", "ifgo", "iofg"


class Trace(namedtuple("Trace", "x h0 c0 i f g o c h")):
    """The inputs and results of a forward pass. A Trace from `step` has no T axis.

    x: (T, B, D). h0, c0: (B, H). i, f, g, o, c, h: (T, B, H).
    """

    __slots__ = ()


class Grads(namedtuple("Grads", "W_ih W_hh b_ih b_hh x h0 c0 h c a")):
    """The gradients of a loss, each shaped like its variable.

    h: (T, B, H), the total gradient with respect to h, from the outputs and later time steps.
    c: (T, B, H), the total gradient with respect to c, from h_t and c_{t+1}.
    a: (T, B, 4H), the gradient with respect to the stacked pre-activations.
    """

    __slots__ = ()


def step(params, x_t, h, c):
    """Compute one time step.

    params: Params. x_t: (B, D). h, c: (B, H), the previous states. All array dtypes must match.
    Returns a Trace without a T axis; its `h` and `c` are the new states.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000; the documentation of `torch.nn.LSTM`.
    """
    params, x_t, h, c = check_forward(Params, params, "BD", x_t, h=h, c=c)
    a = x_t @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    return read_only(Trace(x_t, h, c, *update(a, c)))


def update(a, c):
    """Compute the gates, the candidate and the new states.

    a: (B, 4H), the stacked pre-activations. c: (B, H), the previous cell state.
    Returns i, f, g, o, c and h, each (B, H). Source: the equations at the top of this module.
    """
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * c + i * g
    h = o * np.tanh(c)
    return i, f, g, o, c, h


def forward(params, x, h0=None, c0=None):
    """Compute all time steps.

    params: Params. x: (T, B, D). h0, c0: (B, H), zeros by default. All array dtypes must match.
    Returns a Trace of read-only arrays. For errors and sources, see `step`.
    """
    params, x, h0, c0 = check_forward(Params, params, "TBD", x, h0=h0, c0=c0)
    (T, B, D), H = x.shape, h0.shape[1]
    a_x = x.reshape(T * B, D) @ params.W_ih.T + params.b_ih  # one matrix product for all time steps
    a_x = a_x.reshape(T, B, 4 * H)

    h_t, c_t = h0, c0
    i, f, g, o, c, h = np.empty((6, T, B, H), x.dtype)
    for t in range(T):
        a = a_x[t] + h_t @ params.W_hh.T + params.b_hh
        i[t], f[t], g[t], o[t], c_t, h_t = update(a, c_t)
        c[t], h[t] = c_t, h_t
    return read_only(Trace(x, h0, c0, i, f, g, o, c, h))


def backward(params, trace, dh=None, dh_T=None, dc_T=None):
    """Backpropagate the gradients of a loss through all time steps.

    params: Params. trace: the result of `forward`. dh: (T, B, H), the gradient with respect to h.
    dh_T, dc_T: (B, H), the gradients with respect to the final states. All defaults are zero.
    Returns Grads.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: the chain rule; Greff et al. 2017, section II.B (without peepholes).
    """
    params, dh, dh_next, dc_next = check_backward(
        Params, params, Trace, trace, dh=dh, dh_T=dh_T, dc_T=dc_T
    )
    x, h0, c0, i, f, g, o, c, h = trace
    (T, B, D), H = x.shape, h.shape[2]
    h_before = np.concatenate([h0[None], h[:-1]])  # h_{t−1} for every t
    c_before = np.concatenate([c0[None], c[:-1]])
    tanh_c = np.tanh(c)

    dc, da = np.empty_like(c), np.empty((T, B, 4 * H), c.dtype)
    for t in reversed(range(T)):
        dh[t] += dh_next  # add the gradient from later time steps
        do = dh[t] * tanh_c[t]
        dc[t] = dc_next + dh[t] * o[t] * (1 - tanh_c[t] ** 2)
        df, di, dg = dc[t] * c_before[t], dc[t] * g[t], dc[t] * i[t]

        da_i = di * i[t] * (1 - i[t])  # σ′(a) = σ(a) (1 − σ(a))
        da_f = df * f[t] * (1 - f[t])
        da_g = dg * (1 - g[t] ** 2)  # tanh′(a) = 1 − tanh²(a)
        da_o = do * o[t] * (1 - o[t])
        da[t] = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        dh_next, dc_next = da[t] @ params.W_hh, dc[t] * f[t]

    # All time steps share the same weights, so one matrix product sums the gradients over t.
    rows = da.reshape(T * B, 4 * H)
    dW_ih = rows.T @ x.reshape(T * B, D)
    dW_hh = rows.T @ h_before.reshape(T * B, H)
    db = rows.sum(axis=0)
    dx = (rows @ params.W_ih).reshape(x.shape)
    return Grads(dW_ih, dW_hh, db, db.copy(), dx, dh_next, dc_next, dh, dc, da)
