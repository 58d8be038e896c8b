"""The colors of the drawings: two themes, and CSS variables that fall back to the light theme."""

from gatewise.plots import PALETTE

LIGHT = {
    "ink": "#333333",
    "ground": "#FFFFFF",
    "panel": "#F3F5F7",  # the inside of a cell
    "line": "#B8BEC4",  # the frame of a cell, and the forward wires in drawings of gradients
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
    """Return the CSS value of a color: a variable that falls back to the light theme."""
    return f"var(--gw-{name},{LIGHT[name]})"


def paint(**colors):
    """Return SVG attributes that set fill, stroke or color to a named color or to "none".

    A program that doesn't support CSS variables ignores the style and reads the attributes.
    """
    plain, themed = "", []
    for key, name in colors.items():
        if name in ("none", "ink") and key != "color":  # the root element's color is ink
            plain += f" {key}='{'none' if name == 'none' else 'currentColor'}'"
        else:
            plain += f" {key}='{LIGHT[name]}'"
            themed.append(f"{key}:{variable(name)}")
    return plain + (f" style='{';'.join(themed)}'" if themed else "")
