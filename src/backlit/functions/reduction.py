"""Many elements to one: over `dim` (one dimension, several, or all), which stays with length 1 if `keepdim`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.errors import not_a_tensor, out_of_range
from backlit.functions.publish import into, named
from backlit.functions.synonyms import numpy_names
from backlit.ops import arithmetic, choose, compare, convert, cumulate, reduce, shape
from backlit.ops.registry import Op
from backlit.tensor import Tensor, apply

Dims = int | tuple[int, ...] | list[int] | None


def axes_of(input: Tensor, dim: Dims) -> Any:
    """PyTorch's dim as NumPy's axis: None or an empty list means all; a list becomes a tuple without negatives."""
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0):
        return None
    if isinstance(dim, (tuple, list)):
        axes = tuple(wrapped(input, int(d)) for d in dim)
        if len(set(axes)) < len(axes):
            raise RuntimeError(f"dim {axes[-1]} appears multiple times in the list of dims {list(dim)}")
        return axes if input.array.ndim else None
    axis = wrapped(input, int(dim))
    return axis if input.array.ndim else None


def wrapped(input: Tensor, dim: int) -> int:
    """A dimension counted from the front; IndexError if the tensor has no such one."""
    if not isinstance(input, Tensor):
        raise not_a_tensor(input)
    ndim = max(input.array.ndim, 1)
    if not -ndim <= dim < ndim:
        raise out_of_range(dim, -ndim, ndim - 1)
    return dim % ndim


def in_kind(input: Tensor, dtype: Any, integers_as: Any = None) -> Tensor:
    """The input in the dtype asked for; without one, integers and booleans in `integers_as`."""
    if dtype is not None:
        kind = dtypes.to_numpy(dtype)
    elif input.array.dtype.kind != "f" and integers_as is not None:
        kind = integers_as
    else:
        return input
    return input if input.array.dtype == kind else apply(convert.cast, input, dtype=kind)


def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None,
    axis: Dims = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The sum over `dim`. Integers and booleans are summed as int64.

    >>> import backlit as torch
    >>> torch.sum(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    if dtype is not None or input.array.dtype.kind != "f":
        input = in_kind(input, dtype, np.dtype(np.int64))
    dim = dim if axis is None else axis
    result = apply(reduce.sum, input, axis=axes_of(input, dim), keepdims=keepdim or keepdims)
    return result if out is None else into(out, result)


def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None,
    axis: Dims = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The mean over `dim`, of a floating-point tensor."""
    input = in_kind(input, dtype)
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            f"mean(): could not infer output dtype. Input dtype must be a floating point dtype. Got: "
            f"{input.dtype.title}. Write x.float().mean()"
        )
    dim = dim if axis is None else axis
    result = apply(reduce.mean, input, axis=axes_of(input, dim), keepdims=keepdim or keepdims)
    return result if out is None else into(out, result)


@numpy_names
def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The sum over `dim` of the elements that are not NaN."""
    return sum(numbers_only(input), dim, keepdim, dtype=dtype, out=out)


@numpy_names
def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The mean over `dim` of the elements that are not NaN."""
    counts = sum(apply(compare.logical_not, apply(compare.isnan, input)), dim, keepdim)
    result = apply(arithmetic.div, nansum(input, dim, keepdim, dtype=dtype), counts)
    return result if out is None else into(out, result)


def numbers_only(input: Tensor) -> Tensor:
    """0 in the place of NaN."""
    if input.array.dtype.kind != "f":
        return input
    return apply(choose.masked_fill, input, apply(compare.isnan, input), 0.0)


@numpy_names
def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The product over one dimension, or over all."""
    input = in_kind(input, dtype, np.dtype(np.int64))
    if dim is None:
        result = apply(reduce.prod, apply(shape.reshape, input, shape=(-1,)), axis=0)
    elif input.array.ndim == 0:
        wrapped(input, dim)
        result = apply(reduce.prod, apply(shape.reshape, input, shape=(1,)), axis=0)
    else:
        result = apply(reduce.prod, input, axis=wrapped(input, dim), keepdims=keepdim)
    result = in_kind(result, dtype)
    return result if out is None else into(out, result)


def extreme(op: Op, all_dims: Dims) -> Callable[..., Tensor]:
    """amax or amin, argmax or argmin. PyTorch writes all dimensions as () for the first two, as None for the others."""

    @numpy_names
    def function(input: Tensor, dim: Dims = all_dims, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
        axis = axes_of(input, dim)
        forbid_empty(input, axis, op.name)
        result = apply(op, input, axis=axis, keepdims=keepdim)
        return result if out is None else into(out, result)

    return named(function, op)


def forbid_empty(input: Tensor, axis: Any, name: str) -> None:
    """There is no largest element among none."""
    if input.array.size:
        return
    if axis is None:
        kind = IndexError if name.startswith("arg") else RuntimeError
        raise kind(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            f"the 'dim' argument; the tensor's shape is {list(input.array.shape)}."
        )
    for k in axis if isinstance(axis, tuple) else (axis,):
        if input.array.shape[k] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {k} to have non-zero size.")


amax = extreme(reduce.amax, ())
amin = extreme(reduce.amin, ())
argmax = extreme(reduce.argmax, None)
argmin = extreme(reduce.argmin, None)


def logical(op: Op) -> Callable[..., Tensor]:
    """any or all."""

    @numpy_names
    def function(input: Tensor, dim: Dims = None, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
        everywhere = dim is None or input.array.ndim == 0
        axis = None if everywhere else axes_of(input, dim) if dim != () else ()
        result = apply(op, input, axis=axis, keepdims=keepdim)
        if input.array.dtype == np.uint8:  # PyTorch keeps uint8, its masks of old
            result = apply(convert.cast, result, dtype=np.dtype(np.uint8))
        return result if out is None else into(out, result)

    return named(function, op)


any = logical(reduce.any)
all = logical(reduce.all)


@numpy_names
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements over `dim` are other than 0."""
    return apply(reduce.count_nonzero, input, axis=axes_of(input, dim))


def spread(op: Op) -> Callable[..., Tensor]:
    """var or std."""

    @numpy_names
    def function(
        input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None, out: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        dim, correction = spread_arguments(dim, unbiased, correction)
        if input.array.dtype.kind != "f":
            raise RuntimeError(f"{op.name} only support floating point and complex dtypes; write x.float().{op.name}()")
        result = apply(op, input, axis=axes_of(input, dim), correction=correction, keepdims=keepdim)
        return result if out is None else into(out, result)

    return named(function, op)


def spread_arguments(dim: Any, unbiased: bool | None, correction: float | None) -> tuple[Any, float]:
    """PyTorch's older spelling: `unbiased`, also as the only argument, means a correction of 1."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return dim, 1 if correction is None else correction


var = spread(reduce.var)
std = spread(reduce.std)


@numpy_names
def var_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`."""
    where = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, where, keepdim)


@numpy_names
def std_mean(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`."""
    where = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, where, keepdim)


def running(op: Op) -> Callable[..., Tensor]:
    """cumsum or cumprod."""

    @numpy_names
    def function(input: Tensor, dim: int, *, dtype: Any = None, out: Tensor | None = None) -> Tensor:
        input = in_kind(input, dtype, np.dtype(np.int64))
        axis = wrapped(input, dim)
        result = in_kind(apply(op, input, axis=axis) if input.array.ndim else apply(convert.clone, input), dtype)
        return result if out is None else into(out, result)

    return named(function, op)


cumsum = running(cumulate.cumsum)
cumprod = running(cumulate.cumprod)


@numpy_names
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """ln of the running sum of exp(input)."""
    axis = wrapped(input, dim)
    result = apply(cumulate.logcumsumexp, input, axis=axis) if input.array.ndim else apply(convert.clone, input)
    return result if out is None else into(out, result)
