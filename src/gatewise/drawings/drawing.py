"""Drawings made of named parts, for SVG and for matplotlib."""

import re
from html import escape

from gatewise.drawings.shapes import Box
from gatewise.drawings.theme import paint

DIM = 0.22
TEXT = "<text.*?</text>"


class Drawing:
    """A picture made of named parts, each of which is a list of shapes.

    name: the drawing's name in the SVG. width, height: the size in SVG units; at full size, a unit
    is one CSS pixel.
    highlight: the names of the parts to highlight; all other parts are dimmed. By default, no part
    is dimmed.
    """

    def __init__(self, name, width, height, highlight=None):
        self.name, self.width, self.height, self.highlight = name, width, height, highlight
        self.parts = {}
        self.order = []  # the stages of the backward pass
        self.stages = {}  # a dict mapping parts to stages of the backward pass
        self.faint = {}  # a dict mapping parts to opacities

    def part(self, name, *shapes):
        """Add a part called `name`, or replace the shapes of an existing part."""
        self.parts[name] = list(shapes)

    def opacity(self, part):
        """Return the opacity of a part: 1, or less if the part is dimmed."""
        return self.faint.get(part, 1) if self.highlight is None or part in self.highlight else DIM

    def svg(self, alt=None, values=None):
        """Return the picture as SVG text, which is identical on every machine.

        alt: a description for people who can't see the picture; by default, the drawing's name.
        values: a dict mapping names to numbers, {} for a template that a script fills in, or None
        for the plain drawing.
        """
        # The light background keeps the picture readable on a dark page that defines no theme.
        ground = Box(0, 0, self.width, self.height, 8).svg()
        parts = "".join(self._group(name, values) for name in self.parts)
        color = paint(color="ink").replace("style='", "style='max-width:100%;")
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}'"
            f" width='{self.width}'{color} role='img' data-drawing='{self.name}'"
            f" aria-label='{escape(alt or repr(self), quote=True)}'>{ground}{parts}</svg>"
        )

    def draw(self, ax, values=None):
        """Draw the picture onto matplotlib axes, and set their limits.

        The size of the axes must not change afterwards.

        ax: the matplotlib Axes. values: the same as in `svg`.
        """
        ax.set(xlim=(0, self.width), ylim=(self.height, 0), xticks=[], yticks=[])
        ax.axis("off")
        width = ax.figure.get_figwidth() * ax.get_position().width
        points = 72 * width / self.width
        for name, shapes in self.parts.items():
            for shape in shapes:
                shape.draw(ax, points, values, self.opacity(name))

    def _group(self, name, values):
        shapes, dim = "".join(shape.svg(values) for shape in self.parts[name]), ""
        if self.opacity(name) < 1:  # text stays readable in a dimmed part
            text, dim = "".join(re.findall(TEXT, shapes)), paint(color="muted")
            shapes = f"<g opacity='{self.opacity(name)}'>{re.sub(TEXT, '', shapes)}</g>{text}"
        stage = f" data-stage='{self.stages[name]}'" if name in self.stages else ""
        return f"<g data-part='{name}'{stage}{dim}>{shapes}</g>"

    def _repr_svg_(self):
        return self.svg()

    def __repr__(self):
        return f"Drawing: {self.name}"


def highlighted(name, width, height, highlight, sections):
    """Create an empty drawing, and choose the parts that it will highlight.

    highlight: a key of `sections`, a list of part names, or None.
    Raises ValueError for an unknown section.
    """
    section = highlight if isinstance(highlight, str) else None
    if section and section not in sections:
        raise ValueError(f"expected a section of {', '.join(sections)}, got {section!r}")
    name = f"{name}-{section}" if section else name
    return Drawing(name, width, height, sections[section] if section else highlight)


def known(drawing):
    """Return the drawing; raise ValueError if a part to highlight is missing."""
    unknown = set(drawing.highlight or ()) - set(drawing.parts)
    if unknown:
        raise ValueError(f"expected parts of {', '.join(drawing.parts)}, got {min(unknown)!r}")
    return drawing
