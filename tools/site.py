"""Build the book as web pages from the saved notebooks, without internet access, a kernel or torch.

    python -m tools.site [FOLDER] [--serve]     build in FOLDER (by default, site/out)

`make site` runs this script. site/book/ contains the templates for nbconvert, site/static/ contains
the files that are copied unchanged, and site/en/ contains the text of the English edition.
notebooks/widgets.json contains the state of each widget.
"""

import argparse
import gzip
import html
import json
import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
from latex2mathml.converter import convert
from mistune.toc import add_toc_hook
from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from traitlets import default
from traitlets.config import Config

from gatewise import widgets
from gatewise.drawings import DARK, LIGHT
from gatewise.widgets.words import ENGLISH
from tools import api, links, notebooks

ROOT = links.ROOT
SITE = ROOT / "site"
OUT = SITE / "out"
PICTURES = {"image/svg+xml", "image/png"}
LONG = 24  # longer inline formulas may be too wide for a phone
CAPTION = re.compile(r"(\*(?!\*).+?(?<!\*)\*)(?:\n\n|\Z)", re.DOTALL)
HEADING = re.compile(r'<h[23] id="(.*?)">(.*?)</h[23]>')

# ── Markdown ────────────────────────────────────────────────────────────────────────────────


def code(source, language="ipython3"):
    """Return source code as HTML with highlighted keywords, strings, numbers and comments."""
    marked = highlight(source, get_lexer_by_name(language), HtmlFormatter(nowrap=True)).rstrip()

    def only_these(token):
        kind = token[1].replace("ow", "k")[0]
        return f'<span class="{kind}">{token[2]}</span>' if kind in "ksmc" else token[2]

    marked = re.sub(r'<span class="(\w+)">(.*?)</span>', only_these, marked, flags=re.DOTALL)
    return f"<pre><code>{marked}</code></pre>"


def plain(markup):
    """Return the text of an HTML fragment as a single line."""
    markup = re.sub(r"<(script|svg)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    markup = re.sub(r"</?(m\w*|span|em|strong|a|code|su[bp])\b[^>]*>", "", markup)
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", markup)).split())


def mathml(formula, display):
    """Convert a formula to MathML, with signs next to their numbers and no gaps in indices."""
    markup = html.unescape(
        convert(formula.strip(), display=display).replace("&#x0003C;", "&amp;lt;")
    )
    markup = re.sub(r"(<mo[^>]*>[=≈⊙,(]</mo>)<mo>−</mo>", r'\1<mo form="prefix">−</mo>', markup)
    part = r"(<m[in]>[^<]*</m[in]>)"
    tight = r'<mrow>\1<mo lspace="0" rspace="0">\2</mo>\3</mrow>\4'
    markup = re.sub(rf"<mrow>{part}<mo>(.)</mo>{part}</mrow>(</msu)", tight, markup)
    is_long = display == "inline" and len(plain(markup)) > LONG
    return markup.replace("<math", '<math class="long"', 1) if is_long else markup


def tied(markup):
    """Prevent line breaks between an equation and the punctuation that follows it."""
    equation = r'(<math [^>]*inline">(?:(?!</math>).)*</math>)'
    return re.sub(equation + "([.,;:!?)”]+)", r'<span class="tie">\1\2</span>', markup)


def curly(markup):
    """Replace straight quotes in HTML with curly quotes, except in code and equations."""
    tag = r"(<(code|pre|math|svg|script)\b.*?</\2>|<[^>]*>)"
    before, pieces = " ", re.split(tag, markup, flags=re.DOTALL)
    for n in range(0, len(pieces), 3):  # the pieces repeat: text, markup, tag name
        text = before + pieces[n].replace("&quot;", '"')
        for quote, (opening, closing) in {'"': "“”", "'": "‘’"}.items():
            text = re.sub(rf"(?<=[\s(\[“‘—]){quote}", opening, text).replace(quote, closing)
        pieces[n] = text[1:]
        if n + 1 < len(pieces):
            is_inline = re.match(r"</?(em|strong|a|code|math|sub|sup)\b", pieces[n + 1])
            before = ("x" if pieces[n + 2] else text[-1]) if is_inline else " "
            pieces[n + 2] = ""
    return "".join(pieces)


def jupyter_id(heading):
    """Return the anchor that JupyterLab gives to a heading."""
    return re.sub("[`*]", "", heading).replace(" ", "-")


def github_id(heading):
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


class Renderer(IPythonRenderer):
    """A version of nbconvert's Markdown renderer with MathML equations and links between pages."""

    def inline_math(self, body):
        return mathml(body, "inline")

    def block_math(self, body):
        return mathml(body, "block")

    def block_code(self, source, info=None):
        return code(source, info or "text")

    def table(self, text):
        text = re.sub(r"<th\b[^>]*></th>", "<td></td>", text)  # empty headers become plain cells
        text = re.sub(r"<thead>(\s|</?tr>|<td></td>)*</thead>", "", text)
        return f'<div class="wide"><table>{text}</table></div>'

    def link(self, text, url, title=None):
        url = url.removeprefix(links.book())
        path, mark, anchor = url.partition("#")
        if path.endswith((".ipynb", "NOTATION.md")):
            url = Path(path).stem.lower() + ".html" + mark + anchor
        elif path and "://" not in path and not path.endswith(".html"):
            parts = [part for part in path.split("/") if part != ".."]
            url = f"https://github.com/{links.address()}/blob/main/{'/'.join(parts)}"
        return super().link(text, url, title)


class Book(TemplateExporter):
    """An exporter that uses the templates in site/book/ and collects the headings in `toc`."""

    output_mimetype = "text/html"

    def __init__(self, anchor=jupyter_id):
        config = Config()
        config.ExtractOutputPreprocessor.enabled = True
        config.ExtractOutputPreprocessor.extract_output_types = {"image/png"}
        folders = [str(SITE)]
        super().__init__(config, template_name="book", extra_template_basedirs=folders)
        self.toc, self.anchor = [], anchor

    @default("file_extension")
    def _html(self):
        return ".html"

    def default_filters(self):
        yield from super().default_filters()
        yield from {"markdown2html": self.markdown, "code": code, "json": to_json}.items()

    def markdown(self, source):
        """Convert Markdown to HTML with an anchor for each heading."""
        reader = MarkdownWithMath(Renderer(escape=False, exclude_anchor_links=True))
        add_toc_hook(reader, heading_id=lambda token, n: self.anchor(token["text"]))
        text, state = reader.parse(source)
        self.toc += [(level, id, curly(text)) for level, id, text in state.env["toc_items"]]
        return tied(curly(text))


def to_json(value):
    """Return JSON that is safe inside a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", r"<\/")


# ── a notebook as a chapter ─────────────────────────────────────────────────────────────────


def texts(path):
    """Return a file's texts as a dict keyed by name. A line `<!-- name -->` precedes each text.

    If the file doesn't exist, the dict is empty. A file with the name of a notebook contains
    translations of the notebook's Markdown cells, keyed by cell id.
    """
    if not path.exists():
        return {}
    parts = re.split(r"^<!-- ([\w-]+) -->\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def translate(notebook, by_id):
    """Insert the translations in `by_id` into a notebook. Raises ValueError for an unknown id."""
    cells = {cell.id: cell for cell in notebook.cells if cell.cell_type == "markdown"}
    if unknown := by_id.keys() - cells.keys():
        raise ValueError(f"expected ids of Markdown cells, got {', '.join(sorted(unknown))}")
    for id, text in by_id.items():
        cells[id].source = text
    return notebook


def arrange(notebook, states, say):
    """Turn a notebook into a chapter by modifying it in place. Returns the title.

    The function removes the parts that only JupyterLab needs: the links in the title block and the
    code for the exercises. It adds captions to figures, and it adds states and anchors to
    widgets. Each folded answer records whether the text asked for a guess.
    """
    title, *rest = notebook.cells[0].source.split("\n\n")
    own = ("[![", *say["title block"])
    notebook.cells[0].source = "\n\n".join(part for part in rest if not part.startswith(own))
    is_asked = False
    for cell in notebook.cells:
        shown = zip(_widgets(cell), states.get(cell.id, []), strict=False)
        for n, (output, state) in enumerate(shown, start=1):
            output.metadata |= {"gatewise": state, "anchor": f"{cell.id}-{n}" if n > 1 else cell.id}
        if cell.cell_type == "markdown":
            is_asked |= "**Guess" in cell.source
        elif notebooks.is_folded(cell):
            cell.metadata["asked"], is_asked = is_asked, False
        if cell.id.startswith("answer-") or re.fullmatch(r"drawings\..*", cell.source):
            cell.source = ""  # keep only the outputs
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check-")]
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        shown = [o for o in cell.get("outputs", []) if PICTURES & o.get("data", {}).keys()]
        if shown and after.cell_type == "markdown" and (found := CAPTION.match(after.source)):
            shown[-1].metadata["caption"] = found[1]
            after.source = after.source[found.end() :]
    return title.removeprefix("# ")


def _widgets(cell):
    outputs = cell.get("outputs", [])
    return [o for o in outputs if o.get("data", {}).get("text/plain") in widgets.__all__]


def front(text):
    """Return the front page as a notebook with a widget between two blocks of text.

    text: a dict with the blocks `lead` and `after`.
    """
    state = widgets.GateExplorer().state()
    data, metadata = {"text/plain": state["class"]}, {"gatewise": state, "anchor": "explorer"}
    shown = [new_output("display_data", data, metadata=metadata)]
    lead, after = (new_markdown_cell(text[id], id=id) for id in ("lead", "after"))
    return new_notebook(cells=[lead, new_code_cell("", id="front", outputs=shown), after])


# ── the pages ───────────────────────────────────────────────────────────────────────────────


def build(out=OUT, edition=SITE / "en", words=ENGLISH):
    """Empty a folder and write all pages into it. Returns the folder.

    edition: a folder with the text of the pages in `say.json` and `front.md`. For a translation,
    the folder also contains the text of each notebook in NN_name.md (see `texts`).
    words: the labels of the widgets.
    """
    say = json.loads((edition / "say.json").read_text(encoding="utf-8"))
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(SITE / "static", out)
    write_widgets(out / "widgets", words)
    write_styles(out)
    (out / "img").mkdir()
    pages = [render(out, say, *source) for source in sources(edition, say)]
    template = Book().environment.get_template("page.html.j2")
    for n, page in enumerate(pages):
        around = {"before": pages[n - 1] if n > 1 else None, "after": pages[n + 1 : n + 2]}
        text = template.render(page=page, pages=pages[1:], say=say, **around)
        (out / f"{page['name']}.html").write_text(text, encoding="utf-8")
    found = [part for page in pages for part in sections(page)]
    (out / "search.json").write_text(to_json(found), encoding="utf-8")
    return out


def sources(edition, say):
    """Yield the name, title and notebook of each page, and the function that makes the anchors."""
    states = notebooks.read_states()
    yield "index", say["book"], front(texts(edition / "front.md")), jupyter_id
    for path in notebooks.notebooks():
        notebook = translate(nbformat.read(path, 4), texts(edition / f"{path.stem}.md"))
        yield path.stem, arrange(notebook, states.get(path.stem, {}), say), notebook, jupyter_id
    notation = (ROOT / "NOTATION.md").read_text(encoding="utf-8")
    notation = texts(edition / "notation.md").get("notation", notation)
    notebook = new_notebook(cells=[new_markdown_cell(notation, id="notation")])
    yield "notation", arrange(notebook, {}, say), notebook, github_id
    reference = api.markdown(texts(edition / "api.md")["api"])
    notebook = new_notebook(cells=[new_markdown_cell(reference, id="api")])
    yield "api", arrange(notebook, {}, say), notebook, api.anchor


def render(out, say, name, title, notebook, anchor):
    """Save the pictures on a page. Returns a dict with the page's parts for page.html.j2."""
    book = Book(anchor)
    wanted = {"unique_key": name, "output_files_dir": "img", "say": say, "colab": colab(name)}
    body, resources = book.from_notebook_node(notebook, wanted)
    places = re.findall('class="live" id="(.+?)"', body)
    acts = rf'<a href="(?:{name}\.html)?(#(?:{"|".join(places)})\?)'  # links that change widgets
    body = re.sub(acts, r'<a class="set" href="\1', body)
    for file, picture in resources["outputs"].items():
        (out / file).write_bytes(picture)
    kinds = sorted(set(re.findall(r'data-class="(\w+)"', body)))
    return {
        "name": name,
        "title": title,
        "body": body,
        "colab": colab(name),
        "toc": [{"level": level, "id": id, "text": text} for level, id, text in book.toc],
        "explorer": places[:1],
        "task": re.findall('class="live" id="(.+?)" data-task', body)[:1],
        "views": {kind: getattr(widgets, kind).view for kind in kinds},
    }


def colab(name):
    """Return the address of a notebook on Colab, or False for a page that isn't a notebook."""
    file = f"notebooks/{name}.ipynb"
    is_one = (ROOT / file).exists()
    return is_one and f"https://colab.research.google.com/github/{links.address()}/blob/main/{file}"


def write_styles(out):
    """Add the colors of both themes to the style sheet."""
    styles = (out / "site.css").read_text(encoding="utf-8")
    for theme, colors in {":root": LIGHT, "[data-theme=dark]": DARK}.items():
        rules = "".join(f"--gw-{name}:{value};" for name, value in colors.items())
        styles += f"{theme}{{{rules}}}\n"
    (out / "site.css").write_text(styles, encoding="utf-8")


def write_widgets(folder, words):
    """Write a JavaScript module for each widget class and a style sheet for each view."""
    folder.mkdir()
    for name in widgets.__all__:
        kind = getattr(widgets, name)
        view = kind._esm.replace("export default", "const live =")
        shared = f"const constants = {to_json(kind.shared(words))};"
        mount = "export const mount = (place, own, more) =>"
        mount += " live.mount(place, { ...constants, ...own }, more);"
        (folder / f"{name}.js").write_text(f"{view}\n{shared}\n{mount}\n", encoding="utf-8")
        (folder / f"{kind.view}.css").write_text(kind._css, encoding="utf-8")


def sections(page):
    """Return a page's search index: the address, anchor, title and text of each section."""
    first, *rest = HEADING.split(page["body"])
    parts = [("", page["title"], first), *zip(rest[::3], rest[1::3], rest[2::3], strict=True)]
    return [[f"{page['name']}.html", id, plain(head), plain(text)] for id, head, text in parts]


# ── a server ────────────────────────────────────────────────────────────────────────────────


class Handler(SimpleHTTPRequestHandler):
    """A handler that serves a folder and compresses text files, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".woff2": "font/woff2",
    }

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        kind = self.guess_type(path)
        if not path.is_file() or not kind.startswith(("text/", "application/json")):
            return super().do_GET()
        content = gzip.compress(path.read_bytes(), mtime=0)
        self.send_response(200)
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Encoding": "gzip",
            "Content-Length": len(content),
        }
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def server(folder=OUT, port=0):
    """Return a server that only this machine can reach. port: a port, or 0 for any free port."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=folder))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=OUT)
    parser.add_argument("--serve", nargs="?", type=int, const=8000, metavar="PORT")
    options = parser.parse_args()
    build(options.folder)
    if options.serve:
        with server(options.folder, options.serve) as running:
            print(f"Open http://127.0.0.1:{running.server_port} (Ctrl-C stops)", flush=True)
            running.serve_forever()


if __name__ == "__main__":
    main()
