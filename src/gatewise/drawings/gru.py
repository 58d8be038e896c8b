"""The GRU: one step of it, in both forms."""

from gatewise.drawings.drawing import highlighted, known
from gatewise.drawings.parts import frame, layer, operation, pill
from gatewise.drawings.shapes import Bridge, Valve, Wire
from gatewise.drawings.text import Number, Symbol

# The parts of `gru_cell` that each section of the story speaks of.
_IN = {"cell", "x", "x-up", "h-before", "h-down", "bus-r"}
_CANDIDATE = {"q-feed", "q-layer", "q", "r-times", "reset"}
GRU_SECTIONS = {
    "reset": _IN | {"r-feed", "r-layer", "r"} | _CANDIDATE,
    "update": _IN | {"bus-z", "z-feed", "z-layer", "z", "z-times", "kept"},
    "candidate": {"cell", "x", "h-before", "x-n", "n-layer", "n"} | _CANDIDATE,
    "state": {"cell", "h-before", "z", "z-times", "kept", "rest", "one-minus", "n", "n-times"}
    | {"added", "plus", "h", "h-up"},
}


def gru_cell(lit=None, reset_after=True):
    """One step of the GRU: h along the top, two gates and a candidate below.

    lit: a section of `GRU_SECTIONS` or names of parts, shown in full with the rest dimmed.
    reset_after: True for torch's form, the reset gate after the linear layer; False for that of
    Cho et al., the reset gate before it.
    Raises ValueError for a section or part that does not exist.
    """
    name = "gru-cell" if reset_after else "gru-cell-before"
    d = highlighted(name, 600, 380, lit, GRU_SECTIONS)
    top, bottom, layers, middle = 80, 272, 232, 162
    x = {"r": 160, "z": 330, "n": 450}
    side, turn, up = 214, 268, 500  # of the candidate's hidden side; of h on its way up

    def wire(carries, *points, tip=True, quantity=None, radius=10):
        return Wire(points, tip, radius, carries=carries, quantity=quantity or carries[:1])

    d.part("cell", frame(70, 40, 460, 294))

    # The state h, along the top.
    h_before = wire("h_before", (12, top), (x["z"] - 15, top))
    d.part("h-before", h_before, Symbol(36, top - 12, "h_t−1"))
    kept = wire("kept", (x["z"] + 14, top), (x["n"] - 15, top), quantity="h")
    d.part("kept", kept, Number("kept", 390, top - 13, sign=True))
    h = wire("h", (x["n"] + 14, top), (588, top)), Symbol(562, top - 12, "h_t")
    d.part("h", *h, Number("h", 562, top + 22, sign=True))
    h_up = wire("h", (up - 12, top), (up, top), (up, 12))
    d.part("h-up", h_up, Symbol(up + 10, 24, "h_t", "start"))

    # What both gates read: h and x, concatenated.
    h_down = wire("h_before", (98, top), (110, top), (110, bottom), (122, bottom), tip=False)
    d.part("h-down", h_down)
    d.part("x", wire("x", (86, 354), (86, 322), tip=False), Symbol(86, 374, "x_t"))
    d.part("x-up", wire("x", (86, 322), (86, bottom), (98, bottom), tip=False))
    d.part("bus-r", Wire(((98, bottom), (x["r"] - 12, bottom)), tip=False))
    d.part("bus-z", Wire(((x["r"] - 12, bottom), (x["z"] - 12, bottom)), tip=False))
    for k in "rz":
        feed = (x[k] - 12, bottom), (x[k], bottom), (x[k], layers + 18)
        d.part(f"{k}-feed", Wire(feed))
        d.part(f"{k}-layer", *layer(x[k], layers, "σ", k, width=52))

    # The candidate's hidden side: the layer and the gate, in one order or the other.
    q_feed = (side - 12, top), (side, top), (side, 104 if reset_after else 107)
    d.part("q-feed", wire("h_before", *q_feed))
    if reset_after:
        d.part("q", wire("q", (side, 139), (side, middle), (turn - 15, middle), quantity="n"))
        d.part("q-layer", *layer(side, 122, "linear", "n", width=60))
        r = (x["r"], layers - 17), (x["r"], 192), (turn, 192), (turn, middle + 15)
        r_name, valve = Symbol(x["r"] - 9, 206, "r_t", "end"), Valve(turn, middle, "r", "r")
        first, second, hidden = "q", "gated", turn + 14
    else:
        d.part("q", wire("gated", (side, 137), (side, middle), (turn - 31, middle), quantity="h"))
        d.part("q-layer", *layer(turn, middle, "linear", "n", width=60))
        r = (x["r"], layers - 17), (x["r"], 122), (side - 15, 122)
        r_name, valve = Symbol(x["r"] - 9, 186, "r_t", "end"), Valve(side, 122, "r", "r", turn=90)
        first, second, hidden = "gated", "q", turn + 30
    d.part("r", wire("r", *r), r_name)
    d.part("r-times", valve)
    corner = x["n"] - 60
    reset = (hidden, middle), (corner, middle), (corner, layers), (x["n"] - 28, layers)
    d.part("reset", wire(second, *reset, quantity="n"))

    # The update gate, over the wire to the candidate: z for the old, 1 − z for the new.
    z = wire("z", (x["z"], layers - 17), (x["z"], top + 15))
    z_t = Symbol(x["z"] - 9, 146, "z_t", "end"), Number("z", x["z"] - 10, 200, "end")
    d.part("z", Bridge(x["z"], middle), z, *z_t)
    d.part("z-times", Valve(x["z"], top, "z", "z"))
    start = (x["z"], 140), (x["z"] + 12, 128), (x["n"] - 84, 128)
    d.part(
        "rest",
        wire("rest", *start, radius=6, tip=False, quantity="z"),
        wire("rest", (x["n"] - 36, 128), (x["n"] - 15, 128), quantity="z"),
        Number("rest", 390, 112),
    )
    d.part("one-minus", *pill(x["n"] - 60, 128, "1 −"))

    # The candidate, and what of it is added.
    x_n = wire("x", (86, 322), (86, 310), (x["n"], 310), (x["n"], layers + 18))
    d.part("x-n", x_n)
    d.part("n-layer", *layer(x["n"], layers, "tanh", "n", width=52))
    n = wire("n", (x["n"], layers - 17), (x["n"], 143))
    n_t = Symbol(x["n"] + 9, 186, "n_t", "start"), Number("n", 460, 206, "start", sign=True)
    d.part("n", n, *n_t)
    d.part("n-times", Valve(x["n"], 128, "rest", "z", turn=90))
    added = wire("added", (x["n"], 114), (x["n"], top + 15), quantity="n")
    d.part("added", added, Number("added", x["n"] + 20, 109, "start", sign=True))
    d.part("plus", *operation(x["n"], top, "+"))

    # On top, where the wire to the candidate would cross them.
    d.part(
        "numbers",
        Number("r", 170, 208, "start"),
        Number(first, 203, 160, "end", sign=True),
        Number(second, 346, 180, "start", sign=True),
    )
    return known(d)
