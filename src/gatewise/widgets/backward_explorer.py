"""BackwardExplorer: the gradient on its way back through one LSTM unit, and one RNN unit."""

import numpy as np
from traitlets import Bool, Dict, Float, Instance, Int, List, Unicode, observe, validate

from gatewise import drawings, plots
from gatewise.cells import lstm, rnn
from gatewise.widgets.base import Widget
from gatewise.widgets.words import ENGLISH

SETTINGS = ["lstm_params", "rnn_params", "x", "T", "read", "forget_bias", "detach", "step", "stage"]
# What is found at a step, in this order: `da` are the four sums, `back` what leaves to the left.
STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"]


class Sequence(List):
    """One input a step: 2 to 20 finite numbers, as a list or an array."""

    def validate(self, obj, given):
        x = np.asarray(given, dtype=float)
        if x.ndim != 1:
            raise ValueError(f"{self.name} has shape {x.shape}, but (T,) is meant: one sequence")
        if not 2 <= len(x) <= 20:
            raise ValueError(f"{self.name} has {len(x)} steps, but 2 to 20 are meant")
        return [_finite(f"{self.name}[{t}]", value) for t, value in enumerate(x)]


class OneUnit(Instance):
    """Parameters of a cell with one unit and one feature, in float64."""

    def validate(self, obj, given):
        if not isinstance(given, self.klass):
            came = f"{type(given).__module__.split('.')[-1]}.{type(given).__name__}"
            meant = self.name.replace("_params", ".Params")
            raise ValueError(f"{self.name} is {came}, but {meant} is meant")
        given.check()
        H, D = given.W_hh.shape[1], given.W_ih.shape[1]
        if (H, D) != (1, 1):
            raise ValueError(
                f"{self.name} has {H} units and {D} features, but one of each is meant"
            )
        return self.klass(*(array.astype(float) for array in given))


def _plain(params, widget):
    """Parameters as JSON can carry them; of the two biases only the sum counts."""
    w_x, w_h, b = params.W_ih[:, 0], params.W_hh[:, 0], params.b_ih + params.b_hh
    return {"w_x": w_x.tolist(), "w_h": w_h.tolist(), "b": b.tolist()}


class BackwardExplorer(Widget):
    """One LSTM unit and one RNN unit on the same input: step back from the loss, gate by gate.

    Settings, as keywords and as attributes. lstm_params, rnn_params: `lstm.Params` and
    `rnn.Params` of one unit and one feature, drawn from `seed` where not given. x: the inputs,
    2 to 20. T: how many of them are read. read: the step, from 1 to T, whose h is the loss.
    forget_bias: instead of the LSTM's own. detach: h hands nothing back through the gates.
    step, stage: how far back the reader has gone, a stage being one of `STAGES`.
    words: another edition's `ENGLISH`. `values` holds every gradient on the screen, by step.
    Raises ValueError for NaN, another cell's parameters, a step or a stage that does not exist.
    """

    face = "backward_explorer"

    lstm_params = OneUnit(lstm.Params).tag(sync=True, to_json=_plain)
    rnn_params = OneUnit(rnn.Params).tag(sync=True, to_json=_plain)
    x = Sequence(default_value=[0.0] * 20).tag(sync=True)
    T, read, step = Int(8).tag(sync=True), Int(8).tag(sync=True), Int(8).tag(sync=True)
    forget_bias = Float(1.0).tag(sync=True)
    detach = Bool(False).tag(sync=True)
    stage = Unicode("dh").tag(sync=True)
    values = Dict().tag(sync=True)
    # What the face is made of; nothing of it changes.
    drawings = List([drawings.lstm_cell().svg(), diagrams.rnn_cell().svg()]).tag(sync=True)
    palette = Dict(plots.PALETTE).tag(sync=True)
    words = Dict(ENGLISH).tag(sync=True)

    def __init__(self, lstm_params=None, rnn_params=None, x=None, *, seed=9, **settings):
        unknown = set(settings) - set(self.traits())
        if unknown:
            raise ValueError(f"no setting {min(unknown)!r}: there are {', '.join(SETTINGS)}")
        rng = np.random.default_rng(seed)
        drawn = _draw(lstm, rng), _draw(rnn, rng), rng.normal(size=20).round(2)
        given = lstm_params, rnn_params, x
        first = [mine if own is None else own for own, mine in zip(given, drawn, strict=True)]
        settings |= dict(zip(SETTINGS, first, strict=False))
        settings.setdefault("T", min(8, np.size(settings["x"])))
        settings.setdefault("read", settings["T"])
        settings.setdefault("step", settings["read"])
        super().__init__(**settings)
        if lstm_params is not None and "forget_bias" not in settings:
            self.forget_bias = _forget_bias(self.lstm_params)
        self._compute()

    @property
    def params(self):
        """The LSTM's parameters with the forget bias that was chosen."""
        b_ih, b_hh = self.lstm_params.b_ih.copy(), self.lstm_params.b_hh.copy()
        b_ih[1], b_hh[1] = self.forget_bias, 0
        return self.lstm_params._replace(b_ih=b_ih, b_hh=b_hh)

    def picture(self):
        """The state as a still `Plot`."""
        return plots.backward_explorer(self.values, self.read, self.detach)

    @validate("forget_bias", "stage")
    def _fits(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if name == "forget_bias":
            return _finite(name, value)
        if value not in STAGES:
            raise ValueError(f"no stage {value!r}: there are {', '.join(STAGES)}")
        return value

    @validate("T", "read", "step")
    def _exists(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        # Each is bounded by the one before, which is judged first: settings may come together.
        for each, low, high in [("T", 2, len(self.x)), ("read", 1, self.T), ("step", 1, self.read)]:
            number = value if each == name else getattr(self, each)
            if not low <= number <= high:
                raise ValueError(f"{each}={number} does not exist: there are {low} to {high}")
            if each == name:
                return value

    @observe(*SETTINGS)
    def _changed(self, change):
        # The browser sends along all that follows; what it showed is what counts.
        if not self.values or self.by_browser:
            return
        if change.name == "lstm_params":
            self.forget_bias = _forget_bias(change.new)
        elif change.name == "x":
            self.T = min(self.T, len(self.x))
        elif change.name == "T":  # a loss read at the end stays at the end
            self.read = self.T if self.read == change.old else min(self.read, self.T)
        elif change.name == "read":  # the way back begins anew
            self.step, self.stage = self.read, "dh"
        self._compute()

    def _compute(self):
        """Every gradient on the face, by the cells in NumPy."""
        p, q, x = self.params, self.rnn_params, np.array(self.x[: self.T])[:, None, None]
        trace, simple = lstm.forward(p, x), rnn.forward(q, x)
        dh = np.zeros_like(x)
        dh[self.read - 1] = 1
        whole = lstm.backward(p, trace, dh).c.ravel()
        # What h_t−1 gets through the gates passes W_hh, and nothing else does: without W_hh on the
        # way back, h is detached.
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

        # Along the wire alone, each step back costs a factor f; the rest went through the gates.
        n = self.read
        wire = np.zeros(self.T)
        wire[:n] = whole[n - 1] * np.cumprod(np.append(1, f[1:n][::-1]))[::-1]
        split = {"whole": whole, "wire": wire, "detour": whole - wire}
        self.values = {"lstm": _lists(ours), "rnn": _lists(theirs), **_lists(split)}


def _draw(cell, rng):
    """Random parameters of one unit, of two decimals: the numbers on the screen are the numbers."""
    return cell.Params(*(array.round(2) for array in cell.Params.random(1, 1, rng)))


def _forget_bias(params):
    return float((params.b_ih + params.b_hh)[1])


def _finite(name, value):
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}, but a finite number is meant")
    return float(value)


def _lists(arrays):
    return {name: np.ravel(array).tolist() for name, array in arrays.items()}
