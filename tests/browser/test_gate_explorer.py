"""GateExplorer and GRUExplorer in a browser: torch's numbers, a picture that follows the hand."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
from faces import LOOKS, drag, labels, look, violations

# Notebook 02 shows a `GateExplorer()` first and calls it `explorer`.
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_lstm_gate_by_gate.ipynb"
FIRST = ["from gatewise.widgets import GateExplorer", "explorer = GateExplorer()\nexplorer"]
SHOWN = NOTEBOOK if NOTEBOOK.exists() else FIRST
GATED = (
    "from gatewise.cells import gru\nfrom gatewise.widgets import GRUExplorer\n"
    "gated = GRUExplorer()\ngated"
)
MORE = [
    "quote = GateExplorer(task='quote')\nquote",
    "import numpy as np\nfrom gatewise.cells import lstm\nrng = np.random.default_rng(0)\n"
    "params = lstm.Params.random(9, 5, rng)\n"
    "trace = lstm.forward(params, rng.normal(size=(4, 3, 9)))\n"
    "held = GateExplorer.from_trace(params, trace, t=1, b=2, unit=3)\nheld",
    GATED,
    "g_params = gru.Params.random(9, 5, rng)\n"
    "g_trace = gru.forward(g_params, rng.normal(size=(4, 3, 9)))\n"
    "GRUExplorer.from_trace(g_params, g_trace, t=1, b=2, unit=3)",
]
# What differs from cell to cell: the widget's name in the kernel, its states, its letters, and of
# one state the slider's name, where it begins, and what the step makes of it.
LSTM = {
    "name": "explorer",
    "states": ["x", "h_before", "c_before"],
    "w": "ifgo",
    "b": "ifgo",
    "slider": ("memory before", -3),
    "step": lambda v: {"c": v["f"] * v["c_before"] + v["i"] * v["g"]},
}
GRU = {
    "name": "gated",
    "states": ["x", "h_before"],
    "w": "rzn",
    "b": "rznq",
    "slider": ("state before", -1),
    "step": lambda v: {"h": v["z"] * v["h_before"] + (1 - v["z"]) * v["n"]},
}


class Face:
    """One widget on a page."""

    def __init__(self, notebook, n, kind=LSTM):
        self.notebook, self.page, self.kind = notebook, notebook.page, kind
        self.root = notebook.page.locator(".gatewise").nth(n)

    def sliders(self):
        return self.root.locator("input[type=range]")

    def text(self):
        """Every number that is shown, by the name of the value."""
        pairs = self.root.locator("[data-value]").evaluate_all(
            "nodes => nodes.map(node => [node.dataset.value, node.textContent])"
        )
        shown = {}
        for name, text in pairs:
            assert shown.setdefault(name, text.lstrip("+")) == text.lstrip("+")
        return {name: float(text.replace("−", "-")) for name, text in shown.items()}

    def settings(self):
        """The widget's settings and values, as the kernel has them."""
        names = [*self.kind["states"], "w_x", "w_h", "b", "inputs"]
        name = self.kind["name"]
        return self.notebook.ask(f"[{{k: getattr({name}, k) for k in {names}}}, {name}.values]")

    def reset(self):
        self.root.locator(".reset").click()


@pytest.fixture(scope="module")
def lab(open_for_module):
    """The notebook in JupyterLab, all its cells run."""
    notebook = open_for_module(SHOWN, more=[FIRST[0], *MORE])
    notebook.show_all(5)
    return notebook


@pytest.fixture
def explorer(lab):
    face = Face(lab, 0)
    face.reset()
    yield face
    assert lab.messages == []


@pytest.fixture
def gated(lab):
    """The widget of the GRU."""
    face = Face(lab, -2, GRU)
    face.reset()
    yield face
    assert lab.messages == []


@pytest.fixture(params=["LSTM", "GRU"])
def either(request):
    return request.getfixturevalue({"LSTM": "explorer", "GRU": "gated"}[request.param])


@pytest.fixture
def others(lab):
    """The widget with a task, and the units of two layers."""
    yield Face(lab, -4), Face(lab, -3), Face(lab, -1)
    assert lab.messages == []


def by_torch(s):
    """The states after one step and after each of the sequence, by nn.LSTMCell or nn.GRUCell."""
    kind = torch.nn.LSTMCell if "c_before" in s else torch.nn.GRUCell
    cell = kind(1, 1, dtype=torch.float64)
    rows = list(s["w_x"])
    with torch.no_grad():
        for parameter, name in zip(cell.parameters(), ["w_x", "w_h", "b"], strict=False):
            column = torch.tensor([s[name][k] for k in rows], dtype=torch.float64)
            parameter.copy_(column.reshape(parameter.shape))
        cell.bias_hh.zero_()
        if "q" in s["b"]:
            cell.bias_hh[2] = s["b"]["q"]
        names = [k for k in ("h_before", "c_before") if k in s]
        start = [torch.full((1, 1), s[k], dtype=torch.float64) for k in names]

        def run(inputs):
            state, states = start, []
            for x in inputs:
                x = torch.full((1, 1), x, dtype=torch.float64)
                state = cell(x, state) if len(state) == 2 else [cell(x, *state)]
                states.append([v.item() for v in state])
            return np.array(states).T

        now, strip = run([s["x"]]), run(s["inputs"])
    letters = [name[0] for name in names]
    return {k: now[n, 0] for n, k in enumerate(letters)}, dict(zip(letters, strip, strict=True))


def agree(face):
    """Kernel, screen and torch say the same; the kernel may be a moment late."""
    end = time.monotonic() + 5
    kind = face.kind
    while True:
        s, values = face.settings()
        flat = {k: v for k, v in values.items() if k != "strip"} | {k: s[k] for k in kind["states"]}
        flat |= {f"{key}_{k}": v for key in ["w_x", "w_h", "b"] for k, v in s[key].items()}
        flat |= {f"strip_{k}": values["strip"][k][-1] for k in values["strip"]}
        shown = face.text()
        late = {k: (v, flat[k]) for k, v in shown.items() if abs(v - flat[k]) > 0.005 + 1e-9}
        if not late or time.monotonic() > end:
            break
    assert not late
    assert {*kind["w"], f"a_{kind['w'][0]}", "h", "strip_h"} <= shown.keys()
    now, strip = by_torch(s)
    for k in now:
        assert values[k] == pytest.approx(now[k], abs=1e-6)
        assert values["strip"][k] == pytest.approx(strip[k], abs=1e-6)
    return s


@pytest.mark.parametrize("either", ["LSTM", "GRU"], indirect=True)
def test_numbers_are_torchs_at_ten_settings_after_drag_and_key(either):
    explorer, kind = either, either.kind
    rng, page = np.random.default_rng(0), explorer.page
    count = explorer.sliders().count() - 1  # the last repeats the input
    assert count == len(kind["states"]) + 2 * len(kind["w"]) + len(kind["b"])
    for n in range(10):
        random = {k: dict.fromkeys(kind["b" if k == "b" else "w"]) for k in ["w_x", "w_h", "b"]}
        random = {k: {j: rng.uniform(-4, 4) for j in by} for k, by in random.items()}
        random |= {"x": rng.uniform(-2, 2), "h_before": rng.uniform(-1, 1)}
        random |= {"inputs": rng.uniform(-2, 2, 8).tolist()}
        if "c_before" in kind["states"]:
            random |= {"c_before": rng.uniform(-3, 3)}
        given = f"for k, v in {json.dumps(random)}.items(): setattr({kind['name']}, k, v)"
        explorer.notebook.ask("0", given)
        before = agree(explorer)
        slider = explorer.sliders().nth(int(rng.integers(count)))
        if n % 2:
            slider.focus()
            page.keyboard.press("ArrowRight" if float(slider.input_value()) < 0 else "ArrowLeft")
        else:
            slider.scroll_into_view_if_needed()
            box = slider.bounding_box()
            x, y = box["x"] + box["width"] * rng.uniform(0.3, 0.7), box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + 7, y, steps=3)
            page.mouse.up()
        page.wait_for_timeout(150)
        assert agree(explorer) != before


def test_the_reset_moves_before_the_product_and_back_by_a_key(gated):
    notebook, before = gated.notebook, gated.root.get_by_role("button", name="before", exact=True)
    notebook.ask("0", "gated.b = {'q': -2}")
    before.focus()
    gated.page.keyboard.press("Enter")
    gated.page.wait_for_timeout(150)
    assert before.get_attribute("aria-pressed") == "true"
    ours = "gru.step(gated.params, *np.array([[[gated.x]], [[gated.h_before]]]), False).h.item()"
    h, by_hand, after = notebook.ask(f"[gated.values['h'], {ours}, gated.reset_after]")
    assert after is False
    assert h == pytest.approx(by_hand, abs=1e-6)
    assert gated.text()["h"] == pytest.approx(h, abs=0.005)
    gated.root.get_by_role("button", name="after the product").click()
    gated.page.wait_for_timeout(150)
    agree(gated)
    assert abs(gated.text()["h"] - h) > 0.02


def test_presets_of_the_gru(gated):
    gated.root.get_by_role("button", name="keep").click()
    gated.page.wait_for_timeout(150)
    _, values = gated.settings()
    assert values["strip"]["h"][-1] == pytest.approx(0.5, abs=0.01)
    gated.root.get_by_role("button", name="plain RNN").click()
    gated.page.wait_for_timeout(150)
    s, values = gated.settings()
    assert values["h"] == pytest.approx(np.tanh(s["x"] + s["h_before"]), abs=0.01)


def test_bars_are_dragged_and_moved_by_keys(either):
    explorer = either
    bars = explorer.root.locator("[role=slider]")
    assert bars.count() == 8
    bars.nth(3).focus()
    explorer.page.keyboard.press("PageUp")
    box = bars.nth(5).bounding_box()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    explorer.page.mouse.down()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=4)
    explorer.page.mouse.up()
    explorer.page.wait_for_timeout(150)
    inputs = agree(explorer)["inputs"]
    assert inputs[3] == -0.5
    assert inputs[5] not in (0.0, 1.0)
    assert f"{inputs[5]:.2f}" in bars.nth(5).get_attribute("aria-valuetext")


def test_presets_and_repeat_grow_a_count_in_c_while_h_saturates(explorer):
    explorer.root.get_by_role("button", name="count").click()
    repeat = explorer.sliders().last
    repeat.focus()
    for _ in range(4):
        explorer.page.keyboard.press("PageUp")
    explorer.page.wait_for_timeout(150)
    strip = explorer.notebook.ask("explorer.values['strip']")
    assert len(strip["c"]) == 20
    assert strip["c"][-1] > 15
    assert strip["h"][-1] == pytest.approx(1, abs=1e-2)
    assert explorer.root.get_by_role("button", name="count").get_attribute("aria-pressed") == "true"


def test_a_drag_is_drawn_within_a_frame(either):
    # A weight: unlike a state's, its slider has more values than the drag has steps.
    slider = either.root.get_by_role("slider", name="weight of the input").first
    pictures, waits = drag(slider, ".cell div:not([hidden]) > svg")
    print(f"{pictures} pictures, median {median(waits):.1f} ms from input to drawn")
    assert pictures >= 55
    assert median(waits) <= 16


LONGEST = """for k in ["w_x", "w_h", "b"]:
    setattr(explorer, k, dict.fromkeys("ifgo", -10))
explorer.x, explorer.h_before, explorer.c_before = -2, -1, -3
explorer.inputs = [-2, 2] * 4
for k in ["w_x", "w_h", "b"]:
    setattr(gated, k, dict.fromkeys("rzn", -10))
gated.x, gated.h_before, gated.b, gated.inputs = -2, -1, {"q": -10}, [-2, 2] * 4"""


@pytest.mark.parametrize("name", LOOKS)
def test_labels_do_not_meet_and_axe_finds_nothing(explorer, gated, others, name, tmp_path):
    page, lab = explorer.page, explorer.notebook
    with look(lab, name):
        if name != "dark":  # the longest numbers
            lab.ask("0", LONGEST)
        page.wait_for_timeout(300)
        for n, face in enumerate([explorer, gated, *others]):
            face.root.screenshot(path=tmp_path / f"{name}-{n}.png")
            count, meetings, outside = labels(face.root)
            assert count > 50
            assert (n, meetings) == (n, [])
            assert (n, outside) == (n, [])
        assert violations(page.locator(".gatewise")) == []


def test_a_task_is_tallied_in_the_browser(others):
    quote, *_ = others
    tally = quote.root.get_by_role("status")
    assert tally.inner_text() == f"{quote.notebook.ask('quote.values')['right']} of 8 sequences"
    assert quote.root.locator(".presets").count() == 0
    solve = "quote.w_x, quote.b = dict(i=10, f=10, g=0), dict(i=-7, f=5, g=9)"
    assert quote.notebook.ask("quote.values", solve)["right"] == 8
    quote.page.wait_for_function(
        "node => node.innerText.startsWith('8 of')", arg=tally.element_handle()
    )
    chip = quote.root.get_by_role("button", name="sequence 2: right")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    quote.reset()
    assert not tally.inner_text().startswith("8 of")


def test_the_exported_page_shows_a_picture(lab, browser, tmp_path):
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", lab.file]
    subprocess.run([*command, "--output-dir", tmp_path], check=True, capture_output=True)
    context = browser.new_context()
    page = context.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto((tmp_path / f"{lab.file.stem}.html").as_uri(), wait_until="domcontentloaded")
    picture = page.locator("img[src^='data:image/png']").last
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 600
    assert picture.bounding_box()["width"] > 300
    context.close()


def keys_change_a_slider_and_all_survives_the_kernels_end(notebook, server, *faces):
    page, before = notebook.page, []
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    for face in faces:
        name, least = face.kind["slider"]
        slider = face.root.get_by_role("slider", name=name)
        slider.focus()
        at = page.evaluate(active)
        page.keyboard.press("Home")
        for key, more in [("ArrowRight", 0.05), ("ArrowUp", 0.1), ("ArrowLeft", 0.05)]:
            page.keyboard.press(key)
            assert float(slider.input_value()) == pytest.approx(least + more)
        assert page.evaluate(active) == at
        before.append(face.text())
        assert before[-1][face.kind["states"][-1]] == pytest.approx(least + 0.05)

    notebook.end_kernel(server)
    for face, shown in zip(faces, before, strict=True):
        name, least = face.kind["slider"]
        assert face.text() == shown
        face.root.get_by_role("slider", name=name).focus()
        page.keyboard.press("End")
        page.wait_for_timeout(300)
        after = face.text()
        assert after[face.kind["states"][-1]] == -least
        for k, value in face.kind["step"](after).items():
            assert after[k] == pytest.approx(value, abs=0.03)
    assert notebook.messages == []


def test_keys_and_the_kernels_end_in_notebook_7(open_notebook, server):
    notebook = open_notebook(SHOWN, "notebooks", more=[GATED])
    notebook.run_all()
    faces = Face(notebook, 0), Face(notebook, -1, GRU)
    keys_change_a_slider_and_all_survives_the_kernels_end(notebook, server, *faces)


# The last one that needs the kernel of `lab`.
def test_keys_and_the_kernels_end_in_jupyterlab(lab, server):
    faces = Face(lab, 0), Face(lab, -2, GRU)
    keys_change_a_slider_and_all_survives_the_kernels_end(lab, server, *faces)
