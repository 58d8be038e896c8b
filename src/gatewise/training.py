"""Full-batch training for small tasks, and mini-batch training for sequence classifiers.

The mini-batch loop includes validation and early stopping.
"""

import copy
import math
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, vmap
from tqdm import trange

from gatewise import text
from gatewise.cells.params import check_module
from gatewise.models import TextModel


class History(NamedTuple):
    """The result of a training run."""

    loss: np.ndarray  # (epochs,), the loss before each update, in nats


def fit(model, x, y, epochs=500, lr=0.01):
    """Train a model with full-batch Adam and cross-entropy.

    model: a torch module that maps x to logits (B, D). x: the model's input.
    y: (B,), the ids of the correct words. epochs: the number of updates. lr: Adam's learning rate.
    A progress bar appears if the run takes longer than a second.
    Returns a History. Source: Kingma and Ba 2015, algorithm 1 (Adam).
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss = np.empty(epochs)
    for epoch in trange(epochs, desc=type(model).__name__, leave=False, delay=1):
        loss[epoch], _ = update(model, optimizer, [x], y)
    return History(loss)


def update(
    model, optimizer, inputs, labels, max_norm=math.inf, criterion=nn.functional.cross_entropy
):
    """Update a model's weights once, with a clipped gradient.

    model: a torch module that maps the inputs to logits (B, C).
    optimizer: an optimizer for the model's parameters.
    inputs: a list of the model's inputs. labels: (B,).
    max_norm: the largest norm allowed; a gradient with a larger norm is scaled down to `max_norm`.
    criterion: a function that maps logits and labels to the mean loss.
    Returns the loss before the update, in nats, and the norm of the gradient before clipping.
    Raises RuntimeError for a gradient that isn't finite, and leaves the weights unchanged.
    """
    loss = criterion(model(*inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm, error_if_nonfinite=True)
    optimizer.step()
    return loss.item(), norm.item()


class Curves(NamedTuple):
    """The result of `fit_classifier`."""

    train: np.ndarray  # (epochs,), the mean training loss, in nats
    validation: np.ndarray  # (epochs,), the validation loss after each epoch, in nats
    accuracy: np.ndarray  # (epochs,), the share of validation sequences classified correctly
    norm: np.ndarray  # (updates,), the norm of the gradient before clipping
    best: int  # the index of the best epoch, counted from 0


def fit_classifier(
    model,
    train,
    validation,
    seed=0,
    epochs=40,
    patience=3,
    size=128,
    max_norm=1.0,
    optimizer=None,
    criterion=nn.functional.cross_entropy,
):
    """Train a sequence classifier, and keep the weights of the best epoch.

    model: a torch module that maps ids (T, B) and lengths (B,) to logits (B, C). The model is
    trained in place, on its own device, and left in evaluation mode.
    train, validation: pairs (sequences, labels), where `sequences` is a list of int arrays and
    `labels` contains ints. seed: the seed for the order of the batches; the weights and dropout
    depend on `torch.manual_seed`.
    epochs: the maximum number of epochs. patience: training stops after this many epochs
    without a lower validation loss.
    size: the number of sequences per batch; the sequences in a batch have similar lengths.
    max_norm, criterion: the same as in `update`.
    optimizer: an optimizer for the model's parameters, by default Adam with learning rate 0.01.
    A progress bar with the validation loss appears if the run takes longer than a second.
    Returns Curves. If an interruption or an error ends training, the model keeps the weights of the
    best epoch so far, or the weights from the last update if no epoch is complete.
    Raises ValueError before training starts if a set is empty, if the numbers of sequences and
    labels differ, or if `epochs`, `patience` or `size` is below 1. Raises RuntimeError for a
    gradient that isn't finite.
    """
    for name, (sequences, y) in {"train": train, "validation": validation}.items():
        if len(sequences) != len(y) or not len(y):
            got = f"got {len(sequences)} and {len(y)}"
            raise ValueError(f"{name}: expected as many sequences as labels, at least one, {got}")
    for name, number in {"epochs": epochs, "patience": patience}.items():
        if number < 1:
            raise ValueError(f"{name}: expected at least 1, got {number}")
    sequences, y = train[0], np.asarray(train[1])
    optimizer = optimizer or torch.optim.Adam(model.parameters(), lr=0.01)
    curves, norms, best, weights, rng = [], [], 0, None, np.random.default_rng(seed)
    bar = trange(epochs, desc=type(model).__name__, leave=False, delay=1)
    try:
        for epoch in bar:
            model.train()
            total = 0.0
            for places in text.bucket([len(s) for s in sequences], size, rng):
                *inputs, labels = batch(model, [sequences[n] for n in places], y[places])
                loss, norm = update(model, optimizer, inputs, labels, max_norm, criterion)
                total += loss * len(places)
                norms.append(norm)
            curves.append((total / len(y), *evaluate(model, *validation, criterion)))
            bar.set_postfix(validation=curves[epoch][1], refresh=False)
            if epoch == 0 or curves[epoch][1] < curves[best][1]:
                best, weights = epoch, copy.deepcopy(model.state_dict())
            elif epoch - best == patience:
                break
    finally:
        if weights:
            model.eval().load_state_dict(weights)
    return Curves(*np.array(curves).T, np.array(norms), best)


def batch(model, sequences, y=()):
    """Combine sequences into one padded batch on the model's device.

    sequences: B int arrays. y: the B labels.
    Returns the ids (T, B), the lengths (B,) and the labels (B,). The lengths stay on the CPU.
    """
    device = next(model.parameters()).device
    ids, lengths = (torch.from_numpy(array) for array in text.pad(sequences))
    return ids.to(device), lengths, torch.as_tensor(np.asarray(y, np.int64)).to(device)


@torch.no_grad()
def predict(model, sequences, size=128):
    """Return the logits (N, C) for N sequences, in the order of the sequences.

    size: the number of sequences per batch; the sequences in a batch have similar lengths. The
    model is left in evaluation mode.
    """
    model.eval()
    batches = text.bucket([len(s) for s in sequences], size, np.random.default_rng(0))
    logits = [model(*batch(model, [sequences[n] for n in places])[:2]) for places in batches]
    return torch.cat(logits)[np.argsort(np.concatenate(batches))]


def evaluate(model, sequences, y, criterion=nn.functional.cross_entropy):
    """Return the loss in nats and the accuracy on labeled sequences.

    model, sequences: the same as in `predict`. y: the labels (N,).
    criterion: the same as in `update`.
    """
    logits = predict(model, sequences)
    labels = torch.as_tensor(np.asarray(y, np.int64)).to(logits.device)
    right = (logits.argmax(dim=1) == labels).double().mean()
    return criterion(logits, labels).item(), right.item()


class Runs(NamedTuple):
    """The results of parallel training runs, recorded before each update."""

    loss: np.ndarray  # (S, epochs), in nats
    right: np.ndarray  # (S, epochs), the number of correct answers, from 0 to B


def fit_together(models, x, y, epochs=500, lr=0.01):
    """Train several models in parallel using the same method as `fit`.

    models: S text models, or S modules with only plain tensor operations (`vmap` doesn't support
    `nn.LSTM`). The models may differ only in their weights, which are stacked along a leading axis
    S. The models don't influence each other, because Adam works elementwise and each loss depends
    on only one model's weights.
    x: (T, B, D). y: (B,). epochs, lr: the same as in `fit`.
    The models are trained in place. Returns Runs.
    Raises ValueError before training starts if the models can't be trained together.
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
    """Return a function that maps x and stacked weights to the logits (S, B, D) of all models."""
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
    """Raise ValueError unless the models differ only in the values of their parameters."""
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
    """Return a dict that maps attribute paths to settings, without parameter values."""
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
    except (RuntimeError, ValueError):  # comparing arrays or tensors doesn't give a single bool
        return False
