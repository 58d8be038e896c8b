"""Trainings side by side are trainings alone, and um.csv is what its script makes."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from gatewise import data, text
from gatewise.check import compare
from gatewise.models import TextGRU, TextLSTM, TextLSTMWithout, TextRNN
from gatewise.training import fit, fit_together

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "um.py"


@pytest.fixture
def task():
    vocabulary = text.Vocabulary(text.with_ums(1))
    return [torch.from_numpy(v) for v in text.last_word_task(text.with_ums(3), vocabulary)]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("um_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(kind, seeds, **options):
    networks = []
    for seed in seeds:
        torch.manual_seed(seed)
        networks.append(kind(10, 7, **options).double())
    return networks


@pytest.mark.parametrize("kind", [TextRNN, TextLSTM, TextGRU, TextLSTMWithout])
@pytest.mark.parametrize("readout", ["normal", "linear"])
def test_side_by_side_each_is_trained_as_it_would_be_alone(task, kind, readout):
    together = make(kind, range(3), readout=readout)
    runs = fit_together(together, *task, epochs=60)
    for seed in range(3):
        (alone,) = make(kind, [seed], readout=readout)
        history = fit(alone, *task, epochs=60)
        assert compare("loss", runs.loss[seed], history.loss, tol=1e-9)
        for ours, theirs in zip(together[seed].parameters(), alone.parameters(), strict=True):
            assert compare("weights", ours, theirs, tol=1e-7)


def test_runs_count_the_right_answers_before_each_update(task):
    x, y = task
    (network,) = make(TextGRU, [0])
    before = (network(x).argmax(dim=1) == y).sum().item()
    runs = fit_together([network], x, y, epochs=300)
    assert runs.loss.shape == runs.right.shape == (1, 300)
    assert runs.right[0, 0] == before < 6
    assert runs.right[0, -1] == 6


def test_networks_of_two_sizes_are_refused(task):
    with pytest.raises(ValueError, match="one class and size are meant; got 2 different"):
        fit_together([TextRNN(10, 5), TextRNN(10, 6)], *task)


def test_with_nothing_left_out_the_written_cell_is_torchs(task):
    (network,) = make(TextLSTMWithout, [0])
    network.without = None
    (plain,) = make(TextLSTM, [0])
    assert compare("scores", network(task[0]), plain(task[0]))


@pytest.mark.parametrize("part", ["tanh of c", "tanh of g", "input gate"])
def test_without_a_part_the_scores_are_others(task, part):
    (network,), (plain,) = make(TextLSTMWithout, [0], without=part), make(TextLSTM, [0])
    assert not torch.allclose(network(task[0]), plain(task[0]))


def test_another_part_cannot_be_left_out():
    with pytest.raises(ValueError, match="nothing is left out by 'tanh': there are 'tanh of c'"):
        TextLSTMWithout(10, without="tanh")


def test_the_data_has_every_point_of_the_grid_once(script):
    rows = data.um()
    points = [(row.readout, row.ums, (row.model, row.forget_bias), row.seed) for row in rows]
    assert points == [(*point, seed) for point in script.GRID for seed in script.SEEDS]


def test_the_data_is_plausible(script):
    for row in data.um():
        assert 0 <= row.right <= 6
        # Who has all six right, and is sure of it, has a small loss; who has not, has none.
        assert row.loss < 0.4 or row.right < 6
        assert row.loss > 0.1 or row.right == 6
        assert (row.apart_c is not None) == (row.model == "LSTM")
        assert (row.apart_h is None) == row.model.startswith("without")


def test_the_script_finds_what_the_data_says(script):
    network, readout, ums = ("GRU", 0), "normal", 0
    saved = data.um(model="GRU", forget_bias=0, readout=readout, ums=ums)
    for row, found in zip(saved, script.point(*network, readout, ums), strict=True):
        assert found["right"] == row.right
        assert float(found["loss"]) == pytest.approx(row.loss, rel=0.02)
        assert float(found["apart_h"]) == pytest.approx(row.apart_h, rel=0.1)


def test_fields_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="no field 'um': there are model"):
        data.um(um=3)


def test_rows_are_chosen_by_all_of_what_is_asked():
    rows = data.um(model="LSTM", forget_bias=4, ums=30)
    assert {row.readout for row in rows} == {"normal", "linear"}
    assert {row.seed for row in rows} == set(range(10))
    assert np.isfinite([row.loss for row in rows]).all()
