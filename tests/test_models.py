import numpy as np
import pytest
import torch

from gatewise.cells import rnn
from gatewise.check import compare
from gatewise.models import TextRNN
from gatewise.text import SENTENCES, Vocabulary, last_word_task
from gatewise.training import fit


@pytest.fixture
def task():
    x, y = last_word_task(SENTENCES, Vocabulary(), np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


def test_text_rnn_reads_the_last_state(task):
    x, _ = task
    model = TextRNN(9, 5).double()
    h = rnn.forward(rnn.Params.from_torch(model.rnn), x.double().numpy()).h
    scores = h[-1] @ model.W.detach().numpy() + model.b.detach().numpy()
    assert compare("scores", scores, model(x.double()))


def test_text_rnn_changes_with_the_first_word(task):
    x, _ = task
    scores = TextRNN(9, 5)(x)
    assert not torch.allclose(scores[0], scores[3])  # i like, you like


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
