import numpy as np
import pytest

from gatewise.text import SENTENCES, Vocabulary, last_word_task, one_hot


def test_the_nine_words_in_the_order_of_the_alphabet():
    words = Vocabulary().words
    assert words == ("cat", "coffee", "dog", "hate", "i", "like", "love", "milk", "you")


def test_encode_and_decode():
    vocabulary = Vocabulary()
    assert vocabulary.encode("you like cat").tolist() == [8, 5, 0]
    for sentence in SENTENCES:
        assert vocabulary.decode(vocabulary.encode(sentence)) == sentence


def test_unknown_word_is_named_with_the_nearest_known():
    with pytest.raises(ValueError, match="^unknown word 'lovve'; the nearest known: love"):
        Vocabulary().encode("i lovve milk")


def test_unknown_word_with_nothing_in_common_still_gets_an_answer():
    with pytest.raises(ValueError, match="^unknown word 'ß'; the nearest known: "):
        Vocabulary().encode("ß")


@pytest.mark.parametrize("empty", ["", "   "])
def test_empty_sentence(empty):
    with pytest.raises(ValueError, match="^the sentence is empty$"):
        Vocabulary().encode(empty)
    with pytest.raises(ValueError, match="^the sentence is empty$"):
        Vocabulary(["i like dog", empty])


def test_one_hot():
    rows = one_hot([[2, 0]], 3, np.float32)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[[0, 0, 1], [1, 0, 0]]]


@pytest.mark.parametrize("outside", [-1, 3])
def test_one_hot_outside(outside):
    with pytest.raises(ValueError, match="is not within 0 to 2"):
        one_hot([0, outside], 3)


def test_last_word_task_has_time_first():
    vocabulary = Vocabulary()
    x, y = last_word_task(SENTENCES, vocabulary)
    assert x.shape == (2, 6, 9)
    for b, sentence in enumerate(SENTENCES):
        ids = vocabulary.encode(sentence)
        assert x[:, b].argmax(axis=1).tolist() == ids[:2].tolist()
        assert y[b] == ids[2]
    assert x.sum() == 12


@pytest.mark.parametrize("sentences", [["i like dog", "i like"], ["i", "you"]])
def test_last_word_task_wants_one_length(sentences):
    with pytest.raises(ValueError, match="sentences of one length, two words or more, are meant"):
        last_word_task(sentences, Vocabulary())
