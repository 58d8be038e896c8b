"""A drawing of backpropagation through time in an LSTM."""

from gatewise.drawings.backward import Flow
from gatewise.drawings.drawing import Drawing
from gatewise.drawings.parts import frame, operation
from gatewise.drawings.shapes import Wire
from gatewise.drawings.text import Label, Symbol

STEP, HALF = 180, 46  # the distance between cells, and half the width of a cell
TOP, BOTTOM, SUM = 86, 206, 258  # the y-coordinates of a cell's top and bottom, and of the sum
STATES = {"c": 118, "h": 174}  # the y-coordinates of the state wires


def lstm_through_time():
    """Backpropagation through three time steps of an LSTM.

    Gradients with respect to states are passed back, and gradients with respect to weights are
    added up.
    """
    d = Drawing("lstm-through-time", 576, 330)
    middles = [148 + STEP * t for t in range(3)]
    for t, x in enumerate(middles, start=1):
        d.part(f"cell{t}", frame(x - HALF, TOP, 2 * HALF, BOTTOM - TOP), Label(x, 151, "LSTM"))
        loss = Flow(((x, TOP), (x, 32)), f"dh_{t}", "dh", "h")
        d.part(f"loss{t}", loss, Label(x, 24, f"loss {t}", size=15))
        for k, y in STATES.items():
            start = 24 if t == 1 else x - STEP + HALF
            name = f"d{k}_{t - 1}"
            # Between two cells, this is only part of the gradient: the loss adds the rest.
            symbol = name if t == 1 else f"d{k}_next"
            passed = Flow(((start, y), (x - HALF, y)), name, "back", k)
            d.part(name, passed, Symbol((start + x - HALF) / 2, y - 12, symbol, size=18))
    first, middle, last = middles
    d.part("dW1", Wire(((first, BOTTOM), (first, SUM), (middle - 15, SUM))))
    d.part("dW2", Wire(((middle, BOTTOM), (middle, SUM - 15))))
    d.part("dW3", Wire(((last, BOTTOM), (last, SUM), (middle + 15, SUM))))
    d.part("sum", *operation(middle, SUM, "+"))
    d.part("dW", Wire(((middle, SUM + 14), (middle, SUM + 44))), Symbol(middle, 322, "dW"))
    return d
