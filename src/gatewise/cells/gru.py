"""The gated recurrent unit, in torch's form and in that of Cho et al.

    r_t = σ(W_ir x_t + b_ir + W_hr h_{t−1} + b_hr)        reset gate
    z_t = σ(W_iz x_t + b_iz + W_hz h_{t−1} + b_hz)        update gate
    q_t = W_hn h_{t−1} + b_hn                             hidden side of the candidate
    n_t = tanh(W_in x_t + b_in + r_t ⊙ q_t)               candidate, reset after the product
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

These are the equations of `torch.nn.GRU`. Cho et al. 2014 reset before the product,
`reset_after=False`:

    q_t = W_hn (r_t ⊙ h_{t−1}) + b_hn
    n_t = tanh(W_in x_t + b_in + q_t)

W_ih is W_ir, W_iz, W_in one below the other, and so are W_hh and the biases.
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

    # The inputs are known beforehand, so their products are one product for all steps.
    a = (x.reshape(T * B, D) @ params.W_ih.T).reshape(T, B, 3 * H)

    # What h_{t−1} meets without waiting for r: every row, or in Cho's form those of r and z.
    rows = slice(None) if reset_after else slice(2 * H)
    W_hh_T, b_hh = np.ascontiguousarray(params.W_hh[rows].T), params.b_hh[rows]
    W_hn_T, b_hn = np.ascontiguousarray(params.W_hh[2 * H :].T), params.b_hh[2 * H :]

    r, z, n, q, h = np.empty((5, T, B, H), x.dtype)
    for t in range(T):
        a_t = a[t] + params.b_ih
        hidden = h_t @ W_hh_T + b_hh
        rz = sigmoid(a_t[:, : 2 * H] + hidden[:, : 2 * H])
        r[t], z[t] = rz[:, :H], rz[:, H:]
        if reset_after:
            q[t] = hidden[:, 2 * H :]
            n[t] = np.tanh(a_t[:, 2 * H :] + r[t] * q[t])
        else:
            q[t] = (r[t] * h_t) @ W_hn_T + b_hn
            n[t] = np.tanh(a_t[:, 2 * H :] + q[t])
        h_t = h[t] = (1 - z[t]) * n[t] + z[t] * h_t
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
    h_before = np.concatenate([h0[None], h[:-1]])
    W_hh, W_hn = params.W_hh, params.W_hh[2 * H :]

    # Two sides, because r stands between them: the candidate hands a_n to its input side and
    # q to its hidden side. For r and z both sides are the same.
    da = np.empty((T, B, 3 * H), dh.dtype)
    da_hidden = np.empty_like(da)
    for t in reversed(range(T)):
        dh[t] += dh_later
        # Slopes need no a: σ′ = σ (1 − σ) and tanh′ = 1 − tanh², known from the gates.
        da_n = dh[t] * (1 - z[t]) * (1 - n[t] ** 2)
        da_z = dh[t] * (h_before[t] - n[t]) * z[t] * (1 - z[t])
        if reset_after:
            dq = da_n * r[t]
            dr = da_n * q[t]
        else:
            dq = da_n
            drh = dq @ W_hn  # by r ⊙ h_{t−1}
            dr = drh * h_before[t]
        da_r = dr * r[t] * (1 - r[t])

        np.concatenate([da_r, da_z, da_n], axis=1, out=da[t])
        np.concatenate([da_r, da_z, dq], axis=1, out=da_hidden[t])
        if reset_after:
            dh_later = da_hidden[t] @ W_hh
        else:
            dh_later = da_hidden[t, :, : 2 * H] @ W_hh[: 2 * H] + drh * r[t]
        dh_later += dh[t] * z[t]

    # Each step used the same weights, so their gradients are sums over t and b: one product.
    rows, rows_hidden = da.reshape(T * B, 3 * H), da_hidden.reshape(T * B, 3 * H)
    dW_hh = rows_hidden.T @ h_before.reshape(T * B, H)
    if not reset_after:
        dW_hh[2 * H :] = rows_hidden[:, 2 * H :].T @ (r * h_before).reshape(T * B, H)
    return Grads(
        W_ih=rows.T @ x.reshape(T * B, -1),
        W_hh=dW_hh,
        b_ih=rows.sum(axis=0),
        b_hh=rows_hidden.sum(axis=0),
        x=(rows @ params.W_ih).reshape(x.shape),
        h0=dh_later,
        h=dh,
        a=da,
    )
