"""Models trained together match models trained alone, and um.py reproduces rows in um.csv."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import um
from gatewise import data, text
from gatewise.check import compare
from gatewise.models import TextGRU, TextLSTM, TextLSTMWithout, TextModel, TextRNN
from gatewise.training import fit, fit_together

torch.set_num_threads(1)  # small networks train fastest on a single thread
ROOT = Path(__file__).parents[1]


@pytest.fixture
def task():
    vocabulary = text.Vocabulary(text.with_ums(1))
    return [torch.from_numpy(v) for v in text.last_word_task(text.with_ums(3), vocabulary)]


def make(kind, seeds, **options):
    networks = []
    for seed in seeds:
        torch.manual_seed(seed)
        networks.append(kind(10, 7, **options).double())
    return networks


@pytest.mark.parametrize("kind", [TextRNN, TextLSTM, TextGRU, TextLSTMWithout])
@pytest.mark.parametrize("readout", ["normal", "linear"])
def test_networks_trained_together_train_as_if_alone(task, kind, readout):
    together = make(kind, range(3), readout=readout)
    runs = fit_together(together, *task, epochs=60)
    for seed in range(3):
        (alone,) = make(kind, [seed], readout=readout)
        history = fit(alone, *task, epochs=60)
        assert compare("loss", runs.loss[seed], history.loss, tol=1e-9)
        for ours, theirs in zip(together[seed].parameters(), alone.parameters(), strict=True):
            assert compare("weights", ours, theirs, tol=1e-7)


def test_a_single_network_trains_as_if_alone(task):
    together, (alone,) = make(TextRNN, [0]), make(TextRNN, [0])
    runs = fit_together(together, *task, epochs=20)
    assert compare("loss", runs.loss, [fit(alone, *task, epochs=20).loss], tol=1e-9)


def test_modules_without_a_recurrent_layer_train_as_if_alone(task):
    def networks():
        torch.manual_seed(0)
        return [nn.Linear(10, 10).double() for _ in range(2)]

    x, y = task[0][0], task[1]
    runs = fit_together(networks(), x, y, epochs=20)
    for loss, alone in zip(runs.loss, networks(), strict=True):
        assert compare("loss", loss, fit(alone, x, y, epochs=20).loss, tol=1e-9)


def test_runs_count_the_right_answers_before_each_update(task):
    x, y = task
    networks = make(TextGRU, range(2))
    before = [(network(x).argmax(dim=1) == y).sum().item() for network in networks]
    runs = fit_together(networks, x, y, epochs=300)
    assert runs.loss.shape == runs.right.shape == (2, 300)
    assert runs.right.dtype.kind == "i"
    assert runs.right[:, 0].tolist() == before
    assert max(before) < 6
    assert runs.right[:, -1].tolist() == [6, 6]


def test_frozen_parameters_stay_frozen(task):
    together, alone = make(TextRNN, range(2)), make(TextRNN, range(2))
    for network in together + alone:
        network.rnn.requires_grad_(False)
    runs = fit_together(together, *task, epochs=20)
    for loss, mine, network in zip(runs.loss, together, alone, strict=True):
        assert compare("loss", loss, fit(network, *task, epochs=20).loss, tol=1e-9)
        assert compare("W_hh", mine.rnn.weight_hh_l0, network.rnn.weight_hh_l0)


# The error for each kind of layer that a TextModel can have but that `fit_together` rejects.
OTHERS = {
    "nonlinearity='tanh', got 'relu'": partial(nn.RNN, nonlinearity="relu"),
    r"one layer .*, got LSTM\(10, 7, num_layers=2\)": partial(nn.LSTM, num_layers=2),
    r"one layer with bias .*, got GRU\(10, 7, bias=False\)": partial(nn.GRU, bias=False),
    r"one layer .*, got GRU\(10, 7, bidirectional=True\)": partial(nn.GRU, bidirectional=True),
    r"one layer .*, got RNN\(10, 7, batch_first=True\)": partial(nn.RNN, batch_first=True),
    "proj_size=0, got 2": partial(nn.LSTM, proj_size=2),
}


@pytest.mark.parametrize("sentence", OTHERS)
def test_other_recurrent_layers_are_refused(task, sentence):
    kind = type("Other", (TextModel,), {"kind": staticmethod(OTHERS[sentence])})
    networks = make(kind, range(2))
    before = [network.W.clone() for network in networks]
    with pytest.raises(ValueError, match=f"expected {sentence}"):
        fit_together(networks, *task)
    assert all(map(torch.equal, before, (network.W for network in networks)))


class Twice(TextLSTM):
    def forward(self, x):
        return 2 * super().forward(x)


class Dropped(TextLSTMWithout):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5)


class Scaled(TextLSTMWithout):
    def forward(self, x):
        return self.scale * super().forward(x)


def changed(change, kind=TextRNN):
    """Return two networks after applying `change` to the second network."""
    networks = make(kind, range(2))
    change(networks[1])
    return networks


DIFFERENT = {
    "at least one, got none": lambda: [],
    "parameters of their own, got shared ones": lambda: make(TextRNN, [0]) * 2,
    "parameters of their own, got shared": lambda: [
        setattr(n, "tied", n.W) or n for n in make(TextRNN, range(2))
    ],
    "the same class in all": lambda: make(TextRNN, [0]) + make(TextGRU, [0]),
    "the same rnn.hidden_size in all": lambda: [TextRNN(10, 5), TextRNN(10, 6)],
    "the same W in all": lambda: changed(lambda n: n.float()),
    "the same b in all": lambda: changed(lambda n: n.b.requires_grad_(False)),
    "the same training in all": lambda: changed(lambda n: n.eval()),
    "the same without in all": lambda: changed(
        lambda n: setattr(n, "without", "tanh of g"), TextLSTMWithout
    ),
    "the same scale in all": lambda: [
        setattr(n, "scale", torch.ones(2)) or n for n in make(Scaled, range(2))
    ],
    "the same extra in all": lambda: changed(lambda n: setattr(n, "extra", 1)),
    "the same forward in all": lambda: changed(lambda n: setattr(n, "forward", n.unrolled)),
    "no hooks and no buffers, got _forward_hooks": lambda: changed(
        lambda n: n.register_forward_hook(lambda *_: None)
    ),
    "no hooks and no buffers, got _buffers": lambda: changed(
        lambda n: n.register_buffer("mean", torch.zeros(1))
    ),
    "plain tensor operations, got Batching rule": lambda: make(Twice, range(2)),
    "plain tensor operations, got vmap: called random": lambda: make(Dropped, range(2)),
}


@pytest.mark.parametrize("sentence", DIFFERENT)
def test_models_that_cannot_be_trained_together_are_refused(task, sentence):
    with pytest.raises(ValueError, match=f"^models: expected {sentence}"):
        fit_together(DIFFERENT[sentence](), *task, epochs=1)


def test_with_nothing_left_out_the_unrolled_cell_is_torchs(task):
    (network,) = make(TextLSTMWithout, [0])
    network.without = None
    (plain,) = make(TextLSTM, [0])
    assert compare("logits", network(task[0]), plain(task[0]))


@pytest.mark.parametrize("part", ["tanh of c", "tanh of g", "input gate"])
def test_without_a_part_the_logits_differ(task, part):
    (network,), (plain,) = make(TextLSTMWithout, [0], without=part), make(TextLSTM, [0])
    assert not torch.allclose(network(task[0]), plain(task[0]))


def test_leaving_out_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="^without: expected 'tanh of c', .*, got 'tanh'$"):
        TextLSTMWithout(10, without="tanh")


def test_the_data_has_every_setting_once():
    rows = data.um()
    points = [(row.readout, row.ums, (row.model, row.forget_bias), row.seed) for row in rows]
    assert points == [(*point, seed) for point in um.GRID for seed in um.SEEDS]


def test_the_data_is_plausible():
    for row in data.um():
        assert 0 <= row.right <= 6
        # If the loss is small, all six answers are right. The converse can fail without the tanh of
        # c, because the last update can correct the answers after the loss is measured.
        assert row.loss < 0.4 or row.right < 6 or row.model == "without tanh of c"
        assert row.loss > 0.1 or row.right == 6
        assert (row.apart_c is not None) == (row.model == "LSTM")
        assert (row.apart_h is None) == row.model.startswith("without")


def agrees(found, rows):
    """Return whether the new losses agree with the losses in the stored rows to within 2%."""
    return compare("losses", [float(loss) for loss in found], [row.loss for row in rows], tol=0.02)


# Training on sentences with more ums can magnify rounding differences between processors.
@pytest.mark.slow
@pytest.mark.parametrize(("model", "ums"), [("GRU", 0), ("LSTM", 10)])
def test_the_script_reproduces_the_data(model, ums):
    saved = data.um(model=model, forget_bias=0, readout="normal", ums=ums)
    found = um.point(model, 0, "normal", ums)
    assert [row["right"] for row in found] == [row.right for row in saved]
    assert agrees([row["loss"] for row in found], saved)
    apart = [float(row["apart_h"]) for row in found]
    assert apart == pytest.approx([row.apart_h for row in saved], rel=0.1)


# Hypothetical losses of another run, derived from the stored losses of ten LSTMs and ten RNNs.
PLANTED = {
    "the same, to three digits": (True, lambda lstm, rnn: lstm * 1.003),
    "one seed off by a twentieth": (False, lambda lstm, rnn: lstm * np.array([1.05] + 9 * [1])),
    "the seeds in another order": (False, lambda lstm, rnn: lstm[::-1]),
    "another network": (False, lambda lstm, rnn: rnn),
    "one seed that failed": (False, lambda lstm, rnn: np.append(lstm[:9], np.log(2))),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_another_run_does_not_pass_for_the_stored_one(planted):
    matches, plant = PLANTED[planted]
    stored = [data.um(model=name, forget_bias=0, ums=10) for name in ("LSTM", "RNN")]
    losses = plant(*(np.array([row.loss for row in rows]) for rows in stored))
    assert agrees(losses, stored[0]) is matches


def test_unknown_fields_are_refused():
    with pytest.raises(ValueError, match="^expected fields among model, .*, got 'um'$"):
        data.um(um=3)


def test_rows_match_all_conditions():
    rows = data.um(model="LSTM", forget_bias=4, ums=30)
    assert {row.readout for row in rows} == {"normal", "linear"}
    assert {row.seed for row in rows} == set(range(10))
    assert np.isfinite([row.loss for row in rows]).all()


def test_a_value_that_no_row_has_is_refused():
    with pytest.raises(ValueError, match="^model: expected one of 'RNN', .*, got 'lstm'$"):
        data.um(model="lstm")
