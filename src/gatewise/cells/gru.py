"""The gated recurrent unit, in the two forms used by torch and by Cho et al.

    r_t = σ(W_xr x_t + b_xr + W_hr h_{t−1} + b_hr)        reset gate
    z_t = σ(W_xz x_t + b_xz + W_hz h_{t−1} + b_hz)        update gate
    q_t = W_hn h_{t−1} + b_hn                             hidden side of the candidate
    n_t = tanh(W_xn x_t + b_xn + r_t ⊙ q_t)               candidate, reset after the product
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

These are the equations of `torch.nn.GRU`. Cho et al. (2014) apply the reset gate before the matrix
product (`reset_after=False`):

    q_t = W_hn (r_t ⊙ h_{t−1}) + b_hn
    n_t = tanh(W_xn x_t + b_xn + q_t)

The rows of W_xr, W_xz and W_xn are stacked in W_ih; W_hh and the biases have the same row order.
Vectors are columns in the equations but rows in the code, so W x becomes `x @ W.T`.
"""

from collections import namedtuple

import numpy as np

from gatewise.cells.activations import sigmoid
from gatewise.cells.params import CellParams, check_backward, check_forward, read_only


class Params(CellParams):
    """The parameters W_ih (3H, D), W_hh (3H, H), b_ih and b_hh (3H,), in row order r, z, n."""

    __slots__ = ()
    G, mode, torch_module, keras_layer = 3, "GRU", "nn.GRU", "GRU"
    blocks, keras_blocks, onnx_blocks = "rzn", "zrn", "zrn"


class Trace(namedtuple("Trace", "x h0 r z n q h reset_after")):
    """The inputs and results of a forward pass. A Trace from `step` has no T axis.

    x: (T, B, D). h0: (B, H). r, z, n, q, h: (T, B, H). reset_after: True for torch's form.
    """

    __slots__ = ()


class Grads(namedtuple("Grads", "W_ih W_hh b_ih b_hh x h0 h a")):
    """The gradients of a loss, each with the same shape as its variable.

    h: (T, B, H), the total gradient on the hidden states, from the outputs and later time steps.
    a: (T, B, 3H), the gradient on the input side of the stacked pre-activations.
    """

    __slots__ = ()


def step(params, x_t, h, reset_after=True):
    """Compute one time step.

    params: Params. x_t: (B, D). h: (B, H), the previous state. All array dtypes must match.
    reset_after: True for the form in torch, False for the form in Cho et al. 2014.
    Returns a Trace without a T axis; its `h` is the new state.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: the documentation of `torch.nn.GRU`; Cho et al. 2014, equations 5 to 8.
    """
    params, x_t, h = check_forward(Params, params, "BD", x_t, h=h)
    a_x = x_t @ params.W_ih.T + params.b_ih
    return read_only(Trace(x_t, h, *update(params, a_x, h, reset_after), reset_after))


def update(params, a_x, h, reset_after):
    """Compute the gates, the candidate and the new state.

    params: Params. a_x: (B, 3H), the input side W_ih x_t + b_ih. h: (B, H), the previous state.
    Returns r, z, n, q and h, each (B, H). Raises ValueError unless `reset_after` is True or False.
    Source: the equations at the top of this module.
    """
    if reset_after not in (True, False):
        raise ValueError(f"reset_after: expected True or False, got {reset_after!r}")
    a_r, a_z, a_n = np.split(a_x, 3, axis=1)
    u_r, u_z, q = np.split(h @ params.W_hh.T + params.b_hh, 3, axis=1)
    r = sigmoid(a_r + u_r)
    z = sigmoid(a_z + u_z)
    if reset_after:
        n = np.tanh(a_n + r * q)
    else:
        q = (r * h) @ np.split(params.W_hh, 3)[2].T + np.split(params.b_hh, 3)[2]
        n = np.tanh(a_n + q)
    h = (1 - z) * n + z * h
    return r, z, n, q, h


def forward(params, x, h0=None, reset_after=True):
    """Compute all time steps.

    params: Params. x: (T, B, D). h0: (B, H), zeros by default. All array dtypes must match.
    reset_after: True for the form in torch, False for the form in Cho et al. 2014.
    Returns a Trace of read-only arrays. For errors and sources, see `step`.
    """
    params, x, h0 = check_forward(Params, params, "TBD", x, h0=h0)
    (T, B, D), H = x.shape, h0.shape[1]
    a_x = x.reshape(T * B, D) @ params.W_ih.T + params.b_ih  # one matrix product for all time steps
    a_x = a_x.reshape(T, B, 3 * H)

    h_t = h0
    r, z, n, q, h = np.empty((5, T, B, H), x.dtype)
    for t in range(T):
        r[t], z[t], n[t], q[t], h_t = update(params, a_x[t], h_t, reset_after)
        h[t] = h_t
    return read_only(Trace(x, h0, r, z, n, q, h, reset_after))


def backward(params, trace, dh=None, dh_T=None):
    """Backpropagate the gradients of a loss through all time steps.

    params: Params. trace: the result of `forward`, which records the GRU's form.
    dh: (T, B, H), the gradient on each output h_t. dh_T: (B, H), the gradient on the final state.
    Both gradients default to zero. Returns Grads.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    Source: the chain rule, applied to the equations at the top of this module.
    """
    params, dh, dh_next = check_backward(Params, params, Trace, trace, dh=dh, dh_T=dh_T)
    x, h0, r, z, n, q, h, reset_after = trace
    (T, B, D), H = x.shape, h.shape[2]
    h_before = np.concatenate([h0[None], h[:-1]])  # h_{t−1} for every t
    W_hn = params.W_hh[2 * H :]

    # In torch's form, the n block of du (hidden side) is r times the n block of da (input side).
    da, du = np.empty((2, T, B, 3 * H), h.dtype)
    for t in reversed(range(T)):
        dh[t] += dh_next  # add the gradient from later time steps
        da_n = dh[t] * (1 - z[t]) * (1 - n[t] ** 2)  # tanh′(a) = 1 − tanh²(a)
        da_z = dh[t] * (h_before[t] - n[t]) * z[t] * (1 - z[t])  # σ′(a) = σ(a) (1 − σ(a))
        if reset_after:
            dr, dq = da_n * q[t], da_n * r[t]
        else:
            drh, dq = da_n @ W_hn, da_n  # drh: the gradient with respect to r ⊙ h_{t−1}
            dr = drh * h_before[t]
        da_r = dr * r[t] * (1 - r[t])
        da[t] = np.concatenate([da_r, da_z, da_n], axis=1)
        du[t] = np.concatenate([da_r, da_z, dq], axis=1)
        if reset_after:
            dh_next = dh[t] * z[t] + du[t] @ params.W_hh
        else:
            dh_next = dh[t] * z[t] + du[t, :, : 2 * H] @ params.W_hh[: 2 * H] + drh * r[t]

    # All time steps share the same weights, so one matrix product sums the gradients over t.
    da_rows, du_rows = da.reshape(T * B, 3 * H), du.reshape(T * B, 3 * H)
    dW_ih = da_rows.T @ x.reshape(T * B, D)
    dW_hh = du_rows.T @ h_before.reshape(T * B, H)
    if not reset_after:  # Cho et al. multiply r ⊙ h_{t−1} by W_hn
        dW_hh[2 * H :] = du_rows[:, 2 * H :].T @ (r * h_before).reshape(T * B, H)
    dx = (da_rows @ params.W_ih).reshape(x.shape)
    db_ih, db_hh = da_rows.sum(axis=0), du_rows.sum(axis=0)
    return Grads(dW_ih, dW_hh, db_ih, db_hh, dx, dh_next, dh, da)
