"""GateExplorer in a browser: its numbers are torch's, its picture follows the hand."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

# Notebook 02 shows a `GateExplorer()` first and calls it `explorer`.
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_lstm_gate_by_gate.ipynb"
FIRST = ["from gatewise.widgets import GateExplorer", "explorer = GateExplorer()\nexplorer"]
SHOWN = NOTEBOOK if NOTEBOOK.exists() else FIRST
MORE = [
    "quote = GateExplorer(task='quote')\nquote",
    "import numpy as np\nfrom gatewise.cells import lstm\nrng = np.random.default_rng(0)\n"
    "params = lstm.Params.random(9, 5, rng)\n"
    "trace = lstm.forward(params, rng.normal(size=(4, 3, 9)))\n"
    "held = GateExplorer.from_trace(params, trace, t=1, b=2, unit=3)\nheld",
]
STATES = ["x", "h_before", "c_before"]
SETTINGS = f"{{k: getattr(explorer, k) for k in {[*STATES, 'w_x', 'w_h', 'b', 'inputs']}}}"


class Face:
    """One widget on a page."""

    def __init__(self, notebook, n):
        self.notebook, self.page = notebook, notebook.page
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

    def reset(self):
        self.root.locator(".reset").click()


@pytest.fixture(scope="module")
def lab(open_for_module):
    """The notebook in JupyterLab, all its cells run."""
    notebook = open_for_module(SHOWN, more=[FIRST[0], *MORE])
    outputs = [out for cell in notebook.run_all().cells for out in cell.get("outputs", [])]
    assert [out.evalue for out in outputs if out.output_type == "error"] == []
    notebook.page.locator(".gatewise").last.wait_for()
    return notebook


@pytest.fixture
def explorer(lab):
    face = Face(lab, 0)
    face.reset()
    yield face
    assert lab.messages == []


@pytest.fixture
def others(lab):
    """The widget with a task, and the unit of a layer."""
    yield Face(lab, -2), Face(lab, -1)
    assert lab.messages == []


def by_torch(s):
    """The numbers of one step and of the sequence, by nn.LSTMCell."""
    cell = torch.nn.LSTMCell(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for parameter, name in zip(cell.parameters(), ["w_x", "w_h", "b"], strict=False):
            column = torch.tensor([s[name][k] for k in "ifgo"], dtype=torch.float64)
            parameter.copy_(column.reshape(parameter.shape))
        cell.bias_hh.zero_()
        start = [torch.full((1, 1), s[k], dtype=torch.float64) for k in ["h_before", "c_before"]]

        def run(inputs):
            state, states = start, []
            for x in inputs:
                state = cell(torch.full((1, 1), x, dtype=torch.float64), state)
                states.append([v.item() for v in state])
            return np.array(states).T

        (h,), (c,) = run([s["x"]])
        h_strip, c_strip = run(s["inputs"])
    return {"h": h, "c": c, "strip_h": h_strip, "strip_c": c_strip}


def agree(face):
    """Kernel, screen and torch say the same; the kernel may be a moment late."""
    end = time.monotonic() + 5
    while True:
        s, values = face.notebook.ask(f"[{SETTINGS}, explorer.values]")
        flat = {k: v for k, v in values.items() if k != "strip"} | {k: s[k] for k in STATES}
        flat |= {f"{key}_{k}": s[key][k] for key in ["w_x", "w_h", "b"] for k in "ifgo"}
        flat |= {f"strip_{k}": values["strip"][k][-1] for k in "ch"}
        shown = face.text()
        late = {k: (v, flat[k]) for k, v in shown.items() if abs(v - flat[k]) > 0.005 + 1e-9}
        if not late or time.monotonic() > end:
            break
    assert not late
    assert {"f", "i", "g", "o", "a_f", "c", "h", "strip_c"} <= shown.keys()
    theirs = by_torch(s)
    assert values["c"] == pytest.approx(theirs["c"], abs=1e-6)
    assert values["h"] == pytest.approx(theirs["h"], abs=1e-6)
    assert values["strip"]["c"] == pytest.approx(theirs["strip_c"], abs=1e-6)
    assert values["strip"]["h"] == pytest.approx(theirs["strip_h"], abs=1e-6)
    return s


def test_numbers_are_torchs_at_ten_settings_after_drag_and_key(explorer):
    rng, page = np.random.default_rng(0), explorer.page
    count = explorer.sliders().count() - 1  # the last repeats the input
    assert count == 15
    for n in range(10):
        random = {
            k: dict(zip("ifgo", rng.uniform(-4, 4, 4), strict=True)) for k in ["w_x", "w_h", "b"]
        }
        random |= {"x": rng.uniform(-2, 2), "h_before": rng.uniform(-1, 1)}
        random |= {"c_before": rng.uniform(-3, 3), "inputs": rng.uniform(-2, 2, 8).tolist()}
        given = json.dumps(random)
        explorer.notebook.ask("0", f"for k, v in {given}.items(): setattr(explorer, k, v)")
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


def test_bars_are_dragged_and_moved_by_keys(explorer):
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


# From the moment of an input to the frame in which its picture is drawn.
WATCH = """face => {
    const slider = face.querySelector("input[type=range]");
    window.watched = {pictures: new Set(), waits: []};
    slider.addEventListener("input", event => requestAnimationFrame(() => {
        face.querySelector(".cell svg").getBoundingClientRect();  // layout done
        watched.pictures.add(face.querySelector(".cell svg").innerHTML);
        watched.waits.push(performance.now() - event.timeStamp);
    }));
}"""


def test_a_drag_is_drawn_within_a_frame(explorer):
    explorer.root.evaluate(WATCH)
    slider = explorer.sliders().first
    slider.scroll_into_view_if_needed()
    box, mouse = slider.bounding_box(), explorer.page.mouse
    y, left, way = box["y"] + box["height"] / 2, box["x"] + 9, box["width"] - 18
    mouse.move(left, y)
    mouse.down()
    for n in range(1, 61):
        mouse.move(left + way * n / 60, y)
    mouse.up()
    explorer.page.wait_for_timeout(100)
    pictures, waits = explorer.page.evaluate("[watched.pictures.size, watched.waits]")
    print(f"{pictures} pictures, median {median(waits):.1f} ms from input to drawn")
    assert pictures >= 55
    assert median(waits) <= 16


# Boxes of all texts: of each SVG label, and of each piece of text elsewhere, line by line.
MEETINGS = """face => {
    const boxes = [];
    const walker = document.createTreeWalker(face, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const label = node.parentElement.closest("text") ?? node.parentElement;
        if (!node.data.trim() || getComputedStyle(label).visibility === "hidden") continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const isSvg = label.tagName === "text";
        for (const box of isSvg ? label.getClientRects() : range.getClientRects())
            boxes.push({label, text: label.textContent.trim(), isSvg, box});
    }
    const meet = (a, b) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
    const found = boxes.flatMap((a, n) => boxes.slice(n + 1)
        .filter(b => !(a.isSvg && a.label === b.label) && meet(a.box, b.box))
        .map(b => `${a.text} | ${b.text}`));
    const {left, right} = face.getBoundingClientRect();
    const outside = boxes.filter(({box}) => box.left < left - 1 || box.right > right + 1);
    return [boxes.length, found, outside.map(({text}) => text)];
}"""


LONGEST = """for k in ["w_x", "w_h", "b"]:
    setattr(explorer, k, dict.fromkeys("ifgo", -10))
explorer.x, explorer.h_before, explorer.c_before = -2, -1, -3
explorer.inputs = [-2, 2] * 4"""


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_labels_do_not_meet_and_axe_finds_nothing(explorer, others, look, tmp_path):
    page, lab = explorer.page, explorer.notebook
    if look == "dark":
        lab.command("apputils:change-theme", theme="JupyterLab Dark")
        page.locator(".gatewise[data-theme=dark]").first.wait_for()
    if look == "narrow":
        lab.command("application:toggle-left-area")
        page.set_viewport_size({"width": 390, "height": 844})
    if look != "dark":  # the longest numbers
        lab.ask("0", LONGEST)
    try:
        page.wait_for_timeout(300)
        for n, face in enumerate([explorer, *others]):
            face.root.screenshot(path=tmp_path / f"{look}-{n}.png")
            count, meetings, outside = face.root.evaluate(MEETINGS)
            assert count > 50
            assert meetings == []
            assert outside == []
        found = Axe().run(page, context=".gatewise").response["violations"]
        assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found] == []
    finally:
        if look == "dark":
            lab.command("apputils:change-theme", theme="JupyterLab Light")
        if look == "narrow":
            page.set_viewport_size({"width": 1200, "height": 900})
            lab.command("application:toggle-left-area")


def test_a_task_is_tallied_in_the_browser(others):
    quote, _ = others
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


def keys_change_a_slider_and_all_survives_the_kernels_end(notebook, server):
    face, page = Face(notebook, 0), notebook.page
    slider = face.root.get_by_role("slider", name="memory before")
    slider.focus()
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    at = page.evaluate(active)
    page.keyboard.press("Home")
    for key, value in [("ArrowRight", -2.95), ("ArrowUp", -2.9), ("ArrowLeft", -2.95)]:
        page.keyboard.press(key)
        assert float(slider.input_value()) == value
    assert page.evaluate(active) == at
    before = face.text()
    assert before["c_before"] == -2.95

    server.end_kernel(notebook.file)
    page.wait_for_timeout(500)
    assert face.text() == before
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    after = face.text()
    assert after["c"] == pytest.approx(3 * after["f"] + after["i"] * after["g"], abs=0.03)
    assert notebook.messages == []


def test_keys_and_the_kernels_end_in_notebook_7(open_notebook, server):
    notebook = open_notebook(SHOWN, "notebooks")
    notebook.run_all()
    keys_change_a_slider_and_all_survives_the_kernels_end(notebook, server)


# The last one that needs the kernel of `lab`.
def test_keys_and_the_kernels_end_in_jupyterlab(lab, server):
    keys_change_a_slider_and_all_survives_the_kernels_end(lab, server)
