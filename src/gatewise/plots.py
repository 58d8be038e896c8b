"""Every data plot of the series, in one style. They read traces, histories and plain arrays.

Each function returns a `Plot`: a notebook shows it as the result of a cell, a script saves it, a
test reads the numbers off its axes. Its text form says what is on the axes, for those who cannot
see the picture.
"""

from io import BytesIO

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure

# Okabe–Ito: told apart by colour-blind readers too. One colour for one letter, everywhere.
PALETTE = {
    "i": "#009E73",
    "f": "#E69F00",
    "g": "#CC79A7",
    "o": "#56B4E9",
    "c": "#0072B2",
    "h": "#D55E00",
    "r": "#009E73",
    "z": "#E69F00",
    "n": "#CC79A7",
    "x": "#555555",
    "gradient": "#000000",
}
SERIES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
DASHES = ["-", "--", "-.", ":"]
# From below zero over white to above zero: the colours of c and h.
SIGNED = LinearSegmentedColormap.from_list("signed", [PALETTE["c"], "#FFFFFF", PALETTE["h"]])
# Padding, and what is read.
READ_OR_NOT = ListedColormap(["#DDDDDD", PALETTE["c"]])


class Plot(Figure):
    """A matplotlib figure in the style of the series, without pyplot's global list of figures."""

    def __init__(self, width=6.4, height=3.2, columns=1):
        super().__init__(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
        self.panels = list(np.ravel(self.subplots(1, columns, sharey=True)))
        for panel in self.panels:
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#DDDDDD", linewidth=0.6)
            panel.set_axisbelow(True)

    def __repr__(self):
        return "\n".join(_describe(panel) for panel in self.panels)

    def _repr_png_(self):
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=144)
        # Width and height in CSS pixels: sharp on a dense screen; alt for exported HTML.
        size = {"width": int(self.get_figwidth() * 100), "height": int(self.get_figheight() * 100)}
        return picture.getvalue(), {"alt": repr(self), **size}


def functions(x, **curves):
    """Functions of one variable on one axis: `functions(x, tanh=y)`.

    x: (N,). curves: name to values (N,).
    """
    plot = Plot(height=2.8)
    for n, (name, y) in enumerate(curves.items()):
        plot.panels[0].plot(x, y, color=SERIES[n], linestyle=DASHES[n], label=name, linewidth=2)
    plot.panels[0].set_xlabel("a")
    plot.panels[0].legend(frameon=False)
    return plot


def losses(histories, floors=None):
    """Loss against epoch, on a logarithmic axis.

    histories: name to History. floors: name to a loss that is drawn as a horizontal line.
    """
    plot = Plot()
    panel = plot.panels[0]
    for n, (name, history) in enumerate(histories.items()):
        epochs = np.arange(1, len(history.loss) + 1)
        panel.plot(epochs, history.loss, color=SERIES[n], linestyle=DASHES[n], label=name)
    for name, floor in (floors or {}).items():
        panel.axhline(floor, color="#555555", linewidth=1, linestyle=":")
        place = {"xy": (1, floor), "xycoords": ("axes fraction", "data")}
        panel.annotate(
            name, **place, xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
        )
    panel.set(yscale="log", xlabel="epoch", ylabel="loss (nats)")
    panel.legend(frameon=False, loc="lower left")
    return plot


def over_time(curves):
    """States against time, on one axis, each in the colour of its letter.

    curves: letter to values (T,), after steps 1 to T.
    """
    plot = Plot(height=2.6)
    panel = plot.panels[0]
    for n, (letter, values) in enumerate(curves.items()):
        steps = np.arange(1, len(values) + 1)
        panel.plot(steps, values, color=PALETTE[letter], linestyle=DASHES[n], label=letter)
    panel.set(xlabel="step, t", ylabel="value")
    panel.legend(frameon=False)
    return plot


def states(h, sentences):
    """A state after each word of some sentences, a panel a word.

    h: (T, B, H), values within ±1. sentences: B strings, of which the first T words are shown.
    """
    T, B, H = h.shape
    plot = Plot(height=0.6 + 0.36 * B, columns=T)
    words = [sentence.split()[:T] for sentence in sentences]
    for t, panel in enumerate(plot.panels):
        panel.imshow(h[t], cmap=SIGNED, vmin=-1, vmax=1, aspect="auto")
        panel.grid(False)
        for b, unit in np.ndindex(B, H):
            value = h[t, b, unit]
            ink = "white" if abs(value) > 0.6 else "black"
            panel.text(unit, b, f"{value:+.2f}", ha="center", va="center", color=ink, fontsize=8)
        panel.set(xlabel=f"unit of h after word {t + 1}", xticks=range(H), yticks=range(B))
    plot.panels[0].set_yticklabels([" ".join(w) for w in words])
    return plot


def against(x, curves, xlabel, ylabel):
    """Curves on two logarithmic axes.

    x: (N,). curves: name to values (N,), all positive.
    """
    plot = Plot(height=2.8)
    panel = plot.panels[0]
    for n, (name, y) in enumerate(curves.items()):
        panel.plot(x, y, color=SERIES[n], linestyle=DASHES[n], label=name, marker="o", markersize=3)
    panel.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    panel.legend(frameon=False)
    return plot


def decay(panels, ylabel):
    """A norm against the number of steps back, on a logarithmic axis, a panel a condition.

    panels: title to {name of the curve: values (K,) for 0, 1, … K − 1 steps back}.
    """
    plot = Plot(width=3.1 * len(panels) if len(panels) > 2 else 6.4, columns=len(panels))
    for panel, (title, curves) in zip(plot.panels, panels.items(), strict=True):
        for n, (name, values) in enumerate(curves.items()):
            panel.plot(values, color=SERIES[n], linestyle=DASHES[n], label=name, linewidth=1.8)
        panel.set(yscale="log", xlabel="steps back, k", title=title)
    plot.panels[0].set_ylabel(ylabel)
    plot.panels[0].legend(frameon=False)
    return plot


def gate_explorer(values):
    """One unit of an LSTM, as a GateExplorer holds it: its gates and states, then a sequence.

    values: the widget's `values`.
    """
    plot = Plot(height=3.0, columns=2)
    now, through = plot.panels
    letters = "figoch"
    for n, k in enumerate(letters):
        now.bar(n, values[k], color=PALETTE[k], width=0.7)
        below = values[k] < 0
        where, side = (0, -3 if below else 3), "top" if below else "bottom"
        text = f"{values[k]:.2f}"
        now.annotate(text, (n, values[k]), where, textcoords="offset points", ha="center", va=side)
    now.set(xlabel="gates and states at this step", ylabel="value")
    now.set_xticks(range(6), [rf"${k}_t$" for k in letters])

    strip = values["strip"]
    steps = np.arange(1, len(strip["x"]) + 1)
    through.bar(steps, strip["x"], color=PALETTE["x"], alpha=0.25, label="x", width=0.6)
    through.plot(steps, strip["c"], color=PALETTE["c"], label="c", linewidth=2)
    through.plot(steps, strip["h"], color=PALETTE["h"], label="h", linewidth=2, linestyle="--")
    through.set_xlabel("step of the sequence")
    through.legend(frameon=False)
    for panel in plot.panels:
        panel.axhline(0, color="#555555", linewidth=0.8)
    now.margins(y=0.15)
    return plot


def padding(panels):
    """Batches as they are laid out: a row a sequence, a square a step, the padding in grey.

    panels: title to the lengths (B,) of the sequences, from the first row to the last.
    """
    plot = Plot(height=2.9, columns=len(panels))
    for panel, (title, lengths) in zip(plot.panels, panels.items(), strict=True):
        lengths = np.asarray(lengths)
        T, B = lengths.max(), len(lengths)
        read = np.arange(T) < lengths[:, None]
        panel.pcolormesh(read, cmap=READ_OR_NOT, vmin=0, vmax=1, edgecolors="white", linewidth=0.8)
        panel.set(title=title, xlabel="step, t", xticks=[0.5, T - 0.5], xticklabels=[1, T])
        panel.set(ylim=(B, 0), yticks=np.arange(B) + 0.5, yticklabels=range(B))
        panel.grid(False)
    plot.panels[0].set_ylabel("sequence")
    return plot


def bars(panels, xlabel):
    """One number each, as level bars from zero, a panel a condition.

    panels: title to {name: number}, with the same names in each.
    """
    plot = Plot(height=0.9 + 0.35 * len(next(iter(panels.values()))), columns=len(panels))
    for panel, (title, numbers) in zip(plot.panels, panels.items(), strict=True):
        panel.barh(list(numbers), list(numbers.values()), color=SERIES[0], height=0.6)
        panel.set(title=title, xlabel=xlabel)
        panel.title.set_size(10)
    plot.panels[0].invert_yaxis()
    return plot


def dots(values, xlabel, floors=None):
    """Some numbers each, one a seed, as dots on a line.

    values: name to numbers. floors: name to a number that is drawn as an upright line.
    """
    plot = Plot(height=0.9 + 0.4 * len(values))
    panel = plot.panels[0]
    for n, numbers in enumerate(values.values()):
        panel.plot(numbers, [n] * len(numbers), "o", color=SERIES[0], alpha=0.7)
    for name, floor in (floors or {}).items():
        panel.axvline(floor, color="#555555", linewidth=1, linestyle=":")
        panel.annotate(
            name,
            (floor, 1),
            (3, -3),
            xycoords=("data", "axes fraction"),
            va="top",
            textcoords="offset points",
            fontsize=8,
        )
    panel.set(xlabel=xlabel, yticks=range(len(values)), yticklabels=values)
    panel.set_ylim(len(values) - 0.5, -0.8)
    return plot


def shares(values, rows, columns, xlabel, ylabel):
    """A table of shares as a picture: each in its square, in hundredths, darker the larger.

    values: (R, C), from 0 to 1. rows: R names. columns: C names.
    """
    plot = Plot(width=max(6.4, 2 + 0.5 * len(columns)), height=1 + 0.36 * len(rows))
    panel = plot.panels[0]
    panel.imshow(values, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    panel.grid(False)
    for r, c in np.ndindex(np.shape(values)):
        ink = "white" if values[r][c] > 0.6 else "black"
        text = f"{100 * values[r][c]:.0f}"
        panel.text(c, r, text, ha="center", va="center", color=ink, fontsize=8)
    panel.set(xlabel=xlabel, ylabel=ylabel)
    panel.set_xticks(range(len(columns)), columns, fontsize=9)
    panel.set_yticks(range(len(rows)), rows, fontsize=9)
    return plot


def _describe(panel):
    """One line on a panel: its title, what is against what, the names of its curves."""
    x, y = panel.get_xlabel(), panel.get_ylabel()
    scale = " (logarithmic)" if panel.get_yscale() == "log" else ""
    names = [line.get_label() for line in panel.lines if not line.get_label().startswith("_")]
    if panel.images:
        names = ["{} × {} values".format(*panel.images[0].get_array().shape)]
    parts = [panel.get_title(), f"{y}{scale} against {x}" if y else x, *names]
    return "Plot: " + "; ".join(part for part in parts if part)
