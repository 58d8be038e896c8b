"""Time the widgets, from the input event of a drag to the frame that shows the result.

    python benchmarks/widgets.py [--strict]

Each widget is alone on a blank page, as in the tests. The script drags the slider with the most
values from end to end and back. A sample begins with the input event. It ends when the browser has
run the handlers and has laid out and painted the next frame on its main thread; it includes the
wait for that frame. Everything is measured twice: on the machine as it is, and next to a process
that keeps one core busy. The script prints a table, and writes it to `widgets.txt`, next to this
file. With --strict, the exit status is 1 if any p95 exceeds 16 ms, about a frame at 60 Hz.
"""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import sync_playwright

from gatewise import models, text
from gatewise.widgets import BackwardExplorer, GateExplorer, GRUExplorer, UnrollPlayer

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "browser"))
from blank_page import FLAGS, View, executable  # noqa: E402

BOUND = 16  # ms
MOVES = 120  # of the mouse, each way
BUSY = [sys.executable, "-c", "while True: pass"]
# The message arrives after the browser has painted the requested frame.
WATCH = """slider => {
    window.waits = [];
    slider.addEventListener("input", event => requestAnimationFrame(() => {
        const {port1, port2} = new MessageChannel();
        port1.onmessage = () => waits.push(performance.now() - event.timeStamp);
        port2.postMessage(null);
    }));
}"""
VALUES = "sliders => sliders.map(({min, max, step}) => (max - min) / step)"


def player():
    """Return an UnrollPlayer with 16 units and two sentences of 40 words."""
    torch.manual_seed(0)
    vocabulary = text.Vocabulary([*text.SENTENCES, "um"])
    sentences = [f"{subject}{' um' * 38} love" for subject in ("i", "you")]
    model = models.TextLSTM(len(vocabulary), 16)
    return UnrollPlayer(model, vocabulary, sentences=sentences)


WIDGETS = {
    "GateExplorer": GateExplorer,
    "GRUExplorer": GRUExplorer,
    "BackwardExplorer": BackwardExplorer,
    "UnrollPlayer": player,
}


def drag(view):
    """Drag the slider with the most values. Returns the ms from each input event to its frame."""
    sliders, mouse = view.root.locator("input[type=range]:visible"), view.page.mouse
    slider = sliders.nth(int(np.argmax(sliders.evaluate_all(VALUES))))
    slider.scroll_into_view_if_needed()
    slider.evaluate(WATCH)
    box = slider.bounding_box()
    y, left, way = box["y"] + box["height"] / 2, box["x"] + 9, box["width"] - 18
    mouse.move(left, y)
    mouse.down()
    for n in [*range(MOVES + 1), *reversed(range(MOVES))]:
        mouse.move(left + way * n / MOVES, y)
    mouse.up()
    return view.page.evaluate(
        "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(waits))))"
    )


def measure(browser):
    """Return one row per widget: its name, the number of samples, p50 and p95, in ms."""
    rows = []
    for name, make in WIDGETS.items():
        view = View(browser.new_page(viewport={"width": 1200, "height": 900}), make())
        waits = drag(view)
        if view.faults:
            raise RuntimeError(f"{name}: {view.faults}")
        rows.append((name, len(waits), *np.percentile(waits, [50, 95])))
        view.page.close()
    return rows


def machine():
    """Return the name of the processor, if the system tells it, and the number of cores."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


def main():
    # Above about 0.5, other programs were running.
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
        f"{'widget':18}{'machine':16}{'inputs':>8}{'p50':>8}{'p95':>8}",
    ]
    for state, rows in found.items():
        for name, inputs, p50, p95 in rows:
            lines.append(f"{name:18}{state:16}{inputs:8}{p50:8.1f}{p95:8.1f}")
    table = "\n".join(lines) + "\n"
    print(table, end="")
    (HERE / "widgets.txt").write_text(table, encoding="utf-8")
    slow = any(p95 > BOUND for rows in found.values() for *_, p95 in rows)
    return int(slow and "--strict" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
