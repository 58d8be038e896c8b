"""A fast NumPy LSTM with the same `forward` and `backward` functions as `gatewise.cells.lstm`.

Four optimizations save time but would obscure the equations in the plain cell. One call to `exp`
covers the three gates and the candidate. Local derivatives are computed for many time steps at
once. Results are written in place. Weights are copied into the memory order that matrix products
read fastest. `benchmarks/cells.py` measures the speedup, and `tests/test_tuned_lstm.py` checks the
results against the plain cell.
"""

import numpy as np

from gatewise.cells.lstm import Grads, Params, Trace
from gatewise.cells.params import check_backward, check_forward

# Local derivatives are computed in blocks of about this many values (steps · B · H). These blocks
# are faster than one-step blocks for small arrays and faster than a single block for large arrays.
AT_ONCE = 2**15


def forward(params, x, h0=None, c0=None):
    """Compute the states at all time steps, as `gatewise.cells.lstm.forward` does."""
    params, x, h0, c0 = check_forward(Params, params, "TBD", x, h0=h0, c0=c0)
    (T, B, D), h_t, c_t = x.shape, h0, c0

    # σ(a) = 1 / (1 + e⁻ᵃ), and tanh(a) = 2 / (1 + e⁻²ᵃ) − 1. If the minus sign and the factor 2 are
    # part of the weights, one call to `exp` covers the three gates and the candidate. (A candidate
    # near 0 then has the rounding error of a number near 1.)
    H = params.W_hh.shape[1]
    above = np.repeat(np.array([1, 1, 2, 1], x.dtype), H)  # the numerators
    W_ih_T = (-above[:, None] * params.W_ih).T
    W_hh_T = transposed(params.W_hh)
    W_hh_T *= -above
    b = -above * (params.b_ih + params.b_hh)
    # Repeat these rows for each sequence, since NumPy is faster with operands of the same shape.
    b, above = np.repeat([b], B, axis=0), np.repeat([above], B, axis=0)

    # One matrix product covers all time steps. Step t reads its rows and then overwrites them with
    # the gate values, stored gate by gate.
    a = (x.reshape(T * B, D) @ W_ih_T).reshape(T, B, 4 * H)
    gates = a.reshape(T, 4, B, H)
    i, f, g, o = gates.swapaxes(0, 1)
    c, h = np.empty_like(i), np.empty_like(i)

    ifgo = np.empty((B, 4 * H), x.dtype)
    by_gate = ifgo.reshape(B, 4, H).swapaxes(0, 1)
    one = np.ones((), x.dtype)  # NumPy adds an array faster than it adds a Python float
    # `np.dot` has less overhead than `@`.
    with np.errstate(over="ignore"):  # if e⁻ᵃ overflows, σ(a) is correctly 0
        for t in range(T):
            np.dot(h_t, W_hh_T, out=ifgo)
            ifgo += a[t]
            ifgo += b
            np.exp(ifgo, out=ifgo)
            ifgo += one
            np.divide(above, ifgo, out=ifgo)
            gates[t] = by_gate  # one copy is faster than a separate division for each gate
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

    # Local derivatives don't depend on later steps, so a block of steps can be computed together.
    # This is faster, since a NumPy call on small arrays takes longer than the arithmetic. The
    # arrays for the gradients also store the derivatives.
    da, dc = np.empty((T, B, 4 * H), dh.dtype), np.empty_like(dh)
    to_a, to_c = da.reshape(T, B, 4, H), dc
    # The local derivatives for i, f and g are multiplied by dc_t, and the local derivative for o is
    # multiplied by dh_t.
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
    # Adding two products is faster than concatenating h0 and h, which would copy h.
    dW_hh = rows[:B].T @ h0 + rows[B:].T @ h[:-1].reshape(T * B - B, H)
    db = rows.sum(axis=0)
    dx = (rows @ params.W_ih).reshape(x.shape)
    dW_ih = rows.T @ x.reshape(T * B, -1)
    return Grads(dW_ih, dW_hh, db, db.copy(), dx, dh_next, dc_next, dh, dc, da)


def local_derivatives(trace, start, end, to_a, to_c):
    """Compute the local derivatives that multiply the gradients at steps `start` to `end` − 1.

    to_a: an output array (steps, B, 4, H) for the derivatives of c_t with respect to the
    pre-activations of i, f and g, and of h_t with respect to the pre-activation of o.
    to_c: an output array (steps, B, H) for the derivatives of h_t with respect to c_t.
    """
    # Copy the gates, since NumPy is twice as fast on contiguous arrays.
    i, f, g, o = (getattr(trace, name)[start:end].copy() for name in "ifgo")
    h, c_before = trace.h[start:end], trace.c[start - 1 : end - 1]
    if start == 0:
        c_before = np.concatenate([trace.c0[None], trace.c[: end - 1]])

    # With σ′ = σ (1 − σ) and tanh′ = 1 − tanh², the pre-activations aren't needed.
    to_a[:, :, 0] = i * (1 - i) * g
    to_a[:, :, 1] = f * (1 - f) * c_before
    to_a[:, :, 2] = i * (1 - g**2)
    to_a[:, :, 3] = (1 - o) * h
    to_c[:] = o - h * h / (o + np.finfo(h.dtype).tiny)  # o (1 − tanh²(c)), or 0 if o is 0


def transposed(W):
    """Return W.T in C order, the fastest memory order for matrix products.

    The function copies 32 columns at a time. With 512 hidden units, W.T.copy() would take ten times
    as long, since it would use only a few lines of the processor's cache.
    """
    W_T = np.empty(W.shape[::-1], W.dtype)
    for k in range(0, len(W), 32):
        W_T[:, k : k + 32] = W[k : k + 32].T
    return W_T
