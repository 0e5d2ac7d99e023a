"""New shapes for the same elements: reshaping, reordering axes, stretching, joining."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases


@op(torch="view", numpy=np.reshape, view=True, samples=cases((((2, 3),), {"shape": (3, 2)}), (((0, 3),), {"shape": (3, 0)})))
def reshape(x, *, shape):
    """out = the elements of x in order, in another shape."""
    return np.reshape(x, shape)


@reshape.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


@op(torch="transpose", numpy=np.swapaxes, view=True, samples=cases((((2, 3),), {"axis1": 0, "axis2": 1}),
    (((2, 3, 4),), {"axis1": -1, "axis2": 0})))  # fmt: skip
def swapaxes(x, *, axis1, axis2):
    """out[..., j, ..., i, ...] = x[..., i, ..., j, ...]."""
    return np.swapaxes(x, axis1, axis2)


@swapaxes.gradient("x")
def _(g, axis1, axis2):
    return np.swapaxes(g, axis1, axis2)


@op(torch="permute", numpy=np.transpose, view=True, samples=cases((((2, 3, 4),), {"axes": (2, 0, 1)}), (((),), {"axes": ()})))
def permute(x, *, axes):
    """out = x with its axes in the order `axes`."""
    return np.transpose(x, axes)


@permute.gradient("x")
def _(g, axes):
    return np.transpose(g, tuple(int(k) for k in np.argsort([a % len(axes) for a in axes])))


@op(torch="expand", numpy=np.broadcast_to, view=True, broadcasts=True, samples=cases((((2, 1),), {"shape": (3, 2, 4)}),
    (((),), {"shape": (2, 3)}), (((1, 3),), {"shape": (0, 3)})))  # fmt: skip
def broadcast_to(x, *, shape):
    """out = x repeated along its axes of length 1 and along new ones in front, without copying."""
    return np.broadcast_to(x, shape)


@broadcast_to.gradient("x")
def _(g):
    return g


@op(torch="unsqueeze", numpy=np.expand_dims, view=True, samples=cases((((2, 3),), {"axis": 1}), (((),), {"axis": 0}),
    (((2,),), {"axis": (0, 2)})))  # fmt: skip
def expand_dims(x, *, axis):
    """out = x with an axis of length 1 (or several) put in."""
    return np.expand_dims(x, axis)


@expand_dims.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


@op(torch="squeeze", numpy=np.squeeze, view=True, samples=cases((((2, 1, 3),), {"axis": 1}), (((1, 1),), {"axis": (0, 1)})))
def squeeze(x, *, axis):
    """out = x without the axes `axis`, of length 1."""
    return np.squeeze(x, axis)


@squeeze.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


def joined(rng: np.random.Generator) -> Any:
    from backlit.ops.registry import Sample

    yield Sample((rng.normal(size=(2, 3)), rng.normal(size=(1, 3))), {"axis": 0})
    yield Sample((rng.normal(size=(2, 3)), rng.normal(size=(2, 0)), rng.normal(size=(2, 1))), {"axis": 1})


@op(torch="cat", promotes="same", samples=joined)
def concatenate(*xs, axis):
    """out = the arrays one behind the other along `axis`."""
    return np.concatenate(xs, axis)


@concatenate.gradient("xs")
def _(g, xs_shape, axis, k):
    start = sum(shape[axis] for shape in xs_shape[:k])
    before = (slice(None),) * (axis % len(xs_shape[k]))
    return g[(*before, slice(start, start + xs_shape[k][axis]))]
