"""Proofs in one line each: `compare` two results, take a gradient by differences."""

import numpy as np


def compare(name, ours, reference, tol=1e-12):
    """Print `name   yes (to tol)` or `name   no`, and return which.

    ours, reference: arrays, numbers or torch tensors of the same shape.
    tol: the largest absolute difference allowed, in units of the largest absolute reference value
    (absolute, if the reference is zero throughout).
    The difference itself is never printed: its digits change from machine to machine.
    Returns a bool and never raises, so that a notebook can say `assert compare(…)`.
    """
    ours, reference = _array(ours), _array(reference)
    if ours.shape != reference.shape:
        verdict = f"no: its shape is {ours.shape}, the reference has {reference.shape}"
        same = False
    else:
        scale = np.abs(reference).max(initial=0) or 1
        same = bool(np.abs(ours - reference).max(initial=0) <= tol * scale)  # NaN: no
        verdict = f"yes (to {tol:.0e})".replace("e-0", "e-") if same else "no"
    print(f"{name:<24} {verdict}")
    return same


def central_difference(loss, w, step=1e-5):
    """The gradient of `loss` by every entry of `w`, by differences alone.

    loss: a function of an array like w, returning a number. w: float64 array of any shape.
    step: half the distance between the two points; the error of the result falls with step² and
    grows with 1e-16 / step.
    Returns an array like w.
    """
    gradient = np.empty_like(w)
    for place in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[place] += step
        down[place] -= step
        gradient[place] = (loss(up) - loss(down)) / (2 * step)
    return gradient


def exercise(number, answer, right, tol=1e-3):
    """Print whether the reader's `answer` to an exercise is `right`.

    answer: None while there is none; else a number, an array, a list of them, a set, a dict of
    numbers, True or False.
    tol: how far a number may be off.
    """
    if answer is None:
        verdict = "no answer yet"
    elif _same(answer, right, tol):
        verdict = "right"
    else:
        verdict = "not right yet"
    print(f"exercise {number}: {verdict}")


def _same(answer, right, tol):
    if isinstance(right, dict):
        return (
            isinstance(answer, dict)
            and answer.keys() == right.keys()
            and all(_same(answer[key], right[key], tol) for key in right)
        )
    if isinstance(right, set):
        return isinstance(answer, set | list | tuple) and set(answer) == right
    try:
        answer, right = (np.asarray(_array(value), dtype=float) for value in (answer, right))
        return answer.shape == right.shape and bool(np.abs(answer - right).max() <= tol)
    except (TypeError, ValueError):  # words where numbers are meant
        return False


def _array(values):
    """A NumPy array of what may be a torch tensor, without asking torch."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
