"""Choosing between values element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import Sample, op
from backlit.ops.samples import cases, unary


def chosen(rng: np.random.Generator) -> Any:
    for c, x, y in (((2, 3), (2, 3), (2, 3)), ((3,), (2, 3), ()), ((2, 1), (1, 3), (2, 1)), ((0, 3), (3,), ())):
        yield Sample((rng.random(c) < 0.5, rng.normal(size=x), rng.normal(size=y)), {})


@op(torch="where", numpy=np.where, broadcasts=True, samples=chosen)
def where(c, x, y):
    """out = x where c, else y."""
    return np.where(c, x, y)


@where.gradient("x")
def _(g, c):
    return np.where(c, g, 0)


@where.gradient("y")
def _(g, c):
    return np.where(c, 0, g)


def masked(rng: np.random.Generator) -> Any:
    for x, m, y in (((2, 3), (2, 3), ()), ((3,), (2, 1), ()), ((0, 3), (3,), ())):
        yield Sample((rng.normal(size=x), rng.random(m) < 0.5, rng.normal(size=y)), {})


@op(torch="masked_fill", broadcasts=True, samples=masked)
def masked_fill(x, m, y):
    """out = y where m, else x."""
    return np.where(m, y, x)


@masked_fill.gradient("x")
def _(g, m):
    return np.where(m, 0, g)


@masked_fill.gradient("y")
def _(g, m):
    return np.where(m, g, 0)


@op(torch="clamp", numpy=np.clip, broadcasts=True, promotes="same", samples=cases((((2, 3), -0.6, 1.2), {}),
    (((5,), None, 0.3), {}),
    (((), 0.3, None), {}), (((2, 3), (3,), (2, 1)), {}), (((0, 3), -1.0, 1.0), {})))  # fmt: skip
def clamp(x, low, high):
    """out = x, but at least `low` and then at most `high`; None is no bound."""
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


@clamp.gradient("x")
def _(g, x, low, high):
    above = True if low is None else np.greater_equal(x, low)
    below = True if high is None else np.less_equal(x, high)
    return np.where(above & below, g, 0)


@clamp.gradient("low")
def _(g, x, low, high):
    passed = np.less(x, low)
    return np.where(passed if high is None else passed & np.less(low, high), g, 0)


@clamp.gradient("high")
def _(g, x, low, high):
    passed = np.greater(x, high)
    return np.where(passed if low is None else passed | np.greater(low, high), g, 0)


@op(torch="nan_to_num", samples=unary(nan=0.5, posinf=9.0, neginf=-9.0))
def nan_to_num(x, *, nan, posinf, neginf):
    """out = x with numbers in the place of NaN and the infinities."""
    return np.where(np.isnan(x), nan, np.where(np.equal(x, np.inf), posinf, np.where(np.equal(x, -np.inf), neginf, x)))


@nan_to_num.gradient("x")
def _(g, x):
    return g * np.isfinite(x)
