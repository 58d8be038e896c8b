"""UnrollPlayer: a trained text model over a sentence of the reader's choice, step by step."""

import numpy as np
from traitlets import Bool, Dict, Int, List, Unicode, observe, validate

from gatewise import plots
from gatewise.cells import gru, lstm, rnn
from gatewise.text import one_hot
from gatewise.widgets.base import Widget
from gatewise.widgets.words import ENGLISH

CELLS = {"RNN_TANH": rnn, "LSTM": lstm, "GRU": gru}
GATES = {rnn: "", lstm: "ifo", gru: "rz"}
LETTERS = {rnn: "h", lstm: "figoch", gru: "rznh"}
SETTINGS = ["sentences", "clamp", "step", "unit", "units", "sort"]


class UnrollPlayer(Widget):
    """One sentence, or two beside each other, through a text model: gates, states, next word.

    model: a TextRNN, TextLSTM or TextGRU; its weights are copied. vocabulary: the words it reads.
    Settings, as keywords and as attributes: `sentences`, one or two; `clamp`, {"f": 0} to hold a
    gate at a number from 0 to 1, {"f3": 0} for unit 3 alone; `step`, counted from 1, the last if
    not given; `unit`, the one that is read out; `units`, those that are shown, all if not given;
    `sort`, by how far they tell the sentences apart. words: another edition's `ENGLISH`.
    `values["runs"]` holds for each sentence its `words`, each letter (T, H) and the probability
    `p` (T, D) of each next word; `values["apart"]` the distances |Δc| and |Δh| (T,).
    Raises ValueError for an unknown word and for a gate, unit or step that does not exist.
    """

    face = "unroll_player"

    sentences = List(Unicode(), ["i love", "you love"]).tag(sync=True)
    clamp = Dict().tag(sync=True)
    step, unit = Int(0).tag(sync=True), Int(0).tag(sync=True)
    units, sort = List(Int()).tag(sync=True), Bool(False).tag(sync=True)
    values = Dict().tag(sync=True)
    # What the face is made of; nothing of it changes.
    network = Dict().tag(sync=True)
    palette, words = Dict(plots.PALETTE).tag(sync=True), Dict(ENGLISH).tag(sync=True)
    start = Dict().tag(sync=True)

    def __init__(self, model, vocabulary, **settings):
        mode = getattr(getattr(model, "rnn", None), "mode", None)
        if mode not in CELLS:
            meant = "a TextRNN, TextLSTM or TextGRU is meant"
            raise ValueError(f"{meant}, not {type(model).__name__}")
        H, D = model.W.shape
        if len(vocabulary) != D:
            raise ValueError(f"the vocabulary has {len(vocabulary)} words, but the model takes {D}")
        unknown = set(settings) - set(self.traits())
        if unknown:
            raise ValueError(f"no setting {min(unknown)!r}: there are {', '.join(SETTINGS)}")
        self.vocabulary, self._cell = vocabulary, CELLS[mode]
        params = self._cell.Params.from_torch(model.rnn)
        self._params = type(params)(*(array.astype(float) for array in params))
        self._W, self._b = (p.detach().cpu().numpy().astype(float) for p in (model.W, model.b))
        parts = {**self._params._asdict(), "W": self._W, "b": self._b}
        super().__init__(
            network={
                "letters": LETTERS[self._cell],
                "gates": GATES[self._cell],
                "vocabulary": list(vocabulary.words),
                **{name: array.tolist() for name, array in parts.items()},
            },
            **settings,
        )
        self._compute()
        self.step = self.step or self._longest()
        self.start = {name: getattr(self, name) for name in SETTINGS}

    def picture(self):
        """The state as a still `Plot`."""
        words = self.vocabulary.words
        return plots.unroll_player(self.values, words, self.step, self._order(), self.clamp)

    def run(self, sentence, clamp=None):
        """One sentence through the model, with gates held as `clamp` says.

        Returns `words`; each letter, (T, H); `p` (T, D), the probability of each next word.
        """
        x = one_hot(self.vocabulary.encode(sentence), len(self._b))
        state = {name: np.zeros((1, len(self._W))) for name in "hc" if name in LETTERS[self._cell]}
        rows = []
        for x_t in x[:, None]:
            now = self._cell.step(self._params, x_t, **state)._asdict()
            now = _hold(self._cell, self._params, now, clamp or {})
            state = {name: now[name] for name in state}
            a = now["h"] @ self._W + self._b
            now["p"] = np.exp(a - a.max()) / np.exp(a - a.max()).sum()
            rows.append(now)
        letters = [*LETTERS[self._cell], "p"]
        traces = {k: np.concatenate([now[k] for now in rows]) for k in letters}
        return {"words": sentence.split(), **traces}

    @validate("sentences")
    def _known(self, proposal):
        sentences = proposal["value"]
        if len(sentences) not in (1, 2):
            raise ValueError(f"one sentence or two are meant; got {len(sentences)}")
        for sentence in sentences:
            self.vocabulary.encode(sentence)
        return sentences

    @validate("clamp")
    def _clampable(self, proposal):
        gates, H = GATES[self._cell], len(self._W)
        for key, value in proposal["value"].items():
            if key[:1] not in [*gates]:
                there = f"there are {', '.join(gates)}" if gates else "an RNN has none"
                raise ValueError(f"no gate {key!r} to clamp: {there}")
            if key[1:] and key[1:] not in map(str, range(H)):
                raise ValueError(f"no unit {key[1:]!r} in {key!r}: there are 0 to {H - 1}")
            if not isinstance(value, (int, float)) or not 0 <= value <= 1:
                raise ValueError(f"clamp[{key!r}] is {value}, but a number from 0 to 1 is meant")
        return proposal["value"]

    @validate("unit", "units")
    def _existing(self, proposal):
        value, H = proposal["value"], len(self._W)
        for unit in np.ravel(value).astype(int):
            if not 0 <= unit < H:
                raise ValueError(f"unit {unit} does not exist: there are 0 to {H - 1}")
        return value

    @validate("step")
    def _within(self, proposal):
        step, T = proposal["value"], self._longest()
        if not 0 <= step <= T:
            raise ValueError(f"step {step} does not exist: there are 1 to {T}")
        return step

    @observe("sentences", "clamp")
    def _changed(self, change):
        # The browser sends the values along; what it showed is what counts.
        if self.start and not self.by_browser:
            if change.name == "sentences":
                self.step = self._longest()
            self._compute()

    def _longest(self):
        return max(len(sentence.split()) for sentence in self.sentences)

    def _order(self):
        """The units that are shown, in their order."""
        units = np.array(self.units or range(len(self._W)))
        if not self.sort:
            return units.tolist()
        state = "c" if self._cell is lstm else "h"
        one, *other = (np.array(run[state]) for run in self.values["runs"])
        T = min(len(run["words"]) for run in self.values["runs"])
        apart = np.abs(one[:T] - (other[0][:T] if other else 0)).sum(axis=0)[units]
        return units[np.argsort(-apart, kind="stable")].tolist()

    def _compute(self):
        """Every number on the face, by the cells in NumPy."""
        runs = [self.run(sentence, self.clamp) for sentence in self.sentences]
        apart = {}
        if len(runs) == 2:
            T = min(len(run["words"]) for run in runs)
            for k in (k for k in "ch" if k in runs[0]):
                apart[k] = np.linalg.norm(runs[0][k][:T] - runs[1][k][:T], axis=1).tolist()
        plain = [{k: np.asarray(v).tolist() for k, v in run.items()} for run in runs]
        self.values = {"runs": plain, "apart": apart}


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
