"""TextReader: a text, each token colored by one quantity of one unit of a trained network."""

import re

import numpy as np
from traitlets import observe

from gatewise.check import as_array
from gatewise.widgets import base, stills
from gatewise.widgets.network import Network
from gatewise.widgets.words import ENGLISH

LONGEST = 20_000  # tokens of a text


def _text(widget, name, text):
    if not isinstance(text, str):
        raise ValueError(f"{name}: expected a string, got {type(text).__name__}")
    if widget.inputs is not None and text != _joined(widget.tokens):
        raise ValueError(f"{name}: expected the text of the given inputs, got another")
    count = len(widget.ids(text))
    if not 1 <= count <= LONGEST:
        raise ValueError(f"{name}: expected 1 to {LONGEST:,} tokens, got {count:,}")
    return text


def _layer(widget, name, value):
    return base.whole(name, value, 0, len(widget.network.layers) - 1)


def _quantity(widget, name, value):
    known = [*widget.network.letters, *(["loss"] if widget.predicts else [])]
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
    return value


def _unit(widget, name, value):
    return base.whole(name, value, 0, widget.network.H - 1)


def _at(widget, name, value):
    return base.whole(name, value, 1, len(widget.tokens))


def _marks(widget, name, given):
    """Stretches as pairs [start, end), or one True or False per token."""
    T = len(widget.tokens)
    mask = np.asarray(given)
    if mask.dtype == bool and mask.ndim == 1 and mask.size:
        if len(mask) != T:
            raise ValueError(f"{name}: expected a mask (T,) = ({T},), got {mask.shape}")
        edges = np.flatnonzero(np.diff(np.pad(mask.astype(int), 1)))
        given = edges.reshape(-1, 2)
    elif mask.size and (mask.ndim != 2 or mask.shape[1] != 2) or isinstance(given, str):
        raise ValueError(f"{name}: expected pairs [start, end) or a mask (T,), got {given!r}")
    pairs = [[base.whole(f"{name}[{n}]", v, 0, T) for v in pair] for n, pair in enumerate(given)]
    for n, (start, end) in enumerate(pairs):
        if start >= end:
            raise ValueError(f"{name}[{n}]: expected start < end, got {[start, end]}")
    return base.Row(base.Row(pair) for pair in pairs)


class TextReader(base.Widget):
    """A text of up to 20,000 tokens, colored by one quantity of one unit of any network.

    rnn, embedding, readout: the network, as `Network` takes it; weights are copied.
    vocabulary: its tokens as strings, in the order of their ids: then other text can be typed.
    A text is cut into words for a `text.Vocabulary`, or where a token has more than one letter,
    else into characters.
    unknown: the id of what is not in the vocabulary; without it, such a text is refused.
    inputs, instead of a vocabulary: token ids (T,) or vectors (T, D), with `text` a list of T
    strings that stand for them; they can't be changed afterwards.
    outputs: what a readout tells apart, V strings, if that isn't the next token.
    Settings, as keywords and as attributes: `text`; `layer`, a layer and direction in the order
    of `h_n`; `quantity`, a symbol of the cell or "loss", −log of the probability that the network
    gave to a token before it read it; `unit`; `at`, the token that is read out, counted from 1;
    `marks`, the marked stretches as pairs [start, end), counted from 0, or one bool per token.
    `values` holds the `tokens`; each symbol of the layer (T, H); `shown` (T,), what the colors
    say; `ranking`, pairs of a unit and its area under the ROC curve: how likely it is higher at a
    marked token than at another, a tie counting half, the farthest from ½ first; with a readout
    `p` (V,), the probabilities after token `at`, and, if they are of the next token, `loss` (T,).
    words: another edition's `ENGLISH`. The browser computes 20,000 tokens of 128 units in float64
    and keeps them in float32: 10 MB per symbol.
    Raises ValueError for parts that don't fit together and for unknown tokens.
    """

    view = "text_reader"

    text = base.Setting(_text, "")
    layer = base.Setting(_layer, 0)
    quantity = base.Setting(_quantity, "h")
    unit = base.Setting(_unit, 0)
    at = base.Setting(_at, 1)
    marks = base.Setting(_marks, base.Row())

    def __init__(
        self,
        rnn,
        vocabulary=None,
        *,
        embedding=None,
        readout=None,
        inputs=None,
        outputs=None,
        unknown=None,
        words=ENGLISH,
        **settings,
    ):
        self.network = Network(rnn, embedding, readout)
        self.inputs = None if inputs is None else self._read_inputs(inputs)
        if (vocabulary is None) == (inputs is None):
            raise ValueError("expected either a vocabulary or inputs")
        listed = getattr(vocabulary, "words", vocabulary)  # of a text.Vocabulary
        self.vocabulary = None if listed is None else [*listed]
        self._index = {token: n for n, token in enumerate(self.vocabulary or ())}
        self._characters = listed is vocabulary and all(len(token) == 1 for token in self._index)
        self.unknown = unknown
        V = 0 if readout is None else self.network.W.shape[1]
        self.outputs = [*(outputs or self.vocabulary or map(str, range(V)))]
        self._check_sizes()
        self.predicts = readout is not None and outputs is None and self.network.directions == 1
        if inputs is not None:
            self._labels = [*settings.get("text", ())]
            if len(self._labels) != len(self.inputs):
                T, got = len(self.inputs), len(self._labels)
                raise ValueError(f"text: expected one string per input, {T}, got {got}")
            settings["text"] = _joined(self._labels)
        self.words = words["all"] | words["player"] | words["reader"]
        constants = {"unknown": unknown, "predicts": self.predicts, "outputs": self.outputs}
        if vocabulary is None:
            constants |= {"tokens": self._labels, "inputs": self.inputs.tolist()}
        else:
            constants |= {"vocabulary": self.vocabulary, "characters": self._characters}
        network = self.network.plain()
        super().__init__(settings, network=network, words=self.words, **constants)

    def _read_inputs(self, inputs):
        inputs = as_array(inputs)
        if inputs.ndim == 2:
            return inputs.astype(float)
        if inputs.ndim != 1 or inputs.dtype.kind not in "iu":
            raise ValueError(f"inputs: expected ids (T,) or vectors (T, D), got {inputs.shape}")
        return inputs

    def _check_sizes(self):
        net = self.network
        V = net.D if net.embedding is None else len(net.embedding)
        if self.vocabulary is not None and len(self.vocabulary) != V:
            raise ValueError(f"vocabulary: expected {V} tokens, got {len(self.vocabulary)}")
        if net.W is not None and len(self.outputs) != net.W.shape[1]:
            wanted = f"{net.W.shape[1]} strings, one per output of the readout"
            raise ValueError(f"outputs: expected {wanted}, got {len(self.outputs)}")

    @property
    def tokens(self):
        """The tokens of the text, as strings."""
        return self._labels if self.vocabulary is None else self._cut(self.text)

    def _cut(self, text):
        return [*text] if self._characters else re.findall(r"\S+", text)

    def ids(self, text):
        """The token ids, or the given inputs; ValueError for a token that is not known."""
        if self.vocabulary is None:
            return self.inputs
        tokens = self._cut(text)
        if self.unknown is None:
            for token in tokens:
                if token not in self._index:
                    raise ValueError(f"text: expected tokens of the vocabulary, got {token!r}")
        return np.array([self._index.get(token, self.unknown) for token in tokens], np.int64)

    @observe("text")
    def _bound(self, change):
        T = len(self.tokens)
        self.at = min(self.at, T)
        cut = [[start, min(end, T)] for start, end in self.marks if start < T]
        if cut != self.marks:
            self.marks = cut

    @property
    def mask(self):
        """Whether each token is marked, (T,) bools."""
        mask = np.zeros(len(self.tokens), bool)
        for start, end in self.marks:
            mask[start:end] = True
        return mask

    @property
    def values(self):
        """Every number on the screen, by the cells in NumPy."""
        ids = self.ids(self.text)
        x = ids if np.ndim(ids) == 2 else self.network.vectors(ids)
        traces, outputs = self.network.run(x)
        values = {"tokens": self.tokens, **traces[self.layer]}
        if self.network.W is not None:
            values["p"] = self.network.probabilities(outputs[self.at - 1])
        if self.predicts:
            p = self.network.probabilities(outputs[:-1])
            values["loss"] = np.append(0, -np.log(p[np.arange(len(p)), ids[1:]]))
        of_units = self.quantity if self.quantity != "loss" else "h"
        values["ranking"] = ranking(values[of_units], self.mask)
        is_loss = self.quantity == "loss"
        values["shown"] = values["loss"] if is_loss else values[self.quantity][:, self.unit]
        return values

    def picture(self):
        """The text around `at` in its colors, the ranking, the likeliest outputs, as a `Plot`."""
        return stills.text_reader(self.values, self)


def ranking(values, mask):
    """How exactly each unit tells marked tokens from others: pairs (unit, area), best first.

    values: (T, H), compared in float32, in which the browser keeps them. mask: (T,) bools.
    The area under the ROC curve (Hanley and McNeil 1982) is the share of pairs of a marked and
    another token in which the marked one has the higher value; a tie counts half.
    [] if all tokens are marked or none.
    """
    marked, others = int(mask.sum()), int((~mask).sum())
    if not marked or not others:
        return []
    areas = []
    for column in values.astype(np.float32).T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # counted from 1, ties share theirs
        areas.append((ranks[mask].sum() - marked * (marked + 1) / 2) / (marked * others))
    order = np.argsort(-np.abs(np.array(areas) - 0.5), kind="stable")
    return [(int(unit), float(areas[unit])) for unit in order]


def _joined(tokens):
    """Tokens as one text: with blanks between them, unless they have blanks of their own."""
    return ("" if any(re.search(r"\s", token) for token in tokens) else " ").join(tokens)
