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
        self.parts = []

    def part(self, name, *shapes):
        """Add shapes as the part `name`."""
        dim = "" if self.lit is None or name in self.lit else f" opacity='{DIM}'"
        self.parts.append(f"<g id='{self.name}-{name}'{dim}>{''.join(shapes)}</g>")

    def svg(self):
        """The picture as text, the same to the letter on every machine."""
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
            f" aria-label='{escape(repr(self), quote=True)}'>"
            f"<defs>{arrow}</defs>{ground}{''.join(self.parts)}</svg>"
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
    d = Drawing("chain", 120 + step * T, 220)
    d.part("h0", symbol(36, 112, "h_0", "end"), d.wire((44, 106), (78, 106)))
    for t, word in enumerate(inputs, start=1):
        x = 120 + step * (t - 1)
        d.part(f"cell{t}", frame(x - 40, 76, 80, 60), layer(x, 106, "tanh", "h"))
        d.part(f"x{t}", d.wire((x, 184), (x, 138)), words(x, 204, word))
        last = t == T
        arrow = d.wire((x + 40, 106), (x + (76 if last else step - 42), 106))
        label_x = x + (92 if last else step / 2)
        d.part(f"h{t}", arrow, symbol(label_x, 112 if last else 96, f"h_{t}", size=18))
        if last and output:
            d.part("output", d.wire((x, 76), (x, 38)), words(x, 28, output))
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
