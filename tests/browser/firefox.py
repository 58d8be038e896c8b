"""Control an installed Firefox through WebDriver BiDi; Playwright supports only its own build."""

import itertools
import json
import os
import re
import shutil
import subprocess

import websocket


def executable():
    """Return Firefox's path. Raises FileNotFoundError if Firefox isn't on the PATH."""
    found = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    if not found:
        raise FileNotFoundError("expected firefox-esr or firefox on the PATH, got none")
    return found


class Firefox:
    """A headless Firefox with one tab.

    `faults` collects warnings and errors, and `requests` collects the addresses of all requests.
    """

    def __init__(self, profile):
        """profile: an empty folder for Firefox's profile."""
        self.faults, self.requests = [], []
        command = [executable(), "--headless", "--remote-debugging-port=0", "--profile", profile]
        environment = os.environ | {"MOZ_CRASHREPORTER_DISABLE": "1"}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        lines = (re.search(r"listening on (ws://\S+)", line) for line in self.process.stderr)
        address = next(filter(None, lines))[1]
        # Firefox rejects connections from web pages, which send an Origin header.
        self.socket = websocket.create_connection(
            f"{address}/session", suppress_origin=True, timeout=60
        )
        self.numbers = itertools.count(1)
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **params):
        """Send a command, record the events that arrive meanwhile, and return the result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (said := json.loads(self.socket.recv())).get("id") != number:
            match said["method"], said["params"]:
                case "log.entryAdded", {"level": "warn" | "error", "text": text}:
                    self.faults.append(text)
                case "network.beforeRequestSent", {"request": {"url": url}}:
                    self.requests.append(url)
        if said["type"] == "error":
            raise RuntimeError(f"{method}: {said['message']}")
        return said["result"]

    def open(self, address):
        """Go to a page and wait until it has loaded."""
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, expression):
        """Evaluate a JavaScript expression, await a promise, and return the value."""
        found = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.tab},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
