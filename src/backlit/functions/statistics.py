"""Quantiles and covariances."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.ordering import sort
from backlit.functions.publish import into
from backlit.functions.reduction import wrapped
from backlit.functions.synonyms import numpy_names
from backlit.ops import arithmetic, choose, diagonal, exponential, matrix, reduce, scatter, shape
from backlit.tensor import Tensor, apply


@numpy_names
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles (q between 0 and 1, a number or several) of all elements, or along `dim`; NaN if one is NaN.

    Between two elements `interpolation` decides: "linear", "lower", "higher", "midpoint" or "nearest". Several q give a
    new first dimension.

    >>> import backlit as torch
    >>> torch.quantile(torch.tensor([1.0, 2.0, 4.0]), 0.75)
    tensor(3.)
    """
    return quantiles(input, q, dim, keepdim, interpolation, out, ignore_nan=False)


@numpy_names
def nanquantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The quantiles of the elements that are not NaN."""
    return quantiles(input, q, dim, keepdim, interpolation, out, ignore_nan=True)


def quantiles(
    input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, out: Tensor | None, ignore_nan: bool
) -> Tensor:
    fractions = q if isinstance(q, Tensor) else Tensor.wrap(np.asarray(q, input.array.dtype))
    if np.any((fractions.array < 0) | (fractions.array > 1)):
        raise RuntimeError(f"quantile() q values must be in the range [0, 1], got {fractions.tolist()}")
    if input.array.size == 0:
        raise RuntimeError(f"quantile() input tensor must be non-empty; its shape is {list(input.array.shape)}")
    whole = dim is None or input.array.ndim == 0
    lines = apply(shape.reshape, input, shape=(-1,)) if whole else input
    axis, last = wrapped(lines, 0 if whole or dim is None else dim), lines.array.ndim - 1
    lines = apply(shape.swapaxes, sort(lines, axis).values, axis1=axis, axis2=last)
    several = [fractions[k] for k in range(len(fractions))] if fractions.array.ndim else [fractions]
    parts = [between(lines, fraction, interpolation, ignore_nan) for fraction in several]
    parts = [apply(shape.swapaxes, part, axis1=axis, axis2=last) for part in parts]
    if not keepdim:
        parts = [apply(shape.squeeze, part, axis=axis) for part in parts]
    elif whole:
        parts = [apply(shape.reshape, part, shape=(1,) * input.array.ndim) for part in parts]
    result = apply(shape.stack, *parts, axis=0) if fractions.array.ndim else parts[0]
    return result if out is None else into(out, result)


def between(lines: Tensor, fraction: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """One quantile of each sorted line (..., n) -> (..., 1). NaN stands last in a line."""
    missing = np.isnan(lines.array)
    counted = ~missing if ignore_nan else np.ones_like(missing)
    last = np.sum(counted, axis=-1, keepdims=True) - 1
    position = apply(arithmetic.mul, fraction, Tensor.wrap(np.maximum(last, 0).astype(lines.array.dtype)))
    place = position.array
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if not ignore_nan:
        broken = missing.any(axis=-1, keepdims=True)
        low, high = np.where(broken, last, low), np.where(broken, last, high)
    weight = {
        "linear": apply(arithmetic.sub, position, Tensor.wrap(np.floor(place))),
        "lower": 0.0,
        "higher": 1.0,
        "midpoint": 0.5,
        "nearest": Tensor.wrap(np.round(place) - np.floor(place)),
    }[interpolation]
    first, second = (apply(scatter.gather, lines, at, axis=lines.array.ndim - 1) for at in (low, high))
    return apply(arithmetic.lerp, first, second, weight)


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows; each column is one observation.  Shapes: (V, N) -> (V, V), or () for one row or (N).

    fweights: how often each observation occurred. aweights: how much each one counts.
    """
    x = input if input.array.ndim == 2 else apply(shape.reshape, input, shape=(1, -1))
    weights = Tensor.wrap(np.ones(x.array.shape[1], x.array.dtype)) if fweights is None else fweights
    lost: Any = correction
    if aweights is not None:
        weights = apply(arithmetic.mul, weights, aweights)
        squares = apply(reduce.sum, apply(arithmetic.mul, weights, aweights))
        lost = apply(arithmetic.mul, apply(arithmetic.div, squares, apply(reduce.sum, weights)), correction)
    total = apply(reduce.sum, weights)
    mean = apply(arithmetic.div, apply(reduce.sum, apply(arithmetic.mul, x, weights), axis=1, keepdims=True), total)
    x = apply(arithmetic.sub, x, mean)
    products = apply(matrix.matmul, apply(arithmetic.mul, x, weights), apply(shape.swapaxes, x, axis1=0, axis2=1))
    result = apply(arithmetic.div, products, apply(arithmetic.maximum, apply(arithmetic.sub, total, lost), 0.0))
    return result if len(x.array) != 1 else apply(shape.reshape, result, shape=())


def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows, each column being one observation."""
    c = cov(input)
    if c.array.ndim == 0:
        return apply(arithmetic.div, c, c)
    deviations = apply(exponential.sqrt, apply(diagonal.diagonal, c))
    c = apply(arithmetic.div, c, apply(shape.expand_dims, deviations, axis=1))
    return apply(choose.clamp, apply(arithmetic.div, c, deviations), -1.0, 1.0)
