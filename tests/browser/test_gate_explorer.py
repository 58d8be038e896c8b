"""GateExplorer and GRUExplorer show the same numbers as gatewise.cells and torch."""

import numpy as np
import pytest
import torch
from appearance import LOOKS, labels, violations
from blank_page import parse, swipe
from playwright.sync_api import expect

from gatewise.cells import gru
from gatewise.drawings.values import nice, number
from gatewise.widgets import GateExplorer, GRUExplorer, tasks
from gatewise.widgets.words import ENGLISH

BY_GATE = ["w_x", "w_h", "b"]

both = pytest.mark.parametrize("kind", [GateExplorer, GRUExplorer])


def weights(view):
    """Open the section with the weights, and return the view."""
    view.root.get_by_text("Set the weights").click()
    return view


def drag(view, node, right, down):
    node.scroll_into_view_if_needed()
    box, mouse = node.bounding_box(), view.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + right, y + down, steps=4)
    mouse.up()


def states(explorer):
    return [k for k in ["h_before", "c_before"] if hasattr(explorer, k)]


def by_torch(explorer, inputs):
    """Return a dict from state names to the states of torch's cell after each input."""
    names = states(explorer)
    kind = torch.nn.LSTMCell if "c_before" in names else torch.nn.GRUCell
    cell = kind(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for parameter, array in zip(cell.parameters(), explorer.params, strict=True):
            parameter.copy_(torch.from_numpy(array))
        state = [torch.full((1, 1), getattr(explorer, k), dtype=torch.float64) for k in names]
        steps = []
        for x in inputs:
            x = torch.full((1, 1), x, dtype=torch.float64)
            state = cell(x, state) if len(state) == 2 else [cell(x, *state)]
            steps.append([v.item() for v in state])
    return {k[0]: [step[n] for step in steps] for n, k in enumerate(names)}


def agree(view):
    """Assert that the screen, the cells and torch show the same numbers. Returns the explorer."""
    explorer, shown = view.bring(), view.shown()
    values = dict(explorer.values)
    strip = values.pop("strip")
    ours = values | {k: getattr(explorer, k) for k in ["x", *states(explorer)]}
    ours |= {f"{name}_{k}": v for name in BY_GATE for k, v in getattr(explorer, name).items()}
    ours |= {f"strip_{k}": line[-1] for k, line in strip.items()}
    assert {f"{name}_{k}" for name in BY_GATE for k in getattr(explorer, name)} <= shown.keys()
    assert {*explorer.w_x, *(f"a_{k}" for k in explorer.w_x), "h", "strip_h"} <= shown.keys()
    assert shown == pytest.approx({k: ours[k] for k in shown}, abs=0.005 + 1e-9)
    now, theirs = by_torch(explorer, [explorer.x]), by_torch(explorer, strip["x"])
    for k in theirs:
        assert values[k] == pytest.approx(now[k][0], abs=1e-12)
        assert strip[k] == pytest.approx(theirs[k], abs=1e-12)
    return explorer


def draw(explorer, rng):
    """Draw random settings from the ranges of the sliders."""
    by_gate = {name: {k: rng.uniform(-4, 4) for k in getattr(explorer, name)} for name in BY_GATE}
    start = {k: rng.uniform(-1, 1) for k in states(explorer)}
    return {**by_gate, **start, "x": rng.uniform(-2, 2), "inputs": rng.uniform(-2, 2, 8).tolist()}


@both
def test_numbers_are_torchs_at_ten_settings_after_drag_and_key(show, kind):
    view, rng = weights(show(kind(repeats=0))), np.random.default_rng(0)
    page, sliders = view.page, view.root.locator("input[type=range]")
    explorer = agree(view)
    count = sliders.count()
    by_gate = sum(len(getattr(explorer, name)) for name in BY_GATE)
    assert count == 1 + len(states(explorer)) + by_gate
    for n in range(10):
        view.send(**draw(explorer, rng))
        before = agree(view).get_state()
        slider = sliders.nth(int(rng.integers(count)))
        if n % 2:
            slider.press("ArrowRight" if float(slider.input_value()) < 0 else "ArrowLeft")
        else:
            slider.scroll_into_view_if_needed()
            box = slider.bounding_box()
            x, y = box["x"] + box["width"] * rng.uniform(0.3, 0.7), box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 7, y, steps=3)
            page.mouse.up()
        after = agree(view).get_state()
        assert [k for k in before if k != "values" and before[k] != after[k]] != []


@both
def test_bars_are_dragged_and_moved_by_keys(show, kind):
    view = weights(show(kind(repeats=0)))
    bars = view.root.get_by_role("slider", name="input x of time step")
    expect(bars).to_have_count(8)
    bars.nth(3).press("PageUp")
    drag(view, bars.nth(5), 0, -20)
    inputs = agree(view).inputs
    assert inputs[3] == -0.5
    assert inputs[5] not in (0.0, 1.0)
    assert f"{inputs[5]:.2f}" in bars.nth(5).get_attribute("aria-valuetext")
    # The Home and End keys set a handle to its minimum and maximum.
    bars.nth(0).press("End")
    bars.nth(1).press("Home")
    assert agree(view).inputs[:2] == [2, -2]


@both
def test_reset_restores_the_first_state(show, kind):
    view = weights(show(kind(x=-1.5)))
    first, shown = view.widget.get_state(), view.shown()
    view.send(**draw(view.widget, np.random.default_rng(1)))
    assert view.shown() != shown
    view.root.get_by_role("button", name="Reset", exact=True).click()
    assert agree(view).get_state() == first
    assert view.shown() == shown


def test_presets_and_repeats_make_c_count_while_h_saturates(show):
    view = weights(show(GateExplorer()))
    count = view.root.get_by_role("button", name="count")
    count.click()
    repeat = view.root.get_by_role("slider", name="times", exact=True)
    for _ in range(12):
        repeat.press("ArrowRight")
    strip = agree(view).values["strip"]
    assert len(strip["c"]) == 20
    assert strip["c"][-1] > 15
    assert strip["h"][-1] == pytest.approx(1, abs=1e-2)
    expect(count).to_have_attribute("aria-pressed", "true")


def test_presets_of_the_gru(show):
    view = weights(show(GRUExplorer()))
    view.root.get_by_role("button", name="keep").click()
    assert agree(view).values["strip"]["h"][-1] == pytest.approx(0.5, abs=0.01)
    view.root.get_by_role("button", name="plain RNN").click()
    explorer = agree(view)
    plain = np.tanh(explorer.x + explorer.h_before)
    assert explorer.values["h"] == pytest.approx(plain, abs=0.01)


def test_a_key_moves_the_reset_before_the_product_and_back(show):
    view = weights(show(GRUExplorer(b={"r": 0, "z": 0.5, "n": 0, "q": -2})))
    before = view.root.get_by_role("button", name="before the product")
    before.press("Enter")
    expect(before).to_have_attribute("aria-pressed", "true")
    explorer = view.bring()
    assert explorer.reset_after is False
    x, h = np.array([[explorer.x]]), np.array([[explorer.h_before]])
    by_hand = gru.step(explorer.params, x, h, reset_after=False).h.item()
    assert view.shown()["h"] == pytest.approx(by_hand, abs=0.005 + 1e-9)
    view.root.get_by_role("button", name="after the product").press("Enter")
    agree(view)
    assert abs(view.shown()["h"] - by_hand) > 0.02


def test_the_browser_counts_the_solved_sequences_of_a_task(show):
    view = show(GateExplorer(task="quote"))
    tally = view.root.get_by_role("status").first
    expect(tally).to_have_text(f"{view.widget.values['right']} of 8 sequences")
    assert view.root.get_by_role("button", name="overwrite").count() == 0
    view.send(w_x={"i": 10, "f": 10, "g": 0, "o": 0}, b={"i": -7, "f": 5, "g": 9, "o": 1})
    assert view.widget.values["right"] == 8
    expect(tally).to_contain_text("8 of 8 sequences: c tells open quotes on these")
    chip = view.root.get_by_role("button", name="sequence 2: right")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    assert view.bring().sequence == 2
    view.root.get_by_role("button", name="reset").click()
    expect(tally).not_to_have_text("8 of 8 sequences")
    assert view.bring().values["right"] < 8


@pytest.mark.parametrize("handle", ["valve of the forget gate", "forget gate: pre-activation"])
def test_valves_and_dots_set_the_bias_of_their_gate(show, handle):
    view = weights(show(GateExplorer(repeats=0)))
    node = view.root.get_by_role("slider", name=handle)
    drag(view, node, -25, 0)
    f = agree(view).values["f"]
    assert 0 < f < 0.999
    assert view.widget.b["f"] < 8
    slot = view.root.locator('[data-valve="f"] [data-slot]')
    radius, tall = 14, "slot => slot.getBBox().height"
    assert slot.evaluate(tall) == pytest.approx(2 * radius * f, abs=0.1)
    expect(
        view.root.get_by_text(f"keeps {round(100 * f)} % of the old memory").first
    ).to_be_visible()
    node.press("Home")
    assert agree(view).values["f"] < 0.001
    assert slot.evaluate(tall) < 0.1
    expect(view.root.get_by_text("keeps 0 % of the old memory").first).to_be_visible()


def test_a_task_shows_the_chosen_step(show):
    view = show(GateExplorer(task="keep"))
    strip = view.root.locator(".strip")
    size = strip.bounding_box()
    strip.click(position={"x": 36 + (size["width"] - 102) * 5.5 / 21, "y": 120})
    explorer = view.bring()
    assert explorer.step == 5
    shown = view.shown()
    for name in ("x", "c_before", "h_before", "c", "h"):
        assert shown[name] == pytest.approx(explorer.values[name], abs=0.005 + 1e-9)
    assert view.root.locator("input[type=range]:visible").count() == 1
    view.root.get_by_role("slider", name="time step").press("End")
    assert view.bring().step == 20


def test_a_verdict_stays_in_view(show):
    view = weights(show(GateExplorer(task="keep"), viewport={"width": 390, "height": 844}))
    view.root.locator(".card").last.scroll_into_view_if_needed()
    assert view.page.evaluate("scrollY") > 400
    expect(view.root.locator(".verdict")).to_be_in_viewport()


def heights(view, line):
    """Return the height, in pixels, of each point on a line."""
    d = view.root.locator(f".strip .line.{line}").get_attribute("d")
    return [-float(point.split()[1]) for point in d[1:].split("L")]


@pytest.mark.parametrize("task", ["", "keep"])
def test_a_sequence_starts_with_the_state_before_its_first_step(show, task):
    view = show(GateExplorer(task=task, b={"i": 8}))
    c, h = heights(view, "c"), heights(view, "h")
    T = len(view.widget.values["strip"]["c"])
    assert len(c) == len(h) == T + 1
    first = tasks.visible(task)[0].c0 if task else view.widget.c_before
    values = np.array([first, *view.widget.values["strip"]["c"]])
    np.testing.assert_allclose(np.polyval(np.polyfit(values, c, 1), values), c, atol=0.1)
    assert view.root.locator(".strip .tick").all_text_contents().count("0") == 2


CARDS = ".card, .card *"
MANY = {
    "LSTM": GateExplorer,
    "GRU": GRUExplorer,
    **{task: lambda task=task: GateExplorer(task=task) for task in ("keep", "quote")},
}


@pytest.mark.parametrize("name", MANY)
def test_the_weights_are_folded_and_come_last(show, name):
    view = show(MANY[name]())
    assert view.root.locator(CARDS).count() > 0
    assert view.root.locator(CARDS).and_(view.root.locator(":visible")).count() == 0
    assert view.root.locator("input[type=range]:visible").count() <= 4
    parts = view.root.locator(
        ":is(.presets, .chips, .states, .cell, .sequence, details):not(details *)"
    )
    order = parts.evaluate_all("nodes => nodes.map(node => node.classList[0] ?? node.tagName)")
    is_task = name in ("keep", "quote")
    learn = ["learn"] if is_task else []
    assert order[0] == ("chips" if is_task else "presets")
    assert order[1:] == ["states", "cell", "sequence", *learn, "DETAILS"]
    keys = view.root.get_by_text("arrows, Page Up, Page Down, Home and End move it.")
    expect(keys).to_be_visible()
    said = view.root.locator(".cell [role=group]").get_attribute("aria-description")
    assert said == ENGLISH["gates"]["keys"]


@both
def test_the_new_state_can_be_read_in_the_drawing_on_a_phone(show, kind):
    view = show(kind(), viewport=LOOKS["narrow"]["viewport"])
    k = "c" if kind is GateExplorer else "h"
    node = view.root.locator(f".cell [data-number={k}]").first
    expect(node).to_have_text(number(view.widget.values[k], sign=True))
    assert node.bounding_box()["height"] >= 11


@both
def test_the_projector_view_is_readable_on_an_upright_screen(show, kind):
    view = show(kind(), viewport={"width": 800, "height": 1280})
    view.root.get_by_role("button", name="Projector view").click()
    face = view.root.locator(".face")
    view.page.wait_for_function("document.querySelector('.face').style.scale !== ''")
    size = "face => parseFloat(getComputedStyle(face).fontSize) * face.style.scale"
    assert face.evaluate(size) >= 10


# ── guesses ──


def guessing(view, k):
    """Start a guess, and return the "Show" button and the guess's sliders."""
    view.root.get_by_role("button", name="Guess first").click()
    return (
        view.root.get_by_role("button", name=f"Show {k}"),
        view.root.get_by_role("slider", name=f"your guess of {k}"),
    )


def guessed(handles):
    texts = handles.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-valuetext'))")
    return [parse(text) for text in texts]


def verdict(explorer, k, guess):
    """Return the comment that the explorer should make on a guess."""
    words, line = ENGLISH["gates"], explorer.values["strip"][k]
    came = {name: getattr(explorer, name) for name in states(explorer)}
    trace = explorer.module.forward(
        explorer.params,
        np.array(explorer.values["strip"]["x"])[:, None, None],
        **explorer._state(came),
    )
    keeper = trace.f if k == "c" else trace.z
    kept = keeper.ravel() * [came[f"{k}_before"], *line[:-1]]
    gaps = np.abs(np.subtract(guess, line))
    t = int(gaps.argmax())
    most = 1 if k == "h" else nice(abs(explorer.c_before) + np.abs(trace.i * trace.g).sum())
    if gaps[t] <= most / 20:
        return words["near"].format(near=number(most / 20), k=k)
    terms = {"kept": kept[t], "added": line[t] - kept[t]}
    larger = max(terms, key=lambda term: abs(terms[term]))
    why = larger if abs(terms[larger]) >= 0.005 else "none"
    numbers = {"guess": number(guess[t]), "value": number(line[t])}
    terms = {term: number(value) for term, value in terms.items()}
    return words["gap"].format(t=t + 1, k=k, **numbers) + words["why"][why].format(**terms)


def stroke(view, shares):
    """Draw a curve across the chart. shares: the heights as fractions of the chart's height."""
    paper = view.root.locator(".paper")
    paper.scroll_into_view_if_needed()
    box, mouse = paper.bounding_box(), view.page.mouse
    for n, share in enumerate(shares):
        x = box["x"] + box["width"] * (n + 0.5) / len(shares)
        mouse.move(x, box["y"] + box["height"] * (1 - share))
        if n == 0:
            mouse.down()
    mouse.up()


PRESETS = [(GateExplorer, name) for name in ("Keep", "Overwrite", "Count", "Erase")]
PRESETS += [(GRUExplorer, name) for name in ("Keep", "Overwrite", "Plain RNN", "Average")]


@pytest.mark.parametrize(("kind", "preset"), PRESETS)
def test_a_guess_is_drawn_before_the_answer_and_compared_with_it(show, kind, preset):
    view, k = show(kind(repeats=0)), "c" if kind is GateExplorer else "h"
    view.root.get_by_role("button", name=preset).click()
    ends = {name for name in view.shown() if name.startswith("strip_")}
    assert f"strip_{k}" in ends
    view.bring()
    answer, handles = guessing(view, k)
    expect(handles).to_have_count(8)
    assert guessed(handles) == [getattr(view.widget, f"{k}_before")] * 8
    # Neither the line nor any visible or spoken number may reveal the answer.
    assert len(heights(view, k)) == 1
    assert not ends & view.shown().keys()
    bar = view.root.get_by_role("slider", name="input x of time step 1")
    assert f"{k} is hidden" in bar.get_attribute("aria-valuetext")
    assert f"{k} is hidden" in view.root.locator(".strip [role=img]").get_attribute("aria-label")

    stroke(view, [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9])
    guess = guessed(handles)
    assert guess == sorted(guess)
    assert len(set(guess)) == 8
    handles.nth(2).press("ArrowDown")
    assert guessed(handles)[2] == pytest.approx(guess[2] - 0.05, abs=0.026)
    guess = guessed(handles)

    answer.click()
    expect(view.root.get_by_role("status")).to_have_text(verdict(view.bring(), k, guess))
    assert len(heights(view, k)) == 9
    assert ends <= view.shown().keys()
    expect(handles).to_have_count(0)
    expect(view.root.get_by_text(ENGLISH["gates"]["guess legend"])).to_be_visible()
    assert view.root.locator(".guess circle").count() == 8
    view.root.get_by_role("button", name="Reset").click()
    expect(view.root.locator(".guess")).to_have_count(0)
    sent = view.page.evaluate("messages")
    assert all("guess" not in message for message in sent)


def test_a_guess_close_to_the_answer_is_right(show):
    view = show(GateExplorer())  # the cell and the initial guess both keep c constant
    answer, handles = guessing(view, "c")
    answer.click()
    said = view.root.get_by_role("status")
    expect(said).to_have_text("Your guess is within 0.05 of c at every step. Which gate told you?")
    answer.click()  # return to guessing
    handles.nth(4).press("ArrowDown")
    handles.nth(4).press("PageDown")
    expect(said).to_have_text("")
    answer.click()
    expect(said).to_contain_text("at step 5: you guessed −0.05, and c is 0.50.")
    # The Erase button changes the answer but not the guess.
    view.root.get_by_role("button", name="Erase").click()
    expect(said).to_contain_text("you guessed 0.50, and c is 0.00. Nothing was kept, and nothing")


def tab(page, label):
    """Press Tab until the label of the focused element starts with `label`."""
    for _ in range(60):
        page.keyboard.press("Tab")
        said = "document.activeElement.ariaLabel ?? document.activeElement.textContent"
        if page.evaluate(said).strip().startswith(label):
            return
    raise AssertionError(f"expected Tab to reach {label}")


@both
def test_a_guess_by_keyboard_alone(show, kind):
    view, k = show(kind()), "c" if kind is GateExplorer else "h"
    tab(view.page, "Guess first")
    view.page.keyboard.press("Enter")
    for t, key in enumerate(["ArrowUp", "PageDown", "Home", "End"], 1):
        tab(view.page, f"your guess of {k} after time step {t}")
        view.page.keyboard.press(key)
    guess = guessed(view.root.get_by_role("slider", name="your guess"))
    first = getattr(view.widget, f"{k}_before")
    assert guess[:2] == [first + 0.05, first - 0.5]
    assert guess[2] == -guess[3] < -0.9
    assert guess[4:] == [first] * 4
    tab(view.page, f"Show {k}")
    view.page.keyboard.press("Space")
    expect(view.root.get_by_role("status")).to_have_text(verdict(view.bring(), k, guess))
    assert view.page.evaluate("document.activeElement.textContent") == f"Show {k}"


def test_a_finger_draws_a_guess_sideways_and_moves_the_page_up_and_down(show):
    view = show(GateExplorer(), viewport={"width": 390, "height": 3000}, has_touch=True)
    _, handles = guessing(view, "c")
    first = guessed(handles)
    touch = view.page.context.new_cdp_session(view.page)
    box = view.root.locator(".paper").bounding_box()
    x, y = box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2
    for right, down in [(4, 60), (-20, -90), (0, 0)]:
        swipe(touch, x, y, right, down)
        assert guessed(handles) == first
    swipe(touch, x, y, 120, 10)
    assert guessed(handles) != first


@pytest.mark.parametrize("look", LOOKS)
@both
def test_no_labels_of_a_guess_overlap_and_axe_finds_nothing(show, kind, look):
    view = show(kind(repeats=0), **LOOKS[look])
    answer, handles = guessing(view, "c" if kind is GateExplorer else "h")
    for act in (lambda: handles.nth(7).press("End"), answer.click):
        act()
        assert labels(view.root)[1:] == [[], []]
        assert violations(view.root) == []


def test_it_starts_with_keep_and_few_handles(show):
    view = show(GateExplorer())
    handles = view.root.locator("input[type=range]:visible, [role=slider]:visible")
    few = handles.count()
    for name in "Keep", "Feed xt, 8 times":
        pressed = view.root.get_by_role("button", name=name)
        expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(view.root.get_by_role("button", name="Feed eight inputs")).to_be_visible()
    expect(view.root.locator(".legend")).to_contain_text("dashed if negative")
    weights(view)
    assert handles.count() >= 2 * few


def test_a_bar_at_zero_has_a_handle(show):
    view = show(GateExplorer(repeats=0))
    assert view.widget.inputs[1] == 0
    drag(view, view.root.get_by_role("slider", name="input x of time step 2"), 0, -20)
    assert view.bring().inputs[1] > 0
