"""A drawing of the unrolled LSTM."""

from gatewise.drawings.drawing import Drawing
from gatewise.drawings.parts import frame, layer, operation, pill
from gatewise.drawings.shapes import Box, Bridge, Wire
from gatewise.drawings.text import Label, Symbol

STEP, HALF = 240, 88  # the distance between cells, and half the width of a cell
C, H, WORD = 160, 250, 332  # the y-coordinates of the c wire, the h wire and the words
GATES, TIMES, PLUS, SHOW, UP = -36, -56, -16, 40, 70  # horizontal distances from a cell's center


def lstm_chain(inputs, output):
    """The unrolled LSTM, with one copy of the cell per time step; all copies share their weights.

    inputs: the words, one per time step. output: the word predicted from the last h.
    Raises ValueError for an empty list.
    """
    if not inputs:
        raise ValueError("expected at least one word, got none")
    T = len(inputs)
    d = Drawing("lstm-chain", 128 + STEP * T, WORD + 16)
    for k, y in {"c": C, "h": H}.items():
        d.part(f"{k}0", Symbol(30, y + 6, f"{k}_0", "end"))
    middles = [156 + STEP * t for t in range(T)]
    for t, x in enumerate(middles, start=1):  # the wires are drawn over the frames
        d.part(f"cell{t}", frame(x - HALF, C - 36, 2 * HALF, H - C + 72))
    for t, (x, word) in enumerate(zip(middles, inputs, strict=True), start=1):
        last = t == T
        _cell(d, t, x, word)
        for k, y, start in [("c", C, x + PLUS + 14), ("h", H, x + SHOW + 14)]:
            end = x + (HALF + 32 if last else STEP + (TIMES - 15 if k == "c" else GATES - 32))
            named = (end + 8, y + 6) if last else (x + STEP / 2, y - 10)
            symbol = Symbol(*named, f"{k}_{t}", "start" if last else "middle", 18)
            d.part(f"{k}{t}", Wire(((start, y), (end, y))), symbol)
    up = Wire(((x + UP - 10, H), (x + UP, H), (x + UP, 86)))
    d.part("h-out", Bridge(x + UP, C), up, Symbol(x + UP + 10, 114, f"h_{T}", "start", 18))
    d.part("readout", *layer(x + UP, 68, "readout", "x", width=84))
    d.part("output", Wire(((x + UP, 51), (x + UP, 30))), Label(x + UP, 20, output))
    return d


def _cell(d, t, x, word):
    """Add the layers and operations of one time step, centered at x."""
    if t == 1:
        before = Wire(((38, C), (x + TIMES - 15, C))), Wire(((38, H), (x + GATES - 32, H)))
        d.part("before", *before)
    d.part(
        f"x{t}", Wire(((x + GATES, WORD - 20), (x + GATES, H + 19))), Label(x + GATES, WORD, word)
    )
    gates = Box(x + GATES - 30, H - 17, 60, 34, 5, stroke="ink")
    d.part(f"gates{t}", gates, Label(x + GATES, H + 5, "4 layers", size=13))
    for name, at, sign in [("times", TIMES, "×"), ("plus", PLUS, "+")]:
        rise = Wire(((x + at, H - 17), (x + at, C + 15)))
        d.part(f"{name}{t}", rise, *operation(x + at, C, sign))
    d.part(f"kept{t}", Wire(((x + TIMES + 14, C), (x + PLUS - 15, C))))
    down = Wire(((x + SHOW - 10, C), (x + SHOW, C), (x + SHOW, C + 25)))
    on = Wire(((x + SHOW, C + 50), (x + SHOW, H - 15)))
    d.part(f"tanh{t}", down, on, *pill(x + SHOW, C + 38, "tanh"))
    shown = Wire(((x + GATES + 30, H), (x + SHOW - 15, H)))
    d.part(f"show{t}", shown, *operation(x + SHOW, H, "×"))
