"""Sorting, extremes along one dimension, and what follows from them. Each gives the values and their positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import return_types
from backlit.functions.publish import into, named
from backlit.functions.reduction import amax, amin, argmax, argmin, forbid_empty, wrapped
from backlit.functions.synonyms import numpy_names
from backlit.ops import arithmetic, convert, order, scatter, shape
from backlit.ops.registry import Op
from backlit.tensor import Tensor, apply


def taken(kind: Any, input: Tensor, positions: Any, axis: int, out: Any = None) -> Any:
    """The elements at `positions` along `axis`, with the positions: gradients go to those elements."""
    return answered(kind, apply(scatter.gather, input, positions, axis=axis), positions, out)


def chosen(kind: Any, input: Tensor, positions: Any, dim: int, keepdim: bool, out: Any = None) -> Any:
    """`taken`, of one element along `dim`, which then goes unless `keepdim`; `positions` still have it."""
    at = wrapped(input, dim)
    values = apply(scatter.gather, input, positions, axis=at)
    if not keepdim:
        values, positions = apply(shape.squeeze, values, axis=at), np.squeeze(positions, at)
    return answered(kind, values, positions, out)


def answered(kind: Any, values: Tensor, positions: Any, out: Any) -> Any:
    """Values and positions as PyTorch names them, in the two tensors of `out` if these are given."""
    parts = values, Tensor.wrap(positions)
    return kind(*(parts if out is None else map(into, out, parts)))


def itself(kind: Any, input: Tensor) -> Any:
    """The answer for a tensor without dimensions: its one element, at position 0."""
    return kind(apply(convert.clone, input), Tensor.wrap(np.zeros((), np.int64)))


def extreme(
    name: str, whole: Callable[..., Tensor], position: Callable[..., Tensor], pairwise: Op
) -> Callable[..., Any]:
    """max or min."""
    kind = getattr(return_types, name)

    @numpy_names
    def function(
        input: Tensor, *args: Any, dim: Any = None, keepdim: bool = False, other: Any = None, out: Any = None
    ) -> Any:
        if args and isinstance(args[0], Tensor):
            args, other = args[1:], args[0]
        if other is not None:
            result = apply(pairwise, input, other)
            return result if out is None else into(out, result)
        if args:
            dim, keepdim = args[0], args[1] if len(args) > 1 else keepdim
        if dim is None:
            forbid_empty(input, None, name)
            return whole(input) if out is None else into(out, whole(input))
        wrapped(input, dim)
        if input.array.ndim == 0:
            return itself(kind, input)
        return chosen(kind, input, position(input, dim, True).array, dim, keepdim, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {name}imum of all elements; with `dim` along it, with its position; or of two tensors.

    >>> import backlit as torch
    >>> torch.{name}(torch.tensor([[1.0, 2.0], [4.0, 3.0]]), dim=1)
    torch.return_types.{name}(
    values=tensor([{"2., 4." if name == "max" else "1., 3."}]),
    indices=tensor([{"1, 0" if name == "max" else "0, 1"}]))
    """
    return function


max = extreme("max", amax, argmax, arithmetic.maximum)
min = extreme("min", amin, argmin, arithmetic.minimum)


@numpy_names
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along `dim`."""
    dims = () if dim is None else dim
    return return_types.aminmax(amin(input, dims, keepdim), amax(input, dims, keepdim))


@numpy_names
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The positions along `dim` that sort the tensor; equal elements stay in their order."""
    axis = wrapped(input, dim)
    if input.array.ndim == 0:
        return Tensor.wrap(np.zeros((), np.int64))
    return apply(order.argsort, input, axis=axis, descending=bool(descending))


@numpy_names
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None) -> Any:
    """The elements in order along `dim`, and the positions where they stood.

    >>> import backlit as torch
    >>> torch.sort(torch.tensor([2.0, 3.0, 1.0])).indices
    tensor([2, 0, 1])
    """
    axis = wrapped(input, dim)
    if input.array.ndim == 0:
        return itself(return_types.sort, input)
    return taken(return_types.sort, input, argsort(input, dim, descending).array, axis, out)


def msort(input: Tensor) -> Tensor:
    """The elements in order along the first dimension."""
    return sort(input, 0)[0]


@numpy_names
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: Any = None) -> Any:
    """The k largest (or smallest) elements along `dim` in order, and their positions.

    >>> import backlit as torch
    >>> torch.topk(torch.tensor([1.0, 4.0, 2.0, 3.0]), 2).values
    tensor([4., 3.])
    """
    axis, length = wrapped(input, dim), input.array.shape[dim] if input.array.ndim else 1
    if not 0 <= k <= length:
        raise RuntimeError(f"selected index k out of range: k is {k}, and dimension {dim} has {length} elements.")
    if input.array.ndim == 0:
        return itself(return_types.topk, input)
    positions = argsort(input, dim, descending=largest).array
    return taken(return_types.topk, input, positions[(slice(None),) * axis + (slice(0, k),)], axis, out)


@numpy_names
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The k-th smallest element along `dim`, counted from 1, and its position."""
    axis, length = wrapped(input, dim), input.array.shape[dim] if input.array.ndim else 1
    if not 1 <= k <= length:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {dim}: k is {k}, its length {length}."
        )
    if input.array.ndim == 0:
        return itself(return_types.kthvalue, input)
    place = (slice(None),) * axis + (slice(k - 1, k),)
    return chosen(return_types.kthvalue, input, argsort(input, dim).array[place], dim, keepdim, out)


@numpy_names
def median(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The element in the middle, the lower of two, of all; or along `dim`, with its position."""
    if dim is None:
        return apply(order.median, input)
    forbid_empty(input, wrapped(input, dim), "median")
    if input.array.ndim == 0:
        return itself(return_types.median, input)
    length = input.array.shape[dim]
    sorted_positions = argsort(input, dim).array
    middle = np.take(sorted_positions, [(length - 1) // 2], dim)
    if input.array.dtype.kind == "f":  # NaN is sorted last; where there is one, it is the median
        last = np.take(sorted_positions, [length - 1], dim)
        middle = np.where(np.isnan(np.take_along_axis(input.array, last, dim)), last, middle)
    return chosen(return_types.median, input, middle, dim, keepdim, out)


@numpy_names
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of the elements that are not NaN."""
    missing = np.isnan(input.array) if input.array.dtype.kind == "f" else np.zeros(input.array.shape, bool)
    if dim is None:
        return apply(order.median, input if missing.all() or not missing.any() else input[Tensor.wrap(~missing)])
    axis = wrapped(input, dim)
    forbid_empty(input, axis, "nanmedian")
    if input.array.ndim == 0:
        return itself(return_types.nanmedian, input)
    counts = np.sum(~missing, axis=axis, keepdims=True)
    middle = np.take_along_axis(argsort(input, dim).array, np.maximum(counts - 1, 0) // 2, axis)
    return chosen(return_types.nanmedian, input, middle, dim, keepdim, out)


@numpy_names
def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent element along `dim`, the smallest of several, and a position of it."""
    axis = wrapped(input, dim)
    forbid_empty(input, axis, "mode")
    if input.array.ndim == 0:
        return itself(return_types.mode, input)
    positions = np.apply_along_axis(last_of_most_frequent, axis, input.array)
    return chosen(return_types.mode, input, np.expand_dims(positions, axis), dim, keepdim, out)


def last_of_most_frequent(row: Any) -> Any:
    values, counts = np.unique(row, return_counts=True)
    return np.flatnonzero(row == values[np.argmax(counts)])[-1]


def running_extreme(kind: Any, op: Op) -> Callable[..., Any]:
    """cummax or cummin."""

    def function(input: Tensor, dim: int, *, out: Any = None) -> Any:
        axis = wrapped(input, dim)
        if input.array.ndim == 0:
            return itself(kind, input)
        return taken(kind, input, apply(op, input, axis=axis).array, axis, out)

    return named(function, op)


cummax = running_extreme(return_types.cummax, order.argcummax)
cummin = running_extreme(return_types.cummin, order.argcummin)
