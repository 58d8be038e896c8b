"""Training: one loop for every model of the series."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from tqdm import trange


class History(NamedTuple):
    """What a training leaves behind."""

    loss: np.ndarray  # (epochs,), the loss before each update, in nats


def fit(model, x, y, epochs=500, lr=0.01):
    """Train on the whole batch with Adam and cross-entropy.

    model: torch module from x to scores (B, D). x: its input. y: (B,), the right words' numbers.
    epochs: how many updates. lr: Adam's step size.
    A bar shows the progress of a training that takes longer than a second.
    Returns a History. Source of Adam: Kingma and Ba 2015, algorithm 1.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss = np.empty(epochs)
    for epoch in trange(epochs, desc=type(model).__name__, leave=False, delay=1):
        cost = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        loss[epoch] = cost.item()
    return History(loss)
