"""BackwardExplorer shows how the gradient flows back through an LSTM unit and an RNN unit."""

import numpy as np
from traitlets import observe

from gatewise import drawings
from gatewise.cells import lstm, rnn
from gatewise.drawings import STAGES
from gatewise.drawings.values import figure, number
from gatewise.widgets import base, stills
from gatewise.widgets.words import ENGLISH


def _one_unit(widget, name, given):
    """Return read-only float64 copies of parameters for one unit and one feature.

    Raises ValueError for parameters of the wrong cell type or size.
    """
    kind = {"lstm_params": lstm, "rnn_params": rnn}[name].Params
    if not isinstance(given, kind):
        came = f"{type(given).__module__.split('.')[-1]}.{type(given).__name__}"
        raise ValueError(f"{name}: expected {name.replace('_params', '.Params')}, got {came}")
    given.check()
    H, D = given.W_hh.shape[1], given.W_ih.shape[1]
    if (H, D) != (1, 1):
        raise ValueError(f"{name}: expected one unit and one feature, got {H} and {D}")
    copies = [array.astype(float) for array in given]
    for array in copies:
        array.setflags(write=False)
    return kind(*copies)


def _stage(widget, name, value):
    if value not in STAGES:
        raise ValueError(f"{name}: expected one of {', '.join(STAGES)}, got {value!r}")
    return value


def _draw(cell, rng):
    """Draw random parameters for one unit, rounded to the two decimals shown on screen."""
    return cell.Params(*(array.round(2) for array in cell.Params.random(1, 1, rng)))


class BackwardExplorer(base.Widget):
    """Follow the gradient back from the loss through one LSTM unit and one RNN unit, gate by gate.

    Each setting is a keyword argument and an attribute. lstm_params, rnn_params: an `lstm.Params`
    and an `rnn.Params` with one unit and one feature; by default, random parameters from `seed`.
    x: 2 to 20 inputs. T: the number of inputs to read. read: the time step, from 1 to T, whose h is
    taken as the loss. forget_bias: the forget gate's bias, which replaces the bias in lstm_params.
    detach: True to stop the gradient from h to the gates. step, stage: the time step and the stage
    that the backward pass has reached; a stage is one of `drawings.STAGES`. words: the labels, from
    `ENGLISH` or a translation. `values` contains all gradients that the widget can show, at every
    time step. Raises ValueError for NaN, for parameters of another cell, and for an unknown step or
    stage.
    """

    view = "backward_explorer"
    tables = ("all", "backward")

    lstm_params = base.Setting(_one_unit, _draw(lstm, np.random.default_rng(9)))
    rnn_params = base.Setting(_one_unit, _draw(rnn, np.random.default_rng(9)))
    x = base.Setting(lambda widget, name, x: base.row(name, x, 2, 20), base.Row([0.0] * 20))
    T = base.Setting(lambda widget, name, T: base.whole(name, T, 2, len(widget.x)), 8)
    read = base.Setting(lambda widget, name, read: base.whole(name, read, 1, widget.T), 8)
    forget_bias = base.Setting(lambda widget, name, b: base.number(name, b), 1.0)
    detach = base.Setting(lambda widget, name, value: base.flag(name, value), False)
    step = base.Setting(lambda widget, name, step: base.whole(name, step, 1, widget.read), 8)
    stage = base.Setting(_stage, "dh")

    def __init__(
        self, lstm_params=None, rnn_params=None, x=None, *, seed=9, words=ENGLISH, **settings
    ):
        if lstm_params is None:
            settings.setdefault("forget_bias", 1.0)
        rng = np.random.default_rng(seed)
        drawn = _draw(lstm, rng), _draw(rnn, rng), rng.normal(size=20).round(2)
        given = {"lstm_params": lstm_params, "rnn_params": rnn_params, "x": x}
        for (name, own), mine in zip(given.items(), drawn, strict=True):
            settings[name] = mine if own is None else own
        super().__init__(settings, words)

    @classmethod
    def _drawings(cls):
        return [drawings.lstm_cell(backward=True), drawings.rnn_cell(backward=True)]

    @property
    def params(self):
        """The LSTM's parameters, with the chosen forget bias."""
        b_ih, b_hh = self.lstm_params.b_ih.copy(), self.lstm_params.b_hh.copy()
        b_ih[1], b_hh[1] = self.forget_bias, 0
        return self.lstm_params._replace(b_ih=b_ih, b_hh=b_hh)

    # As in the browser, a setting at its upper bound moves with the bound. Others are clipped.

    @observe("lstm_params")
    def _take_bias(self, change):
        self.forget_bias = (change.new.b_ih + change.new.b_hh)[1]

    @observe("x")
    def _bound_T(self, change):
        self.T = min(self.T, len(self.x))

    @observe("T")
    def _bound_read(self, change):
        self.read = self.T if self.read == change.old else min(self.read, self.T)

    @observe("read")
    def _bound_step(self, change):
        self.step = self.read if self.step == change.old else min(self.step, self.read)

    @property
    def values(self):
        """All gradients on the screen, computed by the NumPy cells."""
        p, q, x = self.params, self.rnn_params, np.array(self.x[: self.T])[:, None, None]
        trace, simple = lstm.forward(p, x), rnn.forward(q, x)
        dh = np.zeros_like(x)
        dh[self.read - 1] = 1
        whole = lstm.backward(p, trace, dh).c.ravel()
        # The gradient reaches h_{t−1} only through W_hh, so setting W_hh to zero detaches h.
        if self.detach:
            p, q = (params._replace(W_hh=np.zeros_like(params.W_hh)) for params in (p, q))
        back, back_rnn = lstm.backward(p, trace, dh), rnn.backward(q, simple, dh)

        i, f, g, o, c, h = (getattr(trace, k).ravel() for k in "ifgoch")
        dh, dc, da = back.h.ravel(), back.c.ravel(), back.a[:, 0]
        c_before = np.append(trace.c0, c[:-1])
        ours = dict(i=i, f=f, g=g, o=o, c=c, h=h, dh=dh, dc=dc)
        ours |= {"do": dh * np.tanh(c), "df": dc * c_before, "di": dc * g, "dg": dc * i}
        ours |= {f"da_{k}": da[:, n] for n, k in enumerate("ifgo")}
        ours |= {"dh_before": da @ p.W_hh[:, 0], "dc_before": dc * f}
        theirs = {
            "h": simple.h,
            "dh": back_rnn.h,
            "da": back_rnn.a,
            "dh_before": back_rnn.a @ q.W_hh,
        }

        # Along the cell state, each step back multiplies dc by f. The rest of dc goes through h.
        n = self.read
        wire = np.zeros(self.T)
        wire[:n] = whole[n - 1] * np.cumprod(np.append(1, f[1:n][::-1]))[::-1]
        split = {"whole": whole, "wire": wire, "detour": whole - wire}
        lost = {"lstm": shrinking(dc[:n]), "rnn": shrinking(back_rnn.h.ravel()[:n])}
        return {"lstm": _lists(ours), "rnn": _lists(theirs), **_lists(split), "lost": lost}

    def lost(self, values):
        """Return two sentences that say where each cell loses the gradient.

        values: the widget's `values`.
        """
        words, told = self.words["lost"], []
        for name, found in values["lost"].items():
            t, f = found["step"], values["lstm"]["f"]
            kind = "here" if self.read == 1 else name if found["share"] else "none"
            parts = {k: figure(found[k]) for k in ("share", "factor", "least")}
            parts |= {"read": self.read, "t": t, "a": t + 1, "f": number(f[min(t, self.T - 1)])}
            told.append(words[kind].format(name=name.upper(), **parts))
        return told

    def picture(self):
        """Return a `Plot` of both networks, the gradients, and each cell at one time step."""
        settings = {name: getattr(self, name) for name in self.settings()}
        values, words = self.values, self.words
        split = {name: values[name] for name in ("whole", "wire", "detour")}
        names = words["curves"] | {name: words[name] for name in ("loss", "size")}
        stage = f"{self.stage} at loss" if self.step == self.read else self.stage
        stage = "back cut" if self.detach and self.stage == "back" else stage
        sentence = words["stage"].get(stage, words["stage"][self.stage])
        sentence = sentence.format(t=self.step, b=self.step - 1, a=self.step + 1)
        ours, theirs = values["lstm"], values["rnn"]
        told = sentence, self.lost(values)
        return stills.backward_explorer(settings, ours, theirs, split, names, *told)


def shrinking(gradient):
    """Measure how a gradient (T,) shrinks from the last time step back to the first.

    Returns a dict. share: |g_1| / |g_T|. factor: the geometric mean of the ratios
    |g_t| / |g_{t+1}|. least: the smallest ratio |g_t| / |g_{t+1}|. step: the time step t with the
    smallest ratio, counted from 1.
    For a single time step, all four values are 1.
    """
    size = np.abs(gradient)
    if len(size) == 1:
        return {"share": 1.0, "factor": 1.0, "least": 1.0, "step": 1}
    ratios = size[:-1] / np.where(size[1:], size[1:], np.inf)
    share = float(size[0] / size[-1]) if size[-1] else 0.0
    step = int(np.argmin(ratios))
    factor = share ** (1 / (len(size) - 1))
    return {"share": share, "factor": factor, "least": float(ratios[step]), "step": step + 1}


def _lists(arrays):
    return {name: np.ravel(array).tolist() for name, array in arrays.items()}
