"""The torch models that the notebooks train."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from gatewise.text import check_lengths


class TextModel(nn.Module):
    """A recurrent layer over one-hot words, and a linear read-out of its last state.

    words: size of the vocabulary, D. hidden: number of hidden units, H.
    readout: where `W` (H, D) and `b` (D,) start: "normal", at standard normal numbers, as in the
    runs that the notebooks set their own beside, or "linear", where `nn.Linear` starts its own.
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
            raise ValueError(f"no readout {readout!r}: there are 'normal' and 'linear'")
        self.W, self.b = nn.Parameter(W), nn.Parameter(b)

    def forward(self, x):
        """x: (T, B, D). Returns the scores of every word as the next one, (B, D)."""
        output, _ = self.rnn(x)
        return output[-1] @ self.W + self.b


class TextRNN(TextModel):
    """A TextModel with tanh units, `nn.RNN`."""

    kind = nn.RNN


class TextGRU(TextModel):
    """A TextModel with gated recurrent units, `nn.GRU`."""

    kind = nn.GRU


class TextLSTM(TextModel):
    """A TextModel with long short-term memory, `nn.LSTM`; its read-out sees h, not c.

    forget_bias: what is added to the forget rows of `rnn.bias_ih_l0`; with +4, say, the forget
    gate starts nearly open. words, hidden, readout: as for TextModel.
    """

    kind = nn.LSTM

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0):
        super().__init__(words, hidden, readout)
        with torch.no_grad():
            self.rnn.bias_ih_l0[hidden : 2 * hidden] += forget_bias


class TextLSTMWithout(TextLSTM):
    """A TextLSTM that leaves one part out; the same weights, drawn in the same order.

    without: "tanh of c": h_t = o_t ⊙ c_t; "tanh of g": the candidate is its a_g; "input gate":
    i_t = 1 − f_t, so that what is forgotten is replaced, and the rows of i go unused.
    words, hidden, readout, forget_bias: as for TextLSTM. Raises ValueError for another part.
    """

    def __init__(self, words, hidden=5, readout="normal", forget_bias=0.0, without="tanh of c"):
        super().__init__(words, hidden, readout, forget_bias)
        if without not in ("tanh of c", "tanh of g", "input gate"):
            parts = "'tanh of c', 'tanh of g' and 'input gate'"
            raise ValueError(f"nothing is left out by {without!r}: there are {parts}")
        self.without = without

    def forward(self, x):
        """x: (T, B, D). Returns the scores of every word as the next one, (B, D)."""
        W_ih, W_hh, b_ih, b_hh = self.rnn.parameters()
        h = c = x.new_zeros(x.shape[1], self.rnn.hidden_size)
        for x_t in x:
            a_i, a_f, a_g, a_o = (x_t @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
            f = a_f.sigmoid()
            i = 1 - f if self.without == "input gate" else a_i.sigmoid()
            g = a_g if self.without == "tanh of g" else a_g.tanh()
            c = f * c + i * g
            h = a_o.sigmoid() * (c if self.without == "tanh of c" else c.tanh())
        return h @ self.W + self.b


class SequenceClassifier(nn.Module):
    """Embedding, LSTM, the last states of its last layer, dropout, linear: scores of classes.

    letters: how many numbers there are, the padding 0 among them. classes: C.
    embedding: D. hidden: H, for each direction. layers, bidirectional: as in `nn.LSTM`.
    dropout: the share that is put to zero in training: of the embedded letters, between the
    layers, and of the last states.
    forget_bias: where the forget gates' bias starts; all other biases start at 0.
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
        between = dropout if layers > 1 else 0.0  # of a single layer, nn.LSTM would warn
        self.embedding = nn.Embedding(letters, embedding, padding_idx=0)
        self.lstm = nn.LSTM(embedding, hidden, layers, dropout=between, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear((1 + bidirectional) * hidden, classes)
        self.initialise(forget_bias)

    @torch.no_grad()
    def initialise(self, forget_bias):
        """Each gate's weights orthogonal, Xavier's for the linear layer, biases as promised."""
        H = self.lstm.hidden_size
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight"):
                for gate in parameter.split(H):
                    nn.init.orthogonal_(gate)
            else:
                parameter.zero_()
                if name.startswith("bias_ih"):
                    parameter[H : 2 * H] = forget_bias
        nn.init.xavier_normal_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, numbers, lengths):
        """The scores of every class, (B, C).

        numbers: int64 (T, B), padded at the ends. lengths: (B,), from 1 to T, in any order.
        Raises ValueError for lengths that do not fit, and for numbers that are no letters.
        """
        last = self.last_states(self.dropout(self.embed(numbers)), lengths)
        return self.linear(self.dropout(last))

    def embed(self, numbers):
        """numbers: int64 (T, B). Returns (T, B, D)."""
        if numbers.ndim != 2:
            raise ValueError(f"numbers has shape {tuple(numbers.shape)}, but (T, B) is meant")
        size, low, high = self.embedding.num_embeddings, numbers.min(), numbers.max()
        if low < 0 or high >= size:
            raise ValueError(f"numbers are {low} to {high}, but letters go from 0 to {size - 1}")
        return self.embedding(numbers)

    def last_states(self, x, lengths):
        """The last states of the last layer's directions, side by side, forward first.

        x: (T, B, D). lengths: (B,). Returns (B, H), or (B, 2H) if bidirectional.
        """
        lengths = torch.as_tensor(lengths).cpu()
        check_lengths(lengths, *x.shape[:2])
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        _, (h_n, _) = self.lstm(packed)
        return torch.cat([*h_n[-2:]] if self.lstm.bidirectional else [h_n[-1]], dim=1)
