"""network.js on a blank page, against gatewise.widgets.network in float64, to 1e-12."""

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
    return module, nn.Embedding(9, 5, dtype=dtype) if embedded else None, readout


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize(
    ("layers", "bidirectional"), [(1, False), (3, False), (1, True), (2, True)]
)
@pytest.mark.parametrize("embedded", [False, True])
def test_every_layer_and_direction_is_that_of_python(page, kind, layers, bidirectional, embedded):
    network = Network(*make(kind, layers, bidirectional, embedded=embedded))
    x, rng = network.vectors(IDS), np.random.default_rng(0)
    for held in range(len(network.layers)):
        clamps = {k: rng.uniform(size=(len(IDS), network.H)) for k in network.gates}
        for values in clamps.values():
            values[:2] = np.nan
        traces, outputs = network.run(x, clamps, held)
        sent = {k: [None if np.isnan(v) else v for v in a.ravel()] for k, a in clamps.items()}
        piece = [1, 4, 64][held % 3]  # of time steps
        theirs, last = page.evaluate(RUN, [network.plain(), IDS, sent, held, piece])
        ours = [traces[held][k].ravel() for k in network.letters]
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)
        np.testing.assert_allclose(last, outputs.ravel(), rtol=0, atol=1e-12)


def test_weights_arrive_in_their_own_precision(page):
    network = Network(*make(nn.LSTM, 1, False, torch.float32))
    params = page.evaluate(
        "network => [...modules.network.load(network).layers[0].W_hh]", network.plain()
    )
    assert params == network.layers[0].W_hh.ravel().tolist()
    assert network.plain()["layers"][0]["W_hh"].startswith("float32:")
