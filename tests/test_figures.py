"""The figures are up to date, and all captions and alt texts match figures/README.md."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from tools import figures, notebooks

ROOT = Path(__file__).parents[1]
FIGURES, NAMES = figures.index()
# Each figure is identified by its text form, which notebooks save together with the picture.
FORMS = {repr(figure.draw(NAMES)): figure for figure in FIGURES}


def shown():
    """Return a dict that maps each picture's text form to the captions in the notebooks."""
    below = {}
    for path in notebooks.notebooks():
        cells = nbformat.read(path, as_version=4).cells
        for cell, after in zip(cells, cells[1:], strict=False):
            for output in cell.get("outputs", []):
                form = output.get("data", {}).get("text/plain")
                below.setdefault(form, []).append(after.source)
    return below


BELOW = shown()


def test_every_section_of_the_index_is_a_figure_with_its_own_words():
    page = (ROOT / "figures" / "README.md").read_text(encoding="utf-8")
    assert [f"{name}.svg" for name in re.findall("^## (.+)", page, re.M)] == [
        figure.file for figure in FIGURES
    ]
    for words in ("file", "alt", "caption"):
        assert len({getattr(figure, words) for figure in FIGURES}) == len(FIGURES)


def test_no_figure_is_out_of_date():
    stale = figures.out_of_date(figures.pictures())
    assert stale == [], f"out of date: {', '.join(stale)}; run `make figures`"


def test_figures_that_are_out_of_date_are_named(tmp_path):
    for path in (ROOT / "figures").glob("*.svg"):
        shutil.copy(path, tmp_path)
    changed = tmp_path / "lstm_cell.svg"
    changed.write_text(changed.read_text(encoding="utf-8").replace("×", "+", 1), encoding="utf-8")
    (tmp_path / "legend.svg").unlink()
    (tmp_path / "old.svg").write_text("<svg/>", encoding="utf-8")
    stale = figures.out_of_date(figures.pictures(), tmp_path)
    assert stale == ["legend.svg", "lstm_cell.svg", "old.svg"]


def test_the_readme_shows_figures_with_the_alt_text_of_the_index():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"!\[(.*)\]\(figures/(.+?)\)", readme)
    alts = {figure.file: figure.alt for figure in FIGURES}
    assert found
    assert found == [(alts.get(file), file) for _, file in found]


def test_every_drawing_in_the_notebooks_is_in_the_index():
    drawings = {form for form in BELOW if form and form.startswith("Drawing: ")}
    assert len(drawings) > 10
    assert drawings <= FORMS.keys()


@pytest.mark.parametrize("form", sorted(FORMS.keys() & BELOW.keys()))
def test_the_first_paragraph_below_a_figure_is_its_caption_in_the_index(form):
    assert {text.split("\n\n")[0] for text in BELOW[form]} == {FORMS[form].caption}
