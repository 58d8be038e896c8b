"""Trained-like networks, each written in another style of module, and what they predict."""

import numpy as np
import torch
from torch import nn

WORDS = "<pad> the a dog cat sees likes small , .".split()
TAGS = ["article", "noun", "verb", "adjective", "mark"]
SENTENCE = "the small dog sees a cat ."


class Tagger(nn.Module):
    """The usual style: a class with a forward; two layers, both directions, a tag per word."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 8, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.linear = nn.Linear(16, len(TAGS))

    def forward(self, ids):
        """ids: (B, T). Returns logits, (B, T, tags)."""
        return self.linear(self.lstm(self.embedding(ids))[0])


class Ends(nn.Module):
    """The last layer's final states, from what an `nn.GRU` returns."""

    def forward(self, returned):
        """Returns (B, directions · H)."""
        return torch.cat([*returned[1][-2:]], dim=1)


def classifier():
    """A chain: a GRU in both directions, whose ends go through normalization and dropout."""
    head = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(14), nn.Linear(14, 3))
    gru = nn.GRU(5, 7, bidirectional=True)
    return nn.Sequential(nn.Embedding(len(WORDS), 5), gru, Ends(), head)


class Sensor:
    """No module at all: an LSTM in float64 over two numbers per step, and arrays of a readout."""

    def __init__(self):
        self.rnn = nn.LSTM(2, 4, dtype=torch.float64)
        self.W = torch.randn(3, 4, dtype=torch.float64)
        self.b = torch.randn(3, dtype=torch.float64)

    def __call__(self, x):
        """x: (T, B, 2). Returns logits after each step, (T, B, 3)."""
        return self.rnn(x)[0] @ self.W.T + self.b


def made(make, seed=0):
    """A network in evaluation mode, its weights three times as large: predictions differ."""
    torch.manual_seed(seed)
    network = make()
    if isinstance(network, nn.Module):
        network.eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(3)
    return network


def ids(sentence):
    """The indices of its words."""
    return torch.tensor([WORDS.index(word) for word in sentence.split()])


def probabilities(network, sentence):
    """What the network itself makes of a sentence: (T, outputs), or (outputs,) for all of it."""
    with torch.no_grad():
        if isinstance(network, Tagger):
            logits = network(ids(sentence)[None])[0]
        elif isinstance(network, Sensor):
            rows = [[float(v) for v in word.split(",")] for word in sentence.split()]
            logits = network(torch.tensor(rows, dtype=torch.float64)[:, None])[:, 0]
        else:
            logits = network(ids(sentence)[:, None])[0]
        return np.asarray(logits.softmax(-1))
