"""A fresh Jupyter server and a headless browser: notebooks as a reader opens them."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from ast import literal_eval
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import nbformat
import pytest
from playwright.sync_api import sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome"]
PLACES = [  # on macOS and Windows programs are not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    " --disable-sync --no-first-run"
).split()

# The reader's own settings, as far as a test needs them: every cell is in the page even when it
# is far below the fold, and Jupyter's news stay away.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


def executable():
    """The browser's path: GATEWISE_BROWSER, the first of NAMES on the PATH, or Chrome's place."""
    found = os.environ.get("GATEWISE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next(filter(os.path.exists, PLACES), None)
    if found:
        return found
    reason = f"no browser: none of {', '.join(NAMES)} on the PATH, and GATEWISE_BROWSER is not set"
    if os.environ.get("GATEWISE_SKIP_NOTHING"):
        pytest.fail(reason)
    pytest.skip(reason)


# One browser for each module, not for the session: while Playwright's loop lives, no other loop
# can run in this thread, and nbval's notebooks need one.
@pytest.fixture(scope="module")
def browser():
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Server:
    """A Jupyter server with an empty folder and nobody's settings."""

    def __init__(self, home):
        self.home, self.folder = home, home / "notebooks"
        self.folder.mkdir()
        for name, value in SETTINGS.items():
            file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(value), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self.log = open(home / "server.log", "w", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            self._command(), env=self._environment(), stdout=self.log, stderr=self.log
        )
        self._wait()

    def _command(self):
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.folder,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": root,
            "IdentityProvider.token": self.token,
            # `jupyterapp` in the page, so that a test can give commands and wait for their end.
            "LabApp.expose_app_in_browser": True,
            "JupyterNotebookApp.expose_app_in_browser": True,
        }
        return [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]

    def _environment(self):
        home = self.home
        return os.environ | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
        }

    def _wait(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return self.ask("api/status")
            except OSError:
                time.sleep(0.1)
        log = (self.home / "server.log").read_text(encoding="utf-8")
        raise RuntimeError(f"the server did not start:\n{log}")

    def ask(self, path, method="GET"):
        """One request to the server's own interface; returns the JSON that comes back."""
        head = {"Authorization": f"token {self.token}"}
        with urlopen(Request(f"{self.address}/{path}", headers=head, method=method)) as answer:
            return json.loads(answer.read() or "null")

    def end_kernel(self, file):
        """End the kernel of a notebook, if it has one."""
        for session in self.ask("api/sessions"):
            if session["path"] == file.name:
                self.ask(f"api/sessions/{session['id']}", "DELETE")

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    executable()  # before the server: without a browser nobody needs it
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


class Notebook:
    """A notebook open in the browser; `page` is Playwright's."""

    def __init__(self, page, file):
        self.page, self.file, self.messages = page, file, []
        page.on("console", lambda message: self.note(message.text, message.location.get("url")))
        page.on("pageerror", lambda error: self.note(f"{error}\n{error.stack}", ""))

    def note(self, text, url):
        """Keep what our code says: Jupyter itself also writes on the console.

        A widget's module is loaded from a blob, and anywidget reports in its own name.
        """
        if any(mark in f"{url} {text}" for mark in ("blob:", "anywidget", "gatewise")):
            self.messages.append(text)

    def command(self, name, **arguments):
        """Give Jupyter a command and wait for its end."""
        call = "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)"
        self.page.evaluate(call, [name, arguments])

    def run_all(self):
        """Run every cell from the first; returns the notebook with its outputs, as saved."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel"
            "?.connectionStatus === 'connected'"
        )
        self.command("notebook:run-all-cells")
        self.command("docmanager:save")
        return nbformat.read(self.file, as_version=4)

    def show_all(self, n):
        """Run every cell, of which none may fail, and wait for the n-th widget."""
        outputs = [out for cell in self.run_all().cells for out in cell.get("outputs", [])]
        assert [out.evalue for out in outputs if out.output_type == "error"] == []
        self.page.locator(".gatewise").nth(n - 1).wait_for()

    def end_kernel(self, server):
        """End the kernel, and wait until the page knows."""
        server.end_kernel(self.file)
        session = "jupyterapp.shell.currentWidget.sessionContext.session"
        self.page.wait_for_function(f"() => {session} === null")
        self.page.wait_for_timeout(300)

    def ask(self, expression, before="pass"):
        """The value of a Python expression in the kernel, after running a statement there."""
        call = """([code, value]) => jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({code, store_history: false, user_expressions: {value}})
            .done.then(reply => reply.content.user_expressions.value.data["text/plain"])"""
        text = self.page.evaluate(call, [before, f"__import__('json').dumps({expression})"])
        return json.loads(literal_eval(text))

    def cell(self, n):
        """The n-th code cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(n)


@contextmanager
def opening(browser, server):
    """Gives `open_notebook`, and closes at the end what it opened."""
    opened = []

    def open_(what, app="lab", more=(), **options):
        file = server.folder / f"{secrets.token_hex(4)}.ipynb"
        if isinstance(what, Path):
            notebook = nbformat.read(what, as_version=4)
        else:
            spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
            notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
            more = [*what, *more]
        notebook.cells += map(nbformat.v4.new_code_cell, more)
        nbformat.write(notebook, file)

        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | options)
        opened.append((context, file))
        context.set_default_timeout(60_000)
        page = context.new_page()
        notebook = Notebook(page, file)
        # A workspace of its own, or JupyterLab would open the last test's notebook again.
        path = f"lab/workspaces/{file.stem}/tree" if app == "lab" else app
        page.goto(f"{server.address}/{path}/{file.name}?token={server.token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.content?.model?.cells?.length"
        )
        return notebook

    yield open_
    for context, file in opened:
        context.close()
        server.end_kernel(file)


@pytest.fixture
def open_notebook(browser, server):
    """`open_notebook(file or list of sources, app="lab" or "notebooks", more=sources, **options)`.

    `more` are sources of cells after the last; `options` are Playwright's for a browser context.
    """
    with opening(browser, server) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_for_module(browser, server):
    """The same, for a notebook that several tests share."""
    with opening(browser, server) as open_:
        yield open_
