"""UnrollPlayer shows how a trained network reads one or two sentences, word by word."""

import numpy as np
from traitlets import observe

from gatewise.cells import gru, lstm
from gatewise.drawings.values import number
from gatewise.plots import network_color
from gatewise.text import one_hot
from gatewise.widgets import base, stills
from gatewise.widgets.gate_explorer import GateExplorer, GRUExplorer
from gatewise.widgets.network import GATES, Network, parts
from gatewise.widgets.words import ENGLISH

FREE = base.Mapping()  # no gate is held
COUNTS = 0.1  # the smallest relative distance or probability gap that counts as a difference


def _sentences(widget, name, given):
    if isinstance(given, (str, dict)) or len(given) not in (1, 2):
        got = repr(given) if isinstance(given, (str, dict)) else len(given)
        raise ValueError(f"{name}: expected a list of one sentence or two, got {got}")
    return base.Row(widget._network.spell(sentence) for sentence in given)


def _clamp(widget, name, given):
    """Return a Mapping from gates, such as f or f3, to numbers between 0 and 1."""
    gates, H = widget._network.gates, widget._network.H
    if given and not gates:
        raise ValueError(f"{name}: expected no gate, because an RNN has none, got {min(given)!r}")
    keys = [f"{k}{unit}" for k in gates for unit in ["", *range(H)]]
    for key in base.by_name(name, given, given, lambda name, value: value):
        if key not in keys:
            raise ValueError(
                f"{name}: expected keys among {', '.join(gates)}, alone or with a unit from 0 to "
                f"{H - 1}, got {key!r}"
            )
    return base.by_name(name, given, keys, lambda name, v: base.number(name, v, 0, 1))


def _chosen(widget, name, value):
    if value not in widget._networks:
        names = ", ".join(widget._networks)
        raise ValueError(f"{name}: expected one of {names or 'no names'}, got {value!r}")
    return value


def _word(widget, name, t):
    return base.whole(name, t, 1, widget._longest())


def _unit(widget, name, value):
    return base.whole(name, value, 0, widget._network.H - 1)


def _units(widget, name, given):
    return base.Row(_unit(widget, f"{name}[{n}]", value) for n, value in enumerate(given))


def _layer(widget, name, value):
    return base.whole(name, value, 0, widget._network.layers - 1)


def _reverse(widget, name, value):
    if base.flag(name, value) and widget._network.directions == 1:
        raise ValueError(f"{name}: expected False for a network of one direction, got True")
    return bool(value)


class UnrollPlayer(base.Widget):
    """The gates, states and predictions of a network that reads one or two sentences.

    model: a TextRNN, TextLSTM or TextGRU, or a tuple (embedding, rnn, readout). To compare two or
    three networks of the same sizes on the same sentences, pass a dict mapping names to networks.
    embedding: an `nn.Embedding`, another module that maps indices to vectors, an array (V, D), or
    None for one-hot tokens and for numbers.
    rnn: any `nn.RNN`, `nn.LSTM` or `nn.GRU` that `trace` accepts.
    readout: an `nn.Linear`, another module that computes W h + b, an array W (outputs, features),
    or a tuple (W, b). The readout reads h of the last layer, with both directions concatenated.
    vocabulary: the names of the tokens, as a Vocabulary, a list, a dict mapping names to indices,
    or a function mapping indices to names. With None, sentences consist of numbers; "0.5,-1 2,0"
    has two time steps of two numbers.
    outputs: the names of the readout's outputs, if they aren't the tokens. final: True if
    the readout of a bidirectional network reads the final state of each direction (h_n).
    filler: a word to insert after the first word; a slider sets the number of copies.

    Each setting is a keyword argument and an attribute. chosen: the name of the network whose gates
    are shown and can be held; by default, the first network. sentences: one or two sentences, as
    text or as token ids. clamp: a dict mapping held gates to numbers between 0 and 1; {"f": 0}
    holds f at 0, and {"f3": 0} holds f at 0 only in unit 3. hold_from: the first word at which the
    gates are held. step: the word shown; by default, the last word. Both hold_from and step are
    counted from 1. units: the units shown; by default, all units. sort: True to order the units by
    the distance between the sentences with no gates held, and to select the first unit.
    unit: the unit whose values are written as numbers. layer, reverse: the layer and direction
    whose gates are shown and held; the layers above read the result. words: the labels, from
    `ENGLISH` or a translation.
    `values["runs"]` contains one dict per sentence, with the `words`, the variables (each (T, H))
    and the output probabilities `p` (T, outputs). `values["apart"]` contains the distances |Δc| and
    |Δh| (T,) between the sentences. `values["free"]` contains `runs` and `apart`, computed
    with no gates held. For unidirectional networks, `values["difference"]` contains the result of
    `difference`. `values["networks"]` maps each network's name to a dict with `p` (the
    probabilities at the shown step) and `difference`.
    The weights are copied and sent to the browser once, in the model's own precision. The limits
    are 256 units, 50,000 tokens and outputs, 200 time steps, and 128 MB of weights.
    Raises ValueError if a limit is exceeded, if a model's predictions don't follow from its
    weights, or if a word, gate, unit, layer or step doesn't exist.
    """

    view = "unroll_player"
    tables = ("all", "player")

    chosen = base.Setting(_chosen, "")
    sentences = base.Setting(_sentences, base.Row(["i love", "you love"]))
    clamp = base.Setting(_clamp, base.Mapping())
    hold_from = base.Setting(_word, 1)
    step = base.Setting(_word, 2)
    units = base.Setting(_units, base.Row())
    sort = base.Setting(lambda widget, name, value: base.flag(name, value), False)
    unit = base.Setting(_unit, 0)
    layer = base.Setting(_layer, 0)
    reverse = base.Setting(_reverse, False)

    def __init__(
        self,
        model,
        vocabulary,
        *,
        outputs=None,
        final=False,
        filler="",
        words=ENGLISH,
        **settings,
    ):
        models = model if isinstance(model, dict) else {"": model}
        if isinstance(model, dict) and len(model) not in (2, 3):
            raise ValueError(f"model: expected two or three networks by name, got {len(model)}")
        self._networks = {
            str(name): _network(one, vocabulary, outputs, final) for name, one in models.items()
        }
        network, *others = self._networks.values()
        if len({_sizes(one) for one in self._networks.values()}) > 1:
            raise ValueError("model: expected networks of the same sizes, got different ones")
        self.vocabulary = network.vocabulary
        if not any(isinstance(one, tuple | list) for one in models.values()):
            settings.setdefault("sentences", ["i love", "you love"])
        elif "sentences" not in settings:
            raise ValueError("sentences: expected a list of one sentence or two, got none")
        settings.setdefault("chosen", next(iter(self._networks)))
        labels, renamed = words["player"], {}
        if outputs is not None or self.vocabulary is None:
            renamed["likely"] = labels["output"]
        if network.directions == 2:
            renamed["after"] = labels["at end" if network.final else "at"]
        names = labels["rows"][: network.directions]
        self._rows = [name.format(n=n) for n in range(network.layers) for name in names]
        super().__init__(
            settings,
            words,
            network=network.plain(),
            others=[other.plain() for other in others],
            names=list(self._networks),
            colors=[network_color(n, name) for n, name in enumerate(self._networks)],
            filler=network.spell(filler) if filler else "",
            rows=self._rows,
            renamed=renamed,
        )

    @property
    def _network(self):
        return self._networks[self.chosen]

    @classmethod
    def shared(cls, words):
        """Return the constants that all players share, including `explorers` for single units.

        words: the labels.
        """
        explorers = {kind.cell: kind.first(words) for kind in (GateExplorer, GRUExplorer)}
        return super().shared(words) | {"explorers": explorers}

    def run(self, sentence, clamp=None, hold_from=1):
        """Run the model on one sentence.

        sentence: a string or token ids. clamp: the gates to hold from word `hold_from` on, as in
        the settings. Returns a dict with the `words`, the shown layer's variables (each (T, H)),
        and the output probabilities `p` (T, outputs).
        """
        held, sentence = _clamp(self, "clamp", clamp or {}), self._network.spell(sentence)
        return self._run(self._network, sentence, held, hold_from)

    def _run(self, network, sentence, clamp=FREE, hold_from=1):
        cell = network.cell

        def step(params, t, x_t, **state):
            now = cell.step(params, x_t, **state)._asdict()
            return _hold(cell, params, now, clamp if t + 1 >= hold_from else FREE)

        letters, features = network.run(network.read(sentence), self._row(), step)
        return {"words": sentence.split()} | letters | {"p": network.probabilities(features)}

    def _row(self):
        return self.layer * self._network.directions + self.reverse

    @observe("sentences")
    def _bound_step(self, change):
        # As in the browser, a step that was the last step becomes the new last step. Any other step
        # is clipped to the new length.
        T = self._longest()
        self.step = T if self.step == _longest(change.old) else min(self.step, T)
        self.hold_from = min(self.hold_from, T)

    @observe("chosen")
    def _set_free(self, change):
        # As in the browser, gates that the chosen network lacks are released.
        self.clamp = {k: v for k, v in self.clamp.items() if k[0] in self._network.gates}

    @observe("sort")
    def _choose_first(self, change):
        if change.new:
            self.unit = self._order(self._runs(self._network))[0]

    def _longest(self):
        return _longest(self.sentences)

    def _order(self, runs):
        """Return the units that are shown, in an order that doesn't depend on held gates."""
        units = np.array(self.units or range(self._network.H))
        if not self.sort:
            return units.tolist()
        one, *other = (run["c" if "c" in run else "h"] for run in runs)
        T = min(len(run["words"]) for run in runs)
        apart = np.abs(one[:T] - (other[0][:T] if other else 0)).sum(axis=0)[units]
        return units[np.argsort(-apart, kind="stable")].tolist()

    @property
    def values(self):
        """All numbers on the screen, computed by the NumPy cells."""
        everyone = {name: self._runs(network) for name, network in self._networks.items()}
        runs = free = everyone[self.chosen]
        if self.clamp:
            runs = everyone[self.chosen] = self._runs(self._network, self.clamp)
        values = {"runs": runs, "apart": _apart(runs), "order": self._order(free)}
        values["free"] = {"runs": free, "apart": _apart(free)}
        values["networks"] = {name: self._told(name, runs) for name, runs in everyone.items()}
        values["difference"] = values["networks"][self.chosen]["difference"]
        return values

    def _runs(self, network, clamp=FREE):
        return [self._run(network, sentence, clamp, self.hold_from) for sentence in self.sentences]

    def _told(self, name, runs):
        p = [run["p"][min(self.step, len(run["p"])) - 1] for run in runs]
        hold_from = self.hold_from if self.clamp and name == self.chosen else 0
        # The verdicts assume that the network reads forward.
        is_forward = self._network.directions == 1
        found = difference(runs, self.step, hold_from) if is_forward else {}
        return {"p": p, "difference": found}

    def said(self, values):
        """For each network, return one line describing the difference between the sentences.

        values: the player's values. With several networks, each line begins with the network's name
        and predictions.
        """
        said = [self._said(name, **found) for name, found in values["networks"].items()]
        return [line for line in said if line]

    def _said(self, name, p, difference):
        words, network, said = self.words, self._networks[name], ""
        cell = network.cell.__name__.split(".")[-1]
        if difference:
            verdict, state = difference["verdict"], "c" if "c" in network.letters else "h"
            parts = {"k": state, "t": difference["word"], "p": number(difference["read"])}
            said = words["difference"][verdict].format(**parts)
        if not name:
            return said + words["gate of"][cell].get(difference.get("verdict"), "")
        likeliest = [network.outputs[one.argmax()] for one in p]
        says = [words["says"].format(name="AB"[b], word=word) for b, word in enumerate(likeliest)]
        says = [f"{one} ({number(p[b].max())})" for b, one in enumerate(says)]
        return f"{name}: {', '.join(says)}. {said}".strip()

    def picture(self):
        """Return a `Plot` of the sentences, distances, predictions and units."""
        values, outputs = self.values, self._network.outputs
        free = [run["p"][min(self.step, len(run["p"])) - 1] for run in values["free"]["runs"]]
        names = self.words["quantity"] | self.words
        if len(self._rows) > 1:
            names |= {"where": f"{names['where']}, {self._rows[self._row()]}"}
        if self.chosen:
            names |= {"where": f"{names['where']}, {self.chosen}"}
        shown = values["order"], self.clamp, names, self.unit, free if self.clamp else None
        said = self.said(values), self.hold_from, self.reverse
        return stills.unroll_player(values, outputs, self.step, *shown, *said)


def _network(model, vocabulary, outputs, final):
    """Convert a model to a Network; raise ValueError if the two give different predictions."""
    embedding, rnn, readout = parts(model, vocabulary)
    if readout is None:
        raise ValueError("readout: expected a module or arrays, got None")
    network = Network(embedding, rnn, readout, vocabulary, outputs, final)
    if isinstance(model, tuple | list):
        return network
    import torch

    x = one_hot(np.arange(min(8, network.D)), network.D)
    with torch.no_grad():
        theirs = model(torch.as_tensor(x).to(model.W)[:, None])[0].double().softmax(0).cpu().numpy()
    if not np.allclose(theirs, network.probabilities(network.run(x)[1])[-1], atol=1e-4):
        name = type(model).__name__
        raise ValueError(f"model: expected the predictions of its weights, got others: {name}")
    return network


def _sizes(network):
    return network.D, network.H, network.layers, network.directions, len(network.outputs)


def difference(runs, step, hold_from=0):
    """Return a verdict on whether a network still distinguishes between two sentences.

    runs: one dict per sentence, with words, h, p and, for an LSTM, c. step: the time step, counted
    from 1. hold_from: the first word at which gates are held, or 0.
    Returns a dict with the `verdict`, the `word` that the verdict is about, and `read`, which is
    half the sum of |p_A − p_B|. For a single sentence, the dict is empty.

    Two states differ if their distance is at least 0.1 and at least a tenth of the largest distance
    so far. The memory is c, or h in a cell without c. The verdict is the first true statement in
    this list. "same": all words so far are equal. "early": the step is before `hold_from`. At the
    step `hold_from`, the verdict is also "early" if h or the predictions still differ. "read":
    `read` is at least 0.1, and the likeliest outputs differ. "leaning": `read` is at least 0.1, but
    the likeliest outputs are equal. "never": the memory has not differed so far. "lost": from
    `word` on, the memory no longer differs. "not read": the memory and h differ. "saturated": the
    memory differs, but tanh(c) doesn't. "not shown": the memory and tanh(c) differ, but h
    doesn't.
    """
    if len(runs) < 2:
        return {}
    one, other = runs
    t = min(step, len(one["h"]), len(other["h"])) - 1
    now = [run["p"][min(step, len(run["p"])) - 1] for run in runs]
    found = {"read": np.abs(now[0] - now[1]).sum() / 2, "word": t + 1}
    if "c" in one:
        runs = [run | {"tanh_c": np.tanh(run["c"])} for run in runs]
    apart = {k: line[: t + 1] for k, line in _apart(runs, ("c", "tanh_c", "h")).items()}
    differs = {k: line >= COUNTS * np.maximum(1, line.max()) for k, line in apart.items()}
    memory = differs.get("c", differs["h"])
    if one["words"][:step] == other["words"][:step]:
        return found | {"verdict": "same"}
    is_read = found["read"] >= COUNTS
    if step < hold_from or (step == hold_from and (is_read or differs["h"][t])):
        return found | {"verdict": "early", "word": hold_from}
    if is_read:
        is_one = now[0].argmax() == now[1].argmax()
        return found | {"verdict": "leaning" if is_one else "read"}
    if not memory.any():
        return found | {"verdict": "never"}
    if not memory[t]:
        return found | {"verdict": "lost", "word": int(np.flatnonzero(memory)[-1]) + 2}
    if differs["h"][t]:
        return found | {"verdict": "not read"}
    return found | {"verdict": "not shown" if differs["tanh_c"][t] else "saturated"}


def _apart(runs, states=("c", "h")):
    """Return a dict mapping states to the distances (T,) between two sentences."""
    if len(runs) < 2:
        return {}
    one, other = runs
    T = min(len(one["h"]), len(other["h"]))
    return {k: np.linalg.norm(one[k][:T] - other[k][:T], axis=1) for k in states if k in one}


def _longest(sentences):
    return max(len(sentence.split()) for sentence in sentences)


def _hold(cell, params, now, clamp):
    """Hold gates at one time step, and recompute the values that depend on these gates."""
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
