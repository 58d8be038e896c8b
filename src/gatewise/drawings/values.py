"""How a value is shown: as the thickness of a wire, the opening of a valve, or a number.

The scripts of the widgets have the same five formulas.
"""

from math import log10, sqrt


def thickness(value):
    """Width of the band under a wire, 0 to 16, so that it never reaches a label."""
    return 16 * abs(value) / (1 + abs(value))


def gradient_thickness(value):
    """Width of the band under a gradient's wire: 14 for 1, and 2 less per power of ten; 2 to 18.

    0 for a gradient that is 0.
    """
    return min(18, max(2, 14 + 2 * log10(abs(value)))) if value else 0


def opening(r, value):
    """Outline, as SVG path data, of a slot in a disc of radius r around (0, 0).

    value: from 0, nothing, to 1, the whole disc.
    """
    half = r * value
    side = sqrt(r * r - half * half)
    arc = f"A{r} {r} 0 0 0"
    left, right, top, bottom = (f"{v:.4g}" for v in (-side, side, -half, half))
    return f"M{left} {top}{arc} {left} {bottom}H{right}{arc} {right} {top}z"


def number(value, sign=False):
    """A number with two decimals and a true minus sign; sign: a plus sign where it is positive."""
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if sign else "") + text


def figure(value):
    """A number with two significant digits, however small: `0.25`, `0.0012`, `3.1·10⁻⁷`."""
    size = abs(value)
    if size == 0:
        return "0"
    digits, power = f"{size:.1e}".split("e")
    if size >= 0.095:
        text = f"{size:.2f}"
    elif size >= 1e-3:
        text = f"{float(f'{size:.2g}'):.{1 - int(power)}f}"
    else:
        text = f"{digits}·10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return ("−" if value < 0 else "") + text
