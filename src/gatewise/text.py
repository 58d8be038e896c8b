"""The words of the series: six sentences, their vocabulary, and one-hot rows."""

from difflib import get_close_matches

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
        return np.array([self._lookup(word) for word in _split(sentence)])

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


def one_hot(numbers, size, dtype=np.float64):
    """Rows of zeros with a single one.

    numbers: ints from 0 to size − 1, of any shape. Returns (*numbers.shape, size) in `dtype`.
    Raises ValueError for a number outside.
    """
    numbers = np.asarray(numbers)
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


def _split(sentence):
    words = sentence.split()
    if not words:
        raise ValueError("the sentence is empty")
    return words
