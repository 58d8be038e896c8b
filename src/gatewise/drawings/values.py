"""Formulas for showing a value as the thickness of a wire, the opening of a valve, or a number.

The widgets' scripts use the same formulas.
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, log10, sqrt

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def thickness(value):
    """Return the width of the band under a wire; a limit of 16 leaves room for the labels."""
    return 16 * abs(value) / (1 + abs(value))


def gradient_thickness(value):
    """Return the width of a gradient's band: 0 for a gradient of 0, and 2 to 18 otherwise.

    The width is 14 for a gradient of 1 and grows by 2 for every tenfold increase in the gradient.
    """
    return min(18, max(2, 14 + 2 * log10(abs(value)))) if value else 0


def opening(r, value):
    """Return the outline of a slot in a disc of radius r around (0, 0), as SVG path data.

    value: a number from 0 (no slot) to 1 (the whole disc).
    """
    half = r * value
    side = sqrt(r * r - half * half)
    arc = f"A{r:g} {r:g} 0 0 0"
    left, right, top, bottom = (f"{v:.4g}" for v in (-side, side, -half, half))
    return f"M{left} {top}{arc} {left} {bottom}H{right}{arc} {right} {top}z"


def nice(value):
    """Return an axis limit: the smallest of 1, 2, 5, 10, 20, 50, … that is at least `value`.

    Only a few limits are possible, so the axis rarely changes.
    """
    if value <= 1:
        return 1
    power = 10 ** floor(log10(value))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= value)


def number(value, sign=False):
    """Return a number as text with two decimals and a true minus sign.

    sign: whether to write a plus sign before a positive number.
    """
    size = Decimal(float(abs(value))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return ("" if size == 0 else "−" if value < 0 else "+" if sign else "") + str(size)


def figure(value):
    """Return a number as text, with two decimals or, if it is small, two significant digits."""
    size = float(abs(value))
    if size == 0:
        return "0"
    if size >= 0.095:
        return number(value)
    # Round the exact value, with halves rounded up, as JavaScript's `toPrecision` does.
    digits = Context(prec=2, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))
    power = str(digits.adjusted()).translate(RAISED)
    text = f"{digits:f}" if size >= 1e-3 else f"{digits.scaleb(-digits.adjusted())}·10{power}"
    return ("−" if value < 0 else "") + text
