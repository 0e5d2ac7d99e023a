"""Subscripts: PyTorch's keys as NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.autograd.tracked import Tracked
from backlit.ops.registry import reading

ALLOWED = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices"


def index_of(key: Any, ndim: int) -> tuple[Any, Any]:
    """A subscript as two keys to be applied one after the other: one that selects a view, one that gathers a copy.

    Either may be None. PyTorch applies numbers before index arrays, where NumPy broadcasts the two with each other:
    x[0, :, [1, 2]] has the shape (n, 2) in PyTorch and (2, n) in NumPy.
    The first key ends in `...`, so that one element is a view too.
    """
    if type(key) is int and ndim:
        return (key, ...), None
    if type(key) is slice and ndim:
        return (checked_slice(key), ...), None
    if isinstance(key, Tracked) and ndim and key.array.dtype == np.int64 and key.array.ndim:
        return None, (key.array,)
    view: list[Any] = []
    gather: list[Any] = []
    for item in spelled_out(items_of(key), ndim):
        if isinstance(item, np.ndarray):
            view += [slice(None)] * (item.ndim if item.dtype.kind == "b" else 1)
            gather.append(item)
        else:
            view.append(item)
            if not isinstance(item, int):
                gather.append(slice(None))
    if not any(isinstance(item, np.ndarray) for item in gather):
        return (*view, ...), None
    is_all = all(item == slice(None) for item in view)
    return None if is_all else (*view, ...), tuple(gather)


def items_of(key: Any) -> list[Any]:
    """The parts of a subscript: numbers, slices, None, ... and index arrays."""
    if isinstance(key, list) and len(key) < 32 and any(is_part(k) for k in key):
        key = tuple(key)  # as old NumPy did: x[[[0, 1], [1, 2]]] means x[[0, 1], [1, 2]]
    return [item_of(k) for k in (key if isinstance(key, tuple) else (key,))]


def is_part(value: Any) -> bool:
    """Whether a list that holds this value is read as a tuple of subscripts."""
    return value is None or value is Ellipsis or isinstance(value, (slice, list, tuple, Tracked))


def item_of(key: Any) -> Any:
    if key is None or key is Ellipsis:
        return key
    if isinstance(key, slice):
        return checked_slice(key)
    if isinstance(key, bool):
        return np.array(key)
    if isinstance(key, (int, np.integer)):
        return int(key)
    if isinstance(key, Tracked):
        return usable_index(key.array)
    if isinstance(key, np.ndarray):
        return usable_index(key)
    if isinstance(key, (list, tuple, range)):
        array = np.asarray(key)
        return usable_index(array.astype(np.int64) if array.dtype.kind == "f" else array)
    if isinstance(key, str):
        raise TypeError(f"{ALLOWED} (got the str {key!r})")
    raise IndexError(f"{ALLOWED} (got {type(key).__name__}). For a number that is whole write x[int(k)].")


def checked_slice(key: slice) -> slice:
    if key.step is not None and key.step <= 0:
        raise ValueError("step must be greater than zero. To reverse write x.flip(0).")
    return key


def usable_index(key: np.ndarray[Any, Any]) -> Any:
    """An index array or mask (uint8 is a mask in PyTorch); a single integer is a number."""
    if key.dtype == np.uint8:
        return key.astype(bool)
    if key.dtype.kind == "b":
        return key
    if key.dtype not in (np.int64, np.int32):
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors, not {key.dtype}. Write index.long()."
        )
    return int(key) if key.ndim == 0 else key


def spelled_out(items: list[Any], ndim: int) -> list[Any]:
    """The items with `...` as so many `:`.  Raises IndexError if they are more than the dimensions."""
    used = 0
    for item in items:
        if isinstance(item, np.ndarray):
            used += item.ndim if item.dtype.kind == "b" else 1
        elif item is not None and item is not Ellipsis:
            used += 1
    if used > ndim:
        if ndim == 0:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {ndim}: {used} were given")
    spelled: list[Any] = []
    has_ellipsis = False
    for item in items:
        if item is Ellipsis:
            spelled += [] if has_ellipsis else [slice(None)] * (ndim - used)
            has_ellipsis = True
        else:
            spelled.append(item)
    return spelled


def fit(shape: tuple[int, ...], region: tuple[int, ...], gathers: bool) -> tuple[int, ...]:
    """The shape of a value to be assigned, without leading 1s beyond the region's.

    Raises RuntimeError if the value does not broadcast to the region.
    """
    while len(shape) > len(region) and shape[0] == 1:
        shape = shape[1:]
    extra = len(region) - len(shape)
    if extra < 0 or any(a not in (1, b) for a, b in zip(shape, region[extra:], strict=True)):
        if gathers:
            raise RuntimeError(
                f"shape mismatch: value tensor of shape {list(shape)} cannot be broadcast to indexing result of shape "
                f"{list(region)}"
            )
        k = next((k for k, (a, b) in enumerate(zip(shape, region[extra:], strict=False)) if a not in (1, b)), 0)
        raise RuntimeError(
            f"The expanded size of the tensor ({region[extra + k] if extra >= 0 else len(region)}) must match the "
            "existing "
            f"size ({shape[k]}) at non-singleton dimension {max(extra, 0) + k}.  Target sizes: {list(region)}.  "
            f"Tensor sizes: {list(shape)}"
        )
    return shape


def fills(gather: tuple[Any, ...], value: np.ndarray[Any, Any]) -> bool:
    """Whether one value goes to the places of a mask: then its dtype may be another."""
    return value.size == 1 and all(not isinstance(k, np.ndarray) or k.dtype.kind == "b" for k in gather)


def assign(array: np.ndarray[Any, Any], view: Any, gather: Any, value: Any) -> None:
    """Write a number or an array to the part of memory that two keys select, as `index_of` gives them."""
    region = array if view is None else array[view]
    if not region.flags.writeable:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location, "
            "or its memory is read-only. Please clone() the tensor before performing the operation."
        )
    key = ... if gather is None else gather
    if isinstance(value, np.ndarray) and value.ndim:
        shape = fit(value.shape, region[key].shape, gather is not None)
        value = value if shape == value.shape else reshaped(value, shape)
    if reading.recorder is None:
        region[key] = value
    else:
        reading.recorder.memory.assign_part(array, view, gather, value)


def reshaped(value: np.ndarray[Any, Any], shape: Any) -> np.ndarray[Any, Any]:
    """The value in another shape, which a record knows."""
    recorder = reading.recorder
    return value.reshape(shape) if recorder is None else recorder.lowered(recorder.lifted(value).reshape(shape))
