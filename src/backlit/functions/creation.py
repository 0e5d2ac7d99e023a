"""New tensors: from data, and from a shape and a rule that fills it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.device import check_device
from backlit.functions.publish import into
from backlit.ops import convert
from backlit.ops.registry import reading
from backlit.tensor import Tensor, apply

Array = np.ndarray[Any, Any]


def finished(array: Any, device: Any = None, requires_grad: bool = False, out: Tensor | None = None) -> Tensor:
    """A new tensor around an array, where and as its maker was asked to make it."""
    check_device(device)
    tensor = Tensor.wrap(array) if out is None else into(out, Tensor.wrap(array))
    return tensor.requires_grad_() if requires_grad else tensor


def dtype_or_default(dtype: Any) -> np.dtype[Any]:
    return dtypes.default() if dtype is None else dtypes.to_numpy(dtype)


# From data.


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of `data`: numbers, nested lists, NumPy arrays, tensors.

    Python floats become the default dtype (float32), integers int64; arrays keep their dtype.

    >>> import backlit as torch
    >>> torch.tensor([[1, 2], [3, 4]]).dtype
    torch.int64
    """
    return finished(array_of(data, dtype), device, requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor: itself or its memory where that is possible, else a copy."""
    check_device(device)
    kind = None if dtype is None else dtypes.to_numpy(dtype)
    if isinstance(data, Tensor):
        return data if kind is None or kind == data.array.dtype else apply(convert.cast, data, dtype=kind)
    if isinstance(data, np.ndarray) and (kind is None or kind == data.dtype):
        return from_numpy(data)
    return Tensor.wrap(array_of(data, dtype))


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor: its memory where that is possible and `copy` is not asked for."""
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    return made.requires_grad_() if requires_grad else made


def from_numpy(ndarray: Array) -> Tensor:
    """A tensor that shares the array's memory."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__}). Write torch.tensor(...) for other data.")
    dtypes.of(ndarray.dtype)
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "supported. Copy it first: torch.from_numpy(array.copy())."
        )
    return Tensor.wrap(ndarray if reading.recorder is None else from_outside(np.asarray(ndarray), ndarray))


def from_outside(array: Array, original: Any) -> Array:
    """An array that was just made of `original`: a record must know where it comes from."""
    memory = reading.recorder.memory
    if isinstance(original, Tensor):
        memory.copied(array, original.array)
    else:
        memory.brought_back(array, original)
    return array


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor of one axis over the bytes of `buffer`, which it shares."""
    return finished(np.frombuffer(buffer, dtypes.to_numpy(dtype), count, offset), None, requires_grad)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of no axes that holds the number `s`, as the default dtype unless another is named."""
    return finished(filled((), s, dtype_or_default(dtype)), device, requires_grad)


def array_of(data: Any, dtype: Any = None) -> Any:
    """A fresh array of what a user may give as data."""
    kind = None if dtype is None else dtypes.to_numpy(dtype)
    if isinstance(data, Tensor):
        array = np.array(data.array, dtype=kind)
        return array if reading.recorder is None else from_outside(array, data)
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.array(data, dtype=kind)
        dtypes.of(array.dtype)
        return array if reading.recorder is None else from_outside(array, data)
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
        raise unusable(data, array)
    return array.astype(kind)


def unusable(data: Any, array: Array) -> Exception:
    """What to raise for elements that no dtype holds; PyTorch's types."""
    if array.dtype.kind == "O" and all(isinstance(v, int) for v in array.flat):
        return ValueError(f"Overflow when unpacking long long: no dtype holds {str(data)[:80]}")
    if array.dtype.kind in "US":
        return TypeError(f"new(): invalid data type 'str': a tensor holds numbers, not text; got {str(data)[:80]!r}")
    first = next((v for v in array.flat if not isinstance(v, (int, float))), data)
    return RuntimeError(
        f"Could not infer dtype of {type(first).__name__}: a tensor holds numbers and booleans; got {str(data)[:80]}"
    )


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


# From a shape: each rule that fills one is published three ways: f(*size), f_like(input), and input.new_f(*size).

Fill = Callable[..., Array]


def shape_of(size: tuple[Any, ...], maker: str) -> tuple[int, ...]:
    """zeros(2, 3), zeros((2, 3)) and zeros([2, 3]) mean the same."""
    if not size:
        raise TypeError(f'{maker}() missing 1 required positional argument: "size". Write torch.{maker}(2, 3).')
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    try:
        shape = tuple([n.__index__() for n in size])
    except (AttributeError, TypeError):
        wrong = next(n for n in size if not hasattr(n, "__index__") or isinstance(n, Tensor))
        raise TypeError(
            f"{maker}(): argument 'size' (position 1) must be tuple of ints, not {type(wrong).__name__}. "
            f"Write torch.{maker}(2, 3) or torch.{maker}((2, 3))."
        ) from None
    if any(n < 0 for n in shape):
        raise RuntimeError(f"{maker}: Dimension size must be non-negative, but the size asked for is {list(shape)}.")
    return shape


def sized(name: str, fill: Fill, doc: str) -> Callable[..., Tensor]:
    """The function `f(*size)` that makes a tensor of a shape and lets `fill(shape, dtype)` fill it."""

    def function(
        *shape: Any, size: Any = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **settings: Any,
    ) -> Tensor:  # fmt: skip
        kind = dtype_or_default(dtype) if out is None or dtype is not None else out.array.dtype
        array = fill(shape_of(shape if size is None else (size,), name), kind, **settings)
        return finished(array, device, requires_grad, out)

    return called(name, function, doc)


def like(name: str, fill: Fill, doc: str) -> Callable[..., Tensor]:
    """The function `f_like(input)`: a tensor with the shape and, unless another is named, the dtype of `input`."""

    def function(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
        pin_memory: bool = False, memory_format: Any = None, **settings: Any,
    ) -> Tensor:  # fmt: skip
        kind = input.array.dtype if dtype is None else dtypes.to_numpy(dtype)
        return finished(fill(input.array.shape, kind, **settings), device, requires_grad)

    return called(name + "_like", function, doc)


def new(name: str, fill: Fill, doc: str) -> Callable[..., Tensor]:
    """The method `input.new_f(*size)`: a tensor of the dtype of `input`, unless another is named."""

    def function(
        input: Tensor, *shape: Any, size: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, **settings: Any,
    ) -> Tensor:  # fmt: skip
        kind = input.array.dtype if dtype is None else dtypes.to_numpy(dtype)
        array = fill(shape_of(shape if size is None else (size,), "new_" + name), kind, **settings)
        return finished(array, device, requires_grad)

    return called("new_" + name, function, doc)


def called(name: str, function: Callable[..., Tensor], doc: str) -> Callable[..., Tensor]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


zeros = sized("zeros", np.zeros, "A tensor of zeros.")
ones = sized("ones", np.ones, "A tensor of ones.")
empty = sized("empty", np.empty, "A tensor whose values are whatever was in its memory.")
zeros_like = like("zeros", np.zeros, "Zeros in the shape and dtype of `input`.")
ones_like = like("ones", np.ones, "Ones in the shape and dtype of `input`.")
empty_like = like("empty", np.empty, "A tensor of the shape and dtype of `input`, with unset values.")
new_zeros = new("zeros", np.zeros, "Zeros of another shape in the dtype of this tensor.")
new_ones = new("ones", np.ones, "Ones of another shape in the dtype of this tensor.")
new_empty = new("empty", np.empty, "A tensor of another shape in the dtype of this one, with unset values.")


def full(
    size: Any, fill_value: Any, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value throughout; the value decides the dtype unless one is named."""
    kind = dtypes.number_dtype(number(fill_value)) if dtype is None else dtypes.to_numpy(dtype)
    return finished(filled(shape_of((size,), "full"), fill_value, kind), device, requires_grad, out)


def filled(shape: tuple[int, ...], value: Any, kind: np.dtype[Any]) -> Array:
    """One number throughout. A negative one in a dtype without signs wraps around, as in C.

    Raises RuntimeError if the dtype does not hold the number.
    """
    value = number(value)
    if kind.kind in "iu" and not -(2 ** (8 * kind.itemsize)) < value <= np.iinfo(kind).max:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow: {value}")
    return np.full(shape, np.asarray(value).astype(kind))


def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """One value throughout, in the shape and dtype of `input`."""
    return new_full(input, input.array.shape, fill_value, dtype=dtype, device=device, requires_grad=requires_grad)


def new_full(
    input: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of one value throughout, in the dtype of `input` unless another is named."""
    kind = input.array.dtype if dtype is None else dtypes.to_numpy(dtype)
    return finished(filled(shape_of((size,), "new_full"), fill_value, kind), device, requires_grad)


def new_tensor(
    input: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A copy of `data` in the dtype of `input`, unless another is named."""
    return tensor(data, dtype=input.dtype if dtype is None else dtype, device=device, requires_grad=requires_grad)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with unset values: element (i, j, ...) lies at place i * stride[0] + j * stride[1] + ... in memory."""
    kind, shape = dtype_or_default(dtype), shape_of((size,), "empty_strided")
    places = 1 + sum((n - 1) * step for n, step in zip(shape, stride, strict=True)) if 0 not in shape else 0
    steps = tuple(step * kind.itemsize for step in stride)
    return finished(np.lib.stride_tricks.as_strided(np.empty(places, kind), shape, steps), device, requires_grad)


def number(value: Any) -> Any:
    """A Python number from what may stand for one: a number, or a tensor or array of one element."""
    return value.item() if hasattr(value, "item") else value


# Sequences, and the identity.


def arange(
    start: Any, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... up to but without `end`; int64 if all three are integers, else the default dtype.

    >>> import backlit as torch
    >>> torch.arange(4), torch.arange(1, 2, 0.25)
    (tensor([0, 1, 2, 3]), tensor([1.0000, 1.2500, 1.5000, 1.7500]))
    """
    start, end = (0, start) if end is None else (start, end)
    start, end, step = number(start), number(end), number(step)
    kind = sequence_dtype((start, end, step), dtype)
    check_step(start, end, step)
    if kind == np.int64:
        start, end, step = int(start), int(end), int(step)
    return finished(stepped(start, step, math.ceil((end - start) / step), kind), device, requires_grad, out)


def range_(
    start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """start, start + step, ... up to and with `end`, in the default dtype; `arange` is the usual choice."""
    start, end = (0, start) if end is None else (start, end)
    check_step(start, end, step)
    array = np.arange(math.floor((end - start) / step) + 1) * step + start
    return finished(array.astype(dtype_or_default(dtype)), device, requires_grad, out)


range_.__name__ = range_.__qualname__ = "range"


def stepped(start: Any, step: Any, count: int, kind: np.dtype[Any]) -> Array:
    """`count` values from start on, a step apart, rounded as PyTorch rounds them.

    Its kernel fills vectors of 32 bytes, two at a time; each counts from a first value that is rounded to the dtype.
    """
    k = np.arange(count)
    if kind.kind != "f":
        return (int(start) + k * int(step)).astype(kind)
    lanes = 32 // kind.itemsize
    first = np.where(k < count // (2 * lanes) * (2 * lanes), k // lanes * lanes, k)
    return fused(fused(start, step, first).astype(kind), step, k - first).astype(kind)


def fused(start: Any, step: Any, k: Any) -> Array:
    """start + step k in float64 with one rounding, like a processor's fused multiply-add."""
    wide = np.longdouble
    return np.asarray(wide(1) * start + wide(step) * k).astype(np.float64)


def check_step(start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: steps of {step} do not lead from {start} to "
            f"{end}."
        )


def sequence_dtype(bounds: tuple[Any, ...], dtype: Any) -> np.dtype[Any]:
    if dtype is not None:
        return dtypes.to_numpy(dtype)
    return dtypes.default() if any(isinstance(v, float) for v in bounds) else dtypes.int64.numpy


def linspace(
    start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` values from start to end, both included, at equal distances."""
    array = spaced(number(start), number(end), number(steps), dtype_or_default(dtype))
    return finished(array, device, requires_grad, out)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """base to the power of `steps` values from start to end, both included, at equal distances."""
    kind = dtype_or_default(dtype)
    powers = np.power(float(base), spaced(number(start), number(end), number(steps), np.dtype(np.float64)))
    return finished(powers.astype(kind), device, requires_grad, out)


def spaced(start: Any, end: Any, steps: int, kind: np.dtype[Any]) -> Array:
    """Equally spaced values, counted from the nearer end, so that both ends are exact and the middle is symmetric."""
    if steps < 0:
        raise RuntimeError(f"number of steps must be non-negative, but got {steps}")
    if kind.kind != "f":
        return np.trunc(spaced(start, end, steps, np.dtype(np.float64))).astype(kind)
    k = np.arange(steps)
    start, end = kind.type(start), kind.type(end)
    step = (end - start) / kind.type(max(steps - 1, 1))
    is_first_half = (k < steps // 2) | (steps == 1)
    return np.where(is_first_half, fused(start, step, k), fused(end, -step, steps - 1 - k)).astype(kind)


def eye(
    n: int, m: int | None = None, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal, zeros elsewhere.  Shape: (n, m), or (n, n)."""
    for name, size in (("n", n), ("m", m)):
        if size is not None and size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    kind = dtype_or_default(dtype) if out is None or dtype is not None else out.array.dtype
    return finished(np.eye(n, m, dtype=kind), device, requires_grad, out)
