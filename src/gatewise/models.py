"""The torch models that the notebooks train, and the cells written with plain torch operations."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from gatewise.text import check_lengths


def unroll(mode, x, W_ih, W_hh, b_ih, b_hh, h=None, c=None, **form):
    """Yield a dict from symbols to tensors for each time step of a cell.

    The results agree with `nn.RNN`, `nn.LSTM` or `nn.GRU`. With plain tensor operations, autograd
    can compute the gradient with respect to each intermediate result, and a model can change a
    single operation.
    mode: "RNN_TANH", "LSTM" or "GRU", as in a torch module's `mode`. x: (T, B, D).
    h, c: (B, H), the initial states, zeros by default. form: the keyword arguments `without` and
    `reset_after` of `cell_step`.
    W_ih, W_hh, b_ih, b_hh: the parameters of one layer. Parameters with a leading axis S belong to
    S networks that run in parallel; the states then have the shape (S, B, H).
    """
    B, H = x.shape[1], W_hh.shape[-1]
    h = x.new_zeros(*W_hh.shape[:-2], B, H) if h is None else h
    c = torch.zeros_like(h) if c is None else c
    W_hh_T, b_hh = W_hh.mT, b_hh.unsqueeze(-2).expand(*b_hh.shape[:-1], B, -1)
    x = x.unflatten(1, [1] * (W_ih.ndim - 2) + [B])  # (T, 1, B, D) if W_ih is (S, G·H, D)
    for a in x @ W_ih.mT + b_ih.unsqueeze(-2):  # one matrix product for all time steps
        now = cell_step(mode, a, lambda h: h @ W_hh_T + b_hh, h, c, **form)
        h, c = now["h"], now.get("c")
        yield now


def cell_step(mode, a, hidden, h, c=None, without=None, reset_after=True):
    """Compute one time step of a cell, and return a dict from symbols to tensors.

    mode: "RNN_TANH", "LSTM" or "GRU", as in a torch module's `mode`.
    a: (…, B, G·H), the input side W_ih x + b_ih of the pre-activations; G is the number of blocks.
    hidden: a function that maps h to W_hh h + b_hh.
    h, c: (…, B, H), the previous states.
    without: the part of an LSTM to leave out; see TextLSTMWithout.
    reset_after: True for the GRU in torch, False for the GRU in Cho et al. 2014.
    Source: the equations in `gatewise.cells`.
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
    """A recurrent layer that reads one-hot words, and a linear readout of its last hidden state.

    words: the size of the vocabulary, D. hidden: the number of hidden units, H.
    readout: the initialization of `W` (H, D) and `b` (D,). "normal" draws from a standard
    normal distribution, and "linear" initializes `W` and `b` as `nn.Linear` does. The published
    runs in the notebooks use "normal". The attribute `rnn` is the recurrent layer, and the
    attribute `kind` of each subclass is the class of this layer.
    Raises ValueError for an unknown `readout`.
    """

    kind = None

    def __init__(self, words, hidden=5, readout="normal"):
        super().__init__()
        # Initialize the layer, then W, then b; any other order would change each seed's network.
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
        """Return the logits (B, D) for the next word. x: (T, B, D), one-hot."""
        output, _ = self.rnn(x)
        return output[-1] @ self.W + self.b

    def unrolled(self, x, weights=None, **form):
        """Compute the same logits as `forward` with plain torch operations.

        x: (T, B, D). weights: a dict from parameter names to values; by default, the model's own
        values. Values with a leading axis S belong to S models; the logits then have the shape
        (S, B, D).
        form: the same as in `unroll`.
        """
        weights = weights or dict(self.named_parameters())
        cell = (weights[f"rnn.{name}"] for name in self.rnn._flat_weights_names)
        *_, last = unroll(self.rnn.mode, x, *cell, **form)
        return last["h"] @ weights["W"] + weights["b"].unsqueeze(-2)


class TextRNN(TextModel):
    """A TextModel with tanh units (`nn.RNN`). It takes the same arguments as TextModel."""

    kind = nn.RNN


class TextGRU(TextModel):
    """A TextModel with gated units (`nn.GRU`). It takes the same arguments as TextModel."""

    kind = nn.GRU


class TextLSTM(TextModel):
    """A TextModel with LSTM units (`nn.LSTM`). The readout reads h but not c.

    forget_bias: the number added to the forget-gate bias; with 4.0, the gates start nearly open.
    words, hidden, readout: the same as in TextModel.
    """

    kind = nn.LSTM

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0):
        super().__init__(words, hidden, readout)
        add_forget_bias(self.rnn, forget_bias)


class TextLSTMWithout(TextLSTM):
    """A TextLSTM with one part left out. The same seed gives a TextLSTM the same initial weights.

    without: the part to leave out. Without "tanh of c", h_t = o_t ⊙ c_t. Without "tanh of g", the
    candidate equals its pre-activation a_g. Without "input gate", i_t = 1 − f_t, and the weights of
    the input gate are unused.
    words, hidden, readout, forget_bias: the same as in TextLSTM.
    Raises ValueError for an unknown part.
    """

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0, without="tanh of c"):
        super().__init__(words, hidden, readout, forget_bias)
        if without not in ("tanh of c", "tanh of g", "input gate"):
            parts = "'tanh of c', 'tanh of g' or 'input gate'"
            raise ValueError(f"without: expected {parts}, got {without!r}")
        self.without = without

    def forward(self, x):
        """Return the logits (B, D) for the next word. x: (T, B, D), one-hot."""
        return self.unrolled(x, without=self.without)


@torch.no_grad()
def add_forget_bias(lstm, forget_bias):
    """Add a number to the forget-gate bias b_f in every layer of an LSTM, in place.

    `forget_bias` has this meaning in every model; 0 leaves the initialization unchanged.
    lstm: an `nn.LSTM`. forget_bias: the number to add to `bias_ih`, one of torch's two biases.
    Raises ValueError for an LSTM without biases. Source: Gers et al. 2000; Jozefowicz et al. 2015.
    """
    if forget_bias and not lstm.bias:
        raise ValueError(f"forget_bias: expected 0 with bias=False, got {forget_bias}")
    H = lstm.hidden_size
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_ih"):
            parameter[H : 2 * H] += forget_bias


class SequenceClassifier(nn.Module):
    """A sequence classifier with an embedding, an LSTM, dropout and a linear layer.

    The linear layer reads the final hidden states of the LSTM's last layer.
    letters: the number of ids, including id 0 for padding. classes: the number of classes, C.
    embedding: the embedding size, D. hidden: the number of hidden units per direction, H.
    layers: the number of LSTM layers. bidirectional: True for a bidirectional LSTM.
    dropout: the dropout probability for the embeddings, for the outputs passed between layers, and
    for the final states.
    forget_bias: the initial value of the forget-gate bias; all other biases start at 0.
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
        between = dropout if layers > 1 else 0.0  # nn.LSTM warns about dropout in a single layer
        self.embedding = nn.Embedding(letters, embedding, padding_idx=0)
        self.lstm = nn.LSTM(embedding, hidden, layers, dropout=between, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear((1 + bidirectional) * hidden, classes)
        self.initialize(forget_bias)

    @torch.no_grad()
    def initialize(self, forget_bias):
        """Initialize the LSTM with orthogonal blocks, and the linear layer with Xavier's method.

        All biases are zero except the forget-gate bias, which equals `forget_bias`.
        """
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
        """Return the logits (B, C) for the classes.

        ids: int64 (T, B), padded at the end. lengths: ints (B,), from 1 to T, in any order.
        Raises ValueError for lengths or ids that are out of range.
        """
        last = self.last_states(self.dropout(self.embed(ids)), lengths)
        return self.linear(self.dropout(last))

    def embed(self, ids):
        """Look up the embedding of each letter. ids: int64 (T, B). Returns a tensor (T, B, D).

        Raises ValueError for ids that have the wrong shape or are out of range.
        """
        if ids.ndim != 2:
            raise ValueError(f"ids: expected (T, B), got {tuple(ids.shape)}")
        size, low, high = self.embedding.num_embeddings, ids.min(), ids.max()
        if low < 0 or high >= size:
            raise ValueError(f"ids: expected 0 to {size - 1}, got {low} to {high}")
        return self.embedding(ids)

    def last_states(self, x, lengths):
        """Return the last layer's final hidden states for each sequence.

        x: (T, B, D). lengths: ints (B,). Returns a tensor (B, H). For a bidirectional LSTM, the
        shape is (B, 2H), with the forward states first.
        """
        lengths = torch.as_tensor(lengths).cpu()
        check_lengths(lengths, *x.shape[:2])
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        _, (h_n, _) = self.lstm(packed)
        return torch.cat([*h_n[-2:]] if self.lstm.bidirectional else [h_n[-1]], dim=1)
