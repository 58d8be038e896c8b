import numpy as np
import pytest
import torch

from gatewise.cells import gru, lstm, rnn
from gatewise.check import compare
from gatewise.models import TextGRU, TextLSTM, TextRNN
from gatewise.text import SENTENCES, Vocabulary, last_word_task
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
    scores = h[-1] @ model.W.detach().numpy() + model.b.detach().numpy()
    assert compare("scores", scores, model(x.double()))


@pytest.mark.parametrize(("kind", "cell"), MODELS)
def test_a_model_changes_with_the_first_word(task, kind, cell):
    x, _ = task
    scores = kind(9, 5)(x)
    assert not torch.allclose(scores[0], scores[3])  # i like, you like


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


def test_a_linear_readout_starts_as_nn_linear_does():
    torch.manual_seed(3)
    torch.nn.LSTM(9, 5)
    linear = torch.nn.Linear(5, 9)
    torch.manual_seed(3)
    model = TextLSTM(9, 5, readout="linear")
    assert torch.equal(model.W, linear.weight.T)
    assert torch.equal(model.b, linear.bias)
    assert sum(p.numel() for p in model.parameters()) == 374  # as with readout="normal"


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


def test_another_readout_is_refused():
    with pytest.raises(ValueError, match="no readout 'uniform': there are 'normal' and 'linear'"):
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


def test_fit_leaves_nothing_on_the_screen(task, capfd):
    fit(TextRNN(9, 5), *task, epochs=3)
    assert capfd.readouterr() == ("", "")
