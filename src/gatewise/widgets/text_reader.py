"""TextReader shows a text and colors each token by the value of one unit in a network."""

import re

import numpy as np
from traitlets import observe

from gatewise.check import as_array
from gatewise.widgets import base, stills
from gatewise.widgets.network import Network, parts
from gatewise.widgets.words import ENGLISH

LONGEST = 20_000  # the maximum number of tokens in a text


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
    return base.whole(name, value, 0, len(widget.network.rows) - 1)


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
    """Return the marks as pairs [start, end).

    given: pairs [start, end), or one bool per token. Raises ValueError for marks outside the text.
    """
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
    """A text of up to 20,000 tokens, each colored by the value of one unit in a network.

    model, vocabulary, outputs, final: the same as for `UnrollPlayer`, but the model's readout may
    be None. A text is split into words if the vocabulary is a `text.Vocabulary` or has a token of
    several letters, and into characters otherwise. unknown: the id for all tokens outside the
    vocabulary; by default, such a token raises ValueError.
    inputs: token ids (T,) or vectors (T, D) to read. If `inputs` is given, `vocabulary` must be
    None, and `text` is a read-only list of T strings to show for the inputs.

    Each setting is a keyword argument and an attribute. text: the text. layer: the index in h_n of
    the layer and direction shown. quantity: the symbol of a variable, or "loss" for the negative
    log of the probability that the network gave each token before reading it. unit: the index of a
    hidden unit. at: the token whose value is displayed, counted from 1. marks: the selected parts
    of the text as pairs [start, end), counted from 0, or one bool per token. words: the labels,
    from `ENGLISH` or a translation.
    `values` contains the `tokens`, the layer's variables (each (T, H)), the colored values `shown`
    (T,), and the result of the function `ranking`. With a readout, `values` also contains the
    output probabilities `p` (outputs,) after token `at` and, if the outputs are the tokens, the
    `loss` (T,).
    The browser runs the network in float64 and stores the values in float32. With 20,000 tokens and
    128 units, each variable takes 10 MB.
    Raises ValueError for parts that don't fit together, and for an unknown token.
    """

    view = "text_reader"
    tables = ("all", "player", "reader")

    text = base.Setting(_text, "")
    layer = base.Setting(_layer, 0)
    quantity = base.Setting(_quantity, "h")
    unit = base.Setting(_unit, 0)
    at = base.Setting(_at, 1)
    marks = base.Setting(_marks, base.Row())

    def __init__(
        self,
        model,
        vocabulary=None,
        *,
        inputs=None,
        outputs=None,
        final=False,
        unknown=None,
        words=ENGLISH,
        **settings,
    ):
        if (vocabulary is None) == (inputs is None):
            raise ValueError("expected either a vocabulary or inputs, got both or neither")
        embedding, rnn, readout = parts(model, vocabulary if inputs is None else ())
        self.inputs = None if inputs is None else _read_inputs(inputs)
        names = str if inputs is not None and embedding is not None else vocabulary
        self.network = Network(embedding, rnn, readout, names, outputs, final)
        self.unknown = unknown
        one_way = self.network.directions == 1 and outputs is None
        self.predicts = readout is not None and one_way and vocabulary is not None
        constants = {"unknown": unknown, "predicts": self.predicts}
        if inputs is None:
            known = self.network.vocabulary
            self.vocabulary = [*getattr(known, "given", known.words)]
            self._index = {token: n for n, token in enumerate(self.vocabulary)}
            is_words = known is vocabulary or max(map(len, self.vocabulary)) > 1
            self._characters = not is_words
            constants |= {"vocabulary": self.vocabulary, "characters": self._characters}
        else:
            self._labels = [*settings.get("text", ())]
            if len(self._labels) != len(self.inputs):
                T, got = len(self.inputs), len(self._labels)
                raise ValueError(f"text: expected one string per input, {T}, got {got}")
            settings["text"] = _joined(self._labels)
            constants |= {"tokens": self._labels, "inputs": self.inputs.tolist()}
        super().__init__(settings, words, network=self.network.plain(), **constants)

    @property
    def tokens(self):
        """The tokens of the text, as strings."""
        return self._cut(self.text) if self.inputs is None else self._labels

    def _cut(self, text):
        return [*text] if self._characters else re.findall(r"\S+", text)

    def ids(self, text):
        """Return the token ids of a text, or the given inputs.

        Raises ValueError for a token outside the vocabulary, unless `unknown` is set.
        """
        if self.inputs is not None:
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
        """The mask of the marked tokens, as bools (T,)."""
        mask = np.zeros(len(self.tokens), bool)
        for start, end in self.marks:
            mask[start:end] = True
        return mask

    @property
    def values(self):
        """All numbers on the screen, computed by the NumPy cells."""
        ids = self.ids(self.text)
        x = ids if np.ndim(ids) == 2 else self.network.vectors(ids)
        letters, features = self.network.run(x, self.layer)
        values = {"tokens": self.tokens, **letters}
        if self.network.W is not None:
            values["p"] = self.network.probabilities(features[self.at - 1])
        if self.predicts:
            p = self.network.probabilities(features[:-1])
            values["loss"] = np.append(0, -np.log(p[np.arange(len(p)), ids[1:]]))
        of_units = self.quantity if self.quantity != "loss" else "h"
        values["ranking"] = ranking(values[of_units], self.mask)
        is_loss = self.quantity == "loss"
        values["shown"] = values["loss"] if is_loss else values[self.quantity][:, self.unit]
        return values

    def picture(self):
        """Return a `Plot` of the text around `at`, the ranking, and the likeliest outputs."""
        return stills.text_reader(self.values, self)


def ranking(values, mask):
    """Rank units by how well they separate the marked tokens from the unmarked tokens.

    values: an array (T, H), compared in float32, as in the browser. mask: bools (T,).
    Returns pairs (unit, area under the ROC curve), or [] if all or none of the tokens are marked.
    The pair whose area is farthest from ½ comes first.
    The area is the probability that a random marked token has a higher value than a random unmarked
    token. A tie counts as one half.
    Source: Hanley and McNeil 1982.
    """
    marked, others = int(mask.sum()), int((~mask).sum())
    if not marked or not others:
        return []
    areas = []
    for column in values.astype(np.float32).T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # ties share the mean rank
        areas.append((ranks[mask].sum() - marked * (marked + 1) / 2) / (marked * others))
    order = np.argsort(-np.abs(np.array(areas) - 0.5), kind="stable")
    return [(int(unit), float(areas[unit])) for unit in order]


def _read_inputs(inputs):
    inputs = as_array(inputs)
    if inputs.ndim == 2:
        return inputs.astype(float)
    if inputs.ndim != 1 or inputs.dtype.kind not in "iu":
        raise ValueError(f"inputs: expected ids (T,) or vectors (T, D), got {inputs.shape}")
    return inputs


def _joined(tokens):
    """Join tokens with spaces, or without spaces if any token contains whitespace."""
    return ("" if any(re.search(r"\s", token) for token in tokens) else " ").join(tokens)
