"""The widgets work on every kind of page when `mount` is called without a model.

Each host is simulated by a blank page with the CSS variables, attributes and colors of the host.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from appearance import labels, violations
from playwright.sync_api import expect

from gatewise import models, text
from gatewise.cells import lstm
from gatewise.widgets import (
    BackwardExplorer,
    GateExplorer,
    GRUExplorer,
    TextReader,
    UnrollPlayer,
)


def player(vocabulary=None, hidden=5, **settings):
    torch.manual_seed(0)
    vocabulary = vocabulary or text.Vocabulary()
    return UnrollPlayer(models.TextLSTM(len(vocabulary), hidden), vocabulary, **settings)


def held():
    rng = np.random.default_rng(0)
    params = lstm.Params.random(9, 5, rng)
    trace = lstm.forward(params, rng.normal(size=(4, 3, 9)))
    return GateExplorer.from_trace(params, trace, t=1, b=2, unit=3)


def reader():
    torch.manual_seed(0)
    model = None, torch.nn.LSTM(5, 16), torch.nn.Linear(16, 5)
    return TextReader(model, "abcd ", text="a bad cab " * 20, marks=[[2, 5]])


WIDGETS = {
    "gates": GateExplorer,
    "task": lambda: GateExplorer("quote"),
    "held": held,
    "gru": lambda: GRUExplorer(reset_after=False),
    "backward": lambda: BackwardExplorer(step=6, stage="back"),
    "player": lambda: player(clamp={"f": 0.5, "o3": 1}),
    "reader": reader,
}
# Mount a widget from its styles, script and settings, as a static page does.
MOUNT = """async ([source, css, settings]) => {
    document.head.append(Object.assign(document.createElement("style"), {textContent: css}));
    const blob = new Blob([source], {type: "text/javascript"});
    const {default: widget} = await import(URL.createObjectURL(blob));
    const element = document.body.appendChild(document.createElement("section"));
    window.changes = [];
    window.live = widget.mount(element, settings, {onchange: (changed) => changes.push(changed)});
}"""
# Sizes are measured in the first frame and used in the second frame.
FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def mount(opened):
    """Return `mount(*widgets, html, **options)`, which opens a page with the given widgets.

    The test fails if the page has faults.
    """
    open_page, _ = opened

    def mount(*widgets, html="<body></body>", **options):
        page = open_page(**{"viewport": {"width": 1200, "height": 900}} | options)
        page.set_content(html)
        for widget in widgets:
            plain = json.loads(json.dumps(widget.plain(), allow_nan=False))
            page.evaluate(MOUNT, [widget._esm, widget._css, plain])
        page.evaluate(FRAMES)
        return page

    return mount


# ── colors ──────────────────────────────────────────────────────────────────────────────────

SHARE = Path(sys.prefix, "share", "jupyter")
THEMES = SHARE / "lab" / "themes" / "@jupyterlab"


def theme(name):
    """Return the style sheet of a JupyterLab theme."""
    return (THEMES / f"theme-{name}-extension" / "index.css").read_text(encoding="utf-8")


def labvariables():
    """Return the CSS variables that ipywidgets defines outside JupyterLab."""
    script = (SHARE / "nbextensions" / "jupyter-js-widgets" / "extension.js").read_text("utf-8")
    found = re.findall(r"--jp-[\w-]+:\s*[^;{}\"'\\]+;", script)
    found = [line for line in found if line.count("(") == line.count(")")]
    assert any("--jp-layout-color0" in line for line in found)
    return ":root { " + " ".join(found) + " }"


LAB = "body { background: var(--jp-layout-color0); color: var(--jp-ui-font-color1) }"
LIGHT, DARK = "body { background: #fff; color: #000 }", "body { background: #383838; color: #ddd }"
# A host has styles, attributes of <html> and <body>, a system color scheme and an expected theme.
HOSTS = {
    "JupyterLab, light": (
        lambda: theme("light") + LAB,
        "",
        "data-jp-theme-light=true",
        "dark",
        "light",
    ),
    "JupyterLab, dark": (
        lambda: theme("dark") + LAB,
        "",
        "data-jp-theme-light=false",
        "light",
        "dark",
    ),
    "classic notebook, dark system": (lambda: labvariables() + LIGHT, "", "", "dark", "light"),
    "classic notebook, light system": (lambda: labvariables() + LIGHT, "", "", "light", "light"),
    "Colab, dark": (lambda: labvariables() + DARK, "theme=dark", "", "light", "dark"),
    "Colab, light": (lambda: labvariables() + LIGHT, "", "", "dark", "light"),
    "VS Code, dark": (lambda: labvariables() + DARK, "", "class=vscode-dark", "light", "dark"),
    "VS Code, light": (lambda: labvariables() + LIGHT, "", "class=vscode-light", "dark", "light"),
    "plain": (str, "", "", "light", "light"),
    "plain, dark system": (str, "", "", "dark", "light"),
    "both color schemes, dark system": (
        lambda: ":root { color-scheme: light dark }",
        "",
        "",
        "dark",
        "dark",
    ),
    "dark page of its own": (
        lambda: DARK.replace("#ddd", "oklch(0.9 0 0)"),
        "",
        "",
        "light",
        "dark",
    ),
}


EACH = ["gates", "gru", "backward", "player", "reader"]


@pytest.mark.parametrize("host", HOSTS)
def test_text_has_enough_contrast_on_every_host(mount, host):
    styles, html, body, system, expected = HOSTS[host]
    page = mount(
        *[WIDGETS[name]() for name in EACH],
        html=f"<html {html}><head><style>{styles()}</style></head><body {body}></body></html>",
        color_scheme=system,
    )
    views = page.locator(".gatewise")
    expect(page.locator(f".gatewise[data-theme={expected}]")).to_have_count(len(EACH))
    assert violations(views) == []


def test_a_change_of_theme_is_followed(mount):
    page = mount(GateExplorer(), html="<style>body.night { color: #eee; background: #111 }</style>")
    view = page.locator(".gatewise")
    expect(view).to_have_attribute("data-theme", "light")
    page.evaluate("document.body.className = 'night'")
    expect(view).to_have_attribute("data-theme", "dark")
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    expect(view).to_have_attribute("data-theme", "light")
    page.evaluate("live.end()")
    expect(view).to_have_count(0)
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")


# ── styles ──────────────────────────────────────────────────────────────────────────────────

# Return every computed style of every element in a widget.
STYLES = """view => [...view.querySelectorAll("*")].map(node => {
    const style = getComputedStyle(node);
    return [...style].sort().map(name => style.getPropertyValue(name)).join();
})"""
ALONE = ["gates", "backward", "player", "reader"]


@pytest.fixture(scope="module")
def alone():
    """Return a dict for caching the styles that each widget has on a page of its own."""
    return {}


# Together, the two orders contain every ordered pair of widgets.
@pytest.mark.parametrize("order", [ALONE, ALONE[::-1]], ids="-".join)
def test_styles_are_the_same_alone_and_together(mount, alone, order):
    for name in ALONE:
        if name not in alone:
            page = mount(WIDGETS[name]())
            alone[name] = page.locator(".gatewise").evaluate(STYLES)
            assert len(alone[name]) > 150
    page = mount(*[WIDGETS[name]() for name in order])
    for n, name in enumerate(order):
        together = page.locator(".gatewise").nth(n).evaluate(STYLES)
        assert together == alone[name], name


def test_a_widget_styles_nothing_outside_itself(mount):
    html = (
        "<body><main><p><b>x</b></p><button>x</button><svg class=chart><text>x</text></svg></main>"
    )
    page = mount(html=html)
    before = page.locator("main").evaluate(STYLES)
    page = mount(*[WIDGETS[name]() for name in ALONE], html=html)
    assert page.locator("main").evaluate(STYLES) == before


# ── without a model ─────────────────────────────────────────────────────────────────────────


def test_a_page_is_notified_of_the_readers_changes(mount):
    page = mount(BackwardExplorer(step=8))
    page.get_by_role("slider", name="time steps T").press("End")
    assert page.evaluate("changes.pop()") == {"T": 20, "read": 20, "step": 20}
    page.get_by_role("button", name="Go back a gate").click()
    assert page.evaluate("changes.pop()") == {"stage": "do"}
    page.evaluate("live.update({T: 5})")
    expect(page.get_by_role("slider", name="read the loss")).to_have_value("5")
    assert page.evaluate("changes.length") == 0


@pytest.mark.parametrize("name", WIDGETS)
def test_keys_and_names_work_without_jupyter(mount, name):
    page = mount(WIDGETS[name]())
    view = page.locator(".gatewise")
    view.locator("details").evaluate_all("nodes => nodes.forEach(node => (node.open = true))")
    nameless = view.locator("input, select, button, [role=slider], [role=img]").evaluate_all(
        "nodes => nodes.filter(node => !node.ariaLabel && !node.textContent.trim()"
        " && !node.labels?.length).length"
    )
    assert nameless == 0
    assert labels(view)[1:] == [[], []]
    sliders = view.locator("input[type=range]")
    for slider in sliders.all():
        value, least = slider.input_value(), slider.get_attribute("min")
        slider.press("End" if value == least else "Home")
        assert slider.input_value() != value
        assert slider.get_attribute("aria-valuetext")


def test_words_are_shown_as_they_are_written(mount):
    words = ["$$", "costs", "$5", "<b>", "a_1", "${x}", "{t}", "&amp;"]
    sentences = ["$$ costs $5 <b>", "a_1 ${x} {t} &amp;"]
    page = mount(player(text.Vocabulary([" ".join(words)]), sentences=sentences))
    written = page.locator(".along .word").all_text_contents()
    assert sorted(written) == sorted(" ".join(sentences).split())
    assert set(page.locator("tbody th").all_text_contents()) == set(words)


def test_a_large_vocabulary_shows_its_likeliest_words(mount):
    vocabulary = text.Vocabulary([" ".join(f"word{n}" for n in range(2_000))])
    page = mount(player(vocabulary, 16, sentences=["word1 word5", "word2 word5"]))
    expect(page.locator("tbody tr")).to_have_count(10)
    box = page.get_by_label("sentence B", exact=True)
    box.fill("nothing")
    box.press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("and 1960 more")


def test_another_unicode_form_of_a_word_is_found(mount):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    page = mount(player(text.Vocabulary([f"i like {composed}"]), sentences=["i like"]))
    box = page.get_by_label("sentence A", exact=True)
    box.fill(f"i like {decomposed}")
    box.press("Tab")
    assert page.evaluate("changes.at(-1).sentences") == [f"i like {composed}"]
    expect(page.get_by_role("alert")).to_be_hidden()
