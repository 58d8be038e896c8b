"""Three networks in different coding styles, with weights as large as after training."""

import numpy as np
import torch
from torch import nn

from gatewise.widgets import TextReader

WORDS = "<pad> the a dog cat sees likes small , .".split()
TAGS = ["article", "noun", "verb", "adjective", "mark"]
RATES = ["bad", "so-so", "good"]
SENTENCE = "the small dog sees a cat ."
NUMBERS = "0.5,-1 2,0 1e-3,0.25"


class Tagger(nn.Module):
    """A tagger with two bidirectional layers, written as a module with a `forward` method."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 8, 2, batch_first=True, bidirectional=True, dropout=0.2)
        self.linear = nn.Linear(16, len(TAGS))

    def forward(self, ids):
        """Return the logits (B, T, tags) for ids (B, T)."""
        return self.linear(self.lstm(self.embedding(ids))[0])


class Ends(nn.Module):
    """A module that extracts the last layer's final states from the output of an `nn.GRU`."""

    def forward(self, returned):
        """Return the final states (B, directions · H)."""
        return torch.cat([*returned[1][-2:]], dim=1)


def classifier():
    """Return an `nn.Sequential` with a bidirectional GRU, dropout and batch normalization."""
    head = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(14), nn.Linear(14, 3))
    gru = nn.GRU(5, 7, bidirectional=True)
    return nn.Sequential(nn.Embedding(len(WORDS), 5), gru, Ends(), head)


class Sensor:
    """A plain class with a readout array and a float64 LSTM that reads two numbers per step."""

    def __init__(self):
        self.rnn = nn.LSTM(2, 4, dtype=torch.float64)
        self.W = torch.randn(3, 4, dtype=torch.float64)
        self.b = torch.randn(3, dtype=torch.float64)

    def __call__(self, x):
        """Return the logits (T, B, 3) for the inputs x (T, B, 2)."""
        return self.rnn(x)[0] @ self.W.T + self.b


def made(make, seed=0):
    """Return a network in evaluation mode.

    Its large weights make its predictions vary with the input.
    """
    torch.manual_seed(seed)
    network = make()
    if isinstance(network, nn.Module):
        network.eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(3)
    return network


def ids(sentence):
    """Return the word indices of a sentence as a tensor (T,)."""
    return torch.tensor([WORDS.index(word) for word in sentence.split()])


def numbers(sentence):
    """Return the numbers in a sentence as an array (T, D)."""
    return np.array([[float(v) for v in word.split(",")] for word in sentence.split()])


def probabilities(network, sentence):
    """Return the probabilities that a network computes for a sentence.

    The shape is (outputs,) for a `classifier` and (T, outputs) for the other networks.
    """
    with torch.no_grad():
        if isinstance(network, Tagger):
            logits = network(ids(sentence)[None])[0]
        elif isinstance(network, Sensor):
            logits = network(torch.tensor(numbers(sentence))[:, None])[:, 0]
        else:
            logits = network(ids(sentence)[:, None])[0]
        return np.asarray(logits.softmax(-1))


def tagger_reader(net):
    model = net.embedding, net.lstm, net.linear
    return TextReader(model, WORDS, outputs=TAGS, text=SENTENCE)


def classifier_reader(net):
    model = net[0], net[1], net[3]
    return TextReader(model, WORDS, outputs=RATES, final=True, text=SENTENCE)


def sensor_reader(net):
    model = None, net.rnn, (net.W, net.b)
    return TextReader(model, inputs=numbers(NUMBERS), text=NUMBERS.split())


READERS = {
    "tagger": (Tagger, tagger_reader),
    "classifier": (classifier, classifier_reader),
    "sensor": (Sensor, sensor_reader),
}
