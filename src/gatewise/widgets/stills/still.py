"""Pictures that are laid out like a page, in CSS pixels from the top left corner."""

import re

from matplotlib.figure import Figure

from gatewise.drawings.shapes import Box
from gatewise.drawings.text import ALIGN, mathematics
from gatewise.drawings.theme import LIGHT
from gatewise.plots import Plot

POINTS = 0.72  # points per CSS pixel, at 100 pixels per inch
WIDTH, PADDING = 860, 14  # the width and padding of a widget in pixels
SYMBOL = re.compile(r"\b([a-z]+_(?:t−1|\w*))")


class Still(Plot):
    """A Plot with panels at given positions, and with a page for text and shapes.

    height, width: the size in CSS pixels.
    """

    def __init__(self, height, width=WIDTH):
        size = width / 100, height / 100
        Figure.__init__(self, figsize=size, dpi=100, facecolor=LIGHT["ground"])
        self.width, self.height = width, height
        self.panels, self.named = [], {}
        self.page = self._axes(0, 0, width, height)
        self.page.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
        self.page.axis("off")
        frame = Box(0.5, 0.5, width - 1, height - 1, 10, stroke="line", line=1)
        self.put(frame)

    def put(self, *shapes):
        """Draw shapes onto the page."""
        for shape in shapes:
            shape.draw(self.page, POINTS)

    def panel(self, name, x, y, width, height, title=""):
        """Return new axes without a frame. The title appears only in the picture's text form."""
        panel = self._axes(x, y, width, height)
        panel.set_facecolor("none")
        panel.spines[:].set_visible(False)
        panel.tick_params(length=0, labelsize=11 * POINTS, labelcolor=LIGHT["muted"])
        panel.set_title(title).set_visible(False)
        self.panels.append(panel)
        self.named[name] = panel
        return panel

    def drawing(self, name, drawing, x, y, width, values):
        """Add a drawing with values, and return the drawing's height.

        The drawing's name appears only in the picture's text form.
        """
        height = width * drawing.height / drawing.width
        drawing.draw(self.panel(name, x, y, width, height, drawing.name), values)
        return height

    def write(self, x, y, text, size=13, anchor="start", color="ink", bold=False):
        """Write plain text with its baseline at (x, y)."""
        look = {"fontsize": size * POINTS, "ha": ALIGN[anchor], "va": "baseline"}
        weight = "bold" if bold else "normal"
        self.page.text(x, y, text, color=LIGHT[color], weight=weight, parse_math=False, **look)

    def formula(self, x, y, text, size=13, anchor="start", color="ink", bold=False):
        """Write text with its baseline at (x, y); names such as `c_t−1` become indexed symbols."""
        look = {"fontsize": size * POINTS, "ha": ALIGN[anchor], "va": "baseline"}
        text = SYMBOL.sub(lambda found: mathematics(found[1]), text.replace("$", r"\$"))
        look |= {"weight": "bold" if bold else "normal", "math_fontfamily": "stix"}
        self.page.text(x, y, text, color=LIGHT[color], **look)

    def card(self, x, y, width, height, quantity):
        """Draw the background of a card, with a bar in the quantity's color at the top."""
        self.put(Box(x, y, width, height, 8, fill="panel"), Box(x, y, width, 4, fill=quantity))

    def _axes(self, x, y, width, height):
        place = x / self.width, 1 - (y + height) / self.height
        return self.add_axes((*place, width / self.width, height / self.height))
