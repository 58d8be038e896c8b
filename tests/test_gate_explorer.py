"""Tests of GateExplorer and GRUExplorer in Python, including units of a layer and tasks."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from programs import NEARLY, SOLVED

from gatewise.cells import gru, lstm, rnn
from gatewise.widgets import GateExplorer, GRUExplorer, tasks
from gatewise.widgets.words import ENGLISH


@pytest.fixture
def layer():
    rng = np.random.default_rng(0)
    params = lstm.Params.random(9, 5, rng)
    return params, lstm.forward(params, rng.normal(size=(4, 3, 9)), rng.normal(size=(3, 5)))


def test_values_are_right_without_a_browser_and_follow_python():
    explorer = GateExplorer(h_before=0.25, inputs=[1.0, 0.0])
    for x in [1.0, -0.75]:
        explorer.x = x
        now = lstm.step(explorer.params, np.array([[x]]), np.array([[0.25]]), np.array([[0.5]]))
        assert explorer.values["c"] == now.c.item()
        assert explorer.values["h"] == now.h.item()
    explorer.w_x = {"i": 3}
    assert explorer.w_x == {"i": 3.0, "f": 0.0, "g": 1.0, "o": 0.0}
    assert explorer.values["a_i"] == 3 * -0.75 - 8
    explorer.repeats = 12
    assert explorer.values["strip"]["x"] == [-0.75] * 12


@pytest.mark.parametrize("form", [True, False])
def test_the_gru_computes_what_its_cell_does_in_both_forms(form):
    explorer = GRUExplorer(h_before=-0.4, b={"q": 1.5}, reset_after=form)
    for x in [1.0, -0.75]:
        explorer.x = x
        now = gru.step(explorer.params, np.array([[x]]), np.array([[-0.4]]), form)
        for letter in "rznqh":
            assert explorer.values[letter] == getattr(now, letter).item()
        assert np.tanh(explorer.values["a_n"]) == pytest.approx(explorer.values["n"], abs=1e-12)
        parts = explorer.values["kept"] + explorer.values["added"]
        assert parts == pytest.approx(explorer.values["h"], abs=1e-12)
    explorer.reset_after = not form
    assert explorer.values["h"] != pytest.approx(now.h.item(), abs=1e-3)
    assert explorer.values["strip"].keys() == {"x", "h"}


@pytest.mark.parametrize("t", [0, 2])
@pytest.mark.parametrize("form", [True, False])
def test_a_unit_of_a_gru_layer_continues_as_in_the_layer(t, form):
    rng = np.random.default_rng(0)
    params = gru.Params.random(9, 5, rng)
    trace = gru.forward(params, rng.normal(size=(4, 3, 9)), rng.normal(size=(3, 5)), form)
    explorer = GRUExplorer.from_trace(params, trace, t=t, b=1, unit=3)
    for letter in "rznqh":
        assert explorer.values[letter] == pytest.approx(getattr(trace, letter)[t, 1, 3], abs=1e-9)
    assert explorer.reset_after is form
    assert all(explorer.held.values())


def test_a_gru_explorer_refuses_the_trace_of_an_lstm(layer):
    with pytest.raises(ValueError, match="params: expected gru.Params, got lstm.Params"):
        GRUExplorer.from_trace(*layer, 0, 0, 0)


@pytest.mark.parametrize("t", [0, 2])
@pytest.mark.parametrize("feature", [None, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_unit_of_a_layer_continues_as_in_the_layer(layer, t, feature, dtype):
    params, trace = (type(part)(*(array.astype(dtype) for array in part)) for part in layer)
    trace = lstm.forward(params, trace.x, trace.h0)
    explorer = GateExplorer.from_trace(params, trace, t=t, b=1, unit=3, feature=feature)
    for letter in "ifgoch":
        assert explorer.values[letter] == pytest.approx(getattr(trace, letter)[t, 1, 3], abs=1e-6)
    chosen = np.abs(trace.x[t, 1]).argmax() if feature is None else feature
    assert explorer.x == trace.x[t, 1, chosen]
    assert explorer.inputs[: 4 - t] == trace.x[t:, 1, chosen].tolist()
    assert any(explorer.held.values())
    assert f"unit 3 at time step {t} of sequence 1; x is input feature {chosen}" in explorer.note


def programmed(task, weights):
    explorer = GateExplorer(task=task)
    for name, by_gate in weights.items():
        setattr(explorer, name, by_gate)
    return explorer


@pytest.mark.parametrize("task", tasks.TASKS)
def test_each_task_has_a_solution_and_a_near_miss(task, capsys):
    explorer = programmed(task, SOLVED[task])
    assert explorer.check() is True
    assert capsys.readouterr().out == f"{task}: 40 of 40 unseen sequences\n"
    assert explorer.values["right"] == 8
    assert all(abs(w) <= 10 for by in SOLVED[task].values() for w in by.values())
    for weights in [NEARLY[task], {}]:
        for name, by_gate in (weights or SOLVED[task]).items():
            setattr(explorer, name, by_gate if weights else explorer.constants["start"][name])
        assert explorer.check() is False
        assert explorer.values["right"] < 8


def test_a_mere_counter_does_not_solve_the_quote_task(capsys):
    explorer = GateExplorer(task="quote")
    explorer.w_x, explorer.w_h = {"i": 0, "f": 0, "g": 5}, {"g": 0}
    explorer.b = {"i": 10, "f": 10, "g": 0}
    assert explorer.check() is False
    assert explorer.values["right"] < 8


def test_unseen_sequences_are_new_and_the_same_each_time():
    for task in tasks.TASKS:
        seen = {sequence.x.tobytes() for sequence in tasks.visible(task)}
        unseen = [sequence.x.tobytes() for sequence in tasks.unseen(task)]
        assert seen.isdisjoint(unseen)
        assert unseen == [sequence.x.tobytes() for sequence in tasks.unseen(task)]


def test_quotes_are_read_letter_by_letter():
    sequence = tasks.read("a ‘b’’ ‘c")
    assert sequence.x.tolist() == [0, 0, 1, 0, -1, -1, 0, 1, 0]
    assert (sequence.low == 0.5).tolist() == [False, False, True, True, *[False] * 3, True, True]
    texts = " ".join(sequence.text for sequence in tasks.unseen("quote"))
    assert "’’" in texts
    assert texts.count("‘") != texts.count("’")


def traced(cell):
    rng = np.random.default_rng(0)
    params = cell.Params.random(2, 3, rng)
    return params, cell.forward(params, rng.normal(size=(4, 1, 2)))


WRONG_ADDRESSES = [
    ({"t": 4}, "t: expected an integer from 0 to 3, got 4"),
    ({"t": -1}, "t: expected an integer from 0 to 3, got -1"),
    ({"b": 3}, "b: expected an integer from 0 to 2, got 3"),
    ({"unit": 5}, "unit: expected an integer from 0 to 4, got 5"),
    ({"feature": 9}, "feature: expected an integer from 0 to 8, got 9"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG_ADDRESSES)
def test_an_index_out_of_range_is_refused_in_a_sentence(layer, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        GateExplorer.from_trace(*layer, **({"t": 0, "b": 0, "unit": 0} | wrong))


@pytest.mark.parametrize("cell", [rnn, gru])
def test_the_trace_of_another_cell_is_refused_in_a_sentence(layer, cell):
    params, trace = traced(cell)
    name = cell.__name__.split(".")[-1]
    with pytest.raises(ValueError, match=f"params: expected lstm.Params, got {name}.Params"):
        GateExplorer.from_trace(params, trace, 0, 0, 0)
    with pytest.raises(ValueError, match=f"trace: expected lstm.Trace, got {name}.Trace"):
        GateExplorer.from_trace(layer[0], trace, 0, 0, 0)


def test_parameters_of_another_layer_are_refused_in_a_sentence(layer):
    other = lstm.Params.random(9, 5, np.random.default_rng(1))
    with pytest.raises(ValueError, match="trace: expected one computed with these parameters"):
        GateExplorer.from_trace(other, layer[1], 0, 0, 0)


def test_a_check_without_a_task_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="expected a GateExplorer with a task"):
        GateExplorer().check()


def test_an_unknown_task_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="task: expected one of keep, .*, quote, got"):
        GateExplorer(task="kept")


def test_the_picture_shows_the_sequence_and_the_bounds_of_a_task():
    explorer = GateExplorer("keep", b={"f": 10, "i": -10}, sequence=2, step=3)
    first = tasks.visible("keep")[1]
    trace = first.run(explorer.params)
    assert explorer.values["c"] == pytest.approx(trace.c[2].item(), abs=1e-12)
    assert explorer.values["x"] == first.x[2]
    assert explorer.values["strip"]["c"] == trace.c.ravel().tolist()
    (line,) = [one for one in explorer.picture().named["states"].lines if one.get_label() == "c"]
    np.testing.assert_allclose(line.get_ydata(), [first.c0, *first.run(explorer.params).c.ravel()])
    assert "0 of 8 sequences" in repr(GateExplorer("keep").picture())
    for name, by_gate in SOLVED["keep"].items():
        setattr(explorer, name, by_gate)
    assert "8 of 8 sequences" in repr(explorer.picture())


def test_an_unseen_sequence_is_drawn_after_the_visible_ones():
    explorer = GateExplorer("count", sequence=8 + 5, step=3)
    trace = tasks.unseen("count")[4].run(explorer.params)
    assert explorer.values["c"] == pytest.approx(trace.c[2].item(), abs=1e-12)
    assert explorer.values["strip"]["c"] == trace.c.ravel().tolist()
    with pytest.raises(ValueError, match="sequence: expected an integer from 1 to 48, got 49"):
        explorer.sequence = 49


def test_the_target_is_the_middle_of_the_bounds_and_the_loss_its_mean_square():
    keep, overwrite, count = (tasks.visible(task)[0] for task in ("keep", "overwrite", "count"))
    np.testing.assert_allclose(keep.target, keep.c0, atol=1e-12)
    np.testing.assert_allclose(overwrite.target, overwrite.x, atol=1e-12)
    assert np.isnan(count.target[:-1]).all()
    assert count.target[-1] == count.x.sum()
    quote = tasks.read("‘a’")
    assert quote.target.tolist() == [1, 1, 0]
    params = GateExplorer("quote").params
    c = [*quote.run(params).c.ravel(), count.run(params).c[-1].item()]
    distances = np.array([c[0] - 1, c[1] - 1, c[2], c[3] - count.x.sum()])
    assert tasks.loss(params, [quote, count]) == pytest.approx((distances**2).mean(), abs=1e-12)


def test_the_descent_starts_from_the_same_small_weights_each_time():
    starts = tasks.starts()
    assert starts == tasks.starts() == GateExplorer.shared(ENGLISH)["descent"]["starts"]
    explorer = GateExplorer("keep", **starts[0])
    assert explorer.w_x == starts[0]["w_x"]
    weights = [w for start in starts for by in start.values() for w in by.values()]
    assert len(weights) == 20 * 12
    assert max(map(abs, weights)) <= 1


def test_notebook_2_reports_the_descents_of_the_benchmark():
    root = Path(__file__).parents[1]
    _, *lines = (root / "benchmarks" / "descents.txt").read_text(encoding="utf-8").splitlines()
    right = {line.split()[0]: line.split()[1:] for line in lines[:4]}
    solved = {task: f"*{task}* {counts.count('40')} times" for task, counts in right.items()}
    cells = nbformat.read(root / "notebooks" / "02_lstm_gate_by_gate.ipynb", as_version=4).cells
    said = {cell.id: cell.source for cell in cells}
    assert {len(counts) for counts in right.values()} == {len(tasks.starts())}
    assert all(sentence in said["learn"] for sentence in solved.values())
    assert f"{right['keep'][0]} of 40 unseen sequences are right" in said["learn"]
    for line in lines[6:]:
        name, *numbers = line.split()
        by_gate = dict(zip(numbers[::2], map(float, numbers[1::2]), strict=True))
        written = ", ".join(f'"{k}": {v}' for k, v in by_gate.items())
        assert f"quote.{name} = {{{written}}}" in said["learn-code"]
    texts = tasks.visible("quote") + tasks.unseen("quote")
    # The bound is stated in the cell `learn-read`.
    assert max(np.flatnonzero(text.x)[0] for text in texts) < 20
