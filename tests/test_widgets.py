"""Tests of the settings, pictures and messages to the browser that all widgets share."""

import json
import re
from base64 import b64decode
from contextlib import nullcontext
from importlib.resources import files

import numpy as np
import pytest
import torch

from gatewise import models, text
from gatewise.cells import lstm
from gatewise.widgets import (
    BackwardExplorer,
    GateExplorer,
    GRUExplorer,
    TextReader,
    UnrollPlayer,
)

NAN = float("nan")


def player(**settings):
    torch.manual_seed(0)
    return UnrollPlayer(models.TextLSTM(9), text.Vocabulary(), **settings)


def reader(**settings):
    torch.manual_seed(0)
    model = None, torch.nn.LSTM(4, 6), None
    return TextReader(model, "abc ", **{"text": "a cab"} | settings)


WIDGETS = {
    "GateExplorer": GateExplorer,
    "GRUExplorer": GRUExplorer,
    "BackwardExplorer": BackwardExplorer,
    "UnrollPlayer": player,
    "TextReader": reader,
}
each = pytest.mark.parametrize("name", WIDGETS)
# For each kind of setting, an accepted value and a rejected value.
REFUSED = [
    ("GateExplorer", "x", 0.25, NAN, "x: expected a finite number, got nan"),
    ("GateExplorer", "x", 0.25, "1", "x: expected a finite number, got '1'"),
    ("GateExplorer", "x", 0.25, None, "x: expected a finite number, got None"),
    ("GateExplorer", "x", 0.25, [1.0], "x: expected a finite number, got [1.0]"),
    ("GateExplorer", "b", {"f": 2.0}, {"f": NAN}, "b['f']: expected a finite number, got nan"),
    ("GateExplorer", "b", {"f": 2.0}, {"k": 1}, "b: expected keys among i, f, g, o, got 'k'"),
    ("GateExplorer", "b", {"f": 2.0}, 2.0, "b: expected a dict, got 2.0"),
    ("GateExplorer", "inputs", [1.0], [0.0, NAN], "inputs[1]: expected a finite number, got nan"),
    ("GateExplorer", "inputs", [1.0], [], "inputs: expected 1 to 50 numbers, got 0"),
    (
        "GateExplorer",
        "inputs",
        [1.0],
        [[1.0]],
        "inputs: expected a sequence (T,), got shape",
    ),
    ("GateExplorer", "repeats", 3, 51, "repeats: expected an integer from 0 to 50, got 51"),
    ("GateExplorer", "repeats", 3, 2.5, "repeats: expected an integer from 0 to 50, got 2.5"),
    ("GateExplorer", "repeats", 3, True, "repeats: expected an integer from 0 to 50, got True"),
    ("GateExplorer", "sequence", 1, 2, "sequence: expected an integer from 1 to 1, got 2"),
    ("GateExplorer", "projector", True, 1, "projector: expected True or False, got 1"),
    ("GRUExplorer", "w_x", {"r": 1}, {"q": 1}, "w_x: expected keys among r, z, n, got 'q'"),
    ("GRUExplorer", "reset_after", False, 1, "reset_after: expected True or False, got 1"),
    ("BackwardExplorer", "T", 12, 21, "T: expected an integer from 2 to 20, got 21"),
    ("BackwardExplorer", "read", 5, 9, "read: expected an integer from 1 to 8, got 9"),
    ("BackwardExplorer", "step", 5, 0, "step: expected an integer from 1 to 8, got 0"),
    ("BackwardExplorer", "stage", "df", "db", "stage: expected one of dh, do, dc, df, di, dg,"),
    ("BackwardExplorer", "x", [1, 2], [1.0], "x: expected 2 to 20 numbers, got 1"),
    ("UnrollPlayer", "hold_from", 2, 3, "hold_from: expected an integer from 1 to 2, got 3"),
    ("UnrollPlayer", "sentences", ["i hate"], ["i luv"], "expected a word of the vocabulary"),
    ("UnrollPlayer", "sentences", ["i"], "i love", "sentences: expected a list of one sentence or"),
    ("UnrollPlayer", "sentences", ["i"], [], "sentences: expected a list of one sentence or two"),
    ("UnrollPlayer", "clamp", {"f": 1}, {"g": 0}, "clamp: expected keys among i, f, o, alone or"),
    ("UnrollPlayer", "clamp", {"f3": 1}, {"f5": 0}, "clamp: expected keys among i, f, o, alone or"),
    ("UnrollPlayer", "clamp", {"f": 1}, {"f": 2}, "clamp['f']: expected a number from 0 to 1, got"),
    ("UnrollPlayer", "step", 1, 3, "step: expected an integer from 1 to 2, got 3"),
    ("UnrollPlayer", "unit", 1, 5, "unit: expected an integer from 0 to 4, got 5"),
    ("TextReader", "text", "b cab", "cab!", "text: expected tokens of the vocabulary, got '!'"),
    ("TextReader", "unit", 5, 6, "unit: expected an integer from 0 to 5, got 6"),
    ("TextReader", "quantity", "c", "loss", "quantity: expected one of f, i, g, o, c, h, got"),
    ("TextReader", "at", 5, 6, "at: expected an integer from 1 to 5, got 6"),
    ("TextReader", "marks", [[0, 2]], [[2, 9]], "marks[0]: expected an integer from 0 to 5, got 9"),
    ("UnrollPlayer", "units", [4, 1], [0, -1], "units[1]: expected an integer from 0 to 4, got -1"),
]
refused = pytest.mark.parametrize(("name", "setting", "good", "bad", "sentence"), REFUSED)


@refused
def test_a_refused_setting_leaves_the_old_one_in_force(name, setting, good, bad, sentence):
    widget = WIDGETS[name]()
    setattr(widget, setting, good)
    before = widget.plain()
    for hold in (nullcontext, widget.hold_trait_notifications, widget.hold_sync):
        with pytest.raises(ValueError, match=re.escape(sentence)), hold():
            setattr(widget, setting, bad)
        assert widget.plain() == before
    with pytest.raises(ValueError, match=re.escape(sentence)):
        WIDGETS[name](**{setting: bad})


@refused
def test_the_browser_gets_the_value_still_in_force(name, setting, good, bad, sentence):
    widget = WIDGETS[name]()
    sent = []
    widget._send = lambda message, buffers=None: sent.append(message)
    plain = widget.plain()[setting]
    with pytest.raises(ValueError, match=re.escape(sentence)):
        widget.set_state({setting: bad})
    assert [m["state"] for m in sent if m["method"] == "update"] == [{setting: plain}]


@each
def test_only_settings_are_synchronized(name):
    widget = WIDGETS[name]()
    sent = []
    widget._send = lambda message, buffers=None: sent.append(message)
    for setting, good in [(s, g) for n, s, g, *_ in REFUSED if n == name]:
        setattr(widget, setting, good)
    changed = {key for message in sent for key in message["state"]}
    assert changed
    assert changed <= set(widget.settings())
    assert set(widget.keys) >= {"constants", *widget.settings()}
    assert "values" not in widget.keys


@each
def test_a_change_in_place_is_refused_in_one_sentence(name):
    widget = WIDGETS[name]()
    if not any(isinstance(getattr(widget, setting), dict | list) for setting in widget.settings()):
        pytest.skip(f"{name} has no setting that is a dict or a list")
    tried = 0
    for setting in widget.settings():
        value, before = getattr(widget, setting), widget.plain()
        if isinstance(value, dict):
            changes = [lambda v=value: v.update(f=-8.0), lambda v=value: v.__setitem__("f", -8.0)]
            changes += [lambda v=value: v.clear(), lambda v=value: v.__ior__({"f": -8.0})]
        elif isinstance(value, list):
            changes = [lambda v=value: v.append(1), lambda v=value: v.sort()]
            changes += [
                lambda v=value: v.__setitem__(slice(0), []),
                lambda v=value: v.__iadd__([1]),
            ]
        else:
            continue
        for change in changes:
            tried += 1
            with pytest.raises(TypeError, match="expected a new value .*, got a change in place"):
                change()
        assert widget.plain() == before
    assert tried >= 4


def test_parameters_are_copies_that_cannot_be_changed():
    params = lstm.Params.random(1, 1, np.random.default_rng(0))
    widget = BackwardExplorer(params)
    params.b_ih[1] = 9
    assert widget.lstm_params.b_ih[1] != 9
    with pytest.raises(ValueError, match="read-only"):
        widget.lstm_params.W_ih[0] = 1


def test_numpys_numbers_and_arrays_become_numbers_and_lists():
    gate = GateExplorer(x=np.float32(0.5), repeats=np.int64(3), b={"f": np.float64(2)})
    gate.inputs = np.array([1, -1], np.int32)
    assert (gate.x, gate.repeats, gate.b["f"], gate.inputs) == (0.5, 3, 2.0, [1.0, -1.0])
    assert GRUExplorer(reset_after=np.bool_(False)).reset_after is False
    back = BackwardExplorer(x=np.ones(6), T=np.int64(4), forget_bias=np.array(2.0))
    assert (back.x, back.T, back.forget_bias) == ([1.0] * 6, 4, 2.0)
    words = player(unit=np.int64(2), units=np.array([3, 1]), clamp={"f": np.float32(0.5)})
    words.sentences = np.array(["i hate", "you like"])
    assert (words.unit, words.units, words.clamp) == (2, [3, 1], {"f": 0.5})
    for widget in (gate, back, words):
        json.dumps(widget.plain(), allow_nan=False)


@each
def test_reset_restores_the_first_settings(name):
    widget = WIDGETS[name]()
    first = {setting: widget.plain()[setting] for setting in widget.settings()}
    for setting, good in [(s, g) for n, s, g, *_ in REFUSED if n == name]:
        setattr(widget, setting, good)
    assert widget.constants["start"] == json.loads(json.dumps(first))
    with pytest.raises(Exception, match="read-only"):
        widget.constants = {}


@each
def test_an_unknown_setting_is_refused(name):
    known = ", ".join(WIDGETS[name]().settings())
    sentence = f"expected settings among {known}, got 'speed'"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        WIDGETS[name](speed=2)


@each
def test_another_edition_can_bring_its_own_words(name):
    from gatewise.widgets.words import ENGLISH

    def shout(words):
        if isinstance(words, dict):
            return {key: shout(value) for key, value in words.items()}
        return words.replace("gate", "GATE") if isinstance(words, str) else words

    words = WIDGETS[name](words=shout(ENGLISH)).constants["words"]
    assert words != WIDGETS[name]().constants["words"]


@each
def test_a_widget_is_its_state_and_what_its_class_shares(name):
    from gatewise.widgets.words import ENGLISH

    widget = WIDGETS[name]()
    _, metadata = widget._repr_mimebundle_()
    state = json.loads(json.dumps(metadata["gatewise"]))
    assert state.pop("class") == name
    shared = json.loads(json.dumps(widget.shared(ENGLISH)))
    assert not shared.keys() & state.keys()
    assert shared | state == json.loads(json.dumps(widget.plain()))


@each
def test_a_page_without_widgets_has_the_picture(name):
    widget = WIDGETS[name]()
    data, metadata = widget._repr_mimebundle_()
    assert repr(widget) == data["text/plain"] == name
    assert "application/vnd.jupyter.widget-view+json" in data
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["width"] == 860
    assert metadata["image/png"]["alt"].startswith("Plot: ")


# ── scripts and styles ──────────────────────────────────────────────────────────────────────

FOLDER = files("gatewise.widgets") / "static"
STATIC = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}
OWN = {name: source for name, source in STATIC.items() if name != "lit-html.js"}


def test_the_cells_are_computed_in_one_file():
    for name, source in OWN.items():
        arithmetic = re.search(r"Math\.(tanh|exp)\(", source)
        assert bool(arithmetic) == (name == "cells.js"), name
    assert OWN["cells.js"].count("lstm = ") == 1


@pytest.mark.parametrize("name", OWN)
def test_no_color_is_in_a_script_or_style_sheet(name):
    comments = r"/\*.*?\*/" if name.endswith("css") else r"//.*"
    source = re.sub(comments, "", OWN[name], flags=re.DOTALL * name.endswith("css"))
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(", source) == []
    assert re.findall(r":\s*(?:white|black|gray|red|blue|green)\b", source) == []


@each
def test_every_rule_is_nested_in_the_class_of_the_widget(name):
    css = WIDGETS[name]()._css
    top = re.findall(r"^[^\s{}@][^{}]*(?= \{)", css, re.MULTILINE)
    # An UnrollPlayer contains a GateExplorer.
    views = [WIDGETS[name]().view, *["gate_explorer"] * (name == "UnrollPlayer")]
    own = [f".gw-{view.replace('_', '-')}" for view in views]
    assert [selector for selector in top if selector.startswith(".gw-")] == own
    depth, outside = 0, []
    for line in css.splitlines():
        if depth == 0 and line.strip():
            outside.append(line)
        depth += line.count("{") - line.count("}")
    assert depth == 0
    assert all(line.startswith((".gw-", "@keyframes gw-", "/*")) for line in outside)


def test_lit_html_keeps_its_license():
    assert (
        "Copyright 2017 Google LLC\n * SPDX-License-Identifier: BSD-3-Clause"
        in STATIC["lit-html.js"]
    )
