"""Differences between neighbours, and areas under lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.joining import between, cat
from backlit.functions.reduction import wrapped
from backlit.functions.shape import unsqueeze
from backlit.functions.synonyms import numpy_names
from backlit.ops import arithmetic, compare, cumulate, reduce
from backlit.tensor import Tensor, apply


@numpy_names
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Each element minus the one before it along `dim`, n times over.

    >>> import backlit as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if input.array.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    at = wrapped(input, dim)
    if n == 0:
        return input
    parts = [x for x in (prepend, input, append) if x is not None]
    x = cat(parts, at) if len(parts) > 1 else input
    for _ in range(min(n, x.array.shape[at])):
        x = apply(compare.logical_xor if x.array.dtype.kind == "b" else arithmetic.sub, *neighbours(x, at))
    return x


def neighbours(x: Tensor, at: int) -> tuple[Tensor, Tensor]:
    """All elements along dimension `at` but the first, and all but the last: each beside the one before it."""
    length = x.array.shape[at]
    return between(x, at, min(1, length), length), between(x, at, 0, max(length - 1, 0))


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """The area under the line through the points y, at x or at distances dx: the trapezoidal rule."""
    at = wrapped(y, dim)
    return apply(reduce.sum, trapezoids(y, x, dx, at), axis=at)


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """The areas under the line through the points y, from the first point to each other."""
    at = wrapped(y, dim)
    return apply(cumulate.cumsum, trapezoids(y, x, dx, at), axis=at)


def trapezoids(y: Tensor, x: Tensor | None, dx: float, at: int) -> Tensor:
    heights = apply(arithmetic.add, *neighbours(y, at))
    if x is None:
        width: Any = dx
    else:
        width = diff(x, dim=-1 if x.array.ndim == 1 else at)
        for _ in range(y.array.ndim - 1 - at if x.array.ndim == 1 else 0):
            width = unsqueeze(width, -1)
    return apply(arithmetic.mul, apply(arithmetic.mul, heights, width), 0.5)


def powers(x: Tensor, exponents: Any) -> Tensor:
    return apply(arithmetic.pow, unsqueeze(x, -1), exponents.astype(x.array.dtype))


def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The powers of the elements of each vector, as rows: 1, x, ..., x ** (N-1).  Shape: (..., n) -> (..., n, N)."""
    return powers(x, np.arange(x.array.shape[-1] if N is None else N))


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of the elements of a vector, as rows: x ** (N-1), ..., x, 1.  Shape: (n) -> (n, N)."""
    exponents = np.arange(x.array.shape[-1] if N is None else N)
    return powers(x, exponents if increasing else exponents[::-1])
