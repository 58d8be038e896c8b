"""The loop for classifiers of sequences: batches, clipping, early stopping, bad input."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gatewise import data, training
from gatewise.models import SequenceClassifier
from gatewise.training import batch, evaluate, fit_classifier, predict, update

torch.set_num_threads(1)  # our networks are small: more threads would wait for each other


def draw(seed, size=40):
    """Sequences of 1 to 6 ids from 1 to 4, with random labels: they can only be memorized."""
    rng = np.random.default_rng(seed)
    sequences = [rng.integers(1, 5, rng.integers(1, 7)) for _ in range(size)]
    return sequences, rng.integers(0, 3, size)


def new_model(seed=0, **options):
    torch.manual_seed(seed)
    return SequenceClassifier(5, 3, embedding=6, hidden=8, **options)


def run(model, seed=0, **options):
    settings = {"epochs": 30, "size": 8, "lr": 0.05} | options
    return fit_classifier(model, draw(1), draw(2), seed, **settings)


def test_training_stops_when_validation_turns_and_restores_the_best_weights():
    model = new_model()
    curves = run(model, patience=4)
    assert curves.best == np.argmin(curves.validation)
    assert len(curves.train) == len(curves.validation) == curves.best + 5 < 30
    loss, accuracy = evaluate(model, *draw(2))
    assert (loss, accuracy) == (curves.validation[curves.best], curves.accuracy[curves.best])
    assert curves.validation[-1] > loss
    assert curves.train[-1] < curves.train[0]


def test_weights_that_are_not_copied_are_not_the_best(monkeypatch):
    """A fault of many loops: `state_dict` shares its tensors with the model."""
    monkeypatch.setattr(training.copy, "deepcopy", lambda weights: weights)
    model = new_model()
    curves = run(model)
    assert evaluate(model, *draw(2))[0] == curves.validation[-1] > curves.validation[curves.best]


def test_while_validation_improves_training_goes_on_to_the_last_epoch():
    sequences, y = draw(1)
    curves = fit_classifier(new_model(), (sequences, y), (sequences, y), epochs=5, lr=0.01)
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
    """Five sequences in batches of four: the last batch counts a quarter of the first."""
    sequences, y = draw(1, 5)
    curves = fit_classifier(new_model(), (sequences, y), draw(2), epochs=1, size=4, lr=0.0)
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


def test_the_record_of_the_names_is_what_its_script_makes():
    """Its bag, at least: trained in a second, and the same on every processor to within a point."""
    path = Path(__file__).parents[1] / "benchmarks" / "names.py"
    spec = importlib.util.spec_from_file_location("names_script", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    record = data.names()
    assert {model: len(shares) for model, shares in record.items()} == script.SEEDS
    notebook = script.functions()
    for seed in (0, 3):
        assert abs(script.correct(notebook, "bag", seed) - record["bag"][seed]) < 0.01
    assert abs(record["bag"][0] - record["bag"][3]) > 0.001  # so the seeds are told apart
