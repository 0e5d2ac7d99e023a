"""Writing into a tensor's memory: what may be written where, and how the graph goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit.autograd.modes import grad_mode
from backlit.autograd.tracked import Tracked
from backlit.autograd.views import rebase, refresh
from backlit.dtypes import is_higher, of
from backlit.indexing import assign, fills
from backlit.ops.registry import IGNORE, QUIET, reading


def written(target: Tracked, function: Callable[[Any], Any]) -> Any:
    """Write `function(target)` into `target`'s own memory, and continue its graph from there."""
    recording = grad_mode.enabled
    if recording and needs_gradient(target):
        forbid_leaf(target)
        source = target.wrap(copied(target.array), target.node)  # the rules may need the values from before
        result = function(source)
    else:
        result = function(target)
        if recording and needs_gradient(result):  # and so may those of the other operands
            result = function(target.wrap(copied(target.array)))
    copy_into(target.array, result.array)
    target.bump()
    if recording and (needs_gradient(result) or target.needs_grad):
        rebase(target, result)
    return target


def is_recorded(target: Tracked, value: Any) -> bool:
    """Whether writing `value` to `target` is to be part of the graph."""
    return grad_mode.enabled and (needs_gradient(target) or (isinstance(value, Tracked) and needs_gradient(value)))


def written_silently(target: Tracked, view: Any, gather: Any, value: Any) -> Any:
    """Write `value` into the part of `target`'s memory that two keys select."""
    token = QUIET.set(IGNORE)
    try:
        assign(target.array, view, gather, getattr(value, "array", value))
    finally:
        QUIET.reset(token)
    target.bump()
    return target


def assignable(value: Any, target: Tracked, gather: Any) -> Any:
    """A value that may be assigned to a part of a tensor: a tensor or a number."""
    kind = of(target.array.dtype).title
    if isinstance(value, Tracked):
        if gather is not None and value.array.dtype != target.array.dtype and not fills(gather, value.array):
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {kind} for the destination and "
                f"{of(value.array.dtype).title} for the source. Write x[index] = value.to(x.dtype)"
            )
        return value
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"can't assign a {type(value).__name__} to a torch.{kind}Tensor. Make it a tensor first: "
        "x[k] = torch.as_tensor(value)"
    )


def needs_gradient(tensor: Tracked) -> bool:
    """Whether a tensor needs a gradient, also if it is a view of memory that was overwritten since."""
    if tensor.base is not None and tensor.seen != tensor.version.history:
        refresh(tensor)
    return tensor.needs_grad


def forbid_leaf(target: Tracked) -> None:
    """A leaf's values are what gradients are taken at; overwriting it in the graph would lose it."""
    if target.node is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n"
            "To update a parameter by hand write: with torch.no_grad(): w -= lr * w.grad"
        )
    base = target.base
    if base is not None and base.node is None and base.needs_grad:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation.\n"
            "Write inside torch.no_grad(), or to a .clone() of the leaf."
        )


def copy_into(array: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> None:
    """Copy values into a tensor's memory, under PyTorch's conditions on shape, dtype and overlap."""
    if values.shape != array.shape and np.broadcast_shapes(values.shape, array.shape) != array.shape:
        raise RuntimeError(
            f"output with shape {list(array.shape)} doesn't match the broadcast shape "
            f"{list(np.broadcast_shapes(values.shape, array.shape))}: an in-place operation cannot grow its tensor."
        )
    if not array.flags.writeable:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location, "
            "or its memory is read-only. Please clone() the tensor before performing the operation."
        )
    if values.dtype is not array.dtype and is_higher(values.dtype, array.dtype):
        raise RuntimeError(
            f"result type {of(values.dtype).title} can't be cast to the desired output type {of(array.dtype).title}: "
            "an in-place operation keeps its tensor's dtype. Write x = x + y, or make x a float first: x = x.float()."
        )
    if reading.recorder is None:
        array[...] = values
    else:
        reading.recorder.memory.write(array, values)


def copied(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy, which a record knows to be one."""
    copy = array.copy()
    if reading.recorder is not None:
        reading.recorder.memory.copied(copy, array)
    return copy
