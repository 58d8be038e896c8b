"""The shapes of a drawing. Each shape can be rendered as SVG text or drawn on matplotlib axes.

As in SVG, y grows downward; at full size, a unit is one CSS pixel. The argument `points` of `draw`
is the number of points (1/72 inch) per unit. The argument `values` is a dict mapping names to
numbers, or None for the plain drawing; a name may be missing if its value isn't known yet.
"""

from dataclasses import dataclass

from matplotlib import patches

from gatewise.drawings.outlines import arrow, dashes, data, place, rounded, slot
from gatewise.drawings.text import Label
from gatewise.drawings.theme import LIGHT, paint
from gatewise.drawings.values import opening, thickness

BAND = 0.45  # the opacity of the band under a wire


@dataclass(frozen=True)
class Wire:
    """A line with an arrow tip at its end, over a band whose thickness shows the value.

    carries: the name of the value. quantity: the symbol that determines the band's color.
    """

    points: tuple
    tip: bool = True
    radius: float = 10
    color: str = "ink"
    carries: str = ""
    quantity: str = ""

    @property
    def outline(self):
        return rounded(self.points, self.radius)

    @property
    def arrow(self):
        return arrow(*self.points[-2:], 7) if self.tip else []

    def svg(self, values=None):
        d, band, tip = data(self.outline), "", ""
        if self.carries and values is not None:
            value = values.get(self.carries, 0)
            band = (
                f"<path data-wire='{self.carries}' data-quantity='{self.quantity}' d='{d}'"
                f"{paint(fill='none', stroke=self.quantity)} opacity='{BAND:g}'"
                f" stroke-width='{thickness(value):.4g}'"
                f" stroke-dasharray='{'5 4' if value < 0 else 'none'}'/>"
            )
        if self.tip:
            tip = f"<path d='{data(self.arrow)}'{paint(fill=self.color)}/>"
        line = f"<path d='{d}'{paint(fill='none', stroke=self.color)} stroke-width='2'/>"
        return band + line + tip

    def draw(self, ax, points, values=None, alpha=1):
        if self.carries and values is not None:
            value = values.get(self.carries, 0)
            width = thickness(value) * points
            look = {"edgecolor": LIGHT[self.quantity], "linewidth": width}
            dashed = dashes(value, width, points)
            place(ax, self.outline, alpha * BAND, linestyle=dashed, **look)
        color = LIGHT[self.color]
        place(ax, self.outline, alpha, edgecolor=color, linewidth=2 * points)
        if self.tip:
            place(ax, self.arrow, alpha, facecolor=color)


@dataclass(frozen=True)
class Bridge:
    """A gap in a horizontal wire at (x, y), where a vertical wire crosses it."""

    x: float
    y: float

    @property
    def outline(self):
        return [("M", (self.x, self.y + 9)), ("L", (self.x, self.y - 9))]

    def svg(self, values=None):
        return f"<path d='{data(self.outline)}'{paint(stroke='panel')} stroke-width='10'/>"

    def draw(self, ax, points, values=None, alpha=1):
        place(ax, self.outline, alpha, edgecolor=LIGHT["panel"], linewidth=10 * points)


@dataclass(frozen=True)
class Box:
    """A rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 0
    fill: str = "ground"
    opacity: float = 1
    stroke: str = "none"
    line: float = 2

    def svg(self, values=None):
        faint = f" fill-opacity='{self.opacity:g}'" if self.opacity < 1 else ""
        edge = {"stroke": self.stroke} if self.stroke != "none" else {}
        width = f" stroke-width='{self.line:g}'" if edge else ""
        return (
            f"<rect x='{self.x:g}' y='{self.y:g}' width='{self.width:g}' height='{self.height:g}'"
            f" rx='{self.radius:g}'{paint(fill=self.fill, **edge)}{faint}{width}/>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        shape = f"round,pad=0,rounding_size={self.radius}" if self.radius else "square,pad=0"
        corner, size = (self.x, self.y), (self.width, self.height)
        look = {"boxstyle": shape, "mutation_aspect": 1, "linewidth": 0, "edgecolor": "none"}
        fill = {"facecolor": LIGHT[self.fill], "alpha": alpha * self.opacity}
        ax.add_patch(patches.FancyBboxPatch(corner, *size, **look, **fill))
        if self.stroke != "none":
            look |= {"edgecolor": LIGHT[self.stroke], "linewidth": self.line * points}
            box = patches.FancyBboxPatch(corner, *size, facecolor="none", alpha=alpha, **look)
            ax.add_patch(box)


@dataclass(frozen=True)
class Disc:
    """A disc with an outline, centered at (x, y)."""

    x: float
    y: float
    r: float = 14
    fill: str = "ground"
    line: float = 2

    def svg(self, values=None):
        look = f"{paint(fill=self.fill, stroke='ink')} stroke-width='{self.line:g}'"
        return f"<circle cx='{self.x:g}' cy='{self.y:g}' r='{self.r:g}'{look}/>"

    def draw(self, ax, points, values=None, alpha=1):
        fill = LIGHT.get(self.fill, "none")
        look = {"facecolor": fill, "edgecolor": LIGHT["ink"], "linewidth": self.line * points}
        ax.add_patch(patches.Circle((self.x, self.y), self.r, alpha=alpha, **look))


@dataclass(frozen=True)
class Valve:
    """A product with a gate, drawn as a valve at (x, y) whose open part is colored.

    gate: the name of the value. quantity: the symbol that determines the color.
    turn: 0 on a horizontal wire, or 90 on a vertical wire.
    isset: a fixed value from 0 to 1, which is shown even without `values`.
    """

    x: float
    y: float
    gate: str
    quantity: str
    turn: int = 0
    r: float = 14
    isset: float | None = None

    def svg(self, values=None):
        value = self._value(values)
        if value is None:
            return Disc(self.x, self.y, self.r).svg() + self._sign().svg()
        turn = f" rotate({self.turn})" if self.turn else ""
        name = f" data-valve='{self.gate}' data-quantity='{self.quantity}' data-r='{self.r:g}'"
        return (
            f"<g{name if self.gate else ''} transform='translate({self.x:g} {self.y:g}){turn}'>"
            f"<circle r='{self.r:g}'{paint(fill='line')}/>"
            f"<path data-slot='' d='{opening(self.r, value)}'{paint(fill=self.quantity)}/>"
            f"{Disc(0, 0, self.r, 'none').svg()}</g>{self._sign('ground').svg()}"
        )

    def draw(self, ax, points, values=None, alpha=1):
        value = self._value(values)
        if value is not None:
            look = {"facecolor": LIGHT["line"], "edgecolor": "none"}
            ax.add_patch(patches.Circle((self.x, self.y), self.r, alpha=alpha, **look))
            gap = slot(self.r, value, self.x, self.y, self.turn)
            place(ax, gap, alpha, facecolor=LIGHT[self.quantity])
        ring = Disc(self.x, self.y, self.r, "ground" if value is None else "none")
        ring.draw(ax, points, alpha=alpha)
        self._sign("" if value is None else "ground").draw(ax, points, alpha=alpha)

    def _value(self, values):
        if values is None or not self.gate:
            return self.isset
        return values.get(self.gate, 1)

    def _sign(self, rim=""):
        return Label(self.x, self.y + 5, "×", size=15, rim=rim)
