"""The pages of the book in browsers: live widgets, no faults, every width, and the keyboard."""

import json
import os
import re
from base64 import b64decode
from threading import Thread

import numpy as np
import pytest
import torch
from appearance import violations
from blank_page import View
from firefox import Firefox, executable
from playwright.sync_api import expect
from torch import nn

from gatewise import widgets
from gatewise.cells import lstm, rnn
from tools import notebooks, site

CHAPTERS = [path.stem for path in notebooks.notebooks()]
NAMES = ["index", *CHAPTERS, "notation"]
ALIVE = [name for name in CHAPTERS if notebooks.read_states().get(name)]
every = pytest.mark.parametrize("name", NAMES)
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# All widgets of a page have replaced their pictures.
MOUNTED = """() => [...document.querySelectorAll(".live")]
    .every((place) => place.querySelector(".gatewise") && place.childElementCount === 1)"""


@pytest.fixture(scope="module")
def root(pages):
    with site.server(pages) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def visit(browser, root):
    """Return `visit(name, **options)`, which opens a page.

    After the test, asserts that no page had a fault or a request to any other server.
    """
    opened, faults = [], []

    def visit(name, set_up=lambda page: None, **options):
        page = browser.new_page(**{"viewport": WIDE, "reduced_motion": "reduce"} | options)
        opened.append(page)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(f"{error}\n{error.stack}"))
        page.on("requestfailed", lambda request: faults.append(request.url))
        elsewhere = [f"{root}/", "data:", "blob:"]
        page.on(
            "request",
            lambda request: faults.extend(
                [] if request.url.startswith(tuple(elsewhere)) else [request.url]
            ),
        )
        set_up(page)
        page.goto(f"{root}/{name}.html", wait_until="networkidle")
        page.wait_for_function(MOUNTED)
        return page

    yield visit
    for page in opened:
        page.close()
    assert faults == []


# ── what holds for every page ───────────────────────────────────────────────────────────────


@every
def test_axe_finds_nothing_by_day_and_by_night(visit, name):
    page = visit(name)
    page.locator("main details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    if name != "index":  # the widgets have thousands of nodes, and tests of their own
        page.add_style_tag(content=".gatewise { display: none }")
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
    """Return JavaScript for a promise that resolves in the first frame where a condition holds.

    condition: the JavaScript of a function without arguments.
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
    assert firefox.requests
    assert [url for url in firefox.requests if not url.startswith((f"{root}/", "data:"))] == []
    assert firefox.faults == []


# ── widgets ─────────────────────────────────────────────────────────────────────────────────

# The page itself doesn't listen for changes of the settings, but this test does.
HEARD = """export const mount = (place, own) => live.mount(place, { ...constants, ...own },
    { onchange: (some) => (place.changed = { ...place.changed, ...some }) });"""


def listen(page):
    def answer(route):
        body = re.sub(r"export const mount = .*\n", HEARD, route.fetch().text())
        route.fulfill(body=body, content_type="text/javascript")

    page.route("**/widgets/*.js", answer)


def shaped(kind, flat, D=1, H=1):
    """Return parameters of a `kind`, from dicts of flat lists."""
    return kind(
        *(
            np.reshape(flat[name], (-1, size) if size else -1).astype(float)
            for name, size in zip(kind._fields, (D, H, 0, 0), strict=True)
        )
    )


def remade(state):
    """Return a Python widget with the state from the browser."""
    kind = getattr(widgets, state["class"])
    settings = {name: state[name] for name in kind.settings()}
    if kind is widgets.UnrollPlayer:
        return kind(*network(state["network"]), **settings)
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
    """Return the parts of a player's network, and its tokens."""
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
    """Return every number on the screen as the cells compute it, by its name there."""
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
    """A widget on a page of the book, and its initial state."""

    def __init__(self, page, root, state):
        self.page, self.root, self.state = page, root, state

    def agree(self):
        """Assert that each number on the screen equals the cells'; returns the numbers."""
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
        if state["class"] == "BackwardExplorer":  # which has no Reset and starts at the loss
            place.root.get_by_role("button", name="Go back a step").click()
            assert len(place.agree()) > len(first)
            place.root.get_by_role("button", name="Return to the loss").click()
            assert len(place.agree()) == len(first)
        else:
            place.root.get_by_role("button", name="Reset").click()
            assert place.agree() == first


# Every computed style of every element of a widget, except the page's language and color scheme.
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
    here, there = first.evaluate(STYLES), alone.root.locator(".gatewise").evaluate(STYLES)
    assert len(here) > 200
    assert here == there


def test_a_widget_follows_the_theme_of_the_page_and_the_page_remembers_it(visit):
    page = visit("index")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator(".gatewise[data-theme=dark]")).to_have_count(1)
    page.reload()
    expect(page.locator("html[data-theme=dark] .gatewise[data-theme=dark]")).to_have_count(1)


# ── by keyboard, on paper, by search ────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("target", ["#explorer", "#cell-exercises ~ *"])
def test_ten_tabs_reach_the_first_explorer_and_the_first_exercise(visit, name, target):
    page = visit(name)
    if not page.locator(target).count():
        assert name not in ALIVE
        return
    link = target.split()[0]
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == link:
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
    expect(result.locator("mark")).to_have_text(word)
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
