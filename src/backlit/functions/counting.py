"""Counting and looking up: distinct values, histograms, positions of what is not 0, places in sorted sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.publish import array_in, into
from backlit.functions.reduction import wrapped
from backlit.tensor import Tensor


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order; or the distinct slices along `dim`.

    With `return_inverse` also where each element went, with `return_counts` also how often each occurs.

    >>> import backlit as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    axis = None if dim is None else wrapped(input, dim)
    values, inverse, counts = np.unique(
        input.array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    inverse = inverse.reshape(input.array.shape if dim is None else -1)
    return answered(values, inverse, counts, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements without repetitions of the one before; or the slices along `dim`."""
    x = input.array.reshape(-1) if dim is None else np.moveaxis(input.array, wrapped(input, dim), 0)
    starts = np.ones(len(x), bool)
    starts[1:] = (x[1:] != x[:-1]).any(axis=tuple(range(1, x.ndim)))
    values = x[starts] if dim is None else np.moveaxis(x[starts], 0, wrapped(input, dim))
    inverse = np.cumsum(starts) - 1
    counts = np.diff(np.append(np.flatnonzero(starts), len(x)))
    inverse = inverse.reshape(input.array.shape) if dim is None else inverse
    return answered(values, inverse, counts, return_inverse, return_counts)


def answered(values: Any, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool) -> Any:
    """What was asked for: one tensor, or a tuple."""
    parts = [values, *([inverse] if return_inverse else []), *([counts] if return_counts else [])]
    tensors = tuple(Tensor.wrap(p) for p in parts)
    return tensors[0] if len(tensors) == 1 else tensors


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each integer from 0 on occurs; with weights, the sum of the weights where it does."""
    if input.array.ndim != 1 or input.array.dtype.kind not in "iu" or (input.array.size and input.array.min() < 0):
        raise RuntimeError(
            "bincount only supports 1-d non-negative integral inputs; this one is "
            f"{input.dtype} of shape {list(input.array.shape)}."
        )
    counts = np.bincount(input.array, None if weights is None else weights.array, minlength)
    if weights is not None and weights.array.dtype == np.float32:
        counts = counts.astype(np.float32)
    return Tensor.wrap(counts)


def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements lie in each of `bins` equal parts of [min, max], or of their own range if both are equal."""
    if input.array.dtype.kind != "f":
        raise NotImplementedError(
            f"\"histogram_cpu\" not implemented for '{input.dtype.title}': make it a float, x.float()."
        )
    low, high = float(min), float(max)
    if low == high and input.array.size:
        low, high = float(input.array.min()), float(input.array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)) or low > high:
        raise RuntimeError(f"torch.histc: range of [{low}, {high}] is not finite and increasing")
    counts, _ = np.histogram(input.array, bins, (low, high))
    result = Tensor.wrap(counts.astype(input.array.dtype))
    return result if out is None else into(out, result)


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: a row for each; or, `as_tuple`, a tensor for each dimension.

    >>> import backlit as torch
    >>> torch.nonzero(torch.tensor([0.0, 2.0, 0.0, 1.0]))
    tensor([[1],
            [3]])
    """
    if as_tuple:
        return tuple(Tensor.wrap(axis) for axis in np.nonzero(np.atleast_1d(input.array)))
    result = Tensor.wrap(np.argwhere(input.array))
    return result if out is None else into(out, result)


def argwhere(input: Tensor) -> Tensor:
    """The positions of the elements that are not 0, a row for each."""
    return nonzero(input)


def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    out: Tensor | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where each value would stand in the sorted sequence; for several sequences (..., n), values (..., m)."""
    which: Any = side or ("right" if right else "left")
    sequence = sorted_sequence.array
    if sorter is not None:
        sequence = np.take_along_axis(sequence, sorter.array, -1)
    values = np.asarray(array_in(input))
    if sequence.ndim == 1:
        places = np.asarray(np.searchsorted(sequence, values, which))
    else:
        places = np.zeros(values.shape, np.int64)
        for row in np.ndindex(sequence.shape[:-1]):
            places[row] = np.searchsorted(sequence[row], values[row], which)
    result = Tensor.wrap(places.astype(np.int32 if out_int32 else np.int64))
    return result if out is None else into(out, result)


def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """Between which of the sorted boundaries each value lies."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)
