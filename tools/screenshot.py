"""`make screenshot`: make the screenshot figures/gate_explorer.png for README.md.

A real browser shows the widget on a blank page, as in the tests (tests/browser/blank_page.py).
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from gatewise.widgets import GateExplorer

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests" / "browser"))
from blank_page import FLAGS, View, executable  # noqa: E402

PATH = ROOT / "figures" / "gate_explorer.png"
WIDTH = 1200  # the width of the picture in pixels
COLORS = 128  # a small palette makes the file smaller, with little visible difference


def take():
    """Take the screenshot in the light theme. Returns a PIL image that is `WIDTH` pixels wide."""
    explorer = GateExplorer(
        b={"i": -1.0, "f": 2.0, "o": 2.0}, w_x={"i": 3.0, "g": 1.0}, c_before=0.5, repeats=0
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        page = browser.new_page(
            viewport={"width": 876, "height": 1000}, color_scheme="light", device_scale_factor=2
        )
        view = View(page, explorer)
        picture = view.root.locator("> *").first.screenshot()
        browser.close()
    if view.faults:
        raise RuntimeError(f"expected a widget without faults, got {view.faults}")
    picture = Image.open(BytesIO(picture)).convert("RGB")
    return picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)))


if __name__ == "__main__":
    take().quantize(COLORS).save(PATH, optimize=True)
    print(f"{PATH.relative_to(ROOT).as_posix()}: {PATH.stat().st_size / 1000:.0f} kB")
