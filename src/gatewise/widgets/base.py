"""The parts that all widgets share: settings, the widget class, and the data for the browser."""

import re
from base64 import b64encode
from importlib.resources import files
from operator import index

import anywidget
import numpy as np
from traitlets import Dict, TraitType

from gatewise.drawings import DARK, LIGHT

STATIC = files("gatewise.widgets") / "static"

# ── settings ────────────────────────────────────────────────────────────────────────────────


class Setting(TraitType):
    """A setting shared with the browser. If `check` rejects a value, the old value is kept.

    check: a function that takes the widget, the setting's name and the new value, and returns an
    immutable value or raises ValueError. The check runs as soon as the setting is assigned, even
    inside `hold_trait_notifications`.
    """

    def __init__(self, check, default):
        super().__init__(default)
        self.check = check
        self.tag(sync=True, to_json=lambda value, widget: _plain(value))

    def validate(self, obj, value):
        try:
            return self.check(obj, self.name, value)
        except ValueError:
            obj.send_state(self.name)  # the browser must show the old value again
            raise


class Widget(anywidget.AnyWidget):
    """A widget that runs in the browser, with a still picture for pages without scripts.

    A subclass sets `view` to the name of the .js and .css files in static/, declares settings as
    `Setting`s, and defines `values` (all numbers on the screen) and `picture()`. Only settings are
    kept in sync with the browser.
    Every widget has a `projector` setting, which makes the widget fill the screen.
    """

    # On ipywidgets 7, this method would bypass the picture in `_repr_mimebundle_`.
    _ipython_display_ = None

    # The tables in words.py that hold this widget's labels.
    tables = ("all",)

    # Data that the view receives only once, such as the constants that all widgets of a class share
    # and the settings that the Reset button restores.
    constants = Dict(read_only=True).tag(sync=True)

    projector = Setting(lambda widget, name, value: flag(name, value), False)

    def __init_subclass__(cls, **kwargs):
        if "view" in cls.__dict__:  # a class that traitlets derives for a widget has no `view`
            cls._esm, cls._css = _module(cls.view), _styles(cls.view)
        super().__init_subclass__(**kwargs)

    def __init__(self, settings, words, **constants):
        """Assign the settings in declaration order. Raises ValueError for an invalid setting.

        settings: a dict mapping names to values. words: `ENGLISH` or a translation.
        constants: the data to send to the browser once. The optional entry `renamed` contains
        labels that differ from the class's labels.
        """
        known = self.settings()
        for name in settings:
            if name not in known:
                raise ValueError(f"expected settings among {', '.join(known)}, got {name!r}")
        # Default values aren't checked, but they are clipped as soon as their bounds are set.
        self._trait_values |= {name: getattr(type(self), name).default_value for name in known}
        for name in known:
            if name in settings:
                setattr(self, name, settings[name])
        constants["start"] = {name: _plain(getattr(self, name)) for name in known}
        self.set_trait("constants", self.shared(words) | constants)
        super().__init__()  # sends all settings and constants

    @classmethod
    def shared(cls, words):
        """Return the constants that all widgets of a class share: words, drawings and palette."""
        spoken = {key: text for table in cls.tables for key, text in words[table].items()}
        drawn = [drawing.svg(values={}) for drawing in cls._drawings()]
        return {"words": spoken, "drawings": drawn, "palette": {"light": LIGHT, "dark": DARK}}

    @classmethod
    def _drawings(cls):
        return []

    @property
    def words(self):
        """All labels of the widget."""
        return self.constants["words"] | self.constants.get("renamed", {})

    @classmethod
    def settings(cls):
        """Return the names of the settings. A setting comes after the settings that limit it."""
        all_of = [vars(parent).items() for parent in reversed(cls.__mro__)]
        named = [name for one in all_of for name, trait in one if isinstance(trait, Setting)]
        return list(dict.fromkeys(named))

    @classmethod
    def defaults(cls):
        """Return the default settings as JSON data."""
        return {name: _plain(getattr(cls, name).default_value) for name in cls.settings()}

    @property
    def values(self):
        """All numbers on the screen, computed from the settings."""
        raise NotImplementedError

    def picture(self):
        """Return a `Plot` of the widget's current state."""
        raise NotImplementedError

    def plain(self):
        """Return the JSON data that `mount` needs on a page without a kernel."""
        settings = {name: _plain(getattr(self, name)) for name in self.settings()}
        return _texts(self.constants) | settings

    def state(self):
        """Return the class's name and the part of `plain()` that other widgets don't share."""
        shared = ("words", "drawings", "palette", "explorers", "descent")
        own = {name: value for name, value in self.plain().items() if name not in shared}
        return {"class": type(self).__name__} | own

    def __repr__(self):
        # The text must be the same in every run, because tests compare saved and new notebooks.
        return type(self).__name__

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        png, about = self.picture()._repr_png_()
        data["image/png"] = b64encode(png).decode()
        metadata["image/png"] = about
        metadata["gatewise"] = self.state()  # for tools/site.py
        return data, metadata


def _refuse(self, *args, **kwargs):
    raise TypeError("expected a new value for the whole setting, got a change in place")


class Mapping(dict):
    """A dict that can't be changed in place, since the widget wouldn't notice the change."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class Row(list):
    """A list that can't be changed in place, since the widget wouldn't notice the change."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def number(name, value, low=-np.inf, high=np.inf):
    """Convert a finite number to a float; raise ValueError unless low ≤ value ≤ high."""
    wanted = "a finite number" if np.isinf(low) else f"a number from {low} to {high}"
    if isinstance(value, (str, bool, np.bool_)) or np.ndim(value) or value is None:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}")
    try:
        value = float(value)
    except TypeError:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}") from None
    if not (np.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name}: expected {wanted}, got {value:g}")
    return value


def whole(name, value, low, high):
    """Convert an integer of any type to an int; raise ValueError unless low ≤ value ≤ high."""
    wanted = f"an integer from {low} to {high}"
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}") from None
    if isinstance(value, (bool, np.bool_)) or not low <= number <= high:
        raise ValueError(f"{name}: expected {wanted}, got {value}")
    return number


def flag(name, value):
    """Convert a Python or NumPy bool to a bool; raise ValueError for anything else."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def row(name, values, low, high):
    """Convert a sequence of numbers to a Row; raise ValueError unless low ≤ length ≤ high."""
    if isinstance(values, (str, dict)) or np.ndim(values) != 1:
        raise ValueError(f"{name}: expected a sequence (T,), got shape {np.shape(values)}")
    if not low <= len(values) <= high:
        raise ValueError(f"{name}: expected {low} to {high} numbers, got {len(values)}")
    return Row(number(f"{name}[{t}]", value) for t, value in enumerate(values))


def by_name(name, named, known, check):
    """Convert a dict to a Mapping of checked values; raise ValueError for an unknown key.

    named: the dict. known: the allowed keys. check: a function that takes the name and the value of
    an entry, and returns the checked value.
    """
    if not isinstance(named, dict):
        raise ValueError(f"{name}: expected a dict, got {named!r}")
    for key in named:
        if key not in known:
            raise ValueError(f"{name}: expected keys among {', '.join(known)}, got {key!r}")
    return Mapping({key: check(f"{name}[{key!r}]", value) for key, value in named.items()})


# ── data for the browser ────────────────────────────────────────────────────────────────────


def _plain(value):
    """Convert a setting to JSON data. Parameters become a dict of flat lists."""
    if isinstance(value, tuple):
        return {name: array.ravel().tolist() for name, array in value._asdict().items()}
    return value


def _texts(value):
    """Convert constants to JSON data. Buffers become base64 text."""
    if isinstance(value, dict):
        return {key: _texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return b64encode(value).decode() if isinstance(value, memoryview) else value


def _static(name):
    return (STATIC / name).read_text(encoding="utf-8")


def _module(view):
    """Return the view's ES module together with the modules that it imports, each in its own scope.

    A browser loads a widget from a blob, and a blob can't import other files.
    """
    return scopes(*_imports(view)) + _imported(_static(f"{view}.js"))


def _imports(name):
    """Return the names of a module's direct and indirect imports, in load order."""
    named = re.findall(r'from "\./([\w-]+)\.js"', _static(f"{name}.js"))
    return list(dict.fromkeys(other for one in named for other in [*_imports(one), one]))


def scopes(*names):
    """Return files from static/ as one script whose object `modules` contains all exports."""
    return "const modules = {};\n" + "\n".join(map(_scope, names)) + "\n"


def _scope(name):
    text = _static(f"{name}.js")
    if name == "lit-html":  # this file is minified and renames its exports
        text, _, exported = text.partition("export{")
        pairs = [reversed(pair.split(" as ")) for pair in exported.split("}")[0].split(",")]
    else:
        exports = re.findall(r"^export (?:const|function\*?) (\w+)", text, re.MULTILINE)
        pairs = [(name, name) for name in exports]
        text = re.sub(r"^export default \w+;\n|^export ", "", text, flags=re.MULTILINE)
        text = _imported(text)
    returned = ", ".join(": ".join(pair) for pair in pairs)
    return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {returned} }};\n}})();'


def _imported(text):
    return re.sub(r'import (\{[^}]*\}) from "\./([\w-]+)\.js";', r'const \1 = modules["\2"];', text)


def _styles(view):
    """Return the CSS rules of base.css and of the view's own file, nested under the view's class.

    The nesting keeps the rules from applying to other widgets, regardless of the order in which a
    page loads the widgets. The rules for views that open inside this view come last.
    """
    rules = _static("base.css") + _static(f"{view}.css")
    # CSS doesn't allow keyframes inside a rule, and keyframes alone don't style anything.
    keyframes = re.compile(r"^@keyframes .*?^}\n", re.MULTILINE | re.DOTALL)
    own = f".gw-{view.replace('_', '-')} {{\n{keyframes.sub('', rules)}}}\n"
    styled = [name for name in _imports(view) if (STATIC / f"{name}.css").is_file()]
    inner = [_styles(name) for name in styled if name != "base"]
    return "".join(keyframes.findall(rules)) + own + "".join(inner)
