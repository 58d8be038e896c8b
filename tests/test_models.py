"""The torch models agree with our cells and are initialized as documented."""

import numpy as np
import proofs
import pytest
import torch

from gatewise.cells import gru, lstm, rnn
from gatewise.check import compare
from gatewise.models import SequenceClassifier, TextGRU, TextLSTM, TextRNN, add_forget_bias
from gatewise.text import SENTENCES, Vocabulary, last_word_task, pad
from gatewise.training import fit


@pytest.fixture
def task():
    x, y = last_word_task(SENTENCES, Vocabulary(), np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


MODELS = [(TextRNN, rnn), (TextLSTM, lstm), (TextGRU, gru)]


@pytest.mark.parametrize(("kind", "cell"), MODELS)
@pytest.mark.parametrize("readout", ["normal", "linear"])
def test_a_model_reads_the_last_state_of_its_cell(task, kind, cell, readout):
    x, _ = task
    model = kind(9, 5, readout).double()
    h = cell.forward(cell.Params.from_torch(model.rnn), x.double().numpy()).h
    logits = h[-1] @ model.W.detach().numpy() + model.b.detach().numpy()
    assert compare("logits", logits, model(x.double()))


@pytest.mark.parametrize(("kind", "cell"), MODELS)
def test_an_unrolled_model_has_the_same_logits(task, kind, cell):
    x = task[0].double()
    models = [kind(9, 5).double() for _ in range(3)]
    weights = {
        name: torch.stack([m.get_parameter(name) for m in models])
        for name, _ in models[0].named_parameters()
    }
    side_by_side = models[0].unrolled(x, weights)
    for model, logits in zip(models, side_by_side, strict=True):
        assert compare("alone", model.unrolled(x), model(x))
        assert compare("side by side", logits, model(x))


@pytest.mark.parametrize("cell", [rnn, lstm, gru])
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (4, 3, 2, 5)])
def test_an_unrolled_cell_is_torchs(cell, sizes):
    case = proofs.draw(cell, 0, *sizes)
    leaf, module = proofs.tensors(case), proofs.module_of(case.params)
    states = tuple(leaf[name][None] for name in case.states)
    output, _ = module(leaf["x"], states if len(states) > 1 else states[0])
    assert compare("h", torch.stack(proofs.unrolled(cell, case, leaf)["h"]), output)


@pytest.mark.parametrize(("kind", "cell"), MODELS)
def test_the_logits_depend_on_the_first_word(task, kind, cell):
    x, _ = task
    logits = kind(9, 5)(x)
    assert not torch.allclose(logits[0], logits[3])


@pytest.mark.parametrize(("kind", "cell"), MODELS)
def test_a_seed_draws_the_layer_then_w_then_b(kind, cell):
    torch.manual_seed(3)
    layer, W, b = kind.kind(9, 5), torch.randn(5, 9), torch.randn(9)
    torch.manual_seed(3)
    model = kind(9, 5)
    for ours, theirs in zip(model.rnn.parameters(), layer.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert torch.equal(model.W, W)
    assert torch.equal(model.b, b)


def test_a_linear_readout_is_initialized_like_nn_linear():
    torch.manual_seed(3)
    torch.nn.LSTM(9, 5)
    linear = torch.nn.Linear(5, 9)
    torch.manual_seed(3)
    model = TextLSTM(9, 5, readout="linear")
    assert torch.equal(model.W, linear.weight.T)
    assert torch.equal(model.b, linear.bias)
    # The number of parameters is the same with readout="normal".
    assert sum(p.numel() for p in model.parameters()) == 374


def test_a_forget_bias_moves_the_forget_rows_of_one_bias_and_nothing_else():
    torch.manual_seed(3)
    plain = TextLSTM(9, 5)
    torch.manual_seed(3)
    moved = TextLSTM(9, 5, forget_bias=4)
    for name, parameter in plain.named_parameters():
        difference = (moved.get_parameter(name) - parameter).detach()
        expected = torch.zeros_like(difference)
        if name == "rnn.bias_ih_l0":
            expected[5:10] = 4
        assert torch.allclose(difference, expected, atol=1e-6), name


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}])
def test_a_forget_bias_is_added_in_every_layer_and_direction(options):
    """`forget_bias` is added to the previous value of b_f."""
    module = torch.nn.LSTM(3, 5, **options)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    add_forget_bias(module, 1.5)
    for name, value in module.state_dict().items():
        added = torch.zeros_like(value)
        if name.startswith("bias_ih"):
            added[5:10] = 1.5
        assert torch.equal(value, before[name] + added), name


def test_a_forget_bias_needs_a_bias():
    module = torch.nn.LSTM(3, 5, bias=False)
    add_forget_bias(module, 0.0)
    with pytest.raises(ValueError, match="^forget_bias: expected 0 with bias=False, got 1.0$"):
        add_forget_bias(module, 1.0)


def test_an_unknown_readout_is_refused():
    with pytest.raises(ValueError, match="^readout: expected 'normal' or 'linear', got 'uniform'$"):
        TextGRU(9, 5, readout="uniform")


def test_fit_keeps_the_loss_before_each_update(task):
    torch.manual_seed(0)
    model = TextRNN(9, 5)
    before = torch.nn.functional.cross_entropy(model(task[0]), task[1]).item()
    history = fit(model, *task, epochs=500)
    assert history.loss.shape == (500,)
    assert history.loss[0] == before
    assert history.loss[-1] < 0.05
    assert (model(task[0]).argmax(dim=1) == task[1]).all()


def test_fit_prints_nothing(task, capfd):
    fit(TextRNN(9, 5), *task, epochs=3)
    assert capfd.readouterr() == ("", "")


NAMES = [[3, 1], [5, 5, 4, 2, 6], [7], [1, 2, 3, 4], [6, 5]]


@pytest.fixture
def names():
    ids, lengths = pad(NAMES)
    return torch.from_numpy(ids), torch.from_numpy(lengths)


def by_our_cells(model, name):
    """Return the logits (C,) of a single name, computed with gatewise.cells."""
    E, W, b = (p.detach().numpy() for p in (model.embedding.weight, *model.linear.parameters()))
    x = E[name][:, None]
    for layer in range(model.lstm.num_layers):
        there = lstm.forward(lstm.Params.from_torch(model.lstm, layer), x).h
        sides, last = [there], [there[-1, 0]]
        if model.lstm.bidirectional:
            back = lstm.forward(lstm.Params.from_torch(model.lstm, layer, reverse=True), x[::-1]).h
            sides, last = [there, back[::-1]], [there[-1, 0], back[-1, 0]]
        x = np.concatenate(sides, axis=2)
    return np.concatenate(last) @ W.T + b


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_classifier_equals_our_cell_on_each_sequence_alone(names, layers, bidirectional):
    torch.manual_seed(0)
    shape = {"layers": layers, "bidirectional": bidirectional, "dropout": 0.5}
    model = SequenceClassifier(8, 4, embedding=3, hidden=5, **shape).double().eval()
    reference = np.stack([by_our_cells(model, name) for name in NAMES])
    assert compare("logits", model(*names), reference)


def test_a_classifier_ignores_the_padding(names):
    ids, lengths = names
    model = SequenceClassifier(8, 4).eval()
    other = torch.where(torch.arange(5)[:, None] < lengths, ids, 7)
    longer = torch.cat([ids, torch.full((3, 5), 2)])
    assert torch.equal(model(other, lengths), model(ids, lengths))
    assert torch.equal(model(longer, lengths), model(ids, lengths))


def test_a_classifier_gives_the_same_logits_in_any_order(names):
    ids, lengths = names
    model = SequenceClassifier(8, 4).double()
    turned = model(ids[:, [4, 2, 0, 1, 3]], lengths[[4, 2, 0, 1, 3]])
    assert compare("logits", turned, model(ids, lengths)[[4, 2, 0, 1, 3]])


def test_a_batch_of_one_is_a_batch(names):
    ids, lengths = names
    model = SequenceClassifier(8, 4).double()
    one = model(ids[:4, 3:4], lengths[3:4])
    assert one.shape == (1, 4)
    assert compare("logits", one[0], model(ids, lengths)[3])


def test_lengths_may_be_an_array(names):
    ids, lengths = names
    model = SequenceClassifier(8, 4)
    assert torch.equal(model(ids, lengths.numpy()), model(ids, lengths))


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_classifier_is_initialized_as_documented(layers, bidirectional):
    torch.manual_seed(0)
    H, shape = 6, {"layers": layers, "bidirectional": bidirectional}
    model = SequenceClassifier(8, 50, embedding=6, hidden=H, forget_bias=2.5, **shape)
    for name, parameter in model.lstm.named_parameters():
        if name.startswith("weight"):
            for W in parameter.detach().split(H):
                # The rows of W, whose shape is (6, 6) or (6, 12), are orthonormal.
                assert torch.allclose(W @ W.T, torch.eye(H), atol=1e-5), name
        else:
            forget = 2.5 if name.startswith("bias_ih") else 0.0
            expected = torch.tensor([0.0, forget, 0.0, 0.0]).repeat_interleave(H)
            assert torch.equal(parameter, expected), name
    features = H * (1 + bidirectional)
    assert model.linear.weight.std().item() == pytest.approx((2 / (features + 50)) ** 0.5, rel=0.2)
    assert not model.linear.bias.any()
    assert not model.embedding.weight[0].any()


def test_one_layer_with_dropout_gives_no_warning(names):
    SequenceClassifier(8, 4, dropout=0.5)(*names)  # a warning would fail the test


def test_dropout_is_for_training_only(names):
    model = SequenceClassifier(8, 4, layers=2, dropout=0.5)
    assert model.lstm.dropout == 0.5
    assert not torch.equal(model(*names), model(*names))
    model.eval()
    assert torch.equal(model(*names), model(*names))


def test_the_padding_is_not_learned(names):
    model = SequenceClassifier(8, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(*names).pow(2).sum().backward()
    optimizer.step()
    assert not model.embedding.weight[0].any()


def test_a_classifier_learns(names):
    torch.manual_seed(0)
    model = SequenceClassifier(8, 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(*names), torch.arange(5))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1


def test_an_empty_sequence_is_refused(names):
    ids, lengths = names
    lengths[2] = 0
    with pytest.raises(ValueError, match="^lengths: expected 1 to 5, got 0 for sequence 2$"):
        SequenceClassifier(8, 4)(ids, lengths)


def test_a_length_longer_than_its_row_is_refused(names):
    ids, lengths = names
    lengths[1] = 6
    with pytest.raises(ValueError, match="^lengths: expected 1 to 5, got 6 for sequence 1$"):
        SequenceClassifier(8, 4)(ids, lengths)


def test_another_number_of_lengths_is_refused(names):
    ids, lengths = names
    with pytest.raises(ValueError, match=r"^lengths: expected \(B,\) = \(5,\), got \(4,\)$"):
        SequenceClassifier(8, 4)(ids, lengths[:4])


def test_ids_of_no_letter_are_refused(names):
    with pytest.raises(ValueError, match="^ids: expected 0 to 6, got 0 to 7$"):
        SequenceClassifier(7, 4)(*names)


def test_ids_of_another_shape_are_refused(names):
    ids, lengths = names
    with pytest.raises(ValueError, match=r"^ids: expected \(T, B\), got \(5,\)$"):
        SequenceClassifier(8, 4)(ids[:, 0], lengths[:1])
