"""PyTorch's dtypes over NumPy's, and its rules for what two of them make together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np


class dtype:
    """The type of a tensor's elements, as PyTorch names it. `numpy` is NumPy's name for it."""

    known: ClassVar[dict[Any, dtype]] = {}

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title  # as in torch.FloatTensor
        self.numpy: np.dtype[Any] = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_complex = False
        self.is_signed = self.numpy.kind in "if"
        dtype.known[self.numpy] = self

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


float16, float32, float64 = dtype("float16", "Half"), dtype("float32", "Float"), dtype("float64", "Double")
int8, int16 = dtype("int8", "Char"), dtype("int16", "Short")
int32, int64 = dtype("int32", "Int"), dtype("int64", "Long")
uint8, bool_ = dtype("uint8", "Byte"), dtype("bool", "Bool")
half, float_, double = float16, float32, float64
short, int_, long = int16, int32, int64

_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}
_default = float32
_numpy_default = float32.numpy


def of(kind: Any) -> dtype:
    """Backlit's dtype for a NumPy dtype."""
    try:
        return dtype.known[kind]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type {np.dtype(kind)}. The only supported types are: "
            f"{', '.join(d.name for d in dtype.known.values())}."
        ) from None


def to_numpy(kind: Any) -> np.dtype[Any]:
    """NumPy's dtype for what a user may write as a dtype: torch.float32, float, int, bool, or NumPy's own."""
    if isinstance(kind, dtype):
        return kind.numpy
    if kind in (float, int, bool):
        return np.dtype(kind)  # float64, int64, bool
    if isinstance(kind, np.dtype) or (isinstance(kind, type) and issubclass(kind, np.generic)):
        return np.dtype(kind)
    raise TypeError(f"dtype must be a torch.dtype such as torch.float32, not {kind!r}")


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats: float32 unless set."""
    return _default


def set_default_dtype(kind: dtype) -> None:
    """Make floats tensors of this floating-point dtype from now on."""
    global _default, _numpy_default
    if not isinstance(kind, dtype) or not kind.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, not {kind!r}")
    _default, _numpy_default = kind, kind.numpy


def default() -> np.dtype[Any]:
    """The default dtype as NumPy's."""
    return _numpy_default


def promote_types(first: np.dtype[Any], second: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that holds both: a float wins over any integer (NumPy would widen int64 with float32 to float64)."""
    if first == second:
        return first
    if _KINDS[first.kind] != _KINDS[second.kind] and "f" in (first.kind, second.kind):
        return first if first.kind == "f" else second
    return np.promote_types(first, second)


def result_type(values: Sequence[Any]) -> np.dtype[Any]:
    """The dtype that arrays and numbers make together.

    Arrays with dimensions decide; a 0-d array, and then a Python number, only counts if it is of a higher kind
    (bool < integer < float) than all of those before it.
    """
    result: np.dtype[Any] | None = None
    for rank in range(3):  # arrays, 0-d arrays, numbers
        own: np.dtype[Any] | None = None
        for value in values:
            if value is not None and rank_of(value) == rank:
                kind = value.dtype if rank < 2 else number_dtype(value)
                own = kind if own is None else promote_types(own, kind)
        if own is not None and (result is None or _KINDS[own.kind] > _KINDS[result.kind]):
            result = own
    assert result is not None
    return result


def is_higher(first: np.dtype[Any], second: np.dtype[Any]) -> bool:
    """Whether the first is of a higher kind than the second: bool < integer < float."""
    return _KINDS[first.kind] > _KINDS[second.kind]


def rank_of(value: Any) -> int:
    if not hasattr(value, "dtype"):
        return 2
    return 0 if value.ndim else 1


def number_dtype(value: Any) -> np.dtype[Any]:
    if isinstance(value, bool):
        return bool_.numpy
    return int64.numpy if isinstance(value, int) else _numpy_default


def promote(values: Sequence[Any], to_float: bool = False) -> Sequence[Any]:
    """Arrays of one dtype; numbers stay numbers, since NumPy lets them follow the arrays."""
    kind: Any = None
    for value in values:
        if isinstance(value, np.ndarray):
            if kind is None:
                kind = value.dtype
            elif value.dtype is not kind:
                return converted(values, to_float)
    if kind is None or kind.kind == "f":
        return values
    if to_float or kind.kind == "b" or any(isinstance(v, float) for v in values):
        return converted(values, to_float)
    return values


def converted(values: Sequence[Any], to_float: bool) -> Sequence[Any]:
    """The slow path of `promote`."""
    kind = result_type(values)
    if to_float and kind.kind != "f":
        kind = _numpy_default
    return [v.astype(kind, copy=False) if isinstance(v, np.ndarray) else v for v in values]


def wrapped_around(values: Sequence[Any]) -> Sequence[Any]:
    """Integers too large (or negative) for the arrays' dtype, brought into it as C does: modulo 2 ** bits."""
    kind = next(v.dtype for v in values if isinstance(v, np.ndarray))
    return [np.array(v).astype(kind) if isinstance(v, int) else v for v in values]


class finfo:
    """The limits of a floating-point dtype: bits, eps, max, min, tiny, resolution."""

    def __init__(self, kind: dtype | None = None) -> None:
        kind = kind or _default
        info = np.finfo(kind.numpy)
        self.dtype, self.bits = kind.name, info.bits
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        return (f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
                f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})")  # fmt: skip


class iinfo:
    """The limits of an integer dtype: bits, max, min."""

    def __init__(self, kind: dtype) -> None:
        info = np.iinfo(kind.numpy)
        self.dtype, self.bits, self.max, self.min = kind.name, info.bits, int(info.max), int(info.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
