"""New tensors: from data, from numbers, from the random stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes
from backlit.tensor import Tensor


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:
    """A tensor with a copy of `data`: numbers, nested lists, NumPy arrays, tensors.

    Python floats become the default dtype (float32), integers int64; arrays keep their dtype.

    >>> import backlit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).dtype
    torch.int64
    """
    out = Tensor.wrap(array_of(data, dtype))
    return out.requires_grad_() if requires_grad else out


def array_of(data: Any, dtype: Any = None) -> Any:
    """A fresh array of what a user may give as data."""
    kind = None if dtype is None else dtypes.to_numpy(dtype)
    if isinstance(data, Tensor):
        return np.array(data.array, dtype=kind)
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data, dtype=kind)
        dtypes.of(array.dtype)
        return array
    if isinstance(data, (list, tuple)):
        data = plain(data)
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError(
            f"expected sequences of equal length at every depth, got {str(data)[:80]}: a tensor has no ragged rows. "
            "Pad the rows to one length first."
        ) from None
    if kind is None:
        kind = dtypes.default() if array.dtype.kind == "f" and not holds_numpy(data) else array.dtype
    if array.dtype.kind not in "biuf":
        raise TypeError(f"can't make a tensor of {type(data).__name__} with {array.dtype} elements: {str(data)[:80]}")
    return array.astype(kind)


def plain(data: Any) -> Any:
    """A nest with its tensors as Python values."""
    if isinstance(data, Tensor):
        return data.tolist()
    return [plain(v) for v in data] if isinstance(data, (list, tuple)) else data


def holds_numpy(data: Any) -> bool:
    """Whether the first leaf of a nest is a NumPy array or scalar, whose dtype then counts."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A tensor that shares the array's memory."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__}). Write torch.tensor(...) for other data.")
    dtypes.of(ndarray.dtype)
    return Tensor.wrap(ndarray)


def shape_of(size: tuple[Any, ...]) -> tuple[int, ...]:
    """zeros(2, 3), zeros((2, 3)) and zeros([2, 3]) mean the same."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    return tuple(int(n) for n in size)


def finished(array: Any, requires_grad: bool) -> Tensor:
    out = Tensor.wrap(array)
    return out.requires_grad_() if requires_grad else out


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **ignored: Any) -> Tensor:
    """A tensor of zeros."""
    return finished(np.zeros(shape_of(size), dtypes.default() if dtype is None else dtypes.to_numpy(dtype)), requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **ignored: Any) -> Tensor:
    """A tensor of ones."""
    return finished(np.ones(shape_of(size), dtypes.default() if dtype is None else dtypes.to_numpy(dtype)), requires_grad)
