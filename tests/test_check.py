"""`compare` and `exercise` give correct verdicts; `central_difference` gives correct gradients."""

import numpy as np
import pytest
import torch

from gatewise.cells import lstm
from gatewise.check import as_array, central_difference, compare, exercise


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


def test_compare_takes_empty_arrays_and_writes_tolerances_with_one_digit(capsys):
    assert compare("nothing", np.zeros((0, 3)), np.zeros((0, 3)), tol=1e-6) is True
    assert capsys.readouterr().out == "nothing                  yes (to 1e-6)\n"


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_nan_and_infinity_equal_nothing(wrong, capsys):
    for ours, reference in [(wrong, 1.0), (1.0, wrong), (wrong, wrong), (np.ones(2) * wrong, 1.0)]:
        assert not compare("h", np.array([1.0, 2.0]) * ours, np.array([1.0, 2.0]) * reference)
    assert capsys.readouterr().out.splitlines()[0] == "h                        no: NaN or infinity"


def test_compare_names_shapes_that_differ_and_broadcasts_nothing(capsys):
    assert compare("h", np.ones((2, 1)), np.ones((2, 3))) is False
    assert "no: expected shape (2, 3), got (2, 1)" in capsys.readouterr().out


class Refuses:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no equality")


@pytest.mark.filterwarnings("ignore:torch.quantize")  # quantize_per_tensor is deprecated
def test_compare_has_a_verdict_for_any_objects(capsys):
    """`compare` never raises an error, whatever the types of `ours` and `other`."""
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    for ours, other in [
        (np.array([True]), np.array([False])),
        (torch.ones(2, dtype=torch.bfloat16), torch.zeros(2, dtype=torch.bfloat16)),
        (torch.eye(2).to_sparse(), torch.zeros(2, 2)),
        (torch.tensor([1j]).to_sparse(), torch.tensor([2j])),
        (quantized, torch.zeros(2)),
        (torch.tensor([1j]).conj(), torch.tensor([1j])),
        ([[1.0], [2.0, 3.0]], [[1.0], [2.0, 4.0]]),
        (np.array([1, None]), np.array([2, None])),
        (None, 0),
        ("yes", "no"),
        (np.uint8([0]), np.uint8([255])),
        (np.array(["2026"], "M8[Y]"), np.array(["2027"], "M8[Y]")),
        ({1, 2}, {1}),
        ([], [1.0]),
    ]:
        assert compare("itself", ours, ours) is True
        assert compare("another", ours, other) is False
    capsys.readouterr()
    assert compare("refuses", Refuses(), 1.0) is False
    assert capsys.readouterr().out == "refuses                  no: RuntimeError\n"
    assert compare("no data", torch.ones(2, device="meta"), torch.ones(2)) is False
    assert compare("no tolerance", 1.0, 1.0, tol=None) is False
    assert compare(None, 1.0, 1.0) is True


def test_compare_gives_a_group_one_verdict_and_names_the_difference(capsys):
    grads = {"dc": np.ones(3), "dh": np.ones((2, 2))}
    assert compare("2 gradients", grads, {k: torch.tensor(v) for k, v in grads.items()})
    assert not compare("2 gradients", grads, grads | {"dh": np.zeros((2, 2))})
    assert not compare("1 gradient", {"dc": grads["dc"]}, grads)
    assert not compare("2 gradients", grads, {"dc": grads["dc"]})
    assert not compare("no group", grads, 1.0)
    assert capsys.readouterr().out == (
        "2 gradients              yes (to 1e-12)\n"
        "2 gradients              no, in dh\n"
        "1 gradient               no: expected dc, dh, got dc\n"
        "2 gradients              no: expected dc, got dc, dh\n"
        "no group                 no\n"
    )


def test_each_array_in_a_group_has_its_own_scale(capsys):
    large, small = np.array([1e6, 1.0]), np.array([1e-6, 0.0])
    assert not compare("list", [large, small], [large, 2 * small])
    assert not compare("tuple", (large, small), (large, small, small))
    params = lstm.Params.random(2, 3, np.random.default_rng(0))
    assert compare("parameters", params, list(params))
    assert not compare("parameters", list(params), params._replace(b_hh=-params.b_hh))
    assert capsys.readouterr().out.splitlines() == [
        "list                     no, in 1",
        "tuple                    no: expected 3 values, got 2",
        "parameters               yes (to 1e-12)",
        "parameters               no, in b_hh",
    ]


@pytest.mark.parametrize("pack", [lambda rows: [{"row": row} for row in rows], lambda rows: [rows]])
def test_groups_may_be_nested(pack, capsys):
    rows = [np.ones(2), np.array([1e-6, 0.0])]
    assert compare("itself", pack(rows), pack(rows))
    assert not compare("another", pack(rows), pack([rows[0], 2 * rows[1]]))
    assert "no, in " in capsys.readouterr().out


def test_rows_of_an_array_and_numbers_in_a_list_share_one_scale():
    array = np.array([[1, 1], [2e-13, 0]])
    for rows in ([np.ones(2), np.full(2, 1e-13)], [[1.0, 1.0], [1e-13, 1e-13]]):
        assert compare("rows", rows, array)
    assert compare("rows", [[1.0], [1e-13]], [[1.0], [2e-13]])
    assert compare("losses", [1.0, 2.0], np.array([1.0, 2.0]))
    assert compare("losses", [*np.array([1.0, 1e-13])], [*np.array([1.0, 2e-13])])


def test_an_overflow_is_a_difference_like_any_other(capsys):
    assert not compare("h", 1e308, -1e308)
    assert capsys.readouterr().out == "h                        no\n"


def test_as_array_reads_all_kinds_of_tensors():
    tensor = torch.tensor([1 + 2j], requires_grad=True)
    assert as_array(tensor.conj()).tolist() == [1 - 2j]
    assert as_array([[1, 2]]).tolist() == [[1, 2]]


def test_central_difference_of_a_cubic():
    w = np.array([[0.5, -1.0], [2.0, 0.0]])
    gradient = central_difference(lambda v: (v**3).sum(), w)
    np.testing.assert_allclose(gradient, 3 * w**2, atol=1e-8)
    assert w[0, 0] == 0.5  # the argument must not change
    tensor = central_difference(lambda v: torch.tensor(v**3).sum(), torch.tensor(w))
    np.testing.assert_allclose(tensor, gradient)
    coarse = central_difference(lambda v: (v**3).sum(), w, eps=0.1)
    np.testing.assert_allclose(coarse - 3 * w**2, 0.01, atol=1e-12)  # for a cubic, the error is ε²


@pytest.mark.parametrize("w", [np.float32([1.0]), np.array([1]), [1], np.array([1j])])
def test_central_difference_refuses_an_array_with_fewer_digits(w):
    with pytest.raises(ValueError, match="^w: expected float64, got (float32|int64|complex128)"):
        central_difference(lambda v: v.sum(), w)


def test_central_difference_refuses_a_loss_with_fewer_digits_or_many_numbers():
    w = np.ones(2)
    with pytest.raises(ValueError, match="^loss: expected one float64 number, got float32"):
        central_difference(lambda v: v.astype(np.float32).sum(), w)
    with pytest.raises(ValueError, match="^loss: expected one float64 number, got float64 of"):
        central_difference(lambda v: v, w)
    with pytest.raises(ValueError, match="^loss: expected one float64 number, got complex128"):
        central_difference(lambda v: 1j * v.sum(), w)
    with pytest.raises(ValueError, match="^eps: expected a number above 0, got 0$"):
        central_difference(lambda v: v.sum(), w, eps=0)
    assert central_difference(lambda v: 0, w).tolist() == [0, 0]


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
        ([[2]], {2}, "not right yet"),
        (np.empty(0), [], "right"),
        (torch.ones(2, dtype=torch.bfloat16), np.ones(2), "right"),
        ([[1], [2, 3]], np.ones(2), "not right yet"),
        (1 + 1j, 1.0, "not right yet"),
        (1, {"a": 0.5}, "not right yet"),
        (Refuses(), 1.0, "not right yet"),
    ],
)
def test_exercise(answer, right, verdict, capsys):
    exercise(1, answer, right)
    assert capsys.readouterr().out == f"exercise 1: {verdict}\n"


def test_exercise_accepts_an_answer_that_is_off_by_the_tolerance(capsys):
    exercise(2, 1.5, 1.0, tol=0.5)
    exercise(2, 1.75, 1.0, tol=0.5)
    assert capsys.readouterr().out == "exercise 2: right\nexercise 2: not right yet\n"
