"""Exponentials, logarithms, roots, and the trigonometric and hyperbolic functions."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import unary


@op(torch="exp", numpy=np.exp, promotes="float", samples=unary(extremes=(-800.0, 700.0)))
def exp(x):
    """out = e ** x."""
    return np.exp(x)


@exp.gradient("x")
def _(g, out):
    return g * out


@op(torch="log", numpy=np.log, promotes="float", samples=unary(0.1, 3))
def log(x):
    """out = ln x."""
    return np.log(x)


@log.gradient("x")
def _(g, x):
    return g / x


@op(torch="tanh", numpy=np.tanh, promotes="float", samples=unary(extremes=(-50.0, 50.0)))
def tanh(x):
    """out = tanh x."""
    return np.tanh(x)


@tanh.gradient("x")
def _(g, out):
    return g * (1 - out * out)
