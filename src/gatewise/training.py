"""Training: one loop for every model of the series."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, vmap
from tqdm import trange

from gatewise.cells.params import check_module
from gatewise.models import TextModel


class History(NamedTuple):
    """The result of a training run."""

    loss: np.ndarray  # (epochs,), the loss before each update, in nats


def fit(model, x, y, epochs=500, lr=0.01):
    """Train on the whole batch with Adam and cross-entropy.

    model: torch module from x to logits (B, D). x: its input. y: (B,), the right words' ids.
    epochs: number of updates. lr: Adam's learning rate.
    A bar shows the progress of a run that takes longer than a second.
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
    """The results of several training runs side by side, before each update."""

    loss: np.ndarray  # (S, epochs), in nats
    right: np.ndarray  # (S, epochs), how many of the B answers are right


def fit_together(models, x, y, epochs=500, lr=0.01):
    """Train models that differ only in their weights side by side, each as `fit` would alone.

    models: S text models, or modules of plain tensor operations (`vmap` takes these; it does not
    take `nn.LSTM`). Their weights are stacked with a leading axis S. Adam works elementwise and
    no weight enters another model's loss, so no model affects another.
    x: (T, B, D). y: (B,). epochs, lr: as for `fit`.
    The models are trained in place. Returns Runs.
    Raises ValueError, before anything is trained, for models that can't be trained this way.
    """
    models = list(models)
    _check_alike(models)
    logits_of = _logits_of(models[0])
    stacked = {
        name: torch.stack([m.get_parameter(name).detach() for m in models])
        for name, _ in models[0].named_parameters()
    }
    for name, values in stacked.items():
        values.requires_grad_(models[0].get_parameter(name).requires_grad)
    optimizer = torch.optim.Adam(stacked.values(), lr=lr)
    S, B = len(models), len(y)
    targets = y.expand(S, B)
    loss, right = np.empty((epochs, S)), np.empty((epochs, S), dtype=int)
    for epoch in trange(epochs, desc=f"{S} {type(models[0]).__name__}", leave=False, delay=1):
        logits = logits_of(x, stacked)  # (S, B, D)
        cost = nn.functional.cross_entropy(logits.mT, targets, reduction="none").mean(dim=1)
        optimizer.zero_grad()
        cost.sum().backward()
        optimizer.step()
        loss[epoch] = cost.detach().numpy()
        right[epoch] = (logits.argmax(dim=2) == targets).sum(dim=1).numpy()
    with torch.no_grad():
        for name, values in stacked.items():
            for model, value in zip(models, values, strict=True):
                model.get_parameter(name).copy_(value)
    return Runs(loss.T, right.T)


def _logits_of(model):
    """Return the function from x and stacked weights to the logits of all models, (S, B, D)."""
    forward, rnn = getattr(model.forward, "__func__", None), getattr(model, "rnn", None)
    if forward is TextModel.forward and isinstance(rnn, nn.RNNBase):
        check_module(rnn, {"LSTM": "nn.LSTM", "GRU": "nn.GRU"}.get(rnn.mode, "nn.RNN"))
        if rnn.num_layers > 1 or rnn.bidirectional or rnn.batch_first or not rnn.bias:
            raise ValueError(f"rnn: expected one layer with bias in one direction, got {rnn}")
        return model.unrolled

    def logits(x, weights):
        try:
            return vmap(lambda own: functional_call(model, own, (x,)))(weights)
        except RuntimeError as error:
            got = str(error).splitlines()[0]
            raise ValueError(f"models: expected plain tensor operations, got {got}") from error

    return logits


def _check_alike(models):
    """Raise ValueError unless the models differ in nothing but the values of their parameters."""
    if not models:
        raise ValueError("models: expected at least one, got none")
    parameters = [p for m in models for _, p in m.named_parameters(remove_duplicate=False)]
    if len(set(map(id, parameters))) < len(parameters):
        raise ValueError("models: expected parameters of their own, got shared ones")
    first, *others = map(_settings, models)
    for key, value in [item for settings in (first, *others) for item in settings.items()]:
        if ("_hooks" in key or "_buffers" in key) and value:
            raise ValueError(f"models: expected no hooks and no buffers, got {key}")
    for other in others:
        for key in first | other:
            if key not in first or key not in other or not _same(first[key], other[key]):
                raise ValueError(f"models: expected the same {key} in all, got different ones")


def _settings(model):
    """Return everything about a model but its parameters' values: where it is, to what it is."""
    found = {}
    for path, module in model.named_modules():
        found[f"class {path}".strip()] = type(module)
        for name, value in vars(module).items():
            if name not in ("_parameters", "_modules", "_flat_weights", "_flat_weight_refs"):
                found[f"{path}.{name}".strip(".")] = value
    for name, p in model.named_parameters():
        found[name] = tuple(p.shape), p.dtype, p.device, p.requires_grad
    return found


def _same(one, other):
    try:
        return bool(one is other or one == other)
    except (RuntimeError, ValueError):  # arrays and tensors, which compare elementwise
        return False
