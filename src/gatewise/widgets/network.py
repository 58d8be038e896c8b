"""The arrays of a trained network: the embedding, the recurrent layers and the readout.

In the browser, static/network.js uses the same arrays.
"""

import unicodedata

import numpy as np

from gatewise.cells import gru, lstm, rnn
from gatewise.cells.params import read
from gatewise.cells.stack import layers_of
from gatewise.text import Vocabulary, one_hot
from gatewise.widgets import base

GATES = {rnn: "", lstm: "ifo", gru: "rz"}
LETTERS = {rnn: "h", lstm: "figoch", gru: "rznh"}
UNITS, TOKENS, STEPS, MEGABYTES = 256, 50_000, 200, 128  # upper limits; TOKENS limits outputs too
SPACES = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})  # sentences are split at spaces


class Names(Vocabulary):
    """A Vocabulary with given names in a given order.

    given: the names. words: the same names, with spaces, newlines and tabs written as ␣, ↵ and ⇥.
    Raises ValueError for a name that is empty, contains other whitespace, or appears twice.
    """

    def __init__(self, names):
        self.given = [unicodedata.normalize("NFC", str(name)) for name in names]  # as `encode` does
        self.words = tuple(name.translate(SPACES) for name in self.given)
        self._index = {word: n for n, word in enumerate(self.words)}
        if len(self._index) < len(self.words):
            twice = next(word for n, word in enumerate(self.words) if self._index[word] != n)
            raise ValueError(f"tokens: expected distinct names, got {twice!r} more than once")
        for word in self.words:
            if word.split() != [word]:
                raise ValueError(f"tokens: expected names without blanks, got {word!r}")


class Network:
    """A network that reads a sentence: an embedding, recurrent layers and a readout.

    embedding, rnn, readout, outputs, final: the same as for `UnrollPlayer`, but readout may be
    None. tokens: the vocabulary.
    cell: the module `rnn`, `lstm` or `gru`. letters, gates: the symbols of the cell's variables and
    gates. rows: the Params of each layer and direction, in float64 and in the order of h_n.
    table: the embeddings (V, D), or None. W, b: the readout's weights (features, outputs) and
    biases (outputs,), or None. vocabulary: the tokens, or None for a network that reads numbers.
    Raises ValueError for parts that don't fit together.
    """

    def __init__(self, embedding, rnn, readout, tokens, outputs=None, final=False):
        self.cell, rows = layers_of(rnn)
        self.letters, self.gates = LETTERS[self.cell], GATES[self.cell]
        self.layers, self.directions = rnn.num_layers, 1 + rnn.bidirectional
        self.D, self.H = rnn.input_size, base.whole("hidden_size", rnn.hidden_size, 1, UNITS)
        dtype = rows[0].W_ih.dtype
        self.rows = [type(row)(*(array.astype(float) for array in row)) for row in rows]
        self.table, V = None, self.D
        if embedding is not None:
            self.table = _table(embedding, tokens, self.D)
            V = base.whole("tokens", len(self.table), 1, TOKENS)
        self.vocabulary = None
        if tokens is not None:
            self.vocabulary = _vocabulary(tokens, V)
        elif embedding is not None:
            raise ValueError(f"tokens: expected {V} names, one for each embedding, got None")
        self.W, self.b, count = None, None, 0
        if readout is not None:
            self.W, self.b = _affine(readout, self.directions * self.H, dtype)
            count = len(self.b)
            if not 2 <= count <= TOKENS:
                wanted = f"2 to {TOKENS} outputs, which are logits"
                raise ValueError(f"readout: expected {wanted}, got {count}")
        if outputs is None:
            outputs = self.vocabulary.words if self.vocabulary and V == count else range(count)
        if isinstance(outputs, str | dict | set):
            raise ValueError(f"outputs: expected a list of names, got {type(outputs).__name__}")
        self.outputs = [str(name) for name in outputs]
        if len(self.outputs) != count:
            raise ValueError(f"outputs: expected {count} names, got {len(self.outputs)}")
        self.final = base.flag("final", final) and self.directions == 2
        arrays = [self.table, *(array for row in rows for array in row), self.W, self.b]
        arrays = [array for array in arrays if array is not None]
        self._lengths = [array.size for array in arrays]
        dtype = np.result_type(*arrays)
        size = -(-sum(self._lengths) * dtype.itemsize // 2**20)
        if size > MEGABYTES:
            raise ValueError(f"model: expected at most {MEGABYTES} MB of weights, got {size} MB")
        self._weights = np.concatenate([array.ravel() for array in arrays]).astype(dtype)
        if not np.isfinite(self._weights).all():
            raise ValueError("model: expected finite weights, got NaN or infinity")

    def spell(self, sentence):
        """Return a sentence as text, with spaces between the tokens or numbers.

        sentence: a string, token ids, or numbers (T, D).
        Raises ValueError for a sentence that the network can't read.
        """
        if self.vocabulary is None:
            rows, is_text = self._numbers(sentence), isinstance(sentence, str)
            words = sentence.split() if is_text else (",".join(map(str, row)) for row in rows)
            text = " ".join(words)
        else:
            ids = self.vocabulary.encode(sentence) if isinstance(sentence, str) else sentence
            text = self.vocabulary.decode(ids)
        base.whole("time steps of a sentence", len(text.split()), 1, STEPS)
        return text

    def _numbers(self, sentence):
        """Convert a sentence given as numbers to an array (T, D), or raise ValueError."""
        wanted = f"{self.D} numbers per time step"
        if isinstance(sentence, str):
            try:
                words = sentence.replace("_", " _ ").split()  # Python would read 1_0 as 10
                sentence = [[float(part) for part in word.split(",")] for word in words]
            except ValueError:
                got = f"got {sentence!r}"
                raise ValueError(f"sentence: expected {wanted}, as in 0.5,−1, {got}") from None
        x = read("sentence", sentence)
        x = x[:, None] if x.ndim == 1 and self.D == 1 else x
        if x.ndim != 2 or x.shape[1] != self.D or not np.isfinite(x).all():
            raise ValueError(f"sentence: expected {wanted}, got shape {x.shape}")
        return x

    def read(self, sentence):
        """Return the first layer's input (T, D) for a text returned by `spell`."""
        if self.vocabulary is None:
            return self._numbers(sentence).astype(float)
        return self.vectors(self.vocabulary.encode(sentence))

    def vectors(self, ids):
        """Return the first layer's input (T, D) for token ids (T,)."""
        return one_hot(ids, self.D) if self.table is None else self.table[ids].astype(float)

    def run(self, x, shown=0, step=None):
        """Run all layers over one sequence.

        x: (T, D). shown: the index in h_n of the layer and direction to show. step: a function
        (params, t, x_t, h, …) that computes time step t of the layer shown, where t is the index in
        x; by default, the cell's own step.
        Returns the variables of the layer shown, each (T, H) and ordered as in x, and the readout's
        input features (T, directions · H).
        """
        x, beside = x[:, None], []
        for n, params in enumerate(self.rows):
            order = slice(None, None, -1 if n % self.directions else 1)
            if n == shown and step:
                letters = self._steps(params, x, np.arange(len(x))[order], step)
            else:
                trace = self.cell.forward(params, x[order])
                letters = {k: getattr(trace, k)[order, 0] for k in self.letters}
            if n == shown:
                found = letters
            beside.append(letters["h"][:, None])
            if len(beside) == self.directions:
                x, beside = np.concatenate(beside, axis=2), []
        features = x[:, 0]
        if self.final:  # the final state of each direction
            ends = np.concatenate([features[-1, : self.H], features[0, self.H :]])
            features = np.tile(ends, (len(features), 1))
        return found, features

    def probabilities(self, features):
        """Return the output probabilities (…, outputs) for features (…, directions · H)."""
        scores = features @ self.W + self.b
        p = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True)

    def _steps(self, params, x, order, step):
        """Compute a layer's time steps in the given order. Returns the variables, each (T, H)."""
        state = {name: np.zeros((1, self.H)) for name in "hc" if name in self.letters}
        letters = {k: np.empty((len(x), self.H)) for k in self.letters}
        for t in order:
            now = step(params, t, x[t], **state)
            state = {name: now[name] for name in state}
            for k, values in letters.items():
                values[t] = now[k][0]
        return letters

    def plain(self):
        """Return the network as a dict for the browser, with all arrays in a single buffer."""
        return {
            "cell": self.cell.__name__.split(".")[-1],
            "letters": self.letters,
            "directions": self.directions,
            "final": self.final,
            "D": self.D,
            "H": self.H,
            "tokens": list(self.vocabulary.words) if self.vocabulary else [],
            "outputs": self.outputs,
            "embeds": self.table is not None,
            "predicts": self.W is not None,
            "bits": 8 * self._weights.itemsize,
            "lengths": self._lengths,
            "weights": memoryview(self._weights.astype(self._weights.dtype.newbyteorder("<"))),
        }


def _vocabulary(tokens, V):
    """Return a Vocabulary of V tokens.

    tokens: a Vocabulary, a list of names in index order, a dict that maps names to indices, or
    a function that maps indices to names. Raises ValueError for anything else.
    """
    vocabulary = tokens
    if isinstance(tokens, dict):
        if sorted(tokens.values(), key=str) != sorted(range(V), key=str):
            raise ValueError(
                f"tokens: expected a dict from name to index, 0 to {V - 1}, got another"
            )
        vocabulary = Names(sorted(tokens, key=tokens.get))
    elif isinstance(tokens, set | frozenset):
        raise ValueError("tokens: expected names in the order of their indices, got a set")
    elif callable(tokens):
        vocabulary = Names(tokens(n) for n in range(V))
    elif not isinstance(tokens, Vocabulary):
        vocabulary = Names(tokens)
    if len(vocabulary) != V:
        raise ValueError(f"vocabulary: expected {V} words, got {len(vocabulary)}")
    return vocabulary


def _table(embedding, tokens, D):
    """Return the embeddings (V, D) of all tokens.

    embedding: an array, or a module that maps ids to vectors.
    Raises ValueError for an array of the wrong shape.
    """
    if callable(embedding):
        V = getattr(embedding, "num_embeddings", None)
        if V is None and (callable(tokens) or tokens is None):
            raise ValueError("tokens: expected a list of names, got none whose length is known")
        ids = np.arange(len(tokens) if V is None else V)
        embedding = _called("embedding", embedding, ids)
    table = read("embedding", embedding, np.float64)
    if table.ndim != 2 or table.shape[1] != D:
        raise ValueError(f"embedding: expected (tokens, {D}), got {table.shape}")
    return table


def _affine(readout, features, dtype):
    """Return a readout's weights W (features, outputs) and biases b (outputs,).

    readout: a module, or arrays (outputs, features) and (outputs,), as in `nn.Linear`. For a
    module, b is the output for a vector of zeros, and each row of W is the output for a one-hot
    vector minus b.
    Raises ValueError for arrays of the wrong shapes, and for a module that doesn't compute W h + b.
    """
    if not callable(readout):
        W, b = readout if isinstance(readout, tuple | list) else (readout, None)
        W = read("readout", W, dtype)
        b = np.zeros(len(W), W.dtype) if b is None else read("readout", b, dtype)
        if W.ndim != 2 or W.shape[1] != features or b.shape != W.shape[:1]:
            got = f"{W.shape} and {b.shape}"
            raise ValueError(f"readout: expected (outputs, {features}) and (outputs,), got {got}")
        return np.ascontiguousarray(W.T), b
    drawn = np.random.default_rng(0).normal(size=(8, features))
    x = np.concatenate([np.zeros((1, features)), np.eye(features), drawn]).astype(dtype)
    made = _called("readout", readout, x)
    if made.ndim != 2:
        raise ValueError(f"readout: expected (N, outputs) from (N, {features}), got {made.shape}")
    b, W = made[0], made[1 : features + 1] - made[0]
    if not np.allclose(
        drawn @ W + b, made[features + 1 :], rtol=1e-3, atol=1e-4 * np.abs(made).max()
    ):
        raise ValueError("readout: expected W h + b, got another function")
    return W, b


def _called(name, module, values):
    """Apply a torch module to an array, on the module's own device.

    Raises ValueError for a module in training mode, whose results may differ from call to call, and
    for a module that doesn't accept the array.
    """
    import torch

    if type(module) not in (torch.nn.Linear, torch.nn.Embedding) and any(
        part.training for part in getattr(module, "modules", list)()
    ):
        raise ValueError(f"{name}: expected a module in eval(), got one in training")
    parameters = getattr(module, "parameters", lambda: iter(()))()
    device = getattr(next(parameters, None), "device", "cpu")
    try:
        with torch.no_grad():
            return read(name, module(torch.as_tensor(values, device=device)))
    except (RuntimeError, IndexError, TypeError) as error:
        got = str(error).splitlines()[0]
        raise ValueError(f"{name}: expected a module for {values.shape}, got: {got}") from error


def parts(model, vocabulary):
    """Return the embedding, the recurrent layers and the readout of a model.

    model: a tuple (embedding, rnn, readout), or a TextModel, which needs a vocabulary.
    Raises ValueError for any other model, and for a TextModel that overrides `forward` or sets
    `batch_first`.
    """
    if isinstance(model, tuple | list):
        if len(model) != 3:
            raise ValueError(f"model: expected (embedding, rnn, readout), got {len(model)} parts")
        return model
    from gatewise.models import TextModel

    wanted, name = "model: expected a TextRNN, TextLSTM or TextGRU", type(model).__name__
    if not isinstance(model, TextModel):
        raise ValueError(f"{wanted}, or (embedding, rnn, readout), got {name}")
    if type(model).forward is not TextModel.forward:
        raise ValueError(f"{wanted}, got {name}, which has a forward pass of its own")
    if model.rnn.batch_first:
        raise ValueError(f"{wanted}, got {name} with batch_first=True")
    if vocabulary is None:
        raise ValueError(f"vocabulary: expected {len(model.b)} words, got None")
    return None, model.rnn, (model.W.T, model.b)
