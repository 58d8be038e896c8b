"""A live widget on a blank page, with a stub that replaces anywidget's model and the kernel."""

import os
import re
import shutil

NAMES = ["chromium", "chromium-browser", "google-chrome"]
PLACES = [  # browsers aren't on the PATH on macOS and Windows
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    " --disable-sync --no-first-run"
).split()


def executable():
    """Return the path of a browser from GATEWISE_BROWSER, the PATH or PLACES.

    Raises FileNotFoundError if no browser is found.
    """
    found = os.environ.get("GATEWISE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next(filter(os.path.exists, PLACES), None)
    if not found:
        names = ", ".join(NAMES)
        raise FileNotFoundError(
            f"expected GATEWISE_BROWSER or one of {names} on the PATH, got none"
        )
    return found


PAGE = '<!doctype html><meta name="color-scheme" content="light dark"><main></main>'
# This script imitates anywidget and Backbone. It loads the widget's module from a blob. A change
# fires one event per changed setting and then a general event. Python receives saved changes only.
MOUNT = """async state => {
    const listeners = {}, unsaved = new Set();
    const fire = event => [...(listeners[event] ?? [])].forEach(listener => listener());
    const update = (changes, note = () => {}) => {
        const isNew = name => JSON.stringify(state[name]) !== JSON.stringify(changes[name]);
        const changed = Object.keys(changes).filter(isNew);
        for (const name of changed) note(name, (state[name] = changes[name]));
        for (const name of changed) fire(`change:${name}`);
        if (changed.length) fire("change");
    };
    const model = {
        get: name => state[name],
        set: (name, value) => update({[name]: value}, name => unsaved.add(name)),
        on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
        off: (event, listener) => listeners[event]?.delete(listener),
        save_changes() {
            messages.push(Object.fromEntries([...unsaved].map(name => [name, state[name]])));
            unsaved.clear();
        },
    };
    Object.assign(window, {messages: [], receive: state => update(state)});
    document.head.append(Object.assign(document.createElement("style"), {textContent: state._css}));
    const blob = new Blob([state._esm], {type: "text/javascript"});
    const {default: widget} = await import(URL.createObjectURL(blob));
    await widget.initialize?.({model});
    await widget.render({model, el: document.querySelector("main")});
}"""


def state(widget):
    """Return the state that anywidget sends, as JSON data in which buffers are text."""
    plain = widget.plain()
    return widget.get_state() | {"constants": {name: plain[name] for name in widget.constants}}


class View:
    """A Python widget and the page that shows it.

    page: a Playwright page for this widget alone. `faults` collects console messages and errors.
    """

    def __init__(self, page, widget):
        self.page, self.widget, self.faults = page, widget, []
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(f"{error}\n{error.stack}"))
        page.set_content(PAGE)
        page.evaluate(MOUNT, state(widget))
        self.root = page.locator("main")

    def send(self, **settings):
        """Change settings in Python and send them to the browser."""
        for name, value in settings.items():
            setattr(self.widget, name, value)
        self.page.evaluate("state => receive(state)", state(self.widget))

    def bring(self):
        """Apply the browser's saved changes to the Python widget, and return the widget."""
        for message in self.page.evaluate("messages.splice(0)"):
            self.widget.set_state(message)
        return self.widget

    def shown(self):
        """Return a dict from the names of visible values to the numbers on the screen."""
        pairs = self.root.locator("[data-value]:visible").evaluate_all(
            "nodes => nodes.map(node => [node.dataset.value, node.textContent])"
        )
        numbers = {}
        for name, text in pairs:
            assert numbers.setdefault(name, parse(text)) == parse(text)
        return numbers


def parse(text):
    """Parse a number in the widgets' format, such as −0.05, +1.25 or 3.1·10⁻⁴."""
    plain = text.replace("−", "-").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(re.sub(r"·10", "e", plain))


def swipe(touch, x, y, right, down):
    """Touch the page at a point, move the finger in three steps, and lift it.

    touch: a Chrome DevTools Protocol session.
    """
    for n in range(4):
        points = [{"x": x + right * n / 3, "y": y + down * n / 3}]
        kind = "touchMove" if n else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
