"""In float64, network.js agrees with gatewise.widgets.network to within 1e-12."""

from base64 import b64encode

import numpy as np
import pytest
import torch
from torch import nn

from gatewise.widgets import base
from gatewise.widgets.network import Network

RUN = """([network, ids, clamps, shown, piece]) => {
    const { load, vectors, run } = modules.network;
    const held = Object.fromEntries(Object.entries(clamps).map(([k, v]) =>
        [k, Float64Array.from(v, (v) => v ?? NaN)]));
    const read = load(network);
    const options = { clamps: held, shown, piece };
    const { trace, outputs } = run(read, vectors(read, ids), options);
    return [[...read.letters].map((k) => [...trace[k]]), [...outputs]];
}"""
IDS = [3, 0, 8, 8, 1, 5]


def plain(network):
    """Return the network's data for a page without a kernel, with weights in base64."""
    return network.plain() | {"weights": b64encode(network.plain()["weights"]).decode()}


def hold(cell, params, x_t, state, held):
    """Compute a time step with held gates directly from the equations."""
    now = cell.step(params, x_t, **state)._asdict()
    now |= {k: np.where(np.isnan(v), now[k], v) for k, v in held.items()}
    if "c" in now:
        now["c"] = now["f"] * now["c0"] + now["i"] * now["g"]
        now["h"] = now["o"] * np.tanh(now["c"])
    elif "z" in now:
        W_xn, b_xn = params.W_ih[-len(now["n"][0]) :], params.b_ih[-len(now["n"][0]) :]
        now["n"] = np.tanh(x_t @ W_xn.T + b_xn + now["r"] * now["q"])
        now["h"] = (1 - now["z"]) * now["n"] + now["z"] * now["h0"]
    return now


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    page.add_script_tag(content=base.scopes("cells", "network"))
    yield page
    page.close()


def make(kind, layers, bidirectional, dtype=torch.float64, embedded=True):
    torch.manual_seed(0)
    module = kind(9 if not embedded else 5, 4, layers, bidirectional=bidirectional, dtype=dtype)
    readout = nn.Linear(4 * (1 + bidirectional), 7, dtype=dtype)
    embedding = nn.Embedding(9, 5, dtype=dtype) if embedded else None
    return Network(embedding, module, readout, list("abcdefghi"))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize(
    ("layers", "bidirectional"), [(1, False), (3, False), (1, True), (2, True)]
)
@pytest.mark.parametrize("embedded", [False, True])
def test_every_layer_and_direction_is_that_of_python(page, kind, layers, bidirectional, embedded):
    network = make(kind, layers, bidirectional, embedded=embedded)
    x, rng = network.vectors(IDS), np.random.default_rng(0)
    for held in range(len(network.rows)):
        clamps = {k: rng.uniform(size=(len(IDS), network.H)) for k in network.gates}
        for values in clamps.values():
            values[:2] = np.nan

        def step(params, t, x_t, clamps=clamps, **state):
            return hold(network.cell, params, x_t, state, {k: v[t] for k, v in clamps.items()})

        letters, features = network.run(x, held, step)
        sent = {k: [None if np.isnan(v) else v for v in a.ravel()] for k, a in clamps.items()}
        piece = [1, 4, 64][held % 3]  # the number of time steps per piece
        theirs, last = page.evaluate(RUN, [plain(network), IDS, sent, held, piece])
        ours = [letters[k].ravel() for k in network.letters]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)
        np.testing.assert_allclose(last, features.ravel(), rtol=0, atol=1e-12)


def test_weights_arrive_in_their_own_precision(page):
    network = make(nn.LSTM, 1, False, torch.float32)
    params = page.evaluate(
        "network => [...modules.network.load(network).rows[0].W_hh]", plain(network)
    )
    assert params == network.rows[0].W_hh.ravel().tolist()
    assert network.plain()["bits"] == 32
