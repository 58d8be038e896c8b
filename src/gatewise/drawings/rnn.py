"""Drawings of one RNN time step and of the unrolled RNN."""

from dataclasses import replace

from gatewise.drawings.backward import Backward, Cut, Figure
from gatewise.drawings.drawing import Drawing
from gatewise.drawings.parts import frame, layer
from gatewise.drawings.shapes import Wire
from gatewise.drawings.text import Label, Number, Symbol


def rnn_cell(backward=False):
    """One time step of the RNN: a tanh layer computes h_t from x_t and h_{t−1}.

    backward: True for the whole backward pass, or a stage (dh, da or back) for the gradients known
    at that stage. Raises ValueError for an unknown stage.
    """
    d = Drawing("rnn-cell", 440, 230)
    d.part("cell", frame(110, 50, 220, 120))
    h_before = Wire(((50, 110), (186, 110)), carries="h_before", quantity="h")
    d.part("h-before", h_before, Symbol(42, 116, "h_t−1", "end"))
    x = Wire(((150, 198), (150, 110), (186, 110)), carries="x", quantity="x")
    d.part("x", x, Symbol(150, 220, "x_t"))
    d.part("tanh", *layer(220, 110, "tanh", "h", width=64))
    h = Wire(((252, 110), (388, 110)), carries="h", quantity="h")
    d.part("h", h, Symbol(396, 116, "h_t", "start"))
    h_out = Wire(((280, 110), (290, 110), (290, 34)), carries="h", quantity="h")
    d.part("h-out", h_out, Symbol(290, 26, "h_t"))
    d.part("numbers", Number("h", 362, 136, sign=True))
    if not backward:
        return d
    return _backward(d).at(backward)


def _backward(d):
    wire, symbol = d.parts["h-before"]
    # The gradients' symbols are wider and need the room above the wires.
    d.parts["h-before"] = [wire, replace(symbol, x=54, y=94, anchor="middle")]
    wire, symbol = d.parts["h"]
    d.parts["h"] = [wire, replace(symbol, x=362, y=94, anchor="middle")]
    b = Backward(d)
    b.flow("h", "dh", "dh", "h", when="later")
    b.flow("h-out", "dh", "dh", "h", (252, 110), (290, 110), (290, 34), when="loss")
    b.flow("h-before", "dh_before", "back", "h")
    b.flow("x", "dx", "back", "x", when="still")
    b.passes("da", "tanh")
    b.symbols(
        h_before=("back", "", "dh_next"),
        h=("dh", "later", "dh_next"),
        h_out=("dh", "loss"),
        x=("back", "still"),
    )
    d.part("cut", Cut(104, 110))
    d.part(
        "numbers",
        Figure("dh", "dh", 318, 28, "start", "loss"),
        Figure("dh", "dh", 362, 142, "middle", "later"),
        Figure("da", "da", 220, 150, "middle", symbol="da_t"),
        Figure("dh_before", "back", 104, 142, "end"),
    )
    return b


def chain(inputs, output=None):
    """The unrolled RNN, with one copy of the cell per time step; all copies share their weights.

    inputs: the words, one per time step. output: the word predicted from the last state.
    Raises ValueError for an empty list.
    """
    if not inputs:
        raise ValueError("expected at least one word, got none")
    step, T = 150, len(inputs)
    y = 146 if output else 106  # the y-coordinate of the h wire
    d = Drawing("chain", 120 + step * T, y + 114)
    d.part("h0", Symbol(36, y + 6, "h_0", "end"), Wire(((44, y), (78, y))))
    for t, word in enumerate(inputs, start=1):
        x = 120 + step * (t - 1)
        d.part(f"cell{t}", frame(x - 40, y - 30, 80, 60), *layer(x, y, "tanh", "h"))
        d.part(f"x{t}", Wire(((x, y + 78), (x, y + 32))), Label(x, y + 98, word))
        last = t == T
        arrow = Wire(((x + 40, y), (x + (76 if last else step - 42), y)))
        label_x = x + (92 if last else step / 2)
        d.part(f"h{t}", arrow, Symbol(label_x, y + 6 if last else y - 10, f"h_{t}", size=18))
    if output:
        out = Wire(((x, y - 30), (x, y - 58)))
        d.part("h-out", out, Symbol(x + 12, y - 38, f"h_{T}", "start", 18))
        d.part("readout", *layer(x, y - 76, "readout", "x", width=84))
        d.part("output", Wire(((x, y - 93), (x, y - 116))), Label(x, y - 124, output))
    return d
