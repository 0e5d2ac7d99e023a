"""Picking and writing along one axis by an index for each element: gather, and scatter with its ways of combining."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.index import added, put, put_part, replaced
from backlit.ops.registry import Sample, kernel, op
from backlit.ops.samples import drawn


def gathered(rng: np.random.Generator) -> Any:
    yield Sample((drawn(rng, (4, 3), -3, 3), np.array([[0, 2, 2], [3, 1, 2]])), {"axis": 0})
    yield Sample((drawn(rng, (4, 3), -3, 3), np.array([[0, 2, 1, 1], [1, 1, 0, 0]])), {"axis": 1})
    yield Sample((drawn(rng, (4, 3), -3, 3), np.zeros((0, 3), int)), {"axis": 0})


@op(torch="gather", samples=gathered)
def gather(x, i, *, axis):
    """out[.., k, ..] = x[.., i[.., k, ..], ..] along `axis`; i may be shorter than x along the others."""
    return np.take_along_axis(x[within(i, axis)], i, axis)


@gather.gradient("x")
def _(g, i, x_shape, axis):
    return put_along(g, i, shape=x_shape, axis=axis)


def placed_along(rng: np.random.Generator) -> Any:
    yield Sample((drawn(rng, (2, 3), -3, 3), np.array([[0, 2, 2], [3, 1, 2]])), {"shape": (4, 3), "axis": 0})
    yield Sample((drawn(rng, (0, 3), -3, 3), np.zeros((0, 3), int)), {"shape": (4, 3), "axis": 0})


@op(samples=placed_along)
def put_along(x, i, *, shape, axis):
    """out[.., i[.., k, ..], ..] += x[.., k, ..] along `axis`, on zeros of `shape`: the transpose of `gather`."""
    return added(np.zeros(shape, x.dtype), along(i, axis), x)


@put_along.gradient("x")
def _(g, i, axis):
    return gather(g, i, axis=axis)


def scattered(rng: np.random.Generator) -> Any:
    for axis, i in ((0, np.array([[0, 2, 1], [3, 1, 2]])), (1, np.array([[0, 2], [1, 0]])), (0, np.zeros((0, 3), int))):
        yield Sample((drawn(rng, (4, 3), -3, 3), i, drawn(rng, (3, 3), -3, 3)), {"axis": axis})


@op(torch="scatter", samples=scattered)
def scatter(x, i, y, *, axis):
    """out = x with out[.., i[.., k, ..], ..] = y[.., k, ..] along `axis`, for every place of i."""
    return replaced(x, along(i, axis), y[corner(i)])


@scatter.gradient("x")
def _(g, i, axis):
    return put(g, 0.0, key=along(i, axis))


@scatter.gradient("y")
def _(g, i, axis, y_shape):
    return put_part(gather(g, i, axis=axis), shape=y_shape, key=corner(i))


@op(torch="scatter_add", samples=scattered)
def scatter_add(x, i, y, *, axis):
    """out = x with out[.., i[.., k, ..], ..] += y[.., k, ..] along `axis`, for every place of i."""
    return added(x, along(i, axis), y[corner(i)])


@scatter_add.gradient("x")
def _(g):
    return g


@scatter_add.gradient("y")
def _(g, i, axis, y_shape):
    return put_part(gather(g, i, axis=axis), shape=y_shape, key=corner(i))


@op(torch="scatter_reduce", samples=scattered)
def scatter_prod(x, i, y, *, axis):
    """out = x with out[.., i[.., k, ..], ..] *= y[.., k, ..] along `axis`, for every place of i."""
    return combined(np.multiply, x, i, y, axis)


@scatter_prod.gradient("x")
def _(g, x, i, y, axis):
    return g * scatter_prod(np.ones_like(x), i, y, axis=axis)


@scatter_prod.gradient("y")
def _(g, x, i, y, axis, y_shape):
    # The product of all factors of a place but one: zeros are counted, so that none divides by another.
    used = y[corner(i)]
    others = scatter_prod(np.where(np.equal(x, 0), 1, x), i, np.where(np.equal(y, 0), 1, y), axis=axis)
    zeros = gather(scatter_add(np.equal(x, 0) + 0 * x, i, np.equal(y, 0) + 0 * y, axis=axis), i, axis=axis)
    rest = np.where(np.equal(zeros - np.equal(used, 0), 0), 1 / np.where(np.equal(used, 0), 1, used), 0)
    return put_part(gather(g * others, i, axis=axis) * rest, shape=y_shape, key=corner(i))


def scattered_extremes(rng: np.random.Generator) -> Any:
    for largest in (True, False):
        for sample in scattered(rng):
            yield Sample(sample.arrays, {**sample.settings, "largest": largest})


@op(node="ScatterReduceBackward0", samples=scattered_extremes)
def scatter_extreme(x, i, y, *, axis, largest):
    """out = x with out[.., i[.., k, ..], ..] = the larger (or smaller) of itself and y[.., k, ..] along `axis`."""
    return combined(np.maximum if largest else np.minimum, x, i, y, axis)


@scatter_extreme.gradient("x")
def _(g, x, i, y, out, axis):
    return g * np.equal(x, out) / ties(x, i, y, out, axis)


@scatter_extreme.gradient("y")
def _(g, x, i, y, out, axis, y_shape):
    won = np.equal(y[corner(i)], gather(out, i, axis=axis))
    shares = gather(g / ties(x, i, y, out, axis), i, axis=axis)
    return put_part(shares * won, shape=y_shape, key=corner(i))


def ties(x: Any, i: Any, y: Any, out: Any, axis: int) -> Any:
    """How many values attain the extreme at each place: they share its gradient."""
    won = np.equal(y[corner(i)], gather(out, i, axis=axis)) + 0 * y[corner(i)]
    return np.equal(x, out) + put_along(won, i, shape=np.shape(x), axis=axis)


@kernel
def combined(ufunc: np.ufunc, x: Any, i: Any, y: Any, axis: int) -> Any:
    """out[i[k]] = ufunc(out[i[k]], y[k]) for every place k of i in turn, on a copy of x."""
    out = np.array(x)
    ufunc.at(out, along(i, axis), y[corner(i)])
    return out


def within(i: Any, axis: int) -> tuple[slice, ...]:
    """The part of an array that `i` covers: all of `axis`, as much of the others as i has."""
    return tuple(slice(None) if k == axis else slice(n) for k, n in enumerate(i.shape))


def corner(i: Any) -> tuple[slice, ...]:
    """The part of an array from its first element on that has the shape of `i`."""
    return tuple(slice(n) for n in i.shape)


def along(i: Any, axis: int) -> tuple[Any, ...]:
    """The key x[key] that reads i along `axis` and counts along the others."""
    return tuple(i if k == axis else np.arange(n).reshape(-1, *(1,) * (i.ndim - 1 - k)) for k, n in enumerate(i.shape))
