"""Four tasks for a cell that the reader programs by hand or trains.

A sequence contains the inputs and, for each time step, the bounds on c. Training minimizes the mean
of (c − target)² over all time steps that have bounds; see `Sequence.target`.
"""

from typing import NamedTuple

import numpy as np

from gatewise.cells import lstm

WORDS = "so we ran home and she sang all day in the sun as he read on".split()


class Sequence(NamedTuple):
    """A sequence from a task. The cell starts with h = 0. Bounds are infinite where c is free."""

    x: np.ndarray  # (T,)
    c0: float  # the cell state before the first time step
    low: np.ndarray  # (T,)
    high: np.ndarray  # (T,)
    text: str = ""  # a string of T characters, if x encodes one

    def run(self, params):
        """Run a cell on this sequence.

        params: an `lstm.Params` with one unit and one feature. Returns an `lstm.Trace`.
        """
        return lstm.forward(params, self.x[:, None, None], c0=np.full((1, 1), self.c0))

    def right(self, params):
        """Return whether c stays within the bounds. params: the same as for `run`."""
        c = self.run(params).c.ravel()
        return bool(((self.low <= c) & (c <= self.high)).all())

    @property
    def target(self):
        """The targets (T,): midway between two bounds, 0.5 inside a single bound, or NaN."""
        with np.errstate(invalid="ignore"):  # ∞ − ∞ gives NaN where c is free
            low = np.where(np.isfinite(self.low), self.low, self.high - 1)
            high = np.where(np.isfinite(self.high), self.high, self.low + 1)
            return (low + high) / 2


def keep(rng):
    """Draw a sequence of 20 noisy inputs, during which c must stay within 0.1 of c_0.

    rng: a `numpy.random.Generator`. Returns a Sequence.
    """
    c0 = rng.choice([-1, 1]) * rng.uniform(0.5, 1.5)
    x = rng.normal(size=20).clip(-2, 2)
    return Sequence(x, c0, np.full(20, c0 - 0.1), np.full(20, c0 + 0.1))


def overwrite(rng):
    """Draw a sequence of 12 inputs of +1 or −1; at each time step, c must be within 0.1 of x.

    rng: a `numpy.random.Generator`. Returns a Sequence.
    """
    x = rng.choice([-1.0, 1.0], size=12)
    return Sequence(x, 0.0, x - 0.1, x + 0.1)


def count(rng):
    """Draw 10 to 20 inputs of 0 or 1; at the end, c must be within 0.25 of the number of ones.

    rng: a `numpy.random.Generator`. Returns a Sequence.
    """
    T = rng.integers(10, 21)
    x = rng.integers(0, 2, size=T).astype(float)
    bound = np.full(T, np.inf)
    bound[-1] = 0.25
    return Sequence(x, 0.0, x.sum() - bound, x.sum() + bound)


def quote(rng):
    """Draw a random text; c must be above 0.5 while a quote is open, and below 0.5 otherwise.

    Some quotes close twice, some never close, and some close before they open.
    rng: a `numpy.random.Generator`. Returns a Sequence.
    """
    words = list(rng.choice(WORDS, size=rng.integers(5, 8)))
    before, first, last, again = sorted(rng.choice(len(words), size=4, replace=False))
    words[before] += rng.choice(["’", "", ""])
    words[first] = "‘" + words[first]
    words[last] += rng.choice(["’", "’", "’’", ""])
    words[again] = rng.choice(["‘", ""]) + words[again]
    words[-1] += rng.choice(["’", "", ""])
    return read(" ".join(words))


def read(text):
    """Return the quote task for a text: x is +1 at ‘, −1 at ’, and 0 at any other character."""
    x = np.array([(letter == "‘") - (letter == "’") for letter in text], dtype=float)
    is_open, low, high = False, np.full(len(x), -np.inf), np.full(len(x), np.inf)
    for t, sign in enumerate(x):
        is_open = sign > 0 or (is_open and sign == 0)
        (low if is_open else high)[t] = 0.5
    return Sequence(x, 0.0, low, high, text)


TASKS = {"keep": keep, "overwrite": overwrite, "count": count, "quote": quote}


def loss(params, sequences):
    """Return the mean of (c − target)² over all time steps with bounds.

    params: an `lstm.Params` with one unit and one feature. sequences: a list of Sequences.
    """
    distances = [s.run(params).c.ravel() - s.target for s in sequences]
    return float(np.nanmean(np.concatenate(distances) ** 2))


def visible(task, number=8):
    """Return the fixed sequences that are shown while the reader sets the weights.

    task: a key of `TASKS`. number: the number of sequences. Returns a list of Sequences.
    """
    rng = np.random.default_rng(1)
    first = [read("He said, ‘I love you.’")] if task == "quote" else []
    return first + [TASKS[task](rng) for _ in range(number - len(first))]


def unseen(task, number=40):
    """Return the fixed sequences on which the reader's cell is checked.

    task, number: the same as for `visible`. Returns a list of Sequences.
    """
    rng = np.random.default_rng(2)
    return [TASKS[task](rng) for _ in range(number)]


def starts(number=20):
    """Return fixed random weights from −1 to 1, as starting points for gradient descent.

    number: the number of starting points. Returns a list of dicts with w_x, w_h and b.
    """
    drawn = np.random.default_rng(3).uniform(-1, 1, (number, 3, 4)).round(2).tolist()
    by_gate = [[dict(zip("ifgo", row, strict=True)) for row in rows] for rows in drawn]
    return [dict(zip(("w_x", "w_h", "b"), rows, strict=True)) for rows in by_gate]


# The learning rate, number of steps and initial weights for gradient descent in the browser.
DESCENT = {"rate": 0.1, "steps": 3000, "starts": starts()}
