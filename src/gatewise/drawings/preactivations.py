"""A drawing of the LSTM's four layers, computed together and then split."""

from gatewise.drawings.drawing import Drawing
from gatewise.drawings.lstm import LAYERS
from gatewise.drawings.parts import layer
from gatewise.drawings.shapes import Box, Wire
from gatewise.drawings.text import Label, Symbol

TOP, ROW = 20, 44  # the top of the stacks, and the height of a block


def preactivations():
    """The weights times x and h, plus the biases, split into four blocks in torch's order."""
    d = Drawing("preactivations", 640, 236)
    middle = TOP + 2 * ROW

    def column(name, x, height, symbol):
        """Add a vector, drawn in gray because all layers read it."""
        y = middle - height / 2
        box = Box(x, y, 22, height, 3, "x", 0.22, "x", 1.5)
        d.part(name, box, Symbol(x + 11, 222, symbol))

    def stack(name, x, width, symbol, entry):
        """Add a stack of four blocks, one per layer."""
        shapes = []
        for n, k in enumerate("ifgo"):
            y = TOP + n * ROW
            shapes.append(Box(x, y + 1, width, ROW - 2, 3, k, 0.22, k, 1.5))
            shapes.append(Symbol(x + width / 2, y + 26, entry.format(k), size=17))
        d.part(name, *shapes, Symbol(x + width / 2, 222, symbol))

    stack("W_ih", 12, 112, "W_ih", "W_x{}")
    column("x", 132, 112, "x_t")
    d.part("plus-h", Label(173, middle + 6, "+", size=18))
    stack("W_hh", 188, 54, "W_hh", "W_h{}")
    column("h", 258, 54, "h_t−1")
    d.part("plus-b", Label(301, middle + 6, "+", size=18))
    stack("b", 318, 34, "b", "b_{}")
    d.part("equals", Label(371, middle + 6, "=", size=18))
    stack("a", 390, 40, "a_t", "a_{}")
    for n, k in enumerate("ifgo"):
        y = TOP + ROW * (n + 0.5)
        d.part(f"{k}-feed", Wire(((430, y), (480, y))))
        d.part(f"{k}-layer", *layer(510, y, LAYERS[k], k))
        d.part(k, Wire(((538, y), (592, y))), Symbol(600, y + 6, f"{k}_t", "start"))
    return d
