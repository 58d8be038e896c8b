"""The results of experiments that take too long for a notebook, read from CSV files."""

import csv
from importlib.resources import files
from typing import NamedTuple

import numpy as np


class Um(NamedTuple):
    """One row of `um.csv`, for one network trained by benchmarks/um.py."""

    model: str  # "RNN", "LSTM", "GRU", or an LSTM with one part left out: "without tanh of c"
    forget_bias: int  # as in `gatewise.models.add_forget_bias`
    readout: str  # "normal" or "linear", as in gatewise.models
    ums: int  # the number of "um"s between subject and verb
    seed: int  # the seed of the initial weights
    right: int  # the number of right answers after training, from 0 to 6
    loss: float  # the loss in nats before the last of 1,000 updates
    apart_h: float | None  # |Δh| between "i … like" and "you … like" after the last word
    apart_c: float | None  # the corresponding |Δc|; None if there is no c or |Δc| wasn't measured


def um(**where):
    """Return the rows of `um.csv` whose fields have the given values, as a list of Um.

    where: fields of Um and their values, such as model="LSTM", ums=30.
    Raises ValueError for an unknown field, and for a value that no row has.
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
    """Return one share per model and seed from `names.csv`, the output of benchmarks/names.py.

    share: "validation" or "test" for the share of names in that set classified correctly, or
    "commonest" for the share of test names that get the most frequent answer.
    Returns a dict from the models in notebook 7 to arrays (seeds,), for seeds 0, 1, 2, …
    """
    lines = files(__name__).joinpath("names.csv").read_text(encoding="utf-8").splitlines()
    found = {}
    for row in csv.DictReader(lines):
        found.setdefault(row["model"], []).append(float(row[share]))
    return {model: np.array(shares) for model, shares in found.items()}
