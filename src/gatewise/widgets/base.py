"""What every widget of the series has in common."""

import re
from base64 import b64encode
from importlib.resources import files
from operator import index

import anywidget
import numpy as np
from traitlets import Dict, TraitType

from gatewise.drawings import DARK, LIGHT

# ── settings ────────────────────────────────────────────────────────────────────────────────


class Setting(TraitType):
    """A setting shared with the browser. What `check` refuses leaves the old value in force.

    check: called with the widget, the setting's name and what came; returns what can't be changed
    in place, or raises ValueError. It is called as soon as the setting is set, and so before the
    end of `hold_trait_notifications`, too.
    """

    def __init__(self, check, default):
        super().__init__(default)
        self.check = check
        self.tag(sync=True, to_json=lambda value, widget: _plain(value))

    def validate(self, obj, value):
        try:
            return self.check(obj, self.name, value)
        except ValueError:
            obj.send_state(self.name)  # the browser may have asked for it: it shows the old value
            raise


class Widget(anywidget.AnyWidget):
    """A widget that is computed and drawn in the browser, and leaves a picture where it can't be.

    A subclass names its `view`, the .js and .css file in static/, its settings as `Setting`s, and
    defines `values`, every number on the screen, and `picture()`. Only settings are synchronized.

    `projector`, a setting of all: True fills the screen with the widget, in larger type.
    """

    # On ipywidgets 7 this method would bypass the picture in `_repr_mimebundle_`.
    _ipython_display_ = None

    # The tables of `words` that it speaks from.
    tables = ("all",)

    # What the view needs besides its settings, sent once: what its class shares, and the settings
    # that Reset restores.
    constants = Dict(read_only=True).tag(sync=True)

    projector = Setting(lambda widget, name, value: flag(name, value), False)

    def __init_subclass__(cls, **kwargs):
        if "view" in cls.__dict__:  # and not for the class that traitlets derives for each widget
            cls._esm, cls._css = _module(cls.view), _styles(cls.view)
        super().__init_subclass__(**kwargs)

    def __init__(self, settings, words, **constants):
        """Take over the settings in their own order, each of them or none."""
        known = self.settings()
        for name in settings:
            if name not in known:
                raise ValueError(f"expected settings among {', '.join(known)}, got {name!r}")
        # Defaults are not checked: those that others bound follow as soon as these are set.
        self._trait_values |= {name: getattr(type(self), name).default_value for name in known}
        for name in known:
            if name in settings:
                setattr(self, name, settings[name])
        constants["start"] = {name: _plain(getattr(self, name)) for name in known}
        self.set_trait("constants", self.shared(words) | constants)
        super().__init__()  # which sends all of it, once

    @classmethod
    def shared(cls, words):
        """The constants that all widgets of this class share: words, drawings, palette."""
        spoken = {key: text for table in cls.tables for key, text in words[table].items()}
        drawn = [drawing.svg(values={}) for drawing in cls._drawings()]
        return {"words": spoken, "drawings": drawn, "palette": {"light": LIGHT, "dark": DARK}}

    @classmethod
    def _drawings(cls):
        return []

    @property
    def words(self):
        """Every word that it says."""
        return self.constants["words"]

    @classmethod
    def settings(cls):
        """The names of the settings, in their order: some are bounded by those before them."""
        all_of = [vars(parent).items() for parent in reversed(cls.__mro__)]
        named = [name for one in all_of for name, trait in one if isinstance(trait, Setting)]
        return list(dict.fromkeys(named))

    @property
    def values(self):
        """Every number on the screen, computed from the settings by the cells."""
        raise NotImplementedError

    def picture(self):
        """The state as a still `Plot`."""
        raise NotImplementedError

    def plain(self):
        """All that the view's `mount` needs, as JSON can carry it; for a page without a kernel."""
        return self.constants | {name: _plain(getattr(self, name)) for name in self.settings()}

    def state(self):
        """The part of `plain()` that is this widget's own, and the name of its class."""
        shared = ("words", "drawings", "palette")
        own = {name: value for name, value in self.plain().items() if name not in shared}
        return {"class": type(self).__name__} | own

    def __repr__(self):
        # The same in every run: a saved notebook can be compared with a new one.
        return type(self).__name__

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        png, about = self.picture()._repr_png_()
        data["image/png"] = b64encode(png).decode()
        metadata["image/png"] = about
        metadata["gatewise"] = self.state()  # for a page without a kernel: tools/site.py
        return data, metadata


def _refuse(self, *args, **kwargs):
    raise TypeError("expected a new value for the whole setting, got a change in place")


class Mapping(dict):
    """A dict that can't be changed: a widget would not hear of it."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class Row(list):
    """A list that can't be changed: a widget would not hear of it."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def number(name, value, low=-np.inf, high=np.inf):
    """A finite number of any kind as a float; ValueError otherwise, and outside of low to high."""
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
    """An integer from low to high, of any kind, as an int; ValueError otherwise."""
    wanted = f"an integer from {low} to {high}"
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}") from None
    if isinstance(value, (bool, np.bool_)) or not low <= number <= high:
        raise ValueError(f"{name}: expected {wanted}, got {value}")
    return number


def flag(name, value):
    """True or False, NumPy's too."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def row(name, values, low, high):
    """Numbers, low to high of them, as a Row; ValueError otherwise."""
    if isinstance(values, (str, dict)) or np.ndim(values) != 1:
        raise ValueError(f"{name}: expected a sequence (T,), got shape {np.shape(values)}")
    if not low <= len(values) <= high:
        raise ValueError(f"{name}: expected {low} to {high} numbers, got {len(values)}")
    return Row(number(f"{name}[{t}]", value) for t, value in enumerate(values))


def by_name(name, named, known, check):
    """A Mapping of checked values; ValueError for a name that is not known."""
    if not isinstance(named, dict):
        raise ValueError(f"{name}: expected a dict, got {named!r}")
    for key in named:
        if key not in known:
            raise ValueError(f"{name}: expected keys among {', '.join(known)}, got {key!r}")
    return Mapping({key: check(f"{name}[{key!r}]", value) for key, value in named.items()})


# ── what goes to the browser ────────────────────────────────────────────────────────────────


def _plain(value):
    """A setting as JSON can carry it; of parameters, the arrays row by row in one list."""
    if isinstance(value, tuple):
        return {name: array.ravel().tolist() for name, array in value._asdict().items()}
    return value


def _static(name):
    return (files("gatewise.widgets") / "static" / name).read_text(encoding="utf-8")


def _module(view):
    """The view's ES module and those it imports as one, each in a scope of its own.

    A browser that loads a widget from a blob can't import other files from there.
    """
    lit, _, exported = _static("lit-html.js").partition("export{")
    pairs = [pair.split(" as ") for pair in exported.split("}")[0].split(",")]
    scopes = [_scope("lit-html", lit, {name: local for local, name in pairs})]
    for name in ("cells", "base"):
        text = _static(f"{name}.js")
        exports = re.findall(r"^export (?:const|function) (\w+)", text, re.MULTILINE)
        scopes.append(_scope(name, re.sub("^export ", "", text, flags=re.MULTILINE), exports))
    return _imported("const modules = {};\n" + "\n".join(scopes) + "\n" + _static(f"{view}.js"))


def _scope(name, text, exports):
    pairs = exports.items() if isinstance(exports, dict) else zip(exports, exports, strict=True)
    returned = ", ".join(f"{exported}: {local}" for exported, local in pairs)
    return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {returned} }};\n}})();'


def _imported(text):
    return re.sub(r'import (\{[^}]*\}) from "\./([\w-]+)\.js";', r'const \1 = modules["\2"];', text)


def _styles(view):
    """The rules of base.css and of the widget, all within the widget's own class.

    So they apply to no other widget, in whatever order pages load them.
    """
    rules = _static("base.css") + _static(f"{view}.css")
    # Keyframes apply to nothing by themselves, and CSS does not allow them inside a rule.
    keyframes = re.compile(r"^@keyframes .*?^}\n", re.MULTILINE | re.DOTALL)
    own = f".gw-{view.replace('_', '-')} {{\n{keyframes.sub('', rules)}}}\n"
    return "".join(keyframes.findall(rules)) + own
