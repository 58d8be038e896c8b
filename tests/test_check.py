"""`compare` says yes and no where it should, and never raises."""

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
    assert "no: its shape is (2, 1), the reference has (2, 3)" in capsys.readouterr().out


def test_central_difference_of_a_cubic():
    w = np.array([[0.5, -1.0], [2.0, 0.0]])
    gradient = central_difference(lambda v: (v**3).sum(), w)
    np.testing.assert_allclose(gradient, 3 * w**2, atol=1e-8)
    assert w[0, 0] == 0.5  # the argument is left as it was


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
