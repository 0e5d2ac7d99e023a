"""The trigonometric and hyperbolic functions and their inverses. Angles are in radians."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import binary, unary


@op(torch="sin", numpy=np.sin, promotes="float", samples=unary())
def sin(x):
    """out = sin x."""
    return np.sin(x)


@sin.gradient("x")
def _(g, x):
    return g * np.cos(x)


@op(torch="cos", numpy=np.cos, promotes="float", samples=unary())
def cos(x):
    """out = cos x."""
    return np.cos(x)


@cos.gradient("x")
def _(g, x):
    return -g * np.sin(x)


@op(torch="tan", numpy=np.tan, promotes="float", samples=unary(-1.3, 1.3))
def tan(x):
    """out = tan x."""
    return np.tan(x)


@tan.gradient("x")
def _(g, out):
    return g * (1 + out * out)


@op(torch="asin", numpy=np.arcsin, promotes="float", samples=unary(-0.9, 0.9))
def asin(x):
    """out = the angle between -pi/2 and pi/2 whose sine is x."""
    return np.arcsin(x)


@asin.gradient("x")
def _(g, x):
    return g / np.sqrt(1 - x * x)


@op(torch="acos", numpy=np.arccos, promotes="float", samples=unary(-0.9, 0.9))
def acos(x):
    """out = the angle between 0 and pi whose cosine is x."""
    return np.arccos(x)


@acos.gradient("x")
def _(g, x):
    return -g / np.sqrt(1 - x * x)


@op(torch="atan", numpy=np.arctan, promotes="float", samples=unary(extremes=(-1e30, 1e30)))
def atan(x):
    """out = the angle between -pi/2 and pi/2 whose tangent is x."""
    return np.arctan(x)


@atan.gradient("x")
def _(g, x):
    return g / (1 + x * x)


@op(torch="atan2", numpy=np.arctan2, broadcasts=True, promotes="float", samples=binary(second=(0.3, 3)))
def atan2(y, x):
    """out = the angle of the point (x, y), between -pi and pi."""
    return np.arctan2(y, x)


@atan2.gradient("y")
def _(g, y, x):
    return g * x * reciprocal_unless_0(x * x + y * y)


@atan2.gradient("x")
def _(g, y, x):
    return -g * y * reciprocal_unless_0(x * x + y * y)


def reciprocal_unless_0(x):
    """1 / x; 0 where x = 0. At the origin an angle has no gradient; PyTorch takes 0."""
    return np.where(np.equal(x, 0), 0, 1 / np.where(np.equal(x, 0), 1, x))


@op(torch="hypot", numpy=np.hypot, broadcasts=True, promotes="same", samples=binary(0.3, 3))
def hypot(x, y):
    """out = sqrt(x ** 2 + y ** 2), where squaring would overflow too."""
    return np.hypot(x, y)


@hypot.gradient("x")
def _(g, x, out):
    return g * x / out


@hypot.gradient("y")
def _(g, y, out):
    return g * y / out


@op(torch="sinh", numpy=np.sinh, promotes="float", samples=unary())
def sinh(x):
    """out = (e ** x - e ** -x) / 2."""
    return np.sinh(x)


@sinh.gradient("x")
def _(g, x):
    return g * np.cosh(x)


@op(torch="cosh", numpy=np.cosh, promotes="float", samples=unary())
def cosh(x):
    """out = (e ** x + e ** -x) / 2."""
    return np.cosh(x)


@cosh.gradient("x")
def _(g, x):
    return g * np.sinh(x)


@op(torch="tanh", numpy=np.tanh, promotes="float", samples=unary(extremes=(-50.0, 50.0)))
def tanh(x):
    """out = sinh x / cosh x."""
    return np.tanh(x)


@tanh.gradient("x")
def _(g, out):
    return g * (1 - out * out)


@op(torch="asinh", numpy=np.arcsinh, promotes="float", samples=unary())
def asinh(x):
    """out = the y with sinh y = x."""
    return np.arcsinh(x)


@asinh.gradient("x")
def _(g, x):
    return g / np.sqrt(x * x + 1)


@op(torch="acosh", numpy=np.arccosh, promotes="float", samples=unary(1.2, 4))
def acosh(x):
    """out = the y >= 0 with cosh y = x."""
    return np.arccosh(x)


@acosh.gradient("x")
def _(g, x):
    return g / np.sqrt(x * x - 1)


@op(torch="atanh", numpy=np.arctanh, promotes="float", samples=unary(-0.9, 0.9))
def atanh(x):
    """out = the y with tanh y = x."""
    return np.arctanh(x)


@atanh.gradient("x")
def _(g, x):
    return g / (1 - x * x)


@op(torch="sinc", promotes="float", samples=unary(0.1, 3))
def sinc(x):
    """out = sin(pi x) / (pi x); 1 at x = 0."""
    return np.sinc(x)


@sinc.gradient("x")
def _(g, x, out):
    at_zero = np.equal(x, 0)
    return g * np.where(at_zero, 0, (np.cos(np.pi * x) - out) / np.where(at_zero, 1, x))
