"""Drawings have anchors for scripts, follow one theme, and look the same in SVG and matplotlib."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from gatewise import drawings
from gatewise.drawings.shapes import Box, Disc, Valve, Wire
from gatewise.drawings.values import figure, gradient_thickness, number, opening, thickness

CELLS = {
    "lstm": drawings.lstm_cell(),
    "gru": drawings.gru_cell(),
    "gru before": drawings.gru_cell(reset_after=False),
    "rnn": drawings.rnn_cell(),
}
BACKWARD = {
    "lstm": drawings.lstm_cell(backward=True),
    "gru": drawings.gru_cell(backward=True),
    "gru before": drawings.gru_cell(reset_after=False, backward=True),
    "rnn": drawings.rnn_cell(backward=True),
}
DRAWINGS = [
    *CELLS.values(),
    *BACKWARD.values(),
    *map(drawings.lstm_cell, drawings.LSTM_SECTIONS),
    *map(drawings.gru_cell, drawings.GRU_SECTIONS),
    *(drawings.lstm_cell(backward=stage) for stage in drawings.STAGES),
    *(drawings.gru_cell(backward=stage) for stage in BACKWARD["gru"].order),
    *(
        drawings.gru_cell(reset_after=False, backward=stage)
        for stage in BACKWARD["gru before"].order
    ),
    *(drawings.rnn_cell(backward=stage) for stage in ("dh", "da", "back")),
    drawings.chain(["i", "love"], "coffee"),
    drawings.lstm_chain(["you", "love"], "milk"),
    drawings.preactivations(),
    drawings.rnn_through_time(["i", "really", "love"]),
    drawings.fork(),
    drawings.lstm_through_time(),
    drawings.legend(),
    drawings.interfaces(),
    drawings.four_layers(),
    drawings.valve(),
    drawings.stacked(),
]
# The cells whose sections can be highlighted.
LIT = [
    (drawings.lstm_cell, drawings.LSTM_SECTIONS),
    (drawings.gru_cell, drawings.GRU_SECTIONS),
]
SECTIONS = [(cell, section, parts) for cell, found in LIT for section, parts in found.items()]
STAGED = [(cell, d, stage) for cell, d in BACKWARD.items() for stage in d.order]

each_drawing = pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)


def parse(drawing, values=None):
    """Return the elements of a drawing's SVG after removing the namespace from all tags."""
    root = ElementTree.fromstring(drawing.svg(values=values))
    for element in root.iter():
        element.tag = element.tag.partition("}")[2]
    return list(root.iter())


def having(elements, attribute):
    return [element for element in elements if element.get(f"data-{attribute}") is not None]


def names(elements, attribute):
    return [element.get(f"data-{attribute}") for element in having(elements, attribute)]


# ── all drawings ──


@each_drawing
@pytest.mark.parametrize("values", [None, {}], ids=["plain", "template"])
def test_parts_are_groups_and_there_are_no_ids(drawing, values):
    elements = parse(drawing, values)
    assert names(elements, "part") == list(drawing.parts)
    assert names(elements, "drawing") == [drawing.name]
    text = drawing.svg(values=values)
    assert not [element for element in elements if "id" in element.attrib]
    assert "url(" not in text
    assert "href" not in text
    assert "nan" not in text


def test_each_drawing_has_its_own_name():
    assert len({drawing.name for drawing in DRAWINGS}) == len(DRAWINGS)


@each_drawing
def test_a_notebook_saves_the_same_plain_drawing_each_time(drawing):
    assert drawing._repr_svg_() == drawing.svg() == drawing.svg(values=None)
    assert drawing.svg("A cell <of mine>").count("aria-label='A cell &lt;of mine&gt;'") == 1


def test_words_are_drawn_as_written():
    d = drawings.chain(["<b>", "$$", "costs $5 & $6"], "a_b")
    written = [element.text for element in parse(d) if element.get("data-label") == ""]
    assert {"<b>", "$$", "costs $5 & $6", "a_b"} <= set(written)
    texts = [text.get_text() for text in drawn(d).texts if not text.get_parse_math()]
    assert {"<b>", "$$", "costs $5 & $6", "a_b"} <= set(texts)


# ── the theme ──


@each_drawing
@pytest.mark.parametrize("values", [None, {}], ids=["plain", "template"])
def test_every_color_is_a_variable_that_falls_back_to_the_light_theme(drawing, values):
    root, *elements = parse(drawing, values)
    assert "color:var(--gw-ink,#333333)" in root.get("style")
    assert root.get("color") == drawings.LIGHT["ink"]
    for element in elements:
        themed = dict(re.findall(r"(\w+):var\(--gw-\w+,(#\w{6})\)", element.get("style", "")))
        painted = {key: element.get(key) for key in ("fill", "stroke", "color")}
        plain = {key: color for key, color in painted.items() if color}
        ink = {key for key, color in plain.items() if color in ("currentColor", "none")}
        assert {key: color for key, color in plain.items() if key not in ink} == themed


@each_drawing
def test_ink_and_ground_come_from_one_source(drawing):
    # Jupyter's variables and the system's color scheme may not match the page's colors.
    variables = set(re.findall(r"var\(--([\w-]+)", drawing.svg(values={})))
    assert variables <= {f"gw-{name}" for name in drawings.LIGHT}
    assert {"gw-ink", "gw-ground"} <= variables
    assert "@media" not in drawing.svg(values={})


def luminance(color):
    rgb = np.array(color)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [drawings.LIGHT, drawings.DARK], ids=["light", "dark"])
def test_text_is_readable_in_both_themes(theme):
    color = {name: np.array(to_rgb(value)) for name, value in theme.items()}
    grounds = [color["ground"], color["panel"]]
    # Each layer has a translucent fill over the background of the cell.
    (tint,) = {float(e.get("fill-opacity")) for e in parse(CELLS["lstm"]) if e.get("fill-opacity")}
    grounds += [tint * color[k] + (1 - tint) * color["panel"] for k in "figocrznqhx"]
    assert min(contrast(color["ink"], ground) for ground in grounds) >= 4.5
    assert min(contrast(color["muted"], ground) for ground in grounds[:2]) >= 4.5


# ── highlighted sections ──


def opacities(drawing):
    """Return a dict that maps each part to the opacity of its shapes, ignoring text."""
    parts = {e.get("data-part"): list(e) for e in having(parse(drawing), "part")}
    assert not [e for shapes in parts.values() for e in shapes[1:] if e.get("opacity")]
    return {name: next((e.get("opacity") for e in shapes), None) for name, shapes in parts.items()}


def test_the_two_forms_of_the_gru_differ_only_where_the_reset_acts():
    after, before = CELLS["gru"].parts, CELLS["gru before"].parts
    assert after.keys() == before.keys()
    differ = {name for name in after if after[name] != before[name]}
    assert differ == {"q-feed", "q-layer", "q", "r", "r-times", "reset", "numbers"}


@pytest.mark.parametrize(("cell", "section", "parts"), SECTIONS)
def test_a_section_highlights_its_parts_and_dims_the_rest(cell, section, parts):
    highlight = {name for name, dim in opacities(cell(section)).items() if dim is None}
    assert highlight == parts
    assert highlight < opacities(cell()).keys()


def test_highlight_takes_names_of_parts():
    shown = opacities(drawings.lstm_cell({"f", "f-layer"}))
    assert {name for name, dim in shown.items() if dim is None} == {"f", "f-layer"}


@pytest.mark.parametrize("highlight", ["forgot", {"f-gate"}])
@pytest.mark.parametrize("cell", [drawings.lstm_cell, drawings.gru_cell])
def test_an_unknown_part_is_refused(cell, highlight):
    with pytest.raises(ValueError, match="expected .+ of .+, got ('forgot'|'f-gate')"):
        cell(highlight)


# ── anchors ──

WIRES = {
    "lstm": "c_before kept added c tanh_c h_before x h f i g o",
    "gru": "h_before q gated kept rest added x h r z n",
    "gru before": "h_before q gated kept rest added x h r z n",
    "rnn": "h_before x h",
}
NUMBERS = {
    "lstm": "kept added c h f i g o",
    "gru": "q gated kept rest added h r z n",
    "gru before": "q gated kept rest added h r z n",
    "rnn": "h",
}
SIGNED = set("kept added c h g n q gated".split())
VALVES = {"lstm": {"f": "f", "i": "i", "o": "o"}, "rnn": {}}
VALVES["gru"] = VALVES["gru before"] = {"r": "r", "z": "z", "rest": "z"}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_has_its_anchors(cell):
    elements = parse(CELLS[cell], {})
    assert set(names(elements, "wire")) == set(WIRES[cell].split())
    assert sorted(names(elements, "number")) == sorted(NUMBERS[cell].split())
    valves = having(elements, "valve")
    assert {e.get("data-valve"): e.get("data-quantity") for e in valves} == VALVES[cell]
    assert len(valves) == len(VALVES[cell])
    for valve in valves:
        assert float(valve.get("data-r")) > 0
        assert valve.get("transform").startswith("translate(")
        assert len(having(valve, "slot")) == 1
    for place in having(elements, "number"):
        assert not place.text
        assert (place.get("data-sign") is not None) == (place.get("data-number") in SIGNED)
    for wire in having(elements, "wire"):
        assert wire.get("data-quantity") in drawings.LIGHT


@pytest.mark.parametrize("cell", CELLS)
def test_the_plain_drawing_has_no_anchors_of_values(cell):
    elements = parse(CELLS[cell])
    assert not [*having(elements, "wire"), *having(elements, "number"), *having(elements, "valve")]


# For each wire with a value: the parts that the wire connects, in order. None means the edge of the
# drawing. Some wires start on other wires.
JOINTS = {
    "lstm": {
        "c-before": (None, "f-times"),
        "kept": ("f-times", "plus"),
        "c": ("plus", None),
        "added": ("i-times", "plus"),
        "f": ("f-layer", "f-times"),
        "i": ("i-layer", "i-times"),
        "g": ("g-layer", "i-times"),
        "o": ("o-layer", "o-times"),
        "c-down": ("c", "c-tanh", "c-tanh", "o-times"),
        "h": ("o-times", None),
        "h-up": ("h", None),
    },
    "gru": {
        "h-before": (None, "z-times"),
        "kept": ("z-times", "plus"),
        "h": ("plus", None),
        "added": ("n-times", "plus"),
        "q-feed": ("h-before", "q-layer"),
        "q": ("q-layer", "r-times"),
        "r": ("r-layer", "r-times"),
        "reset": ("r-times", "n-layer"),
        "z": ("z-layer", "z-times"),
        "rest": ("z", "one-minus", "one-minus", "n-times"),
        "n": ("n-layer", "n-times"),
        "x-n": ("x", "n-layer"),
        "h-up": ("h", None),
    },
    "rnn": {
        "h-before": (None, "tanh"),
        "x": (None, "tanh"),
        "h": ("tanh", None),
        "h-out": ("h", None),
    },
}
JOINTS["gru before"] = JOINTS["gru"] | {
    "q-feed": ("h-before", "r-times"),
    "q": ("r-times", "q-layer"),
    "reset": ("q-layer", "n-layer"),
}


def distance(point, shape):
    """Return the distance from a point to a wire or to the edge of a box or disc."""
    x, y = point
    if isinstance(shape, (Disc, Valve)):
        return abs(np.hypot(x - shape.x, y - shape.y) - shape.r)
    if isinstance(shape, Box):
        dx = max(shape.x - x, 0, x - shape.x - shape.width)
        dy = max(shape.y - y, 0, y - shape.y - shape.height)
        return np.hypot(dx, dy)
    if isinstance(shape, Wire):
        return min(along(point, *ends) for ends in pairwise(shape.points))
    return np.inf


def along(point, start, end):
    """Return the distance from a point to a line segment."""
    p, a, b = map(np.array, (point, start, end))
    t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    return np.linalg.norm(p - a - t * (b - a))


@pytest.mark.parametrize(
    ("cell", "part"), [(cell, part) for cell, parts in JOINTS.items() for part in parts]
)
def test_a_wire_connects_the_part_that_computes_its_value_to_its_readers(cell, part):
    parts = CELLS[cell].parts
    ends = [p for s in parts[part] if isinstance(s, Wire) for p in (s.points[0], s.points[-1])]
    for end, joined in zip(ends, JOINTS[cell][part], strict=True):
        if joined is None:
            assert min(*end, CELLS[cell].width - end[0], CELLS[cell].height - end[1]) < 55
        else:
            assert min(distance(end, shape) for shape in parts[joined]) <= 3


@pytest.mark.parametrize("cell", CELLS)
def test_a_number_is_next_to_the_wire_of_its_value(cell):
    shapes = [shape for shapes in CELLS[cell].parts.values() for shape in shapes]
    numbers = [shape for shape in shapes if type(shape).__name__ == "Number"]
    for n in numbers:
        mine = [s for s in shapes if isinstance(s, Wire) and s.carries == n.name]
        assert min(distance((n.x, n.y), wire) for wire in mine) <= 30


@pytest.mark.parametrize("cell", CELLS)
def test_values_fill_wires_valves_and_numbers(cell):
    values = {name: (-1) ** n * (n + 1) / 12 for n, name in enumerate(WIRES[cell].split())}
    values |= dict.fromkeys(VALVES[cell], 0.25)
    elements = parse(CELLS[cell], values)
    for wire in having(elements, "wire"):
        value = values[wire.get("data-wire")]
        assert float(wire.get("stroke-width")) == pytest.approx(thickness(value), 1e-3)
        assert wire.get("stroke-dasharray") == ("5 4" if value < 0 else "none")
    for place in having(elements, "number"):
        sign = place.get("data-sign") is not None
        assert place.text == number(values[place.get("data-number")], sign)
    for valve in having(elements, "valve"):
        (slot,) = having(valve, "slot")
        assert slot.get("d") == opening(float(valve.get("data-r")), 0.25)


# ── backward passes ──

GRADIENTS = {
    "lstm": "dh do dc dc_from_h dc_from_c df di dg da_f da_i da_g da_o dh_before dc_before",
    "gru": "dh dn dz dz_from_kept dz_from_rest dh_kept da_n dr dq da_r da_z dh_before",
    "gru before": "dh dn dz dz_from_kept dz_from_rest dh_kept da_n drh dr da_r da_z dh_before",
    "rnn": "dh da dh_before",
}


@pytest.mark.parametrize("cell", BACKWARD)
def test_a_backward_cell_has_its_anchors(cell):
    elements = parse(BACKWARD[cell], {})
    known = set(GRADIENTS[cell].split())
    assert set(names(elements, "wire")) <= known
    assert set(names(elements, "number")) <= known
    assert set(names(elements, "wire") + names(elements, "number")) == known
    assert set(names(elements, "stage")) <= set(BACKWARD[cell].order)
    assert set(names(elements, "when")) == {"loss", "later"}
    assert not having(elements, "valve")
    flows = having(elements, "flow")
    assert len(flows) == len(names(elements, "wire"))
    for flow in flows:
        assert flow.get("data-stage")
        (band,), (core,) = having(flow, "wire"), having(flow, "core")
        assert band.get("d") == core.get("d")
    (cut,) = having(elements, "cut")
    assert cut.get("visibility") == "hidden"
    symbols = [e for e in elements if e.tag == "text" and e.get("data-symbol")]
    assert {s.get("data-symbol") for s in symbols} == {
        e.get("data-symbol") for e in parse(CELLS[cell]) if e.get("data-symbol")
    }
    assert all(names(symbol, "index") for symbol in symbols)


@pytest.mark.parametrize("cell", BACKWARD)
def test_the_cut_is_visible_when_h_is_detached(cell):
    (cut,) = having(parse(BACKWARD[cell], {"cut": True}), "cut")
    assert cut.get("visibility") is None


@pytest.mark.parametrize("cell", BACKWARD)
def test_gradients_run_along_the_wires_of_the_forward_pass(cell):
    forward = [s for shapes in CELLS[cell].parts.values() for s in shapes if isinstance(s, Wire)]
    for shapes in BACKWARD[cell].parts.values():
        for flow in (shape for shape in shapes if type(shape).__name__ == "Flow"):
            for point in flow.points:
                assert min(distance(point, wire) for wire in forward) <= 15


@pytest.mark.parametrize(("cell", "drawing", "stage"), STAGED)
def test_a_stage_shows_the_gradients_known_by_then(cell, drawing, stage):
    elements = parse(drawings.at_stage(drawing, stage, "later"), {})
    found = {drawing.order.index(flow.get("data-stage")) for flow in having(elements, "flow")}
    assert max(found) <= drawing.order.index(stage)
    assert "loss" not in names(having(elements, "flow"), "when")
    passed = {p.get("data-part"): p.get("data-stage") for p in having(elements, "part")}
    assert {name: stage for name, stage in passed.items() if stage} == drawing.stages


@pytest.mark.parametrize("T", [1, 2, 3])
def test_every_time_step_adds_to_the_gradient_on_the_weights(T):
    parts = drawings.rnn_through_time(["i", "really", "love"][-T:]).parts
    assert [f"share{t}" in parts for t in (1, 2, 3)] == [t <= T for t in (1, 2, 3)]
    assert sum(name.startswith("plus") for name in parts) == T - 1


@pytest.mark.parametrize(
    ("chain", "rest"),
    [(drawings.chain, []), (drawings.lstm_chain, ["coffee"]), (drawings.rnn_through_time, [])],
)
def test_a_chain_without_words_is_refused(chain, rest):
    with pytest.raises(ValueError, match="expected at least one word, got none"):
        chain([], *rest)


@pytest.mark.parametrize(
    ("cell", "stage"),
    [(drawings.lstm_cell, "dz"), (drawings.gru_cell, "dc"), (drawings.gru_cell, "drh")],
)
def test_an_unknown_stage_is_refused(cell, stage):
    with pytest.raises(ValueError, match=f"expected a stage of dh, .+, back, got '{stage}'"):
        cell(backward=stage)


# ── values ──


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-1.0, "−1.00"),
        (0.125, "0.13"),  # halves are rounded up, as in the browser
        (0.0949, "0.095"),
        (0.00996, "0.010"),
        (-0.000314, "−3.1·10⁻⁴"),
        (9.96e-5, "1.0·10⁻⁴"),
    ],
)
def test_a_small_figure_has_two_significant_digits(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [(0.5, False, "0.50"), (0.5, True, "+0.50"), (-0.004, True, "0.00"), (-2.0, False, "−2.00")],
)
def test_a_number_has_two_decimals_and_a_true_minus_sign(value, sign, text):
    assert number(value, sign) == text


def test_thickness_grows_with_the_value_and_never_reaches_a_label():
    sizes = [thickness(v) for v in (0, 0.1, -1, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0
    assert sizes[-1] < 16
    per_power = [gradient_thickness(10.0**-n) for n in range(7)]
    assert per_power == pytest.approx([14, 12, 10, 8, 6, 4, 2])
    assert gradient_thickness(0) == 0 < gradient_thickness(-1e-30)


# ── matplotlib ──


def drawn(drawing, values=None, width=7.0):
    plot = Figure(figsize=(width, width * drawing.height / drawing.width), dpi=100)
    ax = plot.add_axes((0, 0, 1, 1))
    drawing.draw(ax, values)
    FigureCanvasAgg(plot).draw()
    return ax


def points(element):
    """Return the points of an SVG path that uses absolute coordinates."""
    found = []
    for command, text in re.findall(r"([MLHVQAz])([^MLHVQAz]*)", element.get("d")):
        numbers = list(map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", text)))
        if command in "MLQ":
            found += zip(numbers[::2], numbers[1::2], strict=True)
    return found


@each_drawing
def test_svg_and_matplotlib_agree_on_positions(drawing):
    elements, ax = parse(drawing), drawn(drawing)
    texts = [(float(e.get("x")), float(e.get("y"))) for e in elements if e.tag == "text"]
    # In matplotlib, a missing number becomes an empty text object.
    assert sorted(t.get_position() for t in ax.texts if t.get_text()) == sorted(texts)

    paths = [points(e) for e in elements if e.tag == "path" and e.get("data-cut") is None]
    for patch in ax.patches:
        if type(patch).__name__ == "PathPatch" and len(patch.get_path().vertices) < 40:
            vertices = patch.get_path().vertices
            assert any(len(p) <= len(vertices) and near(p, vertices[: len(p)]) for p in paths)
    circles = [patch for patch in ax.patches if type(patch).__name__ == "Circle"]
    discs = [e for e in elements if e.tag == "circle" and e.get("cx")]
    centers = {(float(e.get("cx")), float(e.get("cy"))) for e in discs}
    assert centers - {(0, 0)} <= {circle.center for circle in circles}


def near(one, other):
    return np.allclose(one, other, atol=1e-2)


def test_matplotlib_shows_the_same_values():
    values = {"c_before": -3.0, "f": 0.25, "kept": -0.75, "c": 1.0}
    ax = drawn(CELLS["lstm"], values, width=6.0)  # the width is 600 units of 0.72 points
    thick = {round(patch.get_linewidth() / 0.72, 3) for patch in ax.patches}
    assert {round(thickness(v), 3) for v in values.values()} <= thick
    assert {"0.25", "−0.75", "+1.00"} <= {text.get_text() for text in ax.texts}
    slots = [p for p in ax.patches if len(p.get_path().vertices) == 51]
    low, high = sorted(s.get_path().get_extents().height for s in slots)[::2][:2]
    assert low == pytest.approx(2 * 14 * 0.25)
    assert high == pytest.approx(2 * 14)
