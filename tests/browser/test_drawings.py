"""The drawings are readable on every page because one theme sets all of their colors."""

from base64 import b64encode
from io import BytesIO

import numpy as np
import pytest
from appearance import contrast, hard_to_read, luminance, rgb, violations
from PIL import Image

from gatewise import drawings
from tools import figures

CELL = drawings.lstm_cell()
JUPYTER = {  # JupyterLab and other hosts of ipywidgets define these variables
    "light": "--jp-content-font-color1: rgba(0,0,0,0.87); --jp-layout-color0: white",
    "dark": "--jp-content-font-color1: rgba(255,255,255,1); --jp-layout-color0: #111",
}
SITE = {
    name: "; ".join(f"--gw-{key}: {value}" for key, value in theme.items())
    for name, theme in [("light", drawings.LIGHT), ("dark", drawings.DARK)]
}
# For each page: CSS variables, the system's color scheme, and the expected theme of the drawing.
PAGES = {
    "plain": ("", "light", "light"),
    "plain, dark system": ("", "dark", "light"),
    "dark page without variables": ("background: #111; color: #eee", "dark", "light"),
    "labvariables.css, dark system": (JUPYTER["light"], "dark", "light"),
    "Jupyter's dark variables": (JUPYTER["dark"], "dark", "light"),
    "light site": (SITE["light"], "light", "light"),
    "light site, dark system": (SITE["light"], "dark", "light"),
    "dark site": (SITE["dark"], "dark", "dark"),
    "dark site, light system": (SITE["dark"], "light", "dark"),
}
COLORS = """svg => {
    const color = (node, name) => getComputedStyle(node)[name];
    const grounds = [...svg.querySelectorAll(":scope > rect, [data-part=cell] rect")];
    return [
        [...new Set([...svg.querySelectorAll("text")].map(text => color(text, "fill")))],
        [...new Set(grounds.map(rect => color(rect, "fill")))],
        [...new Set([...svg.querySelectorAll("[data-number]")].map(node => color(node, "fill")))],
    ];
}"""


@pytest.mark.parametrize("page", PAGES)
def test_a_drawing_in_a_page_is_readable(browser, page):
    style, system, ground = PAGES[page]
    tab = browser.new_page(color_scheme=system)
    tab.set_content(f"<body style='{style}'>{CELL.svg(values={'f': 0.5})}</body>")
    inks, grounds, numbers = tab.locator("svg").evaluate(COLORS)
    tab.close()
    assert len(inks) == 1
    assert inks == numbers
    assert len(grounds) == 2  # the picture and the cell have different backgrounds
    assert min(contrast(rgb(inks[0]), rgb(color)) for color in grounds) >= 4.5
    assert all((luminance(rgb(color)) > 0.5) == (ground == "light") for color in grounds)


@pytest.mark.parametrize("theme", SITE)
def test_every_drawing_in_the_index_has_alt_text_and_readable_labels(browser, theme):
    # Axe doesn't check the contrast of SVG text, so this test computes it.
    index, names = figures.index()
    drawn = {figure: figure.draw(names) for figure in index}
    drawn = {f.file: d.svg(f.alt) for f, d in drawn.items() if isinstance(d, drawings.Drawing)}
    assert len(drawn) > 40
    tab = browser.new_page()
    tab.set_content(f"<body style='{SITE[theme]}'>{''.join(drawn.values())}</body>")
    pictures = tab.locator("svg")
    assert violations(pictures, "svg-img-alt") == []
    faint = {file: hard_to_read(pictures.nth(n)) for n, file in enumerate(drawn)}
    assert {file: labels for file, labels in faint.items() if labels} == {}
    tab.close()


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_drawing_as_an_image_is_dark_on_light(browser, system):
    """GitHub and JupyterLab show drawings as images, which ignore the page's CSS variables."""
    tab = browser.new_page(color_scheme=system)
    source = b64encode(CELL.svg().encode()).decode()
    body = f"{SITE['dark']}; background: #111"
    tab.set_content(f"<body style='{body}'><img src='data:image/svg+xml;base64,{source}'></body>")
    image = tab.locator("img")
    image.evaluate("image => image.decode()")
    pixels = np.asarray(Image.open(BytesIO(image.screenshot())).convert("RGB")) / 255
    tab.close()
    colors, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    common = colors[np.argsort(-counts)]
    assert min(luminance(color) for color in common[:2]) > 0.8
    assert rgb("51 51 51").tolist() in common[:8].tolist()


def test_two_drawings_on_one_page_are_independent(browser):
    tab = browser.new_page()
    parts = [
        CELL.svg(),
        drawings.lstm_cell("forget").svg(),
        drawings.lstm_cell(backward=True).svg(),
    ]
    tab.set_content("".join(parts))
    assert tab.locator("svg [id], svg style").count() == 0
    tab.close()
