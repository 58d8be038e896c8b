"""Functions that compare two results, compute a numerical gradient or grade an exercise."""

from collections.abc import Mapping

import numpy as np


def compare(name, ours, reference, tol=1e-12):
    """Print whether two results agree, as `name   yes (to tol)` or `name   no`.

    ours, reference: numbers, arrays or torch tensors of the same shape. Two dicts with the same
    keys get a single verdict, as do two lists with the same number of arrays. Objects of other
    types agree if they are equal. NaN and infinity never agree with anything.
    tol: the largest difference allowed, relative to the largest absolute value of the reference. If
    the reference contains only zeros, `tol` is the largest absolute difference allowed.
    The difference is never printed, because its digits vary between machines.
    Returns True or False, and never raises an error.
    """
    try:
        reason = _why_not(ours, reference, tol)
        passed = f"yes (to {tol:.0e})".replace("e-0", "e-")
    except Exception as error:  # some objects can't be compared
        reason = f"no: {type(error).__name__}"
    print(f"{name!s:<24} {reason or passed}")
    return not reason


def _why_not(ours, reference, tol):
    """Return "" if two results agree within `tol`; otherwise, return "no" and any known reason."""
    if isinstance(ours, Mapping) and isinstance(reference, Mapping):
        if ours.keys() != reference.keys():
            return f"no: expected {', '.join(map(str, reference))}, got {', '.join(map(str, ours))}"
        pairs = {key: (ours[key], reference[key]) for key in reference}
    elif _is_group(ours) and _is_group(reference):
        if len(ours) != len(reference):
            return f"no: expected {len(reference)} values, got {len(ours)}"
        names = getattr(reference, "_fields", range(len(reference)))
        pairs = dict(zip(names, zip(ours, reference, strict=True), strict=True))
    else:
        return _why_not_array(_numbers(ours), _numbers(reference), tol)
    reasons = ((key, _why_not(*pair, tol)) for key, pair in pairs.items())
    return next((f"{reason}, in {key}" for key, reason in reasons if reason), "")


def _why_not_array(ours, reference, tol):
    if ours.shape != reference.shape:
        return f"no: expected shape {reference.shape}, got {ours.shape}"
    if "O" in (ours.dtype.kind, reference.dtype.kind):  # at least one array contains objects
        return "" if np.array_equal(ours, reference) else "no"
    if not (np.isfinite(ours).all() and np.isfinite(reference).all()):
        return "no: NaN or infinity"
    with np.errstate(over="ignore"):
        difference = np.abs(ours - reference).max(initial=0)
    return "" if difference <= tol * (np.abs(reference).max(initial=0) or 1) else "no"


def _is_group(values):
    """Return whether `values` is a list of arrays rather than a list of numbers."""
    return isinstance(values, list | tuple) and any(
        np.ndim(v) > 0 if hasattr(v, "shape") else isinstance(v, Mapping) or _is_group(v)
        for v in values
    )


def _numbers(values):
    """Return numbers as a float64 or complex128 array, and anything else as an array of objects."""
    try:
        array = as_array(values)
    except (TypeError, ValueError, RuntimeError):
        if hasattr(values, "detach"):  # NumPy has no bfloat16, quantized or sparse arrays
            values = values.detach().cpu()
            values = values.dequantize() if values.is_quantized else values.to_dense()
            array = as_array(values if values.is_complex() else values.double())
        else:  # the rows have unequal lengths
            array = np.empty((), object)
            array[()] = values
    kind = array.dtype.kind
    return array.astype({"c": complex}.get(kind, float) if kind in "biufc" else object)


def central_difference(loss, w, eps=1e-5):
    """Compute the gradient of `loss` with respect to `w` by central differences.

    loss: a function that takes an array shaped like `w` and returns a number. w: a float64 array of
    any shape. eps: the step size ε, half the distance between the two evaluation points. The error
    of the result has two parts, one proportional to ε² and one proportional to 1e-16 / ε.
    Returns an array shaped like `w`.
    Raises ValueError if `w` or the loss isn't float64, or if ε isn't positive.
    Source: the formula (L(w + ε) − L(w − ε)) / 2ε, applied to one entry of `w` at a time.
    """
    w = as_array(w)
    if w.dtype != np.float64:
        raise ValueError(f"w: expected float64, got {w.dtype}: differences need all its digits")
    if not eps > 0:
        raise ValueError(f"eps: expected a number above 0, got {eps}")
    gradient = np.empty_like(w)
    for index in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[index] += eps
        down[index] -= eps
        gradient[index] = (_double(loss(up)) - _double(loss(down))) / (2 * eps)
    return gradient


def _double(value):
    """Return a loss as a float; raise ValueError for an array, a float16 or a float32."""
    value = as_array(value)
    coarse = value.dtype in (np.float16, np.float32)
    if value.shape != () or coarse or value.dtype.kind not in "biuf":
        got = f"{value.dtype} of shape {value.shape}"
        raise ValueError(f"loss: expected one float64 number, got {got}")
    return float(value)


def exercise(number, answer, right, tol=1e-3):
    """Print whether the reader's answer to an exercise is right.

    number: the number of the exercise. answer: None, True or False, a number, an array, a list, a
    set, or a dict whose values are such answers. right: the correct answer, of the same type.
    tol: the largest absolute difference allowed for a number.
    """
    if answer is None:
        verdict = "no answer yet"
    elif _is_right(answer, right, tol):
        verdict = "right"
    else:
        verdict = "not right yet"
    print(f"exercise {number}: {verdict}")


def _is_right(answer, right, tol):
    try:
        if isinstance(right, dict):
            return answer.keys() == right.keys() and all(
                _is_right(answer[key], right[key], tol) for key in right
            )
        if isinstance(right, set):
            return isinstance(answer, set | list | tuple) and set(answer) == right
        answer, right = _numbers(answer), _numbers(right)
        return answer.shape == right.shape and bool(np.abs(answer - right).max(initial=0) <= tol)
    except Exception:  # a reader may type words instead of numbers
        return False


def as_array(values):
    """Convert values to an array of the same shape, without importing torch.

    values: an array, a number, a list or a torch tensor.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().resolve_conj().resolve_neg().numpy()
    return np.asarray(values)
