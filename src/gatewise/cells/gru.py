"""The gated recurrent unit, in torch's form and in that of Cho et al.

    r_t = σ(W_xr x_t + b_xr + W_hr h_{t−1} + b_hr)        reset gate
    z_t = σ(W_xz x_t + b_xz + W_hz h_{t−1} + b_hz)        update gate
    q_t = W_hn h_{t−1} + b_hn                             hidden side of the candidate
    n_t = tanh(W_xn x_t + b_xn + r_t ⊙ q_t)               candidate, reset after the product
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

These are the equations of `torch.nn.GRU`. Cho et al. 2014 reset before the product,
`reset_after=False`:

    q_t = W_hn (r_t ⊙ h_{t−1}) + b_hn
    n_t = tanh(W_xn x_t + b_xn + q_t)

W_ih is W_xr, W_xz, W_xn one below the other, and so are W_hh and the biases.
Equations use columns, code rows: every W x of the equations is `x @ W.T` here.
"""

from typing import NamedTuple

import numpy as np

from gatewise.cells import contract
from gatewise.cells.activations import sigmoid


class Params(contract.Params):
    """W_ih (3H, D), W_hh (3H, H), b_ih (3H,), b_hh (3H,); rows in the order r, z, n."""

    __slots__ = ()
    G, mode, torch_module = 3, "GRU", "nn.GRU"


class Trace(NamedTuple):
    """What a forward pass leaves behind; from `step`, the same without the axis T."""

    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    r: np.ndarray  # (T, B, H), as all that follow
    z: np.ndarray
    n: np.ndarray
    q: np.ndarray  # W_hn h_{t−1} + b_hn; in Cho's form, with r_t ⊙ h_{t−1} for h_{t−1}
    h: np.ndarray
    reset_after: bool  # which of the two forms


class Grads(NamedTuple):
    """The gradient of the loss by each parameter, input and state."""

    W_ih: np.ndarray  # (3H, D)
    W_hh: np.ndarray  # (3H, H)
    b_ih: np.ndarray  # (3H,)
    b_hh: np.ndarray  # (3H,)
    x: np.ndarray  # (T, B, D)
    h0: np.ndarray  # (B, H)
    h: np.ndarray  # (T, B, H), all that reaches h_t: from its own output and from later steps
    a: np.ndarray  # (T, B, 3H), by what stands in the brackets of σ and tanh


def step(params, x_t, h, reset_after=True):
    """One time step.

    x_t: (B, D). h: (B, H), the state before the step. Both in the dtype of the parameters.
    reset_after: True for torch's form, False for that of Cho et al.
    Returns a Trace without the axis T; its `h` is the new state.
    Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: the equations of `torch.nn.GRU`; Cho et al. 2014, equations 5 to 8.
    """
    contract.check_input(params, x_t, axes="BD")
    h = contract.check_state("h", h, params, B=len(x_t))
    W_hr, W_hz, W_hn = np.split(params.W_hh, 3)
    b_hr, b_hz, b_hn = np.split(params.b_hh, 3)
    a_r, a_z, a_n = np.split(x_t @ params.W_ih.T + params.b_ih, 3, axis=-1)
    r = sigmoid(a_r + h @ W_hr.T + b_hr)
    z = sigmoid(a_z + h @ W_hz.T + b_hz)
    if reset_after:
        q = h @ W_hn.T + b_hn
        n = np.tanh(a_n + r * q)
    else:
        q = (r * h) @ W_hn.T + b_hn
        n = np.tanh(a_n + q)
    return Trace(x_t, h, r, z, n, q, (1 - z) * n + z * h, reset_after)


def forward(params, x, h0=None, reset_after=True):
    """All time steps.

    x: (T, B, D). h0: (B, H), zeros where not given. Both in the dtype of the parameters.
    reset_after: True for torch's form, False for that of Cho et al.
    Returns a Trace. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: as for `step`.
    """
    contract.check_input(params, x)
    T, B, D = x.shape
    H = params.W_hh.shape[1]
    h_t = h0 = contract.check_state("h0", h0, params, B)

    # The inputs are known beforehand, so their products are one product for all steps. What it
    # holds for step t is used once; then its room is taken by the gates of step t, gate by gate.
    a = (x.reshape(T * B, D) @ params.W_ih.T).reshape(T, B, 3 * H)
    r, z, n = a.reshape(T, 3, B, H).swapaxes(0, 1)
    q, h = np.empty_like(n), np.empty_like(n)

    # What h_{t−1} meets without waiting for r: every row, or in Cho's form those of r and z.
    rows = slice(None) if reset_after else slice(2 * H)
    W_hh_T, W_hn = contract.transposed(params.W_hh[rows]), params.W_hh[2 * H :]
    b_rz = (params.b_ih + params.b_hh)[: 2 * H]
    b_xn, b_hn = params.b_ih[2 * H :], params.b_hh[2 * H :]
    for t in range(T):
        a_t, hidden = a[t], h_t @ W_hh_T
        rz = sigmoid(a_t[:, : 2 * H] + hidden[:, : 2 * H] + b_rz)
        a_n = a_t[:, 2 * H :] + b_xn
        r[t], z[t] = rz[:, :H], rz[:, H:]  # from here on a_t is overwritten
        if reset_after:
            q[t] = hidden[:, 2 * H :] + b_hn
            n[t] = n_t = np.tanh(a_n + r[t] * q[t])
        else:
            q[t] = (r[t] * h_t) @ W_hn.T + b_hn
            n[t] = n_t = np.tanh(a_n + q[t])
        h_t = h[t] = n_t + z[t] * (h_t - n_t)  # (1 − z) n + z h, with one product
    return Trace(x, h0, r, z, n, q, h, reset_after)


def backward(params, trace, dh=None, dh_T=None):
    """The gradients of a loss, through all time steps, in the form that `trace` was made in.

    trace: what `forward` returned. dh: (T, B, H), the gradient of the loss by every output h_t.
    dh_T: (B, H), by the final state; both zero where not given.
    Returns Grads. Raises ValueError for shapes, dtypes or NaN that do not fit.
    Source: the chain rule on the equations above.
    """
    x, h0, r, z, n, q, h, reset_after = trace
    T, B, H = h.shape
    dh = contract.check_grad("dh", dh, h, "(T, B, H)")
    dh_later = contract.check_grad("dh_T", dh_T, h0, "(B, H)")  # by way of later steps
    W_hn = params.W_hh[2 * H :]

    # Two sides, because r stands between them: the candidate hands a_n to its input side and
    # q to its hidden side. For r and z both sides are the same.
    da = np.empty((T, B, 3, H), dh.dtype)
    dq = np.empty_like(dh)
    for t in reversed(range(T)):
        r_t, z_t, n_t = r[t], z[t], n[t]
        dh[t] += dh_later
        dh_kept = dh[t] * z_t
        dh_n = dh[t] - dh_kept

        # Slopes need no a: σ′ = σ (1 − σ) and tanh′ = 1 − tanh², known from the gates.
        da[t, :, 1] = dh_n * (h[t] - n_t)  # since z ⊙ (h_{t−1} − n) = h_t − n
        da[t, :, 2] = da_n = dh_n * (1 - n_t**2)
        if reset_after:
            dq[t] = dq_t = da_n * r_t
            da[t, :, 0] = dq_t * q[t] * (1 - r_t)
            da_hidden = np.concatenate([da[t, :, 0], da[t, :, 1], dq_t], axis=1)
            dh_later = da_hidden @ params.W_hh
        else:
            h_before = h[t - 1] if t > 0 else h0
            dq[t] = da_n
            dh_reset = da_n @ W_hn * r_t  # by h_{t−1}, through r ⊙ h_{t−1}
            da[t, :, 0] = dh_reset * h_before * (1 - r_t)
            dh_later = da[t, :, :2].reshape(B, 2 * H) @ params.W_hh[: 2 * H] + dh_reset
        dh_later += dh_kept

    # Each step used the same weights, so their gradients are sums over t and b: one product.
    rows, rows_q = da.reshape(T * B, 3 * H), dq.reshape(T * B, H)
    first, later = (h0, h[:-1]) if reset_after else (r[0] * h0, r[1:] * h[:-1])  # what W_hn met
    dW_hn = contract.weight_grad(rows_q, first, later)
    dW_hr_hz = contract.weight_grad(rows[:, : 2 * H], h0, h[:-1])
    db_ih = rows.sum(axis=0)
    return Grads(
        W_ih=rows.T @ x.reshape(T * B, -1),
        W_hh=np.concatenate([dW_hr_hz, dW_hn]),
        b_ih=db_ih,
        b_hh=np.concatenate([db_ih[: 2 * H], rows_q.sum(axis=0)]),
        x=(rows @ params.W_ih).reshape(x.shape),
        h0=dh_later,
        h=dh,
        a=da.reshape(T, B, 3 * H),
    )
