"""Each plot shows the given numbers and has a correct text description."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from gatewise import plots
from gatewise.training import Curves, History


def lines(panel):
    return {line.get_label(): line.get_ydata() for line in panel.lines}


def test_functions():
    x = np.linspace(-1, 1, 5)
    plot = plots.functions(x, square=x**2)
    np.testing.assert_array_equal(lines(plot.panels[0])["square"], x**2)
    assert repr(plot) == "Plot: a; square"


def test_loss_and_xor_draws_each_answer_at_its_pair_of_words():
    p = np.array([0.25, 0.5])
    answers = {("i", "love"): "a", ("i", "hate"): "b", ("you", "love"): "b", ("you", "hate"): "a"}
    plot = plots.loss_and_xor(p, {"−ln p": -np.log(p)}, answers)
    left, right = plot.panels
    np.testing.assert_array_equal(lines(left)["−ln p"], -np.log(p))
    points = {c.get_label(): c.get_offsets().tolist() for c in right.collections}
    assert points == {"a": [[0, 0], [1, 1]], "b": [[1, 0], [0, 1]]}
    assert [label.get_text() for label in right.get_yticklabels()] == ["i", "you"]


def test_losses_start_at_epoch_one():
    loss = np.array([1.0, 0.5, 0.25])
    plot = plots.losses({"TextRNN": History(loss)}, {"floor": 0.2})
    (curve, floor) = plot.panels[0].lines
    assert curve.get_xdata().tolist() == [1, 2, 3]
    assert curve.get_ydata().tolist() == loss.tolist()
    assert floor.get_ydata() == [0.2, 0.2]
    assert repr(plot) == "Plot: loss (nats) (logarithmic) against epoch; TextRNN"


RUN = Curves(np.array([2.0, 1, 0.5]), np.array([2.0, 1.5, 1.7]), np.ones(3), np.ones(9), 1)


def test_fits_mark_the_epoch_with_the_lowest_validation_loss():
    plot = plots.fits({"no dropout": RUN, "dropout": RUN._replace(best=0)})
    assert [panel.get_title() for panel in plot.panels] == ["no dropout", "dropout"]
    for panel, best in zip(plot.panels, [[2, 1.5], [1, 2.0]], strict=True):
        training, validation, dot = panel.lines
        assert training.get_xdata().tolist() == [1, 2, 3]
        assert training.get_ydata().tolist() == RUN.train.tolist()
        assert validation.get_ydata().tolist() == RUN.validation.tolist()
        assert [dot.get_xdata()[0], dot.get_ydata()[0]] == best
        assert training.get_linestyle() != validation.get_linestyle()
    line = "Plot: no dropout; loss (nats) against epoch; training; validation; best epoch"
    assert repr(plot).splitlines()[0] == line


def test_over_time_draws_symbols_in_their_colors():
    plot = plots.over_time({"c": np.arange(3.0), "h": np.ones(3)})
    c, h = plot.panels[0].lines
    assert (c.get_label(), c.get_color()) == ("c", plots.PALETTE["c"])
    assert c.get_xdata().tolist() == [1, 2, 3]
    assert h.get_ydata().tolist() == [1, 1, 1]
    assert c.get_linestyle() != h.get_linestyle()
    i, you = plots.over_time({"c, i": np.ones(3), "c, you": np.zeros(3)}).panels[0].lines
    assert i.get_color() == you.get_color() == plots.PALETTE["c"]
    assert i.get_linestyle() != you.get_linestyle()


def test_states_writes_every_value_in_its_place():
    h = np.linspace(-1, 1, 12).reshape(2, 3, 2)
    plot = plots.states(h, ["a b c", "d e f", "g h i"])
    for t, panel in enumerate(plot.panels):
        np.testing.assert_array_equal(panel.images[0].get_array(), h[t])
        assert [float(text.get_text()) for text in panel.texts] == h[t].ravel().round(2).tolist()
    assert [label.get_text() for label in plot.panels[0].get_yticklabels()] == ["a b", "d e", "g h"]


def test_against_is_logarithmic_on_both_axes():
    plot = plots.against(np.array([1.0, 10.0]), {"error": np.array([0.1, 0.2])}, "step", "error")
    panel = plot.panels[0]
    assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
    assert lines(panel)["error"].tolist() == [0.1, 0.2]


def test_against_can_be_linear():
    curves = {"a": np.array([0.0, -1.0]), "b": np.array([1.0, 2.0])}
    plot = plots.against(np.array([1.0, 2.0]), curves, "t", "h", scale="linear")
    assert plot.panels[0].get_yscale() == "linear"
    assert lines(plot.panels[0])["a"].tolist() == [0, -1]


def test_bars_are_in_groups_and_each_panel_has_its_own_scale():
    small = {"forward": {"RNN": 1.0, "GRU": 3.0}, "backward": {"RNN": 2.0, "GRU": 6.0}}
    large = {name: {k: 10 * v for k, v in values.items()} for name, values in small.items()}
    plot = plots.bars({"small": small, "large": large}, "milliseconds")
    for panel, values in zip(plot.panels, [small, large], strict=True):
        for bars in panel.containers:
            assert [bar.get_height() for bar in bars] == list(values[bars.get_label()].values())
    assert plot.panels[1].get_ylim()[1] > 5 * plot.panels[0].get_ylim()[1]
    assert "small" in repr(plot)


def test_decay_has_a_panel_per_condition():
    curve = 0.5 ** np.arange(4.0)
    plot = plots.decay({"one": {"a": curve}, "two": {"a": 2 * curve}}, "norm")
    assert [panel.get_title() for panel in plot.panels] == ["one", "two"]
    assert lines(plot.panels[1])["a"].tolist() == (2 * curve).tolist()
    assert plot.panels[0].get_yscale() == "log"


def test_decay_has_its_legend_in_the_panel_with_most_curves():
    curve = 0.5 ** np.arange(4.0)
    plot = plots.decay({"one": {"a": curve}, "two": {"a": curve, "b": curve}}, "norm", "words")
    assert [panel.get_legend() is None for panel in plot.panels] == [True, False]
    assert {panel.get_xlabel() for panel in plot.panels} == {"words"}


def test_decay_gives_a_symbols_curve_the_symbols_color():
    plot = plots.decay({"": {"|Δh|": np.ones(3), "|Δc|": np.ones(3), "other": np.ones(3)}}, "norm")
    colors = [line.get_color() for line in plot.panels[0].lines]
    assert colors == [plots.PALETTE["h"], plots.PALETTE["c"], plots.SERIES[2]]


@pytest.mark.parametrize("names", [["RNN", "LSTM", "GRU"], ["GRU", "LSTM, bias 4", "RNN, 12"]])
def test_a_network_has_its_color_in_every_figure(names):
    wanted = [plots.NETWORKS[name.split(",")[0]] for name in names]
    success = plots.success({name: {0: 1.0, 10: 0.5} for name in names})
    decay = plots.decay({"": {name: np.ones(3) for name in names}}, "norm")
    against = plots.against(np.arange(1, 4), {name: np.ones(3) for name in names}, "x", "y")
    for plot in success, decay, against:
        assert [line.get_color() for line in plot.panels[0].lines] == wanted
    dots = plots.loss_distributions({name: {"end": np.ones(3)} for name in names})
    found = [
        to_hex(c.get_facecolor()[0]) for c in dots.panels[0].collections if c.get_label() in names
    ]
    assert [color.upper() for color in found] == wanted


def test_a_second_line_of_a_name_is_drawn_but_not_in_the_text_form():
    plot = plots.loss_distributions({"LSTM\n3 of 10": {"end": np.ones(3)}})
    assert plot.panels[0].get_xticklabels()[0].get_text() == "LSTM\n3 of 10"
    assert "LSTM" in repr(plot)
    assert "3 of 10" not in repr(plot)


def test_loss_distributions_take_strings_as_titles():
    plot = plots.loss_distributions({"RNN": {"30 ums": np.ones(3)}})
    assert plot.panels[0].get_title() == "30 ums"


def test_padding_draws_a_row_per_sequence():
    plot = plots.padding({"as they came": {0: 1, 1: 3}, "the longest first": {1: 3, 0: 1}})
    squares = [panel.collections[0].get_array().tolist() for panel in plot.panels]
    assert squares[0] == [[True, False, False], [True, True, True]]
    assert squares[1] == squares[0][::-1]
    assert plot.panels[0].get_ylim() == (2, 0)
    labels = [label.get_text() for label in plot.panels[1].get_yticklabels()]
    assert labels == ["1", "0"]


def test_level_bars_have_their_lengths_and_no_numbers():
    plot = plots.level_bars(
        {"like": {"padded": 1.5, "packed": 2.0}, "uneven": {"padded": 3, "packed": 1}}, "s"
    )
    widths = [[bar.get_width() for bar in panel.patches] for panel in plot.panels]
    assert widths == [[1.5, 2.0], [3, 1]]
    assert [label.get_text() for label in plot.panels[0].get_yticklabels()] == ["padded", "packed"]
    assert repr(plot) == "Plot: like; s\nPlot: uneven; s"


def test_dots_are_where_the_numbers_are():
    plot = plots.dots({"a": [0.1, 0.2], "b": [0.7]}, "accuracy", {"chance": 0.5})
    a, b, chance = plot.panels[0].lines
    assert (a.get_xdata().tolist(), list(a.get_ydata())) == ([0.1, 0.2], [0, 0])
    assert (b.get_xdata().tolist(), list(b.get_ydata())) == ([0.7], [1])
    assert list(chance.get_xdata()) == [0.5, 0.5]
    assert [label.get_text() for label in plot.panels[0].get_yticklabels()] == ["a", "b"]


def test_shares_writes_percents_in_their_places():
    plot = plots.shares([[0.25, 0.75], [1, 0], [0, 1]], "abc", "xy", "taken for", "is")
    (panel,) = plot.panels
    assert [text.get_text() for text in panel.texts] == ["25", "75", "100", "0", "0", "100"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b", "c"]
    assert repr(plot) == "Plot: is against taken for; 3 × 2 values"


def test_a_plot_has_a_picture_and_a_text_form():
    picture, metadata = plots.functions(np.arange(3.0), y=np.arange(3.0))._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert metadata["alt"] == "Plot: a; y"


def test_gates_draws_squares_as_large_as_the_values():
    f = np.linspace(0, 1, 10).reshape(2, 5)
    c = np.linspace(-2, 2, 10).reshape(2, 5)
    plot = plots.gates({"f": f, "c": c}, ["you", "hate"])
    for k, values, largest in [("f", f, 1), ("c", c, 2)]:
        (squares,) = plot.named[k].collections
        sides = [np.ptp(path.vertices[:, 0]) for path in squares.get_paths()]
        np.testing.assert_allclose(
            np.square(np.array(sides) / 0.88) * largest, np.abs(values.ravel())
        )
        full = squares.get_facecolor()[:, 3] > 0
        assert full.tolist() == (values.ravel() > 0).tolist()
    assert [t.get_text() for t in plot.named["f"].get_xticklabels()] == ["you", "hate"]
    assert repr(plot).endswith("Plot: $c$; full square: 2.00; 5 units × 2 words")


RUNS = {
    "RNN": {100: np.array([0.5, 0.3, 0.4]), 500: np.array([0.01, 0.03, 0.02])},
    "LSTM": {100: np.array([0.2, 0.1, 0.3]), 500: np.array([0.004, 0.006, 0.002])},
}


def test_loss_distributions_show_seeds_medians_and_the_published_run():
    plot = plots.loss_distributions(RUNS, {"RNN": {100: 0.48, 500: 0.012}})
    for panel, epoch in zip(plot.panels, [100, 500], strict=True):
        assert panel.get_title() == f"epoch {epoch}"
        assert panel.get_yscale() == "log"
        drawn = {}
        for part in panel.collections:
            points = part.get_offsets() if len(part.get_offsets()) > 1 else None
            if points is not None:
                drawn[part.get_label()] = sorted(points[:, 1])
        assert drawn == {model: sorted(losses[epoch]) for model, losses in RUNS.items()}
        segments = [c.get_segments()[0] for c in panel.collections if hasattr(c, "get_segments")]
        medians = [segment[0, 1] for segment in segments]
        assert medians == [np.median(losses[epoch]) for losses in RUNS.values()]
        crosses = [c for c in panel.collections if c.get_label() == "published"]
        assert [c.get_offsets()[0].tolist() for c in crosses] == [
            [0, {100: 0.48, 500: 0.012}[epoch]]
        ]
    assert repr(plot).startswith("Plot: epoch 100; loss (nats) (logarithmic)")


def test_success_against_distance():
    plot = plots.success({"RNN": {30: 0.0, 0: 1.0}, "GRU": {0: 1.0, 30: 0.8}})
    rnn, gru = plot.panels[0].lines
    assert rnn.get_xdata().tolist() == [0, 30]
    assert rnn.get_ydata().tolist() == [1, 0]
    assert gru.get_ydata().tolist() == [1, 0.8]
    assert rnn.get_marker() != gru.get_marker()
    assert repr(plot) == (
        "Plot: share of seeds against number of ums between subject and verb; RNN; GRU"
    )


def test_gates_refuses_a_symbol_without_a_color():
    with pytest.raises(ValueError, match="^symbols: expected some of i, f, .*, got .'k'.$"):
        plots.gates({"f": np.ones((2, 3)), "k": np.ones((2, 3))}, ["you", "hate"])


HISTORY = History(np.array([2.0, 0.01]))
UMS = "i um um um um um um um um um um um um um um um like".split()


@pytest.mark.parametrize(
    "plot",
    [
        plots.losses({"TextRNN": HISTORY}, {"ln 2": 0.69, "two": 0.46}),
        plots.fits({"without dropout": RUN, "dropout 0.3": RUN}),
        plots.gates({k: np.ones((3, 5)) for k in "figoch"}, ["you", "hate", "coffee"]),
        plots.gates({k: 2 * np.ones((12, 16)) for k in "figoch"}, UMS[:12]),
        plots.gates({k: 2 * np.ones((17, 16)) for k in "rznh"}, UMS),
        plots.loss_distributions(RUNS, {"RNN": {100: 0.48}}),
        plots.success({"LSTM, forget bias +4": {0: 1, 1: 1, 3: 1, 10: 0.6, 30: 0}}),
    ],
    ids=["losses", "fits", "gates", "16 units", "17 words", "loss_distributions", "success"],
)
def test_no_label_overlaps_another(plot):
    assert not overlaps(plot)


def overlaps(plot):
    """Return the pairs of labels that overlap in a plot."""
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [t for t in plot.findobj(Text) if t.get_text() and t.get_visible()]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    pairs = ((a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    return [(a, b) for (a, box), (b, other) in pairs if box.overlaps(other)]


# Arbitrary labels and settings ----------------------------------------------------------------

NAMES = ["costs $5 and $6", "$$", "_hidden", "$h$", "a\\$b", "{x}^2", "100 %", r"\frac"]
CURVE = np.array([1.0, 0.5, 0.2])


def every_plot(names):
    """Return a dict of functions that each draw one kind of plot, with `names` as labels."""
    curves = {name: CURVE * (n + 1) for n, name in enumerate(names)}
    label = names[0]
    return {
        "functions": lambda: plots.functions(np.arange(3.0), **curves),
        "losses": lambda: plots.losses({k: History(v) for k, v in curves.items()}, {label: 0.3}),
        "fits": lambda: plots.fits({k: RUN for k in names[:4]}),
        "over_time": lambda: plots.over_time(curves),
        "states": lambda: plots.states(np.zeros((1, len(names), 2)), [k.split()[0] for k in names]),
        "against": lambda: plots.against(np.arange(1.0, 4), curves, label, label),
        "decay": lambda: plots.decay({label: curves, "": curves}, label, label),
        "gates": lambda: plots.gates({"f": np.ones((len(names[:14]), 3))}, names[:14]),
        "loss_distributions": lambda: plots.loss_distributions(
            {k: {label: v} for k, v in curves.items()}
        ),
        "success": lambda: plots.success({k: {0: 1.0, 10: 0.5} for k in names}, label, label),
        "padding": lambda: plots.padding({label: {label: 1, "": 3}}),
        "bars": lambda: plots.bars({label: {k: {label: 1.0} for k in names}}, label),
        "level_bars": lambda: plots.level_bars({label: dict.fromkeys(names, 1.0)}, label),
        "dots": lambda: plots.dots(curves, label, {label: 0.3}),
        "shares": lambda: plots.shares(np.eye(len(names)), names, names, label, label),
    }


def drawn_as_mathematics(plot):
    """Return the strings that matplotlib parses as formulas."""
    FigureCanvasAgg(plot).draw()
    return {t.get_text() for t in plot.findobj(Text) if t._preprocess_math(t.get_text())[1]}


def test_text_is_drawn_as_it_is_written():
    for name, make in every_plot(NAMES).items():
        plot = make()
        ours = {"$f$"} if name == "gates" else set()
        assert drawn_as_mathematics(plot) == ours, name
        if name in ("functions", "losses", "over_time", "against", "decay", "success", "bars"):
            legends = [*plot.legends, *(p.get_legend() for p in plot.panels if p.get_legend())]
            told = [t.get_text().strip("\u200b") for legend in legends for t in legend.get_texts()]
            assert told == NAMES, name
            assert "; _hidden; $h$" in repr(plot)


@pytest.mark.slow
def test_there_is_room_for_any_number_of_curves_and_models():
    for make in every_plot([f"model {n}" for n in range(30)]).values():
        FigureCanvasAgg(make()).draw()  # a warning would fail the test
    looks = [plots._look(n) for n in range(28)]
    assert len({tuple(look.values()) for look in looks}) == 28
    assert plots._look(1000)


def test_a_plot_looks_the_same_whatever_the_rcparams():
    """Style sheets, LaTeX and large fonts don't affect the plots."""
    theirs = {
        "text.usetex": True,
        "font.size": 30,
        "figure.autolayout": True,
        "axes.facecolor": "black",
        "lines.marker": "x",
        "savefig.bbox": "tight",
        "svg.fonttype": "none",
    }
    some = [every_plot(["RNN", "LSTM"])[name] for name in ("losses", "gates", "bars")]
    before = [make().svg() for make in some]
    with matplotlib.rc_context(theirs):
        assert [make().svg() for make in some] == before
        assert matplotlib.rcParams["font.size"] == 30


def test_a_logarithmic_axis_has_powers_of_ten_as_plain_text():
    plot = plots.against(10.0 ** np.arange(-12, 1), {"a": 10.0 ** np.arange(-12, 1)}, "x", "y")
    FigureCanvasAgg(plot).draw()
    assert "10⁻¹²" in [label.get_text() for label in plot.panels[0].get_xticklabels()]
    plot = plots.against(np.array([1.0, 3.0]), {"a": np.array([1.0, 3.0])}, "x", "y")
    FigureCanvasAgg(plot).draw()
    assert "2×10⁰" in [label.get_text() for label in plot.panels[0].get_xticklabels(which="minor")]
