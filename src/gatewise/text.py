"""Text as numbers: indices of words and letters, one-hot rows, and padded or packed batches."""

import unicodedata
from difflib import get_close_matches
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from gatewise.check import as_array

SENTENCES = (
    "i like dog",
    "i love coffee",
    "i hate milk",
    "you like cat",
    "you love milk",
    "you hate coffee",
)


class Vocabulary:
    """The distinct words in a list of sentences, sorted and indexed.

    sentences: strings of words separated by spaces. The strings are normalized to Unicode's NFC
    form, so that an accented letter is one character.
    The attribute `words` is a tuple; a word's index is its position in this tuple. len() returns
    the number of words.
    Raises ValueError for an empty sentence or for a string instead of a list.
    """

    def __init__(self, sentences=SENTENCES):
        self.words = tuple(sorted({word for s in _listed(sentences) for word in _split(s)}))
        self._index = {word: n for n, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, sentence):
        """Return the indices of a sentence's words as an int64 array (T,).

        Raises ValueError for an empty sentence or an unknown word.
        """
        return np.array([self._lookup(word) for word in _split(sentence)], np.int64)

    def decode(self, ids):
        """Return the words with the given indices as one string, separated by spaces.

        ids: ints (T,). Raises ValueError for an index out of range.
        """
        return " ".join(self.words[n] for n in _checked_ids(ids, len(self)))

    def _lookup(self, word):
        if word not in self._index:
            hint = _similar(word, self.words)
            raise ValueError(f"expected a word of the vocabulary, got {word!r}; {hint}")
        return self._index[word]


def with_ums(n, sentences=SENTENCES):
    """Insert n "um"s after the first word of each sentence, as in "i um um like dog" for n = 2.

    sentences: strings. Returns a tuple of strings. Raises ValueError for a negative n.
    """
    if n < 0:
        raise ValueError(f"n: expected 0 or more, got {n}")
    return tuple(
        " ".join([first, *["um"] * n, *rest]) for first, *rest in map(_split, _listed(sentences))
    )


class Letters:
    """The distinct letters in a list of names, sorted and indexed; index 0 means padding.

    names: strings.
    The attribute `letters` is a string; a letter's index is its position in this string, counted
    from 1. len() returns the number of indices, including 0.
    """

    def __init__(self, names):
        names = map(_normalized, _listed(names))
        self.letters = "".join(sorted(set("".join(names))))
        self._index = {letter: n for n, letter in enumerate(self.letters, start=1)}

    def __len__(self):
        return len(self.letters) + 1

    def encode(self, name):
        """Return the indices of a name's letters as an int64 array (T,).

        Raises ValueError for an empty name or an unknown letter.
        """
        name = _normalized(name)
        if not name:
            raise ValueError("expected a name of at least one letter, got an empty one")
        for letter in name:
            if letter not in self._index:
                got = f"got {letter!r} in {name!r}"
                raise ValueError(f"expected letters of {self.letters!r}, {got}")
        return np.array([self._index[letter] for letter in name], np.int64)

    def decode(self, ids):
        """Return the letters with the given indices as one string, without padding.

        ids: ints (T,). Raises ValueError for an index out of range.
        """
        return "".join(self.letters[n - 1] for n in _checked_ids(ids, len(self)) if n > 0)


class Packed(NamedTuple):
    """Sequences without padding, stored one time step after another, as in a PackedSequence."""

    data: np.ndarray  # (N, …), the time steps of all sequences; N is the total length
    batch_sizes: np.ndarray  # (T,), the number of sequences that reach time step t
    order: np.ndarray  # (B,), the indices of the sequences, from longest to shortest


def surnames():
    """Return the surnames in data/surnames.txt, from the PyPI package Faker (MIT license).

    Returns a dict from eight languages to sorted tuples of surnames, spelled with the letters a
    to z. No surname appears under more than one language.
    """
    text = files("gatewise.data").joinpath("surnames.txt").read_text(encoding="utf-8")
    lines = [line.split(": ") for line in text.splitlines() if not line.startswith("#")]
    return {language: tuple(names.split()) for language, names in lines}


def pad(sequences, value=0):
    """Combine sequences of different lengths into one array, with padding after each sequence.

    sequences: B arrays (T_b, …) whose shapes differ only in T_b. value: the padding value.
    Returns the padded array (T, B, …) and the lengths, int64 (B,). T is the maximum length.
    Raises ValueError for an empty list or sequence, for mismatched shapes, and for a value that the
    sequences' dtype can't hold, such as NaN for ints.
    """
    sequences = [_array(sequence) for sequence in sequences]
    if not sequences:
        raise ValueError("sequences: expected at least one, got none")
    for sequence in sequences:
        if sequence.shape[1:] != sequences[0].shape[1:] or sequence.ndim == 0:
            wanted = str(("T", *sequences[0].shape[1:])).replace("'T'", "T")
            raise ValueError(f"sequences: expected shapes {wanted}, got {sequence.shape}")
        if sequence.dtype.kind not in "biufc":
            raise ValueError(f"sequences: expected numbers, got {sequence.dtype}")
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    check_lengths(lengths, lengths.max(), len(lengths))
    shape = (lengths.max(), len(sequences), *sequences[0].shape[1:])
    padded = _filled(shape, value, np.result_type(*sequences))
    for b, sequence in enumerate(sequences):
        padded[: len(sequence), b] = sequence
    return padded, lengths


def pack(padded, lengths):
    """Remove the padding, and store the sequences one time step after another.

    padded: (T, B, …). lengths: ints (B,), from 1 to T.
    Returns a Packed with the longest sequence first; sequences of equal length keep their order.
    Raises ValueError for lengths that are out of range or for an array without the axes T and B.
    """
    padded, lengths = as_array(padded), as_array(lengths)
    if padded.ndim < 2:
        raise ValueError(f"padded: expected (T, B, …), got {padded.shape}")
    check_lengths(lengths, *padded.shape[:2])
    order = np.argsort(-lengths, kind="stable")
    batch_sizes = np.array([np.sum(lengths > t) for t in range(lengths.max())], np.int64)
    steps = [padded[t, order[:size]] for t, size in enumerate(batch_sizes)]
    return Packed(np.concatenate(steps), batch_sizes, order)


def unpack(packed, value=0):
    """Undo `pack`: return the padded array and the lengths, with sequences in the original order.

    packed: a Packed. value: the padding value.
    Returns the padded array (T, B, …) and the lengths, int64 (B,). T is the maximum length.
    Raises ValueError for a padding value that the dtype can't hold.
    """
    data, batch_sizes, order = packed
    padded = _filled((len(batch_sizes), len(order), *data.shape[1:]), value, data.dtype)
    ends = np.cumsum(batch_sizes)
    for t, (size, end) in enumerate(zip(batch_sizes, ends, strict=True)):
        padded[t, order[:size]] = data[end - size : end]
    lengths = np.empty(len(order), np.int64)
    lengths[order] = [np.sum(batch_sizes > b) for b in range(len(order))]
    return padded, lengths


def bucket(lengths, size, rng):
    """Group sequences of similar lengths into batches that need little padding.

    lengths: ints (N,). size: the number of sequences per batch; one batch may be smaller.
    rng: a `numpy.random.Generator`, used to shuffle batches and sequences of equal length.
    Returns a list of int arrays with the indices of the sequences, one array per batch. Each index
    occurs exactly once.
    Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"size: expected at least 1, got {size}")
    shuffled = rng.permutation(len(lengths))
    by_length = shuffled[np.argsort(as_array(lengths)[shuffled], kind="stable")]
    batches = [by_length[start : start + size] for start in range(0, len(by_length), size)]
    return [batches[n] for n in rng.permutation(len(batches))]


def check_lengths(lengths, T, B):
    """Raise ValueError unless `lengths` contains B ints from 1 to T and B is at least 1."""
    lengths = as_array(lengths)
    if lengths.shape != (B,) or B == 0:
        raise ValueError(f"lengths: expected (B,) = ({B},), got {lengths.shape}")
    if lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths: expected ints, got {lengths.dtype}")
    for b, length in enumerate(lengths):
        if not 1 <= length <= T:
            raise ValueError(f"lengths: expected 1 to {T}, got {length} for sequence {b}")


def one_hot(ids, size, dtype=np.float64):
    """Return one row per id, with a 1 in the id's column and zeros elsewhere.

    ids: ints from 0 to size − 1, of any shape. Returns an array (*ids.shape, size) of `dtype`.
    Raises ValueError for ids that are out of range or aren't ints.
    """
    ids = _checked_ids(ids, size)
    rows = np.zeros((*ids.shape, size), dtype)
    np.put_along_axis(rows, ids[..., None], 1, axis=-1)
    return rows


def last_word_task(sentences, vocabulary, dtype=np.float64):
    """Return inputs and targets for predicting the last word of a sentence from the other words.

    sentences: B strings of T + 1 words each. vocabulary: a Vocabulary of D words.
    Returns x (T, B, D), one-hot rows of `dtype`, and y (B,), the indices of the last words.
    Raises ValueError for unequal lengths, for one-word sentences, and for unknown words.
    """
    ids = [vocabulary.encode(s) for s in _listed(sentences)]
    lengths = sorted({len(n) for n in ids})
    if len(lengths) != 1 or lengths[0] < 2:
        raise ValueError(f"sentences: expected equal lengths of at least two words, got {lengths}")
    ids = np.stack(ids, axis=1)  # (T + 1, B), with time as the first axis
    return one_hot(ids[:-1], len(vocabulary), dtype), ids[-1]


def _checked_ids(ids, size):
    """Return `ids` as an int array; raise ValueError unless all ids are between 0 and size − 1."""
    ids = as_array(ids)
    if ids.size == 0:
        ids = ids.astype(int)  # NumPy converts an empty list to float64
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids: expected ints, got {ids.dtype}")
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(f"ids: expected 0 to {size - 1}, got {ids.min()} to {ids.max()}")
    return ids


def _filled(shape, value, dtype):
    """Return an array filled with `value`; raise ValueError if `dtype` can't hold `value`."""
    with np.errstate(invalid="ignore", over="ignore"):
        held = np.array(value).astype(dtype)
        is_held = np.isclose(held.astype(complex), value, equal_nan=True)
    if not is_held:
        raise ValueError(f"value: expected a number that {dtype} can hold, got {value}")
    return np.full(shape, held)


def _array(sequence):
    """Return an array unchanged, or convert a list of ints to int64 on all platforms."""
    array = as_array(sequence)
    is_list_of_ints = array.dtype.kind == "i" and not hasattr(sequence, "dtype")
    return array.astype(np.int64) if is_list_of_ints else array


def _listed(strings):
    """Return a list of strings unchanged; raise ValueError for a single string."""
    if isinstance(strings, str):
        raise ValueError(f"expected a list of strings, got the string {strings!r}")
    return strings


def _normalized(text):
    """Return text in Unicode's NFC form, in which an accented letter is one character."""
    return unicodedata.normalize("NFC", text)


def _split(sentence):
    words = _normalized(sentence).split()
    if not words:
        raise ValueError("expected a sentence of at least one word, got an empty one")
    return words


def _similar(word, known):
    """Return a hint that lists known words similar to `word` or, failing that, ten known words."""
    by_case = {each.casefold(): each for each in reversed(known)}
    close = get_close_matches(word.casefold(), by_case, cutoff=0.5)
    if word.casefold() in close:
        close = [word.casefold()]
    if close:
        return f"similar: {', '.join(by_case[each] for each in close)}"
    return f"there are {', '.join(known[:10])}{', …' if len(known) > 10 else ''}"
