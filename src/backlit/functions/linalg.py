"""Linear algebra on matrices in the last two dimensions; `torch.linalg`, and its older names in `torch`."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import return_types
from backlit.errors import not_a_tensor
from backlit.functions import reduction
from backlit.functions.conversion import to
from backlit.functions.joining import cat
from backlit.functions.products import check_dtypes, product
from backlit.functions.publish import into
from backlit.functions.reduction import in_kind
from backlit.functions.shape import transpose, unsqueeze
from backlit.ops import arithmetic, exponential, reduce
from backlit.ops import linalg as ops
from backlit.ops.diagonal import tril
from backlit.ops.index import part
from backlit.tensor import Tensor, apply


def matrices(x: Tensor, name: str, square: bool = False) -> Tensor:
    """The tensor, if it holds matrices of floats (square ones, if so asked).  Raises RuntimeError."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(x, f"linalg_{name}", "A")
    floats(x, None, name)
    if x.array.ndim < 2:
        raise RuntimeError(
            f"linalg.{name}: The input tensor A must have at least 2 dimensions, but its shape is "
            f"{list(x.array.shape)}."
        )
    if square and x.array.shape[-1] != x.array.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {x.array.shape[-2]} by "
            f"{x.array.shape[-1]} matrices"
        )
    return x


def floats(x: Tensor, dtype: Any, name: str) -> Tensor:
    """The tensor, in the dtype asked for, if it is of floats.  Raises RuntimeError."""
    x = in_kind(x, dtype)
    if x.array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {x.dtype.title}: write "
            "x.float()."
        )
    return x


def mirrored(x: Tensor) -> Tensor:
    """The transpose of each matrix."""
    return transpose(x, -2, -1)


def rows(x: Tensor, start: int, stop: int | None) -> Tensor:
    return apply(part, x, key=(..., slice(start, stop), slice(None)))


def columns(x: Tensor, start: int, stop: int | None) -> Tensor:
    return apply(part, x, key=(..., slice(start, stop)))


# Inverses, determinants, systems.


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of each matrix.  Shape: (..., n, n).  Raises LinAlgError, a RuntimeError, if there is none.

    >>> import backlit as torch
    >>> torch.linalg.inv(torch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    result = apply(ops.inv, matrices(A, "inv", square=True))
    return result if out is None else into(out, result)


inverse = inv


def pinv(
    A: Tensor, rcond: Any = None, *, rtol: Any = None, atol: Any = None, hermitian: bool = False,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The pseudo-inverse of each matrix: singular values up to atol, or rtol times the largest, count as 0."""
    matrices(A, "pinv", square=hermitian)
    x = symmetrised(A) if hermitian else A
    s, bound = tolerance(x.array, atol, rtol if rcond is None else rcond)
    relative = np.divide(bound, s.max(axis=-1, keepdims=True, initial=0), out=np.zeros_like(bound), where=bound > 0)
    result = apply(ops.pinv, x, rcond=relative[..., 0])
    return result if out is None else into(out, result)


def tolerance(x: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """The singular values of matrices, and the bound up to which they count as 0."""
    s = np.linalg.svd(x, compute_uv=False)
    absolute, relative = (np.asarray(getattr(v, "array", v)) if v is not None else None for v in (atol, rtol))
    if relative is None:  # what rounding leaves, unless the user has set another bound
        rounding = max(x.shape[-2:]) * np.finfo(x.dtype).eps
        relative = np.asarray(rounding) if absolute is None else np.where(absolute > 0, 0, rounding)
    largest = s.max(axis=-1, keepdims=True, initial=0)
    bound = relative[..., None] * largest
    return s, bound if absolute is None else np.maximum(absolute[..., None], bound)


def symmetrised(x: Tensor) -> Tensor:
    """The symmetric matrices that the lower triangles stand for."""
    return apply(arithmetic.add, apply(tril, x), mirrored(apply(tril, x, offset=-1)))


pinverse = pinv


def det(A: Tensor) -> Tensor:
    """The determinant of each matrix.  Shape: (..., n, n) -> (...)."""
    return apply(ops.det, matrices(A, "det", square=True))


def slogdet(A: Tensor) -> Any:
    """The sign of the determinant of each matrix, and the logarithm of its absolute value."""
    matrices(A, "slogdet", square=True)
    return return_types.slogdet(apply(ops.sign_of_det, A), apply(ops.log_abs_det, A))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of each matrix; NaN where it is negative."""
    sign, size = slogdet(input)
    return apply(arithmetic.add, size, apply(exponential.log, sign)) if (sign.array < 0).any() else size


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """The X with A X = B (with left=False, X A = B).  Shapes: A (..., n, n), B (..., n) or (..., n, k).

    Raises LinAlgError, a RuntimeError, if A has no inverse.
    """
    matrices(A, "solve", square=True)
    check_dtypes(A, B)
    if not left:
        return mirrored(solve(mirrored(A), mirrored(B)))
    is_vector = B.array.ndim == 1 or B.array.shape == A.array.shape[:-1]
    result = apply(ops.solve, A, unsqueeze(B, -1) if is_vector else B)
    result = apply(part, result, key=(..., 0)) if is_vector else result
    return result if out is None else into(out, result)


def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X for which |A X - B| is least; with its squared residuals, the rank of A, and its singular values.

    As LAPACK's drivers do, "gels" gives no rank, and only "gelsd" and "gelss" give singular values; residuals are given
    where there are more rows than columns, all independent, but not by "gelsy", which is the default.
    """
    x = matrices(A, "lstsq").array
    is_vector = B.array.ndim == 1 or (B.array.ndim == x.ndim - 1 and B.array.shape == x.shape[:-1])
    target = unsqueeze(B, -1) if is_vector else B
    solution = product(pinv(A, rcond), target)
    s, bound = tolerance(x, None, rcond)
    rank = np.count_nonzero(s > bound, axis=-1)
    rest = apply(arithmetic.sub, product(A, solution), target)
    is_full = driver not in (None, "gelsy") and x.shape[-2] > x.shape[-1] and bool(np.all(rank == x.shape[-1]))
    none = Tensor.wrap(np.empty(0, x.dtype))
    return return_types.linalg_lstsq(
        apply(part, solution, key=(..., 0)) if is_vector else solution,
        apply(reduce.sum, apply(arithmetic.square, rest), axis=-2) if is_full else none,
        Tensor.wrap(np.empty(0, np.int64) if driver == "gels" else np.asarray(rank)),
        Tensor.wrap(s) if driver in ("gelsd", "gelss") else none,
    )


def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Each matrix multiplied by itself n times; by its inverse for negative n."""
    base = inv(A) if n < 0 else matrices(to(A), "matrix_power", square=True)
    result, left = None, abs(n)
    while left:  # by squares: x ** 13 = x ** 8 x ** 4 x
        if left % 2:
            result = base if result is None else product(result, base)
        left //= 2
        base = product(base, base) if left else base
    if result is None:
        result = apply(arithmetic.add, apply(arithmetic.mul, A, 0), np.eye(A.array.shape[-1], dtype=A.array.dtype))
    return result if out is None else into(out, result)


def matrix_exp(A: Tensor) -> Tensor:
    """1 + A + A A / 2! + A A A / 3! + ..., of each matrix."""
    return apply(ops.matrix_exp, matrices(A, "matrix_exp", square=True))


# Decompositions.


def cholesky(A: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The lower triangular L with L L.T = A, for A symmetric and positive definite; or its transpose.

    Raises LinAlgError, a RuntimeError, if A is not positive definite.
    """
    factor = apply(ops.cholesky, matrices(A, "cholesky", square=True))
    result = mirrored(factor) if upper else factor
    return result if out is None else into(out, result)


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """A = Q R: Q with orthonormal columns, R upper triangular. mode: "reduced", "complete" or "r" (R alone)."""
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    m, n = matrices(A, "qr").array.shape[-2:]
    packed = apply(ops.qr, columns(A, 0, min(m, n)))
    q, r = mirrored(columns(packed, 0, m)), columns(packed, m, None)
    if m < n:  # R's further columns are A's, seen from Q
        r = cat([r, product(mirrored(q), columns(A, m, None))], -1)
    if mode == "complete" and m > n:
        q = cat([q, Tensor.wrap(np.linalg.qr(A.array, "complete")[0][..., n:])], -1)
        r = cat([r, Tensor.wrap(np.zeros((*A.array.shape[:-2], m - n, n), A.array.dtype))], -2)
    return return_types.linalg_qr(Tensor.wrap(np.empty(0, A.array.dtype)) if mode == "r" else q, r)


def qr_some(input: Tensor, some: bool = True) -> Any:
    """A = Q R; with some=False, Q is square."""
    return return_types.qr(*qr(input, "reduced" if some else "complete"))


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues of each symmetric matrix, ascending, and its eigenvectors, as columns; reads one triangle."""
    matrices(A, "eigh", square=True)
    packed = apply(ops.eigh, A if UPLO == "L" else mirrored(A))
    return return_types.linalg_eigh(apply(part, packed, key=(..., 0, slice(None))), rows(packed, 1, None))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of each symmetric matrix, ascending."""
    return eigh(A, UPLO)[0]


def svd_parts(A: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V of A = U diag(S) V.T, with as many columns as A has on its shorter side."""
    packed = apply(ops.svd, matrices(A, "svd"))
    m = A.array.shape[-2]
    return rows(packed, 1, m + 1), apply(part, packed, key=(..., 0, slice(None))), rows(packed, m + 1, None)


def completed(A: Tensor, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """U and V made square by further orthonormal columns, which are not differentiated."""
    k = u.array.shape[-1]
    full_u, _, full_vh = np.linalg.svd(A.array)
    rest = (full_u[..., k:], np.swapaxes(full_vh, -1, -2)[..., k:])
    return cat([u, Tensor.wrap(rest[0])], -1), cat([v, Tensor.wrap(rest[1])], -1)


def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """A = U diag(S) Vh, with singular values descending."""
    u, s, v = svd_parts(A)
    if full_matrices:
        u, v = completed(A, u, v)
    return return_types.linalg_svd(u, s, mirrored(v))


def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """input = U diag(S) V.T, with singular values descending; with some=False, U and V are square.

    With compute_uv=False, U and V are zeros.
    """
    u, s, v = svd_parts(input)
    if not some:
        u, v = completed(input, u, v)
    if not compute_uv:
        u, v = (Tensor.wrap(np.zeros_like(x.array)) for x in (u, v))
    return return_types.svd(u, s, v)


def svdvals(A: Tensor) -> Tensor:
    """The singular values of each matrix, descending."""
    return svd_parts(A)[1]


def matrix_rank(A: Tensor, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """How many singular values are larger than the tolerance: by default the largest times max(m, n) times epsilon."""
    matrices(A, "matrix_rank", square=hermitian)
    x = symmetrised(A).array if hermitian else A.array
    s, bound = tolerance(x, atol if tol is None else tol, rtol)
    return Tensor.wrap(np.asarray(np.count_nonzero(s > bound, axis=-1)))


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The sums of products over one dimension."""
    result = reduction.sum(apply(arithmetic.mul, x, y), dim)
    return result if out is None else into(out, result)
