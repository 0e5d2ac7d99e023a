"""Sorting: the positions of elements in order. The values are then taken along them, which carries the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.reduce import shared
from backlit.ops.registry import kernel, op
from backlit.ops.samples import cases

LINES = ((((4,),), {"axis": 0}), (((2, 3),), {"axis": 1, "descending": True}), (((0, 3),), {"axis": 0}))


@op(torch="argsort", samples=cases(*LINES))
def argsort(x, *, axis, descending=False):
    """out = the positions along `axis` that put x in order; equal ones stay in theirs, NaN counts as the largest."""
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    # Read backwards twice, so that equal elements keep their order.
    last = x.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)


@op(torch="cummax", samples=cases(*LINES[::2]))
def argcummax(x, *, axis):
    """out[i] = the last position among 0..i along `axis` of the largest element; NaN counts as the largest."""
    return leaders(x, np.maximum.accumulate(x, axis=axis), axis)


@op(torch="cummin", samples=cases(*LINES[::2]))
def argcummin(x, *, axis):
    """out[i] = the last position among 0..i along `axis` of the smallest element; NaN counts as the smallest."""
    return leaders(x, np.minimum.accumulate(x, axis=axis), axis)


def leaders(x: Any, best: Any, axis: int) -> Any:
    """The last position so far at which x attains its running extreme `best`."""
    shape = [1] * x.ndim
    shape[axis] = -1
    positions = np.reshape(np.arange(x.shape[axis]), shape)
    attains = np.equal(x, best) | (np.isnan(x) if x.dtype.kind == "f" else False)
    return np.maximum.accumulate(np.where(attains, positions, 0), axis=axis)


@op(torch="median", node="MedianBackward0", samples=cases((((5,),), {}), (((2, 3),), {}), (((),), {})))
def median(x):
    """out = the element in the middle, the lower of two; NaN if there is one, or none at all."""
    return middle(x)


@median.gradient("x")
def _(g, x, out):
    return shared(g, np.equal(x, out), None)


@kernel
def middle(x: Any) -> Any:
    """The element that would stand at (n - 1) // 2 if x were sorted; NaN if there is one, or none at all."""
    if x.size == 0 or (x.dtype.kind == "f" and np.isnan(x).any()):
        return np.full((), np.nan, x.dtype)
    place = (x.size - 1) // 2
    return np.partition(x, place, axis=None)[place]
