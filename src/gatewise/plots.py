"""All the data plots of the series, drawn in one style from traces, histories and plain arrays.

The plotting functions return a `Plot`. Notebooks display a Plot, scripts save a Plot as a file, and
tests read numbers from the axes. A Plot's text form describes its axes for people who can't
see the picture. Names, titles and words are drawn as written: a `$` doesn't start a formula.
"""

import re
from html import escape
from io import BytesIO, StringIO

import matplotlib.style
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

# The Okabe–Ito colors, which color-blind readers can tell apart. Each symbol has the same color in
# all plots.
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
# The color of each network and of its variants, such as "LSTM, bias 4".
NETWORKS = dict(zip(["RNN", "LSTM", "GRU", "two words"], SERIES, strict=False))
# A color map from the color of h (negative) through white (zero) to the color of c (positive).
SIGNED = LinearSegmentedColormap.from_list("signed", [PALETTE["h"], "#FFFFFF", PALETTE["c"]])
# The colors of padding and of the time steps that a network reads.
READ_OR_NOT = ListedColormap(["#DDDDDD", PALETTE["c"]])
SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Every plot is made and drawn with these settings, regardless of the reader's rcParams. A `$` is
# drawn as written. An SVG file has no random ids, and text is drawn as paths, because fonts
# differ between machines.
in_our_style = matplotlib.style.context(
    ["default", {"text.parse_math": False, "svg.hashsalt": "gatewise", "svg.fonttype": "path"}]
)


class _PowersOfTen(LogFormatterSciNotation):
    """Plain-text labels for a logarithmic axis, such as 10⁻³ and 2×10⁻³."""

    def __call__(self, x, pos=None):
        math = super().__call__(x, pos).removeprefix(r"$\mathdefault{").removesuffix("}$")
        parts = re.fullmatch(r"(.*)\^\{(.*)\}", math.replace(r"\times", "×"))
        return parts[1] + parts[2].translate(SUPERSCRIPTS) if parts else math


class Plot(Figure):
    """A matplotlib figure in the style of the series, independent of pyplot.

    width, height: the size in inches. columns: the number of panels, which share a y-axis.
    mosaic: named panels, as in matplotlib's `subplot_mosaic`, used instead of `columns`.
    heights: the relative heights of the rows in the mosaic.
    """

    @in_our_style
    def __init__(self, width=6.4, height=3.2, columns=1, mosaic=None, heights=None):
        super().__init__(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
        if mosaic:  # named panels, possibly of different widths
            self.named = self.subplot_mosaic(mosaic, height_ratios=heights)
            self.panels = list(self.named.values())
        else:
            self.panels = list(np.ravel(self.subplots(1, columns, sharey=True)))
        for panel in self.panels:
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#DDDDDD", linewidth=0.6)
            panel.set_axisbelow(True)

    @in_our_style
    def draw(self, renderer):
        """Draw the plot with a renderer, and label logarithmic axes with powers of ten."""
        for panel in self.panels:
            for axis in panel.xaxis, panel.yaxis:
                if axis.get_scale() == "log":
                    axis.set_major_formatter(_PowersOfTen())
                    axis.set_minor_formatter(_PowersOfTen())
        super().draw(renderer)

    @in_our_style
    def savefig(self, *args, **kwargs):
        """Save the figure with matplotlib's `Figure.savefig`, in the style of the series."""
        super().savefig(*args, **kwargs)

    def __repr__(self):
        return "\n".join(_describe(panel) for panel in self.panels)

    def _repr_png_(self):
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=144)
        # A size in CSS pixels keeps the picture sharp on high-resolution screens. Some pages use
        # `alt` as the picture's description.
        size = {"width": int(self.get_figwidth() * 100), "height": int(self.get_figheight() * 100)}
        return picture.getvalue(), {"alt": repr(self), **size}

    def svg(self, alt=None):
        """Return SVG text, which is identical on all machines with the same matplotlib version.

        alt: a description for people who can't see the picture; by default, the plot's text form.
        """
        picture = StringIO()
        no_date = dict.fromkeys(["Date", "Creator", "Format", "Type"])
        self.savefig(picture, format="svg", metadata=no_date)
        label = f"<svg role='img' aria-label='{escape(alt or repr(self), quote=True)}' "
        return label + picture.getvalue().partition("<svg ")[2].rstrip("\n")


def _look(n, name=None):
    """Return the color and dash pattern of curve n. The first 28 curves all look different.

    name: the name of the curve. A network and its variants, such as "LSTM, bias 4", share a color.
    """
    return {"color": network_color(n, name), "linestyle": DASHES[n % len(DASHES)]}


def network_color(n, name):
    """Return the color of a network or, for any other name, the color of series n."""
    return NETWORKS.get(str(name).partition(",")[0], SERIES[n % len(SERIES)])


def _label(name):
    """Return a legend label that matplotlib shows even for a name that begins with "_"."""
    return f"\u200b{name}" if str(name).startswith("_") else str(name)


def _legend(panel, **where):
    """Draw the legend in the panel or, if there are many curves, to the right of the panels."""
    handles, names = panel.get_legend_handles_labels()
    if len(names) > 6:
        figure = panel.figure
        figure.set_figheight(max(figure.get_figheight(), 0.6 + 0.22 * len(names)))
        figure.legend(handles, names, loc="outside right center", frameon=False)
    else:
        panel.legend(frameon=False, **where)


@in_our_style
def functions(x, **curves):
    """Plot functions of one variable in one panel, for example `functions(x, tanh=y)`.

    x: (N,). curves: a dict mapping names to values (N,).
    """
    plot = Plot(height=2.8)
    for n, (name, y) in enumerate(curves.items()):
        plot.panels[0].plot(x, y, **_look(n), label=_label(name), linewidth=2)
    plot.panels[0].set_xlabel("a")
    _legend(plot.panels[0])
    return plot


@in_our_style
def loss_and_xor(p, losses, answers):
    """Plot losses against a probability; a second panel shows the answer for each pair of words.

    p: (N,). losses: a dict mapping names to losses (N,), in nats.
    answers: a dict mapping each pair (first word, second word) to one of two answers.
    """
    plot = Plot(height=2.8, mosaic=[["loss", "answers"]])
    left, right = plot.panels
    for n, (name, loss) in enumerate(losses.items()):
        left.plot(p, loss, color=SERIES[n], linestyle=DASHES[n], label=name, linewidth=2)
    left.set(xlabel="p", ylabel="loss (nats)")
    left.legend(frameon=False)

    firsts, seconds = (list(dict.fromkeys(words)) for words in zip(*answers, strict=True))
    for n, answer in enumerate(dict.fromkeys(answers.values())):
        pairs = [pair for pair, a in answers.items() if a == answer]
        x, y = [seconds.index(b) for _, b in pairs], [firsts.index(a) for a, _ in pairs]
        fill = SERIES[n] if n == 0 else "none"
        look = {"s": 160, "marker": "os"[n], "facecolor": fill, "edgecolor": SERIES[n]}
        right.scatter(x, y, label=answer, linewidths=2, **look)
        for place in zip(x, y, strict=True):
            right.annotate(answer, place, (0, 12), textcoords="offset points", ha="center")
    right.set(xlabel="second word", ylabel="first word", xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
    right.set_xticks(range(len(seconds)), seconds)
    right.set_yticks(range(len(firsts)), firsts)
    return plot


@in_our_style
def losses(histories, floors=None):
    """Plot the loss in nats against the epoch, on a logarithmic axis.

    histories: a dict mapping names to instances of `training.History`.
    floors: a dict mapping names to losses, drawn as horizontal lines.
    """
    plot = Plot()
    panel = plot.panels[0]
    for n, (name, history) in enumerate(histories.items()):
        epochs = np.arange(1, len(history.loss) + 1)
        panel.plot(epochs, history.loss, **_look(n, name), label=_label(name))
    for name, floor in (floors or {}).items():
        panel.axhline(floor, color="#555555", linewidth=1, linestyle=":")
        place = {"xy": (1, floor), "xycoords": ("axes fraction", "data")}
        panel.annotate(
            name, **place, xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
        )
    panel.set(yscale="log", xlabel="epoch", ylabel="loss (nats)")
    _legend(panel, loc="lower left")
    return plot


@in_our_style
def fits(runs):
    """Plot training and validation losses against the epoch, with a dot at the best epoch.

    runs: a dict mapping titles to instances of `training.Curves`; each run has a panel.
    """
    plot = Plot(height=2.9, columns=len(runs))
    for panel, (title, curves) in zip(plot.panels, runs.items(), strict=True):
        epochs = np.arange(1, len(curves.train) + 1)
        panel.plot(epochs, curves.train, **_look(0), label="training")
        panel.plot(epochs, curves.validation, **_look(1), label="validation")
        best = {"color": _look(1)["color"], "linestyle": "none", "marker": "o"}
        panel.plot(epochs[curves.best], curves.validation[curves.best], **best, label="best epoch")
        panel.set(xlabel="epoch", title=title)
        panel.xaxis.get_major_locator().set_params(integer=True)
    plot.panels[0].set_ylabel("loss (nats)")
    _legend(plot.panels[-1])
    return plot


@in_our_style
def over_time(curves):
    """Plot states against the time step in one panel, with a color for each symbol.

    curves: a dict mapping names to values (T,), the states after time steps 1 to T.
    A curve named after a symbol, such as "c" or "c, you", has the color of the symbol.
    """
    plot = Plot(height=2.6)
    panel = plot.panels[0]
    for n, (name, values) in enumerate(curves.items()):
        steps = np.arange(1, len(values) + 1)
        symbol = str(name).partition(",")[0]
        look = _look(n) | ({"color": PALETTE[symbol]} if symbol in PALETTE else {})
        panel.plot(steps, values, **look, label=_label(name))
    panel.set(xlabel="time step, t", ylabel="value")
    _legend(panel)
    return plot


@in_our_style
def states(h, sentences):
    """Show the states after each word of some sentences, with one panel per word position.

    h: (T, B, H), between −1 and 1. sentences: B strings, of which the plot shows the first T words.
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


@in_our_style
def against(x, curves, xlabel, ylabel, scale="log"):
    """Plot curves on two logarithmic axes or on two linear axes.

    x: (N,). curves: a dict mapping names to values (N,). xlabel, ylabel: the labels of the axes.
    scale: "log" or "linear"; a logarithmic axis needs positive values.
    """
    plot = Plot(height=2.8)
    panel = plot.panels[0]
    for n, (name, y) in enumerate(curves.items()):
        panel.plot(x, y, **_look(n, name), label=_label(name), marker="o", markersize=3)
    panel.set(xscale=scale, yscale=scale, xlabel=xlabel, ylabel=ylabel)
    beside = {"loc": "center left", "bbox_to_anchor": (1, 0.5)} if len(curves) > 1 else {}
    _legend(panel, **beside)
    return plot


@in_our_style
def decay(panels, ylabel, xlabel="time steps back, k"):
    """Plot norms on a logarithmic axis against the time step, with one panel per condition.

    panels: a dict mapping titles to {curve name: values (K,) for k = 0, …, K − 1}.
    ylabel, xlabel: the labels of the axes.
    A curve named after a symbol, such as "|Δh|", has the symbol's color.
    """
    plot = Plot(width=3.1 * len(panels) if len(panels) > 2 else 6.4, columns=len(panels))
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    for panel, (title, curves) in zip(plot.panels, panels.items(), strict=True):
        for name, values in curves.items():
            n = names.index(name)  # a curve has the same look in every panel
            symbol = name.strip("|Δ")
            look = _look(n, name) | ({"color": PALETTE[symbol]} if symbol in PALETTE else {})
            panel.plot(values, **look, label=_label(name), linewidth=1.8)
        panel.set(yscale="log", xlabel=xlabel, title=title)
    plot.panels[0].set_ylabel(ylabel)
    _legend(max(plot.panels, key=lambda panel: len(panel.lines)))
    return plot


@in_our_style
def gates(symbols, words):
    """Plot gates and states over the words of a sentence, with one panel per symbol.

    Rows are units, and columns are words. The area of each square is proportional to the absolute
    value; squares for negative values are hollow.
    symbols: a dict mapping symbols to values (T, H), such as
    `{k: getattr(trace, k)[:, b] for k in "figoch"}`.
    words: the T words of the sentence. Raises ValueError for an unknown symbol and for an empty
    dict.
    """
    unknown = [k for k in symbols if k not in PALETTE]
    if unknown or not symbols:
        raise ValueError(f"symbols: expected some of {', '.join(PALETTE)}, got {unknown or 'none'}")
    T, H = np.shape(next(iter(symbols.values())))
    columns = len(symbols) if T <= 6 else min(3, len(symbols))
    rows = -(-len(symbols) // columns)
    names = [*symbols, *"." * (rows * columns - len(symbols))]
    tall = 0.5 + min(0.2 * H, 1.8) + 0.07 * max(map(len, words))
    mosaic = [names[n : n + columns] for n in range(0, len(names), columns)]
    plot = Plot(width=8.0, height=max(1.6, rows * tall), mosaic=mosaic)
    for k, values in symbols.items():
        _map(plot.named[k], k, np.asarray(values), words)
    for row in mosaic:
        plot.named[row[0]].set_ylabel("unit")
    return plot


@in_our_style
def loss_distributions(final, published=None, ylabel="loss (nats)"):
    """Plot the loss for each seed as a dot, with one panel per epoch and one column per model.

    A bar through the dots marks their median.
    final: a dict mapping models to {epoch: losses (seeds,)}. A string in place of an epoch is used
    as the panel's title. published: a dict mapping models to {epoch: loss}, drawn as crosses.
    ylabel: the label of the axis.
    A model's name may have a second line for a number that differs between machines; the plot's
    text form omits the second line.
    """
    epochs = list(next(iter(final.values())))
    width = max(1.6, 0.22 * len(final)) * len(epochs)
    plot = Plot(width=max(6.4, width), columns=len(epochs))
    for panel, epoch in zip(plot.panels, epochs, strict=True):
        for n, (model, by_epoch) in enumerate(final.items()):
            losses = np.sort(by_epoch[epoch])
            # Spread out neighboring dots so that they don't hide each other.
            aside = n + 0.22 * (np.arange(len(losses)) % 5 - 2) / 2
            color = _look(n, model)["color"]
            look = {"color": color, "s": 12, "alpha": 0.75, "linewidths": 0}
            panel.scatter(aside, losses, **look, label=_label(str(model).partition("\n")[0]))
            panel.hlines(np.median(losses), n - 0.36, n + 0.36, color=color, linewidth=2)
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


@in_our_style
def success(curves, xlabel="number of ums between subject and verb", ylabel="share of seeds"):
    """Plot the share of successful seeds against a distance.

    curves: a dict mapping models to {distance: share from 0 to 1}.
    xlabel, ylabel: the labels of the axes.
    """
    plot = Plot()
    panel = plot.panels[0]
    for n, (model, by_distance) in enumerate(curves.items()):
        distance = sorted(by_distance)
        look = _look(n, model) | {"marker": "os^Dv"[n % 5]}
        shares = [by_distance[d] for d in distance]
        # Later markers are smaller, so the earlier markers stay visible.
        panel.plot(distance, shares, label=_label(model), markersize=max(4, 10 - 2 * n), **look)
    panel.set(xlabel=xlabel, ylabel=ylabel, ylim=(-0.05, 1.05))
    panel.set_xticks(sorted({d for by_distance in curves.values() for d in by_distance}))
    _legend(panel, loc="center left", bbox_to_anchor=(1, 0.5))
    return plot


def squares(values, symbol, step=None, scale=1, apart=1, width=1):
    """Return one square per value, with an area proportional to the absolute value.

    Squares for negative values are hollow.
    values: (T, H); the value of unit n at time step t is drawn at (apart · t, n).
    symbol: the symbol of the values, which sets the color.
    step: the number of time steps drawn in full color; later time steps are faint.
    scale: the value of a full-size square.
    width: the width of each square in x units divided by its height in y units.
    Returns a matplotlib PolyCollection.
    """
    T, H = values.shape
    t, n = (axis.ravel() for axis in np.mgrid[:T, :H])
    flat = values.ravel()
    half = 0.44 * np.sqrt(np.abs(flat) / scale)
    corners = np.array([[-width, -1], [width, -1], [width, 1], [-width, 1]])
    places = np.stack([apart * t, n], axis=1)[:, None] + half[:, None, None] * corners
    ink = np.array([to_rgba(PALETTE[symbol])] * len(flat))
    ink[:, 3] = np.where(t < (T if step is None else step), 1, 0.3)
    look = {"facecolors": np.where(flat[:, None] > 0, ink, 0), "edgecolors": ink}
    return PolyCollection(places, label=f"{H} units × {T} words", linewidths=0.7, **look)


def _map(panel, symbol, values, words):
    """Draw a map of one symbol, with one row per unit and one column per word.

    A full-size square stands for 1 or for the largest absolute value, whichever is larger.
    """
    T, H = values.shape
    scale = max(1, np.abs(values).max())
    # A word is about as wide as `room` squares. Up to 14 columns are drawn `room` squares apart.
    # With more columns, the labels show only the first word, the last word and words that differ
    # from the previous word, where there is room.
    few, room = T <= 14, max(1, 0.07 * T, 0.09 * H)
    pitch = room if few else 1
    told = list(range(T)) if few else []
    for t in [] if few else [0, T - 1, *(t for t in range(T) if words[t] != words[t - 1])]:
        if all(abs(t - other) >= room for other in told):
            told.append(t)
    panel.add_collection(squares(values, symbol, scale=scale, apart=pitch))

    panel.set_aspect("equal", anchor="W")
    panel.grid(False)
    panel.set(xlim=(-0.6, pitch * (T - 1) + 0.6), ylim=(H - 0.4, -0.6))
    panel.set_title(f"${symbol}$", parse_math=True)
    panel.set_xticks([pitch * t for t in told], [words[t] for t in told], rotation=90, fontsize=8)
    every = -(-H // 8)
    panel.set_yticks(range(0, H, every), range(0, H, every), fontsize=8)
    if scale > 1:
        panel.set_xlabel(f"full square: {scale:.2f}", fontsize=8)


@in_our_style
def padding(panels):
    """Show the padding of batches, with one row per sequence and one square per time step.

    panels: a dict mapping titles to {sequence name: length}, in the order of the rows.
    """
    plot = Plot(height=2.9, mosaic=[list(panels)])  # each panel has its own row names
    for panel, (title, rows) in zip(plot.panels, panels.items(), strict=True):
        lengths = np.array(list(rows.values()))
        T, B = lengths.max(), len(lengths)
        read = np.arange(T) < lengths[:, None]
        panel.pcolormesh(read, cmap=READ_OR_NOT, vmin=0, vmax=1, edgecolors="white", linewidth=0.8)
        panel.set(title=title, xlabel="time step, t", xticks=[0.5, T - 0.5], xticklabels=[1, T])
        panel.set(ylim=(B, 0), yticks=np.arange(B) + 0.5, yticklabels=rows)
        panel.grid(False)
    plot.panels[0].set_ylabel("sequence")
    return plot


@in_our_style
def bars(panels, ylabel):
    """Plot grouped bars, with one panel per condition. Each panel has a separate scale.

    panels: a dict mapping titles to {series name: {group: value}}; all series have the same groups.
    ylabel: the label of the y-axis.
    """
    # The panels of a mosaic don't share a scale.
    plot = Plot(height=3.0, mosaic=[[f"panel {n}" for n in range(len(panels))]])
    for panel, (title, named) in zip(plot.panels, panels.items(), strict=True):
        width = 0.8 / len(named)
        for n, (name, values) in enumerate(named.items()):
            places = np.arange(len(values)) + width * (n - (len(named) - 1) / 2)
            hatch = ["", "///", "//////", "xxx"][n % 4]
            look = {"color": _look(n, name)["color"], "hatch": hatch, "edgecolor": "white"}
            panel.bar(places, list(values.values()), width, label=_label(name), **look, linewidth=0)
            panel.set_xticks(range(len(values)), values)
        panel.set_title(title, fontsize=9)
        panel.grid(axis="x", visible=False)
    plot.panels[0].set_ylabel(ylabel)
    if len(named) > 1:
        handles = plot.panels[0].get_legend_handles_labels()
        place = {"loc": "outside lower center", "ncols": min(len(named), 4)}
        plot.legend(*handles, **place, frameon=False)
        plot.set_figheight(3 + 0.22 * ((len(named) - 1) // 4))
    return plot


@in_our_style
def level_bars(panels, xlabel):
    """Plot numbers as horizontal bars, with one panel per condition.

    panels: a dict mapping titles to {name: number}; all panels have the same names.
    xlabel: the label of the x-axis.
    """
    plot = Plot(height=0.9 + 0.35 * len(next(iter(panels.values()))), columns=len(panels))
    for panel, (title, numbers) in zip(plot.panels, panels.items(), strict=True):
        panel.barh(range(len(numbers)), list(numbers.values()), color=SERIES[0], height=0.6)
        panel.set(title=title, xlabel=xlabel)
        panel.set_yticks(range(len(numbers)), numbers)
        panel.title.set_size(10)
    plot.panels[0].invert_yaxis()
    return plot


@in_our_style
def dots(values, xlabel, floors=None):
    """Plot numbers from many seeds as dots, with one row of dots per name.

    values: a dict mapping names to lists of numbers, one per seed. xlabel: the label of the x-axis.
    floors: a dict mapping names to numbers, drawn as vertical lines.
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


@in_our_style
def shares(values, rows, columns, xlabel, ylabel):
    """Show a table of shares in percent, with darker cells for larger shares.

    values: (R, C), from 0 to 1. rows: the names of the R rows. columns: the names of the C columns.
    xlabel, ylabel: the labels of the axes.
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
    """Return a one-line description of a panel: its title, its axes and the names of its curves."""
    x, y = panel.get_xlabel(), panel.get_ylabel()
    scale = " (logarithmic)" if panel.get_yscale() == "log" else ""
    drawn = [artist.get_label() for artist in [*panel.lines, *panel.containers, *panel.collections]]
    names = [name.strip("\u200b") for name in dict.fromkeys(drawn) if not name.startswith("_")]
    if panel.images:
        names = ["{} × {} values".format(*panel.images[0].get_array().shape)]
    parts = [panel.get_title(), f"{y}{scale} against {x}" if y else x, *names]
    return "Plot: " + "; ".join(part for part in parts if part)
