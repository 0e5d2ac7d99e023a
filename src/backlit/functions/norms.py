"""How large vectors and matrices are: `torch.norm` and `torch.linalg`'s norms, and what is measured by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.linalg import floats, inv, matrices, svdvals
from backlit.functions.publish import into
from backlit.functions.reduction import Dims, axes_of, wrapped
from backlit.functions.shape import movedim, unsqueeze
from backlit.ops import arithmetic, reduce, shape
from backlit.ops.index import part
from backlit.tensor import Tensor, apply


def p_norm(input: Tensor, p: float, dim: Dims, keepdim: bool) -> Tensor:
    """The p-norm of the elements over `dim`, whatever their arrangement."""
    settings = {"axis": axes_of(input, dim), "keepdims": keepdim}
    if p == 2:
        return apply(reduce.euclidean_norm, input, **settings)
    if p == 0:
        return apply(reduce.zero_norm, input, **settings)
    if p in (1, np.inf, -np.inf):
        op = reduce.sum if p == 1 else reduce.amax if p > 0 else reduce.amin
        return apply(op, apply(arithmetic.abs, input), **settings)
    return apply(reduce.power_norm, input, p=float(p), **settings)


def norm(
    input: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, out: Tensor | None = None, dtype: Any = None
) -> Tensor:
    """The p-norm over `dim`: p a number, infinite too; "fro", the same as 2; or "nuc", of a matrix.

    >>> import backlit as torch
    >>> torch.norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    input = floats(input, dtype, "vector_norm")
    if isinstance(p, str) and p not in ("fro", "nuc"):
        raise RuntimeError(f"norm(): p must be a number, 'fro' or 'nuc', not {p!r}")
    if p == "nuc":
        result = matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)
    else:
        result = p_norm(input, 2 if p in ("fro", None) else p, dim, keepdim)
    return result if out is None else into(out, result)


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference."""
    return p_norm(apply(arithmetic.sub, input, other), p, None, False)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "") -> Tensor:
    """The p-norm of the difference of every row of x1 and every row of x2.

    Shapes: (..., P, M), (..., R, M) -> (..., P, R).
    """
    rows, columns = apply(shape.expand_dims, x1, axis=-2), apply(shape.expand_dims, x2, axis=-3)
    return p_norm(apply(arithmetic.sub, rows, columns), p, -1, False)


# torch.linalg.


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The `ord`-norm of the elements over `dim`, or of all."""
    result = p_norm(floats(x, dtype, "vector_norm"), ord, dim, keepdim)
    return result if out is None else into(out, result)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of each matrix: "fro", "nuc", infinity (largest row sum), 1 (largest column sum), 2; or -inf, -1, -2."""
    if ord not in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    x = movedim(matrices(floats(A, dtype, "matrix_norm"), "matrix_norm"), dim, (-2, -1))
    if ord == "fro":
        result = p_norm(x, 2, (-2, -1), False)
    elif ord == "nuc":
        result = apply(reduce.sum, svdvals(x), axis=-1)
    else:
        of_rows = apply(reduce.sum, apply(arithmetic.abs, x), axis=-1 if abs(ord) == np.inf else -2)
        candidates = svdvals(x) if abs(ord) == 2 else of_rows
        result = apply(reduce.amax if ord > 0 else reduce.amin, candidates, axis=-1)
    if keepdim:
        for k in sorted(wrapped(A, d) for d in dim):
            result = unsqueeze(result, k)
    return result if out is None else into(out, result)


def linalg_norm(
    A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Tensor | None = None
) -> Tensor:
    """The norm of vectors (one dimension) or matrices (two); without ord, the square root of the sum of squares."""
    count = A.array.ndim if dim is None else 1 if isinstance(dim, int) else len(dim)
    if ord is None or (count == 1 and not isinstance(ord, str)):
        return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)
    if count != 2:
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.array.ndim}D."
        )
    return matrix_norm(A, ord, (-2, -1) if dim is None else tuple(dim), keepdim, dtype=dtype, out=out)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """How much A can stretch relative errors: its norm times that of its inverse."""
    if p in (None, 2, -2):
        s = svdvals(A)
        ends = apply(part, s, key=(..., 0)), apply(part, s, key=(..., -1))
        return apply(arithmetic.div, *(ends if p != -2 else ends[::-1]))
    return apply(arithmetic.mul, matrix_norm(A, p), matrix_norm(inv(A), p))
