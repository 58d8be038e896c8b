"""UnrollPlayer shows the correct numbers for any network and rejects unsupported models."""

import re

import networks
import numpy as np
import pytest
import torch
from networks import SENTENCE, TAGS, WORDS, Sensor, Tagger, classifier, made, probabilities
from torch import nn

from gatewise import gru, lstm, rnn, trace
from gatewise.text import Vocabulary
from gatewise.widgets import GateExplorer, GRUExplorer, UnrollPlayer, network

OTHER = "a dog likes the small cat ."
NUMBERS = ["0.5,-1 2,0 1e-3,0.25", "1,1"]


def tagger(net=None, sentences=(SENTENCE, OTHER), **settings):
    net = net or made(Tagger)
    parts = net.embedding, net.lstm, net.linear
    return UnrollPlayer(parts, WORDS, outputs=TAGS, sentences=sentences, **settings)


def of_classifier(net=None, **settings):
    embedding, module, _, head = net or made(classifier)
    parts = embedding, module, head
    usual = {"outputs": ["bad", "so-so", "good"], "final": True, "sentences": [SENTENCE, OTHER]}
    return UnrollPlayer(parts, WORDS, **usual | settings)


def sensor(net=None, sentences=NUMBERS, **settings):
    net = net or made(Sensor)
    return UnrollPlayer((None, net.rnn, (net.W, net.b)), None, sentences=sentences, **settings)


def test_a_tagger_of_two_layers_and_directions_shows_its_own_probabilities():
    net = made(Tagger)
    for run, sentence in zip(tagger(net).values["runs"], (SENTENCE, OTHER), strict=True):
        assert run["words"] == sentence.split()
        np.testing.assert_allclose(run["p"], probabilities(net, sentence), atol=1e-5)


def test_a_classifier_of_final_states_shows_its_own_probabilities():
    net = made(classifier)
    for run, sentence in zip(of_classifier(net).values["runs"], (SENTENCE, OTHER), strict=True):
        theirs = probabilities(net, sentence)
        np.testing.assert_allclose(run["p"], np.tile(theirs, (len(run["p"]), 1)), atol=1e-5)


def test_a_network_of_numbers_shows_its_own_probabilities_in_float64():
    net = made(Sensor)
    for run, sentence in zip(sensor(net).values["runs"], NUMBERS, strict=True):
        np.testing.assert_allclose(run["p"], probabilities(net, sentence), atol=1e-12)
    assert sensor(net).constants["network"]["bits"] == 64


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_each_layer_and_direction_is_that_of_the_trace(layer, reverse):
    net = made(Tagger)
    one = trace(net.lstm, net.embedding(networks.ids(SENTENCE)))[2 * layer + reverse]
    run = tagger(net, layer=layer, reverse=reverse).values["runs"][0]
    for k in "figoch":
        np.testing.assert_allclose(run[k], getattr(one, k)[:, 0], atol=1e-5)


def held_by_torch(net, sentence, layer, reverse):
    """Return the tagger's probabilities with f held at 0 in one direction of one layer."""
    suffix = f"_l{layer}" + ("_reverse" if reverse else "")
    with torch.no_grad():
        getattr(net.lstm, "bias_ih" + suffix)[8:16] = -1e4
    return probabilities(net, sentence)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_gate_held_in_one_layer_runs_through_the_rest(layer, reverse):
    widget = tagger(layer=layer, reverse=reverse, clamp={"f": 0})
    theirs = held_by_torch(made(Tagger), SENTENCE, layer, reverse)
    run, free = widget.values["runs"][0], widget.values["free"]["runs"][0]
    np.testing.assert_allclose(run["p"], theirs, atol=1e-5)
    assert not np.allclose(free["p"], theirs, atol=1e-2)
    assert not run["f"].any()


def test_a_gate_held_from_a_word_on_is_free_at_the_words_before():
    widget = tagger(layer=1, reverse=True, clamp={"o": 1}, hold_from=3)
    run, free = widget.values["runs"][0], widget.values["free"]["runs"][0]
    assert (run["o"][2:] == 1).all()
    assert (run["o"][:2] != 1).all()
    assert not np.allclose(
        run["o"][:2], free["o"][:2]
    )  # the reverse direction reads the held words first


@pytest.mark.parametrize(("kind", "cell"), [(nn.RNN, rnn), (nn.LSTM, lstm), (nn.GRU, gru)])
def test_every_kind_is_read_with_and_without_bias(kind, cell):
    torch.manual_seed(0)
    module, readout = kind(3, 4, 3, bias=False), nn.Linear(4, 2, bias=False)
    table = torch.randn(6, 3)
    settings = {"sentences": [[0, 5, 3]], "layer": 2}
    run = UnrollPlayer((table, module, readout), "abcdef", **settings).values["runs"][0]
    with torch.no_grad():
        output, _ = module(table[[0, 5, 3]])
        np.testing.assert_allclose(run["p"], readout(output).softmax(-1), atol=1e-6)
    np.testing.assert_allclose(run["h"], output, atol=1e-6)
    assert run["words"] == ["a", "f", "d"]


def test_tokens_are_a_vocabulary_names_or_a_function_and_sentences_texts_or_indices():
    torch.manual_seed(0)
    vocabulary = Vocabulary(["i love you"])
    parts = nn.Embedding(3, 2), nn.LSTM(2, 2), nn.Linear(2, 3)
    by_index = {"you": 2, "i": 0, "love": 1}
    for tokens in (vocabulary, vocabulary.words, by_index, lambda n: vocabulary.words[n]):
        widget = UnrollPlayer(parts, tokens, sentences=["you love", np.array([0, 0, 1])])
        assert widget.sentences == ["you love", "i i love"]
        assert widget.constants["network"]["outputs"] == ["i", "love", "you"]
        assert widget.words["likely"] == "next word"
    widget = UnrollPlayer(parts, [" a", "\n", "a"], sentences=[[0, 1, 2]])
    assert widget.sentences == ["␣a ↵ a"]
    accents = ["cafe\N{COMBINING ACUTE ACCENT}", "b", "c"]
    assert UnrollPlayer(parts, accents, sentences=["café"]).sentences == ["café"]


def test_numbers_are_a_text_or_an_array():
    net = made(Sensor)
    x = np.array([[0.1, -1.5], [2, 0]])
    assert sensor(net, [x]).sentences == ["0.1,-1.5 2.0,0.0"]
    one = UnrollPlayer((None, nn.GRU(1, 2), np.eye(2, dtype=np.float32)), None, sentences=[[0.5]])
    assert one.sentences == ["0.5"]


def test_an_embedding_may_be_any_module_of_indices():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Embedding(9, 4), nn.LayerNorm(4), nn.Tanh()).eval()
    net = nn.LSTM(4, 3), nn.Linear(3, 5)
    run = UnrollPlayer((module, *net), range(9), sentences=["8 0 3"]).values["runs"][0]
    with torch.no_grad():
        theirs = net[1](net[0](module(torch.tensor([8, 0, 3])))[0]).softmax(-1)
    np.testing.assert_allclose(run["p"], theirs, atol=1e-6)


def test_the_picture_names_the_layer_and_the_outputs():
    from matplotlib.text import Text

    plot = tagger(layer=1, reverse=True).picture()
    told = [text.get_text() for text in plot.findobj(Text)]
    assert "word 7 of 7, layer 1, reverse" in told
    assert {"output", *TAGS} <= set(told)
    assert tagger().values["difference"] == {}


@pytest.mark.slow
def test_the_largest_network_is_read():
    torch.manual_seed(0)
    names = [f"w{n}" for n in range(50_000)]
    embedding, module, readout = (
        nn.Embedding(50_000, 256),
        nn.LSTM(256, 256),
        nn.Linear(256, 50_000),
    )
    widget = UnrollPlayer((embedding, module, readout), names, sentences=[range(200)])
    p = widget.run(range(200))["p"][[0, 199]]
    with torch.no_grad():
        theirs = readout(module(embedding(torch.arange(200)))[0][[0, 199]]).softmax(-1)
    np.testing.assert_allclose(p, theirs, atol=1e-6)


def test_more_weights_than_a_browser_gets_are_refused(monkeypatch):
    monkeypatch.setattr(network, "MEGABYTES", 1)
    with pytest.raises(ValueError, match="^model: expected at most 1 MB of weights, got 2 MB$"):
        of(module=nn.LSTM(2, 256), readout=nn.Linear(256, 1000))


def of(embedding=None, module=None, readout=None, tokens="abc", **settings):
    module = module or nn.LSTM(2, 4)
    parts = embedding or nn.Embedding(3, 2), module, readout or nn.Linear(module.hidden_size, 5)
    return UnrollPlayer(parts, tokens, **{"sentences": ["a b"]} | settings)


REFUSED = {
    "two parts": (lambda: UnrollPlayer((None, None), "abc"), "model: expected (embedding, rnn,"),
    "no sentence": (
        lambda: UnrollPlayer((None, nn.LSTM(3, 4), nn.Linear(4, 2)), "abc"),
        "sentences: expected a list of one sentence or two, got none",
    ),
    "no recurrent module": (lambda: of(module=nn.LSTMCell(2, 4)), "module: expected nn.RNN, nn.LS"),
    "dropout": (lambda: of(module=nn.GRU(2, 4, 2, dropout=0.1)), "module: expected dropout=0 or e"),
    "300 units": (lambda: of(module=nn.GRU(2, 300)), "hidden_size: expected an integer from 1 to"),
    "60,000 tokens": (
        lambda: of(nn.Embedding(60_000, 2)),
        "tokens: expected an integer from 1 to 50000, got 60000",
    ),
    "one output": (lambda: of(readout=nn.Linear(4, 1)), "readout: expected 2 to 50000 outputs"),
    "names of outputs": (lambda: of(outputs=["x"]), "outputs: expected 5 names, got 1"),
    "names of tokens": (lambda: of(tokens="ab"), "vocabulary: expected 3 words, got 2"),
    "no names": (
        lambda: of(tokens=None),
        "tokens: expected 3 names, one for each embedding, got N",
    ),
    "names twice": (lambda: of(tokens="aba"), "tokens: expected distinct names, got 'a' more than"),
    "blanks": (lambda: of(tokens=["a", "b\r", "c"]), "tokens: expected names without blanks, got"),
    "an empty name": (lambda: of(tokens=["a", "", "c"]), "tokens: expected names without blanks,"),
    "features": (lambda: of(nn.Embedding(3, 5)), "embedding: expected (tokens, 2), got (3, 5)"),
    "dropped embeddings": (
        lambda: of(nn.Sequential(nn.Embedding(3, 2), nn.Dropout(0.5))),
        "embedding: expected a module in eval(), got one in training",
    ),
    "a readout of others": (
        lambda: of(readout=nn.Linear(3, 5)),
        "readout: expected a module for (",
    ),
    "arrays of others": (
        lambda: of(readout=(np.zeros((5, 3), np.float32), np.zeros(5, np.float32))),
        "readout: expected (outputs, 4) and (outputs,), got (5, 3) and (5,)",
    ),
    "a deep readout": (
        lambda: of(readout=nn.Sequential(nn.Linear(4, 5), nn.ReLU()).eval()),
        "readout: expected W h + b, got another function",
    ),
    "a readout in training": (
        lambda: of(readout=nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 5))),
        "readout: expected a module in eval(), got one in training",
    ),
    "a part in training": (
        lambda: of(
            readout=nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 5))
            .train(False)
            .append(nn.Dropout())
        ),
        "readout: expected a module in eval(), got one in training",
    ),
    "NaN": (
        lambda: of(readout=(np.full((5, 4), np.nan, np.float32), None)),
        "model: expected finite weights, got NaN or infinity",
    ),
    "a set of tokens": (lambda: of(tokens={"a", "b", "c"}), "tokens: expected names in the order"),
    "a gap": (
        lambda: of(tokens={"a": 0, "b": 1, "c": 3}),
        "tokens: expected a dict from name to i",
    ),
    "a dict the other way": (
        lambda: of(tokens={0: "a", 1: "b", 2: "c"}),
        "tokens: expected a dict",
    ),
    "a dict of outputs": (
        lambda: of(outputs={0: "x"}),
        "outputs: expected a list of names, got di",
    ),
    "an unknown token": (lambda: of(sentences=["d"]), "expected a word of the vocabulary, got 'd'"),
    "an unknown index": (lambda: of(sentences=[[3]]), "ids: expected 0 to 2, got 3 to 3"),
    "201 steps": (
        lambda: of(sentences=["a " * 201]),
        "time steps of a sentence: expected an integ",
    ),
    "words for numbers": (
        lambda: sensor(sentences=["a,b"]),
        "sentence: expected 2 numbers per time",
    ),
    "three numbers": (lambda: sensor(sentences=["1,2,3"]), "sentence: expected 2 numbers per time"),
    "infinity": (
        lambda: sensor(sentences=["1,inf"]),
        "sentence: expected 2 numbers per time step,",
    ),
    "a third layer": (lambda: tagger(layer=2), "layer: expected an integer from 0 to 1, got 2"),
    "a reverse": (
        lambda: sensor(reverse=True),
        "reverse: expected False for a network of one dire",
    ),
    "final of 1": (lambda: of(final=1), "final: expected True or False, got 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_as_it_computes_is_refused_in_one_sentence(name):
    make, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        make()


# ── single units ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("t", [0, 2, 6])
@pytest.mark.parametrize(("layer", "reverse"), [(0, False), (0, True), (1, False), (1, True)])
def test_a_gate_explorer_shows_a_unit_of_any_layer_and_direction(t, layer, reverse):
    net = made(Tagger)
    one = trace(net.lstm, net.embedding(networks.ids(SENTENCE)))[2 * layer + reverse]
    params = lstm.Params.from_torch(net.lstm, layer, reverse)
    values = GateExplorer.from_trace(params, one, t, 0, unit=3, reverse=reverse).values
    for k in "figoch":
        np.testing.assert_allclose(values[k], getattr(one, k)[t, 0, 3], atol=1e-5)


def test_a_reverse_unit_told_as_a_forward_one_is_refused():
    net = made(classifier)
    one = trace(net[1], net[0](networks.ids(SENTENCE)))[1]
    params = gru.Params.from_torch(net[1], reverse=True)
    values = GRUExplorer.from_trace(params, one, 2, 0, 1, reverse=True).values
    np.testing.assert_allclose(values["h"], one.h[2, 0, 1], atol=1e-5)
    with pytest.raises(ValueError, match="^trace: expected one computed with these parameters"):
        GRUExplorer.from_trace(params, one, 2, 0, 1)
