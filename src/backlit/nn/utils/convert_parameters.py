"""All parameters as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable

from backlit.functions.joining import cat
from backlit.functions.shape import reshaped
from backlit.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters one behind the other.  Shape: (N).

    >>> import backlit as torch
    >>> torch.nn.utils.parameters_to_vector([torch.ones(2, 2), torch.zeros(1)])
    tensor([1., 1., 1., 1., 0.])
    """
    return cat([reshaped(p, (-1,)) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Let each parameter in turn hold the next elements of the vector.  Shape: vec (N).

    Raises TypeError if vec is no tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}. Make it one: torch.tensor(...)")
    start = 0
    for p in parameters:
        count = math.prod(p.array.shape)
        p.data = reshaped(vec.data[start : start + count], p.array.shape)
        start += count
