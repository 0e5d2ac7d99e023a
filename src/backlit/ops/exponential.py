"""Exponentials, logarithms and roots."""

from __future__ import annotations

import math

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import unary

LN_2, LN_10 = math.log(2), math.log(10)


@op(torch="exp", numpy=np.exp, promotes="float", samples=unary(extremes=(-800.0, 700.0)))
def exp(x):
    """out = e ** x."""
    return np.exp(x)


@exp.gradient("x")
def _(g, out):
    return g * out


@op(torch="exp2", numpy=np.exp2, promotes="float", samples=unary())
def exp2(x):
    """out = 2 ** x."""
    return np.exp2(x)


@exp2.gradient("x")
def _(g, out):
    return g * out * LN_2


@op(torch="expm1", numpy=np.expm1, promotes="float", samples=unary(extremes=(-800.0, 1e-12)))
def expm1(x):
    """out = e ** x - 1, with all its digits where x is small."""
    return np.expm1(x)


@expm1.gradient("x")
def _(g, out):
    return g * (out + 1)


@op(torch="log", numpy=np.log, promotes="float", samples=unary(0.1, 3))
def log(x):
    """out = ln x."""
    return np.log(x)


@log.gradient("x")
def _(g, x):
    return g / x


@op(torch="log2", numpy=np.log2, promotes="float", samples=unary(0.1, 3))
def log2(x):
    """out = ln x / ln 2."""
    return np.log2(x)


@log2.gradient("x")
def _(g, x):
    return g / (x * LN_2)


@op(torch="log10", numpy=np.log10, promotes="float", samples=unary(0.1, 3))
def log10(x):
    """out = ln x / ln 10."""
    return np.log10(x)


@log10.gradient("x")
def _(g, x):
    return g / (x * LN_10)


@op(torch="log1p", numpy=np.log1p, promotes="float", samples=unary(-0.8, 3))
def log1p(x):
    """out = ln(1 + x), with all its digits where x is small."""
    return np.log1p(x)


@log1p.gradient("x")
def _(g, x):
    return g / (1 + x)


@op(torch="sqrt", numpy=np.sqrt, promotes="float", samples=unary(0.1, 3))
def sqrt(x):
    """out = the square root of x."""
    return np.sqrt(x)


@sqrt.gradient("x")
def _(g, out):
    return g / (2 * out)


@op(torch="rsqrt", promotes="float", samples=unary(0.1, 3))
def rsqrt(x):
    """out = 1 / sqrt(x)."""
    return 1 / np.sqrt(x)


@rsqrt.gradient("x")
def _(g, out):
    return -0.5 * g * out * out * out
