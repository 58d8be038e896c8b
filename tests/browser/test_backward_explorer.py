"""BackwardExplorer in a browser: its gradients are autograd's, its picture goes back in time."""

import re
import time
from statistics import median

import numpy as np
import pytest
from backward_reference import SETTINGS, differences
from faces import LOOKS, drag, labels, look, violations

FIRST = [
    "import numpy as np\nfrom gatewise.cells import lstm, rnn\n"
    "from gatewise.widgets import BackwardExplorer\nexplorer = BackwardExplorer()\nexplorer",
]
STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"]
RESET = (
    "again = BackwardExplorer()\n"
    "for k in ['x', 'lstm_params', 'rnn_params', 'T', 'read', 'forget_bias', 'detach', 'step',"
    " 'stage']: setattr(explorer, k, getattr(again, k))"
)


class Face:
    """The widget on a page."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.root = notebook.page.locator(".gatewise.backward").first
        self.way = self.root.get_by_role("slider", name="Back through time")
        self.detach = self.root.get_by_role("button", name="detach")

    def click(self, name):
        # Also where there is nothing left to do: nothing may happen then.
        self.root.get_by_role("button", name=name).click(force=True)

    def key(self, key, n=1):
        for _ in range(n):
            self.page.keyboard.press(key)

    def shown(self):
        """Every number in the equations, by the name of the value."""
        pairs = self.root.locator("[data-value]:visible").evaluate_all(
            "nodes => nodes.map(node => [node.dataset.value, node.textContent])"
        )
        return {name: parse(text) for name, text in pairs}

    def ask(self, condition=lambda s, values: True, before="pass"):
        """Settings and values from the kernel, which may be a moment late."""
        end = time.monotonic() + 5
        while True:
            s, values = self.notebook.ask(f"[{SETTINGS}, explorer.values]", before)
            if condition(s, values) or time.monotonic() > end:
                return s, values
            before = "pass"

    def is_at(self, step, stage):
        s, _ = self.ask(lambda s, _: (s["step"], s["stage"]) == (step, stage))
        return (s["step"], s["stage"]) == (step, stage)


def parse(text):
    plain = text.replace("−", "-").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(re.sub(r"·10", "e", plain))


@pytest.fixture(scope="module")
def lab(open_for_module):
    notebook = open_for_module(FIRST)
    notebook.show_all(1)
    return notebook


@pytest.fixture
def explorer(lab):
    lab.page.wait_for_timeout(200)  # the test before may still be talking to the kernel
    lab.ask("0", RESET)
    yield Face(lab)
    assert lab.messages == []


def test_every_gradient_is_autograds_at_ten_settings(explorer):
    rng = np.random.default_rng(0)
    bias = explorer.root.get_by_role("slider", name="forget bias")
    worst = 0
    for n in range(10):
        T = int(rng.integers(2, 21))
        read = int(rng.integers(1, T + 1))
        explorer.notebook.ask(
            "0",
            f"rng = np.random.default_rng({n})\n"
            "explorer.lstm_params = lstm.Params.random(1, 1, rng)\n"
            "explorer.rnn_params = rnn.Params.random(1, 1, rng)\n"
            f"explorer.x = rng.normal(size=20)\nexplorer.T, explorer.read = {T}, {read}",
        )
        # From here on the browser is at work: what the kernel has then, comes from there.
        bias.focus()
        explorer.key("Home" if n % 3 else "End")
        explorer.key("PageDown" if n % 3 == 0 else "PageUp", n % 5)
        if n % 2:
            explorer.detach.click()
        on_screen = float(bias.input_value()), bool(n % 2)
        s, values = explorer.ask(lambda s, _, at=on_screen: (s["forget_bias"], s["detach"]) == at)
        assert (s["T"], s["read"], s["forget_bias"], s["detach"]) == (T, read, *on_screen)
        found = differences(values, s)
        assert len(found) == 18
        worst = max(worst, *found.values())
        if s["detach"]:
            f, dc = np.array(values["lstm"]["f"]), np.array(values["lstm"]["dc"][:read])
            factor = np.cumprod(np.append(1, f[1:read][::-1]))[::-1]
            np.testing.assert_allclose(dc / dc[-1], factor, rtol=1e-12, atol=0)

        # What is written is what was computed, to two digits.
        explorer.click("one step")
        shown = explorer.shown()
        assert len(shown) == 15
        for name, number in shown.items():
            cell, key = name.split(".")
            value = values[cell][key][read - 1]
            assert abs(number - value) <= max(0.051 * abs(value), 1e-300)
        if n % 2:
            explorer.detach.click()
    print(f"largest difference from autograd at ten settings: {worst:.1e}")
    assert worst < 1e-6


def test_python_and_browser_say_the_same(explorer):
    for change in ["explorer.T = 13", "explorer.read = 7", "explorer.detach = True"]:
        _, python = explorer.ask(before=change)
        explorer.click("one gate")
        s, browser = explorer.ask(lambda s, _: s["stage"] != "dh")
        for cell in ["lstm", "rnn"]:
            for name, values in python[cell].items():
                np.testing.assert_allclose(browser[cell][name], values, rtol=1e-9, atol=1e-15)
        # A browser that is still talking would have the last word over the next change.
        explorer.click("undo")
        explorer.ask(lambda s, _: s["stage"] == "dh")


def test_it_steps_back_gate_by_gate_and_step_by_step(explorer):
    assert explorer.is_at(8, "dh")
    said = explorer.root.get_by_role("status")
    for stage in STAGES[1:]:
        explorer.click("one gate")
        assert explorer.is_at(8, stage)
        lit = explorer.root.locator("tr.now [data-value]").evaluate_all(
            "nodes => nodes.map(node => node.dataset.value)"
        )
        meant = {"da": ["lstm.da_i", "lstm.da_f", "lstm.da_g", "lstm.da_o", "rnn.da"]}
        meant["back"] = ["lstm.dh_before", "lstm.dc_before", "rnn.dh_before"]
        assert sorted(lit) == sorted(meant.get(stage, [f"lstm.{stage}"]))
        shown = explorer.shown()
        assert all(f"{shown[name]:.3g}" in said.text_content() for name in lit)
        assert explorer.root.locator(".cell .flow.now").count() > 0
    explorer.click("one gate")
    assert explorer.is_at(7, "do")
    explorer.click("undo")
    assert explorer.is_at(8, "back")
    for step in range(7, 0, -1):
        explorer.click("one step")
        assert explorer.is_at(step, "back")
    explorer.click("one step")
    assert explorer.is_at(1, "back")
    explorer.click("to the loss")
    assert explorer.is_at(8, "dh")


def test_detach_leaves_the_wire_and_says_so(explorer):
    explorer.click("one step")
    explorer.detach.click()
    assert explorer.detach.get_attribute("aria-pressed") == "true"
    assert "only the wire" in explorer.detach.inner_text()
    assert "cut off" in explorer.root.get_by_role("status").inner_text()
    labels = explorer.root.locator(".overview text").all_text_contents()
    assert {"dc, uncut", "wire ∏ f", "detour", "RNN dh 0"} <= set(labels)
    explorer.click("one step")
    shown = explorer.shown()
    assert shown["rnn.dh"] == shown["lstm.dh"] == shown["lstm.do"] == 0
    assert shown["lstm.dc"] > 0
    explorer.detach.click()
    assert "LSTM dh" in explorer.root.locator(".overview text").all_text_contents()


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_keys_walk_back_and_all_survives_the_kernels_end(open_notebook, server, app):
    notebook = open_notebook(FIRST, app)
    notebook.run_all()
    face = Face(notebook)
    face.way.focus()
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    at = notebook.page.evaluate(active)
    steps = [
        ("ArrowLeft", (8, "do"), "step 8 of 8: do = "),
        ("ArrowDown", (8, "dc"), "step 8 of 8: dc = "),
        ("PageDown", (7, "dc"), "step 7 of 8: dc = "),
        ("ArrowRight", (7, "do"), "step 7 of 8: do = "),
        ("Home", (1, "back"), "step 1 of 8: dh 0 = "),
        ("End", (8, "dh"), "step 8 of 8: dh = 1.00"),
        ("PageDown", (8, "back"), "step 8 of 8: dh 7 = "),
    ]
    for key, place, says in steps:
        face.key(key)
        assert face.is_at(*place)
        assert face.way.get_attribute("aria-valuetext").startswith(says)
    assert notebook.page.evaluate(active) == at

    # Everything that can be reached by keys keeps them from Jupyter.
    marked = face.root.locator("input, button, [tabindex='0']")
    assert marked.count() == face.root.locator("[data-lm-suppress-shortcuts=true]").count() == 9

    notebook.end_kernel(server)
    face.way.focus()
    face.key("PageDown", 2)
    assert face.way.get_attribute("aria-valuetext").startswith("step 6 of 8: dh 5 = ")
    face.root.get_by_role("slider", name="steps").focus()
    face.key("End")
    assert face.way.get_attribute("aria-valuetext").startswith("step 20 of 20: dh = 1.00")
    assert notebook.messages == []


def test_a_click_on_a_step_goes_there(explorer):
    box = explorer.way.bounding_box()
    explorer.page.mouse.click(box["x"] + box["width"] * 3.5 / 8, box["y"] + 60)
    assert explorer.is_at(4, "back")


def test_a_drag_is_drawn_within_a_frame(explorer):
    slider = explorer.root.get_by_role("slider", name="forget bias")
    pictures, waits = drag(slider, ".overview")
    print(f"{pictures} pictures, median {median(waits):.1f} ms from input to drawn")
    assert pictures >= 55
    assert median(waits) <= 16


VIEWS = [  # T, read, step, stage, detach, forget bias
    (8, 8, 8, "dh", False, 1),
    (8, 8, 8, "dc", False, 1),
    (8, 8, 5, "da", False, 1),
    (8, 6, 2, "back", False, -2),
    (20, 17, 1, "back", False, 1),
    (20, 20, 9, "back", True, -2),
    (12, 12, 3, "back", True, 6),
    (2, 2, 1, "back", True, 0),
    (2, 1, 1, "back", False, 0),
]


@pytest.mark.parametrize("name", LOOKS)
def test_labels_do_not_meet_and_axe_finds_nothing(explorer, name, tmp_path):
    page, lab = explorer.page, explorer.notebook
    with look(lab, name):
        for n, (T, read, step, stage, detach, bias) in enumerate(VIEWS):
            lab.ask(
                "0",
                f"explorer.forget_bias, explorer.detach, explorer.T = {bias}, {detach}, {T}\n"
                f"explorer.read, explorer.step, explorer.stage = {read}, {step}, '{stage}'",
            )
            page.wait_for_timeout(300)
            if n in (0, 5):  # at the loss, and with all there is to see
                assert (n, violations(explorer.root)) == (n, [])
            # What only screen readers get has no place on the screen.
            explorer.root.evaluate("face => face.querySelector('.unseen').hidden = true")
            explorer.root.screenshot(path=tmp_path / f"{name}-{n}.png")
            count, meetings, outside = labels(explorer.root)
            assert count > 100
            assert (n, meetings) == (n, [])
            assert (n, outside) == (n, [])


def test_it_stands_still_where_motion_is_not_wanted(explorer):
    explorer.click("one gate")
    core = explorer.root.locator(".cell .flow.now .core").first
    name = "node => getComputedStyle(node).animationName"
    assert core.evaluate(name) == "backward-flow"
    explorer.page.emulate_media(reduced_motion="reduce")
    assert core.evaluate(name) == "none"
    explorer.page.emulate_media(reduced_motion="no-preference")
