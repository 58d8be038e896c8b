"""Drawings of one LSTM time step and of its backward pass."""

from gatewise.drawings.backward import Backward, Cut, Figure
from gatewise.drawings.drawing import highlighted, known
from gatewise.drawings.parts import frame, layer, operation, pill
from gatewise.drawings.shapes import Bridge, Valve, Wire
from gatewise.drawings.text import Number, Symbol

# Each learned layer's label, keyed by the symbol of the layer's output.
LAYERS = {"f": "σ", "i": "σ", "g": "tanh", "o": "σ"}
X = {"f": 136, "i": 222, "g": 308, "o": 394}  # the x-coordinates of the layers
TOP, BOTTOM = 80, 264  # the y-coordinates of the upper wire (c) and the lower wire (h and x)
LEFT, RIGHT = 12, 588  # the x-coordinates of the ends of the state wires
MERGE, OUT, UP = 265, 452, 500  # the x-coordinates of two products and of the upward h wire
# The parts of `lstm_cell` that each section of the notebook explains.
_IN = {"cell", "x", "h-before", "bus-f"}
LSTM_SECTIONS = {
    "forget": _IN | {"f-feed", "f-layer", "f", "f-times", "c-before", "kept"},
    "input": _IN | {"bus-i", "i-feed", "i-layer", "i", "i-times"},
    "candidate": _IN | {"bus-i", "bus-g", "g-feed", "g-layer", "g", "i-times"},
    "cell": {"cell", "c-before", "f", "f-times", "kept", "i", "g", "i-times", "added", "plus", "c"},
    "output": _IN
    | {"bus-i", "bus-g", "bus-o", "o-feed", "o-layer", "o", "o-times"}
    | {"c", "c-down", "c-tanh", "h", "h-up"},
}


def lstm_cell(highlight=None, backward=False):
    """One time step of the LSTM, with c along the top, and h and the four layers below.

    highlight: a section of `LSTM_SECTIONS` or the names of some parts; everything else is dimmed.
    backward: True for the whole backward pass, or a stage (dh, do, dc, df, di, dg, da or back) for
    the gradients known at that stage.
    Raises ValueError for an unknown section, part or stage.
    """
    d = highlighted("lstm-cell", 600, 350, highlight, LSTM_SECTIONS)
    layers = 222  # the y-coordinate of the layers

    def wire(carries, *points, tip=True, quantity=None):
        return Wire(points, tip, carries=carries, quantity=quantity or carries[:1])

    d.part("cell", frame(70, 40, 460, 250))

    # The state c runs along the top.
    c_before = wire("c_before", (LEFT, TOP), (X["f"] - 15, TOP))
    d.part("c-before", c_before, Symbol(36, TOP - 12, "c_t−1"))
    kept = wire("kept", (X["f"] + 14, TOP), (MERGE - 15, TOP), quantity="c")
    d.part("kept", kept, Number("kept", 200, TOP - 13, sign=True))
    c = wire("c", (MERGE + 14, TOP), (RIGHT, TOP))
    d.part("c", c, Symbol(562, TOP - 12, "c_t"), Number("c", 562, TOP + 22, sign=True))

    # Every layer reads the concatenation of h and x.
    h_before = wire("h_before", (LEFT, BOTTOM), (104, BOTTOM), tip=False)
    d.part("h-before", h_before, Symbol(36, BOTTOM - 12, "h_t−1"))
    x_t = wire("x", (92, 320), (92, BOTTOM), (104, BOTTOM), tip=False)
    d.part("x", x_t, Symbol(92, 342, "x_t"))
    start = 104
    for k, label in LAYERS.items():
        turn = X[k] - 12
        d.part(f"bus-{k}", Wire(((start, BOTTOM), (turn, BOTTOM)), tip=False))
        d.part(f"{k}-feed", Wire(((turn, BOTTOM), (X[k], BOTTOM), (X[k], layers + 18))))
        d.part(f"{k}-layer", *layer(X[k], layers, label, k, width=52))
        start = turn

    # The forget gate, the input gate and the candidate.
    rise = {k: (X[k], layers - 17) for k in LAYERS}
    f = wire("f", rise["f"], (X["f"], TOP + 15)), Symbol(X["f"] + 9, 136, "f_t", "start")
    d.part("f", *f, Number("f", X["f"] + 10, 156, "start"))
    d.part("f-times", Valve(X["f"], TOP, "f", "f"))
    i = wire("i", rise["i"], (X["i"], 140), (MERGE - 15, 140))
    i_t = Symbol(X["i"] - 9, 166, "i_t", "end"), Number("i", X["i"] - 9, 186, "end")
    d.part("i", i, *i_t)
    g = wire("g", rise["g"], (X["g"], 140), (MERGE + 15, 140))
    g_t = Symbol(X["g"] + 9, 166, "g_t", "start"), Number("g", X["g"] + 9, 186, "start", sign=True)
    d.part("g", g, *g_t)
    d.part("i-times", Valve(MERGE, 140, "i", "i"))
    added = wire("added", (MERGE, 126), (MERGE, TOP + 15), quantity="g")
    d.part("added", added, Number("added", MERGE + 10, 117, "start", sign=True))
    d.part("plus", *operation(MERGE, TOP, "+"))

    # The output gate scales tanh(c).
    d.part(
        "c-down",
        wire("c", (OUT - 12, TOP), (OUT, TOP), (OUT, 97)),
        wire("tanh_c", (OUT, 121), (OUT, 137), quantity="c"),
    )
    d.part("c-tanh", *pill(OUT, 109, "tanh"))
    o = wire("o", rise["o"], (X["o"], 152), (OUT - 15, 152))
    o_t = Symbol(X["o"] + 9, 177, "o_t", "start"), Number("o", X["o"] + 10, 199, "start")
    d.part("o", o, *o_t)
    d.part("o-times", Valve(OUT, 152, "o", "o", turn=90))
    h = wire("h", (OUT, 166), (OUT, BOTTOM), (RIGHT, BOTTOM))
    d.part("h", h, Symbol(562, BOTTOM - 12, "h_t"), Number("h", 562, BOTTOM + 22, sign=True))
    h_up = wire("h", (UP - 12, BOTTOM), (UP, BOTTOM), (UP, 12))
    d.part("h-up", Bridge(UP, TOP), h_up, Symbol(UP + 10, 24, "h_t", "start"))

    return _backward(known(d)).at(backward) if backward else known(d)


def _backward(d):
    b = Backward(d)
    # At the time step of the loss, dh comes from the loss; at earlier time steps, it comes from the
    # layer above and the next time step.
    b.flow("h", "dh", "dh", "h", when="later")
    up = (OUT, 166), (OUT, BOTTOM), (UP, BOTTOM), (UP, 12)
    b.flow("h-up", "dh", "dh", "h", *up, when="loss")
    b.flow("o", "do", "do", "o")
    b.flow("c-down", "dc_from_h", "dc", "c", wire=1, tip=False)
    b.flow("c-down", "dc_from_h", "dc", "c")
    b.flow("c", "dc_from_c", "dc", "c", (OUT, TOP), (RIGHT, TOP), tip=False, when="later")
    b.flow("c", "dc", "dc", "c", (MERGE + 14, TOP), (OUT - 12, TOP))
    b.flow("kept", "dc", "df", "c")
    b.flow("f", "df", "df", "f")
    b.flow("added", "dc", "di", "c")
    b.flow("i", "di", "di", "i")
    b.flow("g", "dg", "dg", "g")
    for k in LAYERS:
        b.flow(f"{k}-feed", f"da_{k}", "da", k, tip=False)
        b.flow(f"bus-{k}", "dh_before", "back", "h", tip=False)
    b.flow("h-before", "dh_before", "back", "h")
    b.flow("c-before", "dc_before", "back", "c")
    b.flow("x", "dx", "back", "x", when="still")
    b.passes("do", "o-times")
    b.passes("dc", "c-tanh", "plus")
    b.passes("df", "f-times")
    b.passes("di", "i-times")
    b.passes("da", *(f"{k}-layer" for k in LAYERS))
    gates = {k: (f"d{k}",) for k in LAYERS}
    b.symbols(
        c_before=("back", "", "dc_before"),
        h_before=("back", "", "dh_before"),
        h=("dh", "later", "dh_next"),
        h_up=("dh", "loss"),
        x=("back", "still"),
        c=("dc", "still", "dc_next"),
        **gates,
    )
    d.part("cut", Cut(81, BOTTOM))
    d.part(
        "numbers",
        Figure("dh", "dh", UP + 56, 26, "start", "loss"),
        Figure("dh", "dh", 562, BOTTOM + 24, "middle", "later"),
        Figure("do", "do", X["o"] + 10, 201),
        Figure("dc", "dc", 360, TOP - 12, "middle", symbol="dc_t"),
        Figure("dc_from_c", "dc", 562, TOP + 24, "middle", "later"),
        Figure("df", "df", X["f"] + 10, 112),
        Figure("di", "di", X["i"] - 9, 190, "end"),
        Figure("dg", "dg", X["g"] + 9, 190),
        *(Figure(f"da_{k}", "da", X[k] - 11, 254, "end") for k in LAYERS),
        Figure("dh_before", "back", 36, BOTTOM + 24, "middle"),
        Figure("dc_before", "back", 36, TOP + 24, "middle"),
    )
    return b
