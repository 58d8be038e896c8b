"""`compare` says yes and no where it should, and never raises."""

from collections import namedtuple

import numpy as np
import pytest
import torch

from gatewise.check import central_difference, compare, exercise


def test_compare_prints_a_name_a_verdict_and_the_tolerance(capsys):
    assert compare("h", np.ones(3), torch.ones(3, requires_grad=True))
    assert capsys.readouterr().out == "h                        yes (to 1e-12)\n"


def test_compare_is_relative_to_the_largest_reference_value(capsys):
    reference = np.array([0.0, 1e6])
    assert compare("h", reference + 0.9e-6, reference)
    assert not compare("h", reference + 1.1e-6, reference)
    assert compare("zero", np.full(2, 1e-12), np.zeros(2))
    assert not compare("zero", np.full(2, 1.1e-12), np.zeros(2))


def test_compare_says_no_and_does_not_print_the_difference(capsys):
    assert not compare("h", 1.25, 1.0, tol=0.1)
    assert capsys.readouterr().out == "h                        no\n"


def test_compare_is_relative_to_reference_values_below_one(capsys):
    assert not compare("small", 0.25 + 0.5e-12, 0.25)
    assert compare("small", 0.25 + 0.2e-12, 0.25)


def test_compare_takes_what_is_empty_and_writes_tolerances_of_one_digit(capsys):
    assert compare("nothing", np.zeros((0, 3)), np.zeros((0, 3)), tol=1e-6) is True
    assert capsys.readouterr().out == "nothing                  yes (to 1e-6)\n"


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_compare_says_no_to_what_is_not_a_number(wrong, capsys):
    assert not compare("h", np.array([1.0, wrong]), np.ones(2))


def test_compare_says_which_shapes_differ_and_broadcasts_nothing(capsys):
    assert compare("h", np.ones((2, 1)), np.ones((2, 3))) is False
    assert "no: expected shape (2, 3), got (2, 1)" in capsys.readouterr().out


GROUP = {"W": np.ones((2, 3)), "b": np.full(3, 1e-6)}


def test_a_group_gets_one_line_and_each_member_its_own_scale(capsys):
    ours = GROUP | {"W": GROUP["W"] + 1e-13}
    theirs = {name: torch.from_numpy(value) for name, value in reversed(GROUP.items())}
    assert compare("both gradients", ours, theirs) is True
    assert capsys.readouterr().out == "both gradients           yes (to 1e-12)\n"
    assert not compare("both gradients", GROUP | {"b": GROUP["b"] + 1e-13}, theirs)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ({"W": GROUP["W"] + 1, "b": GROUP["b"] + 1}, "no, in W"),
        ({"W": GROUP["W"], "b": GROUP["b"] + 1}, "no, in b"),
        ({"W": GROUP["W"], "b": np.ones(2)}, "no: expected shape (3,), got (2,), in b"),
        ({"W": GROUP["W"], "b": GROUP["b"] * np.nan}, "no: NaN or infinity, in b"),
        ({"W": GROUP["W"]}, "no: expected W, b, got W"),
        (GROUP | {"c": 1.0}, "no: expected W, b, got W, b, c"),
        (list(GROUP.values()), "no"),
    ],
)
def test_a_group_names_the_first_member_that_differs(ours, verdict, capsys):
    assert compare("group", ours, GROUP) is False
    assert capsys.readouterr().out == f"group                    {verdict}\n"


def test_a_group_may_be_a_tuple_and_a_named_tuple_names_its_members(capsys):
    reference = namedtuple("Grads", "W b")(**GROUP)
    assert compare("tuple", tuple(GROUP.values()), reference)
    assert not compare("tuple", (GROUP["W"], GROUP["b"] + 1), reference)
    assert not compare("tuple", (GROUP["W"], GROUP["b"] + 1), tuple(reference))
    assert not compare("tuple", (GROUP["W"],), reference)
    assert capsys.readouterr().out.splitlines() == [
        "tuple                    yes (to 1e-12)",
        "tuple                    no, in b",
        "tuple                    no, in 1",
        "tuple                    no: expected 2 values, got 1",
    ]


@pytest.mark.parametrize(
    ("ours", "reference", "same"),
    [
        (np.array([True]), np.array([True]), True),
        (np.array([True]), np.array([False]), False),
        (torch.ones(2, dtype=torch.bfloat16), np.ones(2), True),
        ([[1], [2, 3]], [[1], [2, 3]], True),
        ([[1], [2, 3]], [[1], [2, 4]], False),
        ("word", "word", True),
        (None, 1.0, False),
        (1j, 1j, True),
        ({"a": 1.0}, 1.0, False),
    ],
)
def test_compare_never_raises(ours, reference, same, capsys):
    assert compare("h", ours, reference) is same


def test_central_difference_of_a_cubic():
    w = np.array([[0.5, -1.0], [2.0, 0.0]])
    gradient = central_difference(lambda v: (v**3).sum(), w)
    np.testing.assert_allclose(gradient, 3 * w**2, atol=1e-8)
    assert w[0, 0] == 0.5  # the argument is left as it was


@pytest.mark.parametrize(
    ("w", "loss", "eps", "message"),
    [
        (np.ones(2, np.float32), np.sum, 1e-5, "w: expected float64, got float32"),
        (np.ones(2), np.float32, 1e-5, "loss: expected one float64 number"),
        (np.ones(2), np.sum, 0, "eps: expected a number above 0, got 0"),
    ],
)
def test_central_difference_refuses_in_one_sentence(w, loss, eps, message):
    with pytest.raises(ValueError, match=message):
        central_difference(loss, w, eps)


@pytest.mark.parametrize(
    ("answer", "right", "verdict"),
    [
        (None, 6, "no answer yet"),
        (6, 6, "right"),
        (5, 6, "not right yet"),
        ("six", 6, "not right yet"),
        (np.ones(2), np.ones(2) + 1e-4, "right"),
        (np.ones(2), np.ones(3), "not right yet"),
        ([2], {2}, "right"),
        ({1, 2}, {2}, "not right yet"),
        (2, {2}, "not right yet"),
        (True, True, "right"),
        (False, True, "not right yet"),
        ({"a": 0.5}, {"a": 0.5004}, "right"),
        ({"a": 0.5}, {"a": 0.5, "b": 1}, "not right yet"),
        ({"a": None}, {"a": 0.5}, "not right yet"),
    ],
)
def test_exercise(answer, right, verdict, capsys):
    exercise(1, answer, right)
    assert capsys.readouterr().out == f"exercise 1: {verdict}\n"


def test_exercise_takes_an_answer_that_is_off_by_the_tolerance(capsys):
    exercise(2, 1.5, 1.0, tol=0.5)
    exercise(2, 1.75, 1.0, tol=0.5)
    assert capsys.readouterr().out == "exercise 2: right\nexercise 2: not right yet\n"
