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
