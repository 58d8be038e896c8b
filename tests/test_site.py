"""The book's pages are complete, their links work, and their text is suitable for the web."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from gatewise import widgets
from tools import notebooks, site

NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in notebooks.notebooks()}
NAMES = ["index", *NOTEBOOKS, "notation", "api"]
each = pytest.mark.parametrize("name", NOTEBOOKS)
every = pytest.mark.parametrize("name", NAMES)


class Page(HTMLParser):
    """A parser for the ids of a page and for the tags and addresses of its links."""

    def __init__(self, text):
        super().__init__()
        self.text, self.ids, self.links = text, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            elif name in ("href", "src"):
                self.links.append((tag, value))


@pytest.fixture(scope="module")
def read(pages):
    """Return a function that parses the page with a given name."""
    return lambda name: Page((pages / f"{name}.html").read_text(encoding="utf-8"))


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def guessed(notebook):
    """Return the first folded cell after each guess."""
    marks = [
        (cell, cell.metadata == notebooks.FOLDED)
        for cell in notebook.cells
        if "**Guess" in cell.source or cell.metadata == notebooks.FOLDED
    ]
    pairs = zip([(None, True), *marks], marks, strict=False)
    return [cell for (_, was_folded), (cell, is_folded) in pairs if is_folded > was_folded]


def prose(notebook):
    """Return the text of a notebook's Markdown cells, omitting code."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"```.*?```|`[^`\n]+`", "", text, flags=re.DOTALL)


# ── links ───────────────────────────────────────────────────────────────────────────────────


@every
def test_each_link_within_the_book_leads_somewhere(pages, read, name):
    inner = [urlsplit(link) for _, link in read(name).links if "://" not in link]
    assert len(inner) > 5
    for link in inner:
        target = pages / (link.path or f"{name}.html")
        assert target.is_file(), link
        if link.fragment:
            anchor = unquote(link.fragment)
            assert {anchor, anchor.partition("?")[0]} & {*read(target.stem).ids}, link


@every
def test_ids_are_unique_and_nothing_is_loaded_from_elsewhere(read, name):
    page = read(name)
    assert [id for id, count in Counter(page.ids).items() if count > 1] == []
    assert {tag for tag, link in page.links if "://" in link} <= {"a"}
    styles = Path(site.SITE / "static" / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\((?!fonts/)|@import", styles)


def test_links_of_notebooks_lead_to_pages_and_to_the_repository():
    page = site.Book().markdown(
        "[a](02_x.ipynb#1.-b) [c](../NOTATION.md#parameters) [d](../README.md) [e](https://e.org)"
    )
    assert re.findall('href="(.+?)"', page) == [
        "02_x.html#1.-b",
        "notation.html#parameters",
        f"https://github.com/{site.links.address()}/blob/main/README.md",
        "https://e.org",
    ]


@each
def test_each_link_to_a_state_sets_a_widget_of_its_page(read, name):
    book = f"]({site.links.book()}{name}.html#"
    wanted = re.findall(re.escape(book) + r"(.+?)\)", prose(NOTEBOOKS[name]))
    found = re.findall(r'<a class="set" href="#(.+?)">', read(name).text)
    assert [link.replace("&amp;", "&") for link in found] == wanted
    assert {link.partition("?")[0] for link in wanted} <= {*notebooks.read_states().get(name, {})}
    # No other link in the text may lead to the published pages.
    assert prose(NOTEBOOKS[name]).count(site.links.book()) == len(wanted)
    assert name[:2] not in ("02", "03", "04", "05") or len(wanted) > 2


def test_anchors_are_jupyters_and_in_notation_githubs():
    heading = "## 3. The `dc` *wire*: what's $c_t$?"
    assert 'id="3.-The-dc-wire:-what&#x27;s-$c_t$?"' in site.Book().markdown(heading) or (
        'id="3.-The-dc-wire:-what\'s-$c_t$?"' in site.Book().markdown(heading)
    )
    assert 'id="3-the-dc-wire"' in site.Book(site.github_id).markdown("## 3. The `dc` *wire*")


# ── chapters ────────────────────────────────────────────────────────────────────────────────


@each
def test_each_widget_is_live_in_the_state_that_was_recorded(read, name):
    states, page = notebooks.read_states().get(name, {}), read(name).text
    shown = {}
    for cell in code(NOTEBOOKS[name]):
        found = [o.data["text/plain"] for o in cell.outputs if "data" in o]
        if kinds := [kind for kind in found if kind in widgets.__all__]:
            shown[cell.id] = kinds
    recorded = {id: [state["class"] for state in found] for id, found in states.items()}
    assert recorded == shown, "run `make notebooks`"
    found = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert list(map(json.loads, found)) == [state for cell in states.values() for state in cell]
    anchors = [
        f"{id}-{n}" if n > 1 else id for id, kinds in shown.items() for n, _ in enumerate(kinds, 1)
    ]
    assert re.findall('class="live" id="(.+?)"', page) == anchors
    assert ("Skip to the first explorer" in page) == bool(states)
    tasks = [state for cell in states.values() for state in cell if state.get("task")]
    assert ("Skip to the first task" in page) == bool(tasks)


@each
def test_each_formula_is_mathml(read, name):
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$\n]+?\$", prose(NOTEBOOKS[name]), re.DOTALL)
    page = read(name).text
    body = page[page.index("<main") :]
    found = re.findall(r"<math.*?</math>", body, re.DOTALL)
    assert len(found) == len(formulas) > 0
    assert [formula for formula in found if "\\" in formula] == []
    bare = re.sub(r"<(pre|code|script|svg)\b.*?</\1>", "", body, flags=re.DOTALL)
    assert not re.search(r"\$[^$]*\$", re.sub("<[^>]*>", "", bare))


@each
def test_an_exercise_is_its_text_its_widget_and_its_folded_solution(read, name):
    page = read(name).text
    number = sum(cell.id.startswith("solution-") for cell in NOTEBOOKS[name].cells)
    assert number > 0
    assert page.count('<a href="https://colab.research.google.com') == number + 1
    for cell in code(NOTEBOOKS[name]):
        if cell.id.startswith(("answer-", "check-")):
            assert site.code(cell.source) not in page
    assert "check.exercise" not in page


@each
def test_answers_to_guesses_and_set_up_cells_are_folded(read, name):
    folded = [
        c for c in code(NOTEBOOKS[name]) if c.metadata.get("jupyter", {}).get("outputs_hidden")
    ]
    page = read(name).text
    assert page.count('<details class="fold answer">') == len(folded)
    asked = re.findall(
        r'<form class="ask" id="guess-(.+?)" method="dialog">.*?</form>(.{30})', page
    )
    assert [id for id, _ in asked] == [cell.id for cell in guessed(NOTEBOOKS[name])]
    assert {after for _, after in asked} <= {'<details class="fold answer"><'}
    assert page.count('<p class="said">') == len(asked)
    for id in ("setup", "imports"):
        cell = next(cell for cell in NOTEBOOKS[name].cells if cell.id == id)
        assert f"</summary>{site.code(cell.source)}</details>" in page


@each
def test_the_caption_of_a_picture_is_in_its_figure(read, name):
    cells, captions = NOTEBOOKS[name].cells, []
    for cell, after in zip(cells, cells[1:], strict=False):
        if any("image" in kind for o in cell.get("outputs", []) for kind in o.get("data", {})):
            captions += re.findall(r"\A\*[^*].*?[^*]\*(?=\n\n|\Z)", after.source, re.DOTALL)
    figures = re.findall(r'<figure class="shown">.*?</figure>', read(name).text, re.DOTALL)
    found = [re.findall("<figcaption.*?</figcaption>", figure, re.DOTALL) for figure in figures]
    assert len(captions) == sum(map(len, found)) > 0
    for caption, written in zip(captions, sum(found, []), strict=True):
        first = re.match(r"\*[\w ,]{9}", caption)
        assert first is None or first[0][1:] in site.plain(written)


@pytest.mark.parametrize("name", ["index", *NOTEBOOKS, "notation"])
def test_no_mark_of_markdown_is_left_in_the_text(read, name):
    body = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", read(name).text, flags=re.DOTALL)
    assert re.findall(r".{0,30}[*`].{0,30}", re.sub("<[^>]*>", "", body)) == []


@each
def test_nothing_is_said_that_is_not_so_on_a_page(read, name):
    assert not re.search("colab-badge|running kernel|code cell below", read(name).text)


def test_the_front_page_keeps_its_memory_and_leads_to_every_chapter(read):
    page = read("index")
    state = json.loads(re.search(r'json">(.*?)</script>', page.text)[1])
    assert state["class"] == "GateExplorer"
    explorer = widgets.GateExplorer(**{k: state[k] for k in ("x", "c_before", "w_x", "w_h", "b")})
    for explorer.x in (-2, 2):
        assert explorer.values["c"] == pytest.approx(explorer.c_before, abs=0.001)
    chapters = page.text[page.text.index('class="chapters"') :]
    assert re.findall('href="([^#]+?).html"', chapters) == NAMES[1:]
    for name in NOTEBOOKS:  # the sections of each notebook are linked, too
        sections = re.findall(rf'href="{name}.html#(.+?)"', chapters)
        assert len(sections) > 3


def test_the_search_knows_every_section(pages):
    index = json.loads((pages / "search.json").read_text(encoding="utf-8"))
    assert [page for page, id, *_ in index if not id] == [f"{name}.html" for name in NAMES]
    for name, notebook in NOTEBOOKS.items():
        headings = re.findall(r"^###? .+$", prose(notebook), re.MULTILINE)
        assert sum(page == f"{name}.html" for page, *_ in index) == len(headings) + 1
    assert not any(re.search("<|&[a-z]+;", head) for _, _, head, _ in index)


# ── text ────────────────────────────────────────────────────────────────────────────────────


def test_quotes_are_curly_and_those_of_code_and_links_stay():
    said = """*He* said "it's `a'b`, *"so"*" ('yes'), $f'$'s <a href="x">'z'</a>"""
    found = re.sub("<math.*?</math>", "∂", site.Book().markdown(said), flags=re.DOTALL)
    assert found == (
        "<p><em>He</em> said “it’s <code>a'b</code>, <em>“so”</em>” (‘yes’), ∂’s "
        '<a href="x">‘z’</a></p>\n'
    )


def test_a_sign_keeps_to_its_number_and_an_index_has_no_gaps():
    found = site.mathml(r"c_{t-1} = -1", "inline")
    assert '<mo lspace="0" rspace="0">−</mo>' in found
    assert '<mo form="prefix">−</mo>' in found


def test_texts_in_another_language_come_by_the_ids_of_their_cells(tmp_path):
    file = tmp_path / "one.md"
    file.write_text("<!-- a -->\n# 제목\n\n글\n\n<!-- b -->\n그림\n", encoding="utf-8")
    found = site.texts(file)
    assert found == {"a": "# 제목\n\n글", "b": "그림"}
    cells = [new_markdown_cell("title", id="a"), new_markdown_cell("text", id="c")]
    notebook = new_notebook(cells=cells)
    with pytest.raises(ValueError, match="expected ids of Markdown cells, got b"):
        site.translate(notebook, found)
    site.translate(notebook, {"a": found["a"]})
    assert [cell.source for cell in notebook.cells] == ["# 제목\n\n글", "text"]
    assert site.texts(tmp_path / "none.md") == {}


def test_another_edition_brings_its_own_words(tmp_path):
    edition = tmp_path / "xx"
    edition.mkdir()
    for file in (site.SITE / "en").iterdir():
        text = file.read_text(encoding="utf-8").replace('"lang": "en"', '"lang": "ko"')
        (edition / file.name).write_text(text.replace("Search", "찾기"), encoding="utf-8")
    (edition / "01_rnn.md").write_text("<!-- s1 -->\n## 기억\n\n여섯 문장.\n", encoding="utf-8")
    words = json.loads(json.dumps(site.ENGLISH).replace("Reset", "처음"))
    out = site.build(tmp_path / "out", edition, words)
    page = (out / "01_rnn.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert '<h2 id="기억">기억</h2>' in page
    assert ">찾기</button>" in page
    assert '"reset":"처음"' in (out / "widgets" / "GateExplorer.js").read_text(encoding="utf-8")


def test_no_rule_of_the_pages_starts_from_a_class_of_a_widget():
    styles = (site.SITE / "static" / "site.css").read_text(encoding="utf-8")
    starts = set(re.findall(r"(?:^|[{},(])\s*\.([\w-]+)", re.sub(r"/\*.*?\*/", "", styles)))
    scripts = "".join(getattr(widgets, name)._esm for name in widgets.__all__)
    lists = re.findall(r'\bclass="([^"]*)"|\bkind: "([^"]*)"', re.sub(r"\$\{[^}]*\}", " ", scripts))
    used = {name for pair in lists for names in pair for name in names.split()}
    assert {"live", "ask"} <= starts
    assert {"face", "verdict", "hold"} <= used
    assert starts.isdisjoint(used)
