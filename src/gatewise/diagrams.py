"""The drawings of cells and unrolled chains, as SVG.

A drawing is a list of named parts. Each part is a group with an id of its own, `<name>-<part>`,
so that one part can be lit and the others dimmed, and so that a script can find it.
"""

from html import escape

from gatewise.plots import PALETTE

INK, DIM = "#333333", 0.18
FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"
MATH = "font-family='STIX Two Text, Cambria, Times New Roman, serif' font-style='italic'"


class Drawing:
    """An SVG picture, put together part by part.

    name: the prefix of every id. width, height: in SVG units, one CSS pixel each at full size.
    lit: names of the parts to show in full, the others being dimmed; None shows all.
    """

    def __init__(self, name, width, height, lit=None):
        self.name, self.width, self.height, self.lit = name, width, height, lit
        self.parts = {}

    def part(self, name, *shapes):
        """Add shapes as the part `name`, once."""
        dim = "" if self.lit is None or name in self.lit else f" opacity='{DIM}'"
        self.parts[name] = f"<g id='{self.name}-{name}'{dim}>{''.join(shapes)}</g>"

    def svg(self, alt=None):
        """The picture as text, the same to the letter on every machine.

        alt: what it shows, for those who cannot see it; its name if not given.
        """
        # Its own light ground: the picture is read in a dark notebook too.
        ground = f"<rect width='{self.width}' height='{self.height}' rx='8' fill='#FFFFFF'/>"
        arrow = (
            f"<marker id='{self.name}-tip' viewBox='0 0 10 10' refX='8' refY='5' markerWidth='7'"
            " markerHeight='7' markerUnits='userSpaceOnUse' orient='auto'>"
            f"<path d='M0 0L10 5L0 10z' fill='{INK}'/></marker>"
        )
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}'"
            f" width='{self.width}' style='max-width:100%' role='img'"
            f" aria-label='{escape(alt or repr(self), quote=True)}'>"
            f"<defs>{arrow}</defs>{ground}{''.join(self.parts.values())}</svg>"
        )

    def _repr_svg_(self):
        return self.svg()

    def __repr__(self):
        return f"Drawing: {self.name}"

    # The vocabulary of the drawings. Each returns SVG text for `part`.

    def wire(self, *points, tip=True, colour=INK, radius=10):
        """A line through points, its corners rounded, with an arrow tip at its end."""
        path = f"M{points[0][0]} {points[0][1]}"
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            path += "L{} {}".format(*_towards(corner, before, radius))
            path += "Q{} {} {} {}".format(*corner, *_towards(corner, after, radius))
        path += f"L{points[-1][0]} {points[-1][1]}"
        end = f" marker-end='url(#{self.name}-tip)'" if tip else ""
        return f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='2'{end}/>"


def layer(x, y, label, letter, width=56, height=34):
    """A box with its centre at (x, y): a learned layer, in the colour of the letter it makes."""
    colour = PALETTE[letter]
    return (
        f"<rect x='{x - width / 2:g}' y='{y - height / 2:g}' width='{width}' height='{height}'"
        f" rx='5' fill='{colour}' fill-opacity='0.22' stroke='{colour}' stroke-width='2'/>"
        f"<text x='{x}' y='{y + 5}' {FONT} font-size='15' text-anchor='middle' fill='{INK}'>"
        f"{escape(label)}</text>"
    )


def operation(x, y, sign, radius=14):
    """A circle at (x, y): an operation entry by entry, without weights."""
    return (
        f"<circle cx='{x}' cy='{y}' r='{radius}' fill='#FFFFFF' stroke='{INK}' stroke-width='2'/>"
        f"<text x='{x}' y='{y + 5}' {FONT} font-size='15' text-anchor='middle' fill='{INK}'>"
        f"{escape(sign)}</text>"
    )


def pill(x, y, label):
    """A rounded box at (x, y): a function entry by entry, without weights."""
    return (
        f"<rect x='{x - 24:g}' y='{y - 12:g}' width='48' height='24' rx='12' fill='#FFFFFF'"
        f" stroke='{INK}' stroke-width='2'/>"
        f"<text x='{x:g}' y='{y + 5:g}' {FONT} font-size='13' text-anchor='middle' fill='{INK}'>"
        f"{escape(label)}</text>"
    )


def shutter(x, y, value, letter, radius=15):
    """A valve at (x, y) in a level wire, open by `value` between 0 and 1."""
    half = radius * value
    side = (radius**2 - half**2) ** 0.5
    arc = f"A{radius} {radius} 0 0 0"
    opening = (
        f"M{x - side:g} {y - half:g}{arc} {x - side:g} {y + half:g}"
        f"H{x + side:g}{arc} {x + side:g} {y - half:g}z"
    )
    return (
        f"<circle cx='{x}' cy='{y}' r='{radius}' fill='{PALETTE[letter]}'/>"
        f"<path d='{opening}' fill='#FFFFFF'/>"
        f"<circle cx='{x}' cy='{y}' r='{radius}' fill='none' stroke='{INK}' stroke-width='2'/>"
        f"<text x='{x}' y='{y + 5}' {FONT} font-size='15' text-anchor='middle' fill='{INK}'>"
        "×</text>"
    )


def band(start, end, y, share=1, thickness=18):
    """How much flows from start to end at height y: a level band, as thick as its share."""
    width = thickness * share
    return (
        f"<rect x='{start}' y='{y - width / 2:g}' width='{end - start}' height='{width:g}'"
        f" fill='{PALETTE['c']}' fill-opacity='0.3'/>"
    )


def bridge(x, y):
    """A gap in whatever is under (x, y), for an upright wire that passes over it."""
    return f"<path d='M{x} {y + 9}V{y - 9}' stroke='#F3F5F7' stroke-width='10'/>"


def frame(x, y, width, height):
    """The outline of a cell."""
    return (
        f"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='16' fill='#F3F5F7'"
        " stroke='#B8BEC4' stroke-width='1.5'/>"
    )


def symbol(x, y, text, anchor="middle", size=20):
    """A letter with its index, written `h_t−1`, its baseline at (x, y)."""
    letter, _, index = text.partition("_")
    below = f"<tspan dy='5' font-size='{size * 0.68:g}'>{escape(index)}</tspan>" if index else ""
    return (
        f"<text x='{x}' y='{y}' {MATH} font-size='{size}' text-anchor='{anchor}' fill='{INK}'>"
        f"{escape(letter)}{below}</text>"
    )


def words(x, y, text, anchor="middle", size=14):
    """Plain words, their baseline at (x, y)."""
    return (
        f"<text x='{x}' y='{y}' {FONT} font-size='{size}' text-anchor='{anchor}' fill='{INK}'>"
        f"{escape(text)}</text>"
    )


def _towards(start, end, distance):
    """The point at most `distance` away from start on the straight line to end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = min(1, distance / ((dx**2 + dy**2) ** 0.5 or 1))
    return f"{start[0] + share * dx:g}", f"{start[1] + share * dy:g}"


def rnn_cell():
    """One step of the RNN: x_t and h_{t−1} in, one tanh layer, h_t out."""
    d = Drawing("rnn-cell", 440, 230)
    d.part("cell", frame(110, 50, 220, 120))
    d.part("h-before", d.wire((50, 110), (186, 110)), symbol(42, 116, "h_t−1", "end"))
    d.part("x", d.wire((150, 198), (150, 110), (186, 110)), symbol(150, 220, "x_t"))
    d.part("tanh", layer(220, 110, "tanh", "h", width=64))
    d.part("h", d.wire((252, 110), (388, 110)), symbol(396, 116, "h_t", "start"))
    d.part("h-out", d.wire((280, 110), (290, 110), (290, 34)), symbol(290, 26, "h_t"))
    return d


def chain(inputs, output=None):
    """The RNN cell, unrolled: one copy for each step, all with the same weights.

    inputs: the words that go in, one a step. output: the word that is read off the last state.
    """
    step, T = 150, len(inputs)
    y = 146 if output else 106  # of the wire that h runs along
    d = Drawing("chain", 120 + step * T, y + 114)
    d.part("h0", symbol(36, y + 6, "h_0", "end"), d.wire((44, y), (78, y)))
    for t, word in enumerate(inputs, start=1):
        x = 120 + step * (t - 1)
        d.part(f"cell{t}", frame(x - 40, y - 30, 80, 60), layer(x, y, "tanh", "h"))
        d.part(f"x{t}", d.wire((x, y + 78), (x, y + 32)), words(x, y + 98, word))
        last = t == T
        arrow = d.wire((x + 40, y), (x + (76 if last else step - 42), y))
        label_x = x + (92 if last else step / 2)
        d.part(f"h{t}", arrow, symbol(label_x, y + 6 if last else y - 10, f"h_{t}", size=18))
    if output:
        d.part(
            "h-out", d.wire((x, y - 30), (x, y - 58)), symbol(x + 12, y - 38, f"h_{T}", "start", 18)
        )
        d.part("read-out", layer(x, y - 76, "read-out", "x", width=84))
        d.part("output", d.wire((x, y - 93), (x, y - 116)), words(x, y - 124, output))
    return d


def legend():
    """How to read the drawings."""
    d = Drawing("legend", 560, 96)
    rows = [("layer", "learned layer"), ("operation", "entry by entry")]
    d.part("layer", layer(50, 40, "tanh", "h"), words(50, 84, rows[0][1], size=12))
    d.part("operation", operation(160, 40, "×"), words(160, 84, rows[1][1], size=12))
    d.part("wire", d.wire((235, 40), (295, 40)), words(265, 84, "whole vector", size=12))
    d.part(
        "merge",
        d.wire((345, 40), (410, 40)),
        d.wire((370, 66), (370, 40), (380, 40), tip=False),
        words(375, 84, "put together", size=12),
    )
    d.part(
        "copy",
        d.wire((455, 40), (525, 40)),
        d.wire((470, 40), (490, 40), (490, 12)),
        words(490, 84, "copied", size=12),
    )
    return d


def interfaces():
    """What goes in and out: the RNN has one state, the LSTM two, of which only h is shown."""
    d = Drawing("interfaces", 580, 220)
    for name, x, states in [("RNN", 150, "h"), ("LSTM", 430, "ch")]:
        d.part(name, frame(x - 60, 60, 120, 96), words(x, 114, name, size=16))
        for state in states:
            y = {"c": 84, "h": 132}[state]
            d.part(
                f"{name}-{state}",
                d.wire((x - 118, y), (x - 62, y)),
                symbol(x - 96, y - 10, f"{state}_t−1", size=18),
                d.wire((x + 60, y), (x + 116, y)),
                symbol(x + 92, y - 10, f"{state}_t", size=18),
            )
        d.part(f"{name}-x", d.wire((x, 194), (x, 158)), symbol(x, 214, "x_t", size=18))
        d.part(f"{name}-h-out", d.wire((x, 60), (x, 24)), symbol(x + 10, 34, "h_t", "start", 18))
    return d


def four_layers():
    """Inside one step: the RNN has one learned layer, the LSTM four."""
    d = Drawing("four-layers", 580, 130)
    d.part(
        "RNN", frame(20, 16, 130, 70), layer(85, 51, "tanh", "h"), words(85, 112, "RNN: one layer")
    )
    boxes = [layer(228 + 95 * n, 51, *LSTM_LAYERS[k]) for n, k in enumerate("figo")]
    d.part("LSTM", frame(180, 16, 380, 70), *boxes, words(370, 112, "LSTM: four layers"))
    return d


def valve():
    """A gate is a valve: what comes in, times a number between 0 (shut) and 1 (open)."""
    d = Drawing("valve", 580, 190)
    for n, (value, says) in enumerate([(0, "nothing"), (0.5, "half of it"), (1, "everything")]):
        x = 100 + 190 * n
        d.part(f"in{n}", band(x - 80, x - 16, 50), d.wire((x - 80, 50), (x - 16, 50)))
        d.part(f"layer{n}", layer(x, 124, "σ", "f"), d.wire((x, 107), (x, 67)))
        d.part(f"value{n}", words(x + 10, 92, f"{value:g}", "start"))
        d.part(f"out{n}", band(x + 16, x + 70, 50, value), d.wire((x + 15, 50), (x + 72, 50)))
        d.part(f"valve{n}", shutter(x, 50, value, "f"))
        d.part(f"says{n}", words(x, 170, f"{says} passes"))
    return d


# The learned layers of the LSTM: what is written on them, and the letter of what they make.
LSTM_LAYERS = {"f": ("σ", "f"), "i": ("σ", "i"), "g": ("tanh", "g"), "o": ("σ", "o")}
# The parts of `lstm_cell` that each section of the story speaks of.
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


def stacked():
    """Two layers in two directions over three steps, and where their last states stand in h_n."""
    d = Drawing("stacked", 640, 470)
    columns, base = (180, 320, 460), {0: 360, 1: 160}
    for number, y in base.items():
        d.part(
            f"layer{number}",
            frame(108, y - 84, 424, 114),
            words(540, y - 34, f"layer {number}", "start"),
        )
        for reverse in (False, True):
            shift, row = (26, y - 40) if reverse else (-26, y)
            xs = [x + shift for x in (columns[::-1] if reverse else columns)]
            side = -1 if reverse else 1
            shapes = [
                d.wire((a + side * 22, row), (b - side * 24, row))
                for a, b in zip(xs, xs[1:], strict=False)
            ]
            end = 92 if reverse else 548
            shapes.append(d.wire((xs[-1] + side * 22, row), (end, row)))
            for x in xs:
                up = [(x, y + 70), (x, row + 19)], [(x, row - 17), (x, y - 122)]
                shapes += [bridge(x, y)] if reverse else []
                shapes += [
                    d.wire(*up[0]),
                    *([] if reverse else [bridge(x, y - 40)]),
                    d.wire(*up[1]),
                ]
                shapes.append(layer(x, row, "LSTM", "g" if reverse else "c", width=44))
            place = 2 * number + reverse
            anchor = "end" if reverse else "start"
            shapes.append(words(end - 4 if reverse else end + 6, row + 5, f"h_n[{place}]", anchor))
            d.part(f"layer{number}-{'backward' if reverse else 'forward'}", *shapes)
    for t, x in enumerate(columns, start=1):
        # Both directions read the same, and what they make goes on side by side.
        side_by_side = (d.wire((x - 40, y), (x + 40, y), tip=False) for y in (430, 232, 32))
        below, between, above = side_by_side
        d.part(f"x{t}", below, symbol(x, 456, f"x_{t}", size=18))
        d.part(f"output{t}", between, above, words(x, 26, f"output[{t - 1}]"))
    return d


def lstm_cell(lit=None):
    """One step of the LSTM: c along the top, four layers below, h out to the right and up.

    lit: a section of `LSTM_SECTIONS` or names of parts, shown in full with the rest dimmed.
    Raises ValueError for a section or part that does not exist.
    """
    d = _lit_drawing("lstm-cell", 600, 350, lit, LSTM_SECTIONS)
    top, bottom, layers = 80, 264, 222
    x = {"f": 136, "i": 222, "g": 308, "o": 394}
    merge, out, up = (x["i"] + x["g"]) / 2, 452, 500
    d.part("cell", frame(70, 40, 460, 250))

    # The state c, along the top.
    d.part("c-before", d.wire((12, top), (x["f"] - 15, top)), symbol(36, top - 12, "c_t−1"))
    d.part("kept", d.wire((x["f"] + 14, top), (merge - 15, top)))
    d.part("c", d.wire((merge + 14, top), (588, top)), symbol(562, top - 12, "c_t"))

    # What every layer reads: h and x, put together.
    h_before = d.wire((12, bottom), (104, bottom), tip=False)
    d.part("h-before", h_before, symbol(36, bottom - 12, "h_t−1"))
    x_t = d.wire((92, 320), (92, bottom), (104, bottom), tip=False)
    d.part("x", x_t, symbol(92, 342, "x_t"))
    start = 104
    for k in "figo":
        turn = x[k] - 12
        d.part(f"bus-{k}", d.wire((start, bottom), (turn, bottom), tip=False))
        d.part(f"{k}-feed", d.wire((turn, bottom), (x[k], bottom), (x[k], layers + 18)))
        d.part(f"{k}-layer", layer(x[k], layers, *LSTM_LAYERS[k], width=52))
        start = turn

    # Forget; input and candidate, and what they make together.
    rise = {k: (x[k], layers - 17) for k in "figo"}
    f_wire = d.wire(rise["f"], (x["f"], top + 15))
    d.part("f", f_wire, symbol(x["f"] + 9, 136, "f_t", "start"))
    d.part("f-times", operation(x["f"], top, "×"))
    i_wire = d.wire(rise["i"], (x["i"], 140), (merge - 15, 140))
    d.part("i", i_wire, symbol(x["i"] - 9, 166, "i_t", "end"))
    g_wire = d.wire(rise["g"], (x["g"], 140), (merge + 15, 140))
    d.part("g", g_wire, symbol(x["g"] + 9, 166, "g_t", "start"))
    d.part("i-times", operation(merge, 140, "×"))
    d.part("added", d.wire((merge, 126), (merge, top + 15)))
    d.part("plus", operation(merge, top, "+"))

    # Output: what of c is shown.
    down = d.wire((out - 12, top), (out, top), (out, 97)), d.wire((out, 121), (out, 137))
    d.part("c-down", *down)
    d.part("c-tanh", pill(out, 109, "tanh"))
    o_wire = d.wire(rise["o"], (x["o"], 152), (out - 15, 152))
    d.part("o", o_wire, symbol(x["o"] + 9, 177, "o_t", "start"))
    d.part("o-times", operation(out, 152, "×"))
    h_wire = d.wire((out, 166), (out, bottom), (588, bottom))
    d.part("h", h_wire, symbol(562, bottom - 12, "h_t"))
    h_up = bridge(up, top), d.wire((up - 12, bottom), (up, bottom), (up, 12))
    d.part("h-up", *h_up, symbol(up + 10, 24, "h_t", "start"))

    return _all_known(d)


def _lit_drawing(name, width, height, lit, sections):
    """An empty drawing of which a section, or some parts, will be lit."""
    section = lit if isinstance(lit, str) else None
    if section and section not in sections:
        raise ValueError(f"no section {section!r}: there are {', '.join(sections)}")
    name = f"{name}-{section}" if section else name
    return Drawing(name, width, height, sections[section] if section else lit)


def _all_known(drawing):
    """The drawing, unless it was to light a part that it does not have."""
    unknown = set(drawing.lit or ()) - set(drawing.parts)
    if unknown:
        raise ValueError(f"no part {min(unknown)!r}: there are {', '.join(drawing.parts)}")
    return drawing


# The learned layers of the GRU, as LSTM_LAYERS. The candidate's hidden side is a layer by itself.
GRU_LAYERS = {"r": ("σ", "r"), "z": ("σ", "z"), "q": ("linear", "n"), "n": ("tanh", "n")}
# The parts of `gru_cell` that each section of the story speaks of.
_GRU_IN = {"cell", "x", "x-up", "h-before", "h-down", "bus-r"}
_CANDIDATE = {"q-feed", "q-layer", "q", "r-times", "reset"}
GRU_SECTIONS = {
    "reset": _GRU_IN | {"r-feed", "r-layer", "r"} | _CANDIDATE,
    "update": _GRU_IN | {"bus-z", "z-feed", "z-layer", "z", "z-times", "kept"},
    "candidate": {"cell", "x", "h-before", "x-n", "n-layer", "n"} | _CANDIDATE,
    "state": {"cell", "h-before", "z", "z-times", "kept", "rest", "one-minus", "n", "n-times"}
    | {"added", "plus", "h", "h-up"},
}


def gru_cell(lit=None, reset_after=True):
    """One step of the GRU: h along the top, two gates and a candidate below.

    lit: a section of `GRU_SECTIONS` or names of parts, shown in full with the rest dimmed.
    reset_after: True for torch's form, the gate behind the linear layer; False for that of Cho
    et al., the gate before it.
    Raises ValueError for a section or part that does not exist.
    """
    name = "gru-cell" if reset_after else "gru-cell-before"
    d = _lit_drawing(name, 600, 380, lit, GRU_SECTIONS)
    top, bottom, layers, middle = 80, 272, 232, 162
    x = {"r": 160, "z": 330, "n": 450}
    side, turn, up = 214, 268, 500  # of the candidate's hidden side; of h on its way up
    d.part("cell", frame(70, 40, 460, 294))

    # The state h, along the top.
    d.part("h-before", d.wire((12, top), (x["z"] - 15, top)), symbol(36, top - 12, "h_t−1"))
    d.part("kept", d.wire((x["z"] + 14, top), (x["n"] - 15, top)))
    d.part("h", d.wire((x["n"] + 14, top), (588, top)), symbol(562, top - 12, "h_t"))
    d.part("h-up", d.wire((up - 12, top), (up, top), (up, 12)), symbol(up + 10, 24, "h_t", "start"))

    # What both gates read: h and x, put together.
    h_down = (98, top), (110, top), (110, bottom), (122, bottom)
    d.part("h-down", d.wire(*h_down, tip=False))
    d.part("x", d.wire((86, 354), (86, 322), tip=False), symbol(86, 374, "x_t"))
    d.part("x-up", d.wire((86, 322), (86, bottom), (98, bottom), tip=False))
    join = d.wire((98, bottom), (x["r"] - 12, bottom), tip=False)
    d.part("bus-r", join)
    d.part("bus-z", d.wire((x["r"] - 12, bottom), (x["z"] - 12, bottom), tip=False))
    for k in "rz":
        feed = (x[k] - 12, bottom), (x[k], bottom), (x[k], layers + 18)
        d.part(f"{k}-feed", d.wire(*feed))
        d.part(f"{k}-layer", layer(x[k], layers, *GRU_LAYERS[k], width=52))

    # The candidate's hidden side: the layer and the gate, in one order or the other.
    first, last = (side, 122), (turn, middle)
    d.part("q-feed", d.wire((side - 12, top), (side, top), (side, 104 if reset_after else 107)))
    if reset_after:
        d.part("q", d.wire((side, 139), (side, middle), (turn - 15, middle)))
        d.part("q-layer", layer(*first, *GRU_LAYERS["q"], width=60))
        r_wire = (x["r"], layers - 17), (x["r"], 192), (turn, 192), (turn, middle + 15)
        hidden = turn + 14
        r_name = symbol(x["r"] - 9, 206, "r_t", "end")
    else:
        d.part("q", d.wire((side, 137), (side, middle), (turn - 31, middle)))
        d.part("q-layer", layer(turn, middle, *GRU_LAYERS["q"], width=60))
        r_wire = (x["r"], layers - 17), (x["r"], 122), (side - 15, 122)
        hidden = turn + 30
        r_name = symbol(x["r"] - 9, 186, "r_t", "end")
    d.part("r", d.wire(*r_wire), r_name)
    d.part("r-times", operation(*(last if reset_after else first), "×"))
    corner = x["n"] - 60
    d.part(
        "reset", d.wire((hidden, middle), (corner, middle), (corner, layers), (x["n"] - 28, layers))
    )

    # The update gate, over the wire to the candidate: z for the old, 1 − z for the new.
    z_wire = d.wire((x["z"], layers - 17), (x["z"], top + 15))
    d.part("z", bridge(x["z"], middle), z_wire, symbol(x["z"] - 9, 146, "z_t", "end"))
    d.part("z-times", operation(x["z"], top, "×"))
    rest = d.wire((x["z"], 140), (x["z"] + 12, 128), (x["n"] - 84, 128), radius=6, tip=False)
    d.part("rest", rest, d.wire((x["n"] - 36, 128), (x["n"] - 15, 128)))
    d.part("one-minus", pill(x["n"] - 60, 128, "1 −"))

    # The candidate, and what of it is added.
    x_n = d.wire((86, 322), (86, 310), (x["n"], 310), (x["n"], layers + 18))
    d.part("x-n", x_n)
    d.part("n-layer", layer(x["n"], layers, *GRU_LAYERS["n"], width=52))
    n_wire = d.wire((x["n"], layers - 17), (x["n"], 143))
    d.part("n", n_wire, symbol(x["n"] + 9, 186, "n_t", "start"))
    d.part("n-times", operation(x["n"], 128, "×"))
    d.part("added", d.wire((x["n"], 114), (x["n"], top + 15)))
    d.part("plus", operation(x["n"], top, "+"))
    return _all_known(d)
