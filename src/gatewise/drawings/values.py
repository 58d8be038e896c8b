"""How a value is shown: as the thickness of a wire, the opening of a valve, or a number.

The scripts of the widgets have the same six formulas.
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, log10, sqrt

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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
    arc = f"A{r:g} {r:g} 0 0 0"
    left, right, top, bottom = (f"{v:.4g}" for v in (-side, side, -half, half))
    return f"M{left} {top}{arc} {left} {bottom}H{right}{arc} {right} {top}z"


def nice(value):
    """The end of an axis that holds a value: 1, 2, 5, 10, 20, 50, …, so that it seldom changes."""
    if value <= 1:
        return 1
    power = 10 ** floor(log10(value))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value)


def number(value, sign=False):
    """A number with two decimals and a true minus sign; sign: a plus sign where it is positive."""
    size = Decimal(float(abs(value))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return ("" if size == 0 else "−" if value < 0 else "+" if sign else "") + str(size)


def figure(value):
    """A number with two significant digits, however small: `0.25`, `0.0012`, `3.1·10⁻⁷`."""
    size = float(abs(value))
    if size == 0:
        return "0"
    if size >= 0.095:
        return number(value)
    # As `toPrecision` rounds: the exact value, a half upward.
    digits = Context(prec=2, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))
    power = str(digits.adjusted()).translate(RAISED)
    text = f"{digits:f}" if size >= 1e-3 else f"{digits.scaleb(-digits.adjusted())}·10{power}"
    return ("−" if value < 0 else "") + text
