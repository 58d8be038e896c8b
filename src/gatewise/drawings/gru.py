"""Drawings of one GRU time step and of its backward pass, for both forms of the GRU."""

from dataclasses import replace

from gatewise.drawings.backward import Backward, Cut, Figure
from gatewise.drawings.drawing import highlighted, known
from gatewise.drawings.parts import frame, layer, operation, pill
from gatewise.drawings.shapes import Bridge, Valve, Wire
from gatewise.drawings.text import Number, Symbol

# The parts of `gru_cell` that each section of the notebook explains.
_IN = {"cell", "x", "x-up", "h-before", "h-down", "bus-r"}
_CANDIDATE = {"q-feed", "q-layer", "q", "r-times", "reset"}
GRU_SECTIONS = {
    "reset": _IN | {"r-feed", "r-layer", "r"} | _CANDIDATE,
    "update": _IN | {"bus-z", "z-feed", "z-layer", "z", "z-times", "kept"},
    "candidate": {"cell", "x", "h-before", "x-n", "n-layer", "n"} | _CANDIDATE,
    "state": {"cell", "h-before", "z", "z-times", "kept", "rest", "one-minus", "n", "n-times"}
    | {"added", "plus", "h", "h-up"},
}
# The stages of the backward pass through one time step, in order. Without `reset_after`, drh,
# the gradient with respect to r ⊙ h, replaces dq.
GRU_STAGES = ["dh", "dn", "dz", "dh_kept", "da_n", "dr", "dq", "da", "back"]
BEFORE_STAGES = ["dh", "dn", "dz", "dh_kept", "da_n", "drh", "dr", "da", "back"]


def gru_cell(highlight=None, reset_after=True, backward=False):
    """One time step of the GRU, with h along the top, and the gates and the candidate below.

    highlight: a section of `GRU_SECTIONS` or the names of some parts; everything else is dimmed.
    reset_after: True for the GRU in torch, with the reset gate after the linear layer; False for
    the GRU in Cho et al., with the reset gate before the linear layer.
    backward: True for the whole backward pass, or a stage (dh, dn, dz, dh_kept, da_n, dr, dq, da or
    back) for the gradients known at that stage. For the GRU in Cho et al., the stages drh and dr
    replace the stages dr and dq.
    Raises ValueError for an unknown section, part or stage.
    """
    name = "gru-cell" if reset_after else "gru-cell-before"
    d = highlighted(name, 600, 380, highlight, GRU_SECTIONS)
    top, bottom, layers, middle = 80, 272, 232, 162
    x = {"r": 160, "z": 330, "n": 450}
    side, turn, up = 214, 268, 500  # the x-coordinates of two corners and of the upward h wire

    def wire(carries, *points, tip=True, quantity=None, radius=10):
        return Wire(points, tip, radius, carries=carries, quantity=quantity or carries[:1])

    d.part("cell", frame(70, 40, 460, 294))

    # The state h runs along the top.
    h_before = wire("h_before", (12, top), (x["z"] - 15, top))
    d.part("h-before", h_before, Symbol(36, top - 12, "h_t−1"))
    kept = wire("kept", (x["z"] + 14, top), (x["n"] - 15, top), quantity="h")
    d.part("kept", kept, Number("kept", 390, top - 13, sign=True))
    h = wire("h", (x["n"] + 14, top), (588, top)), Symbol(562, top - 12, "h_t")
    d.part("h", *h, Number("h", 562, top + 22, sign=True))
    h_up = wire("h", (up - 12, top), (up, top), (up, 12))
    d.part("h-up", h_up, Symbol(up + 10, 24, "h_t", "start"))

    # Both gates read the concatenation of h and x.
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

    # The candidate's hidden side applies a linear layer and the reset gate, in either order.
    q_feed = (side - 12, top), (side, top), (side, 104 if reset_after else 107)
    d.part("q-feed", wire("h_before", *q_feed))
    if reset_after:
        q = wire("q", (side, 139), (side, middle), (turn - 15, middle), quantity="n")
        d.part("q", q, Symbol(side + 22, middle + 17, "q_t"))
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

    # The update gate: z scales the old h, and 1 − z scales the candidate.
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

    # The candidate is multiplied by 1 − z and added to z ⊙ h.
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

    # These numbers are drawn last, because the wire to the candidate would otherwise cover them.
    d.part(
        "numbers",
        Number("r", 170, 208, "start"),
        Number(first, 203, 160, "end", sign=True),
        Number(second, 346, 180, "start", sign=True),
    )
    return _backward(known(d), reset_after).at(backward) if backward else known(d)


def _backward(d, reset_after):
    # The symbols of gradients are wider and need more room.
    places = {"r": (147, 198 if reset_after else 186), "z": (321, 126), "q": (188, 166)}
    for part, place in places.items():
        moved = dict(zip("xy", place, strict=True))
        d.parts[part] = [replace(s, **moved) if isinstance(s, Symbol) else s for s in d.parts[part]]
    b = Backward(d, GRU_STAGES if reset_after else BEFORE_STAGES)
    top, bottom, up = 80, 272, 500  # the same coordinates as in `gru_cell`
    x = {"r": 160, "z": 330, "n": 450}
    joint = 224  # the x-coordinate where the gradients with respect to the previous h meet
    # At the time step of the loss, dh comes from the loss; at earlier time steps, it comes from the
    # layer above and the next time step.
    b.flow("h", "dh", "dh", "h", when="later")
    b.flow("h-up", "dh", "dh", "h", (x["n"] + 14, top), (up, top), (up, 12), when="loss")
    # The gradient passes through the sum and the two products, and reaches n, the previous h and,
    # along two paths, z.
    b.flow("added", "dh", "dn", "h")
    b.flow("n", "dn", "dn", "n")
    b.flow("kept", "dh", "dz", "h")
    b.flow("rest", "dz_from_rest", "dz", "z", tip=False)
    b.flow("rest", "dz_from_rest", "dz", "z", wire=1)
    b.flow("z", "dz_from_kept", "dz", "z", (x["z"], 140), (x["z"], top + 15), tip=False)
    b.flow("z", "dz", "dz", "z", (x["z"], 215), (x["z"], 140))
    b.flow("h-before", "dh_kept", "dh_kept", "h", (joint, top), (x["z"] - 15, top))
    # From n, the gradient passes through the candidate's tanh to the reset gate and the linear
    # layer.
    b.flow("reset", "da_n", "da_n", "n")
    b.flow("r", "dr", "dr", "r")
    linear = ("dq", "dq", "n") if reset_after else ("drh", "drh", "h")
    b.flow("q", *linear)
    for k in "rz":
        b.flow(f"{k}-feed", f"da_{k}", "da", k, tip=False)
        b.flow(f"bus-{k}", "dh_before", "back", "h", tip=False)
    b.flow("q-feed", "dh_before", "back", "h", tip=False)
    b.flow("h-down", "dh_before", "back", "h", tip=False)
    b.flow("h-before", "dh_before", "back", "h", (12, top), (joint, top))
    b.flow("x-n", "dx", "back", "x", tip=False, when="still")
    b.flow("x", "dx", "back", "x", (86, 354), (86, bottom), (98, bottom), when="still")
    b.passes("dn", "plus", "n-times")
    b.passes("dz", "one-minus", "z-times")
    b.passes("da_n", "n-layer")
    b.passes("dr", "r-times")
    b.passes("back" if reset_after else "drh", "q-layer")
    b.passes("da", "r-layer", "z-layer")
    b.symbols(
        h_before=("back", "", "dh_before"),
        h=("dh", "later", "dh_next"),
        h_up=("dh", "loss"),
        x=("back", "still"),
        **{k: (f"d{k}",) for k in "rznq"},
    )
    d.part("cut", Cut(81, top))
    place = (203, 186, "end") if reset_after else (222, 202, "middle", "", "drh_t")
    d.part(
        "numbers",
        Figure("dh", "dh", up + 56, 26, "start", "loss"),
        Figure("dh", "dh", 562, top + 24, "middle", "later"),
        Figure("dn", "dn", x["n"] + 10, 208),
        Figure("dz", "dz", x["z"] - 10, 200, "end"),
        Figure("dh_kept", "dh_kept", 266, top - 12, "middle", symbol="dh_kept"),
        Figure("da_n", "da_n", 344, 186, symbol="da_n"),
        Figure("dr", "dr", 170, 210),
        Figure(*linear[:2], *place),
        *(Figure(f"da_{k}", "da", x[k], 294, "middle", symbol=f"da_{k}") for k in "rz"),
        Figure("dh_before", "back", 36, top + 24, "middle"),
    )
    return b
