"""On a page with all figures, no labels overlap and axe finds no violations."""

from pathlib import Path

import pytest
from appearance import labels, violations

FIGURES = Path(__file__).parents[2] / "figures"


@pytest.mark.parametrize("width", [1200, 390])
def test_figures_have_alt_text_and_no_labels_overlap(browser, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    files = sorted(FIGURES.glob("*.svg"))
    page.set_content("".join(f"<p>{file.read_text(encoding='utf-8')}</p>" for file in files))
    pictures = page.locator("p > svg")
    assert pictures.count() == len(files)
    assert violations(pictures, "svg-img-alt") == []
    for n, file in enumerate(files):
        _, meetings, outside = labels(pictures.nth(n))
        assert (file.name, meetings, outside) == (file.name, [], [])
    page.close()
