"""Four things to program into a cell by hand, and how they are judged.

A sequence says what goes in and between which bounds c must stay, step by step.
"""

from typing import NamedTuple

import numpy as np

from gatewise.cells import lstm

WORDS = "so we ran home and she sang all day in the sun as he read on".split()


class Sequence(NamedTuple):
    """One sequence of a task; h starts at 0. Bounds are infinite where c is not judged."""

    x: np.ndarray  # (T,)
    c0: float
    low: np.ndarray  # (T,)
    high: np.ndarray  # (T,)
    text: str = ""  # T letters, where x was read off a text

    def run(self, params):
        """The `lstm.Trace` of a cell with these parameters, of one unit and one feature."""
        return lstm.forward(params, self.x[:, None, None], c0=np.full((1, 1), self.c0))

    def right(self, params):
        """Does the cell with these parameters stay within the bounds?"""
        c = self.run(params).c.ravel()
        return bool(((self.low <= c) & (c <= self.high)).all())


def keep(rng):
    """c stays within 0.1 of c_0 for 20 steps, while noise comes in."""
    c0 = rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)
    x = rng.normal(size=20).clip(-2, 2)
    return Sequence(x, c0, np.full(20, c0 - 0.1), np.full(20, c0 + 0.1))


def overwrite(rng):
    """x is +1 or −1, and c is within 0.1 of it at each step."""
    x = rng.choice([-1.0, 1.0], size=12)
    return Sequence(x, 0.0, x - 0.1, x + 0.1)


def count(rng):
    """x is 0 or 1, and at the end c is within 0.25 of the number of ones."""
    T = rng.integers(10, 21)
    x = rng.integers(0, 2, size=T).astype(float)
    bound = np.full(T, np.inf)
    bound[-1] = 0.25
    return Sequence(x, 0.0, x.sum() - bound, x.sum() + bound)


def quote(rng):
    """c is above 0.5 exactly while a quote is open; some close twice, some never, some before."""
    words = list(rng.choice(WORDS, size=rng.integers(5, 8)))
    before, first, last, again = sorted(rng.choice(len(words), size=4, replace=False))
    words[before] += rng.choice(["’", "", ""])
    words[first] = "‘" + words[first]
    words[last] += rng.choice(["’", "’", "’’", ""])
    words[again] = rng.choice(["‘", ""]) + words[again]
    words[-1] += rng.choice(["’", "", ""])
    return read(" ".join(words))


def read(text):
    """The quote task on a text: x is +1 at ‘, −1 at ’, 0 at any other letter."""
    x = np.array([(letter == "‘") - (letter == "’") for letter in text], dtype=float)
    is_open, low, high = False, np.full(len(x), -np.inf), np.full(len(x), np.inf)
    for t, sign in enumerate(x):
        is_open = sign > 0 or (is_open and sign == 0)
        (low if is_open else high)[t] = 0.5
    return Sequence(x, 0.0, low, high, text)


TASKS = {"keep": keep, "overwrite": overwrite, "count": count, "quote": quote}


def visible(task, number=8):
    """The sequences that are shown while the reader turns the weights."""
    rng = np.random.default_rng(1)
    first = [read("He said, ‘I love you.’")] if task == "quote" else []
    return first + [TASKS[task](rng) for _ in range(number - len(first))]


def unseen(task, number=40):
    """Other sequences of the same kind, for the check; the same ones each time."""
    rng = np.random.default_rng(2)
    return [TASKS[task](rng) for _ in range(number)]
