"""The still picture of a GateExplorer or GRUExplorer, with the cell, the gates and the sequence."""

from itertools import pairwise
from numbers import Real

import numpy as np

from gatewise.drawings import gru_cell, lstm_cell
from gatewise.drawings.shapes import Box
from gatewise.drawings.text import Symbol
from gatewise.drawings.theme import LIGHT
from gatewise.drawings.values import nice, number
from gatewise.widgets.stills.still import PADDING, POINTS, WIDTH, Still

INNER = WIDTH - 2 * PADDING
CELL = 700  # the width of the drawing
REACH = 8  # the curves go from −8 to 8
SYMBOLS = {"c_before": "c_t−1", "h_before": "h_t−1", "x": "x_t"}
CELLS = {"lstm": ("figo", "g"), "gru": ("rzn", "n")}  # the symbols of the cards and candidates
TINTS = {"lstm": "ch", "gru": "nh"}  # the colors of the equations


def gate_explorer(settings, values, strip, names, title, judged=None, does=None):
    """Draw one unit's cell and gates, along with a sequence. Returns a Still.

    settings: a dict with x, h_before, w_x, w_h and b. An LSTM also needs c_before, and a GRU also
    needs reset_after. The entries `held` and `note` are optional.
    values: a dict of all numbers in `lstm_cell` or `gru_cell` and of pre-activations such as `a_f`.
    strip: a dict with the lists x (T,), h (T + 1,) and, for an LSTM, c (T + 1,). The lists `h` and
    `c` start with the initial states. names: a dict from the gates' symbols to their names. title:
    the title of the sequence.
    judged: for a task, a dict with low, high, text and step. The bounds `low` and `high` (T,) are
    infinite or None where c is free. The entry `text` has one character per time step, or is None.
    The entry `step` is the time step in the drawing. does: a dict from the gates' symbols to
    phrases that describe the gates' effects.
    """
    cell = "lstm" if "c" in values else "gru"
    letters, candidate = CELLS[cell]
    drawing = lstm_cell() if cell == "lstm" else gru_cell(reset_after=settings["reset_after"])
    rows = {k: _terms(settings, values, k, candidate == k and cell == "gru") for k in letters}
    top = PADDING + (24 if settings.get("note") else 0)
    tall = 148 + 19 * max(map(len, rows.values()))
    below = top + CELL * drawing.height / drawing.width
    still = Still(round(below + 44 + 250 + tall + PADDING))
    if settings.get("note"):
        still.write(PADDING, top - 8, settings["note"], 11, color="muted")

    known = values | {k: settings[k] for k in SYMBOLS if k in settings}
    left = WIDTH - PADDING - CELL
    still.drawing("cell", drawing, left, top, CELL, known)
    _states(still, drawing, known, top)
    for n, line in enumerate(_equations(cell, settings, known)):
        x = PADDING + n * INNER * (0.47 if cell == "lstm" else 0.4)
        still.put(Box(x, below + 10, 4, 20, fill=TINTS[cell][n]))
        still.formula(x + 12, below + 24, line)

    gap = 10
    wide = (INNER - gap * (len(letters) - 1)) / len(letters)
    for n, k in enumerate(letters):
        place = PADDING + n * (wide + gap), below + 44 + 250, wide, tall
        name = names[k], (does or {}).get(k, "")
        _card(still, k, name, k == candidate, values, rows[k], place)
    sequence(still, strip, title, below + 40, judged)
    return still


def _states(still, drawing, known, top):
    """Write each input of the cell at the start of its wire."""
    scale = CELL / drawing.width
    starts = {}
    for shapes in drawing.parts.values():
        for shape in shapes:
            starts.setdefault(getattr(shape, "carries", ""), shape)
    for name, symbol in SYMBOLS.items():
        if name in starts and name in known:
            y = top + scale * starts[name].points[0][1] + 5
            still.put(Symbol(PADDING, y, symbol, "start", 17))
            still.write(132, y, number(known[name], True), 14, "end")


def _equations(cell, settings, v):
    """Return the equations to write below the drawing, with the numbers filled in."""
    n = {name: number(value) for name, value in v.items() if isinstance(value, Real)}
    if cell == "lstm":
        return [
            "c_t = f_t · c_t−1 + i_t · g_t ="
            f" {n['f']} · {n['c_before']} + {n['i']} · {n['g']} = {n['c']}",
            f"h_t = o_t · tanh(c_t) = {n['o']} · {n['tanh_c']} = {n['h']}",
        ]
    factor, symbol = ("q", "q_t") if settings["reset_after"] else ("h_before", "h_t−1")
    return [
        f"r_t · {symbol} = {n['r']} · {n[factor]} = {n['gated']}",
        "h_t = (1 − z_t) · n_t + z_t · h_t−1 ="
        f" {n['rest']} · {n['n']} + {n['z']} · {n['h_before']} = {n['h']}",
    ]


def _terms(settings, values, k, isgru):
    """Return the terms of a gate's pre-activation as pairs (symbol, numbers)."""
    x, h = number(settings["x"]), number(settings["h_before"])
    w_x, w_h, b = (number(settings[name][k]) for name in ("w_x", "w_h", "b"))
    rows = [("w_x x_t", f"{w_x} · {x}"), ("w_h h_t−1", f"{w_h} · {h}"), ("b_", b)]
    if isgru:  # the hidden side of the candidate has its own bias
        rows = [rows[0], rows[2], rows[1], ("b_q", number(settings["b"]["q"]))]
    held = settings.get("held") or {}
    for key in [k, "q"] if isgru else [k]:
        if settings.get("note") and key in held:
            rows.append(("held, q_t" if key == "q" else "held", number(held[key], True)))
    return rows


def _card(still, k, name, iscandidate, values, rows, place):
    """Draw the card of a gate, which shows the gate's effect, curve, terms and value."""
    (x, y, wide, tall), (name, does) = place, name
    still.card(*place, k)
    still.write(x + 10, y + 24, name, bold=True)
    still.write(x + 10, y + 41, does, 11)
    panel = still.panel(k, x + 10, y + 48, wide - 20, 60, name)
    low = -1 if iscandidate else 0
    a = np.linspace(-REACH, REACH, 81)
    curve, mark = (np.tanh, "tanh") if iscandidate else (_sigmoid, "σ")
    for line in (panel.axhline, panel.axvline):
        line(0, color=LIGHT["line"], linewidth=POINTS)
    panel.plot(a, curve(a), color=LIGHT[k], linewidth=2 * POINTS, label=mark)
    at = np.clip(values[f"a_{k}"], -REACH, REACH), values[k]
    panel.plot([at[0]] * 2, [0, at[1]], ":", color=LIGHT["ink"], linewidth=POINTS)
    edge = {"markeredgecolor": LIGHT["panel"], "markeredgewidth": 1.5 * POINTS}
    panel.plot(*at, "o", color=LIGHT["ink"], markersize=11 * POINTS, clip_on=False, **edge)
    panel.set(xlim=(-8.5, 8.5), ylim=(low - 0.09 * (1 - low), 1.18), xticks=[], yticks=[])

    for n, (symbol, text) in enumerate(rows):
        still.formula(x + 10, y + 126 + 19 * n, symbol, 14)
        still.write(x + wide - 10, y + 126 + 19 * n, text, 12, "end")
    total = f"{k}_t = {mark}({number(values[f'a_{k}'])}) = {number(values[k])}"
    still.formula(x + 10, y + tall - 10, total, 12)


def sequence(still, strip, title, y, judged=None):
    """Draw the inputs as bars, and the states as curves.

    strip, title, judged: the same as in `gate_explorer`. y: the top of the chart, in pixels.
    """
    left, right = PADDING + 36, WIDTH - PADDING - 66
    x, T = np.asarray(strip["x"], dtype=float), len(strip["x"])
    steps, pitch = np.arange(T + 1), (right - left) / (T + 1)
    still.formula(PADDING, y + 12, title, bold=True)
    if judged and "step" in judged:
        column = left + pitch * judged["step"], y + 18, pitch, 214
        still.put(Box(*column, fill="panel"))

    bars = still.panel("x", left, y + 18, right - left, 84, title)
    width = max(2, min(26, pitch * 0.6)) / pitch
    bars.bar(steps[1:], np.clip(x, -2, 2), width, color=LIGHT["x"], label="x")
    bars.axhline(0, color=LIGHT["line"], linewidth=POINTS)
    bars.set(xlim=(-0.5, T + 0.5), ylim=(-2.6, 2.6), xticks=[], yticks=[])
    still.formula(PADDING + 4, y + 64, "x_t", 15)
    for t, value in enumerate(x if pitch > 36 else []):
        where = (t + 1, np.clip(value, -2, 2)), (0, -3 if value < 0 else 3)
        look = {"ha": "center", "va": "top" if value < 0 else "bottom", "fontsize": 11 * POINTS}
        text = number(value, True)
        bars.annotate(text, *where, textcoords="offset points", color=LIGHT["muted"], **look)

    lines = still.panel("states", left, y + 110, right - left, 106, "")
    states = [k for k in "ch" if k in strip]
    bounds = _bounds(judged, T)
    reached = np.concatenate([*(strip[k] for k in states), *(b[np.isfinite(b)] for b in bounds)])
    low, high = -nice(-reached.min()), nice(reached.max())
    spare = 0.06 * (high - low)
    if judged:
        bottom, top = (b.clip(low - spare, high + spare) for b in bounds)
        known = np.isfinite(bounds).any(axis=0)
        look = {"color": LIGHT["muted"], "alpha": 0.22, "linewidth": 0, "label": "allowed"}
        lines.bar(steps[1:][known], (top - bottom)[known], 1, bottom[known], **look)
    lines.axhline(0, color=LIGHT["line"], linewidth=POINTS)
    for k, style in zip(states, ["o-", "s--"] if len(states) > 1 else ["s--"], strict=True):
        size = (8 if k == "c" else 6) * POINTS if pitch >= 12 else 0
        look = {"linewidth": 2.5 * POINTS, "markersize": size, "clip_on": False}
        lines.plot(steps, strip[k], style, color=LIGHT[k], label=k, **look)
    lines.set(xlim=(-0.5, T + 0.5), ylim=(low - spare, high + spare))
    lines.set_xlabel("step of the sequence").set_visible(False)
    ticks = [v for v in (low, high) if abs(v) > 0.14 * (high - low)]
    lines.set_yticks([0, *ticks], ["0", *(f"{v:g}".replace("-", "−") for v in ticks)])
    text = judged and judged.get("text")
    every = 1 if text else int(np.ceil(18 / pitch))
    shown = steps[every if text else 0 :: every]
    lines.set_xticks(shown, [text[t - 1] if text else str(t) for t in shown])
    for label in lines.get_xticklabels():
        label.set_parse_math(False)
    _ends(still, {k: strip[k][-1] for k in states}, lines, right + 8, (y + 110, 106))


def _ends(still, last, panel, x, place):
    """Write the final states at the ends of their curves, at least 16 pixels apart."""
    (low, high), (y, tall) = panel.get_ylim(), place
    heights = {k: y + tall * (high - v) / (high - low) for k, v in last.items()}
    order = sorted(heights, key=heights.get)
    for above, under in pairwise(order):
        gap = max(0, 16 - heights[under] + heights[above]) / 2
        heights[above] -= gap
        heights[under] += gap
    for k in order:
        still.write(x, heights[k] + 4, f"{k} {number(last[k])}", 12)


def _bounds(judged, T):
    """Return the lower and upper bounds (2, T). A missing bound is treated as infinite."""
    if not judged:
        return np.array([[-np.inf] * T, [np.inf] * T])
    free = {"low": -np.inf, "high": np.inf}
    return np.array([[free[k] if b is None else b for b in judged[k]] for k in free])


def _sigmoid(a):
    return 0.5 * np.tanh(0.5 * a) + 0.5
