"""TextReader in a browser shows the same numbers as Python after every kind of input."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from gatewise.text import Vocabulary
from gatewise.widgets import TextReader

CODE = "def say(name):\n    text = 'hello ' + name\n    return 'so: ' + text\n" * 3
LETTERS = "".join(sorted({*CODE, '"'}))
SELECT = """async ([start, end]) => {
    const [node, selection] = [document.querySelector(".text").firstChild, getSelection()];
    const changed = () => new Promise(done =>
        document.addEventListener("selectionchange", () => done(), {once: true}));
    let next = changed();
    selection.collapse(node, start); // as a press does, before the drag
    await next;
    next = changed();
    selection.setBaseAndExtent(node, start, node, end);
    await next;
}"""
# The colored parts of the text, each with its highlight, start and end.
COLORED = """() => [...CSS.highlights].flatMap(([name, ranges]) =>
    [...ranges].map(range => [name, range.startOffset, range.endOffset]))"""


def reader(kind=nn.LSTM, H=6, text=CODE, **settings):
    torch.manual_seed(0)
    rnn, embedding = kind(4, H), nn.Embedding(len(LETTERS), 4)
    with torch.no_grad():
        for weights in rnn.parameters():
            weights *= 3
    readout = nn.Linear(H, len(LETTERS))
    return TextReader((embedding, rnn, readout), LETTERS, text=text, **settings)


def ready(view):
    """Return the view once the whole text has been read and the progress has disappeared."""
    expect(view.root.locator(".verdict small")).to_have_count(0)
    return view


def told(view, **settings):
    """Return the widget once the browser has sent these settings to Python."""
    view.page.wait_for_function(
        """wanted => {
            const last = Object.assign({}, ...messages);
            const isTold = k => JSON.stringify(last[k]) === JSON.stringify(wanted[k]);
            return Object.keys(wanted).every(isTold);
        }""",
        arg=settings,
    )
    return view.bring()


def areas(view):
    """Return the listed units and their areas, which are below ½ for units with a minus sign."""
    found = []
    for item in view.root.locator(".ranking li").all():
        unit = int(item.locator("span").first.inner_text().split()[-1])
        sign, area = item.locator("span.number").first.inner_text().split()
        found.append((unit, float(area) if sign == "+" else 1 - float(area)))
    return found


def check_ranking(view, widget):
    expected = widget.values["ranking"]
    shown = areas(view)
    assert len(shown) == min(12, len(expected)) > 0
    found = dict(expected)
    for unit, area in shown:
        assert area == pytest.approx(found[unit], abs=0.0051)
    assert [unit for unit, _ in shown] == [unit for unit, _ in expected[:12]]


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_what_is_selected_ranks_the_units_and_a_click_shows_one(show, kind):
    view = ready(show(reader(kind)))
    start = CODE.index("hello")
    view.page.evaluate(SELECT, [start, start + 5])
    expect(view.root.locator(".ranking li")).to_have_count(6)
    widget = told(view, marks=[[start, start + 5]])
    check_ranking(view, widget)

    view.root.get_by_role("button", name="Select more").click()
    second = CODE.index("so:")
    view.page.evaluate(SELECT, [second, second + 3])
    expect(view.root.locator(".ranking li")).to_have_count(6)
    widget = told(view, marks=[[start, start + 5], [second, second + 3]])
    check_ranking(view, widget)

    last = view.root.locator(".ranking button").nth(5)
    last.click()
    assert view.bring().unit == widget.values["ranking"][5][0]
    expect(last).to_have_attribute("aria-pressed", "true")
    view.root.get_by_role("button", name="Clear").click()
    expect(view.root.locator(".ranking li")).to_have_count(0)
    assert view.bring().marks == []


def test_a_mask_from_python_is_shown_and_ranks(show):
    widget = reader()
    view = ready(show(widget))
    view.send(marks=[letter == "e" for letter in CODE])
    expect(view.root.locator(".ranking li")).to_have_count(6)
    check_ranking(view, widget)
    marked = {(a, b) for name, a, b in view.page.evaluate(COLORED) if name == "gw-marked"}
    assert (CODE.index("e"), CODE.index("e") + 1) in marked


def levels(values, scale):
    return np.round(5 * np.clip(values / scale, -1, 1)).astype(int)


@pytest.mark.parametrize("quantity", ["f", "g", "c", "loss"])
def test_each_token_has_the_color_of_its_value(show, quantity):
    widget = reader(quantity=quantity, unit=2)
    view = ready(show(widget))
    shown = widget.values["shown"]
    scale = {"c": np.ceil(np.abs(shown).max()), "loss": 5}.get(quantity, 1)
    assert scale in (1, 2, 5)  # a round number
    colored = np.zeros(len(CODE), int)
    view.page.wait_for_function("CSS.highlights.size > 0")
    for name, start, end in view.page.evaluate(COLORED):
        _, side, level = name.split("-")
        colored[start:end] = int(level) if side == "above" else -int(level)
    exact = 5 * np.clip(shown / scale, -1, 1)
    far = np.abs(exact - np.floor(exact) - 0.5) > 1e-6  # not between two levels
    assert (colored != 0).sum() > 20
    np.testing.assert_array_equal(colored[far], levels(shown, scale)[far])


def test_the_caret_chooses_the_token_and_what_comes_next(show):
    widget = reader()
    view = ready(show(widget))
    view.root.locator(".text").focus()
    view.page.keyboard.press("Control+Home")
    for _ in range(4):
        view.page.keyboard.press("ArrowRight")
    expect(view.root.locator(".verdict")).to_contain_text("“␣”, token 4 of")
    told(view, at=4)
    values = widget.values
    assert f"h of unit 0 is {values['h'][3, 0]:+.2f}".replace("-", "−") in view.root.inner_text()
    best = np.argsort(-values["p"], kind="stable")[:10]
    shown = {k: v for k, v in view.shown().items() if k.startswith("p_")}
    assert shown == {f"p_{n}": pytest.approx(values["p"][n], abs=0.0051) for n in best}


def test_other_text_is_read_in_the_browser_as_in_python(show):
    widget = reader(marks=[[17, 20]], unit=3)
    view = ready(show(widget))
    view.root.locator(".text").focus()
    view.page.keyboard.press("Control+Home")
    view.page.keyboard.type("name + ")
    ready(view)
    told(view, text="name + " + CODE, marks=[[24, 27]], at=7)  # the mark moved with the text
    expect(view.root.locator(".ranking li")).to_have_count(6)
    check_ranking(view, widget)
    said = view.root.locator(".verdict").inner_text()
    assert f"{widget.values['h'][widget.at - 1, 3]:+.2f}".replace("-", "−") in said


def test_an_unknown_letter_is_told_and_nothing_is_lost(show):
    widget = reader(text="say")
    view = ready(show(widget))
    view.root.locator(".text").focus()
    view.page.keyboard.press("Control+End")
    view.page.keyboard.type("Ω")
    message = "“Ω” is not in the vocabulary, so the text can't be read."
    expect(view.root.locator(".message")).to_have_text(message)
    assert view.bring().text == "say"
    view.page.keyboard.press("Backspace")
    view.page.keyboard.type(" so")
    expect(view.root.locator(".message")).to_have_text("")
    told(view, text="say so")


def test_reset_brings_back_text_selection_and_unit(show):
    widget = reader(unit=1)
    view = ready(show(widget))
    view.root.locator(".text").focus()
    view.page.keyboard.type("so ")
    view.page.evaluate(SELECT, [2, 9])
    view.root.get_by_role("slider", name="unit").press("End")
    assert view.bring().unit == 5
    view.root.get_by_role("button", name="Reset").click()
    view.bring()
    assert (widget.text, widget.unit, widget.marks) == (CODE, 1, [])
    assert view.root.locator(".text").evaluate("box => box.textContent") == CODE


def test_words_are_tokens_too_and_layers_can_be_chosen(show):
    torch.manual_seed(0)
    words = Vocabulary(["the dog sees a cat", "a bird sings"])
    rnn = nn.GRU(4, 5, 2, bidirectional=True)
    tagger, names = nn.Linear(10, 3), ["noun", "verb", "other"]
    model = nn.Embedding(len(words), 4), rnn, tagger
    widget = TextReader(model, words, outputs=names, text="the cat sees a bird")
    view = ready(show(widget))
    select = view.root.get_by_role("combobox", name="layer")
    options = ["0, forward", "0, backward", "1, forward", "1, backward"]
    assert select.locator("option").all_inner_texts() == options
    select.select_option("1, backward")
    ready(view)
    assert view.bring().layer == 3
    assert f"{widget.values['h'][0, 0]:+.2f}".replace("-", "−") in view.root.inner_text()
    shown = {k: v for k, v in view.shown().items() if k.startswith("p_")}
    assert shown == {
        f"p_{n}": pytest.approx(p, abs=0.0051) for n, p in enumerate(widget.values["p"])
    }


def test_two_readers_color_each_their_own_text(show, browser):
    """All readers share the page's highlights, so a removed reader must not clear the other's."""
    widget = reader(text="say so", quantity="c")
    view = ready(show(widget))
    view.page.wait_for_function("CSS.highlights.size > 0")
    before = view.page.evaluate(COLORED)
    view.page.evaluate(
        """async state => {
            const blob = new Blob([state._esm], {type: "text/javascript"});
            const {default: widget} = await import(URL.createObjectURL(blob));
            const place = document.body.appendChild(document.createElement("section"));
            const other = widget.mount(place, {...state.constants, ...state});
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
            window.both = [...CSS.highlights.values()].reduce((sum, one) => sum + one.size, 0);
            other.end();
        }""",
        widget.get_state(),
    )
    assert view.page.evaluate("both") == 2 * len(before)
    assert sorted(view.page.evaluate(COLORED)) == sorted(before)
