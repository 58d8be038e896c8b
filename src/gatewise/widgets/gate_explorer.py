"""GateExplorer shows one unit of an LSTM with one input; GRUExplorer shows one unit of a GRU.

Both classes inherit from `Explorer` and use the same view.
"""

import numpy as np
from traitlets import observe

from gatewise import drawings
from gatewise.cells import gru, lstm
from gatewise.cells.stack import mirrored
from gatewise.widgets import base, stills, tasks
from gatewise.widgets.words import ENGLISH


def _number(widget, name, value):
    return base.number(name, value)


def _repeats(widget, name, n):
    return base.whole(name, n, 0, 50)


def _by_gate(**first):
    """Return a setting with one finite number per gate. A new value may omit unchanged gates."""

    def check(widget, name, named):
        old = getattr(widget, name)
        return base.Mapping({**old, **base.by_name(name, named, list(first), base.number)})

    return base.Setting(check, base.Mapping(first))


# The initial settings of a task.
UNPROGRAMMED = {
    "w_x": {"i": 1.0, "f": 0.0, "g": 1.0, "o": 0.0},
    "w_h": {"i": 0.0, "f": 0.0, "g": 0.5, "o": 0.0},
    "b": {"i": 0.0, "f": 1.0, "g": 0.0, "o": 1.0},
}


class Explorer(base.Widget):
    """The base class of GateExplorer and GRUExplorer.

    A subclass sets `module` (a module of `gatewise.cells`) and `cell` (the module's short name),
    and defines `params`, `_state(came)`, `_step(p, came)`, `_drawings()` and `_unit(…)`.
    """

    view = "gate_explorer"

    x = base.Setting(_number, 1.0)
    h_before = base.Setting(_number, 0.0)
    inputs = base.Setting(
        lambda widget, name, values: base.row(name, values, 1, 50),
        base.Row([1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 1.0, 0.0]),
    )
    repeats = base.Setting(_repeats, 0)

    def __init__(self, *, task="", held=None, note="", words=ENGLISH, **settings):
        self.task, self.note = task, note
        visible, unseen = (tasks.visible(task), tasks.unseen(task)) if task else ([], [])
        self.visible, self.all = visible, visible + unseen
        self.held = base.Mapping(dict.fromkeys(type(self).b.default_value, 0.0) | (held or {}))
        if "inputs" in settings:
            settings.setdefault("repeats", 0)
        super().__init__(
            settings,
            words,
            cell=self.cell,
            task=task,
            note=note,
            held=self.held,
            sequences=[_plain(sequence) for sequence in visible],
            unseen=[_plain(sequence) for sequence in unseen],
        )

    @classmethod
    def first(cls, words):
        """Return the data that `mount` needs for an explorer with default settings and no task.

        words: the labels.
        """
        constants = {"cell": cls.cell, "task": "", "sequences": [], "unseen": []}
        return cls.shared(words) | constants | cls.defaults()

    @classmethod
    def from_trace(
        cls, params, trace, t, b, unit, feature=None, *, reverse=False, words=ENGLISH, **settings
    ):
        """Show one unit of a layer, with the unit's own weights, at one time step of a sequence.

        params, trace: the cell's `Params`, and a `Trace` computed with these parameters.
        t, b, unit: the time step, the sequence and the unit, counted from 0.
        feature: the input feature that x controls; by default, the feature with the largest
        magnitude. reverse: True for a trace of the reverse direction from `gatewise.trace`.
        The other features and units keep their values from the chosen time step.
        words, settings: the same as for the class. Returns an explorer.
        Raises ValueError for an index out of range, for a trace of another cell, and for a trace
        computed with other parameters.
        """
        module = cls.module.__name__.split(".")[-1]
        for name, given, kind in [("params", params, "Params"), ("trace", trace, "Trace")]:
            if not isinstance(given, getattr(cls.module, kind)):
                came = f"{type(given).__module__.split('.')[-1]}.{type(given).__name__}"
                raise ValueError(f"{name}: expected {module}.{kind}, got {came}")
        T, B, D = trace.x.shape
        sizes = {"t": (t, T), "b": (b, B), "unit": (unit, trace.h.shape[2])}
        if feature is not None:
            sizes["feature"] = (feature, D)
        for name, (value, size) in sizes.items():
            base.whole(name, value, 0, size - 1)
        told = t
        if base.flag("reverse", reverse):
            trace, t = mirrored(trace), T - 1 - t
        x = trace.x[t, b].astype(float)
        feature = int(np.abs(x).argmax()) if feature is None else feature
        after = trace.x[t : t + 8, b, feature]
        found = cls._unit(params, trace, t, b, unit, feature)
        if not np.allclose(found.pop("now").h, trace.h[t], atol=1e-4):
            raise ValueError(
                "trace: expected one computed with these parameters in this direction, and t before"
                " any padding, got another trace or step"
            )
        return cls(
            x=x[feature],
            inputs=np.pad(after.astype(float), (0, 8 - len(after))),
            note=words["gates"]["note"].format(unit=unit, t=told, b=b, feature=feature),
            words=words,
            **found,
            **settings,
        )

    @property
    def values(self):
        """All numbers on the screen, computed by the NumPy cell."""
        p, came = self.params, self._came()
        values = came | self._step(p, came)
        inputs = np.array([self.x] * self.repeats or self.inputs)
        strip = self.module.forward(p, inputs[:, None, None], **self._state(came))
        if self.task:
            strip = self.all[self.sequence - 1].run(p)
            values["right"] = sum(sequence.right(p) for sequence in self.visible)
            values["loss"] = tasks.loss(p, self.visible)
        values["strip"] = {"x": strip.x.ravel().tolist()}
        for k in {"c", "h"} & set(strip._fields):
            values["strip"][k] = getattr(strip, k).ravel().tolist()
        return values

    def _came(self):
        """Return the inputs of the cell in the drawing: x and the previous states."""
        return {k: getattr(self, k) for k in ("x", "h_before", "c_before") if hasattr(self, k)}

    def picture(self):
        """Return a `Plot` of the cell, the curves of the gates, and the sequence.

        In a task, the plot shows the chosen sequence with its bounds, and the chosen time step.
        """
        settings = {name: getattr(self, name) for name in self.settings()}
        settings |= {"held": self.held, "note": self.note, **self._came()}
        values, judged, words = self.values, None, self.words
        first = {"c": settings.get("c_before"), "h": self.h_before}
        fed = "x" if self.repeats else "eight" if len(self.inputs) == 8 else "some"
        title = words["feed"][fed].format(n=self.repeats or len(self.inputs))
        if self.task:
            chosen, n = self.all[self.sequence - 1], len(self.visible)
            judged = {"low": chosen.low, "high": chosen.high, "text": chosen.text or None}
            judged["step"] = self.step
            first = {"c": chosen.c0, "h": 0.0}
            title = words["tally"].format(right=values["right"], n=n)
        does = {k: says.format(p=int(100 * values[k] + 0.5)) for k, says in words["does"].items()}
        strip = {k: [first[k], *v] if k in first else v for k, v in values["strip"].items()}
        return stills.gate_explorer(settings, values, strip, words["gate"], title, judged, does)


class GateExplorer(Explorer):
    """One unit of an LSTM: set the weights and the states, and watch the gates.

    Each setting is a keyword argument and an attribute. x, h_before, c_before: the input and the
    previous states. w_x, w_h, b: dicts mapping the symbols i, f, g and o to numbers; an omitted
    gate keeps its current number. repeats: the number of times that the cell reads x, or 0 to read
    `inputs`, a sequence of 1 to 50 numbers. With the default weights, the cell keeps its memory.
    task: a task for the reader ("keep", "overwrite", "count" or "quote"). In a task, `sequence` and
    `step` choose the sequence and the time step in the drawing, both counted from 1. The unseen
    sequences come last.
    words: the labels, from `ENGLISH` or a translation. `values` contains all numbers on the screen.
    Raises ValueError for NaN and for an unknown gate, task, sequence or time step.
    """

    module, cell = lstm, "lstm"
    tables = ("all", "gates", "lstm")

    repeats = base.Setting(_repeats, 8)
    c_before = base.Setting(_number, 0.5)
    w_x = _by_gate(i=0.0, f=0.0, g=1.0, o=0.0)
    w_h = _by_gate(i=0.0, f=0.0, g=0.0, o=0.0)
    b = _by_gate(i=-8.0, f=8.0, g=0.0, o=8.0)
    sequence = base.Setting(lambda widget, name, n: base.whole(name, n, 1, len(widget.all) or 1), 1)
    step = base.Setting(lambda widget, name, t: base.whole(name, t, 1, widget._last()), 1)

    def __init__(self, task="", **settings):
        if task and task not in tasks.TASKS:
            raise ValueError(f"task: expected one of {', '.join(tasks.TASKS)}, got {task!r}")
        if task:  # the initial settings must not solve the task
            for name, first in UNPROGRAMMED.items():
                given = settings.get(name, {})
                settings[name] = {**first, **given} if isinstance(given, dict) else given
        super().__init__(task=task, **settings)

    @observe("sequence")
    def _bound_step(self, change):
        self.step = min(self.step, self._last())

    def _last(self):
        return len(self.all[self.sequence - 1].x) if self.task else 1

    def _came(self):
        if not self.task:
            return super()._came()
        shown, t = self.all[self.sequence - 1], self.step - 1
        trace = shown.run(self.params)
        h, c = (trace.h[t - 1], trace.c[t - 1]) if t else (trace.h0, trace.c0)
        return {"x": float(shown.x[t]), "h_before": h.item(), "c_before": c.item()}

    @classmethod
    def _unit(cls, params, trace, t, b, unit, feature):
        h, c = (trace.h[t - 1], trace.c[t - 1]) if t else (trace.h0, trace.c0)
        row, w_x, w_h, others_x, others_h = _rows(params, trace, t, b, unit, feature, h[b])
        return {
            "now": lstm.step(params, trace.x[t], h, c),
            "h_before": h[b, unit],
            "c_before": c[b, unit],
            "w_x": _by("ifgo", w_x),
            "w_h": _by("ifgo", w_h),
            "b": _by("ifgo", (params.b_ih + params.b_hh)[row]),
            "held": _by("ifgo", others_x + others_h),
        }

    @property
    def params(self):
        """The unit's `lstm.Params` with D = H = 1; `b_hh` is the effect of the other inputs."""
        w_x, w_h, b, held = (_column(by, "ifgo") for by in (self.w_x, self.w_h, self.b, self.held))
        return lstm.Params(w_x[:, None], w_h[:, None], b, held)

    def check(self):
        """Test the cell on the task's unseen sequences, and print how many it gets right.

        Returns True if the cell gets all sequences right. Raises ValueError if there is no task.
        """
        if not self.task:
            raise ValueError("expected a GateExplorer with a task to check, got one without")
        unseen, params = self.all[len(self.visible) :], self.params
        right = sum(sequence.right(params) for sequence in unseen)
        print(self.words["checked"].format(task=self.task, right=right, n=len(unseen)))
        return right == len(unseen)

    @classmethod
    def shared(cls, words):
        """Return the shared constants, and the settings for gradient descent on a task.

        words: the labels.
        """
        return super().shared(words) | {"descent": tasks.DESCENT}

    @classmethod
    def _drawings(cls):
        return [drawings.lstm_cell()]

    def _state(self, came):
        return {"h0": np.array([[came["h_before"]]]), "c0": np.array([[came["c_before"]]])}

    def _step(self, p, came):
        x, state = np.array([[came["x"]]]), self._state(came)
        now = lstm.step(p, x, state["h0"], state["c0"])
        a = (p.W_ih @ x + p.W_hh @ state["h0"])[:, 0] + p.b_ih + p.b_hh
        values = {f"a_{k}": float(a[n]) for n, k in enumerate("ifgo")}
        values |= {k: getattr(now, k).item() for k in "ifgoch"}
        values |= {"kept": values["f"] * came["c_before"], "added": values["i"] * values["g"]}
        return values | {"tanh_c": float(np.tanh(values["c"]))}


class GRUExplorer(Explorer):
    """One unit of a GRU, which has one state, two gates and a candidate.

    Each setting is a keyword argument and an attribute. x, h_before: the input and the previous
    state. w_x, w_h: dicts mapping the symbols r, z and n to numbers. b: a dict mapping r, z, n and
    q to numbers, where q is the bias on the candidate's hidden side (torch's b_hn). An omitted gate
    keeps its current number.
    reset_after: True for torch's form, False for the form in Cho et al.
    repeats: the number of times that the cell reads x, or 0 to read `inputs`, a sequence of 1 to 50
    numbers.
    task: available only in a GateExplorer. held, note: values that `from_trace` sets.
    words: the labels, from `ENGLISH` or a translation. `values` contains all numbers on the screen.
    Raises ValueError for NaN and for an unknown gate.
    """

    module, cell = gru, "gru"
    tables = ("all", "gates", "gru")

    h_before = base.Setting(_number, 0.5)
    w_x = _by_gate(r=1.0, z=-1.0, n=1.0)
    w_h = _by_gate(r=0.0, z=0.0, n=1.0)
    b = _by_gate(r=0.0, z=0.5, n=0.0, q=0.5)
    reset_after = base.Setting(lambda widget, name, value: base.flag(name, value), True)

    @classmethod
    def _unit(cls, params, trace, t, b, unit, feature):
        h = trace.h[t - 1] if t else trace.h0
        now = gru.step(params, trace.x[t], h, trace.reset_after)
        row, w_x, w_h, others_x, others_h = _rows(params, trace, t, b, unit, feature, h[b])
        if not trace.reset_after:  # the other units reach q through their own reset gates
            _, _, _, _, others_rh = _rows(params, trace, t, b, unit, feature, (now.r * h)[b])
            others_h[2] = others_rh[2]
        b_ih, b_hh = params.b_ih[row], params.b_hh[row]
        return {
            "now": now,
            "h_before": h[b, unit],
            "w_x": _by("rzn", w_x),
            "w_h": _by("rzn", w_h),
            "b": _by("rznq", [*(b_ih + b_hh)[:2], b_ih[2], b_hh[2]]),
            "held": _by("rznq", [*(others_x + others_h)[:2], others_x[2], others_h[2]]),
            "reset_after": trace.reset_after,
        }

    @property
    def params(self):
        """The unit's `gru.Params` with D = H = 1; the biases include the other inputs' effect."""
        w_x, w_h = _column(self.w_x, "rzn"), _column(self.w_h, "rzn")
        b, held = _column(self.b, "rznq"), _column(self.held, "rznq")
        hidden = np.array([0, 0, b[3] + held[3]])
        return gru.Params(w_x[:, None], w_h[:, None], b[:3] + held[:3], hidden)

    @classmethod
    def _drawings(cls):
        return [drawings.gru_cell(reset_after=form) for form in (True, False)]

    def _state(self, came):
        return {"h0": np.array([[came["h_before"]]]), "reset_after": self.reset_after}

    def _step(self, p, came):
        x, h = np.array([[came["x"]]]), came["h_before"]
        now = gru.step(p, x, np.array([[h]]), self.reset_after)
        values = {k: getattr(now, k).item() for k in "rznqh"}
        a = (p.W_ih @ x)[:, 0] + p.b_ih
        gated = values["r"] * (values["q"] if self.reset_after else h)
        values |= {f"a_{k}": float(a[n] + p.W_hh[n, 0] * h) for n, k in enumerate("rz")}
        values["a_n"] = float(a[2] + (gated if self.reset_after else values["q"]))
        values |= {"gated": gated, "rest": 1 - values["z"], "kept": values["z"] * h}
        return values | {"added": values["rest"] * values["n"]}


def _rows(params, trace, t, b, unit, feature, h):
    """Return five arrays: a unit's row indices, its weights w_x and w_h, and two sums.

    The sums are the contributions of the other features and units to the pre-activations.
    """
    H, x = trace.h.shape[2], trace.x[t, b].astype(float)
    row = np.arange(unit, len(params.W_ih), H)
    W_ih, W_hh = params.W_ih[row].astype(float), params.W_hh[row].astype(float)
    w_x, w_h = W_ih[:, feature], W_hh[:, unit]
    return row, w_x, w_h, W_ih @ x - w_x * x[feature], W_hh @ h - w_h * h[unit]


def _by(letters, rows):
    return {k: float(value) for k, value in zip(letters, rows, strict=True)}


def _column(by, letters):
    return np.array([by[k] for k in letters], dtype=float)


def _plain(sequence):
    """Convert a sequence to JSON data. A missing bound becomes None."""
    low, high = ([b if np.isfinite(b) else None for b in s] for s in (sequence.low, sequence.high))
    x, c0 = sequence.x.tolist(), float(sequence.c0)
    return {"x": x, "c0": c0, "low": low, "high": high, "text": sequence.text}
