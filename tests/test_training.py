"""Tests of batches, clipping, early stopping and invalid input in the training loop."""

import io
import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from tqdm import trange

from benchmarks import names as names_script
from gatewise import data, training
from gatewise.models import SequenceClassifier
from gatewise.training import (
    batch,
    evaluate,
    fit,
    fit_classifier,
    fit_together,
    predict,
    update,
)

torch.set_num_threads(1)  # small networks train fastest on a single thread


def draw(seed, size=40):
    """Return random sequences of 1 to 6 ids from 1 to 4, and random labels."""
    rng = np.random.default_rng(seed)
    sequences = [rng.integers(1, 5, rng.integers(1, 7)) for _ in range(size)]
    return sequences, rng.integers(0, 3, size)


def new_model(seed=0, **options):
    torch.manual_seed(seed)
    return SequenceClassifier(5, 3, embedding=6, hidden=8, **options)


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=0.05)


def run(model, seed=0, **options):
    settings = {"epochs": 30, "size": 8, "optimizer": adam(model)} | options
    return fit_classifier(model, draw(1), draw(2), seed, **settings)


def interrupt(model, epoch, monkeypatch):
    """Train with two batches per epoch, and interrupt the training in the second batch of an epoch.

    epoch: the number of the interrupted epoch, counted from 1. Returns the validation losses and
    the weights after each completed epoch.
    """
    losses, weights, updates = [], [], []

    def spy(model, *args):
        losses.append(evaluate(model, *args)[0])
        weights.append(nn.utils.parameters_to_vector(model.parameters()).clone())
        return losses[-1], 0.0

    def stop(*args):
        updates.extend([1] * model.training)
        if len(updates) == 2 * epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "evaluate", spy)
    model.register_forward_hook(stop)
    with pytest.raises(KeyboardInterrupt):
        run(model, size=20, patience=30)
    return losses, weights


def test_training_stops_when_validation_turns_and_restores_the_best_weights():
    model = new_model()
    curves = run(model, patience=4)
    assert curves.best == np.argmin(curves.validation)
    assert len(curves.train) == len(curves.validation) == curves.best + 5 < 30
    loss, accuracy = evaluate(model, *draw(2))
    assert (loss, accuracy) == (curves.validation[curves.best], curves.accuracy[curves.best])
    assert curves.validation[-1] > loss
    assert curves.train[-1] < curves.train[0]


def test_patience_counts_from_the_best_epoch_and_the_first_of_equal_epochs_is_the_best(monkeypatch):
    losses = iter([3.0, 2.0, 2.0, 1.0, 5.0, 1.0, 4.0, 0.0])
    monkeypatch.setattr(training, "evaluate", lambda *args: (next(losses), 0.0))
    curves = run(new_model(), patience=3)
    assert curves.best == 3
    assert list(curves.validation) == [3, 2, 2, 1, 5, 1, 4]


def test_weights_that_are_not_copied_are_not_the_best(monkeypatch):
    """Without a copy, further training would change the best weights in place."""
    monkeypatch.setattr(training.copy, "deepcopy", lambda weights: weights)
    model = new_model()
    curves = run(model)
    assert evaluate(model, *draw(2))[0] == curves.validation[-1] > curves.validation[curves.best]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_interrupted_run_leaves_the_best_weights_so_far(seed, monkeypatch):
    model = new_model(seed)
    losses, weights = interrupt(model, 3, monkeypatch)
    assert len(losses) == 2
    left = nn.utils.parameters_to_vector(model.parameters())
    assert torch.equal(left, weights[np.argmin(losses)])
    assert not model.training


def test_interrupted_later_the_best_epoch_is_not_the_last(monkeypatch):
    model = new_model()
    losses, weights = interrupt(model, 20, monkeypatch)
    assert np.argmin(losses) < len(losses) - 1
    left = nn.utils.parameters_to_vector(model.parameters())
    assert torch.equal(left, weights[np.argmin(losses)])


def test_interrupted_in_the_first_epoch_the_model_has_the_weights_of_the_last_update(monkeypatch):
    model = new_model()
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    losses, _ = interrupt(model, 1, monkeypatch)
    assert losses == []
    assert not torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)


def test_after_a_gradient_that_is_not_finite_the_model_has_the_best_weights():
    model, epochs = new_model(), []

    def criterion(logits, labels):
        loss = nn.functional.cross_entropy(logits, labels)
        if not model.training:
            weights = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
            epochs.append((loss.item(), weights))
        return loss * (math.inf if model.training and len(epochs) == 20 else 1)

    with pytest.raises(RuntimeError, match="non-finite"):
        run(model, patience=30, criterion=criterion)
    loss, weights = min(epochs, key=lambda epoch: epoch[0])
    assert loss < epochs[-1][0]
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), weights)
    assert evaluate(model, *draw(2))[0] == loss


def test_a_given_optimizer_is_used():
    model = new_model()
    before = [p.detach().clone() for p in model.parameters()]
    run(model, optimizer=torch.optim.SGD([model.linear.bias], lr=0.1), epochs=1)
    moved = [not torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True)]
    assert [name for (name, _), m in zip(model.named_parameters(), moved, strict=True) if m] == [
        "linear.bias"
    ]


def test_the_default_optimizer_is_adam():
    ours, theirs = new_model(), new_model()
    run(ours, epochs=2, optimizer=None)
    run(theirs, epochs=2, optimizer=torch.optim.Adam(theirs.parameters(), lr=0.01))
    assert predict(ours, draw(1)[0]).equal(predict(theirs, draw(1)[0]))


def test_a_given_criterion_decides_training_and_validation():
    """If class 2 has nearly all the weight in the criterion, the model predicts no other class."""
    model, weight = new_model(), torch.tensor([0.01, 0.01, 1.0])
    criterion = nn.CrossEntropyLoss(weight)
    curves = run(model, criterion=criterion)
    assert predict(model, draw(2)[0]).argmax(dim=1).eq(2).all()
    labels = torch.from_numpy(draw(2)[1])
    expected = criterion(predict(model, draw(2)[0]), labels).item()
    assert curves.validation[curves.best] == pytest.approx(expected)


def test_labels_may_be_lists():
    (x, y), (new_x, new_y) = draw(1), draw(2)
    arrays, lists = new_model(), new_model()
    curves = fit_classifier(arrays, (x, y), (new_x, new_y), epochs=2)
    same = fit_classifier(lists, (x, y.tolist()), (new_x, new_y.tolist()), epochs=2)
    assert all(np.array_equal(a, b) for a, b in zip(curves, same, strict=True))


def test_labels_may_be_ints_of_any_size():
    model, (sequences, y) = new_model(), draw(1)
    small = y.astype(np.int8)
    assert batch(model, sequences, small)[2].dtype == torch.int64
    assert evaluate(model, sequences, small) == evaluate(model, sequences, y)


def test_batches_of_like_lengths_give_the_same_evaluation_as_one_sequence_at_a_time():
    model, (sequences, y) = new_model().eval(), draw(3, 50)
    with torch.no_grad():
        alone = torch.cat([model(*batch(model, [s])[:2]) for s in sequences])
    assert predict(model, sequences, size=8) == pytest.approx(alone, abs=1e-6)
    loss, accuracy = evaluate(model, sequences, y)
    labels = torch.from_numpy(y)
    assert loss == pytest.approx(nn.functional.cross_entropy(alone, labels).item(), abs=1e-6)
    assert accuracy == (alone.argmax(dim=1) == labels).double().mean().item()


def test_no_sequence_is_padded_to_the_longest_of_all():
    model, shapes = new_model(), []
    model.register_forward_hook(lambda _, inputs, output: shapes.append(tuple(inputs[0].shape)))
    predict(model, [np.ones(n, int) for n in (1, 9, 1, 9, 2, 9)], size=3)
    assert sorted(shapes) == [(2, 3), (9, 3)]


def screen_of_bars(monkeypatch, delay):
    """Return a text stream that receives the progress bars after the given delay, in seconds."""
    screen = io.StringIO()
    shown = partial(trange, disable=False, mininterval=0, miniters=1, file=screen)
    monkeypatch.setattr(training, "trange", lambda *a, **k: shown(*a, **k | {"delay": delay}))
    return screen


def test_the_bar_shows_the_validation_loss(monkeypatch):
    screen = screen_of_bars(monkeypatch, delay=0)
    curves = run(new_model(), epochs=3)
    for loss in curves.validation:
        assert f"validation={loss:.3g}" in screen.getvalue()


def test_before_its_delay_the_bar_shows_nothing(monkeypatch):
    screen = screen_of_bars(monkeypatch, delay=math.inf)
    run(new_model(), epochs=3)
    assert screen.getvalue() == ""


def test_every_loop_shows_its_bar_after_a_second_and_removes_it_at_the_end(monkeypatch):
    bars = []

    def spy(epochs, **options):
        bars.append(options)
        return trange(epochs, **options)

    monkeypatch.setattr(training, "trange", spy)
    x, y = torch.ones(4, 2), torch.zeros(4, dtype=int)
    fit(nn.Linear(2, 3), x, y, epochs=2)
    fit_together([nn.Linear(2, 3), nn.Linear(2, 3)], x, y, epochs=2)
    run(new_model(), epochs=2)
    names = ["Linear", "2 Linear", "SequenceClassifier"]
    assert bars == [{"desc": name, "leave": False, "delay": 1} for name in names]


def test_while_validation_improves_training_goes_on_to_the_last_epoch():
    sequences, y = draw(1)
    curves = fit_classifier(new_model(), (sequences, y), (sequences, y), epochs=5)
    assert curves.best == len(curves.train) - 1 == 4


def test_the_curves_are_those_of_the_loop_written_out():
    ours, theirs, rng = new_model(dropout=0.3), new_model(dropout=0.3), np.random.default_rng(7)
    (sequences, y), optimizer = draw(1), torch.optim.Adam(ours.parameters(), lr=0.05)
    torch.manual_seed(3)
    losses, norms = [], []
    for places in training.text.bucket([len(s) for s in sequences], 8, rng):
        ids, lengths, labels = batch(ours, [sequences[n] for n in places], y[places])
        loss = nn.functional.cross_entropy(ours(ids, lengths), labels)
        ours.zero_grad()
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in ours.parameters()])
        norms.append(gradient.norm().item())
        for p in ours.parameters():
            p.grad *= min(1, 0.5 / norms[-1])
        optimizer.step()
        losses.append(loss.item())
    torch.manual_seed(3)
    curves = run(theirs, seed=7, epochs=1, max_norm=0.5)
    assert max(norms) > 0.5
    assert curves.train[0] == pytest.approx(np.mean(losses))
    assert curves.norm == pytest.approx(np.array(norms))
    assert predict(theirs, sequences) == pytest.approx(predict(ours, sequences), abs=1e-4)


def test_the_training_loss_is_the_mean_over_sequences():
    """The second batch has one sequence instead of four, so it has a quarter of the weight."""
    sequences, y = draw(1, 5)
    model = new_model()
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    curves = fit_classifier(model, (sequences, y), draw(2), epochs=1, size=4, optimizer=still)
    assert curves.train[0] == pytest.approx(evaluate(new_model(), sequences, y)[0])


def test_a_seed_fixes_the_run_and_another_seed_changes_the_order():
    def weights(seed):
        model = new_model(dropout=0.2)
        run(model, seed, epochs=2)
        return nn.utils.parameters_to_vector(model.parameters())

    assert torch.equal(weights(0), weights(0))
    assert not torch.allclose(weights(0), weights(1))


@pytest.mark.parametrize("max_norm", [0.1, math.inf])
def test_an_update_scales_a_long_gradient_down_to_the_limit(max_norm):
    model, (sequences, y) = new_model(), draw(1)
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    *inputs, labels = batch(model, sequences, y)
    loss, norm = update(
        model, torch.optim.SGD(model.parameters(), lr=1.0), inputs, labels, max_norm
    )
    moved = nn.utils.parameters_to_vector(model.parameters()).detach() - before
    assert norm > 0.2
    assert moved.norm().item() == pytest.approx(min(norm, max_norm), rel=1e-4)
    assert loss == pytest.approx(evaluate(new_model(), sequences, y)[0])


def test_a_gradient_that_is_not_finite_stops_before_the_weights_change():
    model = new_model()
    with torch.no_grad():
        model.linear.bias[0] = math.inf
    before = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(RuntimeError, match="non-finite"):
        run(model)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_a_batch_is_padded_on_the_device_of_the_model_and_its_lengths_stay_on_the_cpu():
    ids, lengths, labels = batch(nn.Linear(1, 1, device="meta"), [[3, 1], [2]], [1, 0])
    assert [ids.device.type, lengths.device.type, labels.device.type] == ["meta", "cpu", "meta"]
    ids, lengths, labels = batch(nn.Linear(1, 1), [[3, 1], [2]], [1, 0])
    assert (ids.tolist(), lengths.tolist(), labels.tolist()) == ([[3, 2], [1, 0]], [2, 1], [1, 0])


def test_predictions_have_no_dropout_and_no_gradient():
    model, (sequences, y) = new_model(dropout=0.5).train(), draw(1)
    logits = predict(model, sequences)
    assert torch.equal(logits, predict(model, sequences))
    assert not logits.requires_grad
    assert not model.training
    loss, accuracy = evaluate(model, sequences, y)
    assert accuracy == np.mean(logits.argmax(dim=1).numpy() == y)
    chosen = logits.log_softmax(dim=1)[range(len(y)), y]
    assert loss == pytest.approx(-chosen.mean().item())


def test_it_leaves_nothing_on_the_screen_and_the_model_ready_to_predict(capfd):
    model = new_model()
    run(model, epochs=2)
    assert not model.training
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"train": ([[1], [2]], np.array([0]))},
            "train: expected as many sequences as labels, at least one, got 2 and 1",
        ),
        (
            {"validation": ([], np.array([], int))},
            "validation: expected as many sequences as labels, at least one, got 0 and 0",
        ),
        ({"epochs": 0}, "epochs: expected at least 1, got 0"),
        ({"patience": 0}, "patience: expected at least 1, got 0"),
        ({"size": 0}, "size: expected at least 1, got 0"),
    ],
    ids=["labels", "empty", "epochs", "patience", "size"],
)
def test_bad_input_gets_one_sentence_and_nothing_is_trained(wrong, message):
    model = new_model()
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    with pytest.raises(ValueError, match=f"^{message}$"):
        fit_classifier(model, **{"train": draw(1), "validation": draw(2)} | wrong)
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)


@pytest.mark.slow
def test_the_record_of_the_names_is_what_its_script_makes():
    """Only `bag` is tested, because it trains in a second and hardly depends on the machine."""
    record = {share: data.names(share) for share in ("validation", "test", "commonest")}
    names = {*names_script.MODELS, "last row, one batch"}
    for share in record.values():
        assert share.keys() == names
        assert {len(found) for found in share.values()} == {names_script.SEEDS}
    notebook = names_script.functions()
    for seed in (0, 3):
        [(_, _, *shares)] = names_script.rows(notebook, "bag", seed)
        recorded = [found["bag"][seed] for found in record.values()]
        assert [float(share) for share in shares] == pytest.approx(recorded, abs=0.01)
    assert (
        abs(record["test"]["bag"][0] - record["test"]["bag"][3]) > 0.001
    )  # without this difference, the test would miss swapped seeds
