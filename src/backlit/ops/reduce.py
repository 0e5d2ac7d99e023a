"""Many elements to one: sums, means, products, extremes, norms, variances.

`axis` is a number, several, or None for all; with `keepdims` a reduced axis stays, of length 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.convert import zeros_like
from backlit.ops.cumulate import cumprod
from backlit.ops.registry import op
from backlit.ops.samples import cases

AXES: Any = ((((2, 3),), {}), (((2, 3),), {"axis": 1}), (((2, 3, 2),), {"axis": (0, 2), "keepdims": True}), (((),), {}),
        (((1,),), {"axis": 0}))  # fmt: skip
ROW_WITH_ZEROS = np.array([[0.0, 1.2, 0.0], [0.7, 0.0, -1.3], [2.2, 0.4, 1.1]])


@op(torch="sum", numpy=(np.sum, np.add.reduce), samples=cases(*AXES, (((0, 3),), {"axis": 0})))
def sum(x, *, axis=None, keepdims=False):
    """out = the sum over `axis`."""
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


@sum.gradient("x")
def _(g, x_shape, axis, keepdims):
    return np.broadcast_to(restored(g, axis, keepdims), x_shape)


@op(torch="mean", numpy=np.mean, promotes=None, samples=cases(*AXES))
def mean(x, *, axis=None, keepdims=False):
    """out = the mean over `axis`."""
    return np.true_divide(np.add.reduce(x, axis=axis, keepdims=keepdims), count(np.shape(x), axis))


@mean.gradient("x")
def _(g, x_shape, axis, keepdims):
    return np.broadcast_to(restored(g, axis, keepdims) / count(x_shape, axis), x_shape)


@op(torch="prod", numpy=(np.prod, np.multiply.reduce), samples=cases((((2, 3),), {"axis": 1}), (((0, 3),), {"axis": 0}),
    (((4,),), {"axis": 0, "keepdims": True}), ((ROW_WITH_ZEROS,), {"axis": 1}), (((1,),), {"axis": 0})))  # fmt: skip
def prod(x, *, axis, keepdims=False):
    """out = the product over one axis."""
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims)


@prod.gradient("x")
def _(g, x, axis, keepdims):
    # Of each element, the product of those before it and of those behind it: right where some are 0, unlike out / x.
    before, behind = cumprod(x, axis=axis, exclusive=True), cumprod(x, axis=axis, exclusive=True, reverse=True)
    return restored(g, axis, keepdims) * before * behind


@op(
    torch="amax",
    numpy=(np.max, np.amax, np.maximum.reduce),
    samples=cases(*AXES),
)
def amax(x, *, axis=None, keepdims=False):
    """out = the largest element over `axis`; NaN if there is one."""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


@amax.gradient("x")
def _(g, x, out, axis, keepdims):
    return shared(restored(g, axis, keepdims), np.equal(x, restored(out, axis, keepdims)), axis)


@op(
    torch="amin",
    numpy=(np.min, np.amin, np.minimum.reduce),
    samples=cases(*AXES),
)
def amin(x, *, axis=None, keepdims=False):
    """out = the smallest element over `axis`; NaN if there is one."""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


@amin.gradient("x")
def _(g, x, out, axis, keepdims):
    return shared(restored(g, axis, keepdims), np.equal(x, restored(out, axis, keepdims)), axis)


@op(torch="var", samples=cases(*AXES[:3], (((2, 3),), {"axis": 1, "correction": 0})))
def var(x, *, axis=None, correction=1, keepdims=False):
    """out = sum((x - mean) ** 2) / (n - correction) over `axis`."""
    return np.add.reduce(np.square(deviation(x, axis)), axis=axis, keepdims=keepdims) / freedom(
        np.shape(x), axis, correction
    )


@var.gradient("x")
def _(g, x, x_shape, axis, correction, keepdims):
    return restored(g, axis, keepdims) * 2 / freedom(x_shape, axis, correction) * deviation(x, axis)


@op(torch="std", samples=cases(*AXES[:3], (((2, 3),), {"axis": 1, "correction": 0})))
def std(x, *, axis=None, correction=1, keepdims=False):
    """out = sqrt(sum((x - mean) ** 2) / (n - correction)) over `axis`."""
    square = np.add.reduce(np.square(deviation(x, axis)), axis=axis, keepdims=keepdims)
    return np.sqrt(square / freedom(np.shape(x), axis, correction))


@std.gradient("x")
def _(g, x, x_shape, out, axis, correction, keepdims):
    # Where all elements are equal PyTorch takes the gradient to be 0.
    scale = restored(g / np.where(np.equal(out, 0), 1, out), axis, keepdims)
    return scale / freedom(x_shape, axis, correction) * deviation(x, axis)


@op(torch="linalg.vector_norm", node="LinalgVectorNormBackward0", samples=cases(*AXES[:3], (((0, 3),), {"axis": 0})))
def euclidean_norm(x, *, axis=None, keepdims=False):
    """out = sqrt(sum(x ** 2)) over `axis`."""
    return np.sqrt(np.add.reduce(np.square(x), axis=axis, keepdims=keepdims))


@euclidean_norm.gradient("x")
def _(g, x, out, axis, keepdims):
    # At x = 0 the norm has no gradient; PyTorch takes the subgradient 0.
    return x * restored(g / np.where(np.equal(out, 0), 1, out), axis, keepdims)


@op(node="LinalgVectorNormBackward0", samples=cases((((2, 3),), {"p": 3.0, "axis": 1}), (((2, 3),), {"p": 1.5}),
    (((4,),), {"p": 0.5, "axis": 0, "keepdims": True}), (((4,),), {"p": -2.0})))  # fmt: skip
def power_norm(x, *, p, axis=None, keepdims=False):
    """out = sum(|x| ** p) ** (1 / p) over `axis`, for a p other than 0 and infinity."""
    return np.add.reduce(np.absolute(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


@power_norm.gradient("x")
def _(g, x, out, p, axis, keepdims):
    # d out / dx = sign(x) (|x| / out) ** (p - 1), with 0 for an element that is 0, and where all are.
    size, out = np.absolute(x), restored(out, axis, keepdims)
    at_zero = np.equal(size, 0)
    ratio = np.where(at_zero, 1, size) / np.where(np.equal(out, 0), 1, out)
    return restored(g, axis, keepdims) * np.where(at_zero, 0, np.sign(x) * ratio ** (p - 1))


@op(node="LinalgVectorNormBackward0", samples=cases(*AXES[:3]))
def zero_norm(x, *, axis=None, keepdims=False):
    """out = how many elements over `axis` are other than 0, in x's dtype: sum(|x| ** p) for p towards 0."""
    return np.add.reduce(np.not_equal(x, 0), axis=axis, keepdims=keepdims).astype(x.dtype)


@zero_norm.gradient("x")
def _(g, x_shape, axis, keepdims):
    return zeros_like(np.broadcast_to(restored(g, axis, keepdims), x_shape))


@op(torch="count_nonzero", numpy=np.count_nonzero, samples=cases(*AXES))
def count_nonzero(x, *, axis=None, keepdims=False):
    """out = how many elements over `axis` are other than 0."""
    return np.count_nonzero(x, axis=axis, keepdims=keepdims)


@op(torch="any", numpy=(np.any, np.logical_or.reduce), samples=cases(*AXES))
def any(x, *, axis=None, keepdims=False):
    """out = some element over `axis` is other than 0."""
    return np.logical_or.reduce(x, axis=axis, keepdims=keepdims)


@op(torch="all", numpy=(np.all, np.logical_and.reduce), samples=cases(*AXES))
def all(x, *, axis=None, keepdims=False):
    """out = every element over `axis` is other than 0."""
    return np.logical_and.reduce(x, axis=axis, keepdims=keepdims)


@op(torch="argmax", numpy=np.argmax, samples=cases(*AXES[:2]))
def argmax(x, *, axis=None, keepdims=False):
    """out = the position of the largest element along one axis, or in the flattened x; the first of several."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


@op(torch="argmin", numpy=np.argmin, samples=cases(*AXES[:2]))
def argmin(x, *, axis=None, keepdims=False):
    """out = the position of the smallest element along one axis, or in the flattened x; the first of several."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


def restored(g: Any, axis: Any, keepdims: bool) -> Any:
    """A reduced array with its reduced axes put back, of length 1, so that it broadcasts against the input."""
    return g if keepdims or axis is None else np.expand_dims(g, axis)


def count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements each result was made from."""
    total = 1
    for k in range(len(shape)) if axis is None else (axis if isinstance(axis, tuple) else (axis,)):
        total *= shape[k]
    return total


def freedom(shape: tuple[int, ...], axis: Any, correction: float) -> float:
    """What a variance divides by; 0 when there are too few elements, and the quotient then NaN or infinite."""
    return max(count(shape, axis) - correction, 0)


def deviation(x: Any, axis: Any) -> Any:
    """x minus its mean over `axis`."""
    return x - mean(x, axis=axis, keepdims=True)


def shared(g: Any, wins: Any, axis: Any) -> Any:
    """The gradient of an extreme, in equal parts to all elements that attain it."""
    return g * wins / np.sum(wins, axis=axis, keepdims=True)
