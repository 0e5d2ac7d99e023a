"""Picking elements by index or mask, and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backlit.errors import out_of_range
from backlit.functions.publish import into
from backlit.functions.reduction import wrapped
from backlit.functions.shape import broadcast_tensors, expand, reshaped
from backlit.functions.synonyms import numpy_names
from backlit.indexing import index_of
from backlit.ops import arithmetic, convert
from backlit.ops import index as ops
from backlit.ops import scatter as along
from backlit.tensor import Tensor, apply, fitted
from backlit.writing import assignable, written


def integers(index: Tensor, name: str) -> Any:
    """The array of an index tensor.  Raises RuntimeError if it is not of integers."""
    if index.array.dtype not in (np.int64, np.int32, np.uint8):
        raise RuntimeError(
            f"{name}(): Expected dtype int32/int64 for index, but got {index.dtype}. Write index.long()."
        )
    return index.array


def in_bounds(index: Any, length: int, dim: int, error: type[Exception] = RuntimeError) -> Any:
    """The index, if every element counts from the front of a dimension of this length."""
    # Read without a sign, a negative number is a large one: one look at the greatest finds both.
    if index.size and index.view(f"u{index.itemsize}").max() >= length:
        wrong = index[(index < 0) | (index >= length)][0]
        raise error(
            f"index {wrong} is out of bounds for dimension {dim} with size {length}: index out of range in self, which "
            f"counts from 0 to {length - 1}"
        )
    return index


# Views.


@numpy_names
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The part of `input` from start to start + length along `dim`: a view."""
    at = wrapped(input, dim)
    size, first = input.array.shape[at], int(start)
    if not -size <= first <= size:
        raise out_of_range(first, -size, size)
    first = first + size if first < 0 else first
    if length < 0:
        raise RuntimeError(f"narrow(): length must be non-negative, but got {length}.")
    if first + length > size:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return apply(ops.part, input, key=(slice(None),) * at + (slice(first, first + length), ...))


@numpy_names
def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """The part of `input` at one place along `dim`, without that dimension: a view."""
    if input.array.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at, k = wrapped(input, dim), int(index)
    if not -input.array.shape[at] <= k < input.array.shape[at]:
        raise IndexError(
            f"select(): index {k} out of range for tensor of size {list(input.array.shape)} at dimension {dim}"
        )
    return apply(ops.part, input, key=(slice(None),) * at + (k, ...))


# Reading.


@numpy_names
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The rows of `input` that `index` (a vector) names, along `dim`."""
    at, i = wrapped(input, dim), integers(index, "index_select")
    if i.ndim > 1:
        raise IndexError(f"index_select(): Index is supposed to be a vector, but it has shape {list(i.shape)}")
    if input.array.ndim == 0:
        return apply(ops.take, reshaped(input, (1,)), key=(i.reshape(()),))
    in_bounds(i, input.array.shape[at], at, IndexError)
    result = apply(ops.pick, input, i.reshape(-1), axis=at)
    return result if out is None else into(out, result)


@numpy_names
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """out[.., k, ..] = input[.., index[.., k, ..], ..] along `dim`; out has the shape of `index`.

    >>> import backlit as torch
    >>> torch.gather(torch.tensor([[1, 2], [3, 4]]), 1, torch.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    at, i = wrapped(input, dim), integers(index, "gather")
    x, i = as_vectors(input, i)
    if i.size == 0:  # whatever its dimensions
        return take(x, index)
    check_covered(i, x.array.shape, at, "self")
    in_bounds(i, x.array.shape[at], at)
    result = apply(along.gather, x, i, axis=at)
    result = result if index.array.ndim else reshaped(result, ())
    return result if out is None else into(out, result)


def as_vectors(input: Tensor, i: Any) -> tuple[Tensor, Any]:
    """Numbers as tensors of one dimension, so that there is one to index; PyTorch lets 0-d and 1-d mix."""
    if input.array.ndim == 0:
        input = reshaped(input, (1,))
    return input, i.reshape(-1) if i.ndim == 0 else i


def check_covered(i: Any, shape: tuple[int, ...], at: int, name: str, whole: bool = False) -> None:
    """Raise unless `i` is no longer than `shape` along every dimension (but `at`, unless whole)."""
    if i.ndim != len(shape):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as {'src' if whole else 'input'} tensor: got "
            f"{list(i.shape)} and {list(shape)}"
        )
    if any(n > m for k, (n, m) in enumerate(zip(i.shape, shape, strict=True)) if whole or k != at):
        raise RuntimeError(
            f"Size does not match: expected index {list(i.shape)} to be no larger than {name} {list(shape)}"
            f"{'' if whole else f' apart from dimension {at}'}"
        )


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at places counted through all of `input`."""
    i, size = integers(index, "take"), input.array.size
    if i.size and (i.min() < -size or i.max() >= size):
        wrong = i[(i < -size) | (i >= size)][0]
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {size} elements.")
    return apply(ops.pick, reshaped(input, (-1,)), np.asarray(i % size) if i.size else i, axis=0)


@numpy_names
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """`gather` with `input` and `indices` broadcast along the other dimensions; without dim through all elements."""
    if dim is None:
        return gather(reshaped(input, (-1,)), 0, reshaped(indices, (-1,)), out=out)
    at = wrapped(input, dim)
    shape, i_shape = list(input.array.shape), list(indices.array.shape)
    if len(shape) != len(i_shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(shape)} dimensions for input, and {len(i_shape)} dimensions for indices"
        )
    common = list(np.broadcast_shapes([*shape[:at], 1, *shape[at + 1 :]], [*i_shape[:at], 1, *i_shape[at + 1 :]]))
    stretched = expand(input, *common[:at], shape[at], *common[at + 1 :])
    from_front = Tensor.wrap(np.where(indices.array < 0, indices.array + shape[at], indices.array))
    return gather(stretched, at, expand(from_front, *common[:at], i_shape[at], *common[at + 1 :]), out=out)


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask is True, as a vector."""
    if mask.array.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected BoolTensor for mask, but got {mask.dtype}. Write mask.bool().")
    x, chosen = broadcast_tensors(input, mask)
    result = apply(ops.take, x, key=(chosen.array,))
    result = result if result.array.ndim == 1 else reshaped(result, (-1,))
    return result if out is None else into(out, result)


# Writing: each returns a changed copy, and has an in-place method f_.


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`input` with out[.., index[.., k, ..], ..] = src[.., k, ..] along `dim`; src may be a number.

    >>> import backlit as torch
    >>> torch.zeros(2, 3).scatter(1, torch.tensor([[0], [2]]), 1.0)
    tensor([[1., 0., 0.],
            [0., 0., 1.]])
    """
    ways = {None: None, "add": "sum", "multiply": "prod"}
    if reduce not in ways:
        raise RuntimeError(f"reduce argument must be either add or multiply, but got {reduce!r}.")
    result = scattered(input, dim, index, value if src is None else src, "scatter", ways[reduce])
    return result if out is None else into(out, result)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` with out[.., index[.., k, ..], ..] += src[.., k, ..] along `dim`."""
    result = scattered(input, dim, index, src, "scatter_add", "sum")
    return result if out is None else into(out, result)


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`input` with the values of `src` combined into the places that `index` names along `dim`.

    reduce: "sum", "prod", "mean", "amax" or "amin". Without include_self the places start from nothing.
    """
    least, greatest = limits(input)
    neutral = {"sum": 0, "mean": 0, "prod": 1, "amax": least, "amin": greatest}
    if reduce not in neutral:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    start = input if include_self else scattered(input, dim, index, neutral[reduce], "scatter_reduce")
    result = scattered(start, dim, index, src, "scatter_reduce", "sum" if reduce == "mean" else reduce)
    if reduce == "mean":
        ones = Tensor.wrap(np.ones(src.array.shape, input.array.dtype))
        first = Tensor.wrap(np.full(input.array.shape, int(include_self), input.array.dtype))
        counts = np.maximum(scattered(first, dim, index, ones, "scatter_reduce", "sum").array, 1)
        result = apply(arithmetic.div if input.array.dtype.kind == "f" else arithmetic.floor_divide, result, counts)
    return result if out is None else into(out, result)


def limits(x: Tensor) -> tuple[Any, Any]:
    """The least and the greatest value of the dtype."""
    if x.array.dtype.kind in "fb":
        return (-np.inf, np.inf) if x.array.dtype.kind == "f" else (False, True)
    return np.iinfo(x.array.dtype).min, np.iinfo(x.array.dtype).max


def scattered(input: Tensor, dim: int, index: Tensor, src: Any, name: str, way: str | None = None) -> Tensor:
    """A copy of `input` with `src` written to (or combined into) the places that `index` names."""
    at, i = wrapped(input, dim), integers(index, name)
    if isinstance(src, Tensor) and src.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, but got {input.dtype} and {src.dtype}. "
            "Convert the source: src.to(x.dtype)"
        )
    x, i = as_vectors(input, i)
    y = as_vectors(src, i)[0] if isinstance(src, Tensor) else np.full(i.shape, src, input.array.dtype)
    if i.size == 0:
        return apply(convert.clone, input)
    check_covered(i, x.array.shape, at, "self")
    check_covered(i, y.array.shape if isinstance(y, Tensor) else y.shape, at, "src", whole=True)
    in_bounds(i, x.array.shape[at], at)
    op, settings = WAYS[way]
    result = apply(op, x, i, y, axis=at, **settings)
    return result if input.array.ndim else reshaped(result, ())


WAYS: dict[str | None, tuple[Any, dict[str, Any]]] = {
    None: (along.scatter, {}), "sum": (along.scatter_add, {}), "prod": (along.scatter_prod, {}),
    "amax": (along.scatter_extreme, {"largest": True}), "amin": (along.scatter_extreme, {"largest": False}),
}  # fmt: skip


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with the elements of `source`, in order, where the mask is True."""
    x, covered = broadcast_tensors(input, mask)
    chosen = covered.array
    count = int(np.count_nonzero(chosen))
    if source.array.size < count:
        raise RuntimeError(
            f"Number of elements of source < number of ones in mask: {source.array.size} < {count} (masked_scatter)"
        )
    return apply(ops.put, x, narrow(reshaped(source, (-1,)), 0, 0, count), key=(chosen,))


def index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with out[indices] = values, or += values with accumulate; None stands for `:`."""
    view, key = index_of(tuple(slice(None) if i is None else i for i in indices), input.array.ndim)
    if view is not None or key is None:
        raise IndexError("index_put expects tensors of indices, at most one for each dimension")
    assignable(values, input, key)
    value = fitted(values, input.array[key].shape, input.array.dtype, True)
    return apply(ops.put_more if accumulate else ops.put, input, value, key=key)


def along_dim(input: Tensor, dim: int, index: Tensor, name: str) -> tuple[Tensor, int, Any]:
    """What index_add, index_copy and index_fill share: `input` with a dimension, which one, and a vector of indices."""
    at, i = wrapped(input, dim), integers(index, name).reshape(-1)
    x = as_vectors(input, i)[0]
    return x, at, in_bounds(i, x.array.shape[at], at, IndexError)


def index_add(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """`input` with alpha * source added to the rows that `index` names along `dim`."""
    x, at, i = along_dim(input, dim, index, "index_add")
    scaled = source if alpha == 1 else apply(arithmetic.mul, source, alpha)
    result = reshaped(apply(ops.add_rows, x, i, as_vectors(scaled, i)[0], axis=at), input.array.shape)
    return result if out is None else into(out, result)


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` with `source` in the rows that `index` names along `dim`."""
    x, at, i = along_dim(input, dim, index, "index_copy")
    result = apply(ops.put, x, as_vectors(source, i)[0], key=(slice(None),) * at + (i,))
    result = reshaped(result, input.array.shape)
    return result if out is None else into(out, result)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`input` with one number in the rows that `index` names along `dim`."""
    x, at, i = along_dim(input, dim, index, "index_fill")
    # Each row once: a value that is itself a tensor gets the gradient of every place that it was written to.
    return reshaped(apply(ops.put, x, value, key=(slice(None),) * at + (np.unique(i),)), input.array.shape)


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write `source` to places counted through all elements."""
    i = integers(index, "put_")
    op = ops.put_more if accumulate else ops.put

    def changed(x: Tensor) -> Tensor:
        return reshaped(apply(op, reshaped(x, (-1,)), reshaped(source, i.shape), key=(i,)), x.array.shape)

    return written(self, changed)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`input` with `source` at places counted through all elements."""
    return put_(apply(convert.clone, input), index, source, accumulate)


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """`input` with `src` at one place along `dim`."""
    out = apply(convert.clone, input)
    select(out, dim, index).overwrite(src)
    return out


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """`input` with `src` in a slice along `dim`."""
    out = apply(convert.clone, input)
    key = (slice(None),) * wrapped(input, dim) + (slice(start, end, step), ...)
    apply(ops.part, out, key=key).overwrite(src)
    return out
