"""GateExplorer: one unit of an LSTM with one input, under the reader's hand."""

import numpy as np
from traitlets import Dict, Float, Int, List, Unicode, observe, validate

from gatewise import diagrams, plots
from gatewise.cells import lstm
from gatewise.widgets import tasks
from gatewise.widgets.base import Widget
from gatewise.widgets.words import ENGLISH

ROWS = "ifgo"  # the order of the rows in lstm.Params
SETTINGS = ["x", "h_before", "c_before", "w_x", "w_h", "b", "inputs", "repeats"]


class ByGate(Dict):
    """A finite number for each gate; a gate that is not named stays as it is."""

    def __init__(self, **first):
        self.first = first
        super().__init__(first)

    def validate(self, obj, given):
        unknown = set(super().validate(obj, given)) - set(ROWS)
        if unknown:
            known = ", ".join(ROWS)
            raise ValueError(f"{self.name} has no gate {min(unknown)!r}: there are {known}")
        whole = {**obj._trait_values.get(self.name, self.first), **given}
        return {k: _finite(f"{self.name}[{k!r}]", whole[k]) for k in ROWS}


class GateExplorer(Widget):
    """One unit of an LSTM: turn its weights and states, watch its gates.

    Settings, as keywords and as attributes: `x`, `h_before`, `c_before`; `w_x`, `w_h`, `b`, each
    a number for each of i, f, g, o (those not named stay as they are); `inputs`, the sequence;
    `repeats`, how often x is repeated instead, 0 for not at all.
    task: "keep", "overwrite", "count" or "quote", to be programmed by hand. words: another
    edition's `ENGLISH`. `values` holds every number on the screen.
    Raises ValueError for NaN, for a gate or a task that does not exist.
    """

    face = "gate_explorer"

    x = Float(1.0).tag(sync=True)
    h_before = Float(0.0).tag(sync=True)
    c_before = Float(0.5).tag(sync=True)
    w_x = ByGate(i=1.0, f=0.0, g=1.0, o=0.0).tag(sync=True)
    w_h = ByGate(i=0.0, f=0.0, g=0.5, o=0.0).tag(sync=True)
    b = ByGate(i=0.0, f=1.0, g=0.0, o=1.0).tag(sync=True)
    inputs = List(Float(), [1.0, 0.0, 0.0, -1.0, 0.0, 1.0, 1.0, 0.0], 1, 50).tag(sync=True)
    repeats = Int(0, min=0, max=50).tag(sync=True)
    held = ByGate(i=0.0, f=0.0, g=0.0, o=0.0).tag(sync=True)
    task, note = Unicode().tag(sync=True), Unicode().tag(sync=True)
    values = Dict().tag(sync=True)
    # What the face is made of; nothing of it changes.
    drawing = Unicode(diagrams.lstm_cell().svg()).tag(sync=True)
    palette = Dict(plots.PALETTE).tag(sync=True)
    words, start = Dict(ENGLISH).tag(sync=True), Dict().tag(sync=True)
    sequences = List().tag(sync=True)

    def __init__(self, task="", **settings):
        if task and task not in tasks.TASKS:
            raise ValueError(f"no task {task!r}: there are {', '.join(tasks.TASKS)}")
        unknown = set(settings) - set(self.traits())
        if unknown:
            raise ValueError(f"no setting {min(unknown)!r}: there are {', '.join(SETTINGS)}")
        shown = [_plain(sequence) for sequence in tasks.visible(task)] if task else []
        super().__init__(task=task, sequences=shown, **settings)
        self.start = {name: getattr(self, name) for name in SETTINGS}
        self._compute()

    @classmethod
    def from_trace(cls, params, trace, t, b, unit, feature=None, **settings):
        """One unit of a layer, at one step of one sequence, with its own weights.

        params, trace: an `lstm.Params` and the `lstm.Trace` that it made. t, b, unit: counted
        from 0. feature: the input feature that x turns; the largest at that step if not given.
        What the unit reads besides, of other features and units, is held as it was at that step.
        Raises ValueError for what does not exist, and for a trace of another cell.
        """
        for name, given, meant in [("params", params, "Params"), ("trace", trace, "Trace")]:
            if not isinstance(given, getattr(lstm, meant)):
                room = type(given).__module__.split(".")[-1]
                came = f"{room}.{type(given).__name__}"
                raise ValueError(f"{name} is {came}, but GateExplorer takes lstm.{meant}")
        T, B, D = trace.x.shape
        sizes = {"t": (t, T), "b": (b, B), "unit": (unit, trace.h.shape[2])}
        if feature is not None:
            sizes["feature"] = (feature, D)
        for name, (index, size) in sizes.items():
            if not 0 <= index < size:
                raise ValueError(f"{name}={index} does not exist: the trace has 0 to {size - 1}")
        h, c = (trace.h[t - 1], trace.c[t - 1]) if t else (trace.h0, trace.c0)
        again = lstm.step(params, trace.x[t], h, c)
        if not np.allclose(again.h, trace.h[t], atol=1e-4):
            raise ValueError("these parameters did not make this trace")

        x = trace.x[t, b].astype(float)
        feature = int(np.abs(x).argmax()) if feature is None else feature
        row = [k * trace.h.shape[2] + unit for k in range(4)]
        W_ih, W_hh = params.W_ih[row].astype(float), params.W_hh[row].astype(float)
        w_x, w_h = W_ih[:, feature], W_hh[:, unit]
        held = W_ih @ x - w_x * x[feature] + W_hh @ h[b] - w_h * h[b, unit]
        after = trace.x[t : t + 8, b, feature]
        note = settings.get("words", ENGLISH)["note"]
        return cls(
            x=float(x[feature]),
            h_before=float(h[b, unit]),
            c_before=float(c[b, unit]),
            w_x=_by_gate(w_x),
            w_h=_by_gate(w_h),
            b=_by_gate((params.b_ih + params.b_hh)[row]),
            held=_by_gate(held),
            inputs=np.pad(after.astype(float), (0, 8 - len(after))).tolist(),
            note=note.format(unit=unit, t=t, b=b, feature=feature),
            **settings,
        )

    @property
    def params(self):
        """The unit as `lstm.Params` with D = H = 1; what is held stands in `b_hh`."""
        w_x, w_h, b, held = (
            np.array([by_gate[k] for k in ROWS], dtype=float)
            for by_gate in (self.w_x, self.w_h, self.b, self.held)
        )
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

    @validate("x", "h_before", "c_before", "inputs")
    def _number(self, proposal):
        name, given = proposal["trait"].name, proposal["value"]
        if name == "inputs":
            return [_finite(f"inputs[{t}]", x) for t, x in enumerate(given)]
        return _finite(name, given)

    @observe(*SETTINGS)
    def _changed(self, change):
        # The browser sends the values along; what it showed is what counts.
        if self.start and not self.by_browser:
            self._compute()

    def _compute(self):
        """Every number on the face, by the cell in NumPy."""
        p, h, c = self.params, np.array([[self.h_before]]), np.array([[self.c_before]])
        x = np.array([[self.x]])
        now = lstm.step(p, x, h, c)
        a = (p.W_ih @ x + p.W_hh @ h)[:, 0] + p.b_ih + p.b_hh
        values = {f"a_{k}": float(a[n]) for n, k in enumerate(ROWS)}
        values |= {k: getattr(now, k).item() for k in "ifgoch"}
        values |= {"kept": values["f"] * self.c_before, "added": values["i"] * values["g"]}
        values["tanh_c"] = float(np.tanh(values["c"]))

        inputs = np.array([self.x] * self.repeats or self.inputs)
        strip = lstm.forward(p, inputs[:, None, None], h, c)
        values["strip"] = {"x": inputs.tolist(), "c": strip.c.ravel().tolist()}
        values["strip"]["h"] = strip.h.ravel().tolist()
        if self.task:
            values["right"] = sum(s.right(p) for s in tasks.visible(self.task))
        self.values = values


def _by_gate(rows):
    return {k: float(value) for k, value in zip(ROWS, rows, strict=True)}


def _finite(name, value):
    if not np.isfinite(value):
        raise ValueError(f"{name} is {value}, but a finite number is meant")
    return float(value)


def _plain(sequence):
    """A sequence as JSON can carry it: no bound where c is not judged."""
    low, high = ([b if np.isfinite(b) else None for b in s] for s in (sequence.low, sequence.high))
    x, c0 = sequence.x.tolist(), float(sequence.c0)
    return {"x": x, "c0": c0, "low": low, "high": high, "text": sequence.text}
