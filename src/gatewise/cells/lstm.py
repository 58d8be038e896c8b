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

# steps · B · H for which slopes are computed at once: one step at a time is slower where arrays
# are small, all steps at a time where they are large.
AT_ONCE = 2**15


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

    # σ(a) = 1 / (1 + e⁻ᵃ) and tanh(a) = 2 / (1 + e⁻²ᵃ) − 1: one exponential serves the three gates
    # and the candidate, once the minus and the 2 are in the weights. (A candidate near 0 is then
    # exact to a rounding of 1, not of its own.)
    H = params.W_hh.shape[1]
    above = np.repeat(np.array([1, 1, 2, 1], x.dtype), H)  # what stands above the bars
    W_ih_T = (-above[:, None] * params.W_ih).T
    W_hh_T = contract.transposed(params.W_hh)
    W_hh_T *= -above
    b = -above * (params.b_ih + params.b_hh)
    # One row per sequence, since NumPy is faster where both operands have one shape.
    b, above = np.repeat([b], B, axis=0), np.repeat([above], B, axis=0)

    # The inputs are known beforehand, so their products are one product for all steps. What it
    # holds for step t is used once; then its room is taken by the gates of step t, gate by gate.
    a = (x.reshape(T * B, D) @ W_ih_T).reshape(T, B, 4 * H)
    gates = a.reshape(T, 4, B, H)
    i, f, g, o = gates.swapaxes(0, 1)
    c, h = np.empty_like(i), np.empty_like(i)

    ifgo = np.empty((B, 4 * H), x.dtype)
    by_gate = ifgo.reshape(B, 4, H).swapaxes(0, 1)
    one = np.ones((), x.dtype)  # an array, since NumPy takes longer to convert a 1 than to add it
    # In place, since new room for each result would have to be found; `dot`, whose call is cheaper
    # than that of @.
    with np.errstate(over="ignore"):  # where e⁻ᵃ is infinite, σ(a) is 0, as it should be
        for t in range(T):
            np.dot(h_t, W_hh_T, out=ifgo)
            ifgo += a[t]
            ifgo += b
            np.exp(ifgo, out=ifgo)
            ifgo += one
            np.divide(above, ifgo, out=ifgo)
            gates[t] = by_gate  # a copy after the division is faster than to divide gate by gate
            i_t, f_t, g_t, o_t = gates[t]
            g_t -= one
            c_t = np.add(f_t * c_t, i_t * g_t, out=c[t])
            h_t = np.multiply(o_t, np.tanh(c_t), out=h[t])
    return Trace(x, h0, c0, i, f, g, o, c, h)


def slopes(trace, start, end, to_a, to_c):
    """By what a gradient is multiplied within a step, for the steps from `start` to `end` − 1.

    Fills to_a (steps, B, 4, H), on the way to what stands in the brackets of i, f, g (from c_t)
    and o (from h_t), and to_c (steps, B, H), on the way from h_t to c_t.
    """
    # Copies, each in one piece, since NumPy is twice as fast on what has no gaps.
    i, f, g, o = (getattr(trace, name)[start:end].copy() for name in "ifgo")
    h, c_before = trace.h[start:end], trace.c[start - 1 : end - 1]
    if start == 0:
        c_before = np.concatenate([trace.c0[None], trace.c[: end - 1]])

    # No slope needs an a: σ′ = σ (1 − σ) and tanh′ = 1 − tanh². And o ⊙ tanh(c) is h.
    to_a[:, :, 0] = i * (1 - i) * g
    to_a[:, :, 1] = f * (1 - f) * c_before
    to_a[:, :, 2] = i * (1 - g**2)
    to_a[:, :, 3] = (1 - o) * h
    to_c[:] = o - h * h / (o + np.finfo(h.dtype).tiny)  # o (1 − tanh²(c)); where o is 0, so is h


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

    # Slopes do not depend on the future. They are computed for a block of steps at once, since on
    # small arrays a call costs more than its arithmetic, and where the gradients will stand.
    da, dc = np.empty((T, B, 4 * H), dh.dtype), np.empty_like(dh)
    to_a, to_c = da.reshape(T, B, 4, H), dc
    # In the columns of da: dc_t for i, f and g, which act on c; dh_t for o, which acts on h.
    dc_dh = np.empty((B, 4 * H), dh.dtype)
    by_gate = dc_dh.reshape(B, 4, H).swapaxes(0, 1)
    block = max(1, AT_ONCE // (B * H))
    for end in range(T, 0, -block):
        start = max(0, end - block)
        slopes(trace, start, end, to_a[start:end], to_c[start:end])
        for t in reversed(range(start, end)):
            dh_t, dc_t, da_t = dh[t], dc[t], da[t]
            dh_t += dh_later
            dc_t *= dh_t
            dc_t += dc_later
            by_gate[:3], by_gate[3] = dc_t, dh_t
            da_t *= dc_dh
            dh_later = np.dot(da_t, params.W_hh)
            dc_later = dc_t * f[t]

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
        a=da,
    )
