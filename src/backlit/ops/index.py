"""Picking elements by position, and putting them back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.ops.registry import Sample, kernel, op
from backlit.ops.samples import cases, drawn

# By a key, as it stands in x[key].


def part_name(key):
    """PyTorch applies a subscript from left to right, one step a part, and the last step names the node."""
    last = next((item for item in reversed(key) if item is not Ellipsis and item != slice(None)), slice(None))
    step = "Unsqueeze" if last is None else "Slice" if isinstance(last, slice) else "Select"
    return step + "Backward0"


@op(
    view=True,
    node=part_name,
    samples=cases((((4, 3),), {"key": (slice(1, 3), ...)}), (((4, 3),), {"key": (2, None, slice(0, 3, 2), ...)}),
                  (((4, 3),), {"key": (2, 1, ...)}), (((0, 3),), {"key": (slice(0, 2), 1, ...)})),
)  # fmt: skip
def part(x, *, key):
    """out = x[key] for slices and numbers: a view."""
    return x[key]


@part.gradient("x")
def _(g, x_shape, key):
    return put_part(g, shape=x_shape, key=key)


@op(samples=cases((((2, 3),), {"shape": (4, 3), "key": (slice(1, 3),)}),
    (((0, 3),), {"shape": (4, 3), "key": (slice(0),)})))  # fmt: skip
def put_part(x, *, shape, key):
    """out = zeros of `shape` with out[key] = x: the transpose of `part`."""
    return placed(x, shape, key)


@put_part.gradient("x")
def _(g, key):
    return g[key]


@op(
    node="IndexBackward0",
    samples=cases((((4, 3),), {"key": (np.array([0, 2, 2]),)}),
                  (((4, 3),), {"key": (slice(None), np.array([[1], [0]]))}),
                  (((4,),), {"key": (np.array([True, False, True, True]),)}),
                  (((4, 3),), {"key": (np.array([], int),)})),
)  # fmt: skip
def take(x, *, key):
    """out = x[key] for arrays of indices or a mask: a copy."""
    if len(key) == 1 and key[0].dtype.kind == "i":  # np.take gathers rows three times as fast
        return np.take(x, key[0], axis=0)
    return x[key]


@take.gradient("x")
def _(g, x_shape, key):
    return put_added(g, shape=x_shape, key=key)


@op(samples=cases((((3, 3),), {"shape": (4, 3), "key": (np.array([0, 2, 2]),)}),
    (((0,),), {"shape": (2,), "key": (np.zeros(0, int),)})))  # fmt: skip
def put_added(x, *, shape, key):
    """out = zeros of `shape` with every x added at its key: the transpose of `take`. Repeated indices add up."""
    return added(np.zeros(shape, x.dtype), key, x)


@put_added.gradient("x")
def _(g, key):
    return g[key]


PUTS = cases(
    (((4, 3), (2, 3)), {"key": (np.array([0, 2]),)}), (((4, 3), ()), {"key": (np.array([True, False, True, True]),)}),
    (((4, 3), (3,)), {"key": (np.array([0, 3]),)}), (((4, 3), (0, 3)), {"key": (np.zeros(0, int),)}),
)  # fmt: skip


@op(torch="index_put", broadcasts=True, samples=PUTS)
def put(x, y, *, key):
    """out = x with out[key] = y, for arrays of indices or a mask."""
    return replaced(x, key, y)


@put.gradient("x")
def _(g, key):
    return put(g, 0.0, key=key)


@put.gradient("y")
def _(g, key):
    return g[key]


@op(node="IndexPutBackward0", broadcasts=True, samples=PUTS)
def put_more(x, y, *, key):
    """out = x with y added at its key. Repeated indices add up."""
    return added(x, key, np.broadcast_to(y, x[key].shape))


@put_more.gradient("x")
def _(g):
    return g


@put_more.gradient("y")
def _(g, key):
    return g[key]


# By one index along an axis, for whole rows.


def rows(rng: np.random.Generator) -> Any:
    yield Sample((drawn(rng, (4, 3), -3, 3), np.array([0, 2, 2])), {"axis": 0})
    yield Sample((drawn(rng, (2, 4), -3, 3), np.array([[1, 3], [0, 0]])), {"axis": 1})
    yield Sample((drawn(rng, (4,), -3, 3), np.array(1)), {"axis": 0})
    yield Sample((drawn(rng, (4, 3), -3, 3), np.zeros(0, int)), {"axis": 0})


@op(torch="index_select", numpy=np.take, samples=rows)
def pick(x, i, *, axis):
    """out[..., k, ...] = x[..., i[k], ...]; i may have any number of axes, which take the place of `axis`."""
    return np.take(x, i, axis)


@pick.gradient("x")
def _(g, i, x_shape, axis):
    return put_rows(g, i, length=x_shape[axis], axis=axis)


def placed_rows(rng: np.random.Generator) -> Any:
    yield Sample((drawn(rng, (3, 2), -3, 3), np.array([0, 2, 2])), {"length": 4, "axis": 0})
    yield Sample((drawn(rng, (2, 0), -3, 3), np.zeros(0, int)), {"length": 3, "axis": 1})


@op(samples=placed_rows)
def put_rows(x, i, *, length, axis):
    """out[..., i[k], ...] += x[..., k, ...] on zeros with `length` rows: the transpose of `pick`."""
    return added_rows(x, i, length, axis)


@put_rows.gradient("x")
def _(g, i, axis):
    return np.take(g, i, axis)


def added_to_rows(rng: np.random.Generator) -> Any:
    yield Sample((drawn(rng, (4, 3), -3, 3), np.array([0, 2, 2]), drawn(rng, (3, 3), -3, 3)), {"axis": 0})
    yield Sample((drawn(rng, (2, 4), -3, 3), np.array([1]), drawn(rng, (2, 1), -3, 3)), {"axis": 1})


@op(torch="index_add", samples=added_to_rows)
def add_rows(x, i, y, *, axis):
    """out = x with out[..., i[k], ...] += y[..., k, ...]."""
    return added(x, (slice(None),) * axis + (i,), y)


@add_rows.gradient("x")
def _(g):
    return g


@add_rows.gradient("y")
def _(g, i, axis):
    return np.take(g, i, axis)


def looked_up(rng: np.random.Generator) -> Any:
    # Not `padding` and `by_frequency`: with them the rule gives, on purpose, something other than the derivative.
    yield Sample((np.array([[0, 2, 2], [1, 2, 0]]), drawn(rng, (4, 3), -3, 3)), {})
    yield Sample((np.zeros(0, int), drawn(rng, (4, 3), -3, 3)), {})


@op(torch="nn.functional.embedding", broadcasts=True, samples=looked_up)
def embedding(i, w, *, padding=None, by_frequency=False):
    """out[...] = w[i[...]].  Shapes: i (...), w (K, C), out (..., C)."""
    return np.take(w, i, axis=0)


@embedding.gradient("w")
def _(g, i, w_shape, padding, by_frequency):
    if padding is not None:
        g = g * np.not_equal(i, padding)[..., None]
    if by_frequency:
        g = g / np.bincount(i.reshape(-1), minlength=w_shape[0])[i][..., None]
    return put_rows(g, i, length=w_shape[0], axis=0)


# Kernels.


@kernel
def placed(x: Any, shape: tuple[int, ...], key: Any) -> Any:
    """out[key] = x on zeros."""
    out = np.zeros(shape, x.dtype)
    out[key] = x
    return out


@kernel
def replaced(x: Any, key: Any, y: Any) -> Any:
    """out[key] = y on a copy of x."""
    out = np.array(x)
    out[key] = y
    return out


@kernel
def added(x: Any, key: Any, y: Any) -> Any:
    """For every position k of the key in turn, out[key[k]] += y[k], on a copy of x.

    By flat positions: NumPy is several times faster at them than at rows or tuples.
    """
    out = np.array(x)
    positions = np.arange(out.size).reshape(out.shape)[key]
    np.add.at(out.reshape(-1), positions.reshape(-1), np.reshape(y, -1))
    return out


@kernel
def added_rows(x: Any, i: Any, length: int, axis: int) -> Any:
    """For every k in turn, out[..., i[k], ...] += x[..., k, ...] on zeros."""
    row = (*x.shape[:axis], *x.shape[axis + i.ndim :])
    width = math.prod(row)
    terms = np.moveaxis(x, range(axis, axis + i.ndim), range(i.ndim)).reshape(-1)
    positions = (i.reshape(-1, 1) % max(length, 1)) * width + np.arange(width)
    out = np.zeros(length * width, x.dtype)
    np.add.at(out, positions.reshape(-1), terms)
    return np.moveaxis(out.reshape(length, *row), 0, axis)
