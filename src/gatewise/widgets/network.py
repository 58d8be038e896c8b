"""A trained network as the widgets run it: token embedding, recurrent layers, readout, as arrays.

static/network.js runs the same arrays in the browser.
"""

from base64 import b64encode

import numpy as np

from gatewise.cells import gru, lstm, rnn
from gatewise.check import as_array
from gatewise.text import one_hot

CELLS = {"RNN_TANH": rnn, "LSTM": lstm, "GRU": gru}
GATES = {rnn: "", lstm: "ifo", gru: "rz"}
LETTERS = {rnn: "h", lstm: "figoch", gru: "rznh"}


class Network:
    """The arrays of a network, and one sequence through them.

    rnn: an `nn.RNN`, `nn.LSTM` or `nn.GRU`, with any number of layers and directions.
    embedding: an `nn.Embedding` or its weights (V, E), one row per token; None if the layer reads
    one-hot rows. readout: an `nn.Linear`, or its weights W (H, V) and biases b (V,) as a pair,
    applied to the outputs of each time step; None if there is none.
    All weights are copied. `cell` is the cell's module, `layers` the Params of each layer and
    direction in the order of `h_n`, `directions` 1 or 2, `H` the hidden units, `D` the features
    the first layer reads.
    Raises ValueError, *expected …, got …*, for a module that computes something else than the
    cells, and for parts that don't fit together.
    """

    def __init__(self, rnn, embedding=None, readout=None):
        mode = getattr(rnn, "mode", None)
        if mode not in CELLS:
            got = type(rnn).__name__ + (f" with {mode}" if mode else "")
            raise ValueError(f"rnn: expected nn.RNN with tanh, nn.LSTM or nn.GRU, got {got}")
        self.cell = CELLS[mode]
        self.directions = 1 + rnn.bidirectional
        places = [(n, r) for n in range(rnn.num_layers) for r in range(self.directions)]
        copies = [self.cell.Params.from_torch(rnn, layer, bool(r)) for layer, r in places]
        self.dtype = copies[0].W_ih.dtype
        self.layers = [type(p)(*(array.astype(float) for array in p)) for p in copies]
        self.H, self.D = rnn.hidden_size, rnn.input_size
        self.embedding = None if embedding is None else _weights("embedding", embedding)
        if self.embedding is not None:
            _fits("embedding", "(V, D)", self.embedding, (len(self.embedding), self.D))
        self.W, self.b = (None, None) if readout is None else _readout(readout)
        if readout is not None:
            _fits(
                "readout", "W (H · directions, V)", self.W, (self.H * self.directions, len(self.b))
            )

    @property
    def letters(self):
        """The symbols of the gates and states, in the order in which they are shown."""
        return LETTERS[self.cell]

    @property
    def gates(self):
        return GATES[self.cell]

    def vectors(self, ids):
        """What the first layer reads for these token ids: (T, D)."""
        return one_hot(ids, self.D) if self.embedding is None else self.embedding[ids]

    def run(self, x, clamps=None, held=0):
        """One sequence through all layers.

        x: (T, D). clamps: a gate of the layer `held`, in the order of `h_n`, to (T, H), NaN where
        it is free. Returns for each layer and direction a dict of its symbols (T, H), time running
        as in x, and the outputs of the top layer, (T, H · directions).
        """
        traces = []
        for n, params in enumerate(self.layers):
            way = slice(None, None, -1 if n % self.directions else None)
            hold = {k: v[way] for k, v in clamps.items()} if clamps and n == held else {}
            trace = walk(self.cell, params, x[way], hold)
            traces.append({k: v[way] for k, v in trace.items()})
            if n % self.directions == self.directions - 1:  # the next layer reads all directions
                x = np.concatenate([trace["h"] for trace in traces[-self.directions :]], axis=1)
        return traces, x

    def probabilities(self, outputs):
        """softmax(h W + b) for outputs (…, H · directions): (…, V)."""
        a = outputs @ self.W + self.b
        e = np.exp(a - a.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def plain(self):
        """The network as JSON can carry it: its arrays in base64, in their own dtype."""
        arrays = {"embedding": self.embedding, "W": self.W, "b": self.b}
        return {
            "cell": self.cell.__name__.rpartition(".")[-1],
            "directions": self.directions,
            "D": self.D,
            "H": self.H,
            "letters": self.letters,
            "layers": [{k: self._packed(v) for k, v in p._asdict().items()} for p in self.layers],
            **{k: self._packed(v) for k, v in arrays.items() if v is not None},
        }

    def _packed(self, array):
        little = self.dtype.newbyteorder("<")
        return f"{self.dtype.name}:{b64encode(array.astype(little).tobytes()).decode()}"


def walk(cell, params, x, clamps):
    """One layer over one sequence, with gates held.

    x: (T, D). clamps: a gate to (T, H), NaN where it is free; what follows from a held gate is
    computed from it. Returns a dict of the cell's symbols, (T, H).
    """
    if not clamps:
        trace = cell.forward(params, x[:, None])
        return {k: getattr(trace, k)[:, 0] for k in LETTERS[cell]}
    state = {k: np.zeros((1, params.W_hh.shape[1])) for k in "hc" if k in LETTERS[cell]}
    rows = []
    for t, x_t in enumerate(x[:, None]):
        now = cell.step(params, x_t, **state)._asdict()
        for k, values in clamps.items():
            now[k] = np.where(np.isnan(values[t]), now[k], values[t])
        _follow(cell, params, now)
        state = {k: now[k] for k in state}
        rows.append(now)
    return {k: np.concatenate([now[k] for now in rows]) for k in LETTERS[cell]}


def _follow(cell, params, now):
    """Compute again, in place, what follows from the gates of a step."""
    if cell is lstm:
        now["c"] = now["f"] * now["c0"] + now["i"] * now["g"]
        now["h"] = now["o"] * np.tanh(now["c"])
    elif cell is gru:
        H = now["h"].shape[1]
        x_side = (now["x"] @ params.W_ih.T + params.b_ih)[:, 2 * H :]
        now["n"] = np.tanh(x_side + now["r"] * now["q"])
        now["h"] = (1 - now["z"]) * now["n"] + now["z"] * now["h0"]


def _weights(name, given):
    """A module's `weight`, or an array, as a matrix of floats."""
    array = as_array(getattr(given, "weight", given)).astype(float)
    if array.ndim != 2:
        raise ValueError(f"{name}: expected a matrix, got {array.shape}")
    return array


def _readout(given):
    """W (H · directions, V) and b (V,) of an `nn.Linear` or of a pair."""
    if isinstance(given, tuple | list):
        W, b = (as_array(part).astype(float) for part in given)
    else:
        W = _weights("readout", given).T
        bias = getattr(given, "bias", None)
        b = np.zeros(W.shape[1]) if bias is None else as_array(bias).astype(float)
    return W, b


def _fits(name, symbols, array, shape):
    if array.shape != shape:
        raise ValueError(f"{name}: expected {symbols} = {shape}, got {array.shape}")
