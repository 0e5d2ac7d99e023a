"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases


@op(
    torch="matmul",
    numpy=np.matmul,
    broadcasts=True,
    promotes="same",
    node="MmBackward0",
    samples=cases(
        (((3,), (3,)), {}), (((2, 3), (3,)), {}), (((3,), (3, 2)), {}), (((2, 3), (3, 4)), {}), (((0, 3), (3, 2)), {}),
        (((5, 2, 3), (3, 4)), {}), (((2, 3), (5, 3, 4)), {}), (((5, 1, 2, 3), (4, 3, 2)), {}), (((1, 1), (1, 1)), {}),
        (((3,), (5, 3, 2)), {}), (((5, 2, 3), (3,)), {}),
    ),
)  # fmt: skip
def matmul(x, y):
    """out = x y.  Shapes: (n), (n) -> (); (m, n), (n, p) -> (m, p); further axes in front broadcast."""
    return np.matmul(x, y)


@matmul.gradient("x")
def _(g, y, x_shape):
    g = as_matrices(g, x_shape, np.shape(y))
    if len(np.shape(y)) == 1:
        y = np.reshape(y, (-1, 1))
    product = np.matmul(g, np.swapaxes(y, -1, -2))
    return product[..., 0, :] if len(x_shape) == 1 else product


@matmul.gradient("y")
def _(g, x, y_shape):
    g = as_matrices(g, np.shape(x), y_shape)
    if len(np.shape(x)) == 1:
        x = np.reshape(x, (1, -1))
    product = np.matmul(np.swapaxes(x, -1, -2), g)
    return product[..., 0] if len(y_shape) == 1 else product


def as_matrices(g: Any, x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> Any:
    """The gradient of a product with the axes put back that a vector operand took away."""
    if len(y_shape) == 1:
        g = np.expand_dims(g, -1)
    if len(x_shape) == 1:
        g = np.expand_dims(g, -2)
    return g


@op(
    torch="nn.functional.linear",
    node="AddmmBackward0",
    samples=cases(
        (((2, 3), (4, 3), (4,)), {}), (((2, 3), (4, 3), None), {}), (((3,), (4, 3), (4,)), {}), (((0, 3), (2, 3), (2,)), {}),
        (((2, 5, 3), (4, 3), (4,)), {}), (((1, 1), (1, 1), (1,)), {}),
    ),
)  # fmt: skip
def linear(x, w, b):
    """out = x w.T + b.  Shapes: x (..., I), w (O, I), b (O) or None, out (..., O)."""
    return np.matmul(x, w.T) if b is None else np.matmul(x, w.T) + b


@linear.gradient("x")
def _(g, w):
    return np.matmul(g, w)


@linear.gradient("w")
def _(g, x):
    return np.matmul(rows(g).T, rows(x))


@linear.gradient("b")
def _(g):
    return rows(g).sum(axis=0)


def rows(x: Any) -> Any:
    """All axes but the last as one: (..., C) -> (B, C)."""
    return x if x.ndim == 2 else np.reshape(x, (-1, x.shape[-1]))
