"""Other shapes between layers."""

from __future__ import annotations

from typing import Any

from backlit.functions import shape
from backlit.nn.modules.module import Module
from backlit.tensor import Tensor


class Flatten(Module):
    """The dimensions from start_dim to end_dim made one.  Shape: (B, d1, d2, ...) -> (B, d1 d2 ...).

    >>> import backlit as torch
    >>> torch.nn.Flatten()(torch.zeros(5, 2, 3)).shape
    torch.Size([5, 6])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return shape.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension made several.  Shape: (B, d1 d2) -> (B, d1, d2).

    >>> import backlit as torch
    >>> torch.nn.Unflatten(1, (2, 3))(torch.zeros(5, 6)).shape
    torch.Size([5, 2, 3])
    """

    def __init__(self, dim: Any, unflattened_size: Any) -> None:
        super().__init__()
        sizes = tuple(unflattened_size) if isinstance(unflattened_size, (tuple, list)) else unflattened_size
        if not isinstance(dim, int) or not isinstance(sizes, tuple) or not all(isinstance(n, int) for n in sizes):
            raise TypeError(
                f"Unflatten takes a dimension and a tuple of ints, but got {dim!r} and {unflattened_size!r}: names of "
                "dimensions are not supported."
            )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return shape.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
