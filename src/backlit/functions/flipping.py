"""The same elements in another order along their axes: flipped, rolled, turned."""

from __future__ import annotations

from typing import Any

from backlit.functions.joining import check_ndim
from backlit.functions.shape import Dims, dims_of, ints, transpose
from backlit.ops import shape as ops
from backlit.tensor import Tensor, apply


def flip(input: Tensor, *order: Any, dims: Dims | None = None) -> Tensor:
    """A copy of `input` with the order of the elements reversed along `dims`."""
    return apply(ops.flip, input, axis=dims_of(input, ints(order) if dims is None else dims))


def fliplr(input: Tensor) -> Tensor:
    """A copy of `input` with its columns in reverse order."""
    check_ndim(input, 2, "fliplr")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """A copy of `input` with its rows in reverse order."""
    check_ndim(input, 1, "flipud")
    return flip(input, 0)


def roll(input: Tensor, shifts: Dims, dims: Dims | None = None) -> Tensor:
    """`input` moved on by `shifts` places along `dims`: what leaves at the end enters at the start.

    >>> import backlit as torch
    >>> torch.roll(torch.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    shift = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None or dims == ():
        if len(shift) != 1:
            raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shift)}, dims:0")
        return apply(ops.roll, input, shift=shift[0])
    given = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(given) != len(shift):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shift)}, dims:{len(given)}")
    axes = tuple(d % input.array.ndim if dims_of(input, d) else d for d in given)
    return apply(ops.roll, input, shift=shift, axis=axes)


def rot90(input: Tensor, k: int = 1, dims: tuple[int, int] = (0, 1)) -> Tensor:
    """A copy of `input` turned by k quarters from dims[0] towards dims[1]."""
    first, second = dims_of(input, dims)
    turns = k % 4
    if turns == 2:
        return flip(input, first, second)
    if turns == 0:
        return flip(input, ())
    flipped = flip(input, second if turns == 1 else first)
    return transpose(flipped, first, second)
