"""Every gradient that a BackwardExplorer shows, by torch's autograd."""

import numpy as np
import torch

LSTM = "dh do dc df di dg da_i da_f da_g da_o dh_before dc_before".split()
RNN = "dh da dh_before".split()
PLAIN = "x T read forget_bias detach step stage".split()
# A BackwardExplorer called `explorer` as plain settings; in a kernel as in a test.
SETTINGS = f"""{{
    **{{k: getattr(explorer, k) for k in {PLAIN}}},
    "lstm": [a.ravel().tolist() for a in explorer.params],
    "rnn": [a.ravel().tolist() for a in explorer.rnn_params],
}}"""


def settings(explorer):
    return eval(SETTINGS, {"explorer": explorer})


def by_autograd(s, detach=None):
    """name to the gradient at each step, as in `explorer.values`.

    s: settings as SETTINGS gives them. detach: another choice than the settings'.
    """
    detach = s["detach"] if detach is None else detach
    steps = []

    def keep(now, name, value):
        now[name] = value.clone().requires_grad_()
        now[name].retain_grad()
        return now[name]

    def numbers(name):
        w_x, w_h, b_ih, b_hh = (torch.tensor(a, dtype=torch.float64) for a in s[name])
        return w_x, w_h, b_ih + b_hh

    zero = torch.zeros((), dtype=torch.float64)
    h = c = simple = zero
    (w_x, w_h, b), (v_x, v_h, d) = numbers("lstm"), numbers("rnn")
    for x in s["x"][: s["T"]]:
        now, r = {}, {}
        steps.append((now, r))
        h_before, c_before = keep(now, "dh_before", h), keep(now, "dc_before", c)
        # The copy that the gates read; from it nothing goes on to h, if h is detached.
        a = w_x * x + w_h * (h.detach() if detach else h_before) + b
        i, f, g, o = (keep(now, f"da_{k}", a[n]) for n, k in enumerate("ifgo"))
        i, f, o = (keep(now, f"d{k}", v.sigmoid()) for k, v in [("i", i), ("f", f), ("o", o)])
        g = keep(now, "dg", g.tanh())
        c = keep(now, "dc", f * c_before + i * g)
        h = keep(now, "dh", o * c.tanh())

        before = keep(r, "dh_before", simple)
        a = keep(r, "da", (v_x * x + v_h * (simple.detach() if detach else before) + d)[0])
        simple = keep(r, "dh", a.tanh())

    now, r = steps[s["read"] - 1]
    (now["dh"] + r["dh"]).backward()

    def grad(tensor):
        return 0.0 if tensor.grad is None else tensor.grad.item()

    return {
        "lstm": {k: np.array([grad(now[k]) for now, _ in steps]) for k in LSTM},
        "rnn": {k: np.array([grad(r[k]) for _, r in steps]) for k in RNN},
    }


def differences(values, s):
    """The largest absolute difference between `explorer.values` and autograd, name by name."""
    found = {}
    for cell, gradients in by_autograd(s).items():
        for name, theirs in gradients.items():
            found[f"{cell}.{name}"] = np.abs(np.array(values[cell][name]) - theirs).max()
    whole = by_autograd(s, detach=False)["lstm"]["dc"]
    split = np.array(values["wire"]) + values["detour"]
    found["whole"] = np.abs(values["whole"] - whole).max()
    found["wire + detour"] = np.abs(split - whole).max()
    # The wire is what goes back with h detached.
    cut = by_autograd(s, detach=True)["lstm"]["dc"]
    found["wire"] = np.abs(values["wire"] - cut).max()
    return found
