"""Comparisons and logic of each element, and of tensors as wholes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.publish import array_in, binary, unary
from backlit.ops import compare
from backlit.tensor import Tensor

eq = binary(compare.eq)
ne = not_equal = binary(compare.ne)
lt = less = binary(compare.lt)
le = less_equal = binary(compare.le)
gt = greater = binary(compare.gt)
ge = greater_equal = binary(compare.ge)

logical_and = binary(compare.logical_and)
logical_or = binary(compare.logical_or)
logical_xor = binary(compare.logical_xor)
logical_not = unary(compare.logical_not)

isnan = unary(compare.isnan)
isinf = unary(compare.isinf)
isfinite = unary(compare.isfinite)
isposinf = unary(compare.isposinf)
isneginf = unary(compare.isneginf)
signbit = unary(compare.signbit)

bitwise_and = binary(compare.bitwise_and)
bitwise_or = binary(compare.bitwise_or)
bitwise_xor = binary(compare.bitwise_xor)
bitwise_not = unary(compare.bitwise_not)
bitwise_left_shift = binary(compare.bitwise_left_shift)
bitwise_right_shift = binary(compare.bitwise_right_shift)


def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where |input - other| <= atol + rtol |other|, or both are equal (infinities too; NaN if `equal_nan`)."""
    if input.array.dtype != other.array.dtype:
        raise RuntimeError(f"{input.dtype.title} did not match {other.dtype.title}: give both tensors one dtype.")
    with np.errstate(all="ignore"):
        close = np.isclose(input.array, other.array, rtol, atol, equal_nan)
    return Tensor.wrap(np.asarray(close))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have one shape and the same elements."""
    return bool(np.array_equal(input.array, other.array))


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which of `elements` are among `test_elements`."""
    first, second = map(array_in, (elements, test_elements))
    return Tensor.wrap(np.asarray(np.isin(first, second, assume_unique=assume_unique, invert=invert)))
