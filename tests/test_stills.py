"""The still pictures show the given numbers for all sizes and words."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from gatewise.drawings.values import figure, gradient_thickness, nice, number, thickness
from gatewise.plots import PALETTE
from gatewise.widgets import stills
from gatewise.widgets.stills.unroll_player import LIKELY, UNITS, WORDS

RNG = np.random.default_rng(3)


def texts(plot):
    return [t.get_text() for t in plot.findobj(Text) if t.get_text() and t.get_visible()]


def line(panel, label):
    (found,) = [line for line in panel.lines if line.get_label() == label]
    return found.get_xydata()


def meetings(plot):
    """Return the pairs of labels whose boxes overlap even when shrunk by a pixel on each side."""
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    found = []
    for text in plot.findobj(Text):
        axes = getattr(text, "axes", None)
        if text.get_text() and text.get_visible() and not (axes and unseen_tick(text, axes)):
            box = text.get_window_extent(canvas.get_renderer())
            found.append((text.get_text(), box.padded(-1)))
    pairs = ((a, b) for i, a in enumerate(found) for b in found[:i])
    return [(a, b) for (a, box), (b, other) in pairs if box.overlaps(other)]


def unseen_tick(text, axes):
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.majorTicks:
            if text in (tick.label1, tick.label2):
                return not low <= tick.get_loc() <= high
    return False


# ── GateExplorer and GRUExplorer ──

NAMES = dict(f="forget", i="input", g="candidate", o="output", r="reset", z="update", n="candidate")
LSTM = {
    **dict(f=0.73, i=0.25, g=-0.76, o=0.73, kept=0.37, added=-0.19, c=0.18, tanh_c=0.18, h=0.13),
    **dict(a_f=1.0, a_i=-1.1, a_g=-1.0, a_o=1.0),
}
GRU = {
    **dict(r=0.5, z=0.38, n=-0.9, q=1.0, gated=0.5, kept=0.19, rest=0.62, added=-0.56, h=-0.37),
    **dict(a_r=0.0, a_z=-0.5, a_n=-1.47),
}
X = [1.0, 0.0, -1.0, 2.0]
STATES = {"c": [0.5, 0.1, -0.4, 0.3, 1.2], "h": [-0.25, 0.1, -0.2, 0.2, 0.6]}


def gates(letters, **more):
    return {**dict.fromkeys(letters, 0.5), **more}


def gate_explorer(cell="lstm", judged=None, strip=None, title="A sequence", **settings):
    letters = "figo" if cell == "lstm" else "rzn"
    own = {"c_before": 0.5} if cell == "lstm" else {"reset_after": cell == "gru"}
    own |= {"x": 1.0, "h_before": -0.25, "w_x": gates(letters, f=-10.0), "w_h": gates(letters)}
    own |= {"b": gates(letters, q=0.125)} | settings
    states = STATES if cell == "lstm" else {"h": STATES["h"]}
    values = LSTM if cell == "lstm" else GRU
    return stills.gate_explorer(own, values, strip or {"x": X, **states}, NAMES, title, judged)


@pytest.mark.parametrize("cell", ["lstm", "gru", "gru before"])
def test_gate_explorer_shows_the_cell_with_its_values(cell):
    plot, values = gate_explorer(cell), LSTM if cell == "lstm" else GRU
    (panel, *_) = plot.panels
    per_unit = 0.72 * 700 / 600
    thick = [patch.get_linewidth() / per_unit for patch in panel.patches]
    for name in set(values) - {a for a in values if a.startswith("a_")}:
        assert np.isclose(thick, thickness(values[name])).any(), name
    written = [text.get_text() for text in panel.texts]
    signed = "kept added c h g" if cell == "lstm" else "kept added h n q gated"
    assert {number(values[k], sign=True) for k in signed.split()} <= set(written)
    state = ["+0.50", "−0.25", "+1.00"] if cell == "lstm" else ["−0.25", "+1.00"]
    assert set(state) <= set(texts(plot))


@pytest.mark.parametrize(("cell", "values"), [("lstm", LSTM), ("gru", GRU)])
def test_each_gate_has_its_dot_on_its_curve(cell, values):
    plot = gate_explorer(cell)
    for k in "figo" if cell == "lstm" else "rzn":
        curve, _, dot = plot.named[k].lines[-3:]
        assert dot.get_xydata().tolist() == [[values[f"a_{k}"], values[k]]]
        squash = np.tanh if k in "gn" else lambda a: 1 / (1 + np.exp(-a))
        a, value = curve.get_xydata().T
        np.testing.assert_allclose(value, squash(a), atol=1e-12)
        assert curve.get_color() == PALETTE[k]


def test_the_sequence_has_a_bar_for_each_input_and_a_point_for_each_state():
    plot = gate_explorer()
    (bars,) = plot.named["x"].containers
    assert [bar.get_height() for bar in bars] == X
    for k in "ch":
        assert line(plot.named["states"], k).T.tolist() == [[0, 1, 2, 3, 4], STATES[k]]
    assert {"c 1.20", "h 0.60"} <= set(texts(plot))
    assert repr(plot).startswith("Plot: lstm-cell\nPlot: forget; σ\n")
    assert repr(plot).endswith("Plot: A sequence; x\nPlot: step of the sequence; c; h")


def test_a_unit_of_a_network_shows_the_held_values():
    held = {"f": 0.75, "i": 0.0, "g": -3.0, "o": 0.0}
    said = texts(gate_explorer(note="unit 3, costs $5 and $6", held=held))
    assert {"unit 3, costs $5 and $6", "+0.75", "−3.00"} <= set(said)
    assert "+0.75" not in texts(gate_explorer(held=held))


def test_a_judged_sequence_has_bounds_only_where_c_is_not_free():
    judged = {"low": [None, 0.5, -0.1, None], "high": [None, None, 0.1, None], "text": "‘$_$"}
    plot = gate_explorer(judged=judged, title="1 of 8 sequences")
    panel = plot.named["states"]
    (allowed,) = [c for c in panel.containers if c.get_label() == "allowed"]
    top = panel.get_ylim()[1]
    assert [bar.get_x() + 0.5 for bar in allowed] == [2, 3]
    bounds = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in allowed]
    np.testing.assert_allclose(bounds, [(0.5, top), (-0.1, 0.1)])
    assert [label.get_text() for label in panel.get_xticklabels()] == ["‘", "$", "_", "$"]
    assert "1 of 8 sequences" in texts(plot)


LONG = {"x": np.linspace(-5, 5, 50), "c": np.linspace(-9, 9, 51), "h": np.linspace(-1, 1, 51)}


@pytest.mark.parametrize(
    "plot",
    [
        gate_explorer(),
        gate_explorer("gru"),
        gate_explorer("gru before", note="unit 1", held=gates("rzn", q=1.0)),
        gate_explorer(strip=LONG),
        gate_explorer(strip={"x": [0.0], "c": [0.0, 0.0], "h": [0.0, 0.0]}),
    ],
    ids=["lstm", "gru", "before, held", "50 inputs", "one input"],
)
def test_no_labels_of_a_gate_explorer_overlap(plot):
    assert meetings(plot) == []


# ── BackwardExplorer ──

CURVES = {
    **dict(dc="LSTM dc", dh="LSTM dh", rnn="RNN dh", whole="dc, uncut", wire="wire ∏ f"),
    **dict(detour="detour", none="RNN dh 0", loss="loss", size="|gradient|"),
}


def backward_explorer(T=8, read=6, step=4, stage="dc", detach=False, sentence=""):
    names = "dh do dc df di dg da_i da_f da_g da_o dh_before dc_before".split()
    signs = RNG.choice([-1, 1], (len(names), T))
    ours = dict(zip(names, signs * 0.4 ** RNG.uniform(0, 9, (len(names), T)), strict=True))
    theirs = {k: 0.5 ** np.arange(T)[::-1] for k in ("dh", "da", "dh_before")}
    if detach:
        theirs = {k: np.where(np.arange(T) == read - 1, v, 0) for k, v in theirs.items()}
        ours["dh_before"] = np.zeros(T)
    split = {k: ours["dc"] * n for n, k in enumerate(["whole", "wire", "detour"], start=1)}
    settings = dict(x=RNG.normal(size=20), T=T, read=read, step=step, stage=stage, detach=detach)
    plot = stills.backward_explorer(settings, ours, theirs, split, CURVES, sentence)
    return plot, ours, theirs, split


def test_the_curves_are_solid_where_the_gradient_is_known():
    plot, ours, theirs, _ = backward_explorer()
    panel = plot.named["gradients"]
    for name, values, start in [
        ("LSTM dc", ours["dc"], 4),
        ("LSTM dh", ours["dh"], 4),
        ("RNN dh", theirs["dh"], 4),
    ]:
        found = line(panel, name)
        assert found[:, 0].tolist() == list(range(start, 7))
        np.testing.assert_array_equal(found[:, 1], np.abs(values[start - 1 : 6]))
    assert panel.get_yscale() == "log"
    assert repr(plot).startswith(
        "Plot: |gradient| (logarithmic) against step t; LSTM dc; LSTM dh; RNN dh\n"
    )
    before = backward_explorer(stage="do")[0].named["gradients"]
    assert line(before, "LSTM dc")[0, 0] == 5
    after = backward_explorer(stage="back")[0].named["gradients"]
    assert line(after, "LSTM dh")[0, 0] == 3


def test_the_cells_show_the_gradients_known_at_the_stage():
    plot, ours, theirs, _ = backward_explorer()
    written = {name: [t.get_text() for t in plot.named[name].texts] for name in ("LSTM", "RNN")}
    assert {figure(ours[k][3]) for k in ("dh", "do", "dc")} <= set(written["LSTM"])
    assert figure(ours["dc_before"][4]) in written["LSTM"]
    assert figure(ours["df"][3]) not in written["LSTM"]
    assert figure(theirs["dh"][3]) in written["RNN"]
    per_unit = 0.72 * (860 - 28 - 16) / 1040
    thick = [patch.get_linewidth() / per_unit for patch in plot.named["LSTM"].patches]
    assert np.isclose(thick, gradient_thickness(ours["dc"][3])).any()
    assert "$c_{3}$" in written["LSTM"]


def test_at_the_loss_the_gradient_comes_from_above():
    plot, ours, *_ = backward_explorer(step=6, stage="dc")
    written = [text.get_text() for text in plot.named["LSTM"].texts]
    assert written.count(figure(ours["dh"][5])) == 1
    assert "$dh_{6}$" in written
    assert "$h_{6}$" in written  # no gradient enters from the right


def test_with_h_detached_the_detour_is_a_separate_curve():
    plot, _, _, split = backward_explorer(detach=True, step=2)
    panel = plot.named["gradients"]
    for name, key in [("dc, uncut", "whole"), ("wire ∏ f", "wire"), ("detour", "detour")]:
        np.testing.assert_array_equal(line(panel, name)[:, 1], np.abs(split[key][1:6]))
    assert "RNN dh 0" in texts(plot)


@pytest.mark.parametrize("stage", ["dc", "da", "back"])
@pytest.mark.parametrize(("T", "read", "step"), [(8, 8, 8), (20, 15, 3), (2, 1, 1)])
def test_no_labels_of_a_backward_explorer_overlap(T, read, step, stage):
    sentence = "c_3 is blamed twice: for h_3, and along the wire for c_4."
    assert meetings(backward_explorer(T, read, step, stage, sentence=sentence)[0]) == []


# ── UnrollPlayer ──

PLAYER = {
    **dict(f="forget", i="input", g="candidate", o="output", c="memory", h="shown"),
    **dict(r="reset", z="update", n="candidate", likely="next word", where="word {t} of {T}"),
    **dict(says="{name} says {word}", above="above zero", below="below zero", dotted="dotted"),
    **{"held": "held at {value}", "held one": "unit {unit} held at {value}"},
    **dict(scale="full square: {scale}", legend="A and B: the two sentences"),
}


def player(sentences=("i love", "you love"), letters="figoch", D=9, H=5, step=None, **more):
    vocabulary = ["$$", "<b>", *(f"word{n}" for n in range(2, D))]
    runs = []
    for sentence in sentences:
        words = sentence.split()
        run = {k: RNG.uniform(-2 if k in "cgh" else 0, 1, (len(words), H)) for k in letters}
        p = RNG.uniform(size=(len(words), D)) ** 9
        runs.append({"words": words, **run, "p": p / p.sum(axis=1, keepdims=True)})
    T = [len(run["words"]) for run in runs]
    pair = len(runs) > 1
    apart = {k: RNG.uniform(size=min(T)).tolist() for k in "ch" if k in letters and pair}
    settings = dict(step=step or max(T), units=range(H), clamp={}, names=PLAYER) | more
    values = {"runs": runs, "apart": apart}
    return stills.unroll_player(values, vocabulary, **settings), values, vocabulary


def test_the_squares_are_as_large_as_the_values():
    plot, values, _ = player(step=1)
    scale = nice(max(np.abs(run["c"]).max() for run in values["runs"]))
    for b, run in enumerate(values["runs"]):
        for k in "figoch":
            (found,) = plot.named[f"{k}{b}"].collections
            sides = np.array([np.ptp(path.vertices[:, 1]) for path in found.get_paths()])
            areas = np.square(sides / 0.88) * (scale if k == "c" else 1)
            np.testing.assert_allclose(areas, np.abs(run[k]).ravel(), atol=1e-9)
            full = found.get_facecolor()[:, 3] > 0
            assert (full == (run[k].ravel() > 0)).all()
            faint = found.get_edgecolor()[:, 3] < 1
            assert (faint == np.repeat([False, True], 5)).all()
    assert f"full square: {scale:g}" in texts(plot)


def test_the_bars_are_distances_and_probabilities():
    plot, values, vocabulary = player(step=1)
    for bars, k in zip(plot.named["apart"].containers, "ch", strict=True):
        assert [bar.get_height() for bar in bars] == values["apart"][k]
    for bars, run, side in zip(plot.named["next"].containers, values["runs"], (-1, 1), strict=True):
        widths = [side * bar.get_width() for bar in bars]
        np.testing.assert_allclose(widths, 60 * run["p"][0], atol=1e-6)
    first, second = (vocabulary[run["p"][0].argmax()] for run in values["runs"])
    assert f"A says {first}, B says {second}" in texts(plot)
    assert "A and B apart against step; |Δc|; |Δh|" in repr(plot)


def test_words_are_drawn_as_written():
    plot, *_ = player(["$$ a_b $x$", "<b> $$ $x$"])
    shown = [t for t in plot.findobj(Text) if t.get_text() in ("$$", "a_b", "$x$", "<b>")]
    assert len(shown) >= 6
    assert not any(t.get_parse_math() for t in shown)
    picture, _ = plot._repr_png_()
    assert picture.startswith(b"\x89PNG")


def artists(plot):
    return len(plot.findobj())


def test_the_cost_does_not_grow_with_the_vocabulary():
    small, large = player(D=LIKELY)[0], player(D=4000)[0]
    assert artists(small) == artists(large)
    assert len(large.named["next"].containers[0]) == LIKELY


def test_the_likeliest_words_are_shown():
    plot, values, vocabulary = player(D=300)
    best = np.max([run["p"][-1] for run in values["runs"]], axis=0)
    likely = {vocabulary[n] for n in np.argsort(best)[-LIKELY:]}
    assert likely <= set(texts(plot))


def test_the_cost_does_not_grow_with_units_or_words():
    large, *_ = player([" ".join(["a", "b"] * 40)], H=UNITS, letters="h", step=41)
    huge, *_ = player([" ".join(["a", "b"] * 400)], H=4 * UNITS, letters="h", step=401)
    for plot in (large, huge):
        (squares,) = plot.named["h0"].collections
        assert len(squares.get_paths()) == UNITS * WORDS
    assert "word 401 of 800" in texts(huge)
    assert f"{UNITS} of {4 * UNITS} units; words 372 to 431 of 800" in texts(huge)
    assert artists(huge) <= artists(large) + 5


def test_a_sentence_that_ends_early_shows_its_last_word():
    plot, values, _ = player(["a b", " ".join("ab" * 50)], letters="h", step=90)
    assert f"{number(values['runs'][0]['h'][-1, 0], True)}" in texts(plot)


def test_held_gates_are_named_and_free_runs_are_dotted():
    free = [np.full(9, 1 / 9), np.full(9, 1 / 9)]
    plot, *_ = player(clamp={"f": 0.5, "i3": 1, "i1": 0, "i2": 0}, free=free)
    assert {"held at 0.5", "unit 3 held at 1; 2 more", "dotted"} <= set(texts(plot))
    assert len(plot.named["next"].collections) > 0
    assert len(player()[0].named["next"].collections) == 0


UM = " um" * 15


@pytest.mark.parametrize("letters", ["h", "rznh", "figoch"])
@pytest.mark.parametrize(
    "sentences",
    [
        ["i"],
        ["i love", "you love"],
        ["i" + UM, f"you{UM} love"],
        ["a-word-that-has-no-end-at-all-for-any-purpose b", "c"],
    ],
    ids=["one word", "two", "ums", "long word"],
)
def test_no_labels_of_a_player_overlap(letters, sentences):
    assert meetings(player(sentences, letters, H=16)[0]) == []


def test_no_labels_overlap_with_one_unit():
    assert meetings(player(H=1)[0]) == []
