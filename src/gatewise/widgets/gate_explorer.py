"""GateExplorer: one unit of an LSTM with one input, under the reader's hand; GRUExplorer: of a GRU.

What both share stands in `Explorer`. The face is one as well: it is told which cell it shows.
"""

import numpy as np
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from gatewise import drawings, plots
from gatewise.cells import gru, lstm
from gatewise.widgets import tasks
from gatewise.widgets.base import Widget
from gatewise.widgets.words import ENGLISH


class ByGate(Dict):
    """A finite number for each of some letters; one that is not named stays as it is."""

    def __init__(self, **first):
        self.first = first
        super().__init__(first)

    def validate(self, obj, given):
        unknown = set(super().validate(obj, given)) - set(self.first)
        if unknown:
            known = ", ".join(self.first)
            raise ValueError(f"{self.name} has no gate {min(unknown)!r}: there are {known}")
        whole = {**obj._trait_values.get(self.name, self.first), **given}
        return {k: _finite(f"{self.name}[{k!r}]", whole[k]) for k in self.first}


class Explorer(Widget):
    """What the explorers of one unit share.

    A subclass names its `room`, a module of `gatewise.cells`, the letters of its `gates` in the
    order of their rows, and its `settings`; it has `params`, `_state()`, `_step(p)` and
    `_unit(...)`.
    """

    face = "gate_explorer"

    x = Float(1.0).tag(sync=True)
    h_before = Float(0.0).tag(sync=True)
    inputs = List(Float(), [1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 1.0, 0.0], 1, 50).tag(sync=True)
    repeats = Int(0, min=0, max=50).tag(sync=True)
    task, note = Unicode().tag(sync=True), Unicode().tag(sync=True)
    sequences = List().tag(sync=True)
    values = Dict().tag(sync=True)
    # What the face is made of; nothing of it changes.
    palette = Dict(plots.PALETTE).tag(sync=True)
    words, start = Dict(ENGLISH).tag(sync=True), Dict().tag(sync=True)

    def __init__(self, **settings):
        unknown = set(settings) - set(self.traits())
        if unknown:
            known = ", ".join(self.settings)
            raise ValueError(f"no setting {min(unknown)!r}: there are {known}")
        super().__init__(**settings)
        self.start = {name: getattr(self, name) for name in self.settings}
        self._compute()

    @classmethod
    def from_trace(cls, params, trace, t, b, unit, feature=None, **settings):
        """One unit of a layer, at one step of one sequence, with its own weights.

        params, trace: the `Params` and the `Trace` that it made, of this cell. t, b, unit: counted
        from 0. feature: the input feature that x turns; the largest at that step if not given.
        What the unit reads besides, of other features and units, is held as it was at that step.
        Raises ValueError for what does not exist, and for a trace of another cell.
        """
        room = cls.room.__name__.split(".")[-1]
        for name, given, meant in [("params", params, "Params"), ("trace", trace, "Trace")]:
            if not isinstance(given, getattr(cls.room, meant)):
                came = f"{type(given).__module__.split('.')[-1]}.{type(given).__name__}"
                raise ValueError(f"{name} is {came}, but {cls.__name__} takes {room}.{meant}")
        T, B, D = trace.x.shape
        sizes = {"t": (t, T), "b": (b, B), "unit": (unit, trace.h.shape[2])}
        if feature is not None:
            sizes["feature"] = (feature, D)
        for name, (index, size) in sizes.items():
            if not 0 <= index < size:
                raise ValueError(f"{name}={index} does not exist: the trace has 0 to {size - 1}")
        x = trace.x[t, b].astype(float)
        feature = int(np.abs(x).argmax()) if feature is None else feature
        after = trace.x[t : t + 8, b, feature]
        found = cls._unit(params, trace, t, b, unit, feature)
        if not np.allclose(found.pop("now").h, trace.h[t], atol=1e-4):
            raise ValueError("these parameters did not make this trace")
        return cls(
            x=float(x[feature]),
            inputs=np.pad(after.astype(float), (0, 8 - len(after))).tolist(),
            note=settings.get("words", ENGLISH)["note"].format(
                unit=unit, t=t, b=b, feature=feature
            ),
            **found,
            **settings,
        )

    def picture(self):
        """The state as a still `Plot`."""
        return plots.gate_explorer(self.values)

    @validate("x", "h_before", "c_before", "inputs")
    def _number(self, proposal):
        name, given = proposal["trait"].name, proposal["value"]
        if name == "inputs":
            return [_finite(f"inputs[{t}]", x) for t, x in enumerate(given)]
        return _finite(name, given)

    def _changed(self, change):
        # The browser sends the values along; what it showed is what counts.
        if self.start and not self.by_browser:
            self._compute()

    def _compute(self):
        """Every number on the face, by the cell in NumPy."""
        p, state = self.params, self._state()
        values = self._step(p, np.array([[self.x]]), state)
        inputs = np.array([self.x] * self.repeats or self.inputs)
        strip = self.room.forward(p, inputs[:, None, None], **state)
        values["strip"] = {"x": inputs.tolist()}
        for k in {"c", "h"} & set(strip._fields):
            values["strip"][k] = getattr(strip, k).ravel().tolist()
        self.values = values


LSTM_SETTINGS = ["x", "h_before", "c_before", "w_x", "w_h", "b", "inputs", "repeats"]


class GateExplorer(Explorer):
    """One unit of an LSTM: turn its weights and states, watch its gates.

    Settings, as keywords and as attributes: `x`, `h_before`, `c_before`; `w_x`, `w_h`, `b`, each
    a number for each of i, f, g, o (those not named stay as they are); `inputs`, the sequence;
    `repeats`, how often x is repeated instead, 0 for not at all.
    task: "keep", "overwrite", "count" or "quote", to be programmed by hand. words: another
    edition's `ENGLISH`. `values` holds every number on the screen.
    Raises ValueError for NaN, for a gate or a task that does not exist.
    """

    room, gates, settings = lstm, "ifgo", LSTM_SETTINGS

    cell = Unicode("lstm").tag(sync=True)
    c_before = Float(0.5).tag(sync=True)
    w_x = ByGate(i=1.0, f=0.0, g=1.0, o=0.0).tag(sync=True)
    w_h = ByGate(i=0.0, f=0.0, g=0.5, o=0.0).tag(sync=True)
    b = ByGate(i=0.0, f=1.0, g=0.0, o=1.0).tag(sync=True)
    held = ByGate(i=0.0, f=0.0, g=0.0, o=0.0).tag(sync=True)
    drawings = List([drawings.lstm_cell().svg()]).tag(sync=True)

    def __init__(self, task="", **settings):
        if task and task not in tasks.TASKS:
            raise ValueError(f"no task {task!r}: there are {', '.join(tasks.TASKS)}")
        shown = [_plain(sequence) for sequence in tasks.visible(task)] if task else []
        super().__init__(task=task, sequences=shown, **settings)

    @classmethod
    def _unit(cls, params, trace, t, b, unit, feature):
        h, c = (trace.h[t - 1], trace.c[t - 1]) if t else (trace.h0, trace.c0)
        row, w_x, w_h, others_x, others_h = _rows(params, trace, t, b, unit, feature, h[b])
        return {
            "now": lstm.step(params, trace.x[t], h, c),
            "h_before": float(h[b, unit]),
            "c_before": float(c[b, unit]),
            "w_x": _by("ifgo", w_x),
            "w_h": _by("ifgo", w_h),
            "b": _by("ifgo", (params.b_ih + params.b_hh)[row]),
            "held": _by("ifgo", others_x + others_h),
        }

    @property
    def params(self):
        """The unit as `lstm.Params` with D = H = 1; what is held stands in `b_hh`."""
        w_x, w_h, b, held = (_column(by, "ifgo") for by in (self.w_x, self.w_h, self.b, self.held))
        return lstm.Params(w_x[:, None], w_h[:, None], b, held)

    def check(self):
        """Run the task on sequences that were not shown; print how many are right.

        Returns whether all are. Raises ValueError if the widget has no task.
        """
        if not self.task:
            raise ValueError("nothing to check: this GateExplorer was made without a task")
        unseen, params = tasks.unseen(self.task), self.params
        right = sum(sequence.right(params) for sequence in unseen)
        print(self.words["checked"].format(task=self.task, right=right, n=len(unseen)))
        return right == len(unseen)

    def picture(self):
        """The state as a still `Plot`; with a task, its first sequence."""
        if not self.task:
            return plots.gate_explorer(self.values)
        shown = tasks.visible(self.task)
        x, c0 = shown[0].x[:, None, None], np.full((1, 1), shown[0].c0)
        c = lstm.forward(self.params, x, c0=c0).c.ravel()
        tally = self.words["tally"].format(right=self.values["right"], n=len(shown))
        return plots.task(shown[0].x, c, shown[0].low, shown[0].high, tally)

    _follow = observe(*LSTM_SETTINGS)(Explorer._changed)

    def _state(self):
        return {"h0": np.array([[self.h_before]]), "c0": np.array([[self.c_before]])}

    def _step(self, p, x, state):
        now = lstm.step(p, x, state["h0"], state["c0"])
        a = (p.W_ih @ x + p.W_hh @ state["h0"])[:, 0] + p.b_ih + p.b_hh
        values = {f"a_{k}": float(a[n]) for n, k in enumerate("ifgo")}
        values |= {k: getattr(now, k).item() for k in "ifgoch"}
        values |= {"kept": values["f"] * self.c_before, "added": values["i"] * values["g"]}
        values["tanh_c"] = float(np.tanh(values["c"]))
        if self.task:
            values["right"] = sum(s.right(p) for s in tasks.visible(self.task))
        return values


GRU_SETTINGS = ["x", "h_before", "w_x", "w_h", "b", "reset_after", "inputs", "repeats"]


class GRUExplorer(Explorer):
    """One unit of a GRU: the GateExplorer with one state, two gates and a candidate.

    Settings, as keywords and as attributes: `x`, `h_before`; `w_x`, `w_h`, each a number for each
    of r, z, n, and `b`, for q as well: the bias of the hidden side, torch's b_hn (those not named
    stay as they are); `reset_after`, True for torch's form, False for that of Cho et al.;
    `inputs`, the sequence; `repeats`, how often x is repeated instead, 0 for not at all.
    words: another edition's `ENGLISH`. `values` holds every number on the screen.
    Raises ValueError for NaN, and for a gate that does not exist.
    """

    room, gates, settings = gru, "rzn", GRU_SETTINGS

    cell = Unicode("gru").tag(sync=True)
    h_before = Float(0.5).tag(sync=True)
    w_x = ByGate(r=1.0, z=-1.0, n=1.0).tag(sync=True)
    w_h = ByGate(r=0.0, z=0.0, n=1.0).tag(sync=True)
    b = ByGate(r=0.0, z=0.5, n=0.0, q=0.5).tag(sync=True)
    held = ByGate(r=0.0, z=0.0, n=0.0, q=0.0).tag(sync=True)
    reset_after = Bool(True).tag(sync=True)
    drawings = List([drawings.gru_cell(None, form).svg() for form in (True, False)]).tag(sync=True)

    @classmethod
    def _unit(cls, params, trace, t, b, unit, feature):
        h = trace.h[t - 1] if t else trace.h0
        now = gru.step(params, trace.x[t], h, trace.reset_after)
        row, w_x, w_h, others_x, others_h = _rows(params, trace, t, b, unit, feature, h[b])
        if not trace.reset_after:  # the others reach q through their own resets
            _, _, _, _, others_rh = _rows(params, trace, t, b, unit, feature, (now.r * h)[b])
            others_h[2] = others_rh[2]
        b_ih, b_hh = params.b_ih[row], params.b_hh[row]
        return {
            "now": now,
            "h_before": float(h[b, unit]),
            "w_x": _by("rzn", w_x),
            "w_h": _by("rzn", w_h),
            "b": _by("rznq", [*(b_ih + b_hh)[:2], b_ih[2], b_hh[2]]),
            "held": _by("rznq", [*(others_x + others_h)[:2], others_x[2], others_h[2]]),
            "reset_after": trace.reset_after,
        }

    @property
    def params(self):
        """The unit as `gru.Params` with D = H = 1; what is held is part of the biases."""
        w_x, w_h = _column(self.w_x, "rzn"), _column(self.w_h, "rzn")
        b, held = _column(self.b, "rznq"), _column(self.held, "rznq")
        hidden = np.array([0, 0, b[3] + held[3]])
        return gru.Params(w_x[:, None], w_h[:, None], b[:3] + held[:3], hidden)

    _follow = observe(*GRU_SETTINGS)(Explorer._changed)

    def _state(self):
        return {"h0": np.array([[self.h_before]]), "reset_after": self.reset_after}

    def _step(self, p, x, state):
        h = self.h_before
        now = gru.step(p, x, state["h0"], self.reset_after)
        values = {k: getattr(now, k).item() for k in "rznqh"}
        a = (p.W_ih @ x)[:, 0] + p.b_ih
        gated = values["r"] * (values["q"] if self.reset_after else h)
        values |= {f"a_{k}": float(a[n] + p.W_hh[n, 0] * h) for n, k in enumerate("rz")}
        values["a_n"] = float(a[2] + (gated if self.reset_after else values["q"]))
        values |= {"gated": gated, "rest": 1 - values["z"], "kept": values["z"] * h}
        return values | {"added": values["rest"] * values["n"]}


def _rows(params, trace, t, b, unit, feature, h):
    """One unit's rows of the weights: their places, by the feature, by the unit, by all others."""
    H, x = trace.h.shape[2], trace.x[t, b].astype(float)
    row = np.arange(unit, len(params.W_ih), H)
    W_ih, W_hh = params.W_ih[row].astype(float), params.W_hh[row].astype(float)
    w_x, w_h = W_ih[:, feature], W_hh[:, unit]
    return row, w_x, w_h, W_ih @ x - w_x * x[feature], W_hh @ h - w_h * h[unit]


def _by(letters, rows):
    return {k: float(value) for k, value in zip(letters, rows, strict=True)}


def _column(by, letters):
    return np.array([by[k] for k in letters], dtype=float)


def _finite(name, value):
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}, but a finite number is meant")
    return float(value)


def _plain(sequence):
    """A sequence as JSON can carry it: no bound where c is not judged."""
    low, high = ([b if np.isfinite(b) else None for b in s] for s in (sequence.low, sequence.high))
    x, c0 = sequence.x.tolist(), float(sequence.c0)
    return {"x": x, "c0": c0, "low": low, "high": high, "text": sequence.text}
