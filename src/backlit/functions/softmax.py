"""Softmax, its logarithm, and log-sum-exp."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes
from backlit.functions.publish import into
from backlit.functions.reduction import Dims, axes_of, wrapped
from backlit.functions.synonyms import numpy_names
from backlit.ops import convert
from backlit.ops import softmax as ops
from backlit.tensor import Tensor, apply


@numpy_names
def softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """exp(input), divided by its sum along `dim`: positive numbers that add up to 1.

    >>> import backlit as torch
    >>> torch.softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    input = floating(input, dtype, "softmax")
    result = apply(ops.softmax, input, axis=wrapped(input, dim))
    return result if out is None else into(out, result)


@numpy_names
def log_softmax(input: Tensor, dim: int, dtype: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of softmax, without its underflow."""
    input = floating(input, dtype, "log_softmax")
    result = apply(ops.log_softmax, input, axis=wrapped(input, dim))
    return result if out is None else into(out, result)


@numpy_names
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """ln(sum(exp(input))) over `dim` (one or several)."""
    if input.array.dtype.kind != "f":
        input = apply(convert.cast, input, dtype=dtypes.default())
    axis = axes_of(input, dim)
    result = apply(
        ops.logsumexp, input, axis=tuple(range(input.array.ndim)) if axis is None else axis, keepdims=keepdim
    )
    return result if out is None else into(out, result)


def floating(input: Tensor, dtype: Any, name: str) -> Tensor:
    """The input in the dtype asked for, which must be a floating-point one."""
    if dtype is not None and dtypes.to_numpy(dtype) != input.array.dtype:
        input = apply(convert.cast, input, dtype=dtypes.to_numpy(dtype))
    if not np.issubdtype(input.array.dtype, np.floating):
        raise NotImplementedError(f"{name!r} not implemented for '{input.dtype.title}': make it a float, x.float().")
    return input
