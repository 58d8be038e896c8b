"""The benchmark's tuned LSTM gives the same results as the plain cell."""

import numpy as np
import proofs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import tuned_lstm
from gatewise.cells import lstm
from gatewise.check import compare

size = st.integers(1, 4)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(size, size, size, size),
    left_out=st.sets(st.sampled_from(["h0", "c0", "dh", "dh_T", "dc_T"]), max_size=4),
)
@example(seed=0, sizes=(1, 1, 1, 1), left_out=set())
def test_trace_and_gradients_equal_the_plain_cells(seed, sizes, left_out):
    case = proofs.draw(lstm, seed, *sizes, left_out)
    for ours, plain in zip(proofs.run(tuned_lstm, case), proofs.run(lstm, case), strict=True):
        for name in plain._fields:
            assert compare(name, getattr(ours, name), getattr(plain, name), proofs.VALUE)


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_blocks_of_time_steps_give_the_same_gradients(monkeypatch, block):
    """With seven time steps, blocks of two or three leave a smaller last block."""
    case = proofs.draw(lstm, 0, 7, 3, 2, 4)
    monkeypatch.setattr(tuned_lstm, "AT_ONCE", block * 3 * 4)
    grads, plain = proofs.run(tuned_lstm, case)[1], proofs.run(lstm, case)[1]
    for name in plain._fields:
        assert compare(name, getattr(grads, name), getattr(plain, name), proofs.VALUE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_give_finite_results_and_no_warning(dtype):
    case = proofs.draw(lstm, 0, 6, 3, 4, 5, dtype=dtype)
    case = case._replace(x=np.sign(case.x) * dtype(1000))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for results in proofs.run(tuned_lstm, case):
            assert all(np.isfinite(array).all() and array.dtype == dtype for array in results)
