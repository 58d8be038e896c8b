"""The shapes of the backward pass, and the class that adds these shapes to a cell's drawing.

`Backward` draws the gradients' wires over the forward wires. The files lstm.py, gru.py and rnn.py
define the path of each gradient.
"""

from dataclasses import dataclass, replace
from html import escape

from gatewise.drawings.drawing import Drawing
from gatewise.drawings.outlines import arrow, dashes, data, place, rounded
from gatewise.drawings.shapes import Box, Disc, Valve, Wire
from gatewise.drawings.text import ALIGN, FONT, MATH, RIM, Number, Symbol, halo, ink, mathematics
from gatewise.drawings.theme import LIGHT, paint
from gatewise.drawings.values import figure, gradient_thickness

# The stages of the backward pass through an LSTM time step, in order. The stage `da` computes the
# gradients with respect to the pre-activations, `back` computes the gradients that leave the cell,
# and the other stages compute the gradients that they are named after. The RNN has only the stages
# dh, da and back.
STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"]
PAST, NOW = 0.3, 0.85  # the opacities of gradients from earlier stages and from the newest stage
PLAIN = 8  # the width of a gradient's band in a drawing without values


@dataclass(frozen=True)
class Flow:
    """A gradient that runs back along a wire, drawn as a band, a thin ink line and an arrow tip.

    points: the points of the forward wire. name: the name of the gradient's value.
    quantity: the symbol that determines the color.
    when: "loss", "later" or "" (see `gatewise.drawings`), or "still" for a gradient that appears
    only in drawings without values.
    now: whether the gradient belongs to the newest stage.
    """

    points: tuple
    name: str
    stage: str
    quantity: str
    tip: bool = True
    when: str = ""
    now: bool = False

    @property
    def outline(self):
        return rounded(self.points, 10)

    @property
    def arrow(self):
        return arrow(self.points[1], self.points[0], 13) if self.tip else []

    def svg(self, values=None):
        if self.when == "still" and values is not None:
            return ""
        d, value, width = data(self.outline), self._value(values), self._width(values)
        tip = f"<path data-tip='' d='{data(self.arrow)}'{paint(fill='ink')}/>" if self.tip else ""
        return (
            f"<g data-flow=''{_when(self)}><path data-wire='{self.name}'"
            f" data-quantity='{self.quantity}' d='{d}'{paint(fill='none', stroke=self.quantity)}"
            f" opacity='{NOW if self.now else PAST}' stroke-width='{width:.4g}'"
            f" stroke-dasharray='{'5 4' if value < 0 else 'none'}'/>"
            f"<path data-core='' d='{d}'{paint(fill='none', stroke='ink')}"
            f" stroke-width='{2.5 if self.now else 1.5}'/>{tip}</g>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        value, width = self._value(values), self._width(values) * points
        if not width:
            return
        look = {"edgecolor": LIGHT[self.quantity], "linewidth": width}
        dashed = dashes(value, width, points)
        place(ax, self.outline, alpha * (NOW if self.now else PAST), linestyle=dashed, **look)
        core = (2.5 if self.now else 1.5) * points
        place(ax, self.outline, alpha, edgecolor=LIGHT["ink"], linewidth=core)
        if self.tip:
            place(ax, self.arrow, alpha, facecolor=LIGHT["ink"])

    def _value(self, values):
        return 1 if values is None else values.get(self.name, 0)

    def _width(self, values):
        return PLAIN if values is None else gradient_thickness(self._value(values))


@dataclass(frozen=True)
class StepSymbol:
    """A symbol, such as `h_t−1`, that changes into a gradient's symbol, such as `dh_t−1`.

    stage: the stage at which the symbol changes.
    gradient: the gradient's symbol in drawings without values; by default, and in drawings with
    values, the letter d followed by `symbol`.
    """

    symbol: Symbol
    stage: str = ""
    when: str = ""
    gradient: str = ""

    def svg(self, values=None):
        index = f" data-index='{self.symbol.text.partition('_')[2]}'"
        return self.symbol.write(*self._text(values), _when(self), index)

    def draw(self, ax, points, values=None, alpha=1):
        replace(self.symbol, text="_".join(self._text(values))).draw(ax, points, alpha=alpha)

    def _text(self, values):
        text = self.symbol.text
        if self.stage and (self.when != "still" or values is None):
            text = self.gradient if self.gradient and values is None else "d" + text
        letter, _, index = text.partition("_")
        return letter, _index(index, values)


@dataclass(frozen=True)
class Figure:
    """A gradient's value as text. If `symbol` isn't empty, this symbol precedes the value."""

    name: str
    stage: str
    x: float
    y: float
    anchor: str = "start"
    when: str = ""
    symbol: str = ""
    size: float = 14

    def svg(self, values=None):
        if values is None and not self.symbol:
            return ""
        letter, _, index = self.symbol.partition("_")
        rise = " dy='-4'" if letter else ""
        number = f"<tspan data-number='{self.name}'{rise}>{self._text(values)}</tspan>"
        if letter:
            number = (
                f"<tspan data-symbol='{self.symbol}' {MATH} font-size='20'>{letter}"
                f"<tspan data-index='{index}' dy='4' font-size='13.6'>{_index(index, values)}"
                f"</tspan></tspan> {number}"
            )
        return (
            f"<text{_when(self)} x='{self.x:g}' y='{self.y:g}' {FONT} font-size='{self.size:g}'"
            f" text-anchor='{self.anchor}' {RIM}"
            f"{paint(fill='ink', stroke='panel')}>{number}</text>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        letter, _, index = self.symbol.partition("_")
        look = {"va": "baseline", "color": ink(alpha)}
        look["path_effects"] = halo("panel", points)
        anchor, x = self.anchor, self.x
        if letter:  # the symbol ends at x, where the number begins
            name = mathematics(f"{letter}_{_index(index, values)}")
            math = {"math_fontfamily": "stix", "fontsize": 20 * points}
            ax.text(x, self.y, name, ha="right", **math, **look)
            anchor, x = "start", x + 4
        size = {"fontsize": self.size * points}
        ax.text(x, self.y, self._text(values), ha=ALIGN[anchor], **size, **look)

    def _text(self, values):
        return figure(values[self.name]) if values and self.name in values else ""


@dataclass(frozen=True)
class Cut:
    """A mark across the wire of a detached h. The mark is visible if `values["cut"]` is true."""

    x: float
    y: float

    def svg(self, values=None):
        look = paint(fill="none", stroke="ink") + " stroke-width='2'"
        hidden = "" if values and values.get("cut") else " visibility='hidden'"
        return f"<path data-cut='' d='{''.join(map(data, self._strokes))}'{look}{hidden}/>"

    def draw(self, ax, points, values=None, alpha=1):
        for stroke in self._strokes if values and values.get("cut") else []:
            place(ax, stroke, alpha, edgecolor=LIGHT["ink"], linewidth=2 * points)

    @property
    def _strokes(self):
        return [
            [("M", (x, self.y + 9)), ("L", (x + 6, self.y - 9))] for x in (self.x - 7, self.x + 1)
        ]


class Backward:
    """A drawing of the backward pass through a cell, on top of pale forward wires.

    drawing: the plain drawing of the cell, which is changed in place.
    stages: the names of the stages, in order.
    """

    def __init__(self, drawing, stages=STAGES):
        self.drawing = drawing
        drawing.order = list(stages)
        drawing.name += "-backward"
        self._forward = {
            name: [s for s in shapes if isinstance(s, Wire)]
            for name, shapes in drawing.parts.items()
        }
        for name, shapes in drawing.parts.items():
            drawing.parts[name] = [_plain(s) for s in shapes if not isinstance(s, Number)]

    def flow(self, part, name, stage, quantity, *points, wire=0, tip=True, when=""):
        """Add a gradient along the given points or, by default, along a wire of a part.

        wire: the index of the wire within its part, counted from 0. The other arguments are the
        same as in `Flow`.
        """
        points = points or self._forward[part][wire].points
        self.drawing.parts[part].append(Flow(points, name, stage, quantity, tip, when))

    def passes(self, stage, *parts):
        """Record the layers and operations that a gradient passes through at a stage."""
        self.drawing.stages |= dict.fromkeys(parts, stage)

    def symbols(self, **stages):
        """Draw all symbols on top, and turn the symbols of some parts into gradient symbols.

        stages: a dict that maps the names of these parts to the arguments `stage`, `when` and
        `gradient` of `StepSymbol`.
        """
        over = []
        for name, shapes in self.drawing.parts.items():
            found = [shape for shape in shapes if isinstance(shape, Symbol)]
            self.drawing.parts[name] = [shape for shape in shapes if shape not in found]
            over += [StepSymbol(shape, *stages.get(name.replace("-", "_"), ())) for shape in found]
        self.drawing.part("symbols", *over)

    def at(self, stage, when=""):
        """Return the drawing at a stage, with the newest gradients highlighted.

        stage: the name of the stage, or True for all gradients. when: the same as in `at_stage`.
        """
        if stage is True:
            return self.drawing
        return at_stage(self.drawing, stage, when)


def at_stage(drawing, stage, when=""):
    """Return a drawing of the gradients known at a stage, with the newest gradients highlighted.

    drawing: a drawing of the backward pass. stage: one of the stages in `drawing.order`.
    when: "loss" for the time step of the loss, "later" for the time steps that the backward pass
    reaches after it, or "" for all time steps. Raises ValueError for an unknown stage.
    """
    order = drawing.order
    if stage not in order:
        raise ValueError(f"expected a stage of {', '.join(order)}, got {stage!r}")
    reached = order.index(stage)
    d = Drawing(f"{drawing.name}-{stage}", drawing.width, drawing.height)
    d.order, d.stages = order, dict(drawing.stages)

    def known(shape):
        other = when and getattr(shape, "when", "") not in ("", when)
        return not other and order.index(shape.stage) <= reached

    for name, shapes in drawing.parts.items():
        kept = []
        for shape in shapes:
            if isinstance(shape, StepSymbol) and shape.stage and not known(shape):
                kept.append(replace(shape, stage=""))
            elif isinstance(shape, Flow) and known(shape):
                kept.append(replace(shape, now=shape.stage == stage))
            elif not isinstance(shape, (Flow, Figure)) or known(shape):
                kept.append(shape)
        passed = drawing.stages.get(name)
        if passed == stage:
            kept = [replace(s, line=4) if isinstance(s, (Box, Disc)) else s for s in kept]
        elif passed and order.index(passed) > reached:
            d.faint[name] = 0.45
        d.part(name, *kept)
    return d


def _plain(shape):
    """Remove the tip and color of a wire, or the gate of a valve; other shapes stay unchanged."""
    if isinstance(shape, Wire):
        return replace(shape, tip=False, color="line", carries="")
    return replace(shape, gate="") if isinstance(shape, Valve) else shape


def _when(shape):
    """Return the SVG attributes for a shape's stage and time steps."""
    if shape.when == "still":
        return ""
    stage = f" data-stage='{shape.stage}'" if shape.stage else ""
    return stage + (f" data-when='{shape.when}'" if shape.when else "")


def _index(index, values):
    """Return an index. If `values` contains the time step, a number replaces t or t−1."""
    if values and "t" in values:
        index = str({"t": values["t"], "t−1": values["t"] - 1}.get(index, index))
    return escape(index)
