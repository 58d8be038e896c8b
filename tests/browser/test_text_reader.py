"""In a browser, TextReader shows the same numbers as in Python after every kind of input."""

import numpy as np
import pytest
import torch
from networks import READERS, made, probabilities
from playwright.sync_api import expect
from torch import nn

from gatewise.text import Vocabulary
from gatewise.widgets import TextReader

CODE = "def say(name):\n    text = 'hello ' + name\n    return 'so: ' + text\n" * 3
LETTERS = "".join(sorted({*CODE, '"'}))
# Select letters as a mouse user does: start with an empty selection and then extend it.
SELECT = """async ([start, end]) => {
    const place = offset => {
        for (const node of document.querySelector(".text").childNodes) {
            if (offset <= node.length) return [node, offset];
            offset -= node.length;
        }
    };
    const changed = () => new Promise(done =>
        document.addEventListener("selectionchange", () => done(), {once: true}));
    let next = changed();
    getSelection().collapse(...place(start));
    await next;
    next = changed();
    getSelection().setBaseAndExtent(...place(start), ...place(end));
    await next;
}"""
# For each letter, return its color level, which is negative for values below zero, and whether the
# letter is marked. A line break has level 0, and a letter outside the view is null.
COLORED = """() => {
    const view = document.querySelector(".sheet").getBoundingClientRect();
    const inside = (paths, is, rect, y) => [...document.querySelectorAll(paths)].find(path => {
        const {x: left, y: top} = path.ownerSVGElement.getBoundingClientRect();
        const point = new DOMPoint(rect.x + rect.width / 2 - left, y - top);
        return path[is](point);
    });
    return [...document.querySelector(".text").childNodes].flatMap(node =>
        Array.from(node.data, (letter, at) => {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const rect = range.getBoundingClientRect();
            if (letter === "\\n") return [0, false];
            if (rect.top < view.top || rect.bottom > view.bottom) return null;
            const area = inside(".area", "isPointInFill", rect, rect.y + rect.height / 2);
            const side = area?.parentNode;
            const level = Number(side?.style.getPropertyValue("--level") ?? 0);
            const isMarked = Boolean(inside(".mark", "isPointInStroke", rect, rect.y));
            return [side?.matches(".below") ? -level : level, isMarked];
        }));
}"""


def reader(kind=nn.LSTM, H=6, text=CODE, **settings):
    torch.manual_seed(0)
    rnn, embedding = kind(4, H), nn.Embedding(len(LETTERS), 4)
    with torch.no_grad():
        for weights in rnn.parameters():
            weights *= 3
    readout = nn.Linear(H, len(LETTERS))
    return TextReader((embedding, rnn, readout), LETTERS, text=text, **settings)


def ready(view):
    """Wait until the widget has read the whole text, and return the view."""
    expect(view.root.locator(".verdict small")).to_have_count(0)
    return view


def told(view, **settings):
    """Wait until the browser has sent these settings to Python, and return the widget."""
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
    """Return the listed units and their areas. A minus sign marks an area below ½."""
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
    view.page.wait_for_function("document.querySelector('.mark').getAttribute('d')")
    assert [marked for _, marked in view.page.evaluate(COLORED)] == [k == "e" for k in CODE]


def levels(values, scale):
    return np.round(5 * np.clip(values / scale, -1, 1)).astype(int)


@pytest.mark.parametrize("quantity", ["f", "g", "c", "loss"])
def test_each_token_has_the_color_of_its_value(show, quantity):
    widget = reader(quantity=quantity, unit=2)
    view = ready(show(widget))
    shown = widget.values["shown"]
    scale = {"c": np.ceil(np.abs(shown).max()), "loss": 5}.get(quantity, 1)
    assert scale in (1, 2, 5)  # the scale must be a round number
    view.page.wait_for_selector(".area")
    colored = np.array([level for level, _ in view.page.evaluate(COLORED)])
    exact = 5 * np.clip(shown / scale, -1, 1)
    far = np.abs(exact - np.floor(exact) - 0.5) > 1e-6  # ignore values halfway between two levels
    far &= [letter != "\n" for letter in CODE]  # ignore line breaks, which have no width
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


@pytest.mark.parametrize("name", READERS)
def test_the_probabilities_on_the_screen_are_the_networks(show, name):
    make, read = READERS[name]
    net = made(make)
    widget = read(net)
    view = ready(show(widget))
    box = view.root.get_by_role("textbox", name="Text.")
    if name == "sensor":
        box.press("x")  # the sensor's inputs can't be changed
    else:
        box.fill("a dog likes the small cat .")
    ready(view)
    box.press("Control+Home")
    for t, token in enumerate(widget.tokens if name == "sensor" else view.bring().tokens):
        box.press("ArrowRight")  # go to the first letter of the token
        expect(view.root.locator(".verdict")).to_contain_text(f"“{token}”, token {t + 1} of")
        theirs = probabilities(net, view.bring().text)
        expected = theirs[t] if theirs.ndim == 2 else theirs
        shown = {k: v for k, v in view.shown().items() if k.startswith("p_")}
        assert shown == {f"p_{n}": pytest.approx(p, abs=0.0051) for n, p in enumerate(expected)}
        for _ in token:
            box.press("ArrowRight")
    assert view.bring().at == len(widget.tokens)


def test_other_text_is_read_in_the_browser_as_in_python(show):
    widget = reader(marks=[[17, 20]], unit=3)
    view = ready(show(widget))
    view.root.locator(".text").focus()
    view.page.keyboard.press("Control+Home")
    view.page.keyboard.type("name + ")
    ready(view)
    told(view, text="name + " + CODE, marks=[[24, 27]], at=7)  # the mark must move with the text
    expect(view.root.locator(".ranking li")).to_have_count(6)
    check_ranking(view, widget)
    said = view.root.locator(".verdict").inner_text()
    assert f"{widget.values['h'][widget.at - 1, 3]:+.2f}".replace("-", "−") in said


def test_lines_are_typed_and_pasted_as_they_are(show):
    view = ready(show(reader()))
    keys = view.page.keyboard
    view.root.locator(".text").click()
    keys.press("Control+A")
    keys.type("say\n  so\n")
    for key in ("Control+A", "Control+C", "Control+End", "Control+V"):
        keys.press(key)
    lines = view.root.locator(".text").evaluate("box => box.textContent").rstrip("\n")
    assert lines == "say\n  so\nsay\n  so"
    assert view.bring().text.rstrip("\n") == lines


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
    options = ["0, forward", "0, reverse", "1, forward", "1, reverse"]
    assert select.locator("option").all_inner_texts() == options
    select.select_option("1, reverse")
    ready(view)
    assert view.bring().layer == 3
    assert f"{widget.values['h'][0, 0]:+.2f}".replace("-", "−") in view.root.inner_text()
    shown = {k: v for k, v in view.shown().items() if k.startswith("p_")}
    assert shown == {
        f"p_{n}": pytest.approx(p, abs=0.0051) for n, p in enumerate(widget.values["p"])
    }


def test_a_long_text_is_colored_and_selected_anywhere(show):
    code = CODE * 20
    widget = reader(text=code, quantity="g")
    view = ready(show(widget))
    start, stop = len(code) - 300, len(code) - 40
    view.page.evaluate(SELECT, [start, stop])
    told(view, marks=[[start, stop]])
    view.root.locator(".sheet").evaluate("sheet => { sheet.scrollTop = sheet.scrollHeight; }")
    view.page.wait_for_function(f"({COLORED})().at(-2)?.[0]")
    expected = levels(widget.values["shown"], 1)
    colored = view.page.evaluate(COLORED)
    seen = [n for n, letter in enumerate(code) if colored[n] and letter != "\n"]
    assert colored[0] is None
    assert seen[0] < start
    assert [colored[n] for n in seen] == [[expected[n], start <= n < stop] for n in seen]


def test_what_the_pointer_is_over_is_told_and_nothing_is_colored_again(show):
    widget = reader()
    view = ready(show(widget))
    view.page.wait_for_selector(".area")
    view.page.evaluate("""() => {
        window.changes = 0;
        new MutationObserver(all => (changes += all.length)).observe(
            document.querySelector(".sheet"), {subtree: true, childList: true, attributes: true});
    }""")
    box = view.root.locator(".text").bounding_box()
    view.page.mouse.move(box["x"] + 14, box["y"] + 18)
    expect(view.root.locator(".verdict")).to_contain_text("“d”, token 1 of")
    view.page.mouse.move(box["x"] + 14, box["y"] + 18 + 22)
    expect(view.root.locator(".verdict")).to_contain_text("“␣”, token 16 of")
    view.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert view.page.evaluate("changes") == 0


def test_no_letter_is_cut_into_halves(show):
    faces = ["\N{GRINNING FACE}", "a"]
    torch.manual_seed(0)
    text = "a" * 199 + faces[0] * 500
    widget = TextReader((None, nn.LSTM(2, 3), nn.Linear(3, 2)), faces, text=text)
    view = ready(show(widget))
    pieces = view.root.locator(".text").evaluate(
        "box => [...box.childNodes].map(node => [node.data, node.data.isWellFormed()])"
    )
    assert len(pieces) > 3
    assert "".join(piece for piece, _ in pieces) == text
    assert all(whole for _, whole in pieces)
