"""The long short-term memory with a forget gate (Gers et al. 2000; `torch.nn.LSTM`).

    i_t = σ(W_xi x_t + b_xi + W_hi h_{t−1} + b_hi)        input gate
    f_t = σ(W_xf x_t + b_xf + W_hf h_{t−1} + b_hf)        forget gate
    g_t = tanh(W_xg x_t + b_xg + W_hg h_{t−1} + b_hg)     candidate
    o_t = σ(W_xo x_t + b_xo + W_ho h_{t−1} + b_ho)        output gate
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t
    h_t = o_t ⊙ tanh(c_t)

W_ih is W_xi, W_xf, W_xg, W_xo one below the other, and so are W_hh and the biases.
Equations use columns, code rows: every W x of the equations is `x @ W.T` here.
"""

from typing import NamedTuple

import numpy as np

from gatewise.cells import contract
from gatewise.cells.activations import sigmoid


class Params(contract.Params):
    """W_ih (4H, D), W_hh (4H, H), b_ih (4H,), b_hh (4H,); rows in the order i, f, g, o."""

    __slots__ = ()
    G, mode, torch_module = 4, "LSTM", "nn.LSTM"


class Trace(NamedTuple):
    """What a forward pass leaves behind; from `step`, the same without the axis T."""

    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    c0: np.ndarray  # (B, H)
    i: np.ndarray  # (T, B, H), as all that follow
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    h: np.ndarray


class Grads(NamedTuple):
    """The gradient of the loss by each parameter, input and state."""

    W_ih: np.ndarray  # (4H, D)
    W_hh: np.ndarray  # (4H, H)
    b_ih: np.ndarray  # (4H,)
    b_hh: np.ndarray  # (4H,)
    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    c0: np.ndarray  # (B, H)
    h: np.ndarray  # (T, B, H), all that reaches h_t: from its own output and from later steps
    c: np.ndarray  # (T, B, H), all that reaches c_t: through h_t and through c_{t+1}
    a: np.ndarray  # (T, B, 4H), by what stands in the brackets of σ and tanh


def step(params, x_t, h, c):
    """One time step.

    x_t: (B, D). h, c: (B, H), the states before the step. All in the dtype of the parameters.
    Returns a Trace without the axis T; its `h` and `c` are the new states.
    Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000; the equations of `torch.nn.LSTM`.
    """
    contract.check_input(params, x_t, axes="BD")
    h = contract.check_state("h", h, params, B=len(x_t))
    c = contract.check_state("c", c, params, B=len(x_t))
    a = x_t @ params.W_ih.T + params.b_ih + h @ params.W_hh.T + params.b_hh
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_t = f * c + i * g
    h_t = o * np.tanh(c_t)
    return Trace(x_t, h, c, i, f, g, o, c_t, h_t)


def forward(params, x, h0=None, c0=None):
    """All time steps.

    x: (T, B, D). h0, c0: (B, H), zeros where not given. All in the dtype of the parameters.
    Returns a Trace. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: as for `step`.
    """
    contract.check_input(params, x)
    T, B, D = x.shape
    h_t = h0 = contract.check_state("h0", h0, params, B)
    c_t = c0 = contract.check_state("c0", c0, params, B)

    # The inputs are known beforehand, so their products are one product for all steps. What it
    # holds for step t is used once; then its room is taken by the gates of step t, gate by gate.
    H = params.W_hh.shape[1]
    a = (x.reshape(T * B, D) @ params.W_ih.T).reshape(T, B, 4 * H)
    gates = a.reshape(T, 4, B, H)
    i, f, g, o = gates.swapaxes(0, 1)
    c, h = np.empty_like(i), np.empty_like(i)

    # σ(a) = ½ tanh(½a) + ½, so one tanh serves the three gates and, with 1 and 0, the candidate.
    scale = np.repeat([0.5, 0.5, 1, 0.5], H).astype(x.dtype)
    shift = (1 - scale).reshape(4, H)
    W_hh_T, b = contract.transposed(params.W_hh), params.b_ih + params.b_hh
    for t in range(T):
        ifgo = h_t @ W_hh_T
        ifgo += a[t]  # in place, since room for a new array of this size would have to be found
        ifgo += b
        ifgo *= scale
        np.tanh(ifgo, out=ifgo)
        ifgo *= scale
        np.add(ifgo.reshape(B, 4, H), shift, out=gates[t].swapaxes(0, 1))
        c_t = c[t] = f[t] * c_t + i[t] * g[t]
        h_t = h[t] = o[t] * np.tanh(c_t)
    return Trace(x, h0, c0, i, f, g, o, c, h)


def backward(params, trace, dh=None, dh_T=None, dc_T=None):
    """The gradients of a loss, through all time steps.

    trace: what `forward` returned. dh: (T, B, H), the gradient of the loss by every output h_t.
    dh_T, dc_T: (B, H), by the final states; all zero where not given.
    Returns Grads. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: the chain rule on the equations above; Greff et al. 2017, section II.B, without
    peepholes.
    """
    x, h0, c0, i, f, g, o, c, h = trace
    T, B, H = h.shape
    dh = contract.check_grad("dh", dh, h, "(T, B, H)")
    dh_later = contract.check_grad("dh_T", dh_T, h0, "(B, H)")  # by way of later steps
    dc_later = contract.check_grad("dc_T", dc_T, c0, "(B, H)")

    dc = np.empty_like(dh)
    da = np.empty((T, B, 4, H), dh.dtype)
    for t in reversed(range(T)):
        i_t, f_t, g_t, o_t = i[t], f[t], g[t], o[t]
        c_before = c[t - 1] if t > 0 else c0
        tanh_c = np.tanh(c[t])

        # h = o ⊙ tanh(c), then c = f ⊙ c_before + i ⊙ g. Products needed twice have a name.
        dh[t] += dh_later
        dh_o = dh[t] * o_t
        dc[t] = dc_t = dh_o * (1 - tanh_c**2) + dc_later
        dc_i = dc_t * i_t
        dc_f = dc_t * f_t

        # Slopes need no a: σ′ = σ (1 − σ) and tanh′ = 1 − tanh², known from the gates.
        da[t, :, 0] = dc_i * g_t * (1 - i_t)
        da[t, :, 1] = dc_f * c_before * (1 - f_t)
        da[t, :, 2] = dc_i * (1 - g_t**2)
        da[t, :, 3] = dh[t] * h[t] * (1 - o_t)  # since o ⊙ tanh(c) = h

        dh_later = da[t].reshape(B, 4 * H) @ params.W_hh
        dc_later = dc_f

    # Each step used the same weights, so their gradients are sums over t and b: one product.
    rows = da.reshape(T * B, 4 * H)
    db = rows.sum(axis=0)
    return Grads(
        W_ih=rows.T @ x.reshape(T * B, -1),
        W_hh=contract.weight_grad(rows, h0, h[:-1]),
        b_ih=db,
        b_hh=db.copy(),
        x=(rows @ params.W_ih).reshape(x.shape),
        h0=dh_later,
        c0=dc_later,
        h=dh,
        c=dc,
        a=da.reshape(T, B, 4 * H),
    )
