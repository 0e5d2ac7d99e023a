"""Triangular matrices: systems with them, and the factors that Gaussian elimination and Cholesky leave."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import return_types
from backlit.functions.linalg import columns, matrices, mirrored, rows, solve
from backlit.functions.publish import into
from backlit.ops import arithmetic
from backlit.ops import linalg as ops
from backlit.ops.diagonal import tril, triu
from backlit.ops.scatter import gather
from backlit.tensor import Tensor, apply


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """The X with A X = B, where only the upper (or lower) triangle of A counts."""
    used = apply(triu, A) if upper else mirrored(apply(triu, mirrored(A)))
    if unitriangular:
        ones = np.eye(A.array.shape[-1], dtype=A.array.dtype)
        used = apply(arithmetic.add, apply(arithmetic.mul, used, 1 - ones), ones)
    return solve(used, B, left=left, out=out)


def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The X with A X = B, given the factor L of A = L L.T (or R of A = R.T R)."""
    first, second = (mirrored(L), L) if upper else (L, mirrored(L))
    return solve_triangular(second, solve_triangular(first, B, upper=False), upper=True)


def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of A, given the factor L of A = L L.T (or R of A = R.T R)."""
    result = cholesky_solve(identity(L), L, upper)
    return result if out is None else into(out, result)


def identity(like: Tensor) -> Tensor:
    return Tensor.wrap(np.eye(like.array.shape[-1], dtype=like.array.dtype))


# Gaussian elimination: A with its rows exchanged is L U.


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """L and U in one matrix (the diagonal of L is 1 and left out), and the row exchanged with each row in turn, from 1.

    A must be square.
    """
    x = matrices(A, "lu", square=True).array
    pivots = pivots_of(x) if pivot else np.broadcast_to(np.arange(1, x.shape[-1] + 1), x.shape[:-1]).astype(np.int32)
    order = np.broadcast_to(order_of(pivots, x.shape[-1])[..., None], x.shape)
    parts = apply(ops.lu, apply(gather, A, order, axis=x.ndim - 2)), Tensor.wrap(pivots)
    return return_types.linalg_lu_factor(*(parts if out is None else map(into, out, parts)))


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """`lu_factor` as a plain tuple; with get_infos, and zeros for success."""
    parts = tuple(lu_factor(A, pivot=pivot))
    return (*parts, Tensor.wrap(np.zeros(A.array.shape[:-2], np.int32))) if get_infos else parts


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """The permutation P and the factors L and U of A = P L U, from what `lu_factor` gave; empty if not asked for.

    Shapes, with k = min(m, n): LU_data (..., m, n), LU_pivots (..., k), P (..., m, m), L (..., m, k), U (..., k, n).
    """
    m, k = LU_data.array.shape[-2], min(LU_data.array.shape[-2:])
    order = order_of(LU_pivots.array, m)
    # Row k of L U is row order[k] of A: P has its 1 of column k there.
    permutation = (np.arange(m)[:, None] == order[..., None, :]).astype(LU_data.array.dtype)
    ones = np.eye(m, k, dtype=LU_data.array.dtype)
    lower = apply(arithmetic.add, columns(apply(tril, LU_data, offset=-1), 0, k), ones)
    empty = Tensor.wrap(np.empty(0, LU_data.array.dtype))
    factors = (lower, rows(apply(triu, LU_data), 0, k)) if unpack_data else (empty, empty)
    return return_types.lu_unpack(Tensor.wrap(permutation) if unpack_pivots else empty, *factors)


def linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """A = P L U: P exchanges rows, L is lower triangular with ones on its diagonal, U upper triangular."""
    return return_types.linalg_lu(*lu_unpack(*lu_factor(A, pivot=pivot)))


def pivots_of(x: Any) -> Any:
    """For each column, the row (counted from 1) whose element is the largest of those not yet used: LAPACK's pivots."""
    left, n = np.array(x), x.shape[-1]
    pivots = np.zeros(x.shape[:-1], np.int32)
    for matrix, chosen in zip(left.reshape(-1, n, n), pivots.reshape(-1, n), strict=True):
        for k in range(n):
            p = k + int(np.argmax(np.abs(matrix[k:, k])))
            chosen[k] = p + 1
            matrix[[k, p]] = matrix[[p, k]]
            if matrix[k, k] != 0:
                matrix[k + 1 :] -= matrix[k + 1 :, k, None] / matrix[k, k] * matrix[k]
    return pivots


def order_of(pivots: Any, m: int) -> Any:
    """The order of the m rows after all exchanges."""
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for place in np.ndindex(pivots.shape[:-1]):
        for k, p in enumerate(pivots[place]):
            order[place][[k, p - 1]] = order[place][[p - 1, k]]
    return order
