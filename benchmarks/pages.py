"""Measure how long the first widget on each page takes to become live.

    python -m benchmarks.pages [--strict]

The script builds the book and opens every page with a widget three times, each time in a new
browser context with an empty cache. A local server sends the pages with gzip compression. There are
two conditions. The first is this machine at full speed, with a window of 1280 × 900 px. The second
simulates a slow phone with a width of 390 px, a processor slowed down by a factor of four, a
latency of 150 ms and a bandwidth of 1.6 Mbit/s. The column "KB" shows the amount of data, including
headers, that the server sends before the network becomes idle. Pictures further down the page load
later. The column "shift" shows Chromium's cumulative layout shift. The script prints a table and
writes it to `pages.txt` in this folder. With --strict, the exit status is 1 if any bound is
exceeded.
"""

import os
import sys
import tempfile
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright

from benchmarks.widgets import machine
from tools import site

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "tests" / "browser"))
from blank_page import FLAGS, executable  # noqa: E402

RUNS = 3
LOOKS = {
    "as it is": ({"viewport": {"width": 1280, "height": 900}}, None),
    "slow phone": (
        {"viewport": {"width": 390, "height": 844}},
        {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 2e5},
    ),
}
# Each tuple contains a maximum time in seconds for each condition, and a maximum size in KB. None
# means that there is no maximum.
CHAPTER = (None, None, 600)
BOUNDS = {"index": (0.25, 1.0, 150), "02_lstm_gate_by_gate": (0.9, 2.6, 600)}
SHIFT = 0.1
WATCH = """window.shift = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});"""
LIVE = "performance.getEntriesByName('live')[0]?.startTime"


def visit(browser, address, options, network):
    """Return the number of seconds until a widget is live, the KB sent, and the layout shift."""
    context = browser.new_context(**options)
    page = context.new_page()
    tools, asked, sent = context.new_cdp_session(page), {}, {}
    tools.send("Network.enable")
    tools.on("Network.requestWillBeSent", lambda e: asked.update({e["requestId"]: e["request"]}))
    tools.on("Network.loadingFinished", lambda e: sent.update({e["requestId"]: e}))
    if network:
        tools.send("Network.emulateNetworkConditions", network)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="networkidle")
    page.wait_for_function(LIVE)
    remote = [n for n in sent if n in asked and not asked[n]["url"].startswith("data:")]
    weight = sum(sent[n]["encodedDataLength"] for n in remote)
    found = page.evaluate(LIVE) / 1000, weight / 1000, page.evaluate("shift")
    context.close()
    return found


def main():
    load = f"load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else "load unknown"
    rows, is_good = [], True
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = site.build(Path(folder) / "out")
        names = [
            p.stem for p in sorted(pages.glob("*.html")) if 'class="live"' in p.read_text("utf-8")
        ]
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        with site.server(pages) as running:
            Thread(target=running.serve_forever, daemon=True).start()
            root = f"http://127.0.0.1:{running.server_port}"
            visit(
                browser, f"{root}/index.html", {}, None
            )  # excludes the browser's startup time from the runs
            for name in names:
                *seconds, size = BOUNDS.get(name, CHAPTER)
                for (look, settings), bound in zip(LOOKS.items(), seconds, strict=True):
                    runs = [visit(browser, f"{root}/{name}.html", *settings) for _ in range(RUNS)]
                    times, weights, shifts = zip(*runs, strict=True)
                    is_good &= max(weights) <= size and max(shifts) < SHIFT
                    is_good &= bound is None or sorted(times)[1] <= bound
                    each = "".join(f"{time:7.2f}" for time in times)
                    rows.append(f"{name:26}{look:12}{each}{max(weights):8.0f}{max(shifts):8.3f}")
            running.shutdown()
        versions = f"Chromium {browser.version}"
        browser.close()
    head = f"{'page':26}{'machine':12}{'seconds, three runs':>21}{'KB':>8}{'shift':>8}"
    table = "\n".join([f"{machine()}; {load}; {versions}", "", head, *rows]) + "\n"
    print(table, end="")
    (HERE / "pages.txt").write_text(table, encoding="utf-8")
    return int(not is_good and "--strict" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
