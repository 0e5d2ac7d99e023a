"""Arrays or tensors, as a pair of tensors with as many rows as each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backlit import dtypes
from backlit.nn import Module
from backlit.tensor import Tensor


class Rows(NamedTuple):
    """Inputs and targets, row by row.  Shape: x (N, ...), y (N, ...)."""

    x: Tensor
    y: Tensor


def rows_from(what: str, model: Module, x: Any, y: Any) -> Rows:
    """Tensors of the inputs and targets of a model.

    Raises TypeError where the model is no Module or a value is no array of numbers, ValueError for different numbers
    of rows, or none.
    """
    if not isinstance(model, Module):
        raise TypeError(
            f"fit: model must be a torch.nn.Module, and is {model!r}. "
            "Write an instance, such as torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), ...)."
        )
    rows = Rows(_tensor(f"{what}: inputs", model, x), _tensor(f"{what}: targets", model, y))
    counts = rows.x.shape[0], rows.y.shape[0]
    if counts[0] != counts[1]:
        raise ValueError(
            f"fit: {what} must have as many rows as each other; the inputs have {counts[0]} (shape "
            f"{tuple(rows.x.shape)}) and the targets {counts[1]} (shape {tuple(rows.y.shape)}). "
            "Is one of them transposed, or cut shorter?"
        )
    if counts[0] == 0:
        raise ValueError(f"fit: {what} have no rows (shape {tuple(rows.x.shape)}): there is nothing to train on.")
    return rows


def _tensor(what: str, model: Module, values: Any) -> Tensor:
    tensor = values.detach() if isinstance(values, Tensor) else Tensor.wrap(_array(what, model, values))
    if tensor.ndim == 0:
        raise ValueError(f"fit: {what} are a single number, and need a row for each sample.")
    return tensor


def _array(what: str, model: Module, values: Any) -> np.ndarray:
    """Floating numbers in the model's dtype, so that NumPy's float64 meets float32 weights; others as they are."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"fit: {what} are no array: {error}. Are the rows of different lengths?") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"fit: {what} must be numbers, and are of dtype {array.dtype}. Encode text as numbers first.")
    if array.dtype.kind != "f":
        return array
    used = next((p.dtype for p in model.parameters() if p.array.dtype.kind == "f"), dtypes.get_default_dtype())
    return array.astype(used.numpy, copy=False)
