"""`make lab`: open the first notebook in JupyterLab, even as root or without a browser.

python tools/lab.py [OPTION …]     takes JupyterLab's options, such as --port=8899 or --ip=0.0.0.0
"""

import os
import sys
import webbrowser
from pathlib import Path

from jupyterlab.labapp import LabApp

ROOT = Path(__file__).resolve().parents[1]
FIRST = "notebooks/01_rnn.ipynb"
WINDOWS = {"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"}  # Linux needs one of these to open a window


def is_root():
    """Return whether this process runs as root, as it does in most containers."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_browser():
    """Return whether this process can open a browser window."""
    if sys.platform == "linux" and not os.environ.keys() & {
        "BROWSER",
        "DISPLAY",
        "WAYLAND_DISPLAY",
    }:
        return False  # a text browser such as w3m would take over the terminal
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def options(root, browser):
    """Return JupyterLab's options as a list of strings.

    root: whether this process runs as root.
    browser: whether to open a browser.
    """
    always = [
        f"--ServerApp.root_dir={ROOT}",  # the notebooks link to ../NOTATION.md
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
    ]
    return always + ["--allow-root"] * root + ["--no-browser"] * (not browser)


def main():
    """Start JupyterLab, print the address to open, and serve until Ctrl-C is pressed."""
    server = LabApp.initialize_server(options(is_root(), has_browser()) + sys.argv[1:])
    print(f"Open {server.local_url} (Ctrl-C stops JupyterLab)", flush=True)
    server.identity_provider.token_generated = False  # otherwise, start() prints the address again
    server.start()


if __name__ == "__main__":
    main()
