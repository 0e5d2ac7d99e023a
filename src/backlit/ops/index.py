"""Picking elements by position, and putting them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases


@op(
    view=True,
    node="SliceBackward0",
    samples=cases((((4, 3),), {"key": (slice(1, 3),)}), (((4, 3),), {"key": (2, None, slice(0, 3, 2))}),
                  (((0, 3),), {"key": (slice(0, 2), 1)})),
)  # fmt: skip
def part(x, *, key):
    """out = x[key] for slices and numbers: a view."""
    return x[key]


@part.gradient("x")
def _(g, x_shape, key):
    return put_part(g, shape=x_shape, key=key)


@op(samples=cases((((2, 3),), {"shape": (4, 3), "key": (slice(1, 3),)})))
def put_part(x, *, shape, key):
    """out = zeros of `shape` with out[key] = x: the transpose of `part`."""
    return placed(x, shape, key)


@put_part.gradient("x")
def _(g, key):
    return g[key]


@op(
    node="IndexBackward0",
    samples=cases((((4, 3),), {"key": (np.array([0, 2, 2]),)}), (((4, 3),), {"key": (slice(None), np.array([[1], [0]]))}),
                  (((4,),), {"key": (np.array([True, False, True, True]),)}), (((4, 3),), {"key": (np.array([], int),)})),
)  # fmt: skip
def take(x, *, key):
    """out = x[key] for arrays of indices or a mask: a copy."""
    return x[key]


@take.gradient("x")
def _(g, x_shape, key):
    return put_added(g, shape=x_shape, key=key)


@op(samples=cases((((3, 3),), {"shape": (4, 3), "key": (np.array([0, 2, 2]),)})))
def put_added(x, *, shape, key):
    """out = zeros of `shape` with every x added at its key: the transpose of `take`. Repeated indices add up."""
    return added(x, shape, key)


@put_added.gradient("x")
def _(g, key):
    return g[key]


@op(
    node="IndexPutBackward0",
    broadcasts=True,
    promotes=None,
    samples=cases((((4, 3), (2, 3)), {"key": (np.array([0, 2]),)}), (((4, 3), ()), {"key": (np.array([True, False, True, True]),)})),
)  # fmt: skip
def put(x, y, *, key):
    """out = x with out[key] = y, for arrays of indices or a mask."""
    return replaced(x, y, key)


@put.gradient("x")
def _(g, key):
    return put(g, 0.0, key=key)


@put.gradient("y")
def _(g, key):
    return g[key]


def placed(x: Any, shape: tuple[int, ...], key: Any) -> Any:
    """Kernel: out[key] = x on zeros."""
    out = np.zeros(shape, x.dtype)
    out[key] = x
    return out


def added(x: Any, shape: tuple[int, ...], key: Any) -> Any:
    """Kernel: for every position k of the key, out[key[k]] += x[k] on zeros."""
    out = np.zeros(shape, x.dtype)
    np.add.at(out, key, x)
    return out


def replaced(x: Any, y: Any, key: Any) -> Any:
    """Kernel: out[key] = y on a copy of x."""
    out = np.array(x)
    out[key] = y
    return out
