"""The drawings: every part has its id, and only what is asked for is lit."""

from xml.etree import ElementTree

import pytest

from gatewise import diagrams

DRAWINGS = [
    diagrams.rnn_cell(),
    diagrams.chain(["i", "love"], "coffee"),
    diagrams.legend(),
    diagrams.interfaces(),
    diagrams.four_layers(),
    diagrams.valve(),
    diagrams.stacked(),
    diagrams.lstm_cell(),
    *map(diagrams.lstm_cell, diagrams.LSTM_SECTIONS),
    diagrams.gru_cell(),
    diagrams.gru_cell(reset_after=False),
    *map(diagrams.gru_cell, diagrams.GRU_SECTIONS),
]
# Every cell that can be lit, with its sections.
LIT = [
    (diagrams.lstm_cell, diagrams.LSTM_SECTIONS),
    (diagrams.gru_cell, diagrams.GRU_SECTIONS),
]
SECTIONS = [(cell, section, parts) for cell, found in LIT for section, parts in found.items()]


def groups(drawing):
    """The ids of a drawing, and whether each is dimmed."""
    svg = ElementTree.fromstring(drawing.svg())
    found = svg.findall(".//{http://www.w3.org/2000/svg}g[@id]")
    ids = [group.get("id").removeprefix(drawing.name + "-") for group in found]
    assert len(ids) == len(set(ids))
    return {name: group.get("opacity") for name, group in zip(ids, found, strict=True)}


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_every_part_has_an_id_of_its_own(drawing):
    assert groups(drawing).keys() == drawing.parts.keys()
    assert drawing.svg() == drawing._repr_svg_()
    assert "nan" not in drawing.svg()


def test_names_do_not_meet_in_one_page():
    names = [drawing.name for drawing in DRAWINGS]
    assert len(names) == len(set(names))


def test_the_whole_cell_has_each_gate_wire_and_state():
    parts = diagrams.lstm_cell().parts
    for k in "figo":
        assert {f"bus-{k}", f"{k}-feed", f"{k}-layer", k} <= parts.keys()
    assert {"c-before", "h-before", "x", "kept", "added", "plus", "c", "h", "h-up"} <= parts.keys()


def test_the_whole_gru_has_each_gate_wire_and_state_in_both_forms():
    parts = diagrams.gru_cell().parts.keys()
    assert diagrams.gru_cell(reset_after=False).parts.keys() == parts
    for k in "rz":
        assert {f"bus-{k}", f"{k}-feed", f"{k}-layer", f"{k}-times", k} <= parts
    assert {"q-feed", "q-layer", "q", "reset", "x-n", "n-layer", "n", "n-times"} <= parts
    assert {"h-before", "kept", "rest", "one-minus", "added", "plus", "h", "h-up"} <= parts


def test_the_two_forms_of_the_gru_differ_where_the_reset_acts_and_nowhere_else():
    after, before = (diagrams.gru_cell(reset_after=form) for form in (True, False))
    differ = {
        name
        for name, svg in after.parts.items()
        if svg.replace(after.name, before.name) != before.parts[name]
    }
    assert differ == {"q-feed", "q-layer", "q", "r", "r-times", "reset"}


@pytest.mark.parametrize(("cell", "section", "parts"), SECTIONS)
def test_a_section_lights_its_parts_and_dims_the_rest(cell, section, parts):
    lit = {name for name, dim in groups(cell(section)).items() if dim is None}
    assert lit == parts
    assert lit < groups(cell()).keys()


def test_lit_takes_names_of_parts():
    shown = groups(diagrams.lstm_cell({"f", "f-layer"}))
    assert {name for name, dim in shown.items() if dim is None} == {"f", "f-layer"}


@pytest.mark.parametrize("lit", ["forgot", {"f-gate"}])
@pytest.mark.parametrize("cell", [diagrams.lstm_cell, diagrams.gru_cell])
def test_an_unknown_part_is_told_in_a_sentence(cell, lit):
    with pytest.raises(ValueError, match="no (section 'forgot'|part 'f-gate'): there are"):
        cell(lit)
