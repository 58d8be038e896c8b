"""The building blocks of the drawings, each made of one or more shapes."""

from gatewise.drawings.shapes import Box, Disc
from gatewise.drawings.text import Label


def layer(x, y, label, letter, width=56, height=34):
    """A learned layer: a box centered at (x, y), in the color of the quantity it computes."""
    corner = x - width / 2, y - height / 2
    box = Box(*corner, width, height, 5, fill=letter, opacity=0.22, stroke=letter)
    return box, Label(x, y + 5, label, size=15)


def operation(x, y, sign):
    """An elementwise operation without weights: a circle centered at (x, y)."""
    return Disc(x, y), Label(x, y + 5, sign, size=15)


def pill(x, y, label):
    """An elementwise function without weights: a rounded box centered at (x, y)."""
    return Box(x - 24, y - 12, 48, 24, 12, stroke="ink"), Label(x, y + 5, label, size=13)


def band(start, end, y, share=1, thickness=18):
    """A horizontal band from start to end at height y; its thickness is proportional to `share`."""
    width = thickness * share
    return Box(start, y - width / 2, end - start, width, fill="c", opacity=0.3)


def frame(x, y, width, height):
    """The outline of a cell."""
    return Box(x, y, width, height, 16, fill="panel", stroke="line", line=1.5)
