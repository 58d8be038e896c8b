"""No widget has overlapping labels or axe violations, and every control changes its view."""

import numpy as np
import pytest
import torch
from appearance import LOOKS, labels, violations
from blank_page import swipe
from networks import SENTENCE, TAGS, WORDS, Tagger, made

from gatewise import models, text
from gatewise.cells import gru, lstm
from gatewise.widgets import (
    BackwardExplorer,
    GateExplorer,
    GRUExplorer,
    TextReader,
    UnrollPlayer,
)

UM = " um" * 31


def from_trace(kind, cell):
    rng = np.random.default_rng(0)
    params = cell.Params.random(9, 5, rng)
    trace = cell.forward(params, rng.normal(size=(4, 3, 9)))
    return kind.from_trace(params, trace, t=1, b=2, unit=3)


def player(kind, H=5, sentences=(f"i{UM} love", f"you{UM} love"), **settings):
    torch.manual_seed(0)
    words = text.Vocabulary([*text.SENTENCES, "um"])
    return UnrollPlayer(kind(10, H), words, sentences=[*sentences], **settings)


def tagger():
    net = made(Tagger)
    parts = net.embedding, net.lstm, net.linear
    return UnrollPlayer(parts, WORDS, outputs=TAGS, sentences=[SENTENCE, "a cat sees"], step=2)


def three(**settings):
    torch.manual_seed(0)
    kinds = {"RNN": models.TextRNN, "LSTM": models.TextLSTM, "GRU": models.TextGRU}
    networks = {name: kind(10, 16) for name, kind in kinds.items()}
    words, settings = text.Vocabulary([*text.SENTENCES, "um"]), {"filler": "um"} | settings
    return UnrollPlayer(networks, words, sentences=["i um like", "you um like"], **settings)


def reader():
    torch.manual_seed(0)
    rnn, readout = torch.nn.LSTM(5, 16), torch.nn.Linear(16, 5)
    with torch.no_grad():
        for weights in rnn.parameters():
            weights *= 3  # large weights give the units different colors
    text = "a bad cab " * 20
    return TextReader((None, rnn, readout), "abcd ", text=text, marks=[[2, 5]])


def longest(letters, more=()):
    """Return settings whose numbers are as long as possible."""
    low = dict.fromkeys(letters, -10)
    states = {"x": -2, "h_before": -1, "inputs": [-2, 2] * 4}
    return {"w_x": low, "w_h": low, "b": low | dict.fromkeys(more, -10), **states}


BACKWARD = [
    (8, 8, 8, "dh", False, 1),
    (8, 8, 8, "dc", False, 1),
    (8, 8, 5, "da", False, 1),
    (8, 6, 2, "back", False, -2),
    (20, 17, 1, "back", False, 1),
    (12, 12, 3, "back", True, 6),
    (2, 2, 1, "back", True, 0),
    (2, 1, 1, "back", False, 0),
    (20, 20, 9, "back", True, -2),  # with these settings, everything is visible
]
NAMES = ["T", "read", "step", "stage", "detach", "forget_bias"]
VIEWS = {
    "LSTM": (GateExplorer, [{}, longest("ifgo") | {"c_before": -3}]),
    "LSTM, a task": (lambda: GateExplorer(task="quote"), [{}]),
    "LSTM, a unit of a layer": (lambda: from_trace(GateExplorer, lstm), [{}]),
    "GRU": (GRUExplorer, [{}, longest("rzn", "q"), {"reset_after": False}]),
    "GRU, a unit of a layer": (lambda: from_trace(GRUExplorer, gru), [{}]),
    "backward": (BackwardExplorer, [dict(zip(NAMES, at, strict=True)) for at in BACKWARD]),
    "two short sentences": (
        lambda: player(models.TextLSTM, sentences=["i love", "you love"]),
        [{}, {"clamp": {"f": 0}}],
    ),
    "two long sentences": (lambda: player(models.TextGRU, 16), [{}]),
    "one sentence": (lambda: player(models.TextRNN, sentences=["you hate coffee"]), [{}]),
    "two gates held": (
        lambda: player(models.TextLSTM, 16, clamp={"f": 0.5, "o3": 1}),
        [{}],
    ),
    "two layers and directions": (lambda: tagger(), [{}, {"layer": 1, "reverse": True}]),
    "three networks": (three, [{}, {"chosen": "LSTM", "clamp": {"f": 0}}, {"chosen": "GRU"}]),
    "a text": (reader, [{}, {"quantity": "loss"}]),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", VIEWS)
def test_no_labels_overlap_and_axe_finds_nothing(show, name, look, tmp_path):
    make, states = VIEWS[name]
    view = show(make(), **LOOKS[look])
    view.root.locator("details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    for n, settings in enumerate(states):
        view.send(**settings)
        count, meetings, outside = labels(view.root)
        if meetings or outside:
            view.page.screenshot(path=tmp_path / f"{n}.png", full_page=True)
        assert count > 50
        assert (settings, meetings, outside) == (settings, [], [])
    assert violations(view.root) == []


SLIDERS = "input[type=range]:visible"
PICTURE = "root => [...root.querySelectorAll('svg')].map(svg => svg.innerHTML).join()"
FOUR = ["LSTM", "GRU", "backward", "two short sentences"]
four = pytest.mark.parametrize("name", FOUR)
five = pytest.mark.parametrize("name", [*FOUR, "a text"])  # TextReader has only one slider


@five
def test_a_place_too_narrow_for_the_widget_gives_no_error(show, name):
    """The test fails if a chart with a negative width logs an error to the console."""
    view = show(VIEWS[name][0]())
    drawn = view.root.evaluate(PICTURE)
    view.page.set_viewport_size({"width": 60, "height": 900})
    view.page.wait_for_function(
        f"before => ({PICTURE})(document.querySelector('main')) !== before", arg=drawn
    )


@five
def test_each_key_on_a_slider_changes_the_picture_and_the_spoken_value(show, name):
    view = show(VIEWS[name][0]())
    for slider in view.root.locator(SLIDERS).all():
        assert slider.get_attribute("aria-label")
        before, said = view.root.evaluate(PICTURE), slider.get_attribute("aria-valuetext")
        at_end = slider.evaluate("node => Number(node.value) >= Number(node.max)")
        slider.press("ArrowLeft" if at_end else "ArrowRight")
        assert view.root.evaluate(PICTURE) != before
        assert slider.get_attribute("aria-valuetext") != said


@five
def test_the_picture_follows_a_drag(show, name):
    view = show(VIEWS[name][0]())
    slider, mouse = view.root.locator(SLIDERS).first, view.page.mouse
    box, seen = slider.bounding_box(), {}
    y, left, way = box["y"] + box["height"] / 2, box["x"] - 4, box["width"] + 8
    slider.press("Home")
    mouse.move(box["x"] + 9, y)
    mouse.down()
    for n in range(11):
        mouse.move(left + way * n / 10, y)
        seen[slider.input_value()] = view.root.evaluate(PICTURE)
    mouse.up()
    assert slider.input_value() == slider.get_attribute("max")
    assert len(set(seen.values())) == len(seen) > 1


HANDLES = "input[type=range]:visible, [role=slider]:visible"
# Return the point where a finger touches a handle, and the direction toward the farther end.
GRASP = """node => {
    const {x, y, width, height} = node.getBoundingClientRect();
    const [from, to, at] = node.max
        ? [node.min, node.max, node.value]
        : ["min", "max", "now"].map(name => node.getAttribute(`aria-value${name}`));
    const share = (at - from) / (to - from);
    const way = share > 0.5 ? -1 : 1;
    return [x + (node.max ? 7 + (width - 14) * share + 5 * way : width / 2), y + height / 2, way];
}"""


@four
def test_a_finger_pulls_a_handle_sideways_and_the_page_up_and_down(show, name):
    """The viewport shows the whole page, so a touch on a handle can't scroll the page."""
    view = show(VIEWS[name][0](), viewport={"width": 390, "height": 3000}, has_touch=True)
    view.root.locator("details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    touch, pulled = view.page.context.new_cdp_session(view.page), {}
    for node in view.root.locator(HANDLES).all():
        before = view.root.inner_html()
        x, y, way = node.evaluate(GRASP)
        for right, down in [(4, 90), (-30, -90)]:
            swipe(touch, x, y, right, down)
            assert view.root.inner_html() == before
        said = node.get_attribute("aria-valuetext")
        swipe(touch, x, y, 200 * way, 30)
        pulled[node.get_attribute("aria-label")] = node.get_attribute("aria-valuetext") != said
    assert len(pulled) >= 3
    # The time handle accepts only taps, because a drag would pass a gate every pixel or two.
    assert {label for label, moved in pulled.items() if not moved} <= {"Back through time"}


@five
def test_jupyter_does_not_take_the_keys_of_a_widget(show, name):
    view = show(VIEWS[name][0]())
    fields = view.root.locator("input, select, button, [tabindex='0']")
    assert fields.count() >= 8
    bare = "nodes => nodes.filter(node => !node.dataset.lmSuppressShortcuts).length"
    assert fields.evaluate_all(bare) == 0


@five
def test_nothing_moves_if_the_reader_prefers_no_motion(show, name):
    view = show(VIEWS[name][0](), reduced_motion="reduce")
    view.root.locator(SLIDERS).first.press("Home")
    assert view.page.evaluate("document.getAnimations().length") == 0


SCREENS = [(1920, 1080), (1280, 720), (800, 1280)]
FIT = """root => {
    const {left, right, top, bottom} = root.firstElementChild.getBoundingClientRect();
    const isIn = left >= -1 && top >= -1 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
    return root.matches(":popover-open") && isIn;
}"""


@pytest.mark.parametrize("screen", SCREENS)
@five
def test_the_projector_view_fits_one_screen(show, name, screen):
    width, height = screen
    view = show(VIEWS[name][0](), viewport={"width": width, "height": height})
    view.root.get_by_role("button", name="Projector view").click()
    root = view.root.locator(".gatewise")
    view.page.wait_for_function("document.querySelector('.gatewise').matches(':popover-open')")
    assert root.evaluate(FIT)
    assert view.bring().projector is True
    view.send(**VIEWS[name][1][-1])  # these settings show the most elements
    assert root.evaluate(FIT)
    assert labels(view.root)[1:] == [[], []]
    view.page.keyboard.press("Escape")
    assert not root.evaluate("root => root.hasAttribute('popover')")
    assert view.bring().projector is False


@four
def test_leaving_the_projector_view_keeps_the_place_on_the_page(show, name):
    view = show(VIEWS[name][0](), viewport={"width": 1280, "height": 720})
    page, button = view.page, view.root.get_by_role("button", name="rojector view")
    view.root.evaluate("root => (root.style.marginTop = '2000px')")
    page.evaluate("scrollTo(0, 1e6)")
    place = page.evaluate("scrollY")
    assert place > 1500
    for _ in range(2):
        button.evaluate("button => button.click()")
    assert not view.root.locator("[popover]").count()
    assert page.evaluate("scrollY") == place


def test_a_value_that_python_refuses_leaves_the_screen(show):
    """The browser sends a step that no longer exists in Python."""
    view = show(BackwardExplorer())
    sent = []
    view.widget.T = 5
    view.widget._send = lambda message, buffers=None: sent.append(message)
    read = view.root.get_by_role("slider", name="read the loss")
    read.press("ArrowLeft")
    assert read.input_value() == "7"
    with pytest.raises(ValueError, match="read: expected an integer from 1 to 5, got 7"):
        view.bring()
    for message in sent:
        if message["method"] == "update":
            view.page.evaluate("state => receive(state)", message["state"])
    assert read.input_value() == "5" == str(view.widget.read)


@pytest.mark.parametrize("held", ["hold_trait_notifications", "hold_sync"])
def test_a_refused_setting_does_not_change_the_screen(show, held):
    view = show(GateExplorer())
    before, shown = view.widget.plain(), view.shown()
    with pytest.raises(ValueError, match="expected a finite number"), getattr(view.widget, held)():
        view.widget.b = {"f": np.nan}
    view.send()
    assert (view.widget.plain(), view.shown()) == (before, shown)


def test_only_the_changed_setting_is_sent(show):
    view = show(GateExplorer())
    view.root.get_by_role("slider", name="input x t", exact=True).press("Home")
    assert view.page.evaluate("messages") == [{"x": -2}]
