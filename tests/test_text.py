import importlib.util
import os
import re

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from gatewise.text import (
    SENTENCES,
    Letters,
    Vocabulary,
    bucket,
    check_lengths,
    last_word_task,
    one_hot,
    pack,
    pad,
    surnames,
    unpack,
    with_ums,
)
from tools import make_surnames


def test_the_nine_words_in_the_order_of_the_alphabet():
    words = Vocabulary().words
    assert words == ("cat", "coffee", "dog", "hate", "i", "like", "love", "milk", "you")


def test_encode_and_decode():
    vocabulary = Vocabulary()
    assert vocabulary.encode("you like cat").tolist() == [8, 5, 0]
    for sentence in SENTENCES:
        assert vocabulary.decode(vocabulary.encode(sentence)) == sentence


def test_unknown_word_is_named_with_the_nearest_known():
    sentence = "^unknown word 'lovve'; the nearest known: love, like, coffee$"
    with pytest.raises(ValueError, match=sentence):
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


def test_ums_follow_the_first_word():
    assert with_ums(2)[3] == "you um um like cat"
    assert with_ums(0) == SENTENCES


def test_one_hot_of_one_number():
    assert one_hot(1, 3).tolist() == [0, 1, 0]
    assert one_hot(np.empty(0, int), 3).shape == (0, 3)
    assert one_hot([], 3).shape == (0, 3)


def test_one_hot_of_what_is_no_int():
    with pytest.raises(ValueError, match="^numbers are float64, but ints are meant$"):
        one_hot([1.0], 3)


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


def test_last_word_task_of_two_words_and_in_another_dtype():
    x, y = last_word_task(["i like", "you like"], Vocabulary(), np.float32)
    assert (x.shape, x.dtype, y.tolist()) == ((1, 2, 9), np.float32, [5, 5])


def test_letters_are_numbered_from_one_and_back():
    letters = Letters(["anna", "bo"])
    assert letters.letters == "abno"
    assert len(letters) == 5  # with the padding
    assert letters.encode("bob").tolist() == [2, 4, 2]
    assert letters.encode("bob").dtype == np.int64
    assert letters.decode([2, 4, 2, 1, 0, 0]) == "boba"


def test_an_unknown_letter_is_named_with_its_name_and_the_known():
    with pytest.raises(ValueError, match="^unknown letter 'c' in 'abc'; the known ones are 'ab'$"):
        Letters(["ab"]).encode("abc")


def test_an_empty_name():
    with pytest.raises(ValueError, match="^the name is empty$"):
        Letters(["ab"]).encode("")


def test_surnames_are_plain_and_belong_to_one_language_each():
    found = surnames()
    assert list(found) == list(make_surnames.LOCALES)
    names = [name for some in found.values() for name in some]
    assert len(names) == len(set(names)) > 5000
    assert all(re.fullmatch("[a-z]+", name) for name in names)
    assert min(map(len, found.values())) > 300


def test_the_file_of_surnames_carries_the_license_of_its_source():
    text = make_surnames.PATH.read_text(encoding="utf-8")
    assert "Copyright (c) 2012 Daniele Faraglia" in text
    assert "Permission is hereby granted, free of charge" in text


def test_accents_are_folded():
    assert make_surnames.fold("Škorić") == "skoric"
    assert make_surnames.fold("Đurđević-Weiß") == "durdevic-weiss"


@pytest.mark.skipif(
    importlib.util.find_spec("faker") is None and not os.environ.get("GATEWISE_SKIP_NOTHING"),
    reason="Faker is not installed",
)
def test_the_file_of_surnames_is_what_its_script_makes():
    assert make_surnames.PATH.read_text(encoding="utf-8") == make_surnames.text()


SEQUENCES = [[3, 1], [5, 5, 5, 2], [7], [1, 2, 3, 4], [9, 8]]


def test_pad_as_torch():
    padded, lengths = pad(SEQUENCES, value=-1)
    reference = pad_sequence([torch.tensor(s) for s in SEQUENCES], padding_value=-1)
    assert padded.tolist() == reference.tolist()
    assert (padded.dtype, lengths.dtype) == (np.int64, np.int64)
    assert lengths.tolist() == [2, 4, 1, 4, 2]


def test_pad_series_with_features():
    padded, lengths = pad([np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)])
    assert padded.shape == (2, 2, 3)
    assert padded.dtype == np.float32
    assert padded.sum() == 9
    assert lengths.tolist() == [2, 1]


def test_pad_one_sequence():
    padded, lengths = pad([[4, 5, 6]])
    assert (padded.tolist(), lengths.tolist()) == ([[4], [5], [6]], [3])


def test_pad_nothing():
    with pytest.raises(ValueError, match="^there is no sequence to pad$"):
        pad([])


def test_pad_an_empty_sequence():
    with pytest.raises(ValueError, match="^sequence 1 has length 0, but an empty one cannot be"):
        pad([[1, 2], []])


@pytest.mark.parametrize("features", [(), (3,)])
def test_pack_as_torch(features):
    rng = np.random.default_rng(0)
    padded, lengths = pad([rng.normal(size=(len(s), *features)) for s in SEQUENCES])
    packed = pack(padded, lengths)
    assert packed.order.tolist() == [1, 3, 0, 4, 2]  # like lengths stay in their order
    in_order = torch.from_numpy(padded[:, packed.order])
    theirs = pack_padded_sequence(in_order, torch.from_numpy(lengths[packed.order]))
    assert packed.data.tolist() == theirs.data.tolist()
    assert packed.batch_sizes.tolist() == theirs.batch_sizes.tolist()
    assert len(packed.data) == lengths.sum()


@pytest.mark.parametrize("features", [(), (3,)])
def test_unpack_gives_back_what_was_packed(features):
    rng = np.random.default_rng(0)
    padded, lengths = pad([rng.normal(size=(len(s), *features)) for s in SEQUENCES], value=7)
    again, lengths_again = unpack(pack(padded, lengths), value=7)
    np.testing.assert_array_equal(again, padded)
    assert lengths_again.tolist() == lengths.tolist()
    in_order = torch.from_numpy(padded)
    packed = pack_padded_sequence(in_order, torch.from_numpy(lengths), enforce_sorted=False)
    assert pad_packed_sequence(packed, padding_value=7)[0].tolist() == again.tolist()


def test_pack_does_not_look_at_the_padding():
    padded, lengths = pad(SEQUENCES)
    other, _ = pad(SEQUENCES, value=99)
    np.testing.assert_array_equal(pack(padded, lengths).data, pack(other, lengths).data)


def test_like_lengths_stay_in_their_order_however_many_they_are():
    lengths = np.random.default_rng(0).integers(1, 4, 500)
    order = pack(np.zeros((3, 500)), lengths).order
    assert order.tolist() == sorted(range(500), key=lambda b: -lengths[b])


def test_unpack_fills_up_with_zeros_unless_told():
    padded, lengths = pad(SEQUENCES)
    again, lengths_again = unpack(pack(padded, lengths))
    np.testing.assert_array_equal(again, padded)
    assert lengths_again.dtype == np.int64


def test_pack_a_batch_of_one():
    packed = pack(np.array([[4], [5], [0]]), [2])
    assert packed.data.tolist() == [4, 5]
    assert packed.batch_sizes.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("lengths", "sentence"),
    [
        ([2, 4, 1, 5, 2], "^sequence 3 has length 5, but its row has 4 steps$"),
        ([2, 4, 0, 4, 2], "^sequence 2 has length 0, but an empty one cannot be read$"),
        ([2, 4], r"^lengths has shape \(2,\), but \(B,\) = \(5,\) is meant$"),
    ],
)
def test_lengths_that_do_not_fit(lengths, sentence):
    padded, _ = pad(SEQUENCES)
    with pytest.raises(ValueError, match=sentence):
        pack(padded, lengths)
    with pytest.raises(ValueError, match=sentence):
        check_lengths(torch.tensor(lengths), *padded.shape)


def test_bucket_has_each_place_once_and_like_lengths_together():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 50, 103)
    batches = bucket(lengths, 10, rng)
    assert sorted(np.concatenate(batches).tolist()) == list(range(103))
    assert sorted(map(len, batches)) == [3] + [10] * 10
    spans = sorted((lengths[batch].min(), lengths[batch].max()) for batch in batches)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))


def test_bucket_shuffles_batches_and_like_lengths():
    first, second = (bucket(np.full(40, 5), 8, np.random.default_rng(seed)) for seed in (0, 1))
    assert [sorted(b) for b in first] != [sorted(b) for b in second]
    again = bucket(np.full(40, 5), 8, np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    order = [n[0] for n in bucket(np.arange(40), 8, np.random.default_rng(0))]
    assert order != sorted(order)


def test_bucket_leaves_like_lengths_as_they_were_shuffled():
    lengths = np.random.default_rng(1).integers(1, 4, 500)
    (only,) = bucket(lengths, 500, np.random.default_rng(0))
    shuffled = np.random.default_rng(0).permutation(500)
    assert only.tolist() == sorted(shuffled, key=lambda n: lengths[n])


def test_batches_of_one():
    batches = bucket([1, 2], 1, np.random.default_rng(0))
    assert sorted(batch.tolist() for batch in batches) == [[0], [1]]


def test_a_batch_of_none():
    with pytest.raises(ValueError, match="^size=0, but a batch has at least one sequence$"):
        bucket([1, 2], 0, np.random.default_rng(0))
