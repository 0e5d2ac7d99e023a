"""Comparisons and logic; none has a gradient."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import binary


@op(torch="lt", numpy=np.less, promotes="same", samples=binary())
def lt(x, y):
    """out = x < y."""
    return np.less(x, y)


@op(torch="le", numpy=np.less_equal, promotes="same", samples=binary())
def le(x, y):
    """out = x <= y."""
    return np.less_equal(x, y)


@op(torch="gt", numpy=np.greater, promotes="same", samples=binary())
def gt(x, y):
    """out = x > y."""
    return np.greater(x, y)


@op(torch="ge", numpy=np.greater_equal, promotes="same", samples=binary())
def ge(x, y):
    """out = x >= y."""
    return np.greater_equal(x, y)


@op(torch="eq", numpy=np.equal, promotes="same", samples=binary())
def eq(x, y):
    """out = x == y."""
    return np.equal(x, y)


@op(torch="ne", numpy=np.not_equal, promotes="same", samples=binary())
def ne(x, y):
    """out = x != y."""
    return np.not_equal(x, y)


@op(torch="bitwise_and", numpy=np.bitwise_and, promotes="same")
def bitwise_and(x, y):
    """out = x & y, of integers or booleans."""
    return np.bitwise_and(x, y)


@op(torch="bitwise_or", numpy=np.bitwise_or, promotes="same")
def bitwise_or(x, y):
    """out = x | y, of integers or booleans."""
    return np.bitwise_or(x, y)


@op(torch="bitwise_xor", numpy=np.bitwise_xor, promotes="same")
def bitwise_xor(x, y):
    """out = x ^ y, of integers or booleans."""
    return np.bitwise_xor(x, y)


@op(torch="bitwise_not", numpy=np.invert)
def bitwise_not(x):
    """out = ~x, of integers or booleans."""
    return np.invert(x)
