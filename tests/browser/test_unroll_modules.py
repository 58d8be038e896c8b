"""In a browser, UnrollPlayer shows the correct probabilities for any network."""

import re

import numpy as np
import pytest
from appearance import violations
from blank_page import PAGE, View
from networks import SENTENCE, TAGS, WORDS, Sensor, Tagger, classifier, made, probabilities
from playwright.sync_api import expect
from torch import nn

from gatewise import trace
from gatewise.widgets import GateExplorer, GRUExplorer, UnrollPlayer

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
    """Return a dict from the names of the outputs to the displayed probabilities."""
    rows = view.root.locator("tbody tr")
    pairs = [(row.locator("th").inner_text(), row.locator(f"td.{name}")) for row in rows.all()]
    return {output: float(cell.locator(".number").inner_text()) for output, cell in pairs}


def slider(view, name):
    return view.root.get_by_role("slider", name=name, exact=True)


def click(view, name):
    view.root.get_by_role("button", name=name, exact=True).click()


def agree(view, theirs, name="A"):
    """Assert that the screen shows these probabilities at each word.

    theirs: an array of shape (T, outputs), or (outputs,) if it applies to every word.
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
    box.press("End")  # the browser sends the text to Python when the key is released
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


# Record the initial settings of an explorer at full precision.
KEEP = """const { explorer: inner } = modules.gate_explorer, { mount } = inner;
inner.mount = (place, settings, ...rest) => mount(place, (window.opened = settings), ...rest);"""
OPENED = {
    "LSTM, two layers and directions": (GateExplorer, Tagger, tagger, "lstm", [0, 1, 2, 3]),
    "GRU, two directions": (GRUExplorer, classifier, of_classifier, 1, [0, 1]),
    "LSTM on numbers": (GateExplorer, Sensor, sensor, "rnn", [0]),
}


def numbers(found):
    """Return the numbers in nested dicts and lists as a flat list."""
    if isinstance(found, dict):
        return [n for key in sorted(found) for n in numbers(found[key])]
    if isinstance(found, list | np.ndarray):
        return [n for part in found for n in numbers(part)]
    return [float(found)]


@pytest.fixture
def place(browser):
    """Return a function that shows a player on a page without a kernel and returns a View.

    The test fails if the page has faults.
    """
    views = []

    def place(player):
        view = View(browser.new_page(), player)
        view.page.set_content(PAGE)
        script = player._esm.replace("export default", "window.live =")
        view.page.add_script_tag(content=f"{script}\n{KEEP}")
        view.page.add_style_tag(content=player._css)
        view.page.evaluate(
            "state => void live.mount(document.querySelector('main'), state)", player.plain()
        )
        views.append(view)
        return view

    yield place
    for view in views:
        view.page.close()
        assert view.faults == []


@pytest.mark.parametrize("name", OPENED)
def test_a_unit_opens_as_from_trace_makes_it(place, name):
    kind, make, widget, recurrent, rows = OPENED[name]
    net = made(make)
    if isinstance(net, nn.Module):
        net.double()
    module = net[recurrent] if isinstance(recurrent, int) else getattr(net, recurrent)
    for n in rows:
        layer, reverse = divmod(n, 1 + module.bidirectional)
        player = widget(net)
        player.layer, player.reverse, player.step, player.unit = layer, bool(reverse), 2, 3
        view = place(player)
        view.root = view.page.locator(".gw-gate-explorer")
        for sentence, letter in zip(player.sentences, "AB", strict=True):
            x = player._network.read(sentence)[:, None]
            t = min(player.step, len(x)) - 1
            traces = trace(module, np.swapaxes(x, 0, 1) if module.batch_first else x)
            params = kind.module.Params.from_torch(module, layer, reverse=bool(reverse))
            theirs = kind.from_trace(params, traces[n], t, 0, 3, reverse=bool(reverse))
            by_keyboard(view.page, f"Open unit 3 at word {t + 1} of {letter}")
            expect(view.root).to_have_count(1)
            assert view.root.evaluate("node => node === document.activeElement")
            expect(view.root).to_contain_text(f"unit 3 at word {t + 1} of {letter}, “")
            opened = view.page.evaluate("opened")
            ours = kind(held=opened["held"], **{key: opened[key] for key in kind.settings()})
            for mine, right in [(ours.values, theirs.values), (ours.held, theirs.held)]:
                np.testing.assert_allclose(numbers(mine), numbers(right), rtol=0, atol=1e-9)
            strip = theirs.values["strip"]
            named = theirs.values | {f"strip_{k}": line[-1] for k, line in strip.items()}
            shown = view.shown()
            assert shown.keys() & named.keys() >= {"x", "h_before", "h", "strip_h"}
            for key in shown.keys() & named.keys():
                assert shown[key] == pytest.approx(named[key], abs=0.005 + 1e-9)
        assert violations(view.page.locator(".gatewise")) == []


def by_keyboard(page, name):
    """Press Tab to move from the unit slider to a button, and press the button."""
    page.get_by_role("slider", name="unit", exact=True).focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            break
    page.keyboard.press("Enter")


def test_an_opened_unit_is_closed_by_its_button_and_by_reset(place):
    view = place(tagger(made(Tagger)))
    explorer = view.page.locator(".gw-gate-explorer")
    for name in ("Open unit 0 at word 7 of A", "Reset"):
        click(view, "Open unit 0 at word 7 of A")
        expect(explorer).to_have_count(1)
        view.root.locator(".gw-unroll-player").get_by_role("button", name=name, exact=True).click()
        expect(explorer).to_have_count(0)


def test_with_a_gate_forced_the_free_run_opens(place):
    player = tagger(made(Tagger))
    view, opened = place(player), []
    for _ in range(2):
        click(view, "Open unit 0 at word 7 of A")
        opened.append(view.page.evaluate("({ ...opened, note: '', start: {} })"))
        click(view, "Force f to 0")
    assert opened[0] == opened[1]
    expect(view.page.locator(".gw-gate-explorer")).to_contain_text("; no gate is forced")


def test_an_rnn_has_no_cell_to_open(place):
    net = nn.RNN(4, 3), nn.Linear(3, 5)
    view = place(UnrollPlayer((None, *net), list("abcd"), sentences=["a b"]))
    expect(view.root.get_by_role("slider", name="unit", exact=True)).to_have_count(1)
    expect(view.root.get_by_role("button", name=re.compile("^Open"))).to_have_count(0)
