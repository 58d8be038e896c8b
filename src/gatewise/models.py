"""The torch models that the notebooks train, and a cell unrolled in plain torch operations."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from gatewise.text import check_lengths


def unroll(mode, x, W_ih, W_hh, b_ih, b_hh, h=None, c=None, **form):
    """Yield every time step of a cell, a dict from symbol to tensor.

    Computes what `nn.RNN`, `nn.LSTM` or `nn.GRU` computes, in plain operations: autograd can show
    each of them, and a model can change one.
    mode: "RNN_TANH", "LSTM" or "GRU", a module's own `mode`. x: (T, B, D). h, c: (B, H), the
    initial states, zeros by default. form: as for `cell_step`.
    W_ih, W_hh, b_ih, b_hh: one layer's parameters. With a leading axis, (S, …), they are those of
    S networks side by side, and the tensors are (S, B, H).
    """
    B, H = x.shape[1], W_hh.shape[-1]
    h = x.new_zeros(*W_hh.shape[:-2], B, H) if h is None else h
    c = torch.zeros_like(h) if c is None else c
    W_hh_T, b_hh = W_hh.mT, b_hh.unsqueeze(-2).expand(*b_hh.shape[:-1], B, -1)
    x = x.unflatten(1, [1] * (W_ih.ndim - 2) + [B])  # (T, 1, B, D) for (S, G·H, D)
    for a in x @ W_ih.mT + b_ih.unsqueeze(-2):  # every input, in one product
        now = cell_step(mode, a, lambda h: h @ W_hh_T + b_hh, h, c, **form)
        h, c = now["h"], now.get("c")
        yield now


def cell_step(mode, a, hidden, h, c=None, without=None, reset_after=True):
    """Return one time step of a cell, a dict from symbol to tensor.

    a: (…, B, G·H), the input side of the pre-activations, W_ih x + b_ih.
    hidden: the function from h to the hidden side, W_hh h + b_hh.
    h, c: (…, B, H), the previous states.
    without: the part of an LSTM that is left out, as in TextLSTMWithout.
    reset_after: which form of the GRU.
    """
    if mode == "RNN_TANH":
        a = a + hidden(h)
        return {"a": a, "h": a.tanh()}
    if mode == "LSTM":
        a = a + hidden(h)
        a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
        f, o = a_f.sigmoid(), a_o.sigmoid()
        i = 1 - f if without == "input gate" else a_i.sigmoid()
        g = a_g if without == "tanh of g" else a_g.tanh()
        c = f * c + i * g
        h = o * (c if without == "tanh of c" else c.tanh())
        return {"a": a, "i": i, "f": f, "g": g, "o": o, "c": c, "h": h}
    (a_r, a_z, a_n), (u_r, u_z, q) = a.chunk(3, dim=-1), hidden(h).chunk(3, dim=-1)
    r, z = (a_r + u_r).sigmoid(), (a_z + u_z).sigmoid()
    if reset_after:
        n = (a_n + r * q).tanh()
    else:
        q = hidden(r * h).chunk(3, dim=-1)[2]
        n = (a_n + q).tanh()
    h = (1 - z) * n + z * h
    return {"a": a, "r": r, "z": z, "n": n, "q": q, "h": h}


class TextModel(nn.Module):
    """A recurrent layer over one-hot words, and a linear readout of its last state.

    words: size of the vocabulary, D. hidden: number of hidden units, H.
    readout: the initialization of `W` (H, D) and `b` (D,): "normal", standard normal numbers, as
    in the published runs that the notebooks compare with, or "linear", as in `nn.Linear`.
    The recurrent layer is `rnn`; a subclass says of which `kind`.
    Raises ValueError for another readout.
    """

    kind = None

    def __init__(self, words, hidden=5, readout="normal"):
        super().__init__()
        # The order of the draws is part of a seed's meaning: the layer, then W, then b.
        self.rnn = self.kind(words, hidden)
        if readout == "normal":
            W, b = torch.randn(hidden, words), torch.randn(words)
        elif readout == "linear":
            linear = nn.Linear(hidden, words)
            W, b = linear.weight.detach().T.contiguous(), linear.bias.detach()
        else:
            raise ValueError(f"readout: expected 'normal' or 'linear', got {readout!r}")
        self.W, self.b = nn.Parameter(W), nn.Parameter(b)

    def forward(self, x):
        """x: (T, B, D). Returns the logits of every word as the next one, (B, D)."""
        output, _ = self.rnn(x)
        return output[-1] @ self.W + self.b

    def unrolled(self, x, weights=None, **form):
        """Return the logits of `forward`, computed in plain torch operations.

        weights: name of a parameter to its value, the model's own by default. With a leading axis
        they are those of S models side by side, and the logits are (S, B, D).
        form: as for `cell_step`.
        """
        weights = weights or dict(self.named_parameters())
        cell = (weights[f"rnn.{name}"] for name in self.rnn._flat_weights_names)
        *_, last = unroll(self.rnn.mode, x, *cell, **form)
        return last["h"] @ weights["W"] + weights["b"].unsqueeze(-2)


class TextRNN(TextModel):
    """A TextModel with tanh units, `nn.RNN`."""

    kind = nn.RNN


class TextGRU(TextModel):
    """A TextModel with gated recurrent units, `nn.GRU`."""

    kind = nn.GRU


class TextLSTM(TextModel):
    """A TextModel with long short-term memory, `nn.LSTM`; its readout sees h, not c.

    forget_bias: as for `add_forget_bias`; with 4.0 the forget gate starts nearly open.
    words, hidden, readout: as for TextModel.
    """

    kind = nn.LSTM

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0):
        super().__init__(words, hidden, readout)
        add_forget_bias(self.rnn, forget_bias)


class TextLSTMWithout(TextLSTM):
    """A TextLSTM that leaves one part out; the same weights, drawn in the same order.

    without: "tanh of c": h_t = o_t ⊙ c_t; "tanh of g": the candidate is its pre-activation a_g;
    "input gate": i_t = 1 − f_t, so that new values replace what is forgotten, and the rows of i
    are unused.
    words, hidden, readout, forget_bias: as for TextLSTM. Raises ValueError for another part.
    """

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0, without="tanh of c"):
        super().__init__(words, hidden, readout, forget_bias)
        if without not in ("tanh of c", "tanh of g", "input gate"):
            parts = "'tanh of c', 'tanh of g' or 'input gate'"
            raise ValueError(f"without: expected {parts}, got {without!r}")
        self.without = without

    def forward(self, x):
        """x: (T, B, D). Returns the logits of every word as the next one, (B, D)."""
        return self.unrolled(x, without=self.without)


@torch.no_grad()
def add_forget_bias(lstm, forget_bias):
    """Add a number to the initial bias b_f of an LSTM's forget gates, in every layer.

    This is what `forget_bias` means in the whole series: 0 leaves the initialization as it is.
    lstm: `nn.LSTM`. Of the two biases torch has, it goes into `bias_ih`.
    Source: Gers et al. 2000; Jozefowicz et al. 2015.
    """
    if forget_bias and not lstm.bias:
        raise ValueError(f"forget_bias: expected 0 with bias=False, got {forget_bias}")
    H = lstm.hidden_size
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_ih"):
            parameter[H : 2 * H] += forget_bias


class SequenceClassifier(nn.Module):
    """Embedding, LSTM, the final states of its last layer, dropout, linear layer: class logits.

    letters: how many ids there are, the padding 0 among them. classes: C.
    embedding: D. hidden: H, in each direction. layers, bidirectional: as in `nn.LSTM`.
    dropout: the share that is set to zero in training: of the embedded letters, between the
    layers, and of the final states.
    forget_bias: as for `add_forget_bias`; all other biases start at 0.
    """

    def __init__(
        self,
        letters,
        classes,
        embedding=16,
        hidden=32,
        layers=1,
        bidirectional=True,
        dropout=0.0,
        forget_bias=1.0,
    ):
        super().__init__()
        between = dropout if layers > 1 else 0.0  # with a single layer, nn.LSTM would warn
        self.embedding = nn.Embedding(letters, embedding, padding_idx=0)
        self.lstm = nn.LSTM(embedding, hidden, layers, dropout=between, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear((1 + bidirectional) * hidden, classes)
        self.initialize(forget_bias)

    @torch.no_grad()
    def initialize(self, forget_bias):
        """Make each gate's weights orthogonal, the linear layer's Xavier's, all biases zero, and
        add the forget bias."""
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight"):
                for gate in parameter.split(self.lstm.hidden_size):
                    nn.init.orthogonal_(gate)
            else:
                parameter.zero_()
        add_forget_bias(self.lstm, forget_bias)
        nn.init.xavier_normal_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, ids, lengths):
        """Return the logits of every class, (B, C).

        ids: int64 (T, B), padded at the ends. lengths: (B,), from 1 to T, in any order.
        Raises ValueError for lengths that don't fit, and for ids that no letter has.
        """
        last = self.last_states(self.dropout(self.embed(ids)), lengths)
        return self.linear(self.dropout(last))

    def embed(self, ids):
        """ids: int64 (T, B). Returns (T, B, D)."""
        if ids.ndim != 2:
            raise ValueError(f"ids: expected (T, B), got {tuple(ids.shape)}")
        size, low, high = self.embedding.num_embeddings, ids.min(), ids.max()
        if low < 0 or high >= size:
            raise ValueError(f"ids: expected 0 to {size - 1}, got {low} to {high}")
        return self.embedding(ids)

    def last_states(self, x, lengths):
        """Return the final states of the last layer's directions, concatenated, forward first.

        x: (T, B, D). lengths: (B,). Returns (B, H), or (B, 2H) if bidirectional.
        """
        lengths = torch.as_tensor(lengths).cpu()
        check_lengths(lengths, *x.shape[:2])
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        _, (h_n, _) = self.lstm(packed)
        return torch.cat([*h_n[-2:]] if self.lstm.bidirectional else [h_n[-1]], dim=1)
