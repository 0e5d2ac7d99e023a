"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import Sample, op
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
        (((2, 3), (4, 3), (4,)), {}), (((2, 3), (4, 3), None), {}), (((3,), (4, 3), (4,)), {}),
        (((0, 3), (2, 3), (2,)), {}),
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
    return np.add.reduce(rows(g), axis=0)


def rows(x: Any) -> Any:
    """All axes but the last as one: (..., C) -> (B, C)."""
    return x if x.ndim == 2 else np.reshape(x, (-1, x.shape[-1]))


def summed(rng: np.random.Generator) -> Any:
    for subscripts, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("i,j,k->ijk", (2,), (3,), (2,)),
        ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("ij,j->i", (2, 3), (1,)), ("ij,jk->ik", (0, 3), (3, 2)),
        (",->", (), ()),
    ):  # fmt: skip
        yield Sample(tuple(rng.normal(size=shape) for shape in shapes), {"subscripts": subscripts})


@op(torch="einsum", broadcasts=True, samples=summed)
def einsum(*xs, subscripts):
    """out = the sum of products that `subscripts` spells, such as "ij,jk->ik"; no index twice in one term."""
    return np.einsum(subscripts, *xs, optimize=True)


@einsum.gradient("xs")
def _(g, xs, xs_shape, subscripts, k):
    terms, out = subscripts.split("->")[0].split(","), subscripts.split("->")[1]
    others = [*terms[:k], *terms[k + 1 :]]
    # An index that only this term had was summed away: the gradient is the same all along it.
    alone = [n for n in range(len(terms[k])) if terms[k][n] not in "".join([out, *others])]
    ones = np.ones([xs_shape[k][n] for n in alone], bool)
    spelled = ",".join([out, *others, "".join(terms[k][n] for n in alone)]) + "->" + terms[k]
    return einsum(g, *xs[:k], *xs[k + 1 :], ones, subscripts=spelled)
