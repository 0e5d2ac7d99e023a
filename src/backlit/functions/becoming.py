"""A tensor takes another shape itself: `x.unsqueeze_(0)`. Nothing is written; `x` becomes one of its own views."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.shape import Dims, ints, squeeze, t, transpose, unsqueeze
from backlit.tensor import Tensor


def become(self: Tensor, view: Tensor) -> Tensor:
    """Make `self` be one of its own views."""
    self.array, self.node, self.needs_grad = view.array, view.node, view.needs_grad
    self.base, self.path, self.seen = view.base, view.path, view.seen
    return self


def squeeze_(self: Tensor, dim: Dims | None = None) -> Tensor:
    """Lose the dimensions of length 1, or those of `dim` that are."""
    return become(self, squeeze(self, dim))


def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """Gain a dimension of length 1."""
    return become(self, unsqueeze(self, dim))


def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two dimensions."""
    return become(self, transpose(self, dim0, dim1))


def t_(self: Tensor) -> Tensor:
    """Exchange rows and columns."""
    return become(self, t(self))


def resize_(self: Tensor, *sizes: Any) -> Tensor:
    """Take another shape; the elements in memory stay, and new ones are unset."""
    shape = ints(sizes)
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad. Use .detach() or reshape.")
    self.array = np.resize(self.array, shape) if self.array.size else np.zeros(shape, self.array.dtype)
    return self


def resize_as_(self: Tensor, the_template: Tensor) -> Tensor:
    """Take the shape of another tensor; the elements in memory stay, and new ones are unset."""
    return resize_(self, the_template.array.shape)
