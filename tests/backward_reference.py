"""The gradients that a BackwardExplorer shows, computed with torch's autograd."""

import numpy as np
import torch

from gatewise.cells import lstm, rnn
from gatewise.models import cell_step

LSTM = "dh do dc df di dg da_i da_f da_g da_o dh_before dc_before".split()
RNN = "dh da dh_before".split()
PLAIN = "x T read forget_bias detach step stage".split()
# A Python expression for the settings of a BackwardExplorer named `explorer`.
SETTINGS = f"""{{
    **{{k: getattr(explorer, k) for k in {PLAIN}}},
    "lstm": [a.ravel().tolist() for a in explorer.params],
    "rnn": [a.ravel().tolist() for a in explorer.rnn_params],
}}"""


def draw(seed):
    """Draw random settings for a BackwardExplorer."""
    rng = np.random.default_rng(seed)
    T = int(rng.integers(2, 21))
    return {
        "lstm_params": lstm.Params.random(1, 1, rng),
        "rnn_params": rnn.Params.random(1, 1, rng),
        "x": rng.normal(size=20),
        "T": T,
        "read": int(rng.integers(1, T + 1)),
    }


def settings(explorer):
    return eval(SETTINGS, {"explorer": explorer})


def by_autograd(s, detach=None):
    """Return the gradients of both cells at all steps, arranged as in `explorer.values`.

    s: the settings, as returned by `settings`. detach: a value that replaces `s["detach"]`.
    """
    detach = s["detach"] if detach is None else detach
    steps = {"lstm": [], "rnn": []}
    for cell, mode in ("lstm", "LSTM"), ("rnn", "RNN_TANH"):
        w_x, w_h, b_ih, b_hh = (torch.tensor(a, dtype=torch.float64) for a in s[cell])
        h = c = torch.zeros(1, 1, dtype=torch.float64, requires_grad=True)
        for x in s["x"][: s["T"]]:
            h, c = h.clone(), c.clone()
            read = h.detach() if detach else h
            a = (w_x * x + b_ih + b_hh).requires_grad_()
            now = cell_step(mode, a, lambda h, w_h=w_h: w_h * h, read, c)
            now |= {"h_before": h, "c_before": c}
            for value in now.values():
                value.retain_grad()
            steps[cell].append(now)
            h, c = now["h"], now.get("c", c)
    sum(cell[s["read"] - 1]["h"] for cell in steps.values()).sum().backward()

    def grads(now):
        found = {k: [0.0] * v.numel() if v.grad is None else v.grad for k, v in now.items()}
        by_gate = dict(zip(["a_i", "a_f", "a_g", "a_o"], np.ravel(found["a"]), strict=False))
        return found | by_gate

    found = {cell: list(map(grads, of_cell)) for cell, of_cell in steps.items()}
    return {
        cell: {k: np.array([float(np.ravel(now[k[1:]])[0]) for now in found[cell]]) for k in names}
        for cell, names in (("lstm", LSTM), ("rnn", RNN))
    }


def differences(values, s):
    """Return a dict from gradient names to the largest absolute differences from autograd."""
    found = {}
    for cell, gradients in by_autograd(s).items():
        for name, theirs in gradients.items():
            found[f"{cell}.{name}"] = np.abs(np.array(values[cell][name]) - theirs).max()
    whole = by_autograd(s, detach=False)["lstm"]["dc"]
    split = np.array(values["wire"]) + values["detour"]
    found["whole"] = np.abs(values["whole"] - whole).max()
    found["wire + detour"] = np.abs(split - whole).max()
    # When h is detached, the gradient on c must equal `wire`.
    cut = by_autograd(s, detach=True)["lstm"]["dc"]
    found["wire"] = np.abs(values["wire"] - cut).max()
    return found
