"""Traces for every layer and direction of a torch module."""

import numpy as np

from gatewise.cells import gru, lstm, rnn
from gatewise.cells.params import check_array, read, read_only


def trace(module, x, hx=None):
    """Return a trace for each layer and direction of a torch module.

    module: `nn.RNN` with tanh, `nn.LSTM` or `nn.GRU`, in float32 or float64, on any device.
    x: (T, B, D); (B, T, D) with `batch_first`; (T, D) for a single sequence; or a
    PackedSequence. hx: the initial states in the module's format, zeros by default. Tensors and
    arrays are both accepted.
    Returns a list of Traces in the order of the module's `h_n`: layer 0 forward, layer 0 reverse,
    layer 1 forward, … All Traces are time-major, with B = 1 for a single sequence. Time steps are
    ordered as in x, so the final state is h[-1] in a forward trace and h[0] in a reverse trace.
    Apply `mirrored` to a reverse trace before you pass the trace to `backward`. Packed sequences
    are padded and returned in their original order. All values after the end of a sequence are 0.
    The reverse direction starts at the last time step before the padding.
    Raises ValueError for a module that `layers_of` rejects, and for an invalid shape or dtype.
    Source: the documentation of `torch.nn.LSTM`.
    """
    cell, params = layers_of(module)
    x, lengths, is_single = _time_major(module, x, params[0].W_ih.dtype)
    T, B, _ = x.shape
    states = _initial(module, cell, hx, None if is_single else B, x.dtype)

    t, b, directions = np.arange(T)[:, None], np.arange(B), 1 + module.bidirectional
    is_inside = t < lengths
    orders = t, np.where(is_inside, lengths - 1 - t, t)  # each permutation is its own inverse
    traces = []
    for n, row in enumerate(params):
        order = orders[n % directions]
        made = cell.forward(row, x[order, b], **{name: state[n] for name, state in states.items()})
        fields = {k: a for k, a in made._asdict().items() if np.ndim(a) == 3}
        fields = {k: a[order, b] * is_inside[:, :, None] for k, a in fields.items()}
        traces.append(read_only(made._replace(**fields)))
        if n % directions == directions - 1:  # the next layer reads both directions
            x = np.concatenate([one.h for one in traces[-directions:]], axis=2)
    return traces


def mirrored(trace):
    """Return a trace with its time steps reversed; the trace must come from unpacked sequences.

    A mirrored reverse trace equals the trace that `forward` returns for the reversed x.
    """
    fields = trace._asdict().items()
    return trace._replace(**{k: a[::-1] for k, a in fields if np.ndim(a) == 3})


def layers_of(module):
    """Return the cell for a torch module, and a list of Params in the order of the module's `h_n`.

    module: `nn.RNN`, `nn.LSTM` or `nn.GRU`.
    Raises ValueError for a module that `Params.from_torch` rejects, for a module with forward
    hooks, and for dropout between layers in training mode.
    """
    import torch

    kinds = {torch.nn.RNN: rnn, torch.nn.LSTM: lstm, torch.nn.GRU: gru}
    cell = next((cell for kind, cell in kinds.items() if isinstance(module, kind)), None)
    if cell is None:
        got = f"{type(module).__module__}.{type(module).__qualname__}"
        raise ValueError(f"module: expected nn.RNN, nn.LSTM or nn.GRU, got {got}")
    rows = [(n, r) for n in range(module.num_layers) for r in range(1 + module.bidirectional)]
    params = [cell.Params.from_torch(module, n, reverse=bool(r)) for n, r in rows]
    hooks = len(module._forward_hooks) + len(module._forward_pre_hooks)
    if hooks:
        raise ValueError(f"module: expected no forward hooks, got {hooks}: remove them first")
    if module.training and module.dropout and module.num_layers > 1:
        raise ValueError(f"module: expected dropout=0 or eval(), got {module.dropout} in training")
    return cell, params


def _time_major(module, x, dtype):
    """Return x as (T, B, D), the lengths of the sequences, and whether x is a single sequence."""
    from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

    if isinstance(x, PackedSequence):
        x, lengths = pad_packed_sequence(x)
        return read("x", x), lengths.numpy(), False
    x = read("x", x, dtype)
    if x.ndim not in (2, 3):
        wanted = "(B, T, D)" if module.batch_first else "(T, B, D)"
        raise ValueError(f"x: expected {wanted} or (T, D), got {x.shape}")
    is_single = x.ndim == 2
    x = x[:, None] if is_single else x.swapaxes(0, 1) if module.batch_first else x
    return x, np.full(x.shape[1], len(x)), is_single


def _initial(module, cell, hx, B, dtype):
    """Return the initial states (layers · directions, B, H) as a dict, or {} if hx is None.

    B: the number of sequences, or None for a single sequence without a batch axis.
    """
    if hx is None:
        return {}
    if cell is lstm and not (isinstance(hx, tuple | list) and len(hx) == 2):
        got = getattr(hx, "shape", type(hx).__name__)
        raise ValueError(f"hx: expected (h_0, c_0), got {got}")
    rows, H = module.num_layers * (1 + module.bidirectional), module.hidden_size
    shape, symbols = (rows, B, H), "(layers · directions, B, H)"
    if B is None:
        shape, symbols = (rows, H), "(layers · directions, H)"
    states = {}
    for name, state in zip(("h0", "c0"), hx if cell is lstm else [hx], strict=False):
        state = read(name, state, dtype)
        check_array(name, state, symbols, shape, dtype)
        states[name] = state[:, None] if B is None else state
    return states
