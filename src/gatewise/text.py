"""Text as numbers: six sentences and their words, surnames and their letters, one-hot rows, and
sequences of different lengths in one batch: padded, packed, or bucketed.
"""

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
    """The distinct words of some sentences, sorted, each with its index.

    sentences: strings whose words are separated by spaces; accents in Unicode's form NFC, into
    which all other forms are brought.
    words: the words; a word's index is its place here. len() counts them.
    Raises ValueError for an empty sentence.
    """

    def __init__(self, sentences=SENTENCES):
        self.words = tuple(sorted({word for s in _listed(sentences) for word in _split(s)}))
        self._index = {word: n for n, word in enumerate(self.words)}

    def __len__(self):
        return len(self.words)

    def encode(self, sentence):
        """Return the indices of a sentence's words, an int64 array (T,).

        Raises ValueError for an empty sentence, and for an unknown word, with similar known ones.
        """
        return np.array([self._lookup(word) for word in _split(sentence)], np.int64)

    def decode(self, ids):
        """Return the words with these indices, separated by spaces."""
        return " ".join(self.words[n] for n in _checked_ids(ids, len(self)))

    def _lookup(self, word):
        if word not in self._index:
            hint = _similar(word, self.words)
            raise ValueError(f"expected a word of the vocabulary, got {word!r}; {hint}")
        return self._index[word]


def with_ums(n, sentences=SENTENCES):
    """Return the sentences with n "um"s after their first word: "i um um like dog" for n = 2."""
    if n < 0:
        raise ValueError(f"n: expected 0 or more, got {n}")
    return tuple(
        " ".join([first, *["um"] * n, *rest]) for first, *rest in map(_split, _listed(sentences))
    )


class Letters:
    """The distinct letters of some names, sorted, each with its index; 0 is for padding.

    names: strings.
    letters: the letters as one string; a letter's index is its place here, counted from 1.
    len() counts the indices, the padding among them.
    """

    def __init__(self, names):
        names = map(_normalized, _listed(names))
        self.letters = "".join(sorted(set("".join(names))))
        self._index = {letter: n for n, letter in enumerate(self.letters, start=1)}

    def __len__(self):
        return len(self.letters) + 1

    def encode(self, name):
        """Return the indices of a name's letters, an int64 array (T,).

        Raises ValueError for an empty name, and for a letter that is not known.
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
        """Return the letters with these indices, without the padding."""
        return "".join(self.letters[n - 1] for n in _checked_ids(ids, len(self)) if n > 0)


class Packed(NamedTuple):
    """Sequences without their padding, step by step, like torch's PackedSequence."""

    data: np.ndarray  # (N, …), N the sum of the lengths: step 1 of all, step 2 of the longer, …
    batch_sizes: np.ndarray  # (T,), how many sequences have a step t
    order: np.ndarray  # (B,), which sequences these are: the longest first


def surnames():
    """Return surnames by language, from the PyPI package Faker (MIT license).

    Returns a dict of eight languages, each a tuple of names in plain letters a to z, sorted;
    no name belongs to two languages. They are in data/surnames.txt.
    """
    text = files("gatewise.data").joinpath("surnames.txt").read_text(encoding="utf-8")
    lines = [line.split(": ") for line in text.splitlines() if not line.startswith("#")]
    return {language: tuple(names.split()) for language, names in lines}


def pad(sequences, value=0):
    """Put sequences of different lengths into one array, filled up at their ends.

    sequences: B arrays (T_b, …), which differ in their length only. value: fills the rest.
    Returns the padded array (T, B, …), T the longest length, and the lengths, int64 (B,).
    Raises ValueError for no sequence at all, for an empty one, and for a value that the sequences'
    dtype can't hold, such as NaN among ints.
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
    """Leave the padding out: first all first steps, then all second ones, …, longest first.

    padded: (T, B, …). lengths: ints (B,), from 1 to T.
    Returns Packed. Sequences of the same length stay in their order.
    Raises ValueError for lengths that don't fit.
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
    """Return the padded array and the lengths again, in the order from before `pack`.

    packed: Packed. value: fills the rest, as in `pad`.
    Returns (T, B, …), T the longest length, and the lengths, int64 (B,).
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
    """Make batches of similar lengths, so that little padding is needed.

    lengths: ints (N,). size: sequences per batch; the last one cut may have fewer.
    rng: a `numpy.random.Generator`, which shuffles the batches, and sequences of the same length.
    Returns a list of int arrays: the places of the sequences in each batch, each place once.
    Raises ValueError for a size below 1.
    """
    if size < 1:
        raise ValueError(f"size: expected at least 1, got {size}")
    shuffled = rng.permutation(len(lengths))
    by_length = shuffled[np.argsort(as_array(lengths)[shuffled], kind="stable")]
    batches = [by_length[start : start + size] for start in range(0, len(by_length), size)]
    return [batches[n] for n in rng.permutation(len(batches))]


def check_lengths(lengths, T, B):
    """Raise ValueError, in one sentence, unless `lengths` are B ints from 1 to T."""
    lengths = as_array(lengths)
    if lengths.shape != (B,) or B == 0:
        raise ValueError(f"lengths: expected (B,) = ({B},), got {lengths.shape}")
    if lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths: expected ints, got {lengths.dtype}")
    for b, length in enumerate(lengths):
        if not 1 <= length <= T:
            raise ValueError(f"lengths: expected 1 to {T}, got {length} for sequence {b}")


def one_hot(ids, size, dtype=np.float64):
    """Return rows of zeros with a single one each.

    ids: ints from 0 to size − 1, of any shape. Returns (*ids.shape, size) in `dtype`.
    Raises ValueError for an id outside this range, or one that is no int.
    """
    ids = _checked_ids(ids, size)
    rows = np.zeros((*ids.shape, size), dtype)
    np.put_along_axis(rows, ids[..., None], 1, axis=-1)
    return rows


def last_word_task(sentences, vocabulary, dtype=np.float64):
    """Return a task: from all words of a sentence but the last, predict the last.

    sentences: strings of one length. Returns x (T, B, D), one-hot, and y (B,), the indices of
    the last words; T is a sentence's length − 1, B the number of sentences, D = len(vocabulary).
    Raises ValueError for sentences of different lengths, or of a single word.
    """
    ids = [vocabulary.encode(s) for s in _listed(sentences)]
    lengths = sorted({len(n) for n in ids})
    if len(lengths) != 1 or lengths[0] < 2:
        raise ValueError(f"sentences: expected one length of at least two words, got {lengths}")
    ids = np.stack(ids, axis=1)  # (T + 1, B): time first
    return one_hot(ids[:-1], len(vocabulary), dtype), ids[-1]


def _checked_ids(ids, size):
    """Return `ids` as an int array; raise ValueError unless all are from 0 to size − 1."""
    ids = as_array(ids)
    if ids.size == 0:
        ids = ids.astype(int)  # NumPy takes an empty list for floats
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids: expected ints, got {ids.dtype}")
    if ids.size and not 0 <= ids.min() <= ids.max() < size:
        raise ValueError(f"ids: expected 0 to {size - 1}, got {ids.min()} to {ids.max()}")
    return ids


def _filled(shape, value, dtype):
    """Return an array full of `value`; raise ValueError unless its dtype can hold it."""
    with np.errstate(invalid="ignore", over="ignore"):
        held = np.array(value).astype(dtype)
        is_held = np.isclose(held.astype(complex), value, equal_nan=True)
    if not is_held:
        raise ValueError(f"value: expected a number that {dtype} can hold, got {value}")
    return np.full(shape, held)


def _array(sequence):
    """Return an array as it is, and ints in a list as int64: Windows has int32 in NumPy 1.26."""
    array = as_array(sequence)
    is_list_of_ints = array.dtype.kind == "i" and not hasattr(sequence, "dtype")
    return array.astype(np.int64) if is_list_of_ints else array


def _listed(strings):
    """Return several strings as they are; raise ValueError for a single one."""
    if isinstance(strings, str):
        raise ValueError(f"expected a list of strings, got the string {strings!r}")
    return strings


def _normalized(text):
    """Return a text in Unicode's form NFC, in which an accent belongs to its letter."""
    return unicodedata.normalize("NFC", text)


def _split(sentence):
    words = _normalized(sentence).split()
    if not words:
        raise ValueError("expected a sentence of at least one word, got an empty one")
    return words


def _similar(word, known):
    """Say which known words are like this one, in other letters or another case, or which exist."""
    by_case = {each.casefold(): each for each in reversed(known)}
    close = get_close_matches(word.casefold(), by_case, cutoff=0.5)
    if word.casefold() in close:
        close = [word.casefold()]
    if close:
        return f"similar: {', '.join(by_case[each] for each in close)}"
    return f"there are {', '.join(known[:10])}{', …' if len(known) > 10 else ''}"
