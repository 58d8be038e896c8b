"""In float64, cells.js agrees with gatewise.cells to within 1e-12."""

import json
from importlib.resources import files

import numpy as np
import pytest
from scipy.stats import rankdata

from gatewise.cells import gru, lstm, rnn
from gatewise.drawings.values import figure, nice, number
from gatewise.widgets import GateExplorer, GRUExplorer, base
from gatewise.widgets.backward_explorer import shrinking
from gatewise.widgets.text_reader import ranking
from gatewise.widgets.unroll_player import difference
from gatewise.widgets.words import ENGLISH

CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}
GATES = {"rnn": "", "lstm": "ifo", "gru": "rz"}
# Each triple is (T, D, H). The largest size is tested only once.
SIZES = [(1, 1, 1), (2, 3, 1), (7, 1, 5), (9, 4, 16), (40, 10, 16), (3, 2, 256)]
CASES = [("rnn", None), ("lstm", None), ("gru", True), ("gru", False)]
READ = """([name, params, x, start, clamps, dh, dc]) => {
    const float64 = (named) => Object.fromEntries(Object.entries(named).map(([k, v]) =>
        [k, Array.isArray(v) ? Float64Array.from(v, (v) => v ?? NaN) : v]));
    const [p, s, held] = [params, start, clamps].map(float64);
    const gradients = [dh, dc].map((d) => d && Float64Array.from(d));
    return [cells[name], p, Float64Array.from(x), s, held, ...gradients];
}"""
RUN = f"""(message) => {{
    const plain = (named) => Object.fromEntries(Object.entries(named)
        .filter(([, v]) => v instanceof Float64Array).map(([k, v]) => [k, [...v]]));
    const [cell, params, x, start, clamps, dh, dc] = ({READ})(message);
    const trace = cell.forward(params, x, start, clamps);
    return [plain(trace), plain(cell.backward(params, trace, dh, dc))];
}}"""
# Return central differences of the loss h · dh + c · dc with respect to each input number.
SLOPES = f"""(message) => {{
    const [cell, params, x, start, clamps, dh, dc] = ({READ})(message);
    const dot = (a, b) => a.reduce((sum, v, n) => sum + v * b[n], 0);
    const loss = () => {{
        const trace = cell.forward(params, x, start, clamps);
        return dot(trace.h, dh) + (dc ? dot(trace.c, dc) : 0);
    }};
    const slope = (array, n) => {{
        const value = array[n];
        const [above, below] = [1e-6, -1e-6].map((eps) => {{
            array[n] = value + eps;
            return loss();
        }});
        array[n] = value;
        return (above - below) / 2e-6;
    }};
    const parts = Object.entries({{...params, x, ...start}})
        .filter(([, v]) => v instanceof Float64Array);
    return Object.fromEntries(parts.map(([k, v]) => [k, Array.from(v, (_, n) => slope(v, n))]));
}}"""


@pytest.fixture(scope="module")
def page(browser, request):
    page = browser.new_page()
    source = (files("gatewise.widgets") / "static" / "cells.js").read_text(encoding="utf-8")
    source = getattr(request, "param", source)  # tools/mutants_js.py passes mutated sources
    page.evaluate(
        """async source => {
            const blob = new Blob([source], {type: "text/javascript"});
            window.cells = await import(URL.createObjectURL(blob));
        }""",
        source,
    )
    yield page
    page.close()


def draw(name, form, size, seed=0):
    (T, D, H), rng = size, np.random.default_rng(seed)
    params = CELLS[name].Params.random(D, H, rng)
    states = {k: rng.normal(size=(1, H)) for k in (["h0", "c0"] if name == "lstm" else ["h0"])}
    options = {} if form is None else {"reset_after": form}
    return params, rng.normal(size=(T, 1, D)), states, options, rng.normal(size=(T, 1, H))


def call(page, function, message):
    """For long arrays, JSON is faster than Playwright's serialization."""
    script = f"text => JSON.stringify(({function})(JSON.parse(text)))"
    return json.loads(page.evaluate(script, json.dumps(message)))


def by_js(page, *given):
    return call(page, RUN, as_message(*given))


def as_message(name, params, x, states, options, dh, clamps=None, dc=None):
    def flat(named):
        return {k: np.ravel(v).tolist() for k, v in named.items()}

    held = {k: [None if np.isnan(u) else u for u in v.ravel()] for k, v in (clamps or {}).items()}
    start = {**flat(states), **options}
    gradients = [None if d is None else d.ravel().tolist() for d in (dh, dc)]
    return [name, flat(params._asdict()), x.ravel().tolist(), start, held, *gradients]


def assert_same(found, expected):
    """Assert that the arrays from JavaScript equal the expected arrays to within 1e-12."""
    compared = {k: v for k, v in expected.items() if isinstance(v, np.ndarray)}
    for name, array in compared.items():
        np.testing.assert_allclose(found[name], array.ravel(), rtol=0, atol=1e-12, err_msg=name)
    return len(compared)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("name", "form"), CASES, ids=str)
def test_forward_and_backward_equal_the_cells(page, name, form, size):
    params, x, states, options, dh = draw(name, form, size, seed=sum(size))
    trace, grads = by_js(page, name, params, x, states, options, dh)
    ours = CELLS[name].forward(params, x, **states, **options)
    assert assert_same(trace, ours._asdict()) >= 3
    assert assert_same(grads, CELLS[name].backward(params, ours, dh)._asdict()) >= 8


@pytest.mark.parametrize("name", CELLS)
def test_sparse_inputs_and_no_initial_states(page, name):
    params, _, _, _, dh = draw(name, None, (9, 10, 6))
    x = np.eye(10)[[3, 1, 4, 1, 5, 9, 2, 6, 5], None]
    x[5], x[6] = 2 * x[5], 1 - x[6]
    trace, grads = by_js(page, name, params, x, {}, {}, dh)
    ours = CELLS[name].forward(params, x)
    assert_same(trace, ours._asdict())
    assert_same(grads, CELLS[name].backward(params, ours, dh)._asdict())


@pytest.mark.parametrize("name", CELLS)
def test_blocks_and_gates_are_those_of_the_cells(page, name):
    found = page.evaluate("name => [cells[name].blocks, cells[name].gates]", name)
    assert found == [[*CELLS[name].Params.blocks], [*GATES[name]]]


def held(name, params, x, states, options, clamps):
    """Run the cell step by step and recompute everything that depends on a held gate."""
    cell, state, rows = CELLS[name], {k[0]: v for k, v in states.items()}, []
    for t, x_t in enumerate(x):
        now = cell.step(params, x_t, **state, **options)._asdict()
        h, H = state["h"], params.W_hh.shape[1]
        for k, values in clamps.items():
            now[k] = np.where(np.isnan(values[t]), now[k], values[t])
        if name == "lstm":
            now["c"] = now["f"] * state["c"] + now["i"] * now["g"]
            now["h"] = now["o"] * np.tanh(now["c"])
        else:
            W_hn, b_hn = params.W_hh[2 * H :], params.b_hh[2 * H :]
            a_n = (x_t @ params.W_ih.T + params.b_ih)[:, 2 * H :]
            if options["reset_after"]:
                now["n"] = np.tanh(a_n + now["r"] * (h @ W_hn.T + b_hn))
            else:
                now["n"] = np.tanh(a_n + (now["r"] * h) @ W_hn.T + b_hn)
            now["h"] = (1 - now["z"]) * now["n"] + now["z"] * h
        state = {k: now[k] for k in state}
        rows.append(now)
    symbols = "igfoch" if name == "lstm" else "rznh"
    return {k: np.concatenate([now[k] for now in rows]) for k in symbols}


def clamped(name, size, seed):
    """Draw clamps that hold some units of some gates at 0, 0.3 or 1 from a random step onward."""
    (T, _, H), rng = size, np.random.default_rng(seed)
    clamps = {}
    for k in GATES[name][: 1 + seed % 3]:
        values = np.full((T, H), np.nan)
        values[rng.integers(T) :, rng.random(H) < 0.7] = rng.choice([0.0, 1.0, 0.3])
        clamps[k] = values
    return clamps


@pytest.mark.parametrize("size", SIZES[1:5], ids=str)
@pytest.mark.parametrize(("name", "form"), CASES[1:], ids=str)
def test_clamps_hold_a_gate_and_all_that_follows(page, name, form, size):
    for seed in range(3):
        params, x, states, options, dh = draw(name, form, size, seed)
        clamps = clamped(name, size, seed)
        trace, _ = by_js(page, name, params, x, states, options, dh, clamps)
        assert assert_same(trace, held(name, params, x, states, options, clamps)) >= 4


@pytest.mark.parametrize(("name", "form"), CASES[1:], ids=str)
def test_no_gradient_passes_a_held_gate(page, name, form):
    """When gates are held, every gradient must still agree with central differences of the loss."""
    size = (5, 2, 3)
    params, x, states, options, dh = draw(name, form, size, seed=4)
    clamps = clamped(name, size, seed=4)
    dc = np.random.default_rng(5).normal(size=dh.shape) if name == "lstm" else None

    given = [name, params, x, states, options, dh, clamps, dc]
    _, grads = by_js(page, *given)
    slopes = call(page, SLOPES, as_message(*given))
    assert slopes.keys() == {*params._fields, "x", *states}
    for part, found in slopes.items():
        np.testing.assert_allclose(grads[part], found, rtol=0, atol=1e-8, err_msg=part)


@pytest.mark.parametrize(("name", "kind"), [("lstm", GateExplorer), ("gru", GRUExplorer)])
def test_a_unit_of_a_layer_is_that_of_a_gate_explorer(page, name, kind):
    params, x, states, _, _ = draw(name, None, (2, 3, 4))
    trace = CELLS[name].forward(params, x, **states)
    explorer = kind.from_trace(params, trace, t=1, b=0, unit=2, feature=1)
    f = "([name, params, x, h]) => cells.unitOf(cells[name], params, x, h, 2, 1)"
    flat = {k: v.ravel().tolist() for k, v in params._asdict().items()}
    found = page.evaluate(f, [name, flat, x[1, 0].tolist(), trace.h[0, 0].tolist()])
    assert found == {part: pytest.approx(getattr(explorer, part)) for part in found}
    assert found.keys() == {"w_x", "w_h", "b", "held"}


def test_probabilities_and_distances(page):
    rng = np.random.default_rng(0)
    h, W, b = rng.normal(size=7), rng.normal(size=(7, 12)), rng.normal(size=12)
    h[0], W[0] = 1, 1000  # exp(1000) would overflow
    f = "([h, W, b]) => [...cells.probabilities(...[h, W, b].map((a) => Float64Array.from(a)))]"
    found = page.evaluate(f, [h.tolist(), W.ravel().tolist(), b.tolist()])
    p = np.exp(h @ W + b - 1000)
    np.testing.assert_allclose(found, p / p.sum(), rtol=0, atol=1e-12)
    assert page.evaluate(f, [[1], [0, 1000], [0, 0]]) == [0, 1]

    one, other = rng.normal(size=(4, 3)), rng.normal(size=(6, 3))
    for name, expected in [
        ("distances", np.linalg.norm(one - other[:4], axis=1)),
        ("apartByUnit", np.abs(one - other[:4]).sum(axis=0)),
    ]:
        f = f"([a, b]) => [...cells.{name}(Float64Array.from(a), Float64Array.from(b), 3)]"
        found = page.evaluate(f, [one.ravel().tolist(), other.ravel().tolist()])
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


DIFFERENCES = """(cases) => cases.map(([apart, now, step, from]) => {
    const lines = Object.entries(apart).map(([k, line]) => [k, Float64Array.from(line)]);
    return cells.difference(Object.fromEntries(lines), now, step, from);
})"""


def test_what_became_of_a_difference_is_pythons(page):
    rng, cases, expected = np.random.default_rng(0), [], []
    for states in ["ch", "h"] * 300:
        T = int(rng.integers(1, 6))
        step, hold_from = int(rng.integers(1, T + 1)), int(rng.integers(0, T + 1))
        p = np.full((2, T, 3), 1 / 3)
        if rng.uniform() < 0.3:
            p = rng.dirichlet([1, 1, 1], size=(2, T))
        runs = [{"words": [name] * T, "p": p[b]} for b, name in enumerate("AB")]
        apart = {}
        for k in states:
            middle, size, decay = (
                rng.choice([0, 4]),
                rng.choice([0, 0.05, 0.15, 2]),
                rng.choice([0, 3, -1]),
            )
            half = size / 2 * np.exp(-decay * np.arange(T))[:, None]
            runs[0][k], runs[1][k] = middle + half, middle - half
            apart[k] = (2 * half).ravel().tolist()
        if "c" in states:
            apart["tanh_c"] = np.ptp([np.tanh(run["c"]) for run in runs], axis=0).ravel().tolist()
        cases.append([apart, p[:, step - 1].tolist(), step, hold_from])
        expected.append(difference(runs, step, hold_from))
    assert call(page, DIFFERENCES, cases) == [pytest.approx(found) for found in expected]
    verdicts = {found["verdict"] for found in expected}
    assert verdicts == ENGLISH["player"]["difference"].keys() - {"same"}


def test_logit_is_the_inverse_of_sigmoid(page):
    a = np.array([-40, -1, 0, 0.5, 3])
    shares = page.evaluate("a => a.map(cells.sigmoid)", a.tolist())
    np.testing.assert_allclose(shares, 1 / (1 + np.exp(-a)), rtol=1e-12)
    np.testing.assert_allclose(page.evaluate("p => p.map(cells.logit)", shares), a, atol=1e-12)


def test_largest_keeps_the_first_of_equal_values(page):
    cases = np.random.default_rng(0).integers(0, 4, size=(200, 7))
    found = call(
        page,
        "cases => cases.map((values, n) => cells.largest(values, 1 + (n % 9)))",
        cases.tolist(),
    )
    for n, values in enumerate(cases):
        assert found[n] == sorted(np.argsort(-values, kind="stable")[: 1 + n % 9].tolist())


def test_ranks_and_areas_are_scipys_and_pythons(page):
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=(60, 3)), 1)  # rounding creates ties
    values[:4] = [[1e30], [0.0], [-0.0], [-1e30]]
    f = """([values, masks]) => {
        const ranked = [0, 1, 2].map((unit) => cells.ranks(Float64Array.from(values), 3, unit));
        return [ranked.map((rank) => [...rank]), masks.map((mask) => cells.areas(ranked, mask))];
    }"""
    mask = rng.random(60) < 0.3
    masks = [m.astype(int).tolist() for m in (mask, mask | True, mask & False)]
    ranked, areas = page.evaluate(f, [values.ravel().tolist(), masks])
    np.testing.assert_array_equal(ranked, rankdata(values.astype(np.float32), axis=0).T)
    assert dict(enumerate(areas[0])) == pytest.approx(dict(ranking(values, mask)))
    assert np.isnan(areas[1:]).all()


def test_along_the_wire_dc_is_multiplied_by_every_later_f(page):
    rng = np.random.default_rng(0)
    dc, f = rng.normal(size=6), rng.random(6)
    script = "([dc, f]) => [...cells.alongWire(Float64Array.from(dc), Float64Array.from(f), 4)]"
    expected = [dc[3] * np.prod(f[t + 1 : 4]) for t in range(4)] + [0, 0]
    found = page.evaluate(script, [dc.tolist(), f.tolist()])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "gradient", [[0.1, -0.4, 0.2, 1.6], [0.5], [1, 0, 2], [0.5, 0], [0, 0], [-3, 1]], ids=str
)
def test_a_gradient_shrinks_as_in_python(page, gradient):
    found = page.evaluate("g => cells.shrinking(Float64Array.from(g))", gradient)
    assert found == pytest.approx(shrinking(np.array(gradient)))


def test_numbers_are_written_and_axes_end_as_in_the_still_pictures(page):
    rng = np.random.default_rng(0)
    sizes = np.concatenate([[0, 1, 2, 2.02, 5, 5.01, 10, 50, 1000], 10 ** rng.uniform(-6, 4, 200)])
    values = [*sizes, *-sizes]
    source = base._imported('const modules = {"lit-html": {}};' + base._static("base.js"))
    found = page.evaluate(
        """async ([source, values]) => {
            const blob = new Blob([source], {type: "text/javascript"});
            const {figure, nice, number} = await import(URL.createObjectURL(blob));
            return [values.map(nice), values.map(figure), values.map(v => number(v, true))];
        }""",
        [source, values],
    )
    ours = [[f(v) for v in values] for f in (nice, figure, lambda v: number(v, True))]
    assert found == ours
