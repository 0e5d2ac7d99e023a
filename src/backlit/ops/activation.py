"""The nonlinear functions between layers."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import unary


@op(torch="sigmoid", promotes="float", samples=unary(extremes=(-800.0, 800.0)))
def sigmoid(x):
    """out = 1 / (1 + e ** -x).  Where e ** -x overflows, 1 / inf is the right 0."""
    return 1 / (1 + np.exp(-x))


@sigmoid.gradient("x")
def _(g, out):
    return g * out * (1 - out)


@op(torch="relu", samples=unary())
def relu(x):
    """out = max(x, 0)."""
    return np.maximum(x, 0)


@relu.gradient("x")
def _(g, out):
    return g * (out > 0)
