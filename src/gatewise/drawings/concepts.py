"""Drawings that each illustrate one idea, such as how a gate works or how layers are stacked."""

from gatewise.drawings.drawing import Drawing
from gatewise.drawings.lstm import LAYERS
from gatewise.drawings.parts import band, frame, layer, operation
from gatewise.drawings.shapes import Bridge, Valve, Wire
from gatewise.drawings.text import Label, Symbol


def legend():
    """A legend for the drawings."""
    d = Drawing("legend", 560, 96)
    d.part("layer", *layer(50, 40, "tanh", "h"), Label(50, 84, "learned layer", size=12))
    d.part("operation", *operation(160, 40, "×"), Label(160, 84, "elementwise", size=12))
    d.part("wire", Wire(((235, 40), (295, 40))), Label(265, 84, "whole vector", size=12))
    d.part(
        "merge",
        Wire(((345, 40), (410, 40))),
        Wire(((370, 66), (370, 40), (380, 40)), tip=False),
        Label(375, 84, "concatenated", size=12),
    )
    d.part(
        "copy",
        Wire(((455, 40), (525, 40))),
        Wire(((470, 40), (490, 40), (490, 12))),
        Label(490, 84, "copied", size=12),
    )
    return d


def interfaces():
    """The inputs and outputs of the two cells: the RNN has one state, and the LSTM has two."""
    d = Drawing("interfaces", 580, 220)
    for name, x, states in [("RNN", 150, "h"), ("LSTM", 430, "ch")]:
        d.part(name, frame(x - 60, 60, 120, 96), Label(x, 114, name, size=16))
        for state in states:
            y = {"c": 84, "h": 132}[state]
            d.part(
                f"{name}-{state}",
                Wire(((x - 118, y), (x - 62, y))),
                Symbol(x - 96, y - 10, f"{state}_t−1", size=18),
                Wire(((x + 60, y), (x + 116, y))),
                Symbol(x + 92, y - 10, f"{state}_t", size=18),
            )
        d.part(f"{name}-x", Wire(((x, 194), (x, 158))), Symbol(x, 214, "x_t", size=18))
        out = Wire(((x, 60), (x, 24)))
        d.part(f"{name}-h-out", out, Symbol(x + 10, 34, "h_t", "start", 18))
    return d


def four_layers():
    """The learned layers inside one time step: one in the RNN and four in the LSTM."""
    d = Drawing("four-layers", 580, 130)
    tanh = layer(85, 51, "tanh", "h")
    d.part("RNN", frame(20, 16, 130, 70), *tanh, Label(85, 112, "RNN: one layer"))
    boxes = [shape for n, k in enumerate("figo") for shape in layer(228 + 95 * n, 51, LAYERS[k], k)]
    d.part("LSTM", frame(180, 16, 380, 70), *boxes, Label(370, 112, "LSTM: four layers"))
    return d


def valve():
    """A gate as a valve that multiplies its input by a number between 0 (closed) and 1 (open)."""
    d = Drawing("valve", 580, 190)
    for n, (value, says) in enumerate([(0, "nothing"), (0.5, "half of it"), (1, "everything")]):
        x = 100 + 190 * n
        d.part(f"in{n}", band(x - 80, x - 16, 50), Wire(((x - 80, 50), (x - 16, 50))))
        d.part(f"layer{n}", *layer(x, 124, "σ", "f"), Wire(((x, 107), (x, 67))))
        d.part(f"value{n}", Label(x + 10, 92, f"{value:g}", "start"))
        d.part(f"out{n}", band(x + 16, x + 70, 50, value), Wire(((x + 15, 50), (x + 72, 50))))
        d.part(f"valve{n}", Valve(x, 50, "", "f", r=15, isset=value))
        d.part(f"says{n}", Label(x, 170, f"{says} passes"))
    return d


def stacked():
    """Two bidirectional layers over three time steps, with the entries of h_n and c_n."""
    d = Drawing("stacked", 640, 470)
    columns, base = (180, 320, 460), {0: 360, 1: 160}
    for number, y in base.items():
        name = Label(540, y - 34, f"layer {number}", "start")
        d.part(f"layer{number}", frame(108, y - 84, 424, 114), name)
        for reverse in (False, True):
            shift, row = (26, y - 40) if reverse else (-26, y)
            xs = [x + shift for x in (columns[::-1] if reverse else columns)]
            side = -1 if reverse else 1
            shapes = [
                Wire(((a + side * 22, row), (b - side * 24, row)))
                for a, b in zip(xs, xs[1:], strict=False)
            ]
            end = 92 if reverse else 548
            shapes.append(Wire(((xs[-1] + side * 22, row), (end, row))))
            for x in xs:
                below, above = (
                    Wire(((x, y + 70), (x, row + 19))),
                    Wire(((x, row - 17), (x, y - 122))),
                )
                # Each direction's vertical wire crosses the other direction's horizontal wire.
                crossing = (
                    [Bridge(x, y), below, above] if reverse else [below, Bridge(x, y - 40), above]
                )
                cell = layer(x, row, "LSTM", "g" if reverse else "c", width=44)
                shapes += [*crossing, *cell]
            anchor = "end" if reverse else "start"
            place, x = 2 * number + reverse, end - 4 if reverse else end + 6
            shapes.append(Label(x, row - 4, f"h_n[{place}],", anchor))
            shapes.append(Label(x, row + 14, f"c_n[{place}]", anchor))
            d.part(f"layer{number}-{'backward' if reverse else 'forward'}", *shapes)
    for t, x in enumerate(columns, start=1):
        # Both directions read the same input, and their outputs are concatenated.
        below, between, above = (
            Wire(((x - 40, y), (x + 40, y)), tip=False) for y in (430, 232, 32)
        )
        d.part(f"x{t}", below, Symbol(x, 456, f"x_{t}", size=18))
        d.part(f"output{t}", between, above, Label(x, 26, f"output[{t - 1}]"))
    return d
