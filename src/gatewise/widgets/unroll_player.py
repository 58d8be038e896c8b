"""UnrollPlayer: a trained text model over a sentence of the reader's choice, step by step."""

import numpy as np
from traitlets import observe

from gatewise.cells import gru, lstm, rnn
from gatewise.drawings.values import number
from gatewise.text import one_hot
from gatewise.widgets import base, stills
from gatewise.widgets.words import ENGLISH

CELLS = {"RNN_TANH": rnn, "LSTM": lstm, "GRU": gru}
GATES = {rnn: "", lstm: "ifo", gru: "rz"}
FREE = base.Mapping()  # no gate held
LETTERS = {rnn: "h", lstm: "figoch", gru: "rznh"}
COUNTS = 0.1  # which share of a distance, or of all probability, counts as a difference


def _sentences(widget, name, given):
    if isinstance(given, (str, dict)) or len(given) not in (1, 2):
        got = repr(given) if isinstance(given, (str, dict)) else len(given)
        raise ValueError(f"{name}: expected a list of one sentence or two, got {got}")
    vocabulary = widget.vocabulary  # whose spelling is kept
    return base.Row(vocabulary.decode(vocabulary.encode(sentence)) for sentence in given)


def _clamp(widget, name, given):
    """Gate, or gate and unit, to a number from 0 to 1."""
    gates = GATES[widget._cell]
    if given and not gates:
        raise ValueError(f"{name}: expected no gate, because an RNN has none, got {min(given)!r}")
    keys = [f"{k}{unit}" for k in gates for unit in ["", *range(len(widget._W))]]
    for key in base.by_name(name, given, given, lambda name, value: value):
        if key not in keys:
            raise ValueError(
                f"{name}: expected keys among {', '.join(gates)}, alone or with a unit from 0 to "
                f"{len(widget._W) - 1}, got {key!r}"
            )
    return base.by_name(name, given, keys, lambda name, v: base.number(name, v, 0, 1))


def _word(widget, name, t):
    return base.whole(name, t, 1, widget._longest())


def _unit(widget, name, value):
    return base.whole(name, value, 0, len(widget._W) - 1)


def _units(widget, name, given):
    return base.Row(_unit(widget, f"{name}[{n}]", value) for n, value in enumerate(given))


class UnrollPlayer(base.Widget):
    """One sentence, or two beside each other, through a text model: gates, states, next word.

    model: a TextRNN, TextLSTM or TextGRU; its weights are copied. vocabulary: the words it reads.
    Settings, as keywords and as attributes: `sentences`, one or two; `clamp`, {"f": 0} to hold a
    gate at a number from 0 to 1, {"f3": 0} for unit 3 alone; `hold_from`, the word from which on
    it is held, and `step`, both counted from 1, `step` the last if not given; `units`, those that
    are shown, all if not given; `sort`, by how far they tell the sentences apart, which chooses
    the first of them; `unit`, the one that is read out. words: another edition's `ENGLISH`.
    `values["runs"]` holds for each sentence its `words`, each letter (T, H) and the probability
    `p` (T, D) of each next word; `values["apart"]` the distances |Δc| and |Δh| (T,); both again
    with nothing held in `values["free"]`; `values["difference"]` what `difference` returns.
    Raises ValueError for a model that computes something else, for an unknown word, and for a
    gate, unit or step that does not exist.
    """

    view = "unroll_player"
    tables = ("all", "player")

    sentences = base.Setting(_sentences, base.Row(["i love", "you love"]))
    clamp = base.Setting(_clamp, base.Mapping())
    hold_from = base.Setting(_word, 1)
    step = base.Setting(_word, 2)
    units = base.Setting(_units, base.Row())
    sort = base.Setting(lambda widget, name, value: base.flag(name, value), False)
    unit = base.Setting(_unit, 0)

    def __init__(self, model, vocabulary, *, words=ENGLISH, **settings):
        self._cell = CELLS[_mode(model)]
        H, D = model.W.shape
        if len(vocabulary) != D:
            raise ValueError(f"vocabulary: expected {D} words, got {len(vocabulary)}")
        self.vocabulary = vocabulary
        params = self._cell.Params.from_torch(model.rnn)
        self._params = type(params)(*(array.astype(float) for array in params))
        self._W, self._b = (p.detach().cpu().numpy().astype(float) for p in (model.W, model.b))
        self._check(model)
        parts = {**self._params._asdict(), "W": self._W, "b": self._b}
        network = {
            "cell": self._cell.__name__.split(".")[-1],
            "letters": LETTERS[self._cell],
            "vocabulary": list(vocabulary.words),
            **{name: array.ravel().tolist() for name, array in parts.items()},
        }
        settings.setdefault("sentences", ["i love", "you love"])
        super().__init__(settings, words, network=network)

    def _check(self, model):
        """Raise ValueError unless the model itself predicts what its weights do here."""
        import torch

        encoded = np.arange(min(8, len(self._b)))
        x = torch.as_tensor(one_hot(encoded, len(self._b))).to(model.W)
        with torch.no_grad():
            theirs = model(x[:, None])[0].double().softmax(0).cpu().numpy()
        if not np.allclose(theirs, self._run(encoded)["p"][-1], atol=1e-4):
            name = type(model).__name__
            raise ValueError(f"model: expected the predictions of its weights, got others: {name}")

    def run(self, sentence, clamp=None, hold_from=1):
        """One sentence through the model, with gates held as `clamp` says from a word on.

        Returns `words`; each letter, (T, H); `p` (T, D), the probability of each next word.
        """
        held, words = _clamp(self, "clamp", clamp or {}), sentence.split()
        encoded = self.vocabulary.encode(sentence)
        return {"words": words, **self._run(encoded, held, hold_from)}

    def _run(self, encoded, clamp=FREE, hold_from=1):
        x = one_hot(encoded, len(self._b))
        state = {name: np.zeros((1, len(self._W))) for name in "hc" if name in LETTERS[self._cell]}
        rows = []
        for t, x_t in enumerate(x[:, None], start=1):
            now = self._cell.step(self._params, x_t, **state)._asdict()
            now = _hold(self._cell, self._params, now, clamp if t >= hold_from else FREE)
            state = {name: now[name] for name in state}
            a = now["h"] @ self._W + self._b
            now["p"] = np.exp(a - a.max()) / np.exp(a - a.max()).sum()
            rows.append(now)
        return {k: np.concatenate([now[k] for now in rows]) for k in [*LETTERS[self._cell], "p"]}

    @observe("sentences")
    def _bound_step(self, change):
        # As in the browser: the last word stays the last, and any other within the sentence.
        T = self._longest()
        self.step = T if self.step == _longest(change.old) else min(self.step, T)
        self.hold_from = min(self.hold_from, T)

    @observe("sort")
    def _choose_first(self, change):
        if change.new:
            self.unit = self._order(self._runs())[0]

    def _longest(self):
        return _longest(self.sentences)

    def _order(self, runs):
        """The units that are shown, in their order."""
        units = np.array(self.units or range(len(self._W)))
        if not self.sort:
            return units.tolist()
        one, *other = (run["c" if self._cell is lstm else "h"] for run in runs)
        T = min(len(run["words"]) for run in runs)
        apart = np.abs(one[:T] - (other[0][:T] if other else 0)).sum(axis=0)[units]
        return units[np.argsort(-apart, kind="stable")].tolist()

    @property
    def values(self):
        """Every number on the screen, by the cells in NumPy."""
        runs = self._runs()
        free = [self.run(sentence) for sentence in self.sentences] if self.clamp else runs
        values = {"runs": runs, "apart": _apart(runs), "order": self._order(runs)}
        values["free"] = {"runs": free, "apart": _apart(free)}
        values["difference"] = difference(runs, free, self.step)
        return values

    def _runs(self):
        return [self.run(sentence, self.clamp, self.hold_from) for sentence in self.sentences]

    def said(self, values):
        """`values["difference"]` as a sentence."""
        found, states, words = values["difference"], list(values["apart"]), self.words
        if not found:
            return ""
        gate = words["gate of"][self._cell.__name__.split(".")[-1]].get(found["verdict"], "")
        parts = {"k": states[0], "t": found["word"], "p": number(found["read"])}
        return words["difference"][found["verdict"]].format(**parts) + gate

    def picture(self):
        """The sentences, the distance of their states, the next word, every unit, as a `Plot`."""
        values, words = self.values, self.vocabulary.words
        free = [run["p"][min(self.step, len(run["p"])) - 1] for run in values["free"]["runs"]]
        names = self.words["quantity"] | self.words
        shown = values["order"], self.clamp, names, self.unit, free if self.clamp else None
        said = self.said(values), self.hold_from
        return stills.unroll_player(values, words, self.step, *shown, *said)


def difference(runs, free, step):
    """What became of the difference between two sentences, up to a step.

    runs, free: as held, and with nothing held; for each sentence its words, h, perhaps c, and p.
    Returns the `verdict`, the `word` it is about and `read`, half of the summed |p_A − p_B|; {}
    for one sentence. The verdicts, of which the first that is true counts:
    same: no word differs so far. read: `read` is at least 0.1. The memory is c, or h if there is
    no c; it differs where its distance is at least a tenth of the largest that it has with nothing
    held, and at least 0.1. never: it differs after no word so far. lost: it does not differ now,
    and not since `word`. not shown: it differs, and h, by the same rule, does not. not read: both
    differ.
    """
    if len(runs) < 2:
        return {}
    one, other = runs
    apart, at_most = _apart(runs), _apart(free)
    t = min(step, len(one["h"]), len(other["h"])) - 1
    now = [run["p"][min(step, len(run["p"])) - 1] for run in runs]
    found = {"read": np.abs(now[0] - now[1]).sum() / 2, "word": t + 1}
    differs = {k: apart[k][: t + 1] >= COUNTS * max(1, at_most[k].max()) for k in apart}
    memory = differs.get("c", differs["h"])
    if one["words"][:step] == other["words"][:step]:
        return found | {"verdict": "same"}
    if found["read"] >= COUNTS:
        return found | {"verdict": "read"}
    if not memory.any():
        return found | {"verdict": "never"}
    if not memory[t]:
        return found | {"verdict": "lost", "word": int(np.flatnonzero(memory)[-1]) + 2}
    return found | {"verdict": "not read" if differs["h"][t] else "not shown"}


def _apart(runs):
    """The distances |Δc| and |Δh| (T,) between two sentences; none for one."""
    if len(runs) < 2:
        return {}
    one, other = runs
    T = min(len(one["h"]), len(other["h"]))
    return {k: np.linalg.norm(one[k][:T] - other[k][:T], axis=1) for k in ("c", "h") if k in one}


def _mode(model):
    """The kind of the model's cell; ValueError for a model that isn't read as it computes."""
    from gatewise.models import TextModel

    wanted, name = "model: expected a TextRNN, TextLSTM or TextGRU", type(model).__name__
    if not isinstance(model, TextModel):
        raise ValueError(f"{wanted}, got {name}")
    if type(model).forward is not TextModel.forward:
        raise ValueError(f"{wanted}, got {name}, which has a forward pass of its own")
    cell = model.rnn
    if cell.mode not in CELLS:
        raise ValueError(f"{wanted}, got {name} with {cell.mode}")
    plain = {"num_layers": 1, "bidirectional": False, "proj_size": 0, "batch_first": False}
    for option, value in plain.items():
        if getattr(cell, option) != value:
            raise ValueError(f"{wanted}, got {name} with {option}={getattr(cell, option)}")
    return cell.mode


def _longest(sentences):
    return max(len(sentence.split()) for sentence in sentences)


def _hold(cell, params, now, clamp):
    """A step with some gates held: what follows from them is computed again."""
    for k in GATES[cell]:
        now[k] = np.array(
            [[clamp.get(f"{k}{n}", clamp.get(k, v)) for n, v in enumerate(now[k][0])]]
        )
    if cell is lstm:
        now["c"] = now["f"] * now["c0"] + now["i"] * now["g"]
        now["h"] = now["o"] * np.tanh(now["c"])
    elif cell is gru:
        H = now["h"].shape[1]
        x_side = (now["x"] @ params.W_ih.T + params.b_ih)[:, 2 * H :]
        now["n"] = np.tanh(x_side + now["r"] * now["q"])
        now["h"] = (1 - now["z"]) * now["n"] + now["z"] * now["h0"]
    return now
