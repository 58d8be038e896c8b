"""Measure how long widgets take from an input event to the frame that shows the result.

    python benchmarks/widgets.py [--strict]

Each widget is alone on a blank page. The script drags the slider with the most values from one end
to the other and back. A sample is the time from when the page receives an input event until the
browser's main thread has painted the next frame. All measurements are made twice: once with no
other load, and once while another process keeps one core busy. The script prints a table and writes
it to `widgets.txt` in this folder. With --strict, the exit status is 1 if any 95th percentile
exceeds 16 ms, about one frame at 60 Hz, or if a waiting time exceeds its limit in LONGER. The last
rows are for a TextReader with 20,000 characters. These rows give the waiting times for the first
colors, for the whole text and for a ranking of 128 units, and the response times for scrolling and
hovering. The line below the table gives the size of the data that Python sends, and the memory that
the page uses after reading and ranking. There is no limit on the time for the whole text or for the
large UnrollPlayer, which has 256 units, 5,000 tokens and 200 time steps.
"""

import json
import os
import platform
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from gatewise import models, text
from gatewise.widgets import (
    BackwardExplorer,
    GateExplorer,
    GRUExplorer,
    TextReader,
    UnrollPlayer,
)

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "browser"))
from blank_page import FLAGS, View, executable  # noqa: E402

BOUND = 16  # milliseconds
LONGER = {"TextReader, first colors": 500, "TextReader, selection to ranking": 100}
UNBOUNDED = "TextReader, all read", "UnrollPlayer, large"
MOVES, FEW = 120, 10  # the numbers of mouse moves in each direction; FEW for the large player
TOKENS = 20_000
BUSY = [sys.executable, "-c", "while True: pass"]
# The message arrives after the browser has painted the requested frame. The time stamp of a scroll
# or a pointer move is no use as a start: the browser holds these events until the next frame, which
# takes 16 ms even on an empty page.
WATCH = """(node, kind) => {
    window.waits = [];
    node.addEventListener(kind, () => {
        const start = performance.now();
        requestAnimationFrame(() => {
            const {port1, port2} = new MessageChannel();
            port1.onmessage = () => waits.push(performance.now() - start);
            port2.postMessage(null);
        });
    }, {capture: true});
}"""
WAITS = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(waits))))"
VALUES = "sliders => sliders.map(({min, max, step}) => (max - min) / step)"


def player():
    """Return an UnrollPlayer with 16 units and two sentences of 40 words."""
    torch.manual_seed(0)
    vocabulary = text.Vocabulary([*text.SENTENCES, "um"])
    sentences = [f"{subject}{' um' * 38} love" for subject in ("i", "you")]
    model = models.TextLSTM(len(vocabulary), 16)
    return UnrollPlayer(model, vocabulary, sentences=sentences)


def large():
    """Return an UnrollPlayer with 256 units, 5,000 tokens and two sentences of 200 words."""
    torch.manual_seed(0)
    names = [f"w{n}" for n in range(5_000)]
    parts = torch.nn.Embedding(5_000, 16), torch.nn.LSTM(16, 256), torch.nn.Linear(256, 5_000)
    return UnrollPlayer(parts, names, sentences=[range(200), range(1, 201)])


WIDGETS = {
    "GateExplorer": GateExplorer,
    "GRUExplorer": GRUExplorer,
    "BackwardExplorer": BackwardExplorer,
    "UnrollPlayer": player,
    "UnrollPlayer, large": large,
}


def reader():
    """Return a TextReader with 128 units and 20,000 characters of source code."""
    torch.manual_seed(0)
    source = Path(textwrap.__file__).read_text(encoding="utf-8").replace("\t", " ")
    source = (source * (TOKENS // len(source) + 1))[:TOKENS]
    letters = "".join(sorted(set(source)))
    rnn, embedding = torch.nn.LSTM(32, 128), torch.nn.Embedding(len(letters), 32)
    readout = torch.nn.Linear(128, len(letters))
    return TextReader((embedding, rnn, readout), letters, text=source)


# Measure, in milliseconds, the time until the first colors appear, the time until the whole text is
# read, and the time from a selection to its ranking.
READ = """async state => {
    const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const until = async (isSo) => { while (!isSo()) await drawn(); return performance.now(); };
    const find = name => document.querySelector(name);
    const blob = new Blob([state._esm], {type: "text/javascript"});
    const {default: widget} = await import(URL.createObjectURL(blob));
    document.head.append(Object.assign(document.createElement("style"), {textContent: state._css}));
    const start = performance.now();
    widget.mount(find("main"), {...state.constants, ...state});
    const first = await until(() => find(".colors .area")) - start;
    const all = await until(() => !find(".verdict small")) - start;
    await drawn();
    const nodes = find(".text").childNodes;
    const chosen = performance.now();
    getSelection().setBaseAndExtent(nodes[1], 0, nodes[20], 0);
    const ranked = await until(() => find(".ranking li")) - chosen;
    getSelection().collapse(nodes[0], 0);
    await drawn();
    return {"first colors": first, "all read": all, "selection to ranking": ranked};
}"""
SCROLL = """async box => {
    for (let n = 0; n < 120; n++) {
        box.scrollTop += 40;
        await new Promise(done => requestAnimationFrame(done));
    }
}"""


def read(browser):
    """Measure the response times of a TextReader with a long text.

    Returns a list of rows, and a pair (data sent, memory used) in MB. Each row has a name, the
    number of samples, the median and the 95th percentile in ms.
    """
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_content("<main></main>")
    tools = page.context.new_cdp_session(page)
    empty, state = used(tools), reader().plain()
    source = {"_esm": TextReader._esm, "_css": TextReader._css}
    waits = page.evaluate(READ, {"constants": {}} | source | state)
    memory = len(json.dumps(state)) / 1e6, used(tools) - empty
    rows = [(step, 1, ms, ms) for step, ms in waits.items()]
    box = page.locator(".sheet")
    box.evaluate(WATCH, "scroll")
    box.evaluate(SCROLL)
    rows.append(("scroll", *_shares(page)))
    box.evaluate(WATCH, "pointermove")
    place = box.bounding_box()
    for n in range(2 * MOVES):
        page.mouse.move(place["x"] + 20 + 2 * n, place["y"] + 20 + n)
    rows.append(("hover", *_shares(page)))
    page.close()
    return [(f"TextReader, {step}", *rest) for step, *rest in rows], memory


def used(tools):
    """Return a page's JavaScript memory in MB after garbage collection."""
    tools.send("HeapProfiler.collectGarbage")
    found = tools.send("Runtime.getHeapUsage")
    return (found["usedSize"] + found["backingStorageSize"]) / 1e6


def _shares(page):
    waits = page.evaluate(WAITS)
    return len(waits), *np.percentile(waits, [50, 95])


def drag(view, moves):
    """Drag the slider with the most values from one end to the other and back.

    moves: the number of mouse moves in each direction. Returns the milliseconds from each input
    event to the next painted frame.
    """
    sliders, mouse = view.root.locator("input[type=range]:visible"), view.page.mouse
    slider = sliders.nth(int(np.argmax(sliders.evaluate_all(VALUES))))
    slider.scroll_into_view_if_needed()
    slider.evaluate(WATCH, "input")
    box = slider.bounding_box()
    y, left, way = box["y"] + box["height"] / 2, box["x"] + 9, box["width"] - 18
    mouse.move(left, y)
    mouse.down()
    for n in [*range(moves + 1), *reversed(range(moves))]:
        mouse.move(left + way * n / moves, y)
    mouse.up()
    return view.page.evaluate(WAITS)


def measure(browser):
    """Return the rows for all widgets, and TextReader's pair (data sent, memory used) in MB."""
    rows = []
    for name, make in WIDGETS.items():
        view = View(browser.new_page(viewport={"width": 1200, "height": 900}), make())
        waits = drag(view, FEW if name in UNBOUNDED else MOVES)
        if view.faults:
            raise RuntimeError(f"{name}: {view.faults}")
        rows.append((name, len(waits), *np.percentile(waits, [50, 95])))
        view.page.close()
    long, memory = read(browser)
    return rows + long, memory


def machine():
    """Return the processor's name and the number of cores as a string."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def main():
    # A load above about 0.5 means that other programs were running.
    load = f"load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else "load unknown"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        found = {"as it is": measure(browser)}
        busy = subprocess.Popen(BUSY)
        try:
            found["one core busy"] = measure(browser)
        finally:
            busy.kill()
            busy.wait()
        versions = f"Chromium {browser.version}, anywidget {version('anywidget')}"
        browser.close()
    lines = [
        f"{machine()}; {platform.system()} {platform.machine()}; {load}",
        f"{versions}, Playwright {version('playwright')}, Python {platform.python_version()}",
        "",
        "milliseconds from the input event of a drag to its frame, drawn",
        f"{'widget':34}{'machine':16}{'inputs':>8}{'p50':>8}{'p95':>8}",
    ]
    for state, (rows, _) in found.items():
        for name, inputs, p50, p95 in rows:
            lines.append(f"{name:34}{state:16}{inputs:8}{p50:8.1f}{p95:8.1f}")
    sent, held = found["as it is"][1]
    lines += ["", f"memory of TextReader: {sent:.1f} MB sent, {held:.0f} MB used on the page"]
    table = "\n".join(lines) + "\n"
    print(table, end="")
    (HERE / "widgets.txt").write_text(table, encoding="utf-8")
    bounded = [row for rows, _ in found.values() for row in rows if row[0] not in UNBOUNDED]
    slow = any(p95 > LONGER.get(name, BOUND) for name, *_, p95 in bounded)
    return int(slow and "--strict" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
