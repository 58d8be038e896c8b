"""GateExplorer and GRUExplorer show the numbers of gatewise.cells and torch on the screen."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from gatewise.cells import gru
from gatewise.widgets import GateExplorer, GRUExplorer

BY_GATE = ["w_x", "w_h", "b"]

both = pytest.mark.parametrize("kind", [GateExplorer, GRUExplorer])


def weights(view):
    """Unfold the weights in a view, and return the view."""
    view.root.get_by_text("Set the weights").click()
    return view


def drag(view, node, right, down):
    """Drag a handle by its middle."""
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
    """Return the states of nn.LSTMCell or nn.GRUCell after each input, by name."""
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
    """Assert that the screen, the cells and torch agree on every number. Returns the explorer."""
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
    """Draw settings that the sliders can reach."""
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
    # Home and End move a handle to its ends.
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
    expect(tally).to_have_text("8 of 8 sequences. Solved: c tells open quotes on all 8")
    view.root.get_by_role("button", name="Try 40 unseen ones").click()
    expect(view.root.get_by_role("status").last).to_contain_text("of 40 unseen sequences")
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
    expect(
        view.root.get_by_text(f"keeps {round(100 * f)} % of the old memory").first
    ).to_be_visible()
    node.press("Home")
    assert agree(view).values["f"] < 0.001
    expect(view.root.get_by_text("keeps 0 % of the old memory").first).to_be_visible()


def test_a_task_shows_the_chosen_step(show):
    view = show(GateExplorer(task="keep"))
    strip = view.root.locator(".strip")
    size = strip.bounding_box()
    strip.click(position={"x": 36 + (size["width"] - 102) * 4.5 / 20, "y": 120})
    explorer = view.bring()
    assert explorer.step == 5
    shown = view.shown()
    for name in ("x", "c_before", "h_before", "c", "h"):
        assert shown[name] == pytest.approx(explorer.values[name], abs=0.005 + 1e-9)
    assert view.root.locator("input[type=range]:visible").count() == 1  # only the step slider
    view.root.get_by_role("slider", name="time step").press("End")
    assert view.bring().step == 20


def test_a_verdict_stays_in_view(show):
    view = weights(show(GateExplorer(task="keep"), viewport={"width": 390, "height": 844}))
    view.root.locator(".card").last.scroll_into_view_if_needed()
    assert view.page.evaluate("scrollY") > 400
    expect(view.root.locator(".verdict")).to_be_in_viewport()
