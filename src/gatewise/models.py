"""The torch models that the notebooks train."""

import torch
from torch import nn


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
