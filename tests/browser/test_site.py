"""Browser tests of the book's pages and their live widgets."""

import json
import os
import re
from base64 import b64decode
from threading import Thread
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from appearance import violations
from blank_page import View
from firefox import Firefox, executable
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import expect
from torch import nn

from gatewise import widgets
from gatewise.cells import lstm, rnn
from tools import notebooks, site

CHAPTERS = [path.stem for path in notebooks.notebooks()]
NAMES = ["index", *CHAPTERS, "notation", "api"]
ALIVE = [name for name in CHAPTERS if notebooks.read_states().get(name)]
every = pytest.mark.parametrize("name", NAMES)
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Return whether every widget on the page has replaced its still picture.
MOUNTED = """() => [...document.querySelectorAll(".live")]
    .every((place) => place.querySelector(".gatewise") && place.childElementCount === 1)"""


@pytest.fixture(scope="module")
def root(pages):
    write_reader(pages)
    with site.server(pages) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def write_reader(pages):
    """Add a page with a TextReader, because no notebook contains one."""
    torch.manual_seed(0)
    parts = nn.Embedding(5, 4), nn.LSTM(4, 6), nn.Linear(6, 5)
    state = widgets.TextReader(parts, "abcd ", text="a bad cab " * 9, marks=[[2, 5]]).state()
    data, metadata = {"text/plain": state["class"]}, {"gatewise": state, "anchor": "reader"}
    shown = [new_output("display_data", data, metadata=metadata)]
    notebook = new_notebook(cells=[new_code_cell("", id="reader", outputs=shown)])
    say = json.loads((site.SITE / "en" / "say.json").read_text(encoding="utf-8"))
    page = site.render(pages, say, "reader", "Reader", notebook, site.jupyter_id)
    template = site.Book().environment.get_template("page.html.j2")
    text = template.render(page=page, pages=[page], say=say, before=None, after=[])
    (pages / "reader.html").write_text(text, encoding="utf-8")


@pytest.fixture
def visit(opened, root):
    """Return `visit(name, **options)`, which opens a page or a link such as `name#anchor`.

    The test fails if a page has an error or sends a request to another server.
    """
    open_page, faults = opened

    def visit(name, set_up=lambda page: None, **options):
        page = open_page(**{"viewport": WIDE} | options)
        page.on("requestfailed", lambda request: faults.append(request.url))
        elsewhere = [f"{root}/", "data:", "blob:"]
        page.on(
            "request",
            lambda request: faults.extend(
                [] if request.url.startswith(tuple(elsewhere)) else [request.url]
            ),
        )
        set_up(page)
        file, *link = name.partition("#")
        page.goto(f"{root}/{file}.html{''.join(link)}", wait_until="networkidle")
        page.wait_for_function(MOUNTED)
        return page

    return visit


# ── all pages ───────────────────────────────────────────────────────────────────────────────


@every
def test_axe_finds_nothing_by_day_and_by_night(visit, name):
    page = visit(name)
    page.locator("main details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    page.add_style_tag(content=".prose, .code { content-visibility: visible !important }")
    if name != "index":  # widgets have thousands of nodes and are tested separately
        page.add_style_tag(content=".gatewise { display: none }")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # the observer's turn
    assert violations(page.locator("body")) == []
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    assert violations(page.locator("body")) == []


@every
def test_nothing_is_wider_than_a_phone(visit, name):
    page = visit(name, viewport=PHONE)
    page.locator("main details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Contents").click()
    expect(page.get_by_role("navigation", name="Contents")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Contents")).to_be_hidden()


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    try:
        executable()
    except FileNotFoundError as none:
        (pytest.fail if os.environ.get("GATEWISE_SKIP_NOTHING") else pytest.skip)(str(none))
    firefox = Firefox(tmp_path_factory.mktemp("profile"))
    yield firefox
    firefox.close()


def until(condition):
    """Return JavaScript for a promise that resolves once a condition is true.

    condition: the source of a JavaScript function without arguments.
    """
    return f"""new Promise((done) => (function look() {{
        if (({condition})()) done(true);
        else requestAnimationFrame(look);
    }})())"""


@every
def test_firefox_shows_every_page(firefox, root, name):
    firefox.faults.clear()
    firefox.requests.clear()
    firefox.open(f"{root}/{name}.html")
    assert firefox.evaluate(until(MOUNTED))
    assert firefox.evaluate("document.querySelectorAll('main h1').length") == 1
    tall = "[...document.querySelectorAll('math[display=block]')].map((m) => m.clientHeight)"
    assert min(firefox.evaluate(tall), default=20) > 15
    # The next page would abort a font that is still loading, and Firefox would report that.
    assert firefox.evaluate("document.fonts.ready.then((fonts) => fonts.status)") == "loaded"
    assert firefox.requests
    assert [url for url in firefox.requests if not url.startswith((f"{root}/", "data:"))] == []
    assert firefox.faults == []


# ── widgets ─────────────────────────────────────────────────────────────────────────────────

# This version of `mount` records every changed setting.
HEARD = """export const mount = (place, own, more) => live.mount(place, { ...constants, ...own },
    { ...more, onchange: (some) => (place.changed = { ...place.changed, ...some }) });"""


def listen(page):
    def answer(route):
        body = re.sub(r"export const mount = .*\n", HEARD, route.fetch().text())
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/widgets/*.js", answer)


def shaped(kind, flat, D=1, H=1):
    """Return an instance of the parameter class `kind`, built from a dict of flat lists."""
    return kind(
        *(
            np.reshape(flat[name], (-1, size) if size else -1).astype(float)
            for name, size in zip(kind._fields, (D, H, 0, 0), strict=True)
        )
    )


def remade(state):
    """Return a Python widget with the state received from the browser."""
    kind = getattr(widgets, state["class"])
    settings = {name: state[name] for name in kind.settings()}
    if kind is widgets.UnrollPlayer:
        parts, tokens = network(state["network"])
        if state["others"]:
            all_of = [parts, *(network(other)[0] for other in state["others"])]
            parts = dict(zip(state["names"], all_of, strict=True))
        return kind(parts, tokens, filler=state["filler"], **settings)
    if kind is widgets.TextReader:
        plain = state["network"]
        outputs = {"outputs": plain["outputs"], "final": plain["final"]}
        return kind(network(plain)[0], state["vocabulary"], **outputs, **settings)
    if kind is widgets.BackwardExplorer:
        for name, cell in {"lstm_params": lstm, "rnn_params": rnn}.items():
            settings[name] = shaped(cell.Params, settings[name])
        return kind(**settings)
    task = {"task": state["task"]} if kind is widgets.GateExplorer else {}
    return kind(held=state["held"], note=state["note"], **task, **settings)


def network(plain):
    """Return the model and the tokens of a player's network."""
    numbers = np.frombuffer(b64decode(plain["weights"]), f"<f{plain['bits'] // 8}")
    arrays = np.split(numbers, np.cumsum(plain["lengths"])[:-1])
    D, H = plain["D"], plain["H"]
    table = arrays.pop(0).reshape(-1, D) if plain["embeds"] else None
    b, W = [arrays.pop(), arrays.pop()] if plain["predicts"] else [None, None]
    directions = plain["directions"]
    layers = len(arrays) // 4 // directions
    kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[plain["cell"]]
    module = kind(D, H, layers, bidirectional=directions == 2)
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(values).reshape(parameter.shape))
    readout = None if b is None else (W.reshape(-1, len(b)).T, b)
    return (table, module, readout), plain["tokens"]


def numbers(widget):
    """Return a dict that maps the name of each displayed number to its value in Python."""
    values = widget.values
    if isinstance(widget, widgets.UnrollPlayer):
        return {
            f"apart_{k}": line[min(widget.step, len(line)) - 1]
            for k, line in values["apart"].items()
        }
    if isinstance(widget, widgets.TextReader):
        ranked = {f"area_{unit}": max(area, 1 - area) for unit, area in values["ranking"]}
        likely = {f"p_{n}": p for n, p in enumerate(values.get("p", ()))}
        return {"value": values["shown"][widget.at - 1]} | ranked | likely
    if isinstance(widget, widgets.BackwardExplorer):
        return {
            f"{cell}.{name}": line[widget.step - 1]
            for cell in ("lstm", "rnn")
            for name, line in values[cell].items()
        }
    strip, named = values.pop("strip"), values
    for name in ("w_x", "w_h", "b", "held"):
        named |= {f"{name}_{k}": value for k, value in getattr(widget, name).items()}
    return named | {f"strip_{k}": line[-1] for k, line in strip.items()}


class Place(View):
    """A widget on a page of the book, with its initial state."""

    def __init__(self, page, root, state):
        self.page, self.root, self.state = page, root, state

    def agree(self):
        """Assert that all displayed numbers equal the values in Python, and return the numbers."""
        changed = self.root.evaluate("place => place.changed ?? {}")
        shown, ours = self.shown(), numbers(remade(self.state | changed))
        assert shown
        for name, number in shown.items():
            digits = (
                0.0051 if abs(ours[name]) >= 0.095 or "." not in name else 0.051 * abs(ours[name])
            )
            assert number == pytest.approx(ours[name], abs=digits + 1e-9, rel=0), name
        return shown

    def drag(self, handle):
        handle.scroll_into_view_if_needed()
        box, mouse = handle.bounding_box(), self.page.mouse
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + box["width"] / 3, y, steps=4)
        mouse.up()


@pytest.mark.parametrize("name", ["index", *ALIVE])
def test_each_widget_is_dragged_keyed_and_reset_and_says_what_the_cells_say(visit, name):
    page = visit(name, listen)
    states = page.evaluate("""async () => {
        const text = await (await fetch(location)).text();
        const page = new DOMParser().parseFromString(text, "text/html");
        return [...page.querySelectorAll(".live script")].map((script) => script.textContent);
    }""")
    places = page.locator(".live")
    expect(places).to_have_count(len(states))
    for n, state in enumerate(map(json.loads, states)):
        place = Place(page, places.nth(n), state)
        place.root.locator("details").evaluate_all("all => all.forEach(one => (one.open = true))")
        first, picture = place.agree(), place.root.inner_html()
        slider = place.root.locator("input[type=range]:visible").first
        place.drag(slider)
        place.agree()
        dragged = place.root.inner_html()
        assert dragged != picture
        at_end = slider.evaluate("node => Number(node.value) >= Number(node.max)")
        slider.press("Home" if at_end else "End")
        place.agree()
        assert place.root.inner_html() != dragged
        if state["class"] == "BackwardExplorer":
            # BackwardExplorer starts at the loss and has no Reset button.
            place.root.get_by_role("button", name="Go back a step").click()
            assert len(place.agree()) > len(first)
            place.root.get_by_role("button", name="Return to the loss").click()
            assert len(place.agree()) == len(first)
        else:
            place.root.get_by_role("button", name="Reset").click()
            assert place.agree() == first


def test_a_unit_of_a_trained_network_opens_in_its_cell(visit):
    page = visit("04_textrnn_vs_textlstm", viewport=PHONE)
    button = page.get_by_role("button", name=re.compile("^Open unit .* of B$")).first
    button.focus()
    page.keyboard.press("Enter")
    cell = page.locator(".gw-unroll-player + .gw-gate-explorer")
    expect(cell).to_be_in_viewport()
    unit, word = re.findall(r"\d+", button.get_attribute("aria-label"))
    expect(cell.locator(".note")).to_contain_text(f"unit {unit} at word {word} of B")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert violations(cell) == []
    button.press("Enter")
    expect(cell).to_have_count(0)


# Return the computed styles of all elements in a widget, ignoring language and color scheme.
STYLES = """view => [...view.querySelectorAll("*")].map((node) => {
    const style = getComputedStyle(node);
    const own = /^(?!--|-webkit-locale|color-scheme|text-size-adjust)/;
    return [...style].filter((name) => own.test(name)).sort()
        .map((name) => `${name}: ${style.getPropertyValue(name)}`);
})"""


@pytest.mark.parametrize("name", ["index", *ALIVE])
def test_the_page_and_its_widgets_do_not_style_each_other(visit, show, name):
    page = visit(name)
    first = page.locator(".gatewise").first
    state = json.loads(
        page.evaluate("fetch(location).then((answer) => answer.text())")
        .split('application/json">')[1]
        .split("</script>")[0]
    )
    alone = show(remade(state), viewport=WIDE, reduced_motion="reduce")
    alone.root.evaluate(
        "(root, width) => (root.style.width = width + 'px')", first.evaluate("n => n.clientWidth")
    )
    alone.page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    page.locator(".permalink").evaluate_all("all => all.forEach(one => one.remove())")
    here, there = first.evaluate(STYLES), alone.root.locator(".gatewise").evaluate(STYLES)
    assert len(here) > 200
    assert here == there


def test_a_widget_follows_the_theme_of_the_page_and_the_page_remembers_it(visit):
    page = visit("index")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator(".gatewise[data-theme=dark]")).to_have_count(1)
    page.reload()
    expect(page.locator("html[data-theme=dark] .gatewise[data-theme=dark]")).to_have_count(1)


# ── links to a state ────────────────────────────────────────────────────────────────────────

# Return every displayed value of a widget and the state of every control.
SHOWN = """place => [
    [...place.querySelectorAll("[data-value], output, .text")].map((node) => node.textContent),
    [...place.querySelectorAll("input, select, [aria-pressed], [aria-valuenow]")].map((node) =>
        node.getAttribute("aria-pressed") ?? node.getAttribute("aria-valuenow") ?? node.value)]"""
COPYING = {"permissions": ["clipboard-read", "clipboard-write"]}


def type_sentences(place):
    place.get_by_role("textbox", name="sentence B").fill("you um um i like")
    place.get_by_role("textbox", name="sentence A").fill("i um love")
    place.get_by_role("button", name="Force f to 0").click()
    place.get_by_role("button", name=re.compile(r"unit \d+ alone")).click()
    place.get_by_role("button", name=re.compile(r"Force o of .* to 1")).click()
    place.get_by_role("button", name="all units").click()  # changes only this view


def go_back(place):
    for _ in range(3):
        place.get_by_role("button", name="Go back a gate").click()
    place.get_by_role("button", name="c only").click()


def edit_text(place):
    place.get_by_role("button", name="cell state").click()
    place.get_by_role("button", name="Clear").click()
    place.locator(".text").fill("a cab add")


FIVE = {
    "GateExplorer": ("index#explorer", lambda p: p.get_by_role("button", name="Overwrite").click()),
    "GRUExplorer": ("05_gru#explorer", lambda p: p.get_by_role("button", name="before").click()),
    "BackwardExplorer": ("03_lstm_backward_by_hand#explorer", go_back),
    "UnrollPlayer": ("04_textrnn_vs_textlstm#player", type_sentences),
    "TextReader": ("reader#reader", edit_text),
}


@pytest.mark.parametrize("kind", FIVE)
def test_a_copied_link_opens_in_a_new_tab_with_the_same_values(visit, kind):
    (name, _, id), change = FIVE[kind][0].partition("#"), FIVE[kind][1]
    page = visit(name, **COPYING)
    place, asked = page.locator(f"#{id}"), []
    page.on("request", lambda request: asked.append(request.url))
    first = place.evaluate(SHOWN)
    assert first[0]
    for slider in place.locator("input[type=range]:visible").all():
        slider.press("ArrowLeft")
    change(place)
    place.get_by_role("button", name="Copy link").click()
    expect(place.get_by_role("status").filter(has_text="Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert re.fullmatch(rf"http://[\w.:]+/{name}\.html#{id}\?[\w.=&%+-]+", link)
    assert {url.rpartition("/")[2] for url in asked} <= {"icon.svg"}  # no request contains the link
    there = visit(f"{name}#{link.partition('#')[2]}")
    expect(there.locator(f"#{id} [data-changed]").first).to_be_attached()
    settled = f"place => JSON.stringify(({SHOWN})(place))"
    wanted = place.evaluate(settled)
    assert json.loads(wanted) != first
    there.wait_for_function(
        f"wanted => ({settled})(document.getElementById('{id}')) === wanted", arg=wanted
    )
    expect(there.locator(f"#{id}")).to_be_in_viewport()


WRONG = {
    "index#explorer": [
        *("x=", "x=hello", "x=1e999", "x=true", "x.y=1", "y=1", "note=hi", "projector=true"),
        *("b=3", "b.zz=1", "b.f=", "b.f=[1]", "repeats=2.5", "repeats=51", "step=2", "sequence=2"),
        *("inputs=1", "inputs.8=1", "inputs.7=", "__proto__.x=1", "toString=1", "x=1&y"),
    ],
    "02_lstm_gate_by_gate#keep": ["sequence=49", "step=21", "step=0", "c_before="],
    "03_lstm_backward_by_hand#explorer": [
        *("T=1", "T=21", "T=5&read=6", "read=9", "step=0", "stage=zz", "stage=", "x.0=big"),
        *("lstm_params.W_hh=1", "lstm_params.W_hh=[1]", "x.20=1", "detach=1"),
    ],
    "04_textrnn_vs_textlstm#player": [
        *("sentences.1=i+luv", "sentences.0=&sentences.1=", "sentences=i", "sentences.2=i+like"),
        *("clamp.z=1", "clamp.f=2", "clamp.f99=1", "hold_from=33", "unit=16", "units.0=99"),
        *("layer=1", "reverse=true", "network.D=3", "chosen=z"),
    ],
    "05_gru#explorer": ["reset_after=1", "w_x.q=1", "b.q=1001"],
    "reader#reader": [
        *("text=", "text=a%E2%82%AC", "quantity=z", "unit=6", "at=91", "layer=1", "marks.0=[5,5]"),
        *("marks.0=[2,91]", "marks.1=7", "vocabulary.0=a"),
    ],
}


@pytest.mark.parametrize("where", WRONG)
def test_a_wrong_link_is_ignored_with_a_sentence(visit, where):
    name, _, id = where.partition("#")
    page = visit(name)
    place = page.locator(f"#{id}")
    place.locator("input[type=range]:visible").first.press("ArrowLeft")
    before = place.evaluate(SHOWN)
    refused = place.get_by_role("status").filter(has_text="This link was ignored")
    for link in WRONG[where]:
        page.evaluate("link => (location.hash = link)", f"#{id}?{link}")
        parts = ["=".join(pair) for pair in parse_qsl(link, keep_blank_values=True)]
        expect(refused).to_contain_text(re.compile(f"“({'|'.join(map(re.escape, parts))})”"))
        assert place.evaluate(SHOWN) == before, link
    place.locator("input[type=range]:visible").first.press("ArrowRight")
    expect(refused).to_have_count(0)


def test_a_link_to_no_widget_and_a_heading_with_a_question_mark_change_nothing(visit):
    page = visit("02_lstm_gate_by_gate")
    before = page.locator(".live").evaluate_all(f"places => places.map({SHOWN})")
    heading = page.locator("h2[id$='?']").first.get_attribute("id")
    for link in ("nowhere?x=1", "?", "explorer", heading):
        page.evaluate("link => (location.hash = link)", f"#{link}")
    expect(page.locator(f"h2[id='{heading}']")).to_be_in_viewport()
    assert page.locator(".live").evaluate_all(f"places => places.map({SHOWN})") == before


def tab_to(page, target):
    """Press Tab until `target` has the focus."""
    for _ in range(300):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"expected {target} in reach of Tab, got none")


def test_a_try_item_acts_by_keyboard_alone_and_leads_back(visit):
    page = visit("03_lstm_backward_by_hand")
    place, link = page.locator("#explorer"), page.get_by_role("link", name="from 0", exact=True)
    bias = place.get_by_role("slider", name="forget bias")
    page.get_by_role("link", name="Skip to the first explorer").press("Enter")
    tab_to(page, link)
    top, before = page.evaluate("scrollY"), place.evaluate(SHOWN)
    page.keyboard.press("Enter")
    expect(bias).to_have_value("0")
    expect(bias).to_have_attribute("data-changed", "")
    assert bias.evaluate("node => getComputedStyle(node).outlineStyle") == "dashed"
    expect(place).to_be_in_viewport()
    assert page.evaluate("scrollY") < top
    expect(bias).not_to_have_attribute("data-changed", "")  # the mark disappears after a moment
    bar = page.get_by_role("group", name="Set from the text")
    assert violations(bar) == []
    back, undo = (bar.get_by_role("button", name=name) for name in ("Back to the text", "Undo"))
    expect(back).to_be_focused()
    page.keyboard.press("Tab")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    assert place.evaluate(SHOWN) == before
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(bar).to_be_hidden()
    expect(link).to_be_focused()
    assert page.evaluate("scrollY") == pytest.approx(top, abs=1)
    page.keyboard.press("Enter")
    tab_to(page, place.get_by_role("slider", name="time steps T"))
    bar.get_by_role("button", name="Close").click()
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("name", ["index", *ALIVE])
def test_every_link_in_the_text_sets_its_widget(visit, name):
    page = visit(name)
    page.locator("main details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    for link in page.locator("a.set").all():
        place = page.locator(link.get_attribute("href").partition("?")[0])
        link.click()
        expect(page.get_by_role("button", name="Back to the text")).to_be_focused()
        assert "ignored" not in place.inner_text()
        button = place.get_by_role(
            "button", name=re.compile(rf"^{re.escape(link.text_content())}\b")
        )
        for pressed in button.all():
            expect(pressed).to_have_attribute("aria-pressed", "true")
        if place.get_attribute("data-task") is not None:  # the task must be solved
            expect(place.get_by_role("button", name=re.compile("^Try 40 unseen"))).to_be_visible()


# ── guesses ─────────────────────────────────────────────────────────────────────────────────


def test_a_curve_is_guessed_on_a_page(visit):
    explorer = visit("index").locator(".live")
    explorer.get_by_role("button", name="Guess first").click()
    guess = explorer.get_by_role("slider", name="your guess of c after time step 5")
    guess.press("Home")
    explorer.get_by_role("button", name="Show c").click()
    expect(explorer.get_by_role("status").filter(has_text="Your largest gap")).to_be_visible()
    expect(explorer.locator(".knob").last).to_be_visible()


def test_a_guess_opens_the_answer_beside_it_and_is_kept_here_only(visit):
    page, asked = visit("02_lstm_gate_by_gate"), []
    page.on("request", lambda request: asked.append(request.url))
    form = page.locator("#guess-cell-code")
    answer = page.locator("#guess-cell-code + details")
    expect(answer).to_be_hidden()
    form.get_by_role("textbox", name="Your guess").fill("about <b>−0.1</b>")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("You said: about <b>−0.1</b>")
    expect(answer.locator("pre.out")).to_be_visible()
    expect(answer.locator("summary")).to_be_focused()
    expect(form).to_be_hidden()
    page.keyboard.press("Enter")
    expect(answer).to_be_hidden()
    form.get_by_role("button", name="Show the answer").click()
    expect(answer.locator("pre.out")).to_be_visible()
    assert asked == []
    page.reload(wait_until="networkidle")
    expect(form.get_by_role("textbox")).to_have_value("about <b>−0.1</b>")
    empty = page.locator(".ask").first
    empty.get_by_role("button").click()
    expect(page.locator(".ask:first-of-type + details[open] .said").first).to_be_hidden()


def test_an_answer_opens_without_a_script_and_where_nothing_may_be_kept(visit, browser, root):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{root}/02_lstm_gate_by_gate.html")
    expect(page.locator(".ask:visible")).to_have_count(0)
    page.locator("details.answer summary").first.click()
    expect(page.locator("details.answer pre.out").first).to_be_visible()
    page.close()
    denied = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied') }})"
    page = visit("02_lstm_gate_by_gate", lambda page: page.add_init_script(denied))
    page.get_by_role("button", name="Light or dark").click()
    form = page.locator(".ask").first
    form.get_by_role("textbox").fill("all of it")
    page.keyboard.press("Enter")
    expect(page.locator("details.answer .said").first).to_have_text("You said: all of it")


# ── keyboard, print and search ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("target", [".live", ".live[data-task]", "#cell-exercises ~ *"])
def test_ten_tabs_reach_the_first_explorer_task_and_exercise(visit, name, target):
    page = visit(name)
    if not page.locator(target).count():
        assert (
            target == ".live[data-task]" or name not in ALIVE
        )  # tests/test_site.py checks which widgets have a task
        return
    id = page.locator(target.split()[0]).first.get_attribute("id")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == f"#{id}":
            page.keyboard.press("Enter")
        if page.evaluate("target => !!document.activeElement.closest(target)", target):
            break
    else:
        raise AssertionError(
            f"expected focus in {target}, got {page.evaluate('document.activeElement.outerHTML')}"
        )


def test_the_contents_come_before_the_text(visit):
    page = visit(CHAPTERS[0])
    links = page.locator("nav.contents a, main a, main button")
    is_contents = links.evaluate_all("all => all.map((one) => !!one.closest('nav.contents'))")
    assert is_contents == sorted(is_contents, reverse=True)
    assert is_contents[0]


def test_the_search_finds_a_word_of_one_chapter_and_leads_to_its_section(visit, pages):
    index = json.loads((pages / "search.json").read_text(encoding="utf-8"))
    words = {}
    for page, id, _, said in index:
        for word in set(re.findall(r"\b[a-z]{9,}\b", said)):
            words.setdefault(word, []).append((page, id))
    here = [
        (word, *found[0])
        for word, found in words.items()
        if len(found) == 1
        and found[0][0].startswith("05")
        and found[0][1]
        and not any(word in other for other in words if other != word)
    ]
    word, page, id = here[0]
    view = visit("index")
    view.keyboard.press("/")
    view.keyboard.type(word)
    result = view.get_by_role("dialog").get_by_role("link")
    expect(result).to_have_count(1)
    expect(result.locator("mark").first).to_have_text(word)
    view.keyboard.press("Enter")
    view.wait_for_url(re.compile(re.escape(page)))
    assert view.evaluate("decodeURIComponent(location.hash)") == f"#{id}"
    expect(view.locator(f'[id="{id}"]')).to_be_in_viewport()


def test_what_is_nowhere_is_not_found(visit):
    view = visit("index")
    view.get_by_role("button", name="Search").click()
    view.keyboard.type("zzzz")
    expect(view.get_by_role("status").filter(has_text="Nothing found")).to_have_count(1)
    view.keyboard.press("Escape")
    expect(view.get_by_role("dialog")).to_be_hidden()


def test_on_paper_answers_are_open_and_what_leads_elsewhere_is_gone(visit):
    page = visit(CHAPTERS[1])
    answer = page.locator(".answer pre").first
    expect(answer).to_be_hidden()
    page.emulate_media(media="print")
    expect(answer).to_be_visible()
    for gone in ("banner", "contentinfo"):
        expect(page.get_by_role(gone)).to_have_count(0)
    expect(page.locator("nav:visible")).to_have_count(0)
    assert page.pdf().count(b"/Type /Page\n") > 5
