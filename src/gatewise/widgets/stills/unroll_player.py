"""The still picture of an UnrollPlayer, with the sentences, distances, predictions and units.

To limit the drawing time, the picture shows only the likeliest outputs, the first units and the
words around the step. A note in the picture says what is left out.
"""

import numpy as np

from gatewise.drawings.shapes import Box
from gatewise.drawings.text import Symbol
from gatewise.drawings.theme import LIGHT
from gatewise.drawings.values import nice, number
from gatewise.plots import squares
from gatewise.widgets.stills.still import PADDING, POINTS, WIDTH, Still

INNER = WIDTH - 2 * PADDING
LIKELY, UNITS, WORDS = 10, 64, 60  # the maximum numbers of outputs, units and words
LONGEST = 24  # the maximum number of letters per word
LETTER = 8.4  # the width of a letter
ALONG = 540  # the width of the row of words
ORDER = "rznfigoch"  # the order of the cards


def unroll_player(
    values,
    vocabulary,
    step,
    units,
    clamp,
    names,
    unit=0,
    free=None,
    said=(),
    hold_from=1,
    reverse=False,
):
    """Draw one or two sentences with the results of an UnrollPlayer. Returns a Still.

    values: a dict with runs, apart and, optionally, free. The list `runs` contains one dict per
    sentence, with the words, the variables (T, H) and the probabilities p (T, D). The dict `apart`
    maps c and h to the distances |Δc| and |Δh| (T,). The dict `free` contains `runs` and `apart`,
    computed with no gates held.
    vocabulary: the names of the D outputs. step: the time step shown, counted from 1. units: the
    units shown, in order. clamp: a dict mapping held gates, such as `f` or `f3`, to numbers.
    names: a dict with the symbols' names and with the phrases likely, where, says, above, below,
    scale, held and `held one`. The phrase `dotted` is needed only with `free`. The phrases `legend`
    and `held from` are optional.
    unit: the unit whose values are written as numbers. free: each sentence's probabilities (D,)
    with no gates held. said: for each network, one line describing the difference. hold_from: the
    first word at which gates are held. reverse: whether the layer reads from the last word to the
    first.
    """
    behind = values.get("free", values)
    scales = _scales(values, behind)
    shadow = _window(behind, step)[1] if clamp else {}
    runs, apart, more = _window(values, step)
    step -= more.pop("before")
    notes = [f"{n} of {len(units)} units" for n in [UNITS] if len(units) > n]
    units = list(units)[:UNITS]
    if more:
        notes.append("words {first} to {last} of {T}".format(**more))
    if free:
        notes.append(names["dotted"])
    T = max(len(run["words"]) for run in runs)
    letters = [k for k in ORDER if k in runs[0]]
    sizes = _sizes(T, len(runs), len(letters), len(units))
    upright = LETTER * min(LONGEST, max(len(w) for run in runs for w in run["words"]))
    row = upright + 10 if upright > (ALONG - 38) / T - 6 else 20
    p = [run["p"][min(step, len(run["p"])) - 1] for run in runs]
    shown = _likeliest(p)

    top = PADDING + 28
    middle = top + max(row * len(runs) + (12 + 110 if apart else 8), 24 + 19 * len(shown)) + 16
    lines, middle = middle + 8, middle + 4 * bool(said) + 20 * len(said)
    rows = -(-len(letters) // sizes["columns"])
    tall = middle + rows * (sizes["card"] + 10) + (44 if notes else 24) + PADDING
    still = Still(round(tall))
    where = names["where"].format(t=step + more.get("first", 1) - 1, T=more.get("T", T))
    still.write(PADDING, PADDING + 12, where)
    size = {"size": 14, "bold": True} if len(said) == 1 else {"size": 12}
    for n, line in enumerate(said):
        still.write(PADDING, lines + 20 * n, line, **size)
    _along(still, runs, (apart, shadow, scales["apart"]), step, row, top)
    _next(still, p, shown, vocabulary, names, free)
    wide = (INNER - 10 * (sizes["columns"] - 1)) / sizes["columns"]
    if len(letters) == 1:
        words = sum(len(run["words"]) for run in runs)
        wide = min(wide, max(160, 60 + sizes["pitch"] * words))
    for n, k in enumerate(letters):
        line, column = divmod(n, sizes["columns"])
        corner = PADDING + column * (wide + 10), middle + line * (sizes["card"] + 10)
        told = names, clamp, hold_from, scales["c"], reverse
        _card(still, k, runs, units, (step, unit), told, sizes, (*corner, wide))
    _key(still, names, notes)
    return still


def _scales(values, free):
    """Return limits for the distances and for c that fit the runs with and without held gates."""
    apart = [v for one in (values, free) for line in one["apart"].values() for v in line]
    runs = [run for one in (values, free) for run in one["runs"] if "c" in run]
    return {
        "apart": nice(max(apart, default=1)),
        "c": nice(max((np.abs(run["c"]).max() for run in runs), default=1)),
    }


def _window(values, step):
    """Return the runs and distances for the words around the step, and the range of those words."""
    runs, apart = values["runs"], values["apart"]
    T = max(len(run["words"]) for run in runs)
    if T <= WORDS:
        return runs, apart, {"before": 0}
    first = int(np.clip(step - WORDS // 2, 0, T - WORDS))
    # If a sentence ends before the window begins, only its last word is shown.
    runs = [
        {k: rows[min(first, len(rows) - 1) : first + WORDS] for k, rows in run.items()}
        for run in runs
    ]
    apart = {k: rows[first : first + WORDS] for k, rows in apart.items() if len(rows) > first}
    return runs, apart, {"before": first, "first": first + 1, "last": first + WORDS, "T": T}


def _sizes(T, B, letters, H):
    """Return the number of cards per row, the size of a square, and the height of a card."""
    need = max(112, min(B * T * 16 + 50, max(190, T * 7.5 + 20)))
    columns = next(
        n
        for n in (letters, letters / 2, letters / 3, 1)
        if n == 1 or (n % 1 == 0 and (INNER - 10 * (n - 1)) / n >= need)
    )
    room = (INNER - 10 * (columns - 1)) / columns - 20
    stacked = (room - 20 - 10 * (B - 1)) / (B * T) < 15
    pitch = min(24, (room - 20) / T if stacked else (room - 20 - 10 * (B - 1)) / (B * T))
    tall = min(pitch, max(5, (150 if stacked else 200) / H))
    maps = (H * tall + 26) * (B if stacked else 1) + (8 if stacked else 18)
    return {
        "columns": int(columns),
        "stacked": stacked,
        "pitch": pitch,
        "tall": tall,
        "card": 30 + maps + 22,
    }


def _along(still, runs, distances, step, row, top):
    """Draw one row of words per sentence and, below the rows, the distances between the states."""
    apart, shadow, most = distances
    T = max(len(run["words"]) for run in runs)
    left = PADDING + 34
    pitch = (PADDING + ALONG - 4 - left) / T
    tall = row * len(runs) + (122 if apart else 4)
    still.put(Box(left + pitch * (step - 1), top, pitch, tall, fill="panel"))
    for b, run in enumerate(runs):
        still.write(PADDING + 2, top + b * row + row / 2 + 5, "AB"[b], 12, bold=True)
        other = runs[1 - b]["words"] if len(runs) > 1 else run["words"]
        own = [list(other[t : t + 1]) != [word] for t, word in enumerate(run["words"])]
        for t in _written(run["words"], own, 14 / pitch if row > 20 else 0):
            word = run["words"][t]
            word = word if len(word) <= LONGEST else word[: LONGEST - 1] + "…"
            color, x = "ink" if t < step else "muted", left + pitch * (t + 0.5)
            look = {"fontsize": 12 * POINTS, "color": LIGHT[color], "parse_math": False}
            look |= {"weight": "bold" if own[t] else "normal", "va": "baseline"}
            if row > 20:
                y = top + b * row + row - 4
                look |= {"rotation": 90, "va": "bottom", "ha": "center"}
                still.page.text(x, y, word, **look)
            else:
                still.page.text(x, top + b * row + 14, word, ha="center", **look)
    if not apart:
        return
    panel = still.panel("apart", left, top + row * len(runs) + 12, pitch * T, 110)
    width = min(24, pitch * 0.36) / pitch
    for k, side in zip(apart, (-0.5, 0.5) if len(apart) > 1 else (0,), strict=True):
        steps = np.arange(1, len(apart[k]) + 1) + side * width
        look = {"facecolor": LIGHT[k] if k == "c" else "none", "edgecolor": LIGHT[k]}
        look |= {"linewidth": 1.5 * POINTS, "label": f"|Δ{k}|", "clip_on": False}
        panel.bar(steps, apart[k], width - 2 / pitch, **look)
        for t, v in zip(steps, shadow.get(k, ()), strict=False):
            ends = t - width / 2 + 1 / pitch, t + width / 2 - 1 / pitch
            look = {"color": LIGHT["ink"], "linewidth": 1.5 * POINTS, "linestyle": ":"}
            panel.hlines(v, *ends, label="_free", clip_on=False, **look)
    panel.axhline(0, color=LIGHT["line"], linewidth=POINTS)
    panel.set(xlim=(0.5, T + 0.5), ylim=(0, most), xticks=[])
    panel.set_xlabel("step").set_visible(False)
    panel.set_ylabel("A and B apart").set_visible(False)
    panel.set_yticks([most], [f"{most:g}"])
    x = PADDING + ALONG
    for k in reversed(list(apart)):  # the legend, from right to left
        now = f"|Δ{k}| {number(apart[k][min(step, len(apart[k])) - 1])}"
        still.write(x, PADDING + 12, now, anchor="end")
        x -= 8 * len(now) + 12
        still.put(Box(x, PADDING + 2, 10, 10, fill=k if k == "c" else "ground", stroke=k))
        x -= 16


def _written(words, own, room):
    """Return the indices of the most important words that are at least `room` columns apart."""

    def rank(t):
        return 0 if own[t] else 1 if t == 0 or words[t] != words[t - 1] else 2

    kept = []
    for t in sorted(range(len(words)), key=rank):
        if all(abs(t - other) >= room for other in kept):
            kept.append(t)
    return kept


def _likeliest(p):
    """Return the indices of the likeliest next words, in the order of the vocabulary."""
    best = np.max(p, axis=0)
    count = min(LIKELY, len(best))
    return np.sort(np.argpartition(-best, count - 1)[:count])


def _next(still, p, shown, vocabulary, names, free):
    """Draw the likeliest next words, with marks for the runs with no gates held."""
    left, right = PADDING + ALONG + 22, WIDTH - PADDING
    middle, top = (left + right) / 2, PADDING + 28
    says = [
        names["says"].format(name="AB"[b], word=vocabulary[np.argmax(q)]) for b, q in enumerate(p)
    ]
    still.write(left, PADDING + 12, ", ".join(says))
    still.write(middle, top + 12, names["likely"], 12, "middle", "muted")
    panel = still.panel("next", left, top + 20, right - left, 19 * len(shown), "")
    panel.set_xlabel(names["likely"]).set_visible(False)
    full = middle - left - 31 - 44  # the length of a bar for probability 1
    rows = np.arange(len(shown))
    for b, q in enumerate(p):
        side = 1 if b else -1
        start = middle + side * 31
        still.write(start + side * (full / 2), top + 12, "AB"[b], 12, "middle", bold=True)
        q = np.asarray(q)[shown]
        colors = [LIGHT["ink" if n == q.argmax() else "muted"] for n in rows]
        panel.barh(rows, side * full * q, 11 / 19, side * 31, color=colors, label="AB"[b])
        for n, value in enumerate(q):
            y, bold = top + 20 + 19 * n + 14, n == q.argmax()
            x = (right - 2, "end") if b else (left + 2, "start")
            color = "ink" if bold else "muted"
            still.write(x[0], y, number(value), 12, x[1], color, bold)
            moved = free and abs(free[b][shown[n]] - value) >= 0.005
            if moved:
                at = side * (31 + full * free[b][shown[n]])
                for color, width, dash in [("ground", 4, "-"), ("ink", 2, ":")]:
                    look = {"color": LIGHT[color], "linewidth": width * POINTS, "linestyle": dash}
                    panel.vlines(at, n - 0.4, n + 0.4, label="_mark", **look)
    for n, index in enumerate(shown):
        word = vocabulary[index]
        word = word if len(word) <= 9 else word[:8] + "…"
        still.write(middle, top + 20 + 19 * n + 14, word, 12, "middle")
    panel.set(xlim=(left - middle, right - middle), ylim=(len(shown) - 0.5, -0.5))
    panel.set(xticks=[], yticks=[])


def _card(still, k, runs, units, at, told, sizes, corner):
    """Draw the card of a gate or state, with one map per sentence and a note about held gates."""
    (step, unit), (names, clamp, hold_from, most, reverse), (x, y, wide) = at, told, corner
    pitch, tall = sizes["pitch"], sizes["tall"]
    still.card(x, y, wide, sizes["card"], k)
    still.put(Symbol(x + 10, y + 24, f"{k}_t", "start", 17))
    still.write(x + 32, y + 24, names[k])
    scale = most if k == "c" else 1
    high = len(units) * tall
    for b, run in enumerate(runs):
        T = len(run["words"])
        px, py = x + 10, y + 36
        if sizes["stacked"]:
            py += b * (high + 26)
            px, py, caption = px + 20, py + 14, (px + 20, py + 8)
        else:
            px += 20 + b * (max(len(r["words"]) for r in runs) * pitch + 10)
            py, caption = py + 12, (px, py + 12 + high + 14)
        panel = still.panel(f"{k}{b}", px, py, T * pitch, high, f"{k}, {'AB'[b]}")
        last = min(step, T)
        edge = {"facecolor": LIGHT["ground"], "edgecolor": LIGHT["muted"]}
        panel.axvspan(last - 1.5, last - 0.5, linewidth=0.75 * POINTS, clip_on=False, **edge)
        if unit in units:
            n = units.index(unit)
            panel.axhspan(n - 0.5, n + 0.5, linewidth=0.75 * POINTS, clip_on=False, **edge)
        rows = np.asarray(run[k])[:, units]
        # In a reverse layer, no squares are pale; otherwise, words after the step are pale.
        panel.add_collection(squares(rows, k, T if reverse else step, scale, width=tall / pitch))
        panel.set(xlim=(-0.5, T - 0.5), ylim=(len(units) - 0.5, -0.5), xticks=[])
        every = int(np.ceil(11 / tall))
        ticks = range(0, len(units), every) if b == 0 or sizes["stacked"] else []
        panel.set_yticks(ticks, [units[n] for n in ticks], fontsize=10 * POINTS)
        still.write(x + 10 if sizes["stacked"] else px, py - 4, "AB"[b], 12, bold=True)
        value = number(run[k][last - 1][unit], k not in "fiorz")
        still.write(*caption, value, 12)
    held = [_says_held(key, value, names) for key, value in clamp.items() if key[0] == k]
    if held and hold_from > 1 and "held from" in names:
        held[-1] += names["held from"].format(t=hold_from)
    held += [names["scale"].format(scale=f"{scale:g}")] if scale > 1 else []
    more = f"; {len(held) - 1} more" if len(held) > 1 else ""
    still.write(
        x + 10, y + sizes["card"] - 8, f"{held[0]}{more}" if held else "", 11, color="muted"
    )


def _says_held(key, value, names):
    phrase = names["held one" if key[1:] else "held"]
    return phrase.format(unit=key[1:], value=f"{value:g}")


def _key(still, names, notes):
    """Draw the legend of filled and hollow squares, and a note about what is left out."""
    x, y = PADDING, still.height - PADDING
    if "legend" in names:
        still.write(x, y, names["legend"], 12, color="muted")
        x += LETTER * len(names["legend"]) * 0.85 + 14
    for name, look in [("above", {"fill": "muted"}), ("below", {"stroke": "muted", "line": 1.5})]:
        still.put(Box(x, y - 10, 10, 10, **look))
        still.write(x + 16, y, names[name], 12, color="muted")
        x += 40 + LETTER * len(names[name]) * 0.85
    if notes:
        still.write(WIDTH - PADDING, y - 20, "; ".join(notes), 12, "end", "muted")
