"""Drawings of backpropagation through time and of a fork, where gradients add up."""

from gatewise.drawings.backward import Flow
from gatewise.drawings.drawing import Drawing
from gatewise.drawings.parts import frame, layer, operation
from gatewise.drawings.shapes import Wire
from gatewise.drawings.text import Label, Symbol


def rnn_through_time(inputs):
    """Backpropagation through time: the unrolled RNN with its arrows reversed.

    The loss depends on the last state. Every time step contributes to dW, the gradient with
    respect to the weights that all time steps share.
    inputs: the words, one per time step. Raises ValueError for an empty list.
    """
    if not inputs:
        raise ValueError("expected at least one word, got none")
    step, T, y = 150, len(inputs), 146
    bus = y + 134  # the y-coordinate of the wire that collects dW
    d = Drawing("rnn-through-time", 120 + step * T, bus + 34)
    _reversed(d, "h0", ((44, y), (80, y)), "h")
    d.part("dh0", Symbol(38, y + 6, "dh_0", "end", 18))
    for t, word in enumerate(inputs, start=1):
        x, last = 120 + step * (t - 1), t == T
        corner, top = (x + 30, bus), (x + 30, y + 30)
        start = (44, bus) if t == 1 else (x + 30 - step + 14, bus)
        if last:
            _reversed(d, f"share{t}", (start, corner, top), "x", tip=T == 1)
        else:
            _reversed(d, f"sum{t}", (start, (x + 16, bus)), "x", tip=t == 1)
            _reversed(d, f"share{t}", ((x + 30, bus - 14), top), "x")
        if not last:
            d.part(f"plus{t}", *operation(x + 30, bus, "+"))
            _reversed(d, f"h{t}", ((x + 40, y), (x + step - 40, y)), "h")
            d.part(f"dh{t}", Symbol(x + step / 2, y - 14, f"dh_{t}", size=18))
        word_wire = Wire(((x, y + 78), (x, y + 30)), tip=False, color="line")
        d.part(f"x{t}", word_wire, Label(x, y + 98, word))
        d.part(f"cell{t}", frame(x - 40, y - 30, 80, 60), *layer(x, y, "tanh", "h"))
    d.part("dW", Symbol(38, bus + 6, "dW", "end", 18))
    _reversed(d, "h-out", ((x, y - 30), (x, y - 59)), "h")
    d.part("dh-out", Symbol(x + 14, y - 38, f"dh_{T}", "start", 18))
    _reversed(d, "output", ((x, y - 93), (x, y - 120)), "x")
    d.part("readout", *layer(x, y - 76, "readout", "x", width=84), Label(x, y - 126, "loss"))
    return d


def fork():
    """A fork: the forward pass copies a value, and the backward pass adds two gradients."""
    d = Drawing("fork", 580, 170)
    for name, x in ("forward", 20), ("backward", 320):
        y, right, middle = 96, x + 200, x + 110
        start, through, up = (x + 40, y), (right, y), (middle, 34)
        d.part(f"{name}-label", Label(middle, 156, name))
        if name == "forward":
            copy = Wire(((middle - 12, y), (middle, y), up))
            d.part("v", Wire((start, through)), copy)
            d.part("v-symbol", Symbol(x + 34, y + 6, "v", "end"))
            d.part("v-copies", Symbol(right + 8, y + 6, "v", "start"), Symbol(middle, 24, "v"))
            continue
        _reversed(d, "sum", (start, (middle - 15, y)), "h")
        _reversed(d, "first", ((middle, y - 15), up), "h")
        _reversed(d, "second", ((middle + 15, y), through), "h")
        d.part("plus", *operation(middle, y, "+"))
        d.part("dv", Symbol(x + 34, y + 6, "dv", "end"))
        d.part("dv-1", Symbol(middle, 24, "dv_1"))
        d.part("dv-2", Symbol(right + 8, y + 6, "dv_2", "start"))
    return d


def _reversed(drawing, name, points, quantity, tip=True):
    """Add a pale forward wire and the gradient that runs back along this wire."""
    wire = Wire(points, tip=False, color="line")
    drawing.part(name, wire, Flow(points, name, "back", quantity, tip))
