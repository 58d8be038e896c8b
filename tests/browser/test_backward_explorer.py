"""In a browser, BackwardExplorer shows the same gradients as torch's autograd."""

import re

import numpy as np
import pytest
from appearance import hard_to_read
from backward_reference import differences, draw, settings
from playwright.sync_api import expect

from gatewise.drawings.values import gradient_thickness
from gatewise.widgets import BackwardExplorer

STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"]
# The stages that compute several gradients, and the names of these gradients.
FOUND = {
    "da": ["lstm.da_i", "lstm.da_f", "lstm.da_g", "lstm.da_o", "rnn.da"],
    "back": ["lstm.dh_before", "lstm.dc_before", "rnn.dh_before"],
}


@pytest.fixture
def view(show):
    return show(BackwardExplorer())


def way(view):
    return view.root.get_by_role("slider", name="Back through time")


def detach(view):
    return view.root.get_by_role("button", name="c only")


def click(view, name):
    # At the first and last steps, a click must have no effect.
    view.root.get_by_role("button", name=name).click(force=True)


def place(view):
    explorer = view.bring()
    return explorer.step, explorer.stage


@pytest.mark.parametrize("n", range(10))
def test_every_gradient_is_autograds(show, n):
    given, bias = draw(n), "forget bias b f"
    view = show(BackwardExplorer(**given))
    slider = view.root.get_by_role("slider", name=bias)
    slider.press("Home" if n % 3 else "End")
    for _ in range(n % 5):
        slider.press("PageDown" if n % 3 == 0 else "PageUp")
    if n % 2:
        detach(view).click()
    explorer = view.bring()
    assert (explorer.T, explorer.read) == (given["T"], given["read"])
    assert (explorer.forget_bias, explorer.detach) == (float(slider.input_value()), bool(n % 2))
    found = differences(explorer.values, settings(explorer))
    assert len(found) == 18
    assert max(found.values()) < 1e-12
    if n % 2:  # each step back multiplies dc by f
        f = np.array(explorer.values["lstm"]["f"][: explorer.read])
        dc = np.array(explorer.values["lstm"]["dc"][: explorer.read])
        np.testing.assert_allclose(dc[:-1], dc[1:] * f[1:], rtol=1e-12, atol=0)

    for step in range(explorer.read, 0, -1):  # displayed numbers have two digits
        click(view, "Go back a step")
        shown = view.shown()
        assert len(shown) == 15
        for name, number in shown.items():
            cell, key = name.split(".")
            value = explorer.values[cell][key][step - 1]
            digits = 0.005 if abs(value) >= 0.095 else 0.051 * abs(value)
            assert number == pytest.approx(value, abs=digits + 1e-9 * digits, rel=0)


def test_settings_from_python_are_followed(view):
    view.send(T=13)
    assert (view.widget.read, view.widget.step) == (13, 13)
    expect(way(view)).to_have_attribute("aria-valuetext", re.compile("step 13 of 13: dh = 1.00"))
    view.send(read=7, detach=True)
    expect(way(view)).to_have_attribute("aria-valuetext", re.compile("step 7 of 13: dh = 1.00"))
    expect(detach(view)).to_have_attribute("aria-pressed", "true")


def test_it_steps_back_gate_by_gate_and_step_by_step(view):
    said = view.root.get_by_role("status")
    assert place(view) == (8, "dh")
    for stage in STAGES[1:]:
        click(view, "Go back a gate")
        assert place(view) == (8, stage)
        lit = view.root.locator("tr.now [data-value]").evaluate_all(
            "nodes => nodes.map(node => node.dataset.value)"
        )
        assert sorted(lit) == sorted(FOUND.get(stage, [f"lstm.{stage}"]))
        shown = view.shown()
        assert all(f"{shown[name]:.3g}" in said.text_content() for name in lit)
        assert view.root.locator(".cell [data-flow].now").count() > 0
    click(view, "Go back a gate")
    assert place(view) == (7, "do")
    click(view, "Undo")
    assert place(view) == (8, "back")
    for step in range(7, 0, -1):
        click(view, "Go back a step")
        assert place(view) == (step, "back")
    click(view, "Go back a step")
    assert place(view) == (1, "back")
    click(view, "Return to the loss")
    assert place(view) == (8, "dh")


def test_keys_walk_back(view):
    for key, where, says in [
        ("ArrowLeft", (8, "do"), "time step 8 of 8: do = "),
        ("ArrowDown", (8, "dc"), "time step 8 of 8: dc = "),
        ("PageDown", (7, "dc"), "time step 7 of 8: dc = "),
        ("ArrowRight", (7, "do"), "time step 7 of 8: do = "),
        ("Home", (1, "back"), "time step 1 of 8: dh 0 = "),
        ("End", (8, "dh"), "time step 8 of 8: dh = 1.00"),
        ("PageDown", (8, "back"), "time step 8 of 8: dh 7 = "),
    ]:
        way(view).press(key)
        assert place(view) == where
        assert way(view).get_attribute("aria-valuetext").startswith(says)
    way(view).press("End")  # the view stays at the loss when T changes
    view.root.get_by_role("slider", name="time steps T").press("End")
    expect(way(view)).to_have_attribute("aria-valuetext", re.compile("step 20 of 20: dh = 1.00"))


def test_a_click_on_a_step_goes_there(view):
    box = way(view).bounding_box()
    view.page.mouse.click(box["x"] + box["width"] * 3.5 / 8, box["y"] + 60)
    assert place(view) == (4, "back")


def test_detach_leaves_the_wire_and_says_so(view):
    click(view, "Go back a step")
    detach(view).click()
    expect(detach(view)).to_have_attribute("aria-pressed", "true")
    expect(view.root.get_by_role("status")).to_contain_text("is detached")
    words = view.root.locator("svg text").all_text_contents()
    assert {"dc in full", "through c", "through h", "RNN dh 0"} <= set(words)
    click(view, "Go back a step")
    shown = view.shown()
    assert shown["rnn.dh"] == shown["lstm.dh"] == shown["lstm.do"] == 0
    assert shown["lstm.dc"] > 0
    view.root.get_by_role("button", name="c and h").click()
    assert "LSTM dh" in view.root.locator("svg text").all_text_contents()


def test_it_moves_only_if_the_reader_allows_motion(show):
    for motion, moves in [("no-preference", "gw-flow"), ("reduce", "none")]:
        view = show(BackwardExplorer(), reduced_motion=motion)
        click(view, "Go back a gate")
        cores = view.root.locator(".cell [data-flow].now [data-core]")
        names = cores.evaluate_all("all => all.map((one) => getComputedStyle(one).animationName)")
        assert set(names) == {moves}


def test_both_cells_say_where_the_gradient_is_lost_on_one_scale(view):
    told = view.root.locator(".lost")
    for sentence in view.widget.lost(view.widget.values):
        plain = sentence.replace("f_4", "f4")
        expect(told).to_contain_text(plain)
    click(view, "Go back a step")
    widths = """nodes => nodes.map(node => [Number(node.getAttribute("stroke-width")),
        node.getScreenCTM().a])"""
    drawn = view.root.locator('.cell [data-wire="dh_before"]').evaluate_all(widths)
    scales = {round(scale, 2) for _, scale in drawn}
    assert len(scales) == 1
    chain = view.root.locator(".overview .passed").evaluate_all(widths)
    cells = [width * scale for width, scale in drawn]
    assert any(abs(width - cell) < 0.2 for width, _ in chain for cell in cells)
    legend = view.root.locator(".key path").evaluate_all(widths)
    expected = [scales.copy().pop() * gradient_thickness(10.0**n) for n in (0, -2, -4, -6)]
    assert [width for width, _ in legend] == pytest.approx(expected, abs=0.1)
    expect(view.root.locator(".key")).to_contain_text("dashed: negative")


# For each visible wire with a value, return whether the wire is dashed.
DASHED = """root => {
    const dashed = path => getComputedStyle(path).strokeDasharray !== "none";
    const all = query => [...root.querySelectorAll(query)].filter(x => x.getClientRects().length);
    const cells = all(".cell [data-flow]").map(flow => {
        const [wire, core] = ["wire", "core"].map(name => flow.querySelector(`[data-${name}]`));
        const cell = wire.closest("svg").dataset.drawing.split("-")[0];
        return [cell, wire.dataset.wire, dashed(wire), dashed(core)];
    });
    return [cells, all(".overview .passed").map(dashed)];
}"""


def test_a_wire_is_dashed_if_and_only_if_its_gradient_is_negative(show):
    given = draw(3) | {"T": 6, "read": 6}
    view = show(BackwardExplorer(**given), reduced_motion="reduce")
    values, seen = view.widget.values, set()
    for count in range(1, 7 * 6 + 1):
        click(view, "Go back a gate")
        step, _ = place(view)
        cells, chain = view.root.evaluate(DASHED)
        for cell, name, wire, core in cells:
            if name in values[cell]:
                assert wire == (values[cell][name][step - 1] < 0)
                seen.add(wire)
            assert not core
        sent = range(6 - count // 7, 6) if count >= 7 else []
        wires = values["lstm"]["dc_before"], values["lstm"]["dh_before"], values["rnn"]["dh_before"]
        assert chain == [line[t] < 0 for t in sent for line in wires]
    assert seen == {True, False}


def test_the_wires_to_the_previous_states_are_named_after_them(view):
    for step in range(8, 0, -1):
        click(view, "Go back a step")
        for cell, part, symbol in [
            ("lstm", "c", "dc"), ("lstm", "h", "dh"), ("rnn", "h", "dh")
        ]:  # fmt: skip
            drawing = view.root.locator(f'svg[data-drawing^="{cell}"]')
            written = drawing.locator(f'[data-symbol="{part}_t−1"]')
            expect(written).to_have_text(f"{symbol}{step - 1}")
        rows = view.root.locator("tr.now th").all_text_contents()
        names = [f"dh{step - 1}", f"dh{step - 1}", f"to dc{step - 1}"]
        assert sorted(row.strip() for row in rows) == names


# Return the font sizes of all text on the screen except subscripts.
SIZES = """root => [...root.querySelectorAll("*")].flatMap((node) => {
    const has = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const isIndex = node.matches("sub, tspan[data-index]");
    if (!has || isIndex || node.getBoundingClientRect().width < 2) return [];
    const scale = node.getScreenCTM?.().a ?? Number(getComputedStyle(node.closest(".face")).scale);
    return [[!!node.closest(".cell svg"), scale * parseFloat(getComputedStyle(node).fontSize)]];
})"""


def test_text_in_the_projector_view_can_be_read_from_afar(show):
    """At 1280 × 720, text must be at least 14 px in size, or 12 px in the drawings of the cells."""
    view = show(BackwardExplorer(step=5, stage="back"), viewport={"width": 1280, "height": 720})
    view.send(projector=True)
    sizes = view.root.evaluate(SIZES)
    for is_drawn, limit in (False, 14), (True, 12):
        assert min(size for drawn, size in sizes if drawn == is_drawn) > limit - 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_of_what_is_still_to_come_can_be_read(show, scheme):
    view = show(BackwardExplorer(stage="dc"), color_scheme=scheme)
    cells = view.root.locator(".cell svg")
    assert cells.locator("[data-part].later text").count() > 5
    assert [hard_to_read(cells.nth(n)) for n in range(2)] == [[], []]
