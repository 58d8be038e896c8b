"""The plots show the numbers they are given, and say so in words."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from gatewise import plots
from gatewise.training import History


def lines(panel):
    return {line.get_label(): line.get_ydata() for line in panel.lines}


def test_functions():
    x = np.linspace(-1, 1, 5)
    plot = plots.functions(x, square=x**2)
    np.testing.assert_array_equal(lines(plot.panels[0])["square"], x**2)
    assert repr(plot) == "Plot: a; square"


def test_losses_start_at_epoch_one():
    loss = np.array([1.0, 0.5, 0.25])
    plot = plots.losses({"TextRNN": History(loss)}, {"floor": 0.2})
    (curve, floor) = plot.panels[0].lines
    assert curve.get_xdata().tolist() == [1, 2, 3]
    assert curve.get_ydata().tolist() == loss.tolist()
    assert floor.get_ydata() == [0.2, 0.2]
    assert repr(plot) == "Plot: loss (nats) (logarithmic) against epoch; TextRNN"


def test_over_time_has_the_letters_in_their_colours():
    plot = plots.over_time({"c": np.arange(3.0), "h": np.ones(3)})
    c, h = plot.panels[0].lines
    assert (c.get_label(), c.get_color()) == ("c", plots.PALETTE["c"])
    assert c.get_xdata().tolist() == [1, 2, 3]
    assert h.get_ydata().tolist() == [1, 1, 1]
    assert c.get_linestyle() != h.get_linestyle()


def test_states_writes_every_value_into_its_place():
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


def test_decay_has_a_panel_a_condition():
    curve = 0.5 ** np.arange(4.0)
    plot = plots.decay({"one": {"a": curve}, "two": {"a": 2 * curve}}, "norm")
    assert [panel.get_title() for panel in plot.panels] == ["one", "two"]
    assert lines(plot.panels[1])["a"].tolist() == (2 * curve).tolist()
    assert plot.panels[0].get_yscale() == "log"


def test_padding_draws_a_row_a_sequence():
    plot = plots.padding({"as they came": [1, 3], "the longest first": [3, 1]})
    squares = [panel.collections[0].get_array().tolist() for panel in plot.panels]
    assert squares[0] == [[True, False, False], [True, True, True]]
    assert squares[1] == squares[0][::-1]
    assert plot.panels[0].get_ylim() == (2, 0)


def test_bars_have_their_lengths_and_say_no_number():
    plot = plots.bars(
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


def test_shares_writes_hundredths_into_their_places():
    plot = plots.shares([[0.25, 0.75], [1, 0], [0, 1]], "abc", "xy", "taken for", "is")
    (panel,) = plot.panels
    assert [text.get_text() for text in panel.texts] == ["25", "75", "100", "0", "0", "100"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b", "c"]
    assert repr(plot) == "Plot: is against taken for; 3 × 2 values"


def test_a_plot_is_a_picture_with_words():
    picture, metadata = plots.functions(np.arange(3.0), y=np.arange(3.0))._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert metadata["alt"] == "Plot: a; y"


def test_no_label_overlaps_another():
    plot = plots.losses({"TextRNN": History(np.array([2.0, 0.01]))}, {"ln 2": 0.69, "two": 0.46})
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [t for t in plot.findobj(Text) if t.get_text()]
    boxes = [t.get_window_extent(renderer) for t in texts if t.get_visible()]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
