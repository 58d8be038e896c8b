"""The colors of the drawings: as CSS variables with a fallback, and as the two themes."""

from gatewise.plots import PALETTE

LIGHT = {
    "ink": "#333333",
    "ground": "#FFFFFF",
    "panel": "#F3F5F7",  # inside of a cell
    "line": "#B8BEC4",  # its frame; in a backward drawing, the wires of the forward pass
    "muted": "#57606A",
    **PALETTE,
}
DARK = LIGHT | {
    "ink": "#E8EAED",
    "ground": "#111111",
    "panel": "#1D2126",
    "line": "#474F58",
    "muted": "#A5ADB5",
    "x": "#B9C0C7",  # the palette's gray is too dark for a dark page
    "gradient": "#E8EAED",
}


def variable(name):
    """The CSS value of a color: what the page defines, else the light theme."""
    return f"var(--gw-{name},{LIGHT[name]})"


def paint(**colors):
    """SVG attributes for fill, stroke or color, each the name of a color or "none".

    A program that knows no CSS variables skips the style and reads the attributes.
    """
    plain, themed = "", []
    for key, name in colors.items():
        if name in ("none", "ink") and key != "color":  # ink is the color of the root
            plain += f" {key}='{'none' if name == 'none' else 'currentColor'}'"
        else:
            plain += f" {key}='{LIGHT[name]}'"
            themed.append(f"{key}:{variable(name)}")
    return plain + (f" style='{';'.join(themed)}'" if themed else "")
