"""Sums, products and what is made of them, at lengths that no vector's width divides, in loops and through BLAS."""

import math

import numpy as np
import pytest

import backlit as torch
from backlit import tracing
from compiler import plans

#: Rows, columns, and columns of a second matrix.
SIZES = [(1, 1, 1), (7, 3, 5), (17, 31, 13), (64, 32, 16), (65, 33, 129), (2, 257, 3), (129, 1, 1)]
F = torch.nn.functional
FUNCTIONS = {
    "product": lambda x, w, y: x @ w.T,
    "product of transposes": lambda x, w, y: (x.T.T @ w.T).T @ x,
    "product with a vector": lambda x, w, y: x @ w[0],
    "batched product": lambda x, w, y: torch.stack([x, x + 1]) @ torch.stack([w.T, w.T * 2]),
    "sum over rows": lambda x, w, y: x.sum(0),
    "sum over columns": lambda x, w, y: x.sum(1),
    "mean": lambda x, w, y: x.mean(),
    "extremes": lambda x, w, y: x.amax(0) - x.amin(0) + x.amax(),
    "variance": lambda x, w, y: x.var(1, correction=0),
    "softmax": lambda x, w, y: x.softmax(1),
    "softmax over rows": lambda x, w, y: x.softmax(0),
    "log softmax": lambda x, w, y: x.log_softmax(1),
    "logsumexp": lambda x, w, y: x.logsumexp(1),
    "layer norm": lambda x, w, y: F.layer_norm(x, x.shape[1:]),
    "cross entropy": lambda x, w, y: F.cross_entropy(x, y),
    "products, joined and cut": lambda x, w, y: torch.cat([x @ w.T, x], dim=1)[:, 1:] * 2,
    "turned and repeated": lambda x, w, y: x.flip(1).roll(1, 0).repeat(2, 1).T.reshape(1, -1),
    "rows picked": lambda x, w, y: x[y.clamp(max=x.shape[0] - 1)] * x[0],
    "cumulative sum": lambda x, w, y: x.cumsum(1),
}


def record(function, size, seed):
    rows, columns, others = size
    rng = np.random.default_rng(seed)
    x, w = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, columns), (others, columns)))
    x, w = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    y = torch.tensor(rng.integers(0, columns, rows))

    def step():
        out = function(x, w, y)
        out.backward(torch.from_numpy(np.linspace(-1, 1, out.numel(), dtype=np.float32).reshape(out.shape)))
        return out

    return tracing.trace(step)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_are_numpys_at_every_size(name):
    for seed, size in enumerate(SIZES):
        # Two orders of one sum lie as far apart as a random walk of as many roundings (Higham, "Accuracy and Stability
        # of Numerical Algorithms", section 2.8).
        plans.check_native([record(FUNCTIONS[name], size, seed)], math.sqrt(max(size) * max(size[:2])))
