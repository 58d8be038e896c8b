"""The cells against torch and against central differences, at shapes drawn by hypothesis."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.cells import rnn
from gatewise.check import compare

sizes = st.integers(1, 4)
settings.register_profile("proof", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("proof")


def draw(seed, T, B, D, H):
    """Random parameters, input, states and incoming gradients, all different from zero."""
    rng = np.random.default_rng(seed)
    params = rnn.Params.random(D, H, rng)
    x, h0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H))
    return params, x, h0, rng.normal(size=(T, B, H)), rng.normal(size=(B, H))


def module_like(params, layers=1, bidirectional=False):
    H, D = params.W_hh.shape[1], params.W_ih.shape[1]
    module = torch.nn.RNN(D, H, layers, bidirectional=bidirectional, dtype=torch.float64)
    with torch.no_grad():
        for mine, theirs in zip(params, module.parameters(), strict=True):
            theirs.copy_(torch.from_numpy(mine))
    return module


@given(seed=st.integers(0, 2**32 - 1), T=sizes, B=sizes, D=sizes, H=sizes)
def test_forward_and_every_gradient_equal_torch(seed, T, B, D, H):
    params, x, h0, dh, dh_T = draw(seed, T, B, D, H)
    trace = rnn.forward(params, x, h0)
    grads = rnn.backward(params, trace, dh, dh_T)

    module = module_like(params)
    tx, th0 = (torch.from_numpy(v).clone().requires_grad_() for v in (x, h0[None]))
    output, h_n = module(tx, th0)
    loss = (output * torch.from_numpy(dh)).sum() + (h_n[0] * torch.from_numpy(dh_T)).sum()
    loss.backward()

    assert compare("h", trace.h, output)
    expected = [p.grad for p in module.parameters()] + [tx.grad, th0.grad[0]]
    for name, theirs in zip(grads._fields, expected, strict=False):
        assert compare(name, getattr(grads, name), theirs, tol=1e-10)
