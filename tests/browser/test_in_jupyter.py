"""Tests of live widgets and saved figures in JupyterLab and Notebook 7."""

import json
import os
import re
import secrets
import subprocess
import sys
from ast import literal_eval
from collections import deque
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

import nbformat
import pytest
from appearance import labels, violations
from blank_page import parse
from nbconvert import HTMLExporter
from nbformat.sign import NotebookNotary
from playwright.sync_api import expect

# A timeout in ms that is long enough even for a busy machine.
PATIENCE = 120_000
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# With these settings, JupyterLab keeps all cells in the DOM and shows no notifications.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


class Server:
    """A Jupyter server on a free port, with an empty folder and default settings."""

    def __init__(self, home):
        self.home, self.folder, self.token = home, home / "notebooks", secrets.token_hex(16)
        self.folder.mkdir()
        for name, value in SETTINGS.items():
            file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(value), encoding="utf-8")
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": 0,
            "ServerApp.root_dir": self.folder,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,
            "IdentityProvider.token": self.token,
            # Expose `jupyterapp` to the page, because the tests run JupyterLab commands with it.
            "LabApp.expose_app_in_browser": True,
            "JupyterNotebookApp.expose_app_in_browser": True,
        }
        command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]
        folders = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
        folders = {name: str(home / name) for name in folders}
        folders["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
        folders["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
        (home / "JUPYTER_DATA_DIR").mkdir()
        self.notary = NotebookNotary(data_dir=folders["JUPYTER_DATA_DIR"])
        self.process = subprocess.Popen(
            command, env=os.environ | folders, stderr=subprocess.PIPE, text=True
        )
        log = []
        for line in self.process.stderr:
            log.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.address = found[0]
                break
        else:
            raise RuntimeError(f"the server did not start:\n{''.join(log)}")
        # A full pipe would block the server, so a thread keeps reading from the pipe.
        self.reader = Thread(target=deque, args=(self.process.stderr, 0))
        self.reader.start()

    def ask(self, path, method="GET"):
        """Send a request to the server's REST API, and return the JSON response."""
        head = {"Authorization": f"token {self.token}"}
        with urlopen(Request(f"{self.address}/{path}", headers=head, method=method)) as answer:
            return json.loads(answer.read() or "null")

    def close(self):
        self.notary.store.close()
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stderr.close()


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


# Run a statement in the kernel, and return the repr of an expression.
ASK = """([code, value]) => jupyterapp.shell.currentWidget.sessionContext.session.kernel
    .requestExecute({code, store_history: false, user_expressions: {value}})
    .done.then(reply => reply.content.user_expressions.value.data["text/plain"])"""


class Notebook:
    """A notebook that is open in JupyterLab ("lab") or in Notebook 7 ("notebooks").

    `faults` collects the console messages from gatewise.
    """

    def __init__(self, browser, server, app, notebook):
        self.server, self.faults = server, []
        self.page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda said: self.note(said.text, said.location.get("url")))
        self.page.on("pageerror", lambda error: self.note(f"{error}\n{error.stack}", ""))
        self.file = server.folder / f"{secrets.token_hex(4)}.ipynb"
        nbformat.write(notebook, self.file)
        server.notary.sign(notebook)  # Jupyter hides the SVGs of an untrusted notebook
        # Without a separate workspace, JupyterLab would reopen the previous test's notebook.
        path = f"lab/workspaces/{self.file.stem}/tree" if app == "lab" else app
        self.page.goto(f"{server.address}/{path}/{self.file.name}?token={server.token}")
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.content?.model?.cells?.length"
        )

    def note(self, text, url):
        """Record a console message if it comes from gatewise and not from Jupyter.

        Messages from a widget's module come from a blob URL, and messages from anywidget contain
        its name. On a busy machine, JupyterLab reports the activation time of each plugin.
        """
        if "to activate" not in text and any(
            mark in f"{url} {text}" for mark in ("blob:", "anywidget", "gatewise")
        ):
            self.faults.append(text)

    def command(self, name, **arguments):
        """Run a JupyterLab command and wait until it has finished."""
        call = "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)"
        self.page.evaluate(call, [name, arguments])

    def run_all(self):
        """Run all cells, save the notebook, and return it with its outputs."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
            "?.connectionStatus === 'connected'"
        )
        self.command("notebook:run-all-cells")
        self.command("docmanager:save")
        return nbformat.read(self.file, as_version=4)

    def ask(self, expression, before="pass"):
        """Run a statement in the kernel, and return the value of a Python expression."""
        expression = f"__import__('json').dumps({expression})"
        return json.loads(literal_eval(self.page.evaluate(ASK, [before, expression])))

    def wait_for(self, condition):
        """Wait until a Python expression is true in the kernel."""
        is_true = f"async (code) => await ({ASK})(code) === 'True'"
        self.page.wait_for_function(is_true, arg=["pass", f"bool({condition})"])

    def active_cell(self):
        return self.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")

    def end_kernel(self):
        """Shut down the kernel, and wait until the page's session has ended."""
        for session in self.server.ask("api/sessions"):
            self.server.ask(f"api/sessions/{session['id']}", "DELETE")
        session = "jupyterapp.shell.currentWidget.sessionContext.session"
        self.page.wait_for_function(f"() => {session} === null")


# Return whether all pictures embedded in the page are loaded.
LOADED = """() => [...document.images].filter(image => image.src.startsWith("data:"))
    .every(image => image.complete)"""
SETUP = """\
import torch
from gatewise import models, text
from gatewise.widgets import BackwardExplorer, GateExplorer, GRUExplorer, TextReader, UnrollPlayer
torch.manual_seed(0)
vocabulary = text.Vocabulary()
model = models.TextLSTM(9, 5)
three = {"RNN": models.TextRNN(9, 5), "LSTM": model, "GRU": models.TextGRU(9, 5)}"""
# For each widget: the code that creates it, the label of a slider, the name of a displayed number,
# and the Python expressions for the slider and the number.
WIDGETS = {
    "gates": ("GateExplorer()", "previous cell state c t−1", "c", "c_before", "values['c']"),
    "gated": ("GRUExplorer()", "previous hidden state h t−1", "h", "h_before", "values['h']"),
    "back": (
        "BackwardExplorer(step=7, stage='back')",
        "forget bias b f",
        "lstm.dc",
        "forget_bias",
        "values['lstm']['dc'][6]",
    ),
    "player": (
        "UnrollPlayer(model, vocabulary)",
        "time step t",
        "apart_c",
        "step",
        "values['apart']['c'][player.step - 1]",
    ),
    "compared": (
        "UnrollPlayer(three, vocabulary, filler='love', chosen='GRU')",
        "time step t",
        "apart_h",
        "step",
        "values['apart']['h'][compared.step - 1]",
    ),
    "reader": (
        "TextReader(model, vocabulary, text='i love you', quantity='f', unit=3)",
        "unit",
        "value",
        "unit",
        "values['shown'][reader.at - 1]",
    ),
}


def by_keyboard(page, player):
    """Open the selected unit of sentence A with the keyboard, and return the view that appears."""
    player.get_by_role("slider", name="unit", exact=True).focus()
    button = player.get_by_role("button", name=re.compile("^Open unit .* of A$"))
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    return player.locator("+ .gw-gate-explorer")


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_widgets_follow_keys_and_kernel_and_outlive_the_kernel(browser, server, app):
    sources = [SETUP, *(f"{name} = {made[0]}\n{name}" for name, made in WIDGETS.items())]
    new = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, sources)])
    new.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = Notebook(browser, server, app, new)
    page, saved = notebook.page, notebook.run_all()
    outputs = [output for cell in saved.cells for output in cell.outputs]
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    views = page.locator(".gatewise")
    expect(views).to_have_count(len(WIDGETS))

    def number(view, shown):
        return parse(view.locator(f"[data-value='{shown}']:visible").first.text_content())

    def agree(name, view, slider, shown, setting, value):
        """Assert that the slider, the kernel and the screen agree."""
        notebook.wait_for(f"{name}.{setting} == {slider.input_value()}")
        assert number(view, shown) == pytest.approx(
            notebook.ask(f"{name}.{value}"), rel=0.05, abs=0.005
        )

    for n, (name, (_, label, *where)) in enumerate(WIDGETS.items()):
        view = views.nth(n)
        slider = view.get_by_role("slider", name=label, exact=True)
        slider.focus()
        active, before = notebook.active_cell(), slider.input_value()
        slider.press("ArrowLeft")
        assert slider.input_value() != before
        assert notebook.active_cell() == active
        agree(name, view, slider, *where)
        # A change in the kernel must also appear on the screen.
        notebook.ask("0", f"{name}.{where[1]} = {before}")
        expect(slider).to_have_value(before, timeout=PATIENCE)
        agree(name, view, slider, *where)
        assert labels(view)[1:] == [[], []]
    # A notebook's address can't store a widget's state, so there is no link to copy.
    expect(page.get_by_role("button", name="Projector view")).to_have_count(len(WIDGETS))
    expect(page.get_by_role("button", name="Copy link")).to_have_count(0)
    compare_a_guess(notebook, views.first)
    if app == "lab":  # only JupyterLab has a command that changes the theme
        notebook.command("apputils:change-theme", theme="JupyterLab Dark")
        expect(page.locator(".gatewise[data-theme=dark]")).to_have_count(
            len(WIDGETS), timeout=PATIENCE
        )
    assert violations(views) == []

    opened = by_keyboard(page, views.nth(list(WIDGETS).index("player")))
    settings = {name: notebook.ask(f"player.{name}") for name in ("unit", "step")}
    assert f"unit {settings['unit']} at word {settings['step']} of A" in opened.inner_text()
    h = f"player.values['runs'][0]['h'][{settings['step'] - 1}][{settings['unit']}]"
    assert number(opened, "h") == pytest.approx(notebook.ask(h), abs=0.005)
    assert violations(opened) == []
    page.get_by_role("button", name=re.compile("^Open unit .* of A$"), pressed=True).press("Enter")
    expect(opened).to_have_count(0)

    notebook.end_kernel()
    for n, (_, label, shown, *_) in enumerate(WIDGETS.values()):
        view = views.nth(n)
        before = number(view, shown)
        view.get_by_role("slider", name=label, exact=True).press("Home")
        assert number(view, shown) != before
    assert notebook.faults == []
    page.close()

    # Without a kernel, the saved notebook must show still pictures.
    html, _ = HTMLExporter().from_notebook_node(saved)
    exported = browser.new_page()
    exported.route("http*://**", lambda route: route.abort())
    exported.set_content(html, wait_until="domcontentloaded")
    pictures = exported.locator("img[src^='data:image/png']")
    expect(pictures).to_have_count(len(WIDGETS), timeout=PATIENCE)
    exported.wait_for_function(LOADED)
    sizes = "images => images.map(image => [image.naturalWidth, image.clientWidth])"
    assert min(min(size) for size in pictures.evaluate_all(sizes)) > 300
    exported.close()


def compare_a_guess(notebook, view):
    """Guess c in the GateExplorer `gates`, and compare the answer with the kernel's value."""
    view.get_by_role("button", name="Guess first").click()
    view.get_by_role("slider", name="your guess of c after time step 3").press("Home")
    view.get_by_role("button", name="Show c").click()
    said = view.get_by_role("status").text_content()
    found = re.search(r"at step 3: you guessed (.+), and c is (.+?)\.\s", said)
    guess, c = map(parse, found.groups())
    assert guess < -0.9
    assert c == pytest.approx(notebook.ask("gates.values['strip']['c'][2]"), abs=0.005)


TASK = """\
from gatewise.widgets import GateExplorer, tasks
keep = GateExplorer("keep", w_x={"i": 1, "g": 1}, b={"f": 6, "i": -6})
keep"""


def test_a_task_is_judged_and_descended_on_in_jupyterlab(browser, server):
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TASK)])
    new.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = Notebook(browser, server, "lab", new)
    notebook.run_all()
    view = notebook.page.locator(".gatewise")
    view.get_by_role("button", name="Try 40 unseen ones").press("Enter")
    right = notebook.ask("sum(one.right(keep.params) for one in tasks.unseen('keep'))")
    expect(view.get_by_text(f"Not yet: {right} of 40 unseen")).to_be_visible(timeout=PATIENCE)
    notebook.wait_for("keep.sequence > 8 and not keep.all[keep.sequence - 1].right(keep.params)")
    view.get_by_text("Let it learn").press("Enter")
    view.get_by_role("button", name="Descend from random weights 1").press("Enter")
    notebook.wait_for("keep.w_x['i'] != 1 and keep.values['loss'] < 0.5")
    view.get_by_role("button", name="Stop").press("Enter")
    expect(view.get_by_role("button", name="Yours:")).to_have_text(f"Yours: {right} of 40 unseen")
    expect(view.get_by_role("button", name="Descent’s:")).to_be_visible(timeout=PATIENCE)
    loss = parse(view.locator("[data-value=loss]").text_content())
    notebook.wait_for(f"abs(keep.values['loss'] - {loss}) < 0.05 * {loss}")
    assert labels(view)[1:] == [[], []]
    assert violations(view) == []
    assert notebook.faults == []
    notebook.page.close()


FIGURES = {"image/png", "image/svg+xml"}
# Return, for each output, whether it contains a visible picture.
SEEN = """outputs => outputs.map(output =>
    [...output.querySelectorAll("img, svg, canvas")]
        .filter(picture => picture.tagName !== "IMG" || picture.naturalWidth > 0)
        .map(picture => picture.getBoundingClientRect())
        .some(({width, height}) => width > 0 && height > 0))"""


def test_every_saved_figure_is_visible_in_jupyterlab(browser, server):
    # This notebook contains all saved figures and is never executed.
    new = nbformat.v4.new_notebook()
    for file in NOTEBOOKS:
        for n, cell in enumerate(nbformat.read(file, as_version=4).cells):
            outputs = [o for o in cell.get("outputs", []) if FIGURES & o.get("data", {}).keys()]
            source = f"# {file.stem}, cell {n + 1}"
            new.cells += [nbformat.v4.new_code_cell(source, outputs=[o]) for o in outputs]
    assert len(new.cells) > len(NOTEBOOKS)
    notebook = Notebook(browser, server, "lab", new)
    outputs = notebook.page.locator(".jp-Notebook .jp-CodeCell .jp-OutputArea-child")
    expect(outputs).to_have_count(len(new.cells), timeout=PATIENCE)
    notebook.page.wait_for_function(LOADED)
    seen = outputs.evaluate_all(SEEN)
    assert [cell.source for cell, is_seen in zip(new.cells, seen, strict=True) if not is_seen] == []
    assert notebook.faults == []
    notebook.page.close()


def answers(notebook):
    """Return, for each guess, the index of the next cell with an output."""
    cells = list(enumerate(notebook.cells))
    guesses = [n for n, cell in cells if "**Guess:**" in cell.source]
    return [next(n for n, cell in cells[guess:] if cell.get("outputs")) for guess in guesses]


@pytest.mark.parametrize("app", ["lab", "notebooks"])
def test_the_answer_to_a_guess_is_folded_until_a_click(browser, server, app):
    saved = nbformat.read(NOTEBOOKS[0], as_version=4)  # this notebook is never executed
    notebook = Notebook(browser, server, app, saved)
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(len(saved.cells), timeout=PATIENCE)
    assert answers(saved)
    for n in answers(saved):
        cell, fold = cells.nth(n), cells.nth(n).locator(".jp-OutputPlaceholder")
        pictures = cell.locator(".jp-OutputArea-output img")
        expect(fold).to_be_visible(timeout=PATIENCE)
        outputs = saved.cells[n].outputs
        printed = [o.text.splitlines()[-1] for o in outputs if o.output_type == "stream"]
        drawn = sum("image/png" in o.get("data", {}) for o in outputs)
        assert printed or drawn
        seen = pictures.and_(notebook.page.locator(":visible"))
        for line in printed:
            expect(cell).not_to_contain_text(line, use_inner_text=True)
        expect(seen).to_have_count(0)
        fold.click()
        for line in printed:
            expect(cell).to_contain_text(line, use_inner_text=True, timeout=PATIENCE)
        expect(seen).to_have_count(drawn, timeout=PATIENCE)
    assert notebook.faults == []
    notebook.page.close()
