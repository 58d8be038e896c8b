"""UnrollPlayer in a browser shows the probabilities of any network."""

import numpy as np
import pytest
from networks import SENTENCE, TAGS, WORDS, Sensor, Tagger, classifier, made, probabilities
from playwright.sync_api import expect

from gatewise.widgets import UnrollPlayer

OTHER = "a dog likes the small cat ."
RATES = ["bad", "so-so", "good"]


def tagger(net):
    parts = net.embedding, net.lstm, net.linear
    return UnrollPlayer(parts, WORDS, outputs=TAGS, sentences=[SENTENCE, OTHER])


def of_classifier(net):
    parts = net[0], net[1], net[3]
    return UnrollPlayer(parts, WORDS, outputs=RATES, final=True, sentences=[SENTENCE, OTHER])


def sensor(net):
    parts = None, net.rnn, (net.W, net.b)
    return UnrollPlayer(parts, None, sentences=["0.5,-1 2,0 1e-3,0.25", "1,1"])


NETWORKS = {"tagger": (Tagger, tagger), "classifier": (classifier, of_classifier)}
NETWORKS |= {"sensor": (Sensor, sensor)}


def likely(view, name):
    """Return the displayed probability of each output, by the output's name."""
    rows = view.root.locator("tbody tr")
    pairs = [(row.locator("th").inner_text(), row.locator(f"td.{name}")) for row in rows.all()]
    return {output: float(cell.locator(".number").inner_text()) for output, cell in pairs}


def slider(view, name):
    return view.root.get_by_role("slider", name=name, exact=True)


def click(view, name):
    view.root.get_by_role("button", name=name, exact=True).click()


def agree(view, theirs, name="A"):
    """Assert that the screen shows these probabilities at each word.

    theirs: (T, outputs), or (outputs,) for all words.
    """
    outputs = view.widget.constants["network"]["outputs"]
    T = len(view.bring().sentences["AB".index(name)].split())
    slider(view, "time step t").press("Home")
    for t in range(T):
        p = np.broadcast_to(theirs, (T, len(outputs)))[t]
        rounded = {k: pytest.approx(v, abs=0.005 + 1e-9) for k, v in zip(outputs, p, strict=True)}
        assert likely(view, name) == rounded
        slider(view, "time step t").press("ArrowRight")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_probabilities_on_the_screen_are_the_networks(show, name):
    make, widget = NETWORKS[name]
    net = made(make)
    view = show(widget(net))
    for letter, sentence in zip("AB", view.widget.sentences, strict=True):
        agree(view, probabilities(net, sentence), letter)
    typed = "2,-0.5 -1,1" if name == "sensor" else "the cat sees the dog"
    box = view.root.get_by_label("sentence A", exact=True)
    box.fill(typed)
    box.press("End")  # Python gets the text when the key is released
    assert view.bring().sentences[0] == typed
    agree(view, probabilities(net, typed))


def captions(view, letter):
    group = view.root.get_by_role("group", name=f"{letter}, ")
    return [float(text.replace("−", "-")) for text in group.locator("figcaption").all_inner_texts()]


def test_each_layer_and_direction_is_chosen_and_held(show):
    net = made(Tagger)
    view = show(tagger(net))
    choose = view.root.get_by_label("shown", exact=True)
    for n, row in enumerate(["layer 0, forward", "layer 0, reverse", "layer 1, forward"]):
        choose.select_option(row)
        player = view.bring()
        assert (player.layer, player.reverse) == (n // 2, bool(n % 2))
        for word in (None, 3):
            if word:
                click(view, "Force f to 0")
                for _ in range(1, word):
                    slider(view, "from word").press("ArrowRight")
            player = view.bring()
            assert player.hold_from == (word or 1)
            runs = player.values["runs"]
            agree(view, runs[0]["p"])
            t = player.step - 1
            for k in "figoch":
                shown = [pytest.approx(run[k][t, 0], abs=0.005 + 1e-9) for run in runs]
                assert captions(view, k) == shown
        slider(view, "from word").press("Home")
        click(view, "Force f: off")


def test_what_is_no_number_is_answered(show):
    view = show(sensor(made(Sensor)))
    box = view.root.get_by_label("sentence A", exact=True)
    box.fill("1,2 3")
    box.press("Tab")
    expect(view.root.get_by_role("alert")).to_contain_text("“3”: expected numbers, 2 per time step")
    assert view.bring().sentences[0] == "0.5,-1 2,0 1e-3,0.25"


def test_a_network_of_one_row_has_no_choice(show):
    view = show(sensor(made(Sensor)))
    expect(view.root.get_by_label("shown", exact=True)).to_have_count(0)
