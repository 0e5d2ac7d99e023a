"""The same values in another dtype, or in another place."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import kernel, op
from backlit.ops.samples import cases, unary


@op(
    numpy=np.astype, node="ToCopyBackward0", broadcasts=True, samples=cases((((2, 3),), {"dtype": np.dtype("float64")}))
)
def cast(x, *, dtype):
    """out = x in another dtype."""
    return x.astype(dtype)


@cast.gradient("x")
def _(g):
    return g  # the walk brings it back to x's dtype, as it undoes broadcasting


@op(torch="clone", numpy=np.copy, samples=unary())
def clone(x):
    """out = a copy of x."""
    return np.copy(x)


@clone.gradient("x")
def _(g):
    return g


@op(numpy=np.zeros_like)
def zeros_like(x):
    """out = zeros of x's shape and dtype."""
    return np.zeros_like(x)


@op(numpy=np.ones_like)
def ones_like(x):
    """out = ones of x's shape and dtype."""
    return np.ones_like(x)


@op(
    torch="contiguous",
    numpy=np.ascontiguousarray,
    node="CloneBackward0",
    samples=cases((((2, 3),), {}), (((0, 3),), {})),
)
def contiguous(x):
    """out = a copy of x whose elements lie in memory in the order in which they are counted."""
    return in_order(x)


@contiguous.gradient("x")
def _(g):
    return g


@kernel
def in_order(x: Any) -> Any:
    """x itself where its elements lie in order already."""
    return np.ascontiguousarray(x)
