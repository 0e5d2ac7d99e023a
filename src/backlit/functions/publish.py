"""Public functions made from ops: PyTorch's argument names outside, the op's inside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from backlit.errors import not_a_tensor
from backlit.ops.registry import Op
from backlit.tensor import Tensor, apply
from backlit.writing import written


def unary(op: Op) -> Callable[..., Tensor]:
    """The function `f(input, *, out=None)` of an op on one tensor."""

    def function(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        result = apply(op, tensor_or_raise(input, op.name))
        return result if out is None else into(out, result)

    return named(function, op)


def binary(op: Op) -> Callable[..., Tensor]:
    """The function `f(input, other, *, out=None)` of an op on two tensors, or a tensor and a number."""

    def function(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
        result = apply(op, input, other)
        return result if out is None else into(out, result)

    return named(function, op)


def named(function: Callable[..., Tensor], op: Op) -> Callable[..., Tensor]:
    function.__name__ = function.__qualname__ = (op.torch or op.name).split(".")[-1]
    function.__doc__ = op.__doc__
    return function


def tensor_or_raise(value: Any, name: str) -> Tensor:
    """The value if it is a tensor."""
    if isinstance(value, Tensor):
        return value
    raise not_a_tensor(value, name)


def array_in(value: Any) -> Any:
    """A tensor's array; anything else as it is."""
    return value.array if isinstance(value, Tensor) else value


def into(out: Tensor, result: Tensor) -> Tensor:
    """Write a result into the tensor that the caller gave as `out=`."""
    if out.array.shape != result.array.shape:
        out.array = result.array.astype(out.array.dtype)
        return out
    return written(out, lambda _: result)


def in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method `x.f_(...)` that overwrites x with `f(x, ...)`."""

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return written(self, lambda x: function(x, *args, **kwargs))

    method.__name__ = method.__qualname__ = function.__name__ + "_"
    return method
