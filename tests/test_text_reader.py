"""TextReader's results agree with torch and SciPy, and invalid settings raise errors."""

import re

import numpy as np
import pytest
import torch
from networks import READERS, made, probabilities
from scipy.stats import mannwhitneyu
from torch import nn

from gatewise.text import Vocabulary
from gatewise.widgets import TextReader
from gatewise.widgets.text_reader import ranking

LETTERS = "abcdefgh \n"
TEXT = "bad cab\nfed a bee had a cafe\nbeg"


def network(kind=nn.LSTM, layers=1, bidirectional=False):
    torch.manual_seed(0)
    rnn = kind(4, 6, layers, bidirectional=bidirectional)
    V = len(LETTERS)
    return rnn, nn.Embedding(V, 4), nn.Linear(6 * (1 + bidirectional), V)


def reader(kind=nn.LSTM, text=TEXT, **settings):
    rnn, embedding, readout = network(kind)
    return TextReader((embedding, rnn, readout), LETTERS, text=text, **settings)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_values_are_torchs(kind):
    rnn, embedding, readout = network(kind)
    ids = torch.tensor([LETTERS.index(letter) for letter in TEXT])
    with torch.no_grad():
        h = rnn(embedding(ids)[:, None])[0][:, 0]
        logits = readout(h)
        losses = nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none")
    at = reader(kind, at=7, quantity="loss").values
    np.testing.assert_allclose(at["h"], h, atol=1e-6)
    np.testing.assert_allclose(at["p"], logits[6].softmax(0), atol=1e-6)
    np.testing.assert_allclose(at["loss"], [0, *losses], atol=1e-6)
    np.testing.assert_array_equal(at["shown"], at["loss"])
    assert at["tokens"] == [*TEXT]
    np.testing.assert_array_equal(reader(kind, unit=4).values["shown"], at["h"][:, 4])


def test_each_layer_and_direction_of_a_tagger_is_shown():
    rnn, embedding, _ = network(layers=2, bidirectional=True)
    tagger = nn.Linear(12, 3)
    words = Vocabulary(["a b c d e f g h i j"])
    model = embedding, rnn, tagger
    view = TextReader(model, words, outputs=["N", "V", "D"], text="c a d  b")
    assert view.tokens == ["c", "a", "d", "b"]
    ids = torch.tensor(words.encode("c a d b"))
    with torch.no_grad():
        outputs, (h_n, _) = rnn(embedding(ids)[:, None])
        p = tagger(outputs[:, 0]).softmax(1)
    for layer in range(4):
        view.layer = layer
        end = 0 if layer % 2 else -1
        np.testing.assert_allclose(view.values["h"][end], h_n[layer, 0], atol=1e-6)
    view.at = 3
    np.testing.assert_allclose(view.values["p"], p[2], atol=1e-6)
    assert "loss" not in view.values
    with pytest.raises(ValueError, match="quantity: expected one of f, i, g, o, c, h, got 'loss'"):
        view.quantity = "loss"


@pytest.mark.parametrize("name", READERS)
def test_the_probabilities_are_the_networks(name):
    make, read = READERS[name]
    net = made(make)
    view = read(net)
    theirs = probabilities(net, view.text)
    for t in range(len(view.tokens)):
        view.at = t + 1
        expected = theirs[t] if theirs.ndim == 2 else theirs
        tol = 1e-12 if name == "sensor" else 1e-5  # the sensor uses float64
        np.testing.assert_allclose(view.values["p"], expected, atol=tol)


@pytest.mark.parametrize("as_ids", [True, False])
def test_given_inputs_are_read_and_stay(as_ids):
    rnn, embedding, _ = network()
    ids = np.array([3, 1, 4, 1, 5])
    vectors = embedding(torch.tensor(ids)).detach().numpy()
    model = embedding if as_ids else None, rnn, None
    days = ["mon", "tue", "wed", "thu", "fri"]
    view = TextReader(model, inputs=ids if as_ids else vectors, text=days)
    expected = rnn(torch.tensor(vectors)[:, None])[0][:, 0].detach()
    np.testing.assert_allclose(view.values["h"], expected, atol=1e-6)
    assert view.text == "mon tue wed thu fri"
    with pytest.raises(ValueError, match="text: expected the text of the given inputs, got"):
        view.text = "sat"


@pytest.mark.parametrize("seed", range(20))
def test_the_ranking_is_by_scipys_area(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(80, 7)).round(seed % 3).astype(np.float32)  # rounding creates ties
    mask = rng.random(80) < 0.3
    found = ranking(values, mask)
    assert sorted(unit for unit, _ in found) == [*range(7)]
    for unit, area in found:
        u = mannwhitneyu(values[mask, unit], values[~mask, unit]).statistic
        assert area == pytest.approx(u / mask.sum() / (~mask).sum(), abs=1e-9)
    away = [abs(area - 0.5) for _, area in found]
    assert away == sorted(away, reverse=True)


def test_without_a_marked_token_and_another_there_is_no_ranking():
    assert reader().values["ranking"] == []
    assert reader(marks=np.ones(len(TEXT), bool)).values["ranking"] == []


def test_marks_are_pairs_or_a_mask():
    mask = np.array([letter in "abc" for letter in TEXT])
    view = reader(marks=mask)
    assert view.marks[:3] == [[0, 2], [4, 7], [12, 13]]
    np.testing.assert_array_equal(view.mask, mask)
    view.marks = [[1, 3], (2, 5)]
    np.testing.assert_array_equal(np.flatnonzero(view.mask), [1, 2, 3, 4])
    view.text = "bad"
    assert (view.marks, view.at) == ([[1, 3], [2, 3]], 1)
    view.marks = []
    assert not view.mask.any()


def test_an_unknown_token_is_refused_or_gets_its_id():
    with pytest.raises(ValueError, match="text: expected tokens of the vocabulary, got 'x'"):
        reader(text="ax")
    rnn, embedding, _ = network()
    view = TextReader((embedding, rnn, None), LETTERS, unknown=2, text="ax")
    assert view.ids("ax").tolist() == [0, 2]


WRONG = [
    ({"text": ""}, "text: expected 1 to 20,000 tokens, got 0"),
    ({"text": "a" * 20_001}, "text: expected 1 to 20,000 tokens, got 20,001"),
    ({"text": 3}, "text: expected a string, got int"),
    ({"layer": 1}, "layer: expected an integer from 0 to 0, got 1"),
    ({"quantity": "z"}, "quantity: expected one of f, i, g, o, c, h, loss, got 'z'"),
    ({"unit": 6}, "unit: expected an integer from 0 to 5, got 6"),
    ({"at": 0}, f"at: expected an integer from 1 to {len(TEXT)}, got 0"),
    ({"marks": [True]}, f"marks: expected a mask (T,) = ({len(TEXT)},), got (1,)"),
    ({"marks": [[3, 3]]}, "marks[0]: expected start < end, got [3, 3]"),
    ({"marks": [[0, 99]]}, f"marks[0]: expected an integer from 0 to {len(TEXT)}, got 99"),
    ({"marks": [1, 2]}, "marks: expected pairs [start, end) or a mask (T,), got [1, 2]"),
    ({"marks": "ab"}, "marks: expected pairs [start, end) or a mask (T,), got 'ab'"),
]


@pytest.mark.parametrize(("settings", "sentence"), WRONG)
def test_wrong_settings_get_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        reader(**settings)


PARTS = [
    ({"vocabulary": "abc"}, "vocabulary: expected 10 words, got 3"),
    ({"vocabulary": None}, "expected either a vocabulary or inputs, got both or neither"),
    ({"embedding": nn.Embedding(10, 5)}, "embedding: expected (tokens, 4), got (10, 5)"),
    ({"readout": nn.Linear(5, 10)}, "readout: expected a module for (15, 6), got: "),
    ({"outputs": ["N", "V"]}, "outputs: expected 10 names, got 2"),
    ({"rnn": nn.RNN(4, 6, nonlinearity="relu")}, "expected nonlinearity='tanh', got 'relu'"),
    ({"rnn": nn.Linear(4, 6)}, "module: expected nn.RNN, nn.LSTM or nn.GRU, got torch.nn.mod"),
    ({"vocabulary": None, "inputs": [0.5]}, "inputs: expected ids (T,) or vectors (T, D), got (1,"),
    ({"vocabulary": None, "inputs": [1, 2]}, "text: expected one string per input, 2, got 32"),
]


@pytest.mark.parametrize(("parts", "sentence"), PARTS)
def test_parts_that_do_not_fit_are_refused(parts, sentence):
    rnn, embedding, readout = network()
    given = {"rnn": rnn, "vocabulary": LETTERS, "embedding": embedding, "readout": readout} | parts
    model = given.pop("embedding"), given.pop("rnn"), given.pop("readout")
    with pytest.raises(ValueError, match=re.escape(sentence)):
        TextReader(model, text=TEXT, **given)


def test_the_still_picture_shows_the_line_that_is_read_out():
    view = reader(text="ab\n" * 60 + "cafe\n" + "ab\n" * 60, quantity="c", at=182)
    view.marks = [letter in "cf" for letter in view.text]
    lines = [text.get_text() for text in view.picture().page.texts]
    assert "cafe" in lines
    assert any(line.startswith("“a”, token 182 of 365: c of unit 0 is ") for line in lines)
    (unit, area), *_ = view.values["ranking"]
    assert f"unit {unit}" in lines
    assert f"{'−' if area < 0.5 else '+'} {max(area, 1 - area):.2f}" in lines
