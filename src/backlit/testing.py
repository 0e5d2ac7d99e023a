"""`torch.testing`: are two results close?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backlit.tensor import Tensor

#: (rtol, atol) that rounding in each dtype calls for, as PyTorch sets them; integers must be equal.
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere.

    Tensors, arrays and numbers are compared, and sequences and mappings of them part by part. Without tolerances
    they follow from the dtypes. Raises ValueError if only one of rtol and atol is given.

    >>> import backlit as torch
    >>> torch.testing.assert_close(torch.tensor([0.1 + 0.2]), torch.tensor([0.3]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be specified or both be unspecified")
    problem = difference(actual, expected, rtol, atol, equal_nan, check_dtype)
    if problem:
        raise AssertionError(msg(problem) if callable(msg) else msg or problem)


def difference(
    actual: Any, expected: Any, rtol: float | None, atol: float | None, equal_nan: bool, check_dtype: bool
) -> str:
    """What is not close, in words; empty if all is."""
    settings = (rtol, atol, equal_nan, check_dtype)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"The keys of the mappings do not match: {sorted(map(str, actual))} != {sorted(map(str, expected))}"
        return first_of(((k, actual[k], expected[k]) for k in expected), settings)
    if is_sequence(actual) and is_sequence(expected):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        return first_of(zip(range(len(expected)), actual, expected, strict=True), settings)
    x, y = as_array(actual), as_array(expected)
    if x.shape != y.shape:
        return f"The values for attribute 'shape' do not match: {list(x.shape)} != {list(y.shape)}."
    if check_dtype and x.dtype != y.dtype and isinstance(expected, (Tensor, np.ndarray)):
        return f"The values for attribute 'dtype' do not match: torch.{x.dtype} != torch.{y.dtype}."
    return mismatched(x, y, *settings[:3])


def first_of(parts: Any, settings: tuple[Any, ...]) -> str:
    """The first difference among named parts."""
    for name, actual, expected in parts:
        problem = difference(actual, expected, *settings)
        if problem:
            return f"{problem}\n\nThe failure occurred for item [{name!r}]"
    return ""


def is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def as_array(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, (np.ndarray, np.generic, int, float)):
        return np.asarray(value)
    raise TypeError(f"assert_close cannot compare a {type(value).__name__}: give it tensors, arrays or numbers.")


def mismatched(x: Any, y: Any, rtol: float | None, atol: float | None, equal_nan: bool) -> str:
    """How much of x is further from y than allowed, in words; empty if nothing is."""
    if rtol is None or atol is None:
        pairs = [TOLERANCES.get(str(a.dtype), (0.0, 0.0)) for a in (x, y)]
        rtol, atol = (max(values) for values in zip(*pairs, strict=True))
    a, b = x.astype(np.float64), y.astype(np.float64)
    wrong = ~np.isclose(a, b, rtol, atol, equal_nan)
    if not wrong.any():
        return ""
    with np.errstate(all="ignore"):
        absolute = np.where(wrong, np.abs(a - b), 0)
        relative = np.where(wrong, absolute / np.abs(b), 0)
    if x.ndim:
        lines = [f"Mismatched elements: {wrong.sum()} / {x.size} ({100 * wrong.mean():.1f}%)"]
    else:
        lines = [f"Expected {y.item()} but got {x.item()}."]
    for name, values, bound in (("absolute", absolute, atol), ("relative", relative, rtol)):
        place = np.unravel_index(np.argmax(np.nan_to_num(values, nan=np.inf)), x.shape)
        at = f" at index {tuple(int(k) for k in place)}" if x.ndim else ""
        allowed = f" (up to {bound} allowed)" if rtol or atol else ""
        what = f"Greatest {name}" if x.ndim else name.capitalize()
        lines.append(f"{what} difference: {values[place]}{at}{allowed}")
    kind, word = "Tensor-likes" if x.ndim else "Scalars", "close" if rtol or atol else "equal"
    return "\n".join([f"{kind} are not {word}!\n", *lines])
