"""Losses, from predictions and targets to one number a row."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import binary

#: PyTorch bounds the logarithms of binary cross-entropy from below, so that p = 0 costs 100 instead of infinity.
LOG_FLOOR = -100
#: PyTorch's bound on p (1 - p) in the gradient of binary cross-entropy.
BCE_EPSILON = 1e-12


@op(torch="nn.functional.binary_cross_entropy", broadcasts=True, samples=binary(0.05, 0.95))
def binary_cross_entropy(x, y):
    """out = -(y ln x + (1 - y) ln(1 - x)), for probabilities x."""
    return -(y * np.maximum(np.log(x), LOG_FLOOR) + (1 - y) * np.maximum(np.log1p(-x), LOG_FLOOR))


@binary_cross_entropy.gradient("x")
def _(g, x, y):
    return g * (x - y) / np.maximum((1 - x) * x, BCE_EPSILON)


@binary_cross_entropy.gradient("y")
def _(g, x):
    return g * (np.maximum(np.log1p(-x), LOG_FLOOR) - np.maximum(np.log(x), LOG_FLOOR))
