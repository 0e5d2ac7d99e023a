"""What the pictures are drawn from: columns of numbers, and what a model gives for rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backlit.autograd.modes import no_grad
from backlit.dtypes import get_default_dtype
from backlit.nn import Module
from backlit.tensor import Tensor

#: Rows that a picture draws as points: more run into one cloud, and take seconds.
MOST_ROWS = 5000


def some_rows(count: int) -> np.ndarray:
    """The numbers of the rows to draw, in order: all, or as many as there is room for, every time the same."""
    if count <= MOST_ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_ROWS, replace=False))


def array_of(values: Any) -> np.ndarray:
    """An array or tensor or list as a NumPy array."""
    return values.array if isinstance(values, Tensor) else np.asarray(values)


def column(where: str, name: str, values: Any) -> np.ndarray:
    """One value a row.  Shape: values (N,) or (N, 1), out (N,).  Raises ValueError for other shapes and for no rows."""
    array = array_of(values)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] != 1):
        raise ValueError(
            f"{where}: {name} must hold one value a row, with the shape [N] or [N, 1], and has {list(array.shape)}. "
            f"If it has a column for each class, give {name}.argmax(1)."
        )
    if not array.size:
        raise ValueError(f"{where}: {name} has no rows, with the shape {list(array.shape)}: there is nothing to draw.")
    return array.reshape(-1)


def same_length(where: str, first: tuple[str, np.ndarray], second: tuple[str, np.ndarray]) -> None:
    """Raise ValueError if two things that belong together row by row have different numbers of rows."""
    (a, rows_a), (b, rows_b) = (first[0], len(first[1])), (second[0], len(second[1]))
    if rows_a != rows_b:
        raise ValueError(
            f"{where}: {a} has {rows_a} rows and {b} has {rows_b}: they must be of the same rows. "
            f"Take both from the same part of the data, say {a}_test and {b}_test."
        )


def named(where: str, things: Any, is_one: Callable[[Any], bool], wanted: str) -> dict[str, Any]:
    """One thing, a list of things, or a dictionary of things by name, as a dictionary; one alone has the name "".

    Raises TypeError for what is not `wanted`, ValueError for an empty list or dictionary.
    """
    if is_one(things):
        return {"": things}
    if isinstance(things, (list, tuple)):
        things = {f"{i}": thing for i, thing in enumerate(things, 1)}
    if not isinstance(things, dict) or not all(map(is_one, things.values())):
        received = list(things.values()) if isinstance(things, dict) else [things]
        kinds = ", ".join(sorted({type(each).__name__ for each in received}))
        raise TypeError(
            f"{where}: expected {wanted}, a list of them or a dictionary by name, and received {kinds}. "
            f'Write {where}({{"first": a, "second": b}}), say.'
        )
    if not things:
        raise ValueError(f"{where}: received no {wanted.split()[-1]}: there is nothing to draw.")
    return {str(name): thing for name, thing in things.items()}


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode without a graph; afterwards every module is in the mode in which it came."""
    modes = [(module, module.training) for module in model.modules()] if isinstance(model, Module) else []
    try:
        for module, _ in modes:
            module.training = False
        with no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def inputs_for(model: Any, x: Any) -> Tensor:
    """Rows as a tensor; floating ones in the dtype of the model's parameters."""
    array = array_of(x)
    if not np.issubdtype(array.dtype, np.floating):
        return Tensor.wrap(array)
    parameters = list(model.parameters()) if isinstance(model, Module) else []
    dtype = parameters[0].array.dtype if parameters else get_default_dtype().numpy
    return Tensor.wrap(array.astype(dtype, copy=False))
