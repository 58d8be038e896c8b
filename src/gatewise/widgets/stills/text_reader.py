"""The still picture of a TextReader, with the colored text around the chosen token."""

import numpy as np
from matplotlib.collections import PolyCollection

from gatewise.drawings.shapes import Box
from gatewise.drawings.theme import LIGHT
from gatewise.drawings.values import nice, number
from gatewise.widgets.stills.still import PADDING, POINTS, WIDTH, Still

LINES, COLUMNS = 18, 68  # the number of lines, and the number of letters per line
ADVANCE, LEADING = 13 * 0.602, 21  # the width of a letter and the height of a line, in pixels
ABOVE, BELOW = "c", "h"  # the colors of values above and below zero
LEVELS = 5
LIKELY, RANKED = 8, 6  # the maximum number of outputs and of units in the lists
ROW = 22  # the height of a row in the lists, in pixels
DOT = 2  # the length of a dot and of a gap in dotted lines, in pixels
SIDE = WIDTH - PADDING - 232  # the left edge of the lists


def text_reader(values, reader):
    """Draw the text, the ranking and the likeliest outputs of a TextReader. Returns a Still.

    values: the reader's `values`. reader: the TextReader.
    """
    tokens, shown = values["tokens"], values["shown"]
    lines, first = _lines(reader.text, tokens, reader.at - 1)
    scale = _scale(reader.quantity, shown, len(reader.network.outputs))
    listed = len(values["ranking"][:RANKED]) + len(values.get("p", ())[:LIKELY])
    still = Still(PADDING * 2 + 40 + max(LEADING * len(lines), ROW * (listed + 1)))
    words = reader.words
    here = words["here"].format(token=tokens[reader.at - 1], t=reader.at, T=len(tokens))
    now = number(shown[reader.at - 1], sign=reader.quantity not in "ifozr")
    value = words["loss value" if reader.quantity == "loss" else "value"]
    said = here + value.format(k=reader.quantity, unit=reader.unit) + now
    # The text form of the picture begins with this title.
    still.panel("said", 0, 0, WIDTH, PADDING, said).set(xticks=[], yticks=[])
    still.write(PADDING, PADDING + 14, said, 14, bold=True)
    marked = reader.mask
    boxes, colors = [], []
    for row, line in enumerate(lines):
        top = PADDING + 34 + row * LEADING
        for column, t in line["places"]:
            level = round(LEVELS * np.clip(shown[t] / scale, -1, 1))
            x, wide = PADDING + column * ADVANCE, ADVANCE * line["widths"][column]
            if level:
                color = LIGHT[ABOVE if level > 0 else BELOW]
                share = f"{round(255 * abs(level) / 10):02x}"
                boxes.append(_box(x, top, wide, LEADING - 3))
                colors.append(color + share)
                dots = [(x, wide)]
                if level < 0:
                    dots = [(left, DOT) for left in np.arange(x, x + wide - DOT / 2, 2 * DOT)]
                for left, width in dots:
                    boxes.append(_box(left, top + LEADING - 3, width, 0.5 * abs(level)))
                    colors.append(color)
            if marked[t]:
                boxes.append(_box(x, top - 1, wide, 2))
                colors.append(LIGHT["ink"])
        look = {"family": "monospace", "fontsize": 13 * POINTS, "va": "center", "parse_math": False}
        still.page.text(PADDING, top + LEADING / 2 - 1, line["text"], color=LIGHT["ink"], **look)
    still.page.add_collection(PolyCollection(boxes, facecolors=colors, linewidths=0))
    _lists(still, values, reader)
    return still


def _box(x, y, width, height):
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _lines(text, tokens, at):
    """Return the lines around the token `at`, and the index of the first line.

    Each line is a dict with the `text`, a list `places` of pairs (column, token index), and a dict
    `widths` that maps columns to the widths of tokens.
    """
    lines, line, column, offset = [], None, 0, 0
    current = 0
    for t, token in enumerate(tokens):
        start = text.index(token, offset)
        blank, offset = text[offset:start], start + len(token)
        for letter in blank + token:
            if line is None or letter == "\n" or column == COLUMNS:
                line, column = {"text": "", "places": [], "widths": {}}, 0
                lines.append(line)
            if letter != "\n":
                line["text"] += letter
                column += 1
        if token != "\n":
            wide = min(len(token), column)
            line["places"].append((column - wide, t))
            line["widths"][column - wide] = wide
        if t == at:
            current = len(lines) - 1
    first = max(0, min(current - LINES // 2, len(lines) - LINES))
    return lines[first : first + LINES], first


def _scale(quantity, shown, outputs):
    if quantity == "loss":
        return nice(np.log(max(2, outputs)))
    return nice(np.abs(shown).max()) if quantity == "c" else 1


def _lists(still, values, reader):
    """Draw the units that best separate marked and unmarked tokens, and the likeliest outputs."""
    y = PADDING + 48
    for unit, area in values["ranking"][:RANKED]:
        sign = "−" if area < 0.5 else "+"
        still.write(SIDE, y, f"{reader.words['unit']} {unit}")
        width = 90 * 2 * abs(area - 0.5)
        still.put(Box(SIDE + 70, y - 9, 90, 8, fill="panel"))
        still.put(Box(SIDE + 70, y - 9, width, 8, fill=ABOVE if area >= 0.5 else BELOW))
        still.write(WIDTH - PADDING, y, f"{sign} {number(max(area, 1 - area))}", anchor="end")
        y += ROW
    if "p" not in values:
        return
    y += 16 if values["ranking"] else 0
    best = np.argsort(-values["p"], kind="stable")[:LIKELY]
    for n in best:
        token = reader.network.outputs[n].replace("\n", "↵").replace(" ", "␣")
        still.write(SIDE, y, token)
        still.put(Box(SIDE + 70, y - 9, 90, 8, fill="panel"))
        still.put(Box(SIDE + 70, y - 9, 90 * values["p"][n], 8, fill=ABOVE))
        still.write(WIDTH - PADDING, y, number(values["p"][n]), anchor="end")
        y += ROW
