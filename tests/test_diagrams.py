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
]


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


@pytest.mark.parametrize("section", diagrams.LSTM_SECTIONS)
def test_a_section_lights_its_parts_and_dims_the_rest(section):
    lit = {name for name, dim in groups(diagrams.lstm_cell(section)).items() if dim is None}
    assert lit == diagrams.LSTM_SECTIONS[section]
    assert lit < groups(diagrams.lstm_cell()).keys()


def test_lit_takes_names_of_parts():
    shown = groups(diagrams.lstm_cell({"f", "f-layer"}))
    assert {name for name, dim in shown.items() if dim is None} == {"f", "f-layer"}


@pytest.mark.parametrize("lit", ["forgot", {"f-gate"}])
def test_an_unknown_part_is_told_in_a_sentence(lit):
    with pytest.raises(ValueError, match="no (section 'forgot'|part 'f-gate'): there are"):
        diagrams.lstm_cell(lit)
