"""BackwardExplorer computes the same gradients as autograd and rejects invalid settings."""

import numpy as np
import pytest
from backward_reference import differences, draw, settings
from matplotlib.text import Text

from gatewise.cells import gru, lstm, rnn
from gatewise.widgets import BackwardExplorer


def random_settings(seed):
    forget_bias = np.random.default_rng(seed).uniform(-2, 6)
    return draw(seed) | {"forget_bias": forget_bias, "detach": bool(seed % 2)}


@pytest.mark.parametrize("seed", range(10))
def test_every_gradient_is_autograds(seed):
    explorer = BackwardExplorer(**random_settings(seed))
    found = differences(explorer.values, settings(explorer))
    assert len(found) == 18
    assert max(found.values()) < 1e-10


@pytest.mark.parametrize("seed", range(10))
def test_with_h_detached_each_step_back_costs_exactly_f(seed):
    explorer = BackwardExplorer(**random_settings(seed) | {"T": 20, "read": 20, "detach": True})
    values = explorer.values
    f, dc = np.array(values["lstm"]["f"]), np.array(values["lstm"]["dc"])
    factor = np.cumprod(np.append(1, f[1:][::-1]))[::-1]
    np.testing.assert_allclose(dc / dc[-1], factor, rtol=1e-12, atol=0)
    np.testing.assert_allclose(dc[:-1] / dc[1:], f[1:], rtol=1e-12, atol=0)
    np.testing.assert_allclose(values["wire"], dc, rtol=1e-12, atol=0)
    assert np.count_nonzero(values["lstm"]["dh"]) == np.count_nonzero(values["rnn"]["dh"]) == 1


def test_a_later_setting_is_computed_and_others_follow():
    explorer = BackwardExplorer(step=3, stage="df")
    assert (explorer.T, explorer.read, explorer.step, explorer.stage) == (8, 8, 3, "df")
    explorer.forget_bias = 3
    assert differences(explorer.values, settings(explorer))["lstm.dc"] < 1e-12
    explorer.T = 12  # the loss moves to the last step, and the selected step doesn't change
    assert (explorer.read, explorer.step, explorer.stage) == (12, 3, "df")
    explorer.step = 12
    explorer.read = 5
    assert explorer.step == 5
    explorer.T = 7
    assert (explorer.read, len(explorer.values["wire"])) == (5, 7)
    assert explorer.values["wire"][5:] == [0, 0]
    explorer.x = [0.5, -1.0, 2.0]
    assert (explorer.T, explorer.read, explorer.step) == (3, 3, 3)
    params = lstm.Params.random(1, 1, np.random.default_rng(5), np.float32)
    explorer.lstm_params = params
    assert explorer.forget_bias == pytest.approx((params.b_ih + params.b_hh)[1])
    assert max(differences(explorer.values, settings(explorer)).values()) < 1e-10


def test_given_parameters_keep_their_forget_bias():
    params = lstm.Params.random(1, 1, np.random.default_rng(0))
    own = (params.b_ih + params.b_hh)[1]
    assert BackwardExplorer(params).forget_bias == own
    assert BackwardExplorer(params, forget_bias=2).forget_bias == 2
    same = BackwardExplorer(params, x=np.ones(6), seed=1)
    assert (same.T, same.read, same.x) == (6, 6, [1.0] * 6)


def random(cell, D=1, H=1):
    return cell.Params.random(D, H, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"x": [1, 2, 3], "T": 4}, "T: expected an integer from 2 to 3, got 4"),
        ({"T": 5, "read": 0}, "read: expected an integer from 1 to 5, got 0"),
        ({"read": 4, "step": 5}, "step: expected an integer from 1 to 4, got 5"),
        ({"x": np.ones((5, 1, 1))}, "x: expected a sequence (T,), got shape (5, 1, 1)"),
        ({"lstm_params": random(rnn)}, "lstm_params: expected lstm.Params, got rnn.Params"),
        ({"rnn_params": random(gru)}, "rnn_params: expected rnn.Params, got gru.Params"),
        ({"lstm_params": 3}, "lstm_params: expected lstm.Params, got builtins.int"),
        (
            {"lstm_params": random(lstm, 9, 5)},
            "lstm_params: expected one unit and one feature, got 5 and 9",
        ),
        ({"rnn_params": random(rnn)._replace(b_ih=np.array([np.nan]))}, "b_ih: expected finite"),
    ],
)
def test_wrong_use_raises_one_sentence(wrong, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        BackwardExplorer(**wrong)
    assert str(error.value).startswith(sentence)


def test_the_picture_shows_the_state_of_the_widget():
    explorer = BackwardExplorer(read=6, step=4, stage="back", detach=True)
    told = [text.get_text() for text in explorer.picture().findobj(Text)]
    assert any("is detached and gets nothing" in text for text in told)
    assert explorer.words["curves"]["wire"] in told


def test_sentences_say_where_the_gradient_is_lost():
    explorer = BackwardExplorer()
    for cell, key in [("lstm", "dc"), ("rnn", "dh")]:
        size = np.abs(explorer.values[cell][key])
        found = explorer.values["lost"][cell]
        assert found["share"] == pytest.approx(size[0] / size[7])
        assert found["factor"] ** 7 == pytest.approx(found["share"])
        t = found["step"]
        assert found["least"] == pytest.approx(size[t - 1] / size[t])
        assert found["least"] == pytest.approx((size[:-1] / size[1:]).min())
    explorer.detach = True
    assert explorer.lost(explorer.values)[1] == "RNN: nothing goes back from step 8."
    explorer.read = 1
    assert "nothing is lost" in explorer.lost(explorer.values)[0]
