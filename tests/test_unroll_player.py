"""Tests of UnrollPlayer in Python: its values, settings and error messages."""

import json
import re
from base64 import b64decode

import numpy as np
import pytest
import torch
from matplotlib.text import Text
from torch import nn

from gatewise.models import TextGRU, TextLSTM, TextLSTMWithout, TextRNN
from gatewise.text import SENTENCES, Vocabulary, one_hot
from gatewise.widgets import UnrollPlayer
from gatewise.widgets.unroll_player import difference

UM = " um" * 30
SWAPPED = ["you love coffee", "i like milk", "dog", "i" + " you" * 20]


def player(kind=TextLSTM, vocabulary=None, hidden=5, **settings):
    torch.manual_seed(0)
    vocabulary = vocabulary or Vocabulary()
    return UnrollPlayer(kind(len(vocabulary), hidden), vocabulary, **settings)


def by_torch(kind, vocabulary, sentence, hidden=5):
    """Return the gates, states and probabilities that torch computes for each step in float32."""
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


def test_the_distances_between_two_sentences_are_right():
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
    assert run["o"].tolist() == [[0.5, 0.5, 0.5, 1, 0.5]] * 2


def test_a_gru_with_z_held_at_one_keeps_its_initial_state():
    run = player(TextGRU, clamp={"z": 1}).values["runs"][0]
    assert not np.any(run["h"])
    run = player(TextGRU, clamp={"z": 0, "r": 0}).values["runs"][0]
    np.testing.assert_allclose(run["h"], run["n"])


def test_a_setting_from_python_updates_the_values():
    widget = player()
    widget.sentences = ["i hate milk"]
    assert widget.step == 3  # the player stays at the last word
    widget.step = 2
    widget.sentences = ["i hate", "you love dog"]
    assert widget.step == 2
    widget.sentences = ["i hate milk"]
    assert widget.values["runs"][0]["words"] == ["i", "hate", "milk"]
    widget.clamp = {"i": 0}
    assert not np.any(widget.values["runs"][0]["c"])


def test_units_are_sorted_or_chosen():
    widget = player(sort=True)
    apart = np.abs(np.subtract(*(run["c"] for run in widget.values["runs"]))).sum(axis=0)
    assert widget.values["order"] == np.argsort(-apart).tolist()
    assert player(units=[4, 1]).values["order"] == [4, 1]
    widget.clamp = {f"i{widget.unit}": 0}
    held = np.abs(np.subtract(*(run["c"] for run in widget.values["runs"]))).sum(axis=0)
    assert np.argsort(-held).tolist() != np.argsort(-apart).tolist() == widget.values["order"]
    widget.units = [int(np.argsort(apart)[0]), int(np.argsort(-apart)[0])]
    assert widget.values["order"] == widget.units[::-1]


def test_the_weights_go_over_once_as_one_buffer_or_as_its_text():
    widget = player()
    network = widget.constants["network"]
    assert network["lengths"] == [20 * 9, 20 * 5, 20, 20, 5 * 9, 9]
    assert (network["weights"].nbytes, network["bits"]) == (4 * sum(network["lengths"]), 32)
    assert network["tokens"] == list(Vocabulary().words)
    as_text = json.loads(json.dumps(widget.plain()))["network"]["weights"]
    assert b64decode(as_text) == network["weights"].tobytes()


def by_class(change, kind=TextLSTM):
    """Return a model whose class calls `change` to create the recurrent layer."""
    return type("Mine", (kind,), {"kind": staticmethod(change)})(9)


def lstm_of(**options):
    return by_class(lambda words, hidden: nn.LSTM(words, hidden, **options))


def normed():
    model = TextLSTM(9)
    nn.utils.parametrizations.weight_norm(model.rnn, "weight_hh_l0")
    model.rnn.parametrizations.weight_hh_l0.original0.data += 1
    return model


def hooked():
    model = TextLSTM(9)
    model.rnn.register_forward_hook(lambda module, given, made: (2 * made[0], made[1]))
    return model


REFUSED = {
    "nothing of text": (lambda: nn.Linear(2, 2), "got Linear"),
    "a cell with a part left out": (lambda: TextLSTMWithout(9), "which has a forward pass of its"),
    "two directions": (lambda: lstm_of(bidirectional=True), "(outputs, 10) and (outputs,), got"),
    "a projection": (lambda: lstm_of(proj_size=3), "proj_size=0, got 3"),
    "dropout": (lambda: lstm_of(num_layers=2, dropout=0.5), "dropout=0 or eval(), got 0.5"),
    "batch first": (lambda: lstm_of(batch_first=True), "got Mine with batch_first=True"),
    "relu": (
        lambda: by_class(lambda D, H: nn.RNN(D, H, nonlinearity="relu"), TextRNN),
        "nonlinearity='tanh', got 'relu'",
    ),
    "a hook": (hooked, "no forward hooks, got 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_is_not_read_as_it_computes_is_refused(name):
    make, sentence = REFUSED[name]
    with pytest.raises(
        ValueError, match=f"^(model|module|readout): expected .*{re.escape(sentence)}"
    ):
        UnrollPlayer(make(), Vocabulary())


@pytest.mark.parametrize("layer", [0, 1])
def test_a_layer_of_two_is_the_one_that_is_chosen(layer):
    torch.manual_seed(0)
    model = lstm_of(num_layers=2)
    widget = UnrollPlayer(model, Vocabulary(), layer=layer)
    x = torch.from_numpy(one_hot(Vocabulary().encode("i love"), 9, np.float32))[:, None]
    run = widget.values["runs"][0]
    with torch.no_grad():
        np.testing.assert_allclose(run["p"][-1], model(x)[0].softmax(0), atol=1e-6)
        (h_n, c_n) = model.rnn(x)[1]
    np.testing.assert_allclose(run["h"][-1], h_n[layer, 0], atol=1e-6)
    np.testing.assert_allclose(run["c"][-1], c_n[layer, 0], atol=1e-6)


def test_weights_that_are_computed_are_those_in_use_or_refused():
    model = normed()
    try:
        widget = UnrollPlayer(model, Vocabulary())
    except ValueError:
        return
    x = torch.eye(9)[[4, 5]][:, None]
    p = model(x)[0].softmax(0).detach().numpy()
    np.testing.assert_allclose(widget.run(" ".join(Vocabulary().words[4:6]))["p"][-1], p, atol=1e-5)


def test_a_vocabulary_of_another_size_is_refused():
    with pytest.raises(ValueError, match="vocabulary: expected 10 words, got 9"):
        UnrollPlayer(TextLSTM(10), Vocabulary())
    with pytest.raises(ValueError, match="vocabulary: expected 10 words, got None"):
        UnrollPlayer(TextLSTM(10), None)


def test_an_rnn_has_no_gate_to_hold():
    with pytest.raises(ValueError, match="clamp: expected no gate, .* got 'f'"):
        player(TextRNN, clamp={"f": 0})


def texts(plot):
    return [text.get_text() for text in plot.findobj(Text)]


def test_words_are_shown_as_they_are_written():
    vocabulary = Vocabulary(["$$ costs $5 and_6 <b> \\alpha ^"])
    widget = player(TextGRU, vocabulary, sentences=["$$ costs $5", "<b> and_6 \\alpha ^"])
    told = texts(widget.picture())
    assert {"$$", "costs", "$5", "<b>", "and_6", "\\alpha", "^"} <= set(told)
    widget._repr_mimebundle_()


def test_the_cost_of_a_picture_does_not_grow_with_the_vocabulary():
    made = []
    for size in (20, 2_000):
        vocabulary = Vocabulary([" ".join(f"word{n}" for n in range(size))])
        widget = player(TextLSTM, vocabulary, sentences=["word1 word5", "word2 word5"])
        made.append(len(widget.picture().findobj()))
    assert made[1] <= 1.2 * made[0]


def test_the_picture_names_the_held_gates():
    widget = player(clamp={"f": 0, "o3": 1})
    told = texts(widget.picture())
    assert "forced to 0" in told
    assert widget.words["dotted"] in "; ".join(told)
    assert widget.words["dotted"] not in "; ".join(texts(player().picture()))


def test_a_gate_is_held_from_a_word_on():
    widget = player(sentences=["i love dog", "you love dog"], clamp={"f": 0}, hold_from=2)
    free = player(sentences=["i love dog", "you love dog"]).values["runs"]
    for run, before in zip(widget.values["runs"], free, strict=True):
        np.testing.assert_allclose(run["f"], [before["f"][0], np.zeros(5), np.zeros(5)])
        np.testing.assert_allclose(run["c"][1:], (run["i"] * run["g"])[1:])
    np.testing.assert_allclose(widget.values["free"]["runs"][0]["p"], free[0]["p"])
    widget.sentences = ["i"]
    assert widget.hold_from == 1
    with pytest.raises(ValueError, match="hold_from: expected an integer from 1 to 1, got 2"):
        widget.hold_from = 2


def runs(c, h, p, words=("a b c d", "z b c d"), middle=0, base=0):
    """Return runs on two sentences, with the given differences in c, h and p.

    middle: the mean of c. base: the probability of the last output.
    """
    signs = [np.array([[middle + sign * v / 2] for v in c]) for sign in (1, -1)]
    shown = [np.array([[sign * v / 2] for v in h]) for sign in (1, -1)]
    half = (1 - base) / 2
    told = [
        np.array([[half + sign * v * half, half - sign * v * half, base] for v in p])
        for sign in (1, -1)
    ]
    parts = zip(words, signs, shown, told, strict=True)
    return [{"words": w.split(), "c": one, "h": two, "p": three} for w, one, two, three in parts]


@pytest.mark.parametrize(
    ("held", "verdict", "word"),
    [
        (runs([2, 2, 2, 2], [1, 1, 1, 1], [0, 0, 0, 0.9]), "read", 4),
        (runs([2, 2, 2, 2], [1, 1, 1, 1], [0, 0, 0, 0.9], base=0.55), "leaning", 4),
        (runs([0.09] * 4, [1, 0, 0, 0], [0] * 4), "never", 4),
        (runs([2, 0.3, 0.1, 0.1], [1, 0, 0, 0], [0] * 4), "lost", 3),
        (runs([0.5, 0.1, 0.09, 0], [1, 0, 0, 0], [0] * 4), "lost", 3),
        (runs([2, 2, 2, 2], [1, 0, 0, 0.05], [0] * 4), "not shown", 4),
        (runs([2, 2, 2, 2], [1, 0, 0, 0.05], [0] * 4, middle=9), "saturated", 4),
        (runs([2, 2, 2, 2], [1, 1, 1, 1], [0, 0, 0, 0.05]), "not read", 4),
        (runs([0] * 4, [0] * 4, [0] * 4, words=("a b c d",) * 2), "same", 4),
    ],
)
def test_the_verdict_on_the_difference_between_two_sentences(held, verdict, word):
    found = difference(held, 4)
    assert (found["verdict"], found["word"]) == (verdict, word)
    assert difference(held[:1], 4) == {}


@pytest.mark.parametrize(
    ("h", "p", "hold_from", "verdict"),
    [
        (1, 0.9, 5, "early"),  # no gate is held yet
        (0, 0, 5, "early"),
        (1, 0.9, 4, "early"),  # gates are held from this word on
        (1, 0, 4, "early"),
        (0, 0, 4, "not shown"),
        (1, 0.9, 3, "read"),
    ],
)
def test_a_verdict_waits_for_evidence_of_the_held_gates(h, p, hold_from, verdict):
    held = runs([2] * 5, [1, 1, 1, h, h], [0, 0, 0, p, p], ("a b c d e", "z b c d e"))
    found = difference(held, 4, hold_from)
    assert found["verdict"] == verdict
    assert found["word"] == (hold_from if verdict == "early" else 4)


@pytest.mark.parametrize("hold_from", [1, 2, 3, 4, 5])
def test_a_forgotten_difference_had_been_written(hold_from):
    """With a closed forget gate, each word replaces c, and everything written before is lost."""
    torch.manual_seed(0)
    model = TextLSTM(10).requires_grad_(False)
    for parameter in model.parameters():
        parameter.mul_(3)
    vocabulary = Vocabulary([*SENTENCES, "um"])
    sentences = [f"{subject}{UM}" for subject in ("i", "you")]
    widget = UnrollPlayer(model, vocabulary, sentences=sentences, clamp={"f": 0}, step=31)
    widget.hold_from = hold_from
    found = widget.values["difference"]
    assert found["verdict"] == "lost"
    assert hold_from <= found["word"] < 31


def test_sorting_the_units_chooses_the_first():
    widget = player()
    widget.sort = True
    assert widget.unit == widget.values["order"][0]
    assert player(sort=True, unit=2).unit == 2


def three(hidden=5, **settings):
    torch.manual_seed(0)
    kinds = {"RNN": TextRNN, "LSTM": TextLSTM, "GRU": TextGRU}
    return UnrollPlayer({k: kind(9, hidden) for k, kind in kinds.items()}, Vocabulary(), **settings)


def test_several_networks_read_the_same_sentences():
    widget = three(sentences=["i love dog", "you love cat"], chosen="LSTM", clamp={"f": 0})
    found = widget.values
    for name, network in widget._networks.items():
        held = {"f": 0} if name == "LSTM" else {}
        runs = [widget._run(network, one, held) for one in widget.sentences]
        for run, p in zip(runs, found["networks"][name]["p"], strict=True):
            np.testing.assert_array_equal(run["p"][-1], p)
        assert found["networks"][name]["difference"] == difference(runs, 3, int(name == "LSTM"))
    assert found["runs"][0].keys() == {"words", *"figoch", "p"}
    lines = widget.said(found)
    assert [line.split()[0] for line in lines] == ["RNN:", "LSTM:", "GRU:"]
    assert set(lines) <= set(texts(widget.picture()))
    widget.chosen = "GRU"
    assert widget.clamp == {}
    assert widget.values["runs"][0].keys() == {"words", *"rznh", "p"}
    assert "f" not in widget.values["free"]["runs"][0]


def test_networks_that_cannot_be_compared_are_refused():
    one = TextLSTM(9)
    for models, sentence in [
        ({"a": one}, "model: expected two or three networks by name, got 1"),
        ({"a": one, "b": TextGRU(9, 6)}, "model: expected networks of the same sizes, got diff"),
        ({"a": one, "b": nn.Linear(2, 2)}, "model: expected a TextRNN, TextLSTM or TextGRU"),
    ]:
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
            UnrollPlayer(models, Vocabulary())
    with pytest.raises(ValueError, match="^chosen: expected one of RNN, LSTM, GRU, got 'CNN'"):
        three(chosen="CNN")
    with pytest.raises(ValueError, match="^chosen: expected one of no names, got 'RNN'"):
        player(chosen="RNN")
    with pytest.raises(ValueError, match="expected a word of the vocabulary, got 'um'"):
        three(filler="um")
