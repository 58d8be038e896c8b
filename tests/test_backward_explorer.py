"""BackwardExplorer's Python side: every gradient is autograd's, wrong use is one sentence."""

import numpy as np
import pytest
from backward_reference import differences, settings

from gatewise.cells import gru, lstm, rnn
from gatewise.widgets import BackwardExplorer


def random_settings(seed):
    rng = np.random.default_rng(seed)
    T = int(rng.integers(2, 21))
    return {
        "lstm_params": lstm.Params.random(1, 1, rng),
        "rnn_params": rnn.Params.random(1, 1, rng),
        "x": rng.normal(size=20),
        "T": T,
        "read": int(rng.integers(1, T + 1)),
        "forget_bias": rng.uniform(-2, 6),
        "detach": bool(seed % 2),
    }


@pytest.mark.parametrize("seed", range(10))
def test_every_gradient_is_autograds(seed):
    explorer = BackwardExplorer(**random_settings(seed))
    found = differences(explorer.values, settings(explorer))
    assert len(found) == 18
    assert max(found.values()) < 1e-10


@pytest.mark.parametrize("seed", range(10))
def test_with_h_cut_each_step_back_costs_exactly_f(seed):
    explorer = BackwardExplorer(**random_settings(seed) | {"T": 20, "read": 20, "detach": True})
    values = explorer.values
    f, dc = np.array(values["lstm"]["f"]), np.array(values["lstm"]["dc"])
    factor = np.cumprod(np.append(1, f[1:][::-1]))[::-1]
    np.testing.assert_allclose(dc / dc[-1], factor, rtol=1e-12, atol=0)
    np.testing.assert_allclose(dc[:-1] / dc[1:], f[1:], rtol=1e-12, atol=0)
    np.testing.assert_allclose(values["wire"], dc, rtol=1e-12, atol=0)
    assert np.count_nonzero(values["lstm"]["dh"]) == np.count_nonzero(values["rnn"]["dh"]) == 1


def test_what_is_set_later_is_computed_and_followed():
    explorer = BackwardExplorer(step=3, stage="df")
    assert (explorer.T, explorer.read, explorer.step, explorer.stage) == (8, 8, 3, "df")
    explorer.forget_bias = 3
    assert differences(explorer.values, settings(explorer))["lstm.dc"] < 1e-12
    explorer.T = 12  # the loss stays at the end, and the way back begins there
    assert (explorer.read, explorer.step, explorer.stage) == (12, 12, "dh")
    explorer.read = 5
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
        ({"T": 1}, "T=1 does not exist: there are 2 to 20"),
        ({"T": 21}, "T=21 does not exist: there are 2 to 20"),
        ({"x": [1, 2, 3], "T": 4}, "T=4 does not exist: there are 2 to 3"),
        ({"read": 9}, "read=9 does not exist: there are 1 to 8"),
        ({"T": 5, "read": 0}, "read=0 does not exist: there are 1 to 5"),
        ({"read": 4, "step": 5}, "step=5 does not exist: there are 1 to 4"),
        ({"stage": "db"}, "no stage 'db': there are dh, do, dc, df, di, dg, da, back"),
        ({"forget_bias": np.nan}, "forget_bias is nan, but a finite number is meant"),
        ({"x": [0.0, np.nan]}, "x[1] is nan, but a finite number is meant"),
        ({"x": [1.0]}, "x has 1 steps, but 2 to 20 are meant"),
        ({"x": np.ones((5, 1, 1))}, "x has shape (5, 1, 1), but (T,) is meant: one sequence"),
        ({"lstm_params": random(rnn)}, "lstm_params is rnn.Params, but lstm.Params is meant"),
        ({"rnn_params": random(gru)}, "rnn_params is gru.Params, but rnn.Params is meant"),
        ({"lstm_params": 3}, "lstm_params is builtins.int, but lstm.Params is meant"),
        ({"lstm_params": random(lstm, 9, 5)},
         "lstm_params has 5 units and 9 features, but one of each is meant"),
        ({"rnn_params": random(rnn)._replace(b_ih=np.array([np.nan]))},
         "b_ih has NaN or infinity in 1 of 1 entries"),
        ({"bias": 1}, "no setting 'bias': there are lstm_params, rnn_params, x, T, read,"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_sentence(wrong, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        BackwardExplorer(**wrong)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("wrong", [{"T": 30}, {"read": 9}, {"step": 0}, {"stage": ""}])
def test_after_wrong_use_all_is_as_before(wrong):
    explorer = BackwardExplorer()
    before, values = settings(explorer), explorer.values
    (name, value), = wrong.items()  # fmt: skip
    with pytest.raises(ValueError, match="there are"):
        setattr(explorer, name, value)
    assert settings(explorer) == before
    assert explorer.values == values


def test_it_leaves_a_picture_of_what_it_shows():
    explorer = BackwardExplorer(read=6)
    data, metadata = explorer._repr_mimebundle_()
    assert (repr(explorer), data["text/plain"]) == ("BackwardExplorer", "BackwardExplorer")
    assert data["image/png"].startswith("iVBOR")
    assert (
        "absolute gradient of the loss (logarithmic) against step t; dc; dh"
        in metadata["image/png"]["alt"]
    )

    def drawn(panel, name):
        (line,) = [line for line in panel.lines if line.get_label() == name]
        return line.get_xydata()

    ours, theirs = explorer.picture().panels
    np.testing.assert_array_equal(drawn(ours, "dc")[:, 0], np.arange(1, 7))
    np.testing.assert_array_equal(
        drawn(ours, "dc")[:, 1], np.abs(explorer.values["lstm"]["dc"][:6])
    )
    np.testing.assert_array_equal(
        drawn(theirs, "dh")[:, 1], np.abs(explorer.values["rnn"]["dh"][:6])
    )
    explorer.detach = True
    ours, theirs = explorer.picture().panels
    np.testing.assert_array_equal(
        drawn(ours, "wire: product of f")[:, 1], np.abs(explorer.values["wire"][:6])
    )
    np.testing.assert_array_equal(drawn(theirs, "dh"), [[6, 1]])  # nothing else is left
