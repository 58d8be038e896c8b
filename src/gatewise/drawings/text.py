"""The text elements of a drawing, which have the same methods as the shapes in shapes.py."""

from dataclasses import dataclass
from html import escape

from matplotlib.patheffects import withStroke

from gatewise.drawings.theme import LIGHT, paint
from gatewise.drawings.values import number

FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"
MATH = "font-family='STIX Two Text, Cambria, Times New Roman, serif' font-style='italic'"
RIM = "paint-order='stroke' stroke-width='3' stroke-linejoin='round'"
ALIGN = {"start": "left", "middle": "center", "end": "right"}


@dataclass(frozen=True)
class Label:
    """Plain text with its baseline at (x, y). The character `$` has no special meaning.

    rim: the color of an outline around the letters, for text on a wire or a valve.
    """

    x: float
    y: float
    text: str
    anchor: str = "middle"
    size: float = 14
    rim: str = ""

    def svg(self, values=None):
        rim = f" {RIM}{paint(stroke=self.rim)}" if self.rim else ""
        return (
            f"<text data-label='' x='{self.x:g}' y='{self.y:g}' {FONT} font-size='{self.size:g}'"
            f" text-anchor='{self.anchor}'{paint(fill='ink')}{rim}>{escape(self.text)}</text>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        look = {"fontsize": self.size * points, "ha": ALIGN[self.anchor], "va": "baseline"}
        look |= {"color": ink(alpha), "parse_math": False}
        if self.rim:
            look["path_effects"] = halo(self.rim, points)
        ax.text(self.x, self.y, self.text, **look)


@dataclass(frozen=True)
class Symbol:
    """A symbol such as `h_t−1`, drawn with a subscript and with its baseline at (x, y)."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    size: float = 20

    def svg(self, values=None):
        letter, _, index = self.text.partition("_")
        return self.write(letter, index)

    def write(self, letter, index, more="", inside=""):
        """Return SVG text for a letter with a subscript.

        more, inside: additional attributes for the text and for the subscript.
        """
        small = f"<tspan{inside} dy='5' font-size='{self.size * 0.68:g}'>{escape(index)}</tspan>"
        return (
            f"<text data-symbol='{escape(self.text)}'{more} x='{self.x:g}' y='{self.y:g}' {MATH}"
            f" font-size='{self.size:g}' text-anchor='{self.anchor}'{paint(fill='ink')}>"
            f"{escape(letter)}{small if index else ''}</text>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        look = {"fontsize": self.size * points, "ha": ALIGN[self.anchor], "va": "baseline"}
        look |= {"color": ink(alpha), "math_fontfamily": "stix"}
        ax.text(self.x, self.y, mathematics(self.text), **look)


@dataclass(frozen=True)
class Number:
    """A value as text, with its baseline at (x, y); without a value, the text is empty.

    sign: whether to write a plus sign before a positive value.
    """

    name: str
    x: float
    y: float
    anchor: str = "middle"
    sign: bool = False
    size: float = 12.5

    def text(self, values):
        return number(values[self.name], self.sign) if self.name in values else ""

    def svg(self, values=None):
        if values is None:
            return ""
        sign = " data-sign=''" if self.sign else ""
        return (
            f"<text data-number='{self.name}'{sign} x='{self.x:g}' y='{self.y:g}' {FONT}"
            f" font-size='{self.size:g}' text-anchor='{self.anchor}'{paint(fill='ink')}>"
            f"{self.text(values)}</text>"
        )

    def draw(self, ax, points, values=None, alpha=1):
        if values is not None:
            Label(self.x, self.y, self.text(values), self.anchor, self.size).draw(ax, points)


def ink(alpha):
    """Return the color of text: ink or, if the text is dimmed, a readable gray."""
    return LIGHT["ink" if alpha == 1 else "muted"]


def mathematics(text):
    """Convert a symbol such as `h_t−1` to matplotlib's notation."""
    letter, _, index = text.partition("_")
    return f"${letter}_{{{index.replace('−', '-')}}}$" if index else f"${letter}$"


def halo(color, points):
    """Return the matplotlib effect that outlines text, as `RIM` does in SVG."""
    return [withStroke(linewidth=3 * points, foreground=LIGHT[color])]
