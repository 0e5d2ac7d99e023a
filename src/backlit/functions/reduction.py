"""Many elements to one."""

from __future__ import annotations

from typing import Any

from backlit import dtypes
from backlit.functions.publish import into
from backlit.ops import convert, reduce
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
    ndim = max(input.array.ndim, 1)
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim % ndim


def sum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None,
    axis: Dims = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The sum over `dim` (one, several, or all). Integers and booleans are summed as int64."""
    if dtype is not None:
        input = apply(convert.cast, input, dtype=dtypes.to_numpy(dtype))
    dim = dim if axis is None else axis
    result = apply(reduce.sum, input, axis=axes_of(input, dim), keepdims=keepdim or keepdims)
    return result if out is None else into(out, result)


def mean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None,
    axis: Dims = None, keepdims: bool = False,
) -> Tensor:  # fmt: skip
    """The mean over `dim` (one, several, or all)."""
    if dtype is not None:
        input = apply(convert.cast, input, dtype=dtypes.to_numpy(dtype))
    if input.array.dtype.kind != "f":
        raise RuntimeError(
            f"mean(): could not infer output dtype. Input dtype must be a floating point dtype. Got: "
            f"{input.dtype.title}. Write x.float().mean()"
        )
    dim = dim if axis is None else axis
    result = apply(reduce.mean, input, axis=axes_of(input, dim), keepdims=keepdim or keepdims)
    return result if out is None else into(out, result)
