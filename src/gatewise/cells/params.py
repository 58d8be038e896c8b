"""The parameters of a cell, and checks for function arguments.

Shapes use the symbols T (time steps), B (sequences per batch), D (input features), H (hidden units)
and G (blocks of H rows: one in the RNN, four in the LSTM, three in the GRU).
"""

from typing import NamedTuple

import numpy as np

from gatewise.check import as_array

FLOATS = np.float32, np.float64


class CellParams(NamedTuple):
    """The parameters of one layer in one direction, named and laid out as in `torch.nn`."""

    W_ih: np.ndarray  # (G·H, D)
    W_hh: np.ndarray  # (G·H, H)
    b_ih: np.ndarray  # (G·H,)
    b_hh: np.ndarray  # (G·H,)

    @classmethod
    def from_torch(cls, module, layer=0, reverse=False):
        """Copy the parameters of a torch module, for one layer and one direction.

        module: an `nn.RNN`, `nn.LSTM` or `nn.GRU`, in float32 or float64.
        layer: the index of the layer, counted from 0. reverse: True for the reverse direction of a
        bidirectional module.
        Returns Params in the module's dtype, with zero biases if the module has no biases.
        Raises ValueError for a module that doesn't implement the cell's equations. Examples are
        other kinds of modules, subclasses with their own `forward`, and modules with relu,
        `proj_size` or computed weights (weight_norm, spectral_norm, pruning).
        """
        check_module(module, cls.torch_module)
        if layer not in range(module.num_layers):
            raise ValueError(f"layer: expected 0 to {module.num_layers - 1}, got {layer!r}")
        if reverse and not module.bidirectional:
            raise ValueError("reverse: expected a bidirectional module, got one direction")

        suffix = f"_l{int(layer)}" + ("_reverse" if reverse else "")
        names = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if module.bias else [])
        arrays = [as_array(module.get_parameter(name + suffix)).copy() for name in names]
        if not module.bias:
            arrays += [np.zeros(len(arrays[0]), arrays[0].dtype) for _ in range(2)]
        return cls(*arrays)

    @classmethod
    def from_keras(cls, layer):
        """Copy the parameters of a Keras `SimpleRNN`, `LSTM` or `GRU` layer.

        layer: a built layer, or the list of arrays that `layer.get_weights()` returns. For a
        Bidirectional layer, pass its `forward_layer` or `backward_layer`.
        Returns Params in the dtype of the weights. If the layer has a single bias, b_hh is zero; if
        it has no bias, b_ih and b_hh are zero. A Params object doesn't record the form of a GRU, so
        call `gru.forward(params, x, reset_after=layer.reset_after)`.
        Raises ValueError for any other kind of layer, for activations other than tanh and
        sigmoid, and for weights whose shapes don't match.
        Source: the Keras documentation; NOTATION.md lists the row orders.
        """
        weights = layer
        if not isinstance(layer, list | tuple):
            if type(layer).__name__ != cls.keras_layer or not hasattr(layer, "get_weights"):
                wanted = f"a Keras {cls.keras_layer} or a list of its weights"
                raise ValueError(f"layer: expected {wanted}, got {type(layer).__name__}")
            for name, usual in {"activation": "tanh", "recurrent_activation": "sigmoid"}.items():
                used = getattr(layer, name, None)  # a SimpleRNN has no `recurrent_activation`
                if used is not None and getattr(used, "__name__", None) != usual:
                    raise ValueError(f"layer: expected {name}={usual!r}, got {used!r}")
            weights = layer.get_weights()
        if len(weights) not in (2, 3):
            wanted = "kernel, recurrent_kernel and perhaps bias"
            raise ValueError(f"layer: expected {wanted}, got {len(weights)} arrays")
        kernel, recurrent, *bias = (read(f"weights[{n}]", array) for n, array in enumerate(weights))
        bias = bias[0] if bias else np.zeros(kernel.shape[-1:], kernel.dtype)
        has_both = cls.keras_layer == "GRU" and bias.ndim == 2 and len(bias) == 2
        b_ih, b_hh = bias if has_both else (bias, np.zeros_like(bias))
        return cls._reordered(cls.keras_blocks, kernel.T, recurrent.T, b_ih, b_hh)

    @classmethod
    def from_onnx(cls, W, R, B=None, direction=0):
        """Copy the parameters of an ONNX `RNN`, `LSTM` or `GRU` node, for one direction.

        W (directions, G·H, D), R (directions, G·H, H), B (directions, 2·G·H): the inputs of a node
        that uses the default activations and no `clip`, `input_forget` or peepholes.
        direction: 1 for the reverse direction of a bidirectional node.
        Returns Params in the dtype of W; without B, the biases are zero. A Params object doesn't
        record the form of a GRU, so pass the node's `linear_before_reset` to `gru.forward` as
        `reset_after`.
        Raises ValueError for mismatched shapes and for a direction out of range.
        Source: the ONNX documentation; NOTATION.md lists the row orders.
        """
        W, R = read("W", W), read("R", R)
        for name, array in {"W": W, "R": R}.items():
            if array.ndim != 3 or len(array) != len(W):
                raise ValueError(f"{name}: expected (directions, rows, columns), got {array.shape}")
        shape = len(W), 2 * W.shape[1]
        B = np.zeros(shape, W.dtype) if B is None else read("B", B)
        if B.shape != shape:
            raise ValueError(f"B: expected (directions, 2 · rows) = {shape}, got {B.shape}")
        if isinstance(direction, bool) or direction not in range(len(W)):
            raise ValueError(f"direction: expected 0 to {len(W) - 1}, got {direction!r}")
        biases = np.split(B[direction], 2)
        return cls._reordered(cls.onnx_blocks, W[direction], R[direction], *biases)

    @classmethod
    def _reordered(cls, theirs, *arrays):
        """Return the arrays as Params, with row blocks reordered from `theirs` to `cls.blocks`."""
        if all(a.ndim and len(a) % cls.G == 0 for a in arrays):
            order = [theirs.index(k) for k in cls.blocks]
            arrays = [np.concatenate([np.split(a, cls.G)[n] for n in order]) for a in arrays]
        return cls(*arrays).check()

    @classmethod
    def random(cls, D, H, rng, dtype=np.float64):
        """Draw parameters uniformly between −1/√H and 1/√H, as torch does by default.

        D, H: the numbers of input features and of hidden units. rng: a `numpy.random.Generator`.
        dtype: float32 or float64. Returns Params. Raises ValueError for an invalid argument.
        """
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"rng: expected a numpy.random.Generator, got {type(rng).__name__}")
        if dtype not in FLOATS:
            raise ValueError(f"dtype: expected float32 or float64, got {np.dtype(dtype)}")
        if D < 1 or H < 1:
            raise ValueError(f"expected at least one feature and one unit, got D={D}, H={H}")
        shapes = [(cls.G * H, D), (cls.G * H, H), (cls.G * H,), (cls.G * H,)]
        bound = 1 / np.sqrt(H)
        return cls(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))

    def check(self):
        """Return the parameters as arrays.

        Raises ValueError for NaN or infinity, for mismatched shapes, and for dtypes other than
        float32 and float64.
        """
        dtype = read("W_ih", self.W_ih).dtype
        if dtype not in FLOATS:
            raise ValueError(f"W_ih: expected float32 or float64, got {dtype}")
        params = type(self)(*map(read, self._fields, self, 4 * [dtype]))
        rows = f"{self.G}H" if self.G > 1 else "H"
        for name, symbols in ("W_ih", f"({rows}, D)"), ("W_hh", f"({rows}, H)"):
            if getattr(params, name).ndim != 2:
                got = getattr(params, name).shape
                raise ValueError(f"{name}: expected {symbols}, got {got}")
        D, H = params.W_ih.shape[1], params.W_hh.shape[1]
        check_array("W_ih", params.W_ih, f"({rows}, D)", (self.G * H, D), dtype)
        check_array("W_hh", params.W_hh, f"({rows}, H)", (self.G * H, H), dtype)
        check_array("b_ih", params.b_ih, f"({rows},)", (self.G * H,), dtype)
        check_array("b_hh", params.b_hh, f"({rows},)", (self.G * H,), dtype)
        return params


def check_module(module, expected):
    """Raise ValueError unless a torch module implements the equations of the expected cell.

    module: any object. expected: "nn.RNN", "nn.LSTM" or "nn.GRU".
    """
    import torch

    kind = getattr(torch.nn, expected.removeprefix("nn."))
    if not isinstance(module, kind):
        got = type(module).__qualname__
        raise ValueError(f"module: expected {expected}, got {type(module).__module__}.{got}")
    if getattr(module.forward, "__func__", None) is not kind.forward:
        raise ValueError(f"module: expected {expected}'s own forward, got another")
    if module.mode == "RNN_RELU":
        raise ValueError("module: expected nonlinearity='tanh', got 'relu'")
    if module.proj_size:
        raise ValueError(f"module: expected proj_size=0, got {module.proj_size}")
    own = dict(module.named_parameters())
    for name in module._flat_weights_names:
        if name not in own:
            reason = "a value computed by a hook or a parametrization: remove that first"
            raise ValueError(f"{name}: expected a parameter, got {reason}")
        if own[name].is_meta or own[name].dtype not in (torch.float32, torch.float64):
            got = "no data (device 'meta')" if own[name].is_meta else own[name].dtype
            raise ValueError(f"{name}: expected float32 or float64, got {got}")


def check_forward(expected, params, axes, x, **states):
    """Check the arguments of a forward pass.

    expected: the cell's Params class. axes: "TBD" for a sequence, "BD" for one time step.
    x: the input, with the given axes. states: the initial states (B, H); None stands for zeros.
    Returns params, x and the states as arrays. The arrays x and states are copies, so later changes
    to the arguments don't affect the trace.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    """
    params = check_type("params", params, expected).check()
    dtype, D, H = params.W_ih.dtype, params.W_ih.shape[1], params.W_hh.shape[1]
    x, symbols = read("x", x, dtype), f"({', '.join(axes)})"
    if x.ndim != len(axes):
        raise ValueError(f"x: expected {symbols}, got {x.shape}")
    if x.shape[-1] != D:
        raise ValueError(f"x: expected D = {D} features, got {symbols} = {x.shape}")
    check_array("x", x, symbols, x.shape, dtype)

    B = x.shape[-2]
    copies = []
    for name, state in states.items():
        state = np.zeros((B, H), dtype) if state is None else read(name, state, dtype)
        check_array(name, state, "(B, H)", (B, H), dtype)
        copies.append(state.copy())
    return params, x.copy(), *copies


def check_backward(expected, params, expected_trace, trace, **gradients):
    """Check the arguments of a backward pass.

    expected, expected_trace: the cell's Params and Trace classes.
    gradients: the gradients on the outputs, `dh` (T, B, H), and on the final states, `dh_T` and
    `dc_T` (B, H). None stands for zeros.
    Returns the parameters as arrays, and copies of the gradients.
    Raises ValueError for an invalid shape or dtype, and for NaN or infinity.
    """
    params = check_type("params", params, expected).check()
    check_type("trace", trace, expected_trace)
    if np.ndim(trace.h) != 3:
        raise ValueError(f"trace: expected h of shape (T, B, H), got {np.shape(trace.h)}")
    dtype, D, H = params.W_ih.dtype, params.W_ih.shape[1], params.W_hh.shape[1]
    T, B, _ = trace.h.shape
    sequence, state = ("(T, B, H)", (T, B, H)), ("(B, H)", (B, H))
    special = {"x": ("(T, B, D)", (T, B, D)), "h0": state, "c0": state, "reset_after": ("", ())}
    for name, array in trace._asdict().items():
        symbols, shape = special.get(name, sequence)
        if np.shape(array) != shape:
            raise ValueError(f"trace.{name}: expected {symbols} = {shape}, got {np.shape(array)}")
    if trace.h.dtype != dtype:
        raise ValueError(f"trace: expected {dtype} like W_ih, got {trace.h.dtype}")

    copies = []
    for name, gradient in gradients.items():
        symbols, shape = sequence if name == "dh" else state
        gradient = np.zeros(shape, dtype) if gradient is None else read(name, gradient, dtype)
        check_array(name, gradient, symbols, shape, dtype)
        copies.append(gradient.copy())
    return params, *copies


def check_type(name, value, expected):
    """Return `value` if it is an instance of `expected`; otherwise raise ValueError."""
    if not isinstance(value, expected):
        got, wanted = (
            f"{kind.__module__.split('.')[-1]}.{kind.__name__}" for kind in (type(value), expected)
        )
        raise ValueError(f"{name}: expected {wanted}, got {got.removeprefix('builtins.')}")
    return value


def check_array(name, array, symbols, shape, dtype):
    """Raise ValueError unless `array` has the given shape and dtype and its numbers are finite.

    symbols: the shape as written in the error message, such as "(T, B, D)".
    """
    if array.shape != shape:
        raise ValueError(f"{name}: expected {symbols} = {shape}, got {array.shape}")
    if 0 in shape:
        raise ValueError(f"{name}: expected at least one number, got {symbols} = {shape}")
    if array.dtype != dtype:
        raise ValueError(f"{name}: expected {dtype} like W_ih, got {array.dtype}")
    wrong = array.size - np.count_nonzero(np.isfinite(array))
    if wrong:
        raise ValueError(
            f"{name}: expected finite numbers, got NaN or infinity in {wrong} of {array.size}"
        )


def read(name, values, dtype=None):
    """Convert a list of numbers, a tensor or an array to a NumPy array.

    name: the argument's name in the error message. dtype: the dtype to which a list is converted.
    Raises ValueError for values that aren't numbers.
    """
    try:
        array = as_array(values)
    except (TypeError, ValueError, RuntimeError):
        got = f"{getattr(values, 'dtype', 'a list of unequal rows')}"
        raise ValueError(f"{name}: expected an array of numbers, got {got}") from None
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{name}: expected an array of numbers, got {type(values).__name__}")
    has_dtype = hasattr(values, "dtype") or array.dtype.kind == "c"
    return array if dtype is None or has_dtype else array.astype(dtype)


def read_only(trace):
    """Make a trace's arrays read-only, and return the trace."""
    for array in trace:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return trace
