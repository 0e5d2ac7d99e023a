"""Comparisons and logic; none has a gradient."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import binary, cases, unary

INTEGERS = cases(((np.array([[5, -3, 0]]), np.array([[1], [6]])), {}), ((np.array([True, False]), np.array(True)), {}))
SHIFTS = cases(((np.array([5, -3, 0]), np.array([[1], [2]])), {}))


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


@op(torch="bitwise_and", numpy=np.bitwise_and, promotes="same", samples=INTEGERS)
def bitwise_and(x, y):
    """out = x & y, of integers or booleans."""
    return np.bitwise_and(x, y)


@op(torch="bitwise_or", numpy=np.bitwise_or, promotes="same", samples=INTEGERS)
def bitwise_or(x, y):
    """out = x | y, of integers or booleans."""
    return np.bitwise_or(x, y)


@op(torch="bitwise_xor", numpy=np.bitwise_xor, promotes="same", samples=INTEGERS)
def bitwise_xor(x, y):
    """out = x ^ y, of integers or booleans."""
    return np.bitwise_xor(x, y)


@op(torch="bitwise_not", numpy=np.invert, samples=cases(((np.array([True, False]),), {}), ((np.arange(-3, 3),), {})))
def bitwise_not(x):
    """out = ~x, of integers or booleans."""
    return np.invert(x)


@op(torch="logical_and", numpy=np.logical_and, promotes="same", samples=binary())
def logical_and(x, y):
    """out = both x and y are other than 0."""
    return np.logical_and(x, y)


@op(torch="logical_or", numpy=np.logical_or, promotes="same", samples=binary())
def logical_or(x, y):
    """out = x or y, or both, are other than 0."""
    return np.logical_or(x, y)


@op(torch="logical_xor", numpy=np.logical_xor, promotes="same", samples=binary())
def logical_xor(x, y):
    """out = x or y, and not both, are other than 0."""
    return np.logical_xor(x, y)


@op(torch="logical_not", numpy=np.logical_not, samples=unary(extremes=(np.inf, -np.inf, np.nan, 0.0)))
def logical_not(x):
    """out = x is 0."""
    return np.logical_not(x)


@op(torch="isnan", numpy=np.isnan, samples=unary(extremes=(np.inf, -np.inf, np.nan, 0.0)))
def isnan(x):
    """out = x is not a number."""
    return np.isnan(x)


@op(torch="isinf", numpy=np.isinf, samples=unary(extremes=(np.inf, -np.inf, np.nan, 0.0)))
def isinf(x):
    """out = x is infinite."""
    return np.isinf(x)


@op(torch="isfinite", numpy=np.isfinite, samples=unary(extremes=(np.inf, -np.inf, np.nan, 0.0)))
def isfinite(x):
    """out = x is neither infinite nor NaN."""
    return np.isfinite(x)


@op(torch="signbit", numpy=np.signbit, samples=unary(extremes=(np.inf, -np.inf, np.nan, 0.0)))
def signbit(x):
    """out = x is negative, -0.0 too."""
    return np.signbit(x)


@op(torch="bitwise_left_shift", numpy=np.left_shift, promotes="same", samples=SHIFTS)
def bitwise_left_shift(x, y):
    """out = x 2 ** y, of integers."""
    return np.left_shift(x, y)


@op(torch="bitwise_right_shift", numpy=np.right_shift, promotes="same", samples=SHIFTS)
def bitwise_right_shift(x, y):
    """out = floor(x / 2 ** y), of integers."""
    return np.right_shift(x, y)


@op(torch="isposinf", numpy=np.isposinf, samples=unary(extremes=(np.inf, -np.inf, np.nan)))
def isposinf(x):
    """out = x is infinity."""
    return np.equal(x, np.inf)


@op(torch="isneginf", numpy=np.isneginf, samples=unary(extremes=(np.inf, -np.inf, np.nan)))
def isneginf(x):
    """out = x is -infinity."""
    return np.equal(x, -np.inf)
