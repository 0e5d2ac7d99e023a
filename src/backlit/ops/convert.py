"""The same values in another dtype, or in another place."""

from __future__ import annotations

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases, unary


@op(numpy=np.astype, node="ToCopyBackward0", samples=cases((((2, 3),), {"dtype": np.dtype("float64")})))
def cast(x, *, dtype):
    """out = x in another dtype."""
    return x.astype(dtype)


@cast.gradient("x")
def _(g, x):
    return cast(g, dtype=x.dtype)


@op(torch="clone", numpy=np.copy, samples=unary())
def clone(x):
    """out = a copy of x."""
    return np.copy(x)


@clone.gradient("x")
def _(g):
    return g
