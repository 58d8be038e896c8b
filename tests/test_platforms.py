"""All platforms use the same integer dtype, even though NumPy 1.26 defaults to int32 on Windows."""

import numpy as np
import pytest

from gatewise import check, text
from gatewise.text import SENTENCES, Letters, Vocabulary, last_word_task, pack, pad, unpack


class WindowsNumPy126:
    """A stand-in for NumPy 1.26 on Windows."""

    def __getattr__(self, name):
        return getattr(np, name)

    def array(self, values, dtype=None):
        made = np.array(values, dtype)
        by_default = dtype is None and not hasattr(values, "dtype") and made.dtype.kind == "i"
        return made.astype(np.int32) if by_default or dtype is int else made

    asarray = array

    def empty(self, shape, dtype=float):
        return np.empty(shape, np.int32 if dtype is int else dtype)


def test_the_stand_in_gives_int32_without_a_dtype():
    windows = WindowsNumPy126()
    assert windows.array([1, 2]).dtype == windows.asarray([[1]]).dtype == np.int32
    assert windows.empty(2, int).dtype == np.int32
    assert windows.array([1], np.int64).dtype == windows.asarray(np.arange(2)).dtype == np.int64
    assert windows.asarray([0.5]).dtype == windows.empty(2).dtype == np.float64


@pytest.fixture
def windows(monkeypatch):
    """Give `text` the stand-in, and also `check`, whose `as_array` it calls."""
    for module in text, check:
        monkeypatch.setattr(module, "np", WindowsNumPy126())


@pytest.mark.usefixtures("windows")
def test_ints_are_int64_on_every_platform():
    """Torch requires int64 for indices and targets."""
    vocabulary = Vocabulary()
    _, y = last_word_task(SENTENCES, vocabulary)
    padded, lengths = pad([[3, 1], [5, 5, 5], [7]])
    packed = pack(padded, lengths)
    unpacked, again = unpack(packed)
    ints = [vocabulary.encode("i like dog"), Letters(["anna"]).encode("ann"), y, padded, lengths]
    ints += [packed.data, packed.batch_sizes, packed.order, unpacked, again]
    assert {array.dtype for array in ints} == {np.dtype(np.int64)}


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32, bool])
@pytest.mark.usefixtures("windows")
def test_pad_keeps_the_dtype_of_arrays(dtype):
    padded, _ = pad([np.ones(2, dtype), np.ones(3, dtype)])
    assert padded.dtype == dtype
