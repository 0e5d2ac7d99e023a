"""Sums, products, powers and their like, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.convert import zeros_like
from backlit.ops.registry import op
from backlit.ops.samples import binary, cases, unary


@op(torch="add", numpy=np.add, broadcasts=True, promotes="same", samples=binary())
def add(x, y):
    """out = x + y."""
    return np.add(x, y)


@add.gradient("x")
def _(g):
    return g


@add.gradient("y")
def _(g):
    return g


@op(torch="sub", numpy=np.subtract, broadcasts=True, promotes="same", samples=binary())
def sub(x, y):
    """out = x - y."""
    return np.subtract(x, y)


@sub.gradient("x")
def _(g):
    return g


@sub.gradient("y")
def _(g):
    return -g


@op(torch="mul", numpy=np.multiply, broadcasts=True, promotes="same", samples=binary())
def mul(x, y):
    """out = x y."""
    return np.multiply(x, y)


@mul.gradient("x")
def _(g, y):
    return g * y


@mul.gradient("y")
def _(g, x):
    return g * x


@op(torch="div", numpy=np.true_divide, broadcasts=True, promotes="float", samples=binary(second=(0.3, 3)))
def div(x, y):
    """out = x / y."""
    return np.true_divide(x, y)


@div.gradient("x")
def _(g, y):
    return g / y


@div.gradient("y")
def _(g, y, out):
    return -g * out / y


@op(torch="pow", numpy=np.power, broadcasts=True, promotes="same", samples=binary(0.2, 2, (-2, 2)))
def pow(x, y):
    """out = x ** y."""
    return np.power(x, y)


@pow.gradient("x")
def _(g, x, y):
    # 0 where y = 0, whatever x is: the power is the constant 1, yet x ** (y - 1) is infinite at x = 0.
    return np.where(np.equal(y, 0), 0, g * y * x ** (y - 1))


@pow.gradient("y")
def _(g, x, y, out):
    # 0 ** y is 0 for every y > 0: flat, although log(0) is infinite.
    flat = np.equal(x, 0) & np.greater_equal(y, 0)
    return g * np.where(flat, 0, out * np.log(np.where(flat, 1, x)))


@op(torch="neg", numpy=np.negative, samples=unary())
def neg(x):
    """out = -x."""
    return np.negative(x)


@neg.gradient("x")
def _(g):
    return -g


@op(torch="reciprocal", promotes="float", samples=unary(0.3, 3))
def reciprocal(x):
    """out = 1 / x."""
    return 1 / x


@reciprocal.gradient("x")
def _(g, out):
    return -g * out * out


@op(torch="abs", numpy=np.absolute, samples=unary())
def abs(x):
    """out = |x|."""
    return np.absolute(x)


@abs.gradient("x")
def _(g, x):
    return g * np.sign(x)


@op(torch="floor_divide", numpy=np.floor_divide, broadcasts=True, promotes="same", samples=binary(second=(0.3, 3)))
def floor_divide(x, y):
    """out = the largest integer at most x / y."""
    return np.floor_divide(x, y)


@floor_divide.gradient("x")
def _(g):
    return zeros_like(g)


@floor_divide.gradient("y")
def _(g):
    return zeros_like(g)


@op(torch="remainder", numpy=np.remainder, broadcasts=True, promotes="same", samples=binary(second=(0.3, 3)))
def remainder(x, y):
    """out = x - y floor(x / y); has the sign of y."""
    return np.remainder(x, y)


@remainder.gradient("x")
def _(g):
    return g


@remainder.gradient("y")
def _(g, x, y):
    return -g * np.floor_divide(x, y)


@op(torch="fmod", numpy=np.fmod, broadcasts=True, promotes="same", samples=binary(second=(0.3, 3)))
def fmod(x, y):
    """out = x - y trunc(x / y); has the sign of x."""
    return np.fmod(x, y)


@fmod.gradient("x")
def _(g):
    return g


@fmod.gradient("y")
def _(g, x, y):
    return -g * np.trunc(x / y)


@op(torch="square", numpy=np.square, samples=unary())
def square(x):
    """out = x ** 2."""
    return np.square(x)


@square.gradient("x")
def _(g, x):
    return g * 2 * x


@op(torch="maximum", numpy=np.maximum, broadcasts=True, promotes="same", samples=binary())
def maximum(x, y):
    """out = the larger of x and y; NaN if either is."""
    return np.maximum(x, y)


@maximum.gradient("x")
def _(g, x, y):
    return g * share_of_winner(np.greater(x, y), np.equal(x, y))


@maximum.gradient("y")
def _(g, x, y):
    return g * share_of_winner(np.less(x, y), np.equal(x, y))


@op(torch="minimum", numpy=np.minimum, broadcasts=True, promotes="same", samples=binary())
def minimum(x, y):
    """out = the smaller of x and y; NaN if either is."""
    return np.minimum(x, y)


@minimum.gradient("x")
def _(g, x, y):
    return g * share_of_winner(np.less(x, y), np.equal(x, y))


@minimum.gradient("y")
def _(g, x, y):
    return g * share_of_winner(np.greater(x, y), np.equal(x, y))


def share_of_winner(wins: Any, ties: Any) -> Any:
    """1 where this side alone attains the extreme, 1/2 where both do."""
    return np.where(ties, 0.5, wins)


@op(torch="fmax", numpy=np.fmax, broadcasts=True, promotes="same", samples=binary())
def fmax(x, y):
    """out = the larger of x and y; a NaN loses against a number."""
    return np.fmax(x, y)


@fmax.gradient("x")
def _(g, x, y):
    return np.where(np.greater_equal(x, y) | np.isnan(y), g, 0)


@fmax.gradient("y")
def _(g, x, y):
    return np.where(np.greater_equal(x, y) | np.isnan(y), 0, g)


@op(torch="fmin", numpy=np.fmin, broadcasts=True, promotes="same", samples=binary())
def fmin(x, y):
    """out = the smaller of x and y; a NaN loses against a number."""
    return np.fmin(x, y)


@fmin.gradient("x")
def _(g, x, y):
    return np.where(np.less_equal(x, y) | np.isnan(y), g, 0)


@fmin.gradient("y")
def _(g, x, y):
    return np.where(np.less_equal(x, y) | np.isnan(y), 0, g)


@op(torch="copysign", numpy=np.copysign, broadcasts=True, promotes="float", samples=binary())
def copysign(x, y):
    """out = |x| with the sign of y."""
    return np.copysign(x, y)


@copysign.gradient("x")
def _(g, x, out):
    return g * np.sign(x) * np.sign(out)


@copysign.gradient("y")
def _(g):
    return zeros_like(g)


@op(torch="gcd", numpy=np.gcd, promotes="same", samples=cases(((np.array([12, -8, 0]), np.array([18, 12, 5])), {})))
def gcd(x, y):
    """out = the greatest common divisor of two integers."""
    return np.gcd(x, y)


@op(torch="lcm", numpy=np.lcm, promotes="same", samples=cases(((np.array([4, -6, 0]), np.array([6, 4, 5])), {})))
def lcm(x, y):
    """out = the least common multiple of two integers."""
    return np.lcm(x, y)


@op(torch="lerp", broadcasts=True, promotes="same", samples=cases((((2, 3), (2, 3), ()), {}),
    (((3,), (2, 1), (2, 3)), {}), (((0, 3), (3,), ()), {})))  # fmt: skip
def lerp(x, y, w):
    """out = x + w (y - x), reckoned from the nearer end: exactly x at w = 0 and y at w = 1."""
    return np.where(np.less(np.absolute(w), 0.5), x + w * (y - x), y - (1 - w) * (y - x))


@lerp.gradient("x")
def _(g, w):
    return g * (1 - w)


@lerp.gradient("y")
def _(g, w):
    return g * w


@lerp.gradient("w")
def _(g, x, y):
    return g * (y - x)
