import importlib.util
import os
import re
import tracemalloc
import unicodedata

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


def test_the_nine_words_are_in_alphabetical_order():
    words = Vocabulary().words
    assert words == ("cat", "coffee", "dog", "hate", "i", "like", "love", "milk", "you")


def test_encode_and_decode():
    vocabulary = Vocabulary()
    assert vocabulary.encode("you like cat").tolist() == [8, 5, 0]
    for sentence in SENTENCES:
        assert vocabulary.decode(vocabulary.encode(sentence)) == sentence


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("lovve", "similar: love"),
        ("I", "similar: i"),
        ("LIKE", "similar: like"),
        ("dgo", "similar: dog"),
        ("luv", "similar: love"),
        ("mlik", "similar: milk, like"),
        ("ß", "there are cat, coffee, dog, hate, i, like, love, milk, you"),
    ],
)
def test_an_unknown_word_gets_the_suggestion_that_a_person_would_make(word, hint):
    sentence = f"^expected a word of the vocabulary, got {word!r}; {hint}$"
    with pytest.raises(ValueError, match=sentence):
        Vocabulary().encode(f"you {word} milk")


def test_a_large_vocabulary_shows_ten_of_its_words():
    with pytest.raises(ValueError, match="; there are w0, w1, w10, .*, …$") as error:
        Vocabulary(f"w{n}" for n in range(2000)).encode("ß")
    assert len(str(error.value)) < 120
    for words, end in [(10, "w9"), (11, "w8, …")]:  # the order is w0, w1, w10, w2, …
        with pytest.raises(ValueError, match=f"{end}$"):
            Vocabulary(f"w{n}" for n in range(words)).encode("ß")


@pytest.mark.parametrize(("words", "end"), [(10, "w9$"), (11, "w8, …$")])
def test_the_tenth_word_is_the_last_one_shown(words, end):
    with pytest.raises(ValueError, match=f"there are w0, .*{end}"):
        Vocabulary(f"w{n}" for n in range(words)).encode("ß")


def test_accents_are_the_same_in_every_form_of_unicode():
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    assert composed != decomposed
    for known, asked in [(composed, decomposed), (decomposed, composed)]:
        assert Vocabulary([known]).encode(asked).tolist() == [0]
        assert Letters([known]).encode(asked).tolist() == Letters([known]).encode(known).tolist()
    with pytest.raises(ValueError, match="got 'cafe'; similar: café$"):
        Vocabulary([decomposed]).encode("cafe")


@pytest.mark.parametrize("read", [Vocabulary, Letters, lambda s: with_ums(1, s)])
def test_a_single_string_is_refused(read):
    with pytest.raises(ValueError, match="^expected a list of strings, got the string 'i like'$"):
        read("i like")
    with pytest.raises(ValueError, match="^expected a list of strings, got the string 'i like'$"):
        last_word_task("i like", Vocabulary())


@pytest.mark.parametrize("read", [Vocabulary(), Letters(["abcdefgh"])])
def test_ids_out_of_range_are_refused(read):
    for wrong in ([-1], [0, 9]):
        with pytest.raises(ValueError, match="^ids: expected 0 to 8, got"):
            read.decode(wrong)
    with pytest.raises(ValueError, match="^ids: expected ints, got float64$"):
        read.decode([1.0])
    assert read.decode(torch.tensor([1, 2])) == read.decode([1, 2])


@pytest.mark.parametrize("empty", ["", "   "])
def test_empty_sentence(empty):
    for read in (Vocabulary().encode, lambda s: Vocabulary(["i like dog", s])):
        with pytest.raises(ValueError, match="^expected a sentence of at least one word, got an"):
            read(empty)


def test_ums_follow_the_first_word():
    assert with_ums(2)[3] == "you um um like cat"
    assert with_ums(0) == SENTENCES
    assert with_ums(2, ["i"]) == ("i um um",)
    with pytest.raises(ValueError, match="^n: expected 0 or more, got -1$"):
        with_ums(-1)


def test_one_hot_of_one_number():
    assert one_hot(1, 3).tolist() == [0, 1, 0]
    assert one_hot(np.empty(0, int), 3).shape == (0, 3)
    assert one_hot([], 3).shape == (0, 3)


def test_one_hot_refuses_ids_that_are_not_ints():
    with pytest.raises(ValueError, match="^ids: expected ints, got float64$"):
        one_hot([1.0], 3)


def test_one_hot():
    rows = one_hot([[2, 0]], 3, np.float32)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[[0, 0, 1], [1, 0, 0]]]


@pytest.mark.parametrize("outside", [-1, 3])
def test_one_hot_refuses_ids_out_of_range(outside):
    with pytest.raises(ValueError, match="^ids: expected 0 to 2, got"):
        one_hot([0, outside], 3)


def test_one_hot_needs_only_the_memory_of_its_result():
    """If memory use were quadratic in `size`, 33,000 words would take 8 GB."""
    one_hot([[3]], 10)  # NumPy allocates some memory on the first call
    tracemalloc.start()
    rows = one_hot([[3]], 33_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows.nbytes <= peak < 2 * rows.nbytes


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
def test_last_word_task_refuses_different_lengths(sentences):
    with pytest.raises(ValueError, match="sentences: expected equal lengths of at least two words"):
        last_word_task(sentences, Vocabulary())


def test_last_word_task_of_two_words_and_in_another_dtype():
    x, y = last_word_task(["i like", "you like"], Vocabulary(), np.float32)
    assert (x.shape, x.dtype, y.tolist()) == ((1, 2, 9), np.float32, [5, 5])


def test_letters_are_encoded_from_one_and_decoded():
    letters = Letters(["anna", "bo"])
    assert letters.letters == "abno"
    assert len(letters) == 5  # the padding is included
    assert letters.encode("bob").tolist() == [2, 4, 2]
    assert letters.encode("bob").dtype == np.int64
    assert letters.decode([2, 4, 2, 1, 0, 0]) == "boba"


def test_an_unknown_letter_is_refused_with_its_name_and_the_known_letters():
    with pytest.raises(ValueError, match="^expected letters of 'ab', got 'c' in 'abc'$"):
        Letters(["ab"]).encode("abc")


def test_an_empty_name():
    with pytest.raises(ValueError, match="^expected a name of at least one letter, got an empty"):
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
def test_the_script_makes_the_file_of_surnames():
    assert make_surnames.PATH.read_text(encoding="utf-8") == make_surnames.text()


SEQUENCES = [[3, 1], [5, 5, 5, 2], [7], [1, 2, 3, 4], [9, 8]]


def test_pad_equals_torch():
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


def test_pad_refuses_an_empty_list():
    with pytest.raises(ValueError, match="^sequences: expected at least one, got none$"):
        pad([])


def test_pad_refuses_an_empty_sequence():
    with pytest.raises(ValueError, match="^lengths: expected 1 to 2, got 0 for sequence 1$"):
        pad([[1, 2], []])


@pytest.mark.parametrize(
    ("sequences", "value"),
    [
        ([[1, 2], [3]], float("nan")),
        ([[1, 2], [3]], 0.5),
        ([np.int8([1, 2]), np.int8([3])], 300),
        ([np.uint8([1, 2]), np.uint8([3])], -1),
        ([[True], [False, True]], 2),
        ([np.float16([1]), np.float16([1, 2])], 1e9),
    ],
)
def test_pad_refuses_a_value_that_the_dtype_cannot_hold(sequences, value):
    dtype = np.result_type(*map(np.asarray, sequences))
    sentence = f"^value: expected a number that {dtype} can hold, got {value}$"
    with pytest.raises(ValueError, match=sentence):
        pad(sequences, value)
    if dtype.kind != "b":
        with pytest.raises(ValueError, match=sentence):
            unpack(pack(*pad(sequences)), value)


def test_pad_takes_nan_among_floats():
    padded, _ = pad([np.float32([1, 2]), np.float32([3])], float("nan"))
    assert padded.dtype == np.float32
    assert np.isnan(padded[1, 1])
    assert pad([np.float32([1, 2]), np.float32([3])], 0.1)[0][1, 1] == np.float32(0.1)
    assert pad([[1j, 2], [3]], 4j)[0][1, 1] == 4j


@pytest.mark.parametrize(
    ("sequences", "sentence"),
    [
        ([np.ones((2, 3)), np.ones((1, 1))], "expected shapes (T, 3), got (1, 1)"),
        ([1, 2], "expected shapes (T,), got ()"),
        ([["a"], ["b", "c"]], "expected numbers, got <U1"),
    ],
)
def test_pad_refuses_sequences_of_other_shapes(sequences, sentence):
    with pytest.raises(ValueError, match=f"^sequences: {re.escape(sentence)}$"):
        pad(sequences)


@pytest.mark.parametrize("features", [(), (3,)])
def test_pack_equals_torch(features):
    rng = np.random.default_rng(0)
    padded, lengths = pad([rng.normal(size=(len(s), *features)) for s in SEQUENCES])
    packed = pack(padded, lengths)
    assert packed.order.tolist() == [1, 3, 0, 4, 2]  # sequences of equal length keep their order
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


def test_pack_ignores_the_padding():
    padded, lengths = pad(SEQUENCES)
    other, _ = pad(SEQUENCES, value=99)
    np.testing.assert_array_equal(pack(padded, lengths).data, pack(other, lengths).data)


def test_equal_lengths_stay_in_their_order_however_many_there_are():
    lengths = np.random.default_rng(0).integers(1, 4, 500)
    order = pack(np.zeros((3, 500)), lengths).order
    assert order.tolist() == sorted(range(500), key=lambda b: -lengths[b])


def test_unpack_pads_with_zeros_by_default():
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
        ([2, 4, 1, 5, 2], "^lengths: expected 1 to 4, got 5 for sequence 3$"),
        ([2, 4, 0, 4, 2], "^lengths: expected 1 to 4, got 0 for sequence 2$"),
        ([2, 4], r"^lengths: expected \(B,\) = \(5,\), got \(2,\)$"),
        ([2.0, 4, 1, 4, 2], "^lengths: expected ints, got float(32|64)$"),
    ],
)
def test_lengths_out_of_range_are_refused(lengths, sentence):
    padded, _ = pad(SEQUENCES)
    with pytest.raises(ValueError, match=sentence):
        pack(padded, lengths)
    with pytest.raises(ValueError, match=sentence):
        check_lengths(torch.tensor(lengths), *padded.shape)


def test_pack_refuses_an_array_without_a_batch_axis():
    with pytest.raises(ValueError, match=r"^padded: expected \(T, B, …\), got \(3,\)$"):
        pack(np.zeros(3), [3])
    with pytest.raises(ValueError, match=r"^lengths: expected \(B,\) = \(0,\), got \(0,\)$"):
        pack(np.zeros((3, 0)), [])


def test_bucket_has_each_index_once_and_similar_lengths_together():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 50, 103)
    batches = bucket(lengths, 10, rng)
    assert sorted(np.concatenate(batches).tolist()) == list(range(103))
    assert sorted(map(len, batches)) == [3] + [10] * 10
    spans = sorted((lengths[batch].min(), lengths[batch].max()) for batch in batches)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))


def test_bucket_shuffles_batches_and_similar_lengths():
    first, second = (bucket(np.full(40, 5), 8, np.random.default_rng(seed)) for seed in (0, 1))
    assert [sorted(b) for b in first] != [sorted(b) for b in second]
    again = bucket(np.full(40, 5), 8, np.random.default_rng(0))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    order = [n[0] for n in bucket(np.arange(40), 8, np.random.default_rng(0))]
    assert order != sorted(order)


def test_bucket_leaves_equal_lengths_in_shuffled_order():
    lengths = np.random.default_rng(1).integers(1, 4, 500)
    (only,) = bucket(lengths, 500, np.random.default_rng(0))
    shuffled = np.random.default_rng(0).permutation(500)
    assert only.tolist() == sorted(shuffled, key=lambda n: lengths[n])


def test_batches_of_one():
    batches = bucket([1, 2], 1, np.random.default_rng(0))
    assert sorted(batch.tolist() for batch in batches) == [[0], [1]]


def test_bucket_refuses_a_size_of_zero():
    with pytest.raises(ValueError, match="^size: expected at least 1, got 0$"):
        bucket([1, 2], 0, np.random.default_rng(0))
