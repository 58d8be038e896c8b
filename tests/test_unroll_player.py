"""UnrollPlayer without a browser: its numbers are torch's, and wrong use is answered."""

import json
import re

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from gatewise.models import TextGRU, TextLSTM, TextRNN
from gatewise.text import SENTENCES, Vocabulary, one_hot
from gatewise.widgets import UnrollPlayer

UM = " um" * 30
SWAPPED = ["you love coffee", "i like milk", "dog", "i" + " you" * 20]


def player(kind=TextLSTM, vocabulary=None, hidden=5, **settings):
    torch.manual_seed(0)
    vocabulary = vocabulary or Vocabulary()
    return UnrollPlayer(kind(len(vocabulary), hidden), vocabulary, **settings)


def by_torch(kind, vocabulary, sentence, hidden=5):
    """Gates, states and probabilities, by torch's own modules, in float32, step by step."""
    torch.manual_seed(0)
    model = kind(len(vocabulary), hidden)
    x = torch.from_numpy(one_hot(vocabulary.encode(sentence), len(vocabulary), np.float32))
    with torch.no_grad():
        h = model.rnn(x[:, None])[0][:, 0]
        p = torch.stack([model(x[: t + 1, None])[0].softmax(0) for t in range(len(x))])
        before = torch.cat([torch.zeros(1, hidden), h[:-1]])
        W_ih, W_hh, b_ih, b_hh = model.rnn.parameters()
        a, u = x @ W_ih.T + b_ih, before @ W_hh.T + b_hh
        theirs = {"h": h, "p": p}
        if kind is TextLSTM:
            c = [model.rnn(x[: t + 1, None])[1][1][0, 0] for t in range(len(x))]
            i, f, g, o = (a + u).chunk(4, dim=1)
            theirs |= {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
            theirs["c"] = torch.stack(c)
        if kind is TextGRU:
            (a_r, a_z, a_n), (u_r, u_z, u_n) = a.chunk(3, dim=1), u.chunk(3, dim=1)
            r = (a_r + u_r).sigmoid()
            theirs |= {"r": r, "z": (a_z + u_z).sigmoid(), "n": (a_n + r * u_n).tanh()}
    return {k: v.numpy() for k, v in theirs.items()}


@pytest.mark.parametrize("kind", [TextRNN, TextLSTM, TextGRU])
@pytest.mark.parametrize("sentence", [*SENTENCES, *SWAPPED])
def test_values_are_torchs(kind, sentence):
    run = player(kind, sentences=[sentence]).values["runs"][0]
    theirs = by_torch(kind, Vocabulary(), sentence)
    assert run.pop("words") == sentence.split()
    assert run.keys() == theirs.keys()
    for k, value in theirs.items():
        np.testing.assert_allclose(run[k], value, atol=1e-5, err_msg=k)


def test_other_words_and_long_sentences():
    vocabulary = Vocabulary([*SENTENCES, "um"])
    assert len(vocabulary) == 10
    sentences = [f"i{UM} love", f"you{UM} love"]
    widget = player(TextGRU, vocabulary, 16, sentences=sentences)
    theirs = by_torch(TextGRU, vocabulary, sentences[1], 16)
    np.testing.assert_allclose(widget.values["runs"][1]["p"], theirs["p"], atol=1e-5)
    assert widget.step == 32


def test_two_sentences_are_so_far_apart():
    widget = player()
    assert widget.sentences == ["i love", "you love"]
    one, other = widget.values["runs"]
    for k in "ch":
        apart = np.linalg.norm(np.subtract(one[k], other[k]), axis=1)
        np.testing.assert_allclose(widget.values["apart"][k], apart)
    assert player(TextRNN).values["apart"].keys() == {"h"}
    assert player(sentences=["i love"]).values["apart"] == {}
    assert len(player(sentences=["i", "you love"]).values["apart"]["c"]) == 1


def test_with_f_held_at_zero_c_is_i_times_g():
    widget = player(clamp={"f": 0})
    free = player().values["runs"]
    for run, before in zip(widget.values["runs"], free, strict=True):
        assert not np.any(run["f"])
        np.testing.assert_allclose(run["c"], np.multiply(run["i"], run["g"]))
        np.testing.assert_allclose(run["h"], np.multiply(run["o"], np.tanh(run["c"])))
        assert not np.allclose(run["p"][1], before["p"][1])


def test_one_unit_is_held_over_its_gate():
    run = player(clamp={"o": 0.5, "o3": 1}).values["runs"][0]
    assert run["o"] == [[0.5, 0.5, 0.5, 1, 0.5]] * 2


def test_a_gru_with_z_held_at_one_keeps_nothing_but_its_start():
    run = player(TextGRU, clamp={"z": 1}).values["runs"][0]
    assert not np.any(run["h"])
    run = player(TextGRU, clamp={"z": 0, "r": 0}).values["runs"][0]
    np.testing.assert_allclose(run["h"], run["n"])


def test_a_setting_from_python_is_computed_anew():
    widget = player(step=1)
    widget.sentences = ["i hate milk"]
    assert widget.step == 3
    assert widget.values["runs"][0]["words"] == ["i", "hate", "milk"]
    widget.clamp = {"i": 0}
    assert not np.any(widget.values["runs"][0]["c"])


def test_what_the_browser_computed_is_taken_as_it_is():
    widget = player()
    widget.set_state({"clamp": {"f": 0}, "values": {"runs": [], "apart": {}}})
    assert widget.values == {"runs": [], "apart": {}}
    assert widget.clamp == {"f": 0}


def test_units_are_sorted_or_chosen():
    widget = player(sort=True)
    apart = np.abs(np.subtract(*(run["c"] for run in widget.values["runs"]))).sum(axis=0)
    assert widget._order() == np.argsort(-apart).tolist()
    assert player(units=[4, 1])._order() == [4, 1]
    widget.units = [int(np.argsort(apart)[0]), int(np.argsort(-apart)[0])]
    assert widget._order() == widget.units[::-1]


def test_the_weights_go_over_once_as_plain_numbers():
    widget = player()
    parts = json.loads(json.dumps(widget.network))
    assert np.shape(parts["W_ih"]) == (20, 9)
    assert np.shape(parts["W"]) == (5, 9)
    assert parts["vocabulary"] == list(Vocabulary().words)
    json.dumps(widget.values)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sentences": ["i luv"]}, "unknown word 'luv'; the nearest known: love, you, milk"),
        ({"sentences": []}, "one sentence or two are meant; got 0"),
        ({"sentences": ["i", " "]}, "the sentence is empty"),
        ({"clamp": {"g": 0}}, "no gate 'g' to clamp: there are i, f, o"),
        ({"clamp": {"f5": 0}}, "no unit '5' in 'f5': there are 0 to 4"),
        ({"clamp": {"f": 2}}, "clamp['f'] is 2, but a number from 0 to 1 is meant"),
        ({"step": 3}, "step 3 does not exist: there are 1 to 2"),
        ({"unit": 5}, "unit 5 does not exist: there are 0 to 4"),
        ({"units": [0, -1]}, "unit -1 does not exist: there are 0 to 4"),
        ({"kind": TextRNN, "clamp": {"f": 0}}, "no gate 'f' to clamp: an RNN has none"),
        (
            {"speed": 2},
            "no setting 'speed': there are sentences, clamp, step, unit, units, sort",
        ),
    ],
)
def test_wrong_use_is_answered_in_a_sentence(settings, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        player(**settings)


def test_another_model_or_vocabulary_is_refused():
    with pytest.raises(ValueError, match="a TextRNN, TextLSTM or TextGRU is meant, not Linear"):
        UnrollPlayer(torch.nn.Linear(2, 2), Vocabulary())
    with pytest.raises(ValueError, match="the vocabulary has 9 words, but the model takes 10"):
        UnrollPlayer(TextLSTM(10), Vocabulary())


def test_a_wrong_setting_leaves_the_widget_as_it_was():
    widget = player()
    with pytest.raises(ValueError, match="unknown word"):
        widget.sentences = ["i luv", "you love"]
    assert widget.sentences == ["i love", "you love"]


def labels_that_meet(plot):
    canvas = FigureCanvasAgg(plot)
    canvas.draw()
    axes = [axis for panel in plot.axes for axis in (panel.xaxis, panel.yaxis)]
    ticks = [(tick, *sorted(axis.get_view_interval())) for axis in axes for tick in axis.majorTicks]
    unseen = [tick.label1 for tick, low, high in ticks if not low <= tick.get_loc() <= high]
    texts = [t for t in plot.findobj(Text) if t.get_text() and t.get_visible() and t not in unseen]
    boxes = [(t.get_text(), t.get_window_extent(canvas.get_renderer())) for t in texts]
    pairs = ((a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    return [(a, b) for (a, box), (b, other) in pairs if box.overlaps(other)]


def test_the_picture_shows_the_same_numbers():
    widget = player(clamp={"f": 0}, step=1)
    plot = widget.picture()
    for b, run in enumerate(widget.values["runs"]):
        for k in "figoch":
            (squares,) = plot.named[f"{k}{b}"].collections
            sides = [np.ptp(path.vertices[:, 0]) for path in squares.get_paths()]
            scale = max(1, *(np.abs(other[k]).max() for other in widget.values["runs"]))
            areas = np.square(sides) / 0.88**2 * scale
            np.testing.assert_allclose(areas, np.abs(run[k]).ravel(), atol=1e-9)
            full = squares.get_facecolor()[:, 3] > 0
            assert (full == (np.ravel(run[k]) > 0)).all()
    for bars, k in zip(plot.named["apart"].containers, "ch", strict=True):
        assert [bar.get_height() for bar in bars] == widget.values["apart"][k]
    for bars, run in zip(plot.named["next"].containers, widget.values["runs"], strict=True):
        assert [bar.get_height() for bar in bars] == run["p"][0]
    ticks = [text.get_text() for text in plot.named["next"].get_xticklabels()]
    assert ticks == list(Vocabulary().words)
    assert plot.named["f0"].get_title() == "$f$ = 0, A"
    assert "Plot: A and B apart against step; |Δc|; |Δh|" in repr(plot)


@pytest.mark.parametrize("kind", [TextRNN, TextLSTM, TextGRU])
@pytest.mark.parametrize("sentences", [["i"], ["i love", "you love"], ["i" + UM, f"you{UM} love"]])
def test_no_label_of_the_picture_meets_another(kind, sentences):
    vocabulary = Vocabulary([*SENTENCES, "um"])
    assert labels_that_meet(player(kind, vocabulary, 16, sentences=sentences).picture()) == []


def test_a_bundle_has_a_picture_and_a_fixed_repr():
    widget = player()
    data, metadata = widget._repr_mimebundle_()
    assert data["text/plain"] == repr(widget) == "UnrollPlayer"
    assert data["image/png"].startswith("iVBOR")
    assert "Plot: $f$, A" in metadata["image/png"]["alt"]
