"""Several tensors made one, and one cut into several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from backlit.errors import out_of_range
from backlit.functions.publish import into
from backlit.functions.reduction import wrapped
from backlit.functions.shape import atleast, broadcast_tensors, reshaped
from backlit.functions.synonyms import numpy_names
from backlit.ops import index as index_ops
from backlit.ops import shape as ops
from backlit.tensor import Tensor, apply

Tensors = Sequence[Tensor]


def cat(tensors: Tensors, dim: int = 0, *, axis: int | None = None, out: Tensor | None = None) -> Tensor:
    """The tensors one behind the other along `dim`; their other dimensions must agree.

    >>> import backlit as torch
    >>> torch.cat([torch.zeros(1, 2), torch.ones(1, 2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    given = parts_of(tensors, "torch.cat(): expected a non-empty list of Tensors")
    # An empty tensor of one dimension joins anything: code starts lists with torch.tensor([]).
    used = [x for x in given if x.array.shape != (0,)] or given[:1]
    at = wrapped(used[0], dim if axis is None else axis)
    try:
        result = apply(ops.concatenate, *used, axis=at)
    except RuntimeError:
        raise unjoinable(used, at) from None
    return result if out is None else into(out, result)


concat = concatenate = cat


def parts_of(tensors: Tensors, complaint: str) -> list[Tensor]:
    """The tensors in a list.  Raises where PyTorch does."""
    if isinstance(tensors, Tensor):
        raise TypeError(
            "argument 'tensors' (position 1) must be tuple of Tensors, not Tensor. Write torch.cat([x, y])."
        )
    given = list(tensors)
    if not given:
        raise ValueError(complaint)
    for k, x in enumerate(given):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {k} in argument 0, but got {type(x).__name__}")
    return given


def unjoinable(tensors: list[Tensor], at: int) -> RuntimeError:
    """Why tensors cannot be joined along dimension `at`."""
    first = tensors[0].array.shape
    if not first:
        return RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated. Write torch.stack([...]).")
    for k, x in enumerate(tensors):
        shape = x.array.shape
        if len(shape) != len(first):
            return RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)} "
                f"(shapes {list(first)} and {list(shape)})"
            )
        for d, (a, b) in enumerate(zip(first, shape, strict=True)):
            if a != b and d != at:
                return RuntimeError(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {a} but got size {b} for "
                    f"tensor number {k} in the list: shapes {list(first)} and {list(shape)} differ in dimension {d}."
                )
    return RuntimeError(f"torch.cat(): shapes {[list(x.array.shape) for x in tensors]} do not join in dimension {at}")


@numpy_names
def stack(tensors: Tensors, dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The tensors, all of one shape, side by side along a new dimension."""
    if isinstance(tensors, (list, tuple)) and not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    given = parts_of(tensors, "stack expects a non-empty TensorList")
    shape = given[0].array.shape
    for k, x in enumerate(given):
        if x.array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(x.array.shape)} at entry {k}"
            )
    ndim = len(shape) + 1
    if not -ndim <= dim < ndim:
        raise out_of_range(dim, -ndim, ndim - 1)
    result = apply(ops.stack, *given, axis=dim % ndim)
    return result if out is None else into(out, result)


def hstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side: vectors end to end, others along dimension 1."""
    given = atleast(1, tensors)
    return cat(given, 0 if given[0].array.ndim == 1 else 1, out=out)


def vstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors below each other, vectors as rows."""
    return cat(atleast(2, tensors), 0, out=out)


row_stack = vstack


def dstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors behind each other, along the third dimension."""
    return cat(atleast(3, tensors), 2, out=out)


def column_stack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, vectors as columns."""
    return hstack([x if x.array.ndim > 1 else reshaped(x, (x.array.size, 1)) for x in tensors], out=out)


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal, zeros elsewhere."""
    blocks = atleast(2, tensors)
    width = sum(x.array.shape[1] for x in blocks)
    rows, start = [], 0
    for x in blocks:
        n = x.array.shape[1]
        rows.append(apply(ops.pad, x, widths=((0, 0), (start, width - start - n)), value=0))
        start += n
    return cat(rows)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshaped(x, (-1,)) for x in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, as rows."""
    import itertools

    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input.array.size), r)), np.int64).reshape(-1, r)
    return apply(index_ops.take, input, key=(rows,)) if r else apply(index_ops.part, input, key=(slice(0, 0),))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """The coordinates of a grid: with "ij" the first vector runs along rows, with "xy" along columns."""
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swaps = indexing == "xy" and len(given) > 1
    places = [1, 0, *range(2, len(given))] if swaps else list(range(len(given)))
    spread = [reshaped(x, tuple(-1 if k == place else 1 for k in range(len(given))))
              for x, place in zip(given, places, strict=True)]  # fmt: skip
    return broadcast_tensors(*spread)


# Cutting.


def between(input: Tensor, at: int, start: int, stop: int) -> Tensor:
    """The part of `input` from start to stop along dimension `at`: a view."""
    return apply(index_ops.part, input, key=(slice(None),) * at + (slice(start, stop),))


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of `tensor`, each `split_size` long along `dim` (the last may be shorter), or of the lengths given."""
    if isinstance(split_size_or_sections, int):
        return tuple(pieces(tensor, split_size_or_sections, wrapped(tensor, dim)))
    return split_with_sizes(tensor, split_size_or_sections, dim)


def pieces(tensor: Tensor, size: int, at: int) -> list[Tensor]:
    length = tensor.array.shape[at]
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and length:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}")
    starts = range(0, length, size) if length else [0]
    return [between(tensor, at, k, min(k + size, length)) for k in starts]


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of `input` of the lengths given along `dim`."""
    at = wrapped(input, dim)
    length = input.array.shape[at]
    if sum(split_sizes) != length or any(n < 0 for n in split_sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size at dimension {at}), "
            f"but got split_sizes={list(split_sizes)}"
        )
    ends = np.cumsum(split_sizes).tolist()
    return tuple(between(input, at, end - n, end) for n, end in zip(split_sizes, ends, strict=True))


@numpy_names
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` views of `input`, of equal lengths along `dim` but the last."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    at = wrapped(input, dim)
    size = -(-input.array.shape[at] // chunks)
    return tuple(pieces(input, size, at)) if size else tuple(between(input, at, 0, 0) for _ in range(chunks))


@numpy_names
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The views of `input` at each place along `dim`."""
    if input.array.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    at = wrapped(input, dim)
    before = (slice(None),) * at
    return tuple(apply(index_ops.part, input, key=(*before, k, ...)) for k in range(input.array.shape[at]))


@numpy_names
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of `input` along `dim`: so many of nearly equal length, or cut before each of the places given."""
    if input.array.ndim == 0:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    at = wrapped(input, dim)
    length = input.array.shape[at]
    cuts = indices_or_sections.tolist() if isinstance(indices_or_sections, Tensor) else indices_or_sections
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        longer, rest = divmod(length, cuts)
        cuts = np.cumsum([longer + (k < rest) for k in range(cuts - 1)]).tolist() if cuts > 1 else []
    return tuple(between(input, at, a, b) for a, b in pairwise([0, *cuts, length]))


def evenly(input: Tensor, sections: Any, dim: int, name: str) -> tuple[Tensor, ...]:
    """`tensor_split`, but the parts must be of equal length."""
    if isinstance(sections, int) and sections > 0 and input.array.shape[dim] % sections:
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input.array.shape[dim]} is not divisible by the split_size {sections}!"
        )
    return tensor_split(input, sections, dim)


def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views side by side: along dimension 1, or 0 of a vector."""
    check_ndim(input, 1, "hsplit")
    return evenly(input, indices_or_sections, 0 if input.array.ndim == 1 else 1, "hsplit")


def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views below each other: along dimension 0."""
    check_ndim(input, 2, "vsplit")
    return evenly(input, indices_or_sections, 0, "vsplit")


def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views behind each other: along dimension 2."""
    check_ndim(input, 3, "dsplit")
    return evenly(input, indices_or_sections, 2, "dsplit")


def check_ndim(input: Tensor, least: int, name: str) -> None:
    if input.array.ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{input.array.ndim} dimensions!"
        )
