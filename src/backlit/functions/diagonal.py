"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes
from backlit.functions.creation import finished
from backlit.functions.publish import into
from backlit.functions.reduction import sum as total
from backlit.functions.reduction import wrapped
from backlit.functions.shape import reshaped
from backlit.ops import convert, index
from backlit.ops import diagonal as ops
from backlit.tensor import Tensor, apply


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of each matrix in the dimensions dim1 and dim2, as the last dimension: a view."""
    first, second = wrapped(input, dim1), wrapped(input, dim2)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return apply(ops.diagonal, input, offset=offset, axis1=first, axis2=second)


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A matrix with the vector `input` on its diagonal; or a copy of the diagonal of the matrix `input`."""
    if input.array.ndim == 1:
        result = diag_embed(input, diagonal)
    elif input.array.ndim == 2:
        result = apply(convert.clone, apply(ops.diagonal, input, offset=diagonal))
    else:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.array.ndim}D")
    return result if out is None else into(out, result)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices, in the dimensions dim1 and dim2, with the last dimension of `input` on their diagonals."""
    ndim, length = input.array.ndim + 1, input.array.shape[-1] + abs(offset)
    first, second = dim1 % ndim, dim2 % ndim
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    others = iter(input.array.shape[:-1])
    shape = tuple(length if k in (first, second) else next(others) for k in range(ndim))
    return apply(ops.put_diagonal, input, shape=shape, offset=offset, axis1=first, axis2=second)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of `input` on its diagonal."""
    return diag_embed(reshaped(input, (-1,)), offset)


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.array.ndim}")
    return total(apply(ops.diagonal, input))


def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """`input` with zeros above the given diagonal of each matrix.

    >>> import backlit as torch
    >>> torch.ones(2, 2).tril()
    tensor([[1., 0.],
            [1., 1.]])
    """
    result = apply(ops.tril, matrices(input, "tril"), offset=diagonal)
    return result if out is None else into(out, result)


def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """`input` with zeros below the given diagonal of each matrix."""
    result = apply(ops.triu, matrices(input, "triu"), offset=diagonal)
    return result if out is None else into(out, result)


def matrices(input: Tensor, name: str) -> Tensor:
    if input.array.ndim < 2:
        raise RuntimeError(
            f"{name}: input tensor must have at least 2 dimensions, but its shape is {list(input.array.shape)}"
        )
    return input


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The places on and below a diagonal of a matrix.  Shape: (2, N), rows over columns."""
    return places(np.tril_indices(row, offset, col), dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The places on and above a diagonal of a matrix.  Shape: (2, N), rows over columns."""
    return places(np.triu_indices(row, offset, col), dtype, device)


def places(rows_and_columns: Any, dtype: Any, device: Any) -> Tensor:
    kind = dtypes.int64.numpy if dtype is None else dtypes.to_numpy(dtype)
    return finished(np.stack(rows_and_columns).astype(kind), device)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """`input` with `src` on the diagonal."""
    out = apply(convert.clone, input)
    diagonal(out, offset, dim1, dim2).overwrite(src)
    return out


def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write one number on the main diagonal of a matrix; with wrap, again below it in a tall one."""
    rows, columns = matrices(self, "fill_diagonal_").array.shape[:2]
    for start in range(0, rows if wrap else 1, columns + 1):
        part = apply(index.part, self, key=(slice(start, None), ...))
        diagonal(part).overwrite(fill_value)
    return self
