"""Functions of probability and combinatorics: error functions, gamma functions, entropies. SciPy computes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.ops.registry import kernel, op
from backlit.ops.samples import binary, unary

SQRT_PI = math.sqrt(math.pi)
SQRT_2_PI = math.sqrt(2 * math.pi)


@op(torch="erf", promotes="float", samples=unary(extremes=(-40.0, 40.0)))
def erf(x):
    """out = 2 / sqrt(pi) times the integral of e ** -t**2 from 0 to x."""
    from scipy import special

    return special.erf(x)


@erf.gradient("x")
def _(g, x):
    return g * (2 / SQRT_PI) * np.exp(-x * x)


@op(torch="erfc", promotes="float", samples=unary(extremes=(-40.0, 40.0)))
def erfc(x):
    """out = 1 - erf x, without losing its digits where erf x is near 1."""
    from scipy import special

    return special.erfc(x)


@erfc.gradient("x")
def _(g, x):
    return g * (-2 / SQRT_PI) * np.exp(-x * x)


@op(torch="erfinv", promotes="float", samples=unary(-0.9, 0.9))
def erfinv(x):
    """out = the y with erf y = x."""
    from scipy import special

    return special.erfinv(x)


@erfinv.gradient("x")
def _(g, out):
    return g * (SQRT_PI / 2) * np.exp(out * out)


@op(torch="special.ndtr", promotes="float", samples=unary(extremes=(-40.0, 40.0)))
def ndtr(x):
    """out = P(Z <= x) for a standard normal Z."""
    from scipy import special

    return special.ndtr(x)


@ndtr.gradient("x")
def _(g, x):
    return g * np.exp(-0.5 * x * x) / SQRT_2_PI


@op(torch="special.log_ndtr", promotes="float", samples=unary(extremes=(-40.0, 40.0)))
def log_ndtr(x):
    """out = ln P(Z <= x), finite where P(Z <= x) itself is too small for a float."""
    from scipy import special

    return special.log_ndtr(x)


@log_ndtr.gradient("x")
def _(g, x, out):
    return g * np.exp(-0.5 * x * x - out) / SQRT_2_PI


@op(torch="special.ndtri", promotes="float", samples=unary(0.05, 0.95))
def ndtri(x):
    """out = the z with P(Z <= z) = x."""
    from scipy import special

    return special.ndtri(x)


@ndtri.gradient("x")
def _(g, out):
    return g * np.exp(0.5 * out * out) * SQRT_2_PI


@op(torch="lgamma", promotes="float", samples=unary(0.2, 5))
def lgamma(x):
    """out = ln |gamma(x)|."""
    from scipy import special

    return special.gammaln(x)


@lgamma.gradient("x")
def _(g, x):
    return g * digamma(x)


@op(torch="digamma", promotes="float", samples=unary(0.2, 5))
def digamma(x):
    """out = the derivative of ln gamma(x)."""
    from scipy import special

    return special.digamma(x)


@digamma.gradient("x")
def _(g, x):
    return g * polygamma(x, n=1)


@op(node="PolygammaBackward0", promotes="float", samples=unary(0.2, 5, n=1))
def polygamma(x, *, n):
    """out = the n-th derivative of digamma x: (-1)^(n+1) n! zeta(n + 1, x)."""
    return digamma(x) if n == 0 else (-1) ** (n + 1) * math.factorial(n) * zeta(n + 1, x)


@polygamma.gradient("x")
def _(g, x, n):
    return g * polygamma(x, n=n + 1)


@kernel
def zeta(s: float, x: Any) -> Any:
    """Hurwitz' function, the sum of (x + k) ** -s over k = 0, 1, ..."""
    from scipy import special

    return special.zeta(s, x)


@op(torch="special.i0", promotes="float", samples=unary())
def i0(x):
    """out = the modified Bessel function of the first kind and order 0."""
    from scipy import special

    return special.i0(x)


@i0.gradient("x")
def _(g, x):
    return g * i1(x)


@op(torch="special.i1", promotes="float", samples=unary(0.2, 3))
def i1(x):
    """out = the modified Bessel function of the first kind and order 1."""
    from scipy import special

    return special.i1(x)


@i1.gradient("x")
def _(g, x, out):
    at_zero = np.equal(x, 0)  # i1(x) / x tends to 1/2 there
    return g * (i0(x) - np.where(at_zero, 0.5, out / np.where(at_zero, 1, x)))


@op(torch="special.entr", promotes="float", samples=unary(0.1, 3))
def entr(x):
    """out = -x ln x; 0 at x = 0, -infinity below."""
    from scipy import special

    return special.entr(x)


@entr.gradient("x")
def _(g, x):
    return -g * (np.log(x) + 1)


@op(torch="xlogy", broadcasts=True, promotes="float", samples=binary(second=(0.2, 3)))
def xlogy(x, y):
    """out = x ln y; 0 where x = 0, unless y is NaN."""
    from scipy import special

    return special.xlogy(x, y)


@xlogy.gradient("x")
def _(g, x, y):
    return g * np.where(np.equal(x, 0) & np.less_equal(y, 0), 0, np.log(y))


@xlogy.gradient("y")
def _(g, x, y):
    return g * x / y


@op(torch="special.xlog1py", broadcasts=True, promotes="float", samples=binary(second=(0.2, 3)))
def xlog1py(x, y):
    """out = x ln(1 + y); 0 where x = 0, unless y is NaN."""
    from scipy import special

    return special.xlog1py(x, y)


@xlog1py.gradient("x")
def _(g, x, y):
    return g * np.where(np.equal(x, 0) & np.less_equal(y, -1), 0, np.log1p(y))


@xlog1py.gradient("y")
def _(g, x, y):
    return g * x / (1 + y)


@op(torch="logit", promotes="float", samples=unary(0.05, 0.95))
def logit(x):
    """out = ln(x / (1 - x)), the inverse of sigmoid."""
    return np.log(x / (1 - x))


@logit.gradient("x")
def _(g, x):
    return g / (x * (1 - x))
