"""Choosing between arrays element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import Sample, op


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
