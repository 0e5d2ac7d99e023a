"""Subscripts: PyTorch's keys as NumPy's, and whether they select a view."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.autograd.tracked import Tracked


def index_of(key: Any) -> tuple[Any, bool]:
    """A subscript as NumPy wants it, and whether it selects a view (numbers, slices, None and ... only)."""
    keys = key if isinstance(key, tuple) else (key,)
    plain = tuple([k.array if isinstance(k, Tracked) else k for k in keys])
    if all(k is None or k is Ellipsis or isinstance(k, (slice, int, np.integer)) for k in plain):
        if any(isinstance(k, bool) for k in plain):
            return plain, False
        return tuple(checked_slice(k) if isinstance(k, slice) else k for k in plain), True
    arrays = tuple(np.asarray(k) if isinstance(k, (list, tuple, range)) else k for k in plain)
    if all((isinstance(k, np.ndarray) and k.ndim == 0 and k.dtype.kind in "iu") or not isinstance(k, np.ndarray)
           for k in arrays):  # fmt: skip
        return tuple(int(k) if isinstance(k, np.ndarray) else k for k in arrays), True
    return tuple(usable_index(k) for k in arrays), False


def checked_slice(key: slice) -> slice:
    if key.step is not None and key.step <= 0:
        raise ValueError("step must be greater than zero. To reverse write x.flip(0).")
    return key


def usable_index(key: Any) -> Any:
    """An index array; uint8 is a mask in PyTorch."""
    if isinstance(key, np.ndarray):
        if key.dtype == np.uint8:
            return key.astype(bool)
        if key.dtype.kind == "f" and key.size:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors. Write index.long().")
        if key.dtype.kind == "f":
            return key.astype(np.int64)
    return key


def squeezed(value: np.ndarray[Any, Any], ndim: int) -> np.ndarray[Any, Any]:
    """Without leading axes of length 1 beyond `ndim`: PyTorch lets them be assigned, NumPy does not."""
    while value.ndim > ndim and value.shape[0] == 1:
        value = value[0]
    return value
