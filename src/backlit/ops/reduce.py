"""Many elements to one: sums, means, extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases

AXES = ((((2, 3),), {}), (((2, 3),), {"axis": 1}), (((2, 3, 2),), {"axis": (0, 2), "keepdims": True}), (((),), {}),
        (((1,),), {"axis": 0}))  # fmt: skip


@op(torch="sum", numpy=(np.sum, np.add.reduce), samples=cases(*AXES, (((0, 3),), {"axis": 0})))
def sum(x, *, axis=None, keepdims=False):
    """out = the sum over `axis` (one, several, or all)."""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@sum.gradient("x")
def _(g, x_shape, axis, keepdims):
    return np.broadcast_to(restored(g, axis, keepdims), x_shape)


@op(torch="mean", numpy=np.mean, promotes=None, samples=cases(*AXES))
def mean(x, *, axis=None, keepdims=False):
    """out = the mean over `axis` (one, several, or all)."""
    return np.true_divide(np.add.reduce(x, axis=axis, keepdims=keepdims), count(np.shape(x), axis))


@mean.gradient("x")
def _(g, x_shape, axis, keepdims):
    return np.broadcast_to(restored(g, axis, keepdims) / count(x_shape, axis), x_shape)


def restored(g: Any, axis: Any, keepdims: bool) -> Any:
    """A reduced array with its reduced axes put back, of length 1, so that it broadcasts against the input."""
    return g if keepdims or axis is None else np.expand_dims(g, axis)


def count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements each result was made from."""
    total = 1
    for k in range(len(shape)) if axis is None else (axis if isinstance(axis, tuple) else (axis,)):
        total *= shape[k]
    return total
