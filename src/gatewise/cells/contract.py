"""What the three cells share: their parameters, and the checks of what comes in.

Letters in the shapes: T steps, B sequences in a batch, D input features, H hidden units,
G blocks of rows in the weights (one for the RNN, four for the LSTM, three for the GRU).
"""

from typing import NamedTuple

import numpy as np


class Params(NamedTuple):
    """The parameters of one layer in one direction, named and laid out as in `torch.nn`."""

    W_ih: np.ndarray  # (G·H, D)
    W_hh: np.ndarray  # (G·H, H)
    b_ih: np.ndarray  # (G·H,)
    b_hh: np.ndarray  # (G·H,)

    @classmethod
    def from_torch(cls, module, layer=0, reverse=False):
        """Copy the parameters of one layer and direction out of a torch module.

        module: `nn.RNN`, `nn.LSTM` or `nn.GRU`, whichever the cell is.
        layer: counted from 0. reverse: the backward direction of a bidirectional module.
        Returns Params in the module's dtype; `bias=False` becomes zeros.
        Raises ValueError for a module that computes something else than the cell does.
        """
        mode = getattr(module, "mode", type(module).__name__)
        if mode != cls.mode:
            raise ValueError(f"this cell reads an {cls.torch_module}, but the module is {mode}")
        if module.proj_size:
            raise ValueError(f"this cell has no projection, but proj_size={module.proj_size}")
        if not 0 <= layer < module.num_layers:
            raise ValueError(f"layer {layer} does not exist: num_layers={module.num_layers}")
        if reverse and not module.bidirectional:
            raise ValueError("reverse=True, but the module is not bidirectional")

        end = f"_l{layer}" + ("_reverse" if reverse else "")
        names = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if module.bias else [])
        arrays = [getattr(module, name + end).detach().cpu().numpy().copy() for name in names]
        if not module.bias:
            arrays += [np.zeros(len(arrays[0]), arrays[0].dtype) for _ in range(2)]
        return cls(*arrays)

    @classmethod
    def random(cls, D, H, rng, dtype=np.float64):
        """Parameters drawn evenly from ±1/√H, as torch does by default.

        D, H: numbers of input features and hidden units. rng: a `numpy.random.Generator`.
        """
        shapes = [(cls.G * H, D), (cls.G * H, H), (cls.G * H,), (cls.G * H,)]
        bound = 1 / np.sqrt(H)
        return cls(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))

    def check(self):
        """Raise ValueError, in one sentence, unless the four arrays fit together and are floats."""
        if self.W_ih.dtype not in (np.float32, np.float64):
            raise ValueError(f"W_ih is {self.W_ih.dtype}, but float32 or float64 is meant")
        H, D = np.shape(self.W_hh)[-1], np.shape(self.W_ih)[-1]
        rows, size = (f"{self.G}H", self.G * H) if self.G > 1 else ("H", H)
        meant = {
            "W_ih": (f"({rows}, D)", (size, D)),
            "W_hh": (f"({rows}, H)", (size, H)),
            "b_ih": (f"({rows},)", (size,)),
            "b_hh": (f"({rows},)", (size,)),
        }
        for name, array in self._asdict().items():
            check(name, array, *meant[name], dtype=self.W_ih.dtype)


def check(name, array, letters, shape, dtype):
    """Raise ValueError, in one sentence, unless `array` has this shape and dtype and is finite."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but {letters} = {shape} is meant")
    if array.dtype != dtype:
        raise ValueError(f"{name} is {array.dtype}, but W_ih is {dtype}: make them the same")
    wrong = array.size - np.count_nonzero(np.isfinite(array))
    if wrong:
        raise ValueError(f"{name} has NaN or infinity in {wrong} of {array.size} entries")


def check_input(params, x, axes="TBD"):
    """Check parameters and input together; `axes` is "TBD" for a sequence, "BD" for a step."""
    params.check()
    if x.ndim != len(axes):
        raise ValueError(f"x has shape {x.shape}, but ({', '.join(axes)}) is meant")
    sizes = ", ".join(f"{letter}={size}" for letter, size in zip(axes, x.shape, strict=True))
    D = params.W_ih.shape[1]
    if x.shape[-1] != D:
        raise ValueError(f"x has {x.shape[-1]} features ({sizes}), but W_ih takes {D}")
    if 0 in x.shape:
        raise ValueError(f"x is empty ({sizes})")
    check("x", x, f"({', '.join(axes)})", x.shape, params.W_ih.dtype)


def check_state(name, state, params, B):
    """Return the state (B, H), zeros where none was given."""
    H, dtype = params.W_hh.shape[1], params.W_hh.dtype
    if state is None:
        return np.zeros((B, H), dtype)
    check(name, state, "(B, H)", (B, H), dtype)
    return state


def check_grad(name, grad, like, letters):
    """Return the incoming gradient, zeros where none was given, as a copy to add to."""
    if grad is None:
        return np.zeros_like(like)
    check(name, grad, letters, like.shape, like.dtype)
    return grad.copy()


def transposed(W):
    """W.T in C order, as fast products want it.

    Copied 32 columns at a time: at 512 hidden units all reads of W.T.copy() would fall into the
    same few lines of the processor's cache, and take ten times as long.
    """
    W_T = np.empty(W.shape[::-1], W.dtype)
    for k in range(0, len(W), 32):
        W_T[:, k : k + 32] = W[k : k + 32].T
    return W_T


def weight_grad(da, h0, h):
    """Σ_t da_tᵀ h_{t−1}, the gradient of a weight that met h0 in the first step, then h.

    da: (T·B, rows). h0: (B, H). h: (T − 1, B, H). Returns (rows, H). Two products, since to join
    h0 and h first would be a copy as large as h.
    """
    B, H = h0.shape
    return da[:B].T @ h0 + da[B:].T @ h.reshape(-1, H)
