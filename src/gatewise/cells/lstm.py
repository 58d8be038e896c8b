"""The long short-term memory with a forget gate (Gers et al. 2000; `torch.nn.LSTM`).

    i_t = σ(W_xi x_t + b_xi + W_hi h_{t−1} + b_hi)        input gate
    f_t = σ(W_xf x_t + b_xf + W_hf h_{t−1} + b_hf)        forget gate
    g_t = tanh(W_xg x_t + b_xg + W_hg h_{t−1} + b_hg)     candidate
    o_t = σ(W_xo x_t + b_xo + W_ho h_{t−1} + b_ho)        output gate
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

W_ih stacks W_xi, W_xf, W_xg, W_xo, and so do W_hh and the biases.
Equations use columns, code rows: every W x of the equations is `x @ W.T` here.
"""

from collections import namedtuple

import numpy as np

from gatewise.cells.activations import sigmoid
from gatewise.cells.params import CellParams, check_backward, check_forward, read_only


class Params(CellParams):
    """W_ih (4H, D), W_hh (4H, H), b_ih (4H,), b_hh (4H,); rows in the order i, f, g, o."""

    __slots__ = ()
    G, mode, torch_module, keras_layer = 4, "LSTM", "nn.LSTM", "LSTM"
    blocks, keras_blocks, onnx_blocks = "ifgo", "ifgo", "iofg"


class Trace(namedtuple("Trace", "x h0 c0 i f g o c h")):
    """Everything a forward pass computed: x (T, B, D), h0, c0 (B, H), others (T, B, H).

    From `step`, the same without the axis T.
    """

    __slots__ = ()


class Grads(namedtuple("Grads", "W_ih W_hh b_ih b_hh x h0 c0 h c a")):
    """The gradients of a loss, each in the shape of its variable.

    h (T, B, H): from the outputs and from later time steps.
    c (T, B, H): through h_t and from c_{t+1}. a (T, B, 4H): on the stacked pre-activations.
    """

    __slots__ = ()


def step(params, x_t, h, c):
    """Compute one time step.

    x_t: (B, D). h, c: (B, H), the previous states. All in the dtype of the parameters.
    Returns a Trace without the axis T; its `h` and `c` are the new states.
    Raises ValueError for shapes, dtypes or NaN that don't fit.
    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000; the equations of `torch.nn.LSTM`.
    """
    params, x_t, h, c = check_forward(Params, params, "BD", x_t, h=h, c=c)
    a = x_t @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    return read_only(Trace(x_t, h, c, *update(a, c)))


def update(a, c):
    """The equations above, from the stacked pre-activations a (B, 4H) and the previous c."""
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

    x: (T, B, D). h0, c0: (B, H), zeros by default. All in the dtype of the parameters.
    Returns a Trace of read-only arrays. Raises ValueError and has its sources as `step`.
    """
    params, x, h0, c0 = check_forward(Params, params, "TBD", x, h0=h0, c0=c0)
    (T, B, D), H = x.shape, h0.shape[1]
    a_x = x.reshape(T * B, D) @ params.W_ih.T + params.b_ih  # every input, in one product
    a_x = a_x.reshape(T, B, 4 * H)

    h_t, c_t = h0, c0
    i, f, g, o, c, h = np.empty((6, T, B, H), x.dtype)
    for t in range(T):
        a = a_x[t] + h_t @ params.W_hh.T + params.b_hh
        i[t], f[t], g[t], o[t], c_t, h_t = update(a, c_t)
        c[t], h[t] = c_t, h_t
    return read_only(Trace(x, h0, c0, i, f, g, o, c, h))


def backward(params, trace, dh=None, dh_T=None, dc_T=None):
    """Compute the gradients of a loss through all time steps.

    trace: the result of `forward`. dh: (T, B, H), the gradient with respect to every output h_t.
    dh_T, dc_T: (B, H), with respect to the final states; all zero by default.
    Returns Grads. Raises ValueError for shapes, dtypes or NaN that don't fit.
    Source: the chain rule on the equations above; Greff et al. 2017, section II.B, without
    peepholes.
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
        dh[t] += dh_next  # from later time steps
        do = dh[t] * tanh_c[t]
        dc[t] = dc_next + dh[t] * o[t] * (1 - tanh_c[t] ** 2)
        df, di, dg = dc[t] * c_before[t], dc[t] * g[t], dc[t] * i[t]

        da_i = di * i[t] * (1 - i[t])  # σ′(a) = σ(a) (1 − σ(a))
        da_f = df * f[t] * (1 - f[t])
        da_g = dg * (1 - g[t] ** 2)  # tanh′(a) = 1 − tanh²(a)
        da_o = do * o[t] * (1 - o[t])
        da[t] = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
        dh_next, dc_next = da[t] @ params.W_hh, dc[t] * f[t]

    # Every time step used the same weights. With the steps stacked, the sum over t is one product.
    rows = da.reshape(T * B, 4 * H)
    dW_ih = rows.T @ x.reshape(T * B, D)
    dW_hh = rows.T @ h_before.reshape(T * B, H)
    db = rows.sum(axis=0)
    dx = (rows @ params.W_ih).reshape(x.shape)
    return Grads(dW_ih, dW_hh, db, db.copy(), dx, dh_next, dc_next, dh, dc, da)
