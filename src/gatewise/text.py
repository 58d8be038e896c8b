"""Text as numbers: six sentences and their words, surnames and their letters, one-hot rows, and
sequences of different length in one batch: padded, packed, or put with others of like length.
"""

from difflib import get_close_matches
from importlib.resources import files
from typing import NamedTuple

import numpy as np

SENTENCES = (
    "i like dog",
    "i love coffee",
    "i hate milk",
    "you like cat",
    "you love milk",
    "you hate coffee",
)


class Vocabulary:
    """The distinct words of some sentences, sorted, each with its number.

    sentences: strings whose words are separated by spaces.
    words: the words; a word's number is its place here. len() counts them.
    Raises ValueError for an empty sentence.
    """

    def __init__(self, sentences=SENTENCES):
        self.words = tuple(sorted({word for s in sentences for word in _split(s)}))
        self._number = {word: n for n, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, sentence):
        """The numbers of a sentence's words, an int64 array (T,).

        Raises ValueError for an empty sentence, and for an unknown word, with the nearest known.
        """
        return np.array([self._lookup(word) for word in _split(sentence)], np.int64)

    def decode(self, numbers):
        """The words that belong to these numbers, separated by spaces."""
        return " ".join(self.words[n] for n in numbers)

    def _lookup(self, word):
        if word not in self._number:
            nearest = get_close_matches(word, self.words, cutoff=0) or self.words
            raise ValueError(f"unknown word {word!r}; the nearest known: {', '.join(nearest)}")
        return self._number[word]


def with_ums(n, sentences=SENTENCES):
    """The sentences with n "um"s after their first word: "i um um like dog" for n = 2."""
    return tuple(s.replace(" ", " um" * n + " ", 1) for s in sentences)


class Letters:
    """The distinct letters of some names, sorted, each with its number; 0 is for padding.

    names: strings.
    letters: the letters as one string; a letter's number is its place here, counted from 1.
    len() counts the numbers, the padding among them.
    """

    def __init__(self, names):
        self.letters = "".join(sorted(set("".join(names))))
        self._number = {letter: n for n, letter in enumerate(self.letters, start=1)}

    def __len__(self):
        return len(self.letters) + 1

    def encode(self, name):
        """The numbers of a name's letters, an int64 array (T,).

        Raises ValueError for an empty name, and for a letter that is not known.
        """
        if not name:
            raise ValueError("the name is empty")
        for letter in name:
            if letter not in self._number:
                known = f"the known ones are {self.letters!r}"
                raise ValueError(f"unknown letter {letter!r} in {name!r}; {known}")
        return np.array([self._number[letter] for letter in name], np.int64)

    def decode(self, numbers):
        """The letters that belong to these numbers, without the padding."""
        return "".join(self.letters[n - 1] for n in numbers if n > 0)


class Packed(NamedTuple):
    """Sequences without their padding, step by step: what torch calls a PackedSequence."""

    data: np.ndarray  # (N, …), N the sum of the lengths: step 1 of all, step 2 of the longer, …
    batch_sizes: np.ndarray  # (T,), how many sequences have a step t
    order: np.ndarray  # (B,), which sequences these are: the longest first


def surnames():
    """Surnames by language, from the PyPI package Faker (MIT license, in data/surnames.txt).

    Returns a dict of eight languages, each a tuple of names in plain letters a to z, sorted;
    no name belongs to two languages.
    """
    text = files("gatewise.data").joinpath("surnames.txt").read_text(encoding="utf-8")
    lines = [line.split(": ") for line in text.splitlines() if not line.startswith("#")]
    return {language: tuple(names.split()) for language, names in lines}


def pad(sequences, value=0):
    """Sequences of different length side by side, filled up at their ends.

    sequences: B arrays (T_b, …), alike but for their length. value: what to fill up with.
    Returns the padded array (T, B, …), T the longest length, and the lengths, int64 (B,).
    Raises ValueError for no sequence at all, and for an empty one.
    """
    sequences = [_array(sequence) for sequence in sequences]
    if not sequences:
        raise ValueError("there is no sequence to pad")
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    check_lengths(lengths, lengths.max(), len(lengths))
    shape = (lengths.max(), len(sequences), *sequences[0].shape[1:])
    padded = np.full(shape, value, np.result_type(*sequences))
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, lengths


def pack(padded, lengths):
    """Leave the padding out: first all first steps, then all second ones, …, longest first.

    padded: (T, B, …). lengths: ints (B,), from 1 to T.
    Returns Packed. Sequences of the same length stay in their order.
    Raises ValueError for lengths that do not fit.
    """
    lengths = np.asarray(lengths)
    check_lengths(lengths, *padded.shape[:2])
    order = np.argsort(-lengths, kind="stable")
    batch_sizes = np.array([np.sum(lengths > t) for t in range(lengths.max())], np.int64)
    steps = [padded[t, order[:size]] for t, size in enumerate(batch_sizes)]
    return Packed(np.concatenate(steps), batch_sizes, order)


def unpack(packed, value=0):
    """The padded array and the lengths again, in the order from before `pack`.

    packed: Packed. value: what to fill up with.
    Returns (T, B, …), T the longest length, and the lengths, int64 (B,).
    """
    data, batch_sizes, order = packed
    padded = np.full((len(batch_sizes), len(order), *data.shape[1:]), value, data.dtype)
    ends = np.cumsum(batch_sizes)
    for t, (size, end) in enumerate(zip(batch_sizes, ends, strict=True)):
        padded[t, order[:size]] = data[end - size : end]
    lengths = np.empty(len(order), np.int64)
    lengths[order] = [np.sum(batch_sizes > b) for b in range(len(order))]
    return padded, lengths


def bucket(lengths, size, rng):
    """Batches of like length, so that little has to be padded.

    lengths: ints (N,). size: sequences in a batch; the last one cut may have fewer.
    rng: a `numpy.random.Generator`, which shuffles the batches, and sequences of the same length.
    Returns a list of int arrays: the places of the sequences in each batch, each place once.
    Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"size={size}, but a batch has at least one sequence")
    shuffled = rng.permutation(len(lengths))
    by_length = shuffled[np.argsort(np.asarray(lengths)[shuffled], kind="stable")]
    batches = [by_length[start : start + size] for start in range(0, len(by_length), size)]
    return [batches[n] for n in rng.permutation(len(batches))]


def check_lengths(lengths, T, B):
    """Raise ValueError, in one sentence, unless `lengths` are B lengths from 1 to T."""
    lengths = np.asarray(lengths)
    if lengths.shape != (B,):
        raise ValueError(f"lengths has shape {lengths.shape}, but (B,) = ({B},) is meant")
    if lengths.min() < 1:
        b = lengths.argmin()
        raise ValueError(f"sequence {b} has length {lengths[b]}, but an empty one cannot be read")
    if lengths.max() > T:
        b = lengths.argmax()
        raise ValueError(f"sequence {b} has length {lengths[b]}, but its row has {T} steps")


def one_hot(numbers, size, dtype=np.float64):
    """Rows of zeros with a single one.

    numbers: ints from 0 to size − 1, of any shape. Returns (*numbers.shape, size) in `dtype`.
    Raises ValueError for a number outside, or one that is no int.
    """
    numbers = np.asarray(numbers)
    if numbers.size == 0:
        numbers = numbers.astype(int)  # NumPy takes an empty list for floats
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"numbers are {numbers.dtype}, but ints are meant")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < size:
        raise ValueError(f"{numbers.min()} to {numbers.max()} is not within 0 to {size - 1}")
    return np.eye(size, dtype=dtype)[numbers]


def last_word_task(sentences, vocabulary, dtype=np.float64):
    """All words but the last go in, the last is to come out.

    sentences: strings of one length. Returns x (T, B, D), one-hot, and y (B,), the numbers of
    the last words; T is a sentence's length − 1, B the number of sentences, D = len(vocabulary).
    Raises ValueError for sentences of different length, or of a single word.
    """
    numbers = [vocabulary.encode(s) for s in sentences]
    lengths = sorted({len(n) for n in numbers})
    if len(lengths) != 1 or lengths[0] < 2:
        raise ValueError(f"sentences of one length, two words or more, are meant; got {lengths}")
    numbers = np.stack(numbers, axis=1)  # (T + 1, B): time first
    return one_hot(numbers[:-1], len(vocabulary), dtype), numbers[-1]


def _array(sequence):
    """An array as it is, and ints in a list as int64: NumPy 1.26 has int32 for them on Windows."""
    array = np.asarray(sequence)
    is_list_of_ints = array.dtype.kind == "i" and not hasattr(sequence, "dtype")
    return array.astype(np.int64) if is_list_of_ints else array


def _split(sentence):
    words = sentence.split()
    if not words:
        raise ValueError("the sentence is empty")
    return words
