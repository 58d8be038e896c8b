"""Results of experiments that take too long to run in a notebook, read from CSV files."""

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np


class Um(NamedTuple):
    """One row of `um.csv`: the result of one network trained by benchmarks/um.py."""

    model: str  # "RNN", "LSTM", "GRU", or the name of an LSTM variant, such as "without tanh of c"
    forget_bias: int  # the number added to the forget-gate bias
    readout: str  # the initialization of the readout, "normal" or "linear"
    ums: int  # the number of "um"s between the subject and the verb
    seed: int  # the seed for the initial weights
    right: int  # the number of correct answers after training, from 0 to 6
    loss: float  # the loss in nats before the last of 1,000 updates
    apart_h: float | None  # |Δh| between "i … like" and "you … like" after the last word
    apart_c: float | None  # the corresponding |Δc|, or None if it is missing


def um(**where):
    """Return a list of the rows of `um.csv` whose fields have the given values.

    where: the required values of some fields, such as model="LSTM" and ums=30.
    Raises ValueError for an unknown field or for a value that isn't in any row.
    """
    kinds = [str, int, str, int, int, int, float, float, float]
    lines = files(__name__).joinpath("um.csv").read_text(encoding="utf-8").splitlines()
    rows = [
        Um(*(kind(cell) if cell else None for kind, cell in zip(kinds, cells, strict=True)))
        for cells in list(csv.reader(lines))[1:]
    ]
    unknown = where.keys() - set(Um._fields)
    if unknown:
        fields = ", ".join(Um._fields)
        raise ValueError(f"expected fields among {fields}, got {min(unknown)!r}")
    for field, value in where.items():
        values = dict.fromkeys(getattr(row, field) for row in rows)
        if value not in values:
            known = ", ".join(map(repr, list(values)[:10]))
            raise ValueError(f"{field}: expected one of {known}, got {value!r}")
    return [row for row in rows if all(getattr(row, k) == v for k, v in where.items())]


def names(share="test"):
    """Return one column of `names.csv`, the output of benchmarks/names.py.

    share: "validation" or "test" for the accuracy on that set, or "commonest" for the share of test
    names for which the model gives its most frequent answer.
    Returns a dict that maps the models in notebook 7 to arrays (seeds,), ordered by seed.
    """
    lines = files(__name__).joinpath("names.csv").read_text(encoding="utf-8").splitlines()
    found = {}
    for row in csv.DictReader(lines):
        found.setdefault(row["model"], []).append(float(row[share]))
    return {model: np.array(shares) for model, shares in found.items()}
