"""Training: one loop for every model of the series."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, vmap
from tqdm import trange

from gatewise.models import TextModel


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


class Runs(NamedTuple):
    """What several trainings side by side leave behind, before each update."""

    loss: np.ndarray  # (S, epochs), in nats
    right: np.ndarray  # (S, epochs), how many of the B answers are right


def fit_together(models, x, y, epochs=500, lr=0.01):
    """Train models of one kind and size side by side, each as `fit` would train it alone.

    models: S of one class and size: text models, or modules of plain tensor operations (`vmap`
    takes these; it does not take `nn.LSTM`). Their weights are stacked with a leading axis S.
    Adam works entry by entry and no weight enters another model's loss, so nobody feels the
    others. x: (T, B, D). y: (B,). epochs, lr: as for `fit`.
    The models are trained in place. Returns Runs.
    Raises ValueError for models that differ in class or size.
    """
    kinds = {(type(m), *(tuple(p.shape) for p in m.parameters())) for m in models}
    if len(kinds) != 1:
        raise ValueError(f"models of one class and size are meant; got {len(kinds)} different")
    stacked = {
        name: torch.stack([m.get_parameter(name).detach() for m in models]).requires_grad_()
        for name, _ in models[0].named_parameters()
    }
    optimizer = torch.optim.Adam(stacked.values(), lr=lr)
    S, B = len(models), len(y)
    targets = y.expand(S, B)
    loss, right = np.empty((epochs, S)), np.empty((epochs, S), dtype=int)
    for epoch in trange(epochs, desc=f"{S} {type(models[0]).__name__}", leave=False, delay=1):
        scores = _scores(models[0], stacked, x)  # (S, B, D)
        cost = nn.functional.cross_entropy(scores.mT, targets, reduction="none").mean(dim=1)
        optimizer.zero_grad()
        cost.sum().backward()
        optimizer.step()
        loss[epoch] = cost.detach().numpy()
        right[epoch] = (scores.argmax(dim=2) == targets).sum(dim=1).numpy()
    with torch.no_grad():
        for name, values in stacked.items():
            for model, value in zip(models, values, strict=True):
                model.get_parameter(name).copy_(value)
    return Runs(loss.T, right.T)


def _scores(model, weights, x):
    """The scores of all models, (S, B, D): `model` says how, `weights` (S, …) whose."""
    if type(model).forward is not TextModel.forward:
        return vmap(lambda own: functional_call(model, own, (x,)))(weights)
    W_ih, W_hh, b_ih, b_hh = (weights[f"rnn.{name}"] for name in model.rnn._flat_weights_names)
    S, H, B = len(W_hh), W_hh.shape[2], x.shape[1]
    W_hh, b_hh = W_hh.mT, b_hh[:, None].expand(S, B, -1)
    h = c = x.new_zeros(S, B, H)
    for a in x[:, None] @ W_ih.mT + b_ih[:, None]:  # (S, B, G H), the input's share of a step
        if model.rnn.mode == "GRU":
            (a_r, a_z, a_n), (q_r, q_z, q) = (
                v.chunk(3, dim=2) for v in (a, torch.baddbmm(b_hh, h, W_hh))
            )
            z, n = (a_z + q_z).sigmoid(), (a_n + (a_r + q_r).sigmoid() * q).tanh()
            h = (1 - z) * n + z * h
            continue
        a = torch.baddbmm(a + b_hh, h, W_hh)
        if model.rnn.mode == "LSTM":
            i, f, g, o = a.chunk(4, dim=2)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        else:
            h = a.tanh()
    return h @ weights["W"] + weights["b"][:, None]
