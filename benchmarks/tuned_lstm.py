"""An LSTM in NumPy, tuned for speed, with `forward` and `backward` as in `gatewise.cells.lstm`.

Four optimizations, which would hide the equations in the plain cell, save time. A single
exponential is enough for the three gates and the candidate. Local derivatives are computed for many
time steps at once. Results are written in place. Weights are copied into the memory order that
matrix products read fastest. `benchmarks/cells.py` measures the gain in speed, and
`tests/test_tuned_lstm.py` checks the results against the plain cell.
"""

import numpy as np

from gatewise.cells.lstm import Grads, Params, Trace
from gatewise.cells.params import check_backward, check_forward

# The number of values, steps · B · H, whose local derivatives are computed at once. Taking one step
# at a time is slower for small arrays, and taking all steps at once is slower for large arrays.
AT_ONCE = 2**15


def forward(params, x, h0=None, c0=None):
    """Compute all time steps, as `gatewise.cells.lstm.forward` does."""
    params, x, h0, c0 = check_forward(Params, params, "TBD", x, h0=h0, c0=c0)
    (T, B, D), h_t, c_t = x.shape, h0, c0

    # σ(a) = 1 / (1 + e⁻ᵃ), and tanh(a) = 2 / (1 + e⁻²ᵃ) − 1. If the weights include the minus sign
    # and the factor 2, a single exponential is enough for the three gates and the candidate. (A
    # candidate near 0 then has the rounding error of a number near 1.)
    H = params.W_hh.shape[1]
    above = np.repeat(np.array([1, 1, 2, 1], x.dtype), H)  # the numerators
    W_ih_T = (-above[:, None] * params.W_ih).T
    W_hh_T = transposed(params.W_hh)
    W_hh_T *= -above
    b = -above * (params.b_ih + params.b_hh)
    # Repeat these rows for each sequence, since NumPy is faster if both operands have the same
    # shape.
    b, above = np.repeat([b], B, axis=0), np.repeat([above], B, axis=0)

    # One matrix product covers all time steps. The rows of step t are used once and then
    # overwritten by the gates of step t, one gate after another.
    a = (x.reshape(T * B, D) @ W_ih_T).reshape(T, B, 4 * H)
    gates = a.reshape(T, 4, B, H)
    i, f, g, o = gates.swapaxes(0, 1)
    c, h = np.empty_like(i), np.empty_like(i)

    ifgo = np.empty((B, 4 * H), x.dtype)
    by_gate = ifgo.reshape(B, 4, H).swapaxes(0, 1)
    one = np.ones((), x.dtype)  # an array, since converting a plain 1 takes longer than adding it
    # In-place operations avoid allocating new arrays, and a call to `dot` is cheaper than @.
    with np.errstate(over="ignore"):  # if e⁻ᵃ is infinite, σ(a) is 0, as it should be
        for t in range(T):
            np.dot(h_t, W_hh_T, out=ifgo)
            ifgo += a[t]
            ifgo += b
            np.exp(ifgo, out=ifgo)
            ifgo += one
            np.divide(above, ifgo, out=ifgo)
            gates[t] = by_gate  # one copy after the division is faster than a division per gate
            i_t, f_t, g_t, o_t = gates[t]
            g_t -= one
            c_t = np.add(f_t * c_t, i_t * g_t, out=c[t])
            h_t = np.multiply(o_t, np.tanh(c_t), out=h[t])
    return Trace(x, h0, c0, i, f, g, o, c, h)


def backward(params, trace, dh=None, dh_T=None, dc_T=None):
    """Compute the gradients of a loss, as `gatewise.cells.lstm.backward` does."""
    params, dh, dh_next, dc_next = check_backward(
        Params, params, Trace, trace, dh=dh, dh_T=dh_T, dc_T=dc_T
    )
    x, h0, c0, i, f, g, o, c, h = trace
    T, B, H = h.shape

    # Local derivatives don't depend on later steps, so they are computed for a block of steps at
    # once: a NumPy call on small arrays takes longer than the arithmetic itself. The derivatives
    # are stored in the gradients' arrays.
    da, dc = np.empty((T, B, 4 * H), dh.dtype), np.empty_like(dh)
    to_a, to_c = da.reshape(T, B, 4, H), dc
    # For da, local derivatives are multiplied by dc_t for i, f and g, which act on c, and by dh_t
    # for o, which acts on h.
    dc_dh = np.empty((B, 4 * H), dh.dtype)
    by_gate = dc_dh.reshape(B, 4, H).swapaxes(0, 1)
    block = max(1, AT_ONCE // (B * H))
    for end in range(T, 0, -block):
        start = max(0, end - block)
        local_derivatives(trace, start, end, to_a[start:end], to_c[start:end])
        for t in reversed(range(start, end)):
            dh_t, dc_t, da_t = dh[t], dc[t], da[t]
            dh_t += dh_next
            dc_t *= dh_t
            dc_t += dc_next
            by_gate[:3], by_gate[3] = dc_t, dh_t
            da_t *= dc_dh
            dh_next = np.dot(da_t, params.W_hh)
            dc_next = dc_t * f[t]

    rows = da.reshape(T * B, 4 * H)
    # Add two products, since concatenating h0 and h would copy an array as large as h.
    dW_hh = rows[:B].T @ h0 + rows[B:].T @ h[:-1].reshape(T * B - B, H)
    db = rows.sum(axis=0)
    dx = (rows @ params.W_ih).reshape(x.shape)
    dW_ih = rows.T @ x.reshape(T * B, -1)
    return Grads(dW_ih, dW_hh, db, db.copy(), dx, dh_next, dc_next, dh, dc, da)


def local_derivatives(trace, start, end, to_a, to_c):
    """Compute the local derivatives that multiply the gradients at steps `start` to `end` − 1.

    to_a: an array (steps, B, 4, H), filled with the factors from c_t to the pre-activations of i, f
    and g, and from h_t to the pre-activation of o.
    to_c: an array (steps, B, H), filled with the factors from h_t to c_t.
    """
    # Copy the gates, since NumPy is twice as fast on contiguous arrays.
    i, f, g, o = (getattr(trace, name)[start:end].copy() for name in "ifgo")
    h, c_before = trace.h[start:end], trace.c[start - 1 : end - 1]
    if start == 0:
        c_before = np.concatenate([trace.c0[None], trace.c[: end - 1]])

    # No factor needs `a`, since σ′ = σ (1 − σ) and tanh′ = 1 − tanh². Also, o ⊙ tanh(c) is h.
    to_a[:, :, 0] = i * (1 - i) * g
    to_a[:, :, 1] = f * (1 - f) * c_before
    to_a[:, :, 2] = i * (1 - g**2)
    to_a[:, :, 3] = (1 - o) * h
    to_c[:] = o - h * h / (o + np.finfo(h.dtype).tiny)  # o (1 − tanh²(c)); where o is 0, so is h


def transposed(W):
    """Return W.T in C order, which matrix products read fastest.

    W.T is copied 32 columns at a time. At 512 hidden units, W.T.copy() would keep reading from the
    same few lines of the processor's cache and take ten times as long.
    """
    W_T = np.empty(W.shape[::-1], W.dtype)
    for k in range(0, len(W), 32):
        W_T[:, k : k + 32] = W[k : k + 32].T
    return W_T
