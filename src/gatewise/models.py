"""The torch models that the notebooks train."""

import torch
from torch import nn


class TextRNN(nn.Module):
    """An RNN over one-hot words, and a linear read-out of its last state.

    words: size of the vocabulary, D. hidden: number of hidden units, H.
    The read-out `W` (H, D) and `b` (D,) starts at standard normal numbers, as in the run that
    notebook 01 sets its own beside.
    """

    def __init__(self, words, hidden=5):
        super().__init__()
        self.rnn = nn.RNN(words, hidden)
        self.W = nn.Parameter(torch.randn(hidden, words))
        self.b = nn.Parameter(torch.randn(words))

    def forward(self, x):
        """x: (T, B, D). Returns the scores of every word as the next one, (B, D)."""
        output, h_n = self.rnn(x)
        return output[-1] @ self.W + self.b
