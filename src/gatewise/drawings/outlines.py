"""Outlines for SVG and matplotlib, as lists of (command, *points)."""

from math import asin, cos, dist, sin

from matplotlib import patches
from matplotlib.path import Path

CODES = {"M": Path.MOVETO, "L": Path.LINETO, "Q": Path.CURVE3, "z": Path.CLOSEPOLY}


def rounded(points, radius):
    """Return the outline of a line through some points, with rounded corners."""
    outline = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        outline.append(("L", towards(corner, before, radius)))
        outline.append(("Q", corner, towards(corner, after, radius)))
    return [*outline, ("L", points[-1])]


def arrow(start, end, size):
    """Return the outline of an arrow tip at the end of the line from start to end."""
    length = dist(start, end)
    x, y = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    (apex_x, apex_y), half = (end[0] + 0.2 * size * x, end[1] + 0.2 * size * y), size / 2
    back_x, back_y = end[0] - 0.8 * size * x, end[1] - 0.8 * size * y
    sides = (back_x - half * y, back_y + half * x), (back_x + half * y, back_y - half * x)
    return [("M", sides[0]), ("L", (apex_x, apex_y)), ("L", sides[1]), ("z",)]


def slot(r, value, x=0, y=0, turn=0):
    """Return the outline of a valve's slot around (x, y), made of short lines."""
    reach = asin(value)
    angles = [reach * (n / 12 - 1) for n in range(25)]
    right = [(r * cos(a), r * sin(a)) for a in angles]
    ring = right + [(-u, -v) for u, v in right]
    if turn:  # the only angle in use is 90 degrees
        ring = [(-v, u) for u, v in ring]
    first, *rest = [(x + u, y + v) for u, v in ring]
    return [("M", first), *(("L", point) for point in rest), ("z",)]


def towards(start, end, distance):
    """Return the point at `distance` from start in the direction of end, but not beyond end."""
    share = min(1, distance / (dist(start, end) or 1))
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def data(outline):
    """Return an outline as SVG path data."""
    return "".join(
        command + " ".join(f"{x:g} {y:g}" for x, y in points) for command, *points in outline
    )


def path(outline):
    """Return an outline as a matplotlib path."""
    vertices, codes = [], []
    for command, *points in outline:
        vertices += points or [outline[0][1]]
        codes += [CODES[command]] * max(1, len(points))
    return Path(vertices, codes)


def place(ax, outline, alpha=1, **style):
    """Draw an outline onto axes, with sharp corners as in SVG."""
    style = {"facecolor": "none", "edgecolor": "none", "linewidth": 0} | style
    look = {"alpha": alpha, "joinstyle": "miter", "capstyle": "butt"}
    ax.add_patch(patches.PathPatch(path(outline), **style, **look))


def dashes(value, width, points):
    """Return the matplotlib line style for a value: dashed if it is negative, otherwise solid.

    Matplotlib measures dashes in line widths, so the style depends on `width` and on `points`, the
    number of points per unit.
    """
    return (0, (5 * points / width, 4 * points / width)) if value < 0 and width else "-"
