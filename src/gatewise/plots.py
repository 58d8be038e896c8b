"""Every data plot of the series, in one style. They read traces, histories and plain arrays.

Each function returns a `Plot`: a notebook shows it as the result of a cell, a script saves it, a
test reads the numbers off its axes. Its text form says what is on the axes, for those who cannot
see the picture.
"""

from html import escape
from io import BytesIO, StringIO

import numpy as np
from matplotlib import rc_context
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgba
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
    "q": "#CC79A7",
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

    def __init__(self, width=6.4, height=3.2, columns=1, mosaic=None, heights=None):
        super().__init__(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
        if mosaic:  # panels by name, some wider than others
            self.named = self.subplot_mosaic(mosaic, height_ratios=heights)
            self.panels = list(self.named.values())
        else:
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
        # Width and height in CSS pixels: sharp on a dense screen; alt for the pages that read it.
        size = {"width": int(self.get_figwidth() * 100), "height": int(self.get_figheight() * 100)}
        return picture.getvalue(), {"alt": repr(self), **size}

    def svg(self, alt=None):
        """The picture as SVG text, the same to the letter with the same matplotlib.

        alt: what it shows, for those who cannot see it; the text form if not given.
        """
        picture = StringIO()
        # Neither the day nor chance goes in; letters are drawn, since not every machine has them.
        silent = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        with rc_context({"svg.hashsalt": "gatewise", "svg.fonttype": "path"}):
            self.savefig(picture, format="svg", metadata=silent)
        label = f"<svg role='img' aria-label='{escape(alt or repr(self), quote=True)}' "
        return label + picture.getvalue().partition("<svg ")[2].rstrip("\n")


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
    """States against time, on one axis, a letter in its own colour.

    curves: name or letter to values (T,), after steps 1 to T.
    """
    plot = Plot(height=2.6)
    panel = plot.panels[0]
    for n, (name, values) in enumerate(curves.items()):
        steps = np.arange(1, len(values) + 1)
        panel.plot(
            steps, values, color=PALETTE.get(name, SERIES[n]), linestyle=DASHES[n], label=name
        )
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


def against(x, curves, xlabel, ylabel, scale="log"):
    """Curves on two logarithmic axes, or on two linear ones.

    x: (N,). curves: name to values (N,), all positive if the scale is "log". scale: or "linear".
    """
    plot = Plot(height=2.8)
    panel = plot.panels[0]
    for n, (name, y) in enumerate(curves.items()):
        panel.plot(x, y, color=SERIES[n], linestyle=DASHES[n], label=name, marker="o", markersize=3)
    panel.set(xscale=scale, yscale=scale, xlabel=xlabel, ylabel=ylabel)
    beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(curves) > 1 else {}
    panel.legend(frameon=False, **beside)
    return plot


def decay(panels, ylabel, xlabel="steps back, k"):
    """A norm against the number of steps, on a logarithmic axis, a panel a condition.

    panels: title to {name of the curve: values (K,) for 0, 1, … K − 1 steps}. A curve named
    after a letter, as "|Δh|", has the letter's colour.
    """
    plot = Plot(width=3.1 * len(panels) if len(panels) > 2 else 6.4, columns=len(panels))
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    for panel, (title, curves) in zip(plot.panels, panels.items(), strict=True):
        for name, values in curves.items():
            n = names.index(name)  # one look for one name, in every panel
            color = PALETTE.get(name.strip("|Δ"), SERIES[n])
            panel.plot(values, color=color, linestyle=DASHES[n], label=name, linewidth=1.8)
        panel.set(yscale="log", xlabel=xlabel, title=title)
    plot.panels[0].set_ylabel(ylabel)
    max(plot.panels, key=lambda panel: len(panel.lines)).legend(frameon=False)
    return plot


def gates(letters, words):
    """Gates and states along a sentence, a panel a letter: units down, words across.

    letters: letter to values (T, H), as `{k: getattr(trace, k)[:, b] for k in "figoch"}`.
    words: the T words. A square is as large as its value; below zero it is hollow.
    """
    T, H = next(iter(letters.values())).shape
    columns = len(letters) if T <= 6 else min(3, len(letters))
    rows = -(-len(letters) // columns)
    names = [*letters, *"." * (rows * columns - len(letters))]
    tall = 0.5 + min(0.2 * H, 1.8) + 0.07 * max(map(len, words))
    mosaic = [names[n : n + columns] for n in range(0, len(names), columns)]
    plot = Plot(width=8.0, height=max(1.6, rows * tall), mosaic=mosaic)
    for k, values in letters.items():
        _map(plot.named[k], k, np.asarray(values), words)
    for row in mosaic:
        plot.named[row[0]].set_ylabel("unit")
    return plot


def loss_distributions(final, published=None, ylabel="loss (nats)"):
    """Losses over seeds: a panel an epoch, in it a column a model, a dot a seed.

    final: model to {epoch: losses (seeds,)}; a string instead of an epoch is the panel's title as
    it is. published: model to {epoch: loss}, drawn as a cross.
    The bar through the dots is their median.
    """
    epochs = list(next(iter(final.values())))
    plot = Plot(width=max(6.4, 1.6 * len(epochs)), columns=len(epochs))
    for panel, epoch in zip(plot.panels, epochs, strict=True):
        for n, (model, by_epoch) in enumerate(final.items()):
            losses = np.sort(by_epoch[epoch])
            # Neighbours in rank stand side by side, so that no dot hides the next.
            aside = n + 0.22 * (np.arange(len(losses)) % 5 - 2) / 2
            style = {"color": SERIES[n], "s": 12, "alpha": 0.75, "linewidths": 0, "label": model}
            panel.scatter(aside, losses, **style)
            panel.hlines(np.median(losses), n - 0.36, n + 0.36, color=SERIES[n], linewidth=2)
            if epoch in (published or {}).get(model, {}):
                cross = {"marker": "X", "s": 60, "color": "black", "edgecolors": "white"}
                panel.scatter(n, published[model][epoch], label="published", zorder=3, **cross)
        title = epoch if isinstance(epoch, str) else f"epoch {epoch}"
        panel.set(yscale="log", xlim=(-0.6, len(final) - 0.4), title=title)
        panel.set_xticks(range(len(final)), final, rotation=90)
        panel.grid(axis="x", visible=False)
    plot.panels[0].set_ylabel(ylabel)
    crosses = [c for c in plot.panels[0].collections if c.get_label() == "published"][:1]
    if crosses:
        plot.legend(crosses, ["a published run"], loc="outside lower right", frameon=False)
    return plot


def success(curves, xlabel="number of ums between subject and verb", ylabel="share of seeds"):
    """Success against distance.

    curves: model to {distance: share of seeds that succeed, 0 to 1}.
    """
    plot = Plot()
    panel = plot.panels[0]
    for n, (model, by_distance) in enumerate(curves.items()):
        distance = sorted(by_distance)
        style = {"linestyle": DASHES[n % 4], "marker": "os^Dv"[n % 5], "color": SERIES[n]}
        shares = [by_distance[d] for d in distance]
        # Later markers are smaller, so that one on another does not hide it.
        panel.plot(distance, shares, label=model, markersize=max(4, 10 - 2 * n), **style)
    panel.set(xlabel=xlabel, ylabel=ylabel, ylim=(-0.05, 1.05))
    panel.set_xticks(sorted({d for by_distance in curves.values() for d in by_distance}))
    panel.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return plot


def squares(values, letter, step=None, scale=1, apart=1, width=1):
    """Squares as large as their values, as a collection: full above zero, hollow below.

    values: (T, H), drawn at (apart · t, n). step: those after it are faint; None for none.
    scale: the value of a full square. width: that of a full square, whose height is 1.
    """
    T, H = values.shape
    t, n = (axis.ravel() for axis in np.mgrid[:T, :H])
    flat = values.ravel()
    half = 0.44 * np.sqrt(np.abs(flat) / scale)
    corners = np.array([[-width, -1], [width, -1], [width, 1], [-width, 1]])
    places = np.stack([apart * t, n], axis=1)[:, None] + half[:, None, None] * corners
    ink = np.array([to_rgba(PALETTE[letter])] * len(flat))
    ink[:, 3] = np.where(t < (T if step is None else step), 1, 0.3)
    look = {"facecolors": np.where(flat[:, None] > 0, ink, 0), "edgecolors": ink}
    return PolyCollection(places, label=f"{H} units × {T} words", linewidths=0.7, **look)


def _map(panel, letter, values, words):
    """A map of one letter, units down and words across; a full square is 1 or the largest."""
    T, H = values.shape
    scale = max(1, np.abs(values).max())
    # A word needs the room of `room` squares. Few columns stand as wide apart as that; of many
    # words, those are written that are not the same again, and not beside one that is written.
    few, room = T <= 14, max(1, 0.07 * T, 0.09 * H)
    pitch = room if few else 1
    told = list(range(T)) if few else []
    for t in [] if few else [0, T - 1, *(t for t in range(T) if words[t] != words[t - 1])]:
        if all(abs(t - other) >= room for other in told):
            told.append(t)
    panel.add_collection(squares(values, letter, scale=scale, apart=pitch))

    panel.set_aspect("equal", anchor="W")
    panel.grid(False)
    panel.set(xlim=(-0.6, pitch * (T - 1) + 0.6), ylim=(H - 0.4, -0.6), title=f"${letter}$")
    panel.set_xticks([pitch * t for t in told], [words[t] for t in told], rotation=90, fontsize=8)
    for label in panel.get_xticklabels():
        label.set_parse_math(False)  # a word such as `$$` is written as it is
    every = -(-H // 8)
    panel.set_yticks(range(0, H, every), range(0, H, every), fontsize=8)
    if scale > 1:
        panel.set_xlabel(f"full square: {scale:.2f}", fontsize=8)


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


def bars(panels, ylabel):
    """Bars in groups, a panel a condition, each with a scale of its own.

    panels: title to {name of the bars: {group: value}}, the same groups for all names.
    """
    plot = Plot(height=3.0, mosaic=[list(panels)])  # no common scale
    for panel, (title, named) in zip(plot.panels, panels.items(), strict=True):
        width = 0.8 / len(named)
        for n, (name, values) in enumerate(named.items()):
            places = np.arange(len(values)) + width * (n - (len(named) - 1) / 2)
            look = {"color": SERIES[n], "hatch": "/" * 3 * n, "edgecolor": "white", "linewidth": 0}
            panel.bar(places, list(values.values()), width, label=name, **look)
            panel.set_xticks(range(len(values)), values)
        panel.set_title(title, fontsize=9)
        panel.grid(axis="x", visible=False)
    plot.panels[0].set_ylabel(ylabel)
    if len(named) > 1:
        handles = plot.panels[0].get_legend_handles_labels()
        plot.legend(*handles, loc="outside lower center", ncols=len(named), frameon=False)
    return plot


def level_bars(panels, xlabel):
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
    drawn = [artist.get_label() for artist in [*panel.lines, *panel.containers, *panel.collections]]
    names = [name for name in dict.fromkeys(drawn) if not name.startswith("_")]
    if panel.images:
        names = ["{} × {} values".format(*panel.images[0].get_array().shape)]
    parts = [panel.get_title(), f"{y}{scale} against {x}" if y else x, *names]
    return "Plot: " + "; ".join(part for part in parts if part)
