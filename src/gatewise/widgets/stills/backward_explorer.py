"""The still picture of a BackwardExplorer, with both networks, the gradients and the cells."""

from itertools import pairwise

import numpy as np

from gatewise.drawings import STAGES, at_stage, lstm_cell, rnn_cell
from gatewise.drawings.outlines import dashes, place
from gatewise.drawings.shapes import Box
from gatewise.drawings.text import Symbol
from gatewise.drawings.theme import LIGHT
from gatewise.drawings.values import figure, gradient_thickness
from gatewise.widgets.stills.still import PADDING, POINTS, WIDTH, Still

LEFT, RIGHT = PADDING + 76, WIDTH - PADDING - 50  # the left and right edges of the time steps
ROWS = {"c": 36, "h": 54, "rnn": 107}  # the y-coordinates of the networks' wires
TOP, FLOOR, HEIGHT = 150, 290, 316  # the chart's top and bottom, and the height including labels
SEEN = 1e-20  # the logarithmic axis doesn't show smaller gradients


def backward_explorer(settings, ours, theirs, split, names, sentence="", lost=()):
    """Draw the gradient's flow back through an LSTM unit and an RNN unit. Returns a Still.

    settings: a dict with x, T, read, step, stage and detach.
    ours: a dict that maps the names of the LSTM's gradients to lists (T,), without dc_from_h and
    dc_from_c. theirs: a dict that maps the names of the RNN's gradients to lists (T,). split: a
    dict with the lists whole, wire and detour, each (T,).
    names: a dict of labels. The keys dc, dh, rnn, whole, wire and detour are for the curves. The
    key none is for an RNN curve at 0. The keys loss and size are for the loss and the axis.
    sentence: a sentence about the stage, with symbols such as `c_3`.
    lost: sentences that say where the gradient is lost.
    """
    s = settings
    told = PADDING + HEIGHT + 20 * len(lost)
    below = told + (38 if sentence else 12)
    wide = WIDTH - 2 * PADDING - 16
    lstm, rnn = lstm_cell(backward=True), rnn_cell(backward=True)
    scale = wide / (lstm.width + rnn.width)
    still = Still(round(below + 24 + scale * lstm.height + PADDING))
    pitch = (RIGHT - LEFT) / s["T"]
    column = LEFT + pitch * (s["step"] - 1)
    still.put(Box(column, PADDING, pitch, HEIGHT, 6, fill="panel"))
    _chains(still, s, ours, theirs, names, (pitch, scale))
    _curves(still, s, ours, theirs, split, names)
    for n, line in enumerate(lost):
        still.formula(PADDING, PADDING + HEIGHT + 16 + 20 * n, line, 12)
    if sentence:
        still.put(Box(PADDING, told + 6, 4, 24, fill="ink"))
        still.formula(PADDING + 14, told + 23, sentence, 15)

    t = s["step"] - 1
    when = "loss" if s["step"] == s["read"] else "later"
    known = {"t": s["step"], "cut": s["detach"]}
    now = {name: gradient[t] for name, gradient in ours.items()}
    now["dc_from_c"] = ours["dc_before"][t + 1] if when == "later" else 0
    now["dc_from_h"] = now["dc"] - now["dc_from_c"]
    cells = [("LSTM", lstm, now), ("RNN", rnn, {k: gradient[t] for k, gradient in theirs.items()})]
    x = PADDING
    for name, drawing, values in cells:
        still.write(x, below + 10, name, bold=True)
        drawing = at_stage(drawing, s["stage"], when)
        still.drawing(name, drawing, x, below + 20, scale * drawing.width, values | known)
        x += scale * drawing.width + 16
    return still


def _chains(still, s, ours, theirs, names, sizes):
    """Draw both networks, with one box per time step and the gradients between the boxes.

    sizes: the width of a column, and the scale of the cells' drawings and wires.
    """
    pitch, thin = sizes
    half = min(44, pitch / 2) / 2
    read, step = s["read"], s["step"]
    for name, y in [("LSTM", 50), ("RNN", 111)]:
        still.write(PADDING, PADDING + y, name, 12, bold=True)
    for symbol, y in [("c", ROWS["c"]), ("h", ROWS["h"]), ("x", 80), ("h", ROWS["rnn"])]:
        still.put(Symbol(LEFT - 10, PADDING + y + 4, symbol, "end", 17))
    still.put(Box(LEFT, PADDING + 79.5, RIGHT - LEFT, 1, fill="line"))
    for t in range(1, s["T"] + 1):
        x = LEFT + pitch * (t - 0.5)
        before = x - pitch + half if t > 1 else x - pitch / 2
        # A time step sends its gradient back once the reader has reached the step's last stage.
        sent = t <= read and (t > step or (t == step and s["stage"] == "back"))
        for row, gradient in [
            ("c", ours["dc_before"]),
            ("h", ours["dh_before"]),
            ("rnn", theirs["dh_before"]),
        ]:
            y, value = PADDING + ROWS[row], gradient[t - 1] if sent else 0
            _line(still, [(x - half, y), (before, y)], "line", 1.5)
            if s["detach"] and row != "c" and t <= read:
                middle = (x - half + before) / 2
                for dx in (-3, 1):
                    _line(still, [(middle + dx, y + 5), (middle + dx + 3, y - 5)], "ink", 2)
            elif value:
                color, tip = row[0].replace("r", "h"), min(7, (x - half - before) / 2)
                width = thin * gradient_thickness(value)
                dashed = dashes(value, width * POINTS, POINTS)
                _line(still, [(x - half, y), (before + tip, y)], color, width, dashed)
                _tip(still, (before, y), (tip, 6), color)
        ink, line = ("ink", 3) if t == step else ("muted" if t <= read else "line", 1.5)
        for y, tall in [(26, 38), (96, 22)]:
            box = Box(x - half, PADDING + y, 2 * half, tall, 5, stroke=ink, line=line)
            still.put(box)
        size = np.clip(5 * s["x"][t - 1], -10, 10)
        still.put(Box(x - 3, PADDING + 80 - max(size, 0), 6, abs(size), fill="x"))
    x = LEFT + pitch * (read - 0.5)
    for start, end in [(6, 26), (138, 118)]:
        side = 7 if start > end else -7
        _line(still, [(x, PADDING + start), (x, PADDING + end + side)], "ink", 2)
        outline = [(x, PADDING + end), (x - 5, PADDING + end + side), (x + 5, PADDING + end + side)]
        _area(still, outline, "ink")
        still.write(x + 7, PADDING + start + (-4 if side > 0 else 7), names["loss"], 11)


def _curves(still, s, ours, theirs, split, names):
    """Draw the curves of the gradients, with pale lines where the gradients aren't known yet."""
    c, dotted = LIGHT["c"], (0, (1, 2))
    rnn = ("rnn", theirs["dh"], LIGHT["gradient"], dotted, "o", 5)
    shown = [
        ("dc", ours["dc"], c, "-", "o", 8),
        ("dh", ours["dh"], LIGHT["h"], "--", "s", 7),
        rnn,
    ]
    if s["detach"]:
        shown = [
            ("wire", split["wire"], c, "-", "", 0),
            ("whole", split["whole"], c, "-", "o", 8),
            ("detour", split["detour"], LIGHT["h"], "--", "s", 7),
            rnn,
        ]
    panel = still.panel("gradients", LEFT, PADDING + TOP, RIGHT - LEFT, FLOOR - TOP)
    read, place = s["read"], STAGES.index(s["stage"])
    known = {"c": s["step"] + (place < STAGES.index("dc")), "h": s["step"] - (place == 7)}
    sizes, starts = [1.0, 0.1], {}
    for name, gradient, color, dash, marker, size in shown:
        steps, value = np.arange(1, read + 1), np.abs(gradient[:read])
        steps, value = steps[value > SEEN], value[value > SEEN]
        sizes += value.tolist()
        if len(value) and steps[0] == 1:
            starts[name] = value[0]
        look = {"color": color, "linestyle": dash}
        wide = {"linewidth": 10 * POINTS, "alpha": 0.35} if name == "wire" else {}
        panel.plot(steps, value, **look, linewidth=POINTS, alpha=0.6)
        seen = steps >= known["h" if name in ("dh", "rnn") else "c"]
        look |= {"linewidth": 2.5 * POINTS, "marker": marker, "markersize": size * POINTS} | wide
        panel.plot(steps[seen], value[seen], label=names[name], clip_on=False, **look)
    low, high = np.floor(np.log10(min(sizes)) + 1e-9), np.ceil(np.log10(max(sizes)) - 1e-9)
    low = 4 * np.floor(low / 4)  # a multiple of 4, so that the axis rarely changes
    powers = np.arange(high, low - 1, -np.ceil((high - low) / 7))
    panel.set(yscale="log", xlim=(0.5, s["T"] + 0.5), ylim=(10**low, 10**high))
    panel.set_xlabel("step t").set_visible(False)
    panel.set_ylabel(names["size"]).set_visible(False)
    panel.minorticks_off()
    panel.yaxis.tick_right()
    panel.set_yticks(10**powers, [_power(int(power)) for power in powers])
    panel.grid(axis="y", color=LIGHT["line"], linewidth=POINTS)
    every = int(np.ceil(20 * s["T"] / (RIGHT - LEFT)))
    panel.set_xticks(range(s["T"], 0, -every))
    panel.tick_params(axis="x", pad=6)

    still.write(LEFT - 6, PADDING + TOP - 4, names["size"], 11, "end")
    still.put(Symbol(LEFT - 10, PADDING + HEIGHT - 8, "t", "end", 17))
    tall = (FLOOR - TOP) / (high - low)
    heights = {k: PADDING + TOP + tall * (high - np.log10(v)) for k, v in starts.items()}
    if read > 1 and "rnn" not in starts:
        heights["none"] = PADDING + FLOOR
    _labels(still, heights, names, (RIGHT - LEFT) / s["T"])


def _labels(still, heights, names, pitch):
    """Write the curves' names on the left, at least 15 pixels apart, with a line to each curve."""
    order = sorted(heights, key=heights.get)
    at = dict(heights)
    for above, under in pairwise(order):
        at[under] = max(at[under], at[above] + 15)
    limit = PADDING + FLOOR - 6
    for k in reversed(order):
        at[k] = min(at[k], limit)
        limit = at[k] - 15
    for k in order:
        end = LEFT + pitch / 2 - 6, heights[k]
        if k != "none":
            _line(still, [(LEFT - 2, at[k]), end], "muted", 0.8)
        still.write(LEFT - 6, at[k] + 4, names[k], 11, "end")


def _power(power):
    return f"{10.0**power:g}" if -3 <= power <= 3 else figure(10.0**power).replace("1.0·", "")


def _line(still, points, color, width, dashed="-"):
    outline = [("M", points[0]), ("L", points[1])]
    look = {"edgecolor": LIGHT[color], "linewidth": width * POINTS, "linestyle": dashed}
    place(still.page, outline, **look)


def _tip(still, point, size, color):
    (x, y), (wide, half) = point, size
    _area(still, [(x, y), (x + wide, y - half), (x + wide, y + half)], color)


def _area(still, points, color):
    outline = [("M", points[0]), *(("L", point) for point in points[1:]), ("z",)]
    place(still.page, outline, facecolor=LIGHT[color])
