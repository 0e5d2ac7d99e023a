"""Rounding and signs: steps, whose gradient is 0 wherever there is one."""

from __future__ import annotations

import numpy as np

from backlit.ops.convert import zeros_like
from backlit.ops.registry import op
from backlit.ops.samples import binary, unary


@op(torch="floor", numpy=np.floor, samples=unary())
def floor(x):
    """out = the largest integer at most x."""
    return np.floor(x)


@floor.gradient("x")
def _(g):
    return zeros_like(g)


@op(torch="ceil", numpy=np.ceil, samples=unary())
def ceil(x):
    """out = the smallest integer at least x."""
    return np.ceil(x)


@ceil.gradient("x")
def _(g):
    return zeros_like(g)


@op(torch="trunc", numpy=np.trunc, samples=unary())
def trunc(x):
    """out = x without its digits after the point."""
    return np.trunc(x)


@trunc.gradient("x")
def _(g):
    return zeros_like(g)


@op(torch="frac", samples=unary())
def frac(x):
    """out = the digits of x after the point, with its sign."""
    return x - np.trunc(x)


@frac.gradient("x")
def _(g):
    return g


@op(torch="round", numpy=np.round, samples=unary(decimals=0))
def round(x, *, decimals=0):
    """out = x to so many decimals; halves go to the even neighbour."""
    return np.round(x, decimals)


@round.gradient("x")
def _(g):
    return zeros_like(g)


@op(torch="heaviside", numpy=np.heaviside, promotes="same", samples=binary())
def heaviside(x, y):
    """out = 0 where x < 0, y where x = 0, 1 where x > 0; in y's dtype."""
    return np.where(np.equal(x, 0), y, np.greater(x, 0))


@op(torch="sign", numpy=np.sign, samples=unary())
def sign(x):
    """out = -1, 0 or 1; 0 for NaN, as PyTorch has it."""
    return np.where(np.isnan(x), 0, np.sign(x))


@sign.gradient("x")
def _(g):
    return zeros_like(g)
