"""The proofs can see: every assignment in `forward` and `backward` gets a fault, one at a time,
and the same proofs that the cells pass have to fail.

A fault is a replacement in the text of the function. It counts as seen when a proof says no, or
when the shapes no longer fit together (ValueError); a name that does not exist would prove nothing.
"""

import ast
import inspect
import textwrap
from types import ModuleType

import proofs
import pytest

from gatewise.cells import contract, gru, lstm, rnn

# Per function: the text as it is, and the text with the fault.
FAULTS = {
    (rnn, "forward"): [
        ("T, B, D = x.shape", "B, T, D = x.shape"),
        (
            'contract.check_state("h0", h0, params, B)',
            'contract.check_state("h0", None, params, B)',
        ),
        ("params.b_ih + params.b_hh", "params.b_ih"),
        ("contract.transposed(params.W_hh)", "params.W_hh.copy()"),
        ("@ params.W_ih.T).reshape", "@ params.W_ih[::-1].T).reshape"),
        ("a_t = h_t @ W_hh_T", "a_t = h0 @ W_hh_T"),
        ("a_t += h[t]", "a_t += h[t - 1]"),
        ("a_t += b", "a_t -= b"),
        ("np.tanh(a_t, out=h[t])", "np.tanh(a_t)"),
        ("Trace(x, h0, h)", "Trace(x, h[0], h)"),
    ],
    (rnn, "backward"): [
        ("T, B, H = trace.h.shape", "B, T, H = trace.h.shape"),
        ('contract.check_grad("dh", dh, trace.h, "(T, B, H)")', "np.zeros_like(trace.h)"),
        ('contract.check_grad("dh_T", dh_T, trace.h0, "(B, H)")', "np.zeros_like(trace.h0)"),
        ("da = np.empty_like(dh)", "da = dh"),
        ("dh[t] += dh_later", "dh[t] = dh_later"),
        ("dh[t] += dh_later", "dh[t] += 0"),
        ("* (1 - trace.h[t] ** 2)", "* (1 - trace.h[t])"),
        ("* (1 - trace.h[t] ** 2)", ""),
        ("dh_later = da[t] @ params.W_hh", "dh_later = da[t] @ params.W_hh.T"),
        ("dh_later = da[t] @ params.W_hh", "dh_later = dh[t] @ params.W_hh"),
        ("rows = da.reshape(T * B, H)", "rows = dh.reshape(T * B, H)"),
        ("db = rows.sum(axis=0)", "db = rows.mean(axis=0)"),
        ("W_ih=rows.T @ trace.x.reshape(T * B, -1)", "W_ih=da[-1].T @ trace.x[-1]"),
        ("weight_grad(rows, trace.h0", "weight_grad(dh.reshape(T * B, H), trace.h0"),
        ("weight_grad(rows, trace.h0", "weight_grad(rows, 0 * trace.h0"),
        ("trace.h0, trace.h[:-1])", "trace.h0, trace.h[1:])"),
        ("b_ih=db", "b_ih=0.5 * db"),
        ("b_hh=db.copy()", "b_hh=db"),
        ("x=(rows @ params.W_ih)", "x=(rows @ params.W_hh)"),
        ("h0=dh_later", "h0=dh[0]"),
        ("h=dh,", "h=da,"),
        ("a=da,", "a=dh,"),
    ],
    (lstm, "forward"): [
        ("T, B, D = x.shape", "B, T, D = x.shape"),
        (
            'contract.check_state("h0", h0, params, B)',
            'contract.check_state("h0", None, params, B)',
        ),
        (
            'contract.check_state("c0", c0, params, B)',
            'contract.check_state("c0", None, params, B)',
        ),
        ("H = params.W_hh.shape[1]", "H = D"),
        ("np.array([1, 1, 2, 1], x.dtype)", "np.array([1, 1, 1, 2], x.dtype)"),
        ("np.array([1, 1, 2, 1], x.dtype)", "np.array([1, 1, 2, 1])"),
        ("(-above[:, None] * params.W_ih).T", "(above[:, None] * params.W_ih).T"),
        ("transposed(params.W_hh)", "transposed(params.W_hh[::-1])"),
        ("W_hh_T *= -above", "W_hh_T *= -1"),
        ("b = -above * (", "b = above * ("),
        ("b, above = np.repeat([b], B, axis=0)", "b, above = np.repeat([0 * b], B, axis=0)"),
        ("np.repeat([above], B, axis=0)", "np.repeat([above / above], B, axis=0)"),
        ("params.b_ih + params.b_hh", "params.b_ih"),
        (
            "x.reshape(T * B, D) @",
            "x.reshape(B, T, D).swapaxes(0, 1).reshape(T * B, D) @",
        ),
        ("gates = a.reshape(T, 4, B, H)", "gates = a[::-1].reshape(T, 4, B, H)"),
        ("i, f, g, o = gates", "i, f, o, g = gates"),
        ("i, f, g, o = gates", "f, i, g, o = gates"),
        ("c, h = np.empty_like(i), np.empty_like(i)", "c = h = np.empty_like(i)"),
        ("ifgo = np.empty((B, 4 * H), x.dtype)", "ifgo = np.empty((B, 4 * H))"),
        (
            "by_gate = ifgo.reshape(B, 4, H).swapaxes(0, 1)",
            "by_gate = ifgo.reshape(4, B, H)",
        ),
        ("one = np.ones((), x.dtype)", "one = np.zeros((), x.dtype)"),
        ("np.dot(h_t, W_hh_T, out=ifgo)", "np.dot(h0, W_hh_T, out=ifgo)"),
        ("ifgo += a[t]", "ifgo += a[t - 1]"),
        ("ifgo += b", "ifgo -= b"),
        ("np.exp(ifgo, out=ifgo)", "np.exp(ifgo)"),
        ("ifgo += one", "ifgo -= one"),
        ("np.divide(above, ifgo, out=ifgo)", "np.divide(one, ifgo, out=ifgo)"),
        ("gates[t] = by_gate", "gates[t - 1] = by_gate"),
        ("i_t, f_t, g_t, o_t = gates[t]", "f_t, i_t, g_t, o_t = gates[t]"),
        ("g_t -= one", "g_t -= 0"),
        ("f_t * c_t", "f_t * c0"),
        ("i_t * g_t", "(1 - f_t) * g_t"),
        ("out=c[t])", "out=c[t - 1])"),
        ("o_t, np.tanh(c_t)", "o_t, c_t"),
        ("o_t, np.tanh(c_t)", "o[t - 1], np.tanh(c_t)"),
        ("out=h[t])", "out=h[t - 1])"),
        ("Trace(x, h0, c0, i,", "Trace(x, c0, h0, i,"),
    ],
    (lstm, "slopes"): [
        ("i, f, g, o = (", "f, i, g, o = ("),
        ("h, c_before = trace.h[start:end]", "h, c_before = trace.h[start - 1 : end - 1]"),
        (
            "trace.h[start:end], trace.c[start - 1 : end - 1]",
            "trace.h[start:end], trace.c[start:end]",
        ),
        ("[trace.c0[None], trace.c[: end - 1]]", "[trace.c[:1], trace.c[: end - 1]]"),
        ("i * (1 - i) * g", "(1 - i) * g"),
        ("i * (1 - i) * g", "i * (1 - i) * f"),
        ("f * (1 - f) * c_before", "f * c_before"),
        ("f * (1 - f) * c_before", "f * (1 - f) * trace.c[start:end]"),
        ("i * (1 - g**2)", "i * (1 - g)"),
        ("i * (1 - g**2)", "i * g * (1 - g)"),
        ("(1 - o) * h", "o * h"),
        ("(1 - o) * h", "(1 - o) * np.tanh(h)"),
        ("to_a[:, :, 3] =", "to_a[:, :, 2] ="),
        ("to_c[:] = o - h * h / (o", "to_c[:] = o + h * h / (o"),
        ("to_c[:] = o - h * h / (o", "to_c[:] = 1 - h * h / (o"),
    ],
    (lstm, "backward"): [
        ("x, h0, c0, i, f, g, o, c, h = trace", "x, c0, h0, i, f, g, o, c, h = trace"),
        ("x, h0, c0, i, f, g, o, c, h = trace", "x, h0, c0, f, i, g, o, c, h = trace"),
        ("T, B, H = h.shape", "B, T, H = h.shape"),
        ('contract.check_grad("dh", dh, h, "(T, B, H)")', "np.zeros_like(h)"),
        ('contract.check_grad("dh_T", dh_T, h0, "(B, H)")', "np.zeros_like(h0)"),
        ('contract.check_grad("dc_T", dc_T, c0, "(B, H)")', "np.zeros_like(c0)"),
        ("(T, B, 4 * H), dh.dtype), np.empty_like(dh)", "(T, B, 4 * H), dh.dtype), dh"),
        ("(T, B, 4 * H), dh.dtype)", "(T, B, 4 * H))"),
        ("to_a, to_c = da.reshape(T, B, 4, H)", "to_a, to_c = da[::-1].reshape(T, B, 4, H)"),
        ("dc_dh = np.empty((B, 4 * H), dh.dtype)", "dc_dh = np.ones((B, 4 * H), np.float16)"),
        ("dc_dh.reshape(B, 4, H).swapaxes(0, 1)", "dc_dh.reshape(4, B, H)"),
        ("block = max(1, AT_ONCE", "block = max(0, AT_ONCE"),
        ("start = max(0, end - block)", "start = end - block"),
        ("slopes(trace, start, end, to_a", "slopes(trace, 0, end - start, to_a"),
        ("to_a[start:end], to_c[start:end])", "to_a[start:end], to_c[start:end].copy())"),
        ("dh_t, dc_t, da_t = dh[t]", "dh_t, dc_t, da_t = dh[t].copy()"),
        ("dc[t], da[t]", "dc[t], da[t - 1]"),
        ("dh_t += dh_later", "dh_t += 0"),
        ("dh_t += dh_later", "dh_t[:] = dh_later"),
        ("dc_t *= dh_t", "dc_t *= dh_later"),
        ("dc_t += dc_later", "dc_t += 0"),
        ("by_gate[:3], by_gate[3] = dc_t, dh_t", "by_gate[:3], by_gate[3] = dh_t, dh_t"),
        ("by_gate[:3], by_gate[3] = dc_t, dh_t", "by_gate[:3], by_gate[3] = dc_t, dc_t"),
        ("by_gate[:3], by_gate[3] = dc_t, dh_t", "by_gate[1:], by_gate[0] = dc_t, dh_t"),
        ("da_t *= dc_dh", "da_t += dc_dh"),
        ("dh_later = np.dot(da_t,", "dh_later = np.dot(dc_dh,"),
        ("dc_later = dc_t * f[t]", "dc_later = 0 * dc_t"),
        ("dc_later = dc_t * f[t]", "dc_later = dc_t"),
        ("dc_later = dc_t * f[t]", "dc_later = dc_t * f[t - 1]"),
        ("rows = da.reshape(T * B, 4 * H)", "rows = da.swapaxes(0, 1).reshape(T * B, 4 * H)"),
        ("db = rows.sum(axis=0)", "db = da.mean(axis=1).sum(axis=0)"),
        ("W_ih=rows.T @ x.reshape(T * B, -1)", "W_ih=rows[-B:].T @ x[-1]"),
        ("weight_grad(rows, h0", "weight_grad(rows, 0 * h0"),
        ("h0, h[:-1])", "h0, h[1:])"),
        ("b_ih=db", "b_ih=0.5 * db"),
        ("b_hh=db.copy()", "b_hh=0 * db"),
        ("x=(rows @ params.W_ih)", "x=(rows[::-1] @ params.W_ih)"),
        ("h0=dh_later", "h0=dh[0]"),
        ("c0=dc_later", "c0=dc[0]"),
        ("h=dh,", "h=0 * dh,"),
        ("c=dc,", "c=dh,"),
        ("a=da,", "a=da[::-1],"),
    ],
    (gru, "forward"): [
        ("T, B, D = x.shape", "B, T, D = x.shape"),
        ("H = params.W_hh.shape[1]", "H = D"),
        (
            'contract.check_state("h0", h0, params, B)',
            'contract.check_state("h0", None, params, B)',
        ),
        ("@ params.W_ih.T).reshape", "@ params.W_ih[::-1].T).reshape"),
        ("r, z, n = a.reshape(T, 3", "r, z, n = a[::-1].reshape(T, 3"),
        ("q, h = np.empty_like(n), np.empty_like(n)", "q = h = np.empty_like(n)"),
        ("slice(None) if reset_after", "slice(2 * H) if reset_after"),
        ("contract.transposed(params.W_hh[rows])", "params.W_hh[rows][::-1].T"),
        ("params.W_hh[2 * H :]", "params.W_hh[2 * H :].T"),
        ("(params.b_ih + params.b_hh)", "params.b_ih"),
        (
            "params.b_ih[2 * H :], params.b_hh[2 * H :]",
            "params.b_hh[2 * H :], params.b_ih[2 * H :]",
        ),
        ("a_t, hidden = a[t]", "a_t, hidden = a[t - 1]"),
        ("hidden = a[t], h_t @ W_hh_T", "hidden = a[t], h0 @ W_hh_T"),
        (" + hidden[:, : 2 * H] + b_rz", " + b_rz"),
        (" + hidden[:, : 2 * H] + b_rz", " + hidden[:, : 2 * H]"),
        ("a_n = a_t[:, 2 * H :] + b_xn", "a_n = a_t[:, 2 * H :]"),
        ("a_n = a_t[:, 2 * H :] + b_xn", "a_n = a_t[:, H : 2 * H] + b_xn"),
        ("r[t], z[t] = rz[:, :H], rz[:, H:]", "z[t], r[t] = rz[:, :H], rz[:, H:]"),
        ("q[t] = hidden[:, 2 * H :]", "q[t] = r[t] * hidden[:, 2 * H :]"),
        ("a_n + r[t] * q[t]", "a_n + q[t]"),
        ("(r[t] * h_t) @ W_hn.T", "h_t @ W_hn.T"),
        ("(r[t] * h_t) @ W_hn.T", "(r[t] * h0) @ W_hn.T"),
        ("a_n + q[t]", "a_n + r[t] * q[t]"),
        ("n_t + z[t] * (h_t - n_t)", "h_t + z[t] * (n_t - h_t)"),
        ("n_t + z[t] * (h_t - n_t)", "n_t + z[t] * (h0 - n_t)"),
        ("q, h, reset_after)", "q, h, True)"),
    ],
    (gru, "backward"): [
        ("x, h0, r, z, n, q, h, reset_after = trace", "x, h0, z, r, n, q, h, reset_after = trace"),
        ("T, B, H = h.shape", "B, T, H = h.shape"),
        ('contract.check_grad("dh", dh, h, "(T, B, H)")', "np.zeros_like(h)"),
        ('contract.check_grad("dh_T", dh_T, h0, "(B, H)")', "np.zeros_like(h0)"),
        ("W_hn = params.W_hh[2 * H :]", "W_hn = params.W_hh[:H]"),
        ("(T, B, 3, H), dh.dtype", "(T, B, 3, H)"),
        ("dq = np.empty_like(dh)", "dq = dh"),
        ("r_t, z_t, n_t = r[t], z[t]", "r_t, z_t, n_t = z[t], r[t]"),
        ("dh[t] += dh_later", "dh[t] += 0"),
        ("dh[t] += dh_later", "dh[t] = dh_later"),
        ("dh_kept = dh[t] * z_t", "dh_kept = dh[t] * (1 - z_t)"),
        ("dh_n = dh[t] - dh_kept", "dh_n = dh[t]"),
        ("dh_n * (h[t] - n_t)", "dh_n * (n_t - h[t])"),
        ("dh_n * (h[t] - n_t)", "dh_n * z_t * (h[t] - n_t)"),
        (" * (1 - n_t**2)", ""),
        ("dq_t = da_n * r_t", "dq_t = da_n"),
        ("dq_t * q[t] * (1 - r_t)", "dq_t * q[t]"),
        ("dq_t * q[t] * (1 - r_t)", "da_n * q[t] * (1 - r_t)"),
        ("[da[t, :, 0], da[t, :, 1], dq_t]", "[da[t, :, 1], da[t, :, 0], dq_t]"),
        ("[da[t, :, 0], da[t, :, 1], dq_t]", "[da[t, :, 0], da[t, :, 1], da_n]"),
        ("da_hidden @ params.W_hh", "da[t].reshape(B, 3 * H) @ params.W_hh"),
        ("h[t - 1] if t > 0 else h0", "h[t]"),
        ("h[t - 1] if t > 0 else h0", "h[t - 1]"),
        ("dq[t] = da_n", "dq[t] = da_n * r_t"),
        ("da_n @ W_hn * r_t", "da_n @ W_hn"),
        ("da_n @ W_hn * r_t", "da_n @ W_hn.T * r_t"),
        ("dh_reset * h_before * (1 - r_t)", "dh_reset * h_before"),
        ("dh_reset * h_before * (1 - r_t)", "dh_reset * (1 - r_t)"),
        (" + dh_reset\n", "\n"),
        ("dh_later += dh_kept", "dh_later += 0"),
        ("dh_later += dh_kept", "dh_later += dh_n"),
        (
            "rows, rows_q = da.reshape(T * B, 3 * H)",
            "rows, rows_q = da[::-1].reshape(T * B, 3 * H)",
        ),
        ("(r[0] * h0, r[1:] * h[:-1])", "(h0, h[:-1])"),
        ("weight_grad(rows_q, first", "weight_grad(rows[:, 2 * H :], first"),
        ("weight_grad(rows[:, : 2 * H], h0", "weight_grad(rows[:, : 2 * H], 0 * h0"),
        ("db_ih = rows.sum(axis=0)", "db_ih = rows.mean(axis=0)"),
        ("W_ih=rows.T @ x.reshape(T * B, -1)", "W_ih=rows[-B:].T @ x[-1]"),
        ("[dW_hr_hz, dW_hn]", "[dW_hn, dW_hr_hz]"),
        ("b_ih=db_ih,", "b_ih=0.5 * db_ih,"),
        ("rows_q.sum(axis=0)", "db_ih[2 * H :]"),
        ("x=(rows @", "x=(rows[::-1] @"),
        ("h0=dh_later", "h0=dh[0]"),
        ("h=dh,", "h=dh_later,"),
        ("a=da.reshape(T, B, 3 * H)", "a=da.swapaxes(2, 3).reshape(T, B, 3 * H)"),
    ],
}


def source_of(cell, function):
    return textwrap.dedent(inspect.getsource(getattr(cell, function)))


def with_text(cell, old, new):
    """A fresh module from the cell's source, with `old` replaced by `new`."""
    module = ModuleType(cell.__name__ + "_with_a_fault")
    text = inspect.getsource(cell)
    assert text.count(old) == 1
    exec(compile(text.replace(old, new), module.__name__, "exec"), vars(module))
    return module


def prove_everywhere(cell):
    """All proofs at a few shapes that leave no fault a place to hide: B > 1, B = 1, one step,
    gradients through all the outputs or the final state alone, both forms of the GRU, and slopes of
    the LSTM for all steps at once or for a few."""
    if cell.Params.mode == "LSTM":
        prove_at_shapes(cell)
        cell.AT_ONCE = 12  # blocks of one, two and three steps
    for reset_after in (True, False) if cell.Params.mode == "GRU" else (True,):
        prove_at_shapes(cell, reset_after)


def prove_at_shapes(cell, reset_after=True):
    """All proofs, at one setting of the cell."""
    for sizes, left_out in [
        ((4, 3, 2, 5), ()),
        ((3, 2, 5, 3), ("dh",)),
        ((3, 2, 3, 2), ("h0", "c0", "dh_T", "dc_T")),
        ((1, 1, 1, 1), ()),
        ((2, 2, 2, 11), ()),  # more than 32 rows in the weights
    ]:
        proofs.prove(cell, proofs.draw(cell, 0, *sizes, left_out, reset_after))


@pytest.mark.parametrize("cell", [rnn, lstm, gru], ids=lambda cell: cell.__name__)
def test_without_a_fault_the_proofs_say_yes(cell):
    prove_everywhere(with_text(cell, "def backward(", "def backward("))


@pytest.mark.parametrize(
    ("cell", "function", "old", "new"),
    [
        pytest.param(cell, function, old, new, id=f"{cell.__name__}: {old} -> {new}")
        for (cell, function), faults in FAULTS.items()
        for old, new in faults
    ],
)
def test_a_fault_is_seen(cell, function, old, new):
    source = source_of(cell, function)
    assert source.count(old) == 1
    faulty = with_text(cell, source, source.replace(old, new))
    with pytest.raises((AssertionError, ValueError)):
        prove_everywhere(faulty)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("W_T = np.empty(W.shape[::-1], W.dtype)", "W_T = np.empty(W.shape[::-1])"),
        ("W_T[:, k : k + 32] = W[k : k + 32].T", "W_T[:, k : k + 32] = W[:32].T"),
        ("range(0, len(W), 32)", "range(32, len(W), 32)"),
        ("B, H = h0.shape", "H, B = h0.shape"),
        ("da[:B].T @ h0 + ", ""),
        ("da[B:].T @ h.reshape(-1, H)", "da[:-B].T @ h.reshape(-1, H)"),
    ],
)
def test_a_fault_in_what_the_cells_share_is_seen(monkeypatch, old, new):
    faulty = with_text(contract, old, new)
    monkeypatch.setattr(lstm, "AT_ONCE", lstm.AT_ONCE)  # put back what the proofs set
    for name in ("transposed", "weight_grad"):
        monkeypatch.setattr(contract, name, getattr(faulty, name))
    with pytest.raises((AssertionError, ValueError)):
        prove_everywhere(lstm)


@pytest.mark.parametrize(("cell", "function"), FAULTS, ids=str)
def test_no_assignment_is_without_a_fault(cell, function):
    """Assignments, and the fields of what is returned, each with a fault inside."""
    source = source_of(cell, function)
    starts = [source.index(old) for old, _ in FAULTS[cell, function]]
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))

    def place(line, column):
        text = source.splitlines()[line - 1].encode()[:column].decode()  # ast counts bytes
        return lines[line - 1] + len(text)

    nodes = list(ast.walk(ast.parse(source)))
    returned = [node for node in nodes if isinstance(node, ast.Return)]
    fields = [word for node in returned for word in getattr(node.value, "keywords", [])]
    # `np.add(…, out=…)` assigns too, so such calls count
    calls = [n for n in nodes if isinstance(n, ast.Expr) and "out=" in ast.unparse(n)]
    assignments = [n for n in nodes if isinstance(n, ast.Assign | ast.AugAssign | ast.AnnAssign)]
    for node in assignments + calls + returned + fields:
        start = place(node.lineno, node.col_offset)
        end = place(node.end_lineno, node.end_col_offset)
        assert any(start <= s < end for s in starts), ast.get_source_segment(source, node)
