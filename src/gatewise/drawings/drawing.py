"""A drawing: named parts, each a list of shapes, as SVG text or on matplotlib axes."""

import re
from html import escape

from gatewise.drawings.shapes import Box
from gatewise.drawings.theme import paint

DIM = 0.22
TEXT = "<text.*?</text>"


class Drawing:
    """A picture, put together part by part.

    name: what the SVG calls it. width, height: in SVG units, one CSS pixel each at full size.
    highlight: names of the parts to show in full, the others being dimmed; None shows all.
    """

    def __init__(self, name, width, height, highlight=None):
        self.name, self.width, self.height, self.highlight = name, width, height, highlight
        self.parts = {}
        self.order = []  # in a backward drawing: its stages
        self.stages = {}  # in a backward drawing: a part, and the stage at which it is passed
        self.faint = {}  # a part, and its opacity

    def part(self, name, *shapes):
        """Add shapes as the part `name`, once."""
        self.parts[name] = list(shapes)

    def opacity(self, part):
        """1, or less for a part whose shapes are dimmed."""
        return self.faint.get(part, 1) if self.highlight is None or part in self.highlight else DIM

    def svg(self, alt=None, values=None):
        """The picture as text, the same to the letter on every machine.

        alt: what it shows, for those who cannot see it; its name if not given.
        values: a dict from names to numbers, for wires, valves and numbers; {} for the places
        that a script fills in; None for the plain drawing.
        """
        # Its own light ground: where no theme is known, the picture is read in the dark too.
        ground = Box(0, 0, self.width, self.height, 8).svg()
        parts = "".join(self._group(name, values) for name in self.parts)
        color = paint(color="ink").replace("style='", "style='max-width:100%;")
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}'"
            f" width='{self.width}'{color} role='img' data-drawing='{self.name}'"
            f" aria-label='{escape(alt or repr(self), quote=True)}'>{ground}{parts}</svg>"
        )

    def draw(self, ax, values=None):
        """Draw onto matplotlib axes, which are set up for it and must keep their size.

        values: as for `svg`.
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
        if self.opacity(name) < 1:  # its text stays in full, in a paler ink that can be read
            text, dim = "".join(re.findall(TEXT, shapes)), paint(color="muted")
            shapes = f"<g opacity='{self.opacity(name)}'>{re.sub(TEXT, '', shapes)}</g>{text}"
        stage = f" data-stage='{self.stages[name]}'" if name in self.stages else ""
        return f"<g data-part='{name}'{stage}{dim}>{shapes}</g>"

    def _repr_svg_(self):
        return self.svg()

    def __repr__(self):
        return f"Drawing: {self.name}"


def highlighted(name, width, height, highlight, sections):
    """An empty drawing of which a section, or some parts, will be highlighted."""
    section = highlight if isinstance(highlight, str) else None
    if section and section not in sections:
        raise ValueError(f"expected a section of {', '.join(sections)}, got {section!r}")
    name = f"{name}-{section}" if section else name
    return Drawing(name, width, height, sections[section] if section else highlight)


def known(drawing):
    """The drawing, unless it was to highlight a part that it does not have."""
    unknown = set(drawing.highlight or ()) - set(drawing.parts)
    if unknown:
        raise ValueError(f"expected parts of {', '.join(drawing.parts)}, got {min(unknown)!r}")
    return drawing
