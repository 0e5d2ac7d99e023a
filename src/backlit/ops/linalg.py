"""Linear algebra on matrices in the last two axes: inverses, determinants, decompositions.

X.T below means the transpose of each matrix, `transposed(x)`. A decomposition has several factors; its op returns them
joined to one array, from which the factors are cut as views, so that one rule sees the gradients of all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import Sample, kernel, op

SHAPES: tuple[tuple[int, ...], ...] = ((2, 2), (3, 3), (2, 3, 3), (1, 1), (0, 2, 2))


def transposed(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def invertible(rng: np.random.Generator) -> Any:
    for shape in SHAPES:
        yield Sample((rng.normal(size=shape) + 3 * np.eye(shape[-1]),), {})


def symmetric(rng: np.random.Generator) -> Any:
    """Positive definite, with eigenvalues well apart."""
    for shape in SHAPES:
        q = np.linalg.qr(rng.normal(size=shape))[0]
        yield Sample(((q * np.arange(1.0, shape[-1] + 1)) @ transposed(q),), {}, symmetrised)


def symmetrised(x: Any) -> Any:
    return (x + transposed(x)) / 2


def tall(rng: np.random.Generator) -> Any:
    for shape in ((3, 2), (2, 2), (2, 4, 3), (1, 1)):
        q = np.linalg.qr(rng.normal(size=shape))[0]
        yield Sample(((q * np.arange(1.0, shape[-1] + 1)) @ np.linalg.qr(rng.normal(size=(shape[-1],) * 2))[0],), {})


@op(torch="linalg.inv", numpy=np.linalg.inv, node="LinalgInvExBackward0", samples=invertible)
def inv(x):
    """out x = x out = the identity."""
    return np.linalg.inv(x)


@inv.gradient("x")
def _(g, out):
    return -np.matmul(np.matmul(transposed(out), g), transposed(out))


def systems(rng: np.random.Generator) -> Any:
    for a, b in (((2, 2), (2, 1)), ((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((2, 2), (3, 2, 1)), ((2, 2), (2, 0))):
        yield Sample((rng.normal(size=a) + 3 * np.eye(a[-1]), rng.normal(size=b)), {})


@op(torch="linalg.solve", numpy=np.linalg.solve, node="LinalgSolveExBackward0", broadcasts=True, samples=systems)
def solve(x, y):
    """x out = y.  Shapes: x (..., n, n), y (..., n, k), out (..., n, k)."""
    return np.linalg.solve(x, y)


@solve.gradient("x")
def _(g, x, out):
    return -np.matmul(np.linalg.solve(transposed(x), g), transposed(out))


@solve.gradient("y")
def _(g, x):
    return np.linalg.solve(transposed(x), g)


@op(torch="linalg.det", numpy=np.linalg.det, node="LinalgDetBackward0", samples=invertible)
def det(x):
    """out = the determinant."""
    return np.linalg.det(x)


@det.gradient("x")
def _(g, x):
    return g[..., None, None] * cofactors(x)


@op(samples=invertible)
def cofactors(x):
    """out = det(x) inv(x).T, also where x has no inverse."""
    return all_but_one(x)


@cofactors.gradient("x")
def _(g, x, out):
    inverse = transposed(np.linalg.inv(x))
    along = np.sum(g * inverse, axis=(-2, -1), keepdims=True) * out
    return along - np.matmul(np.matmul(out, transposed(g)), inverse)


@kernel
def all_but_one(x: Any) -> Any:
    """by x = U S V.T, cofactors are det(U) det(V) U C V.T, where C holds the product of the others of S."""
    u, s, vh = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.asarray((u * (sign[..., None] * others)[..., None, :]) @ vh).astype(x.dtype)


@op(torch="linalg.slogdet", samples=invertible)
def log_abs_det(x):
    """out = ln |det x|, also where the determinant itself overflows."""
    return np.linalg.slogdet(x)[1]


@log_abs_det.gradient("x")
def _(g, x):
    return g[..., None, None] * transposed(np.linalg.inv(x))


@op(torch="sign")
def sign_of_det(x):
    """out = 1, 0 or -1, as the determinant is positive, zero or negative."""
    return np.linalg.slogdet(x)[0]


@op(torch="linalg.pinv", numpy=np.linalg.pinv, samples=tall)
def pinv(x, *, rcond=None):
    """out = the matrix of least squares: out y is the shortest of the v for which |x v - y| is least."""
    return np.linalg.pinv(x, rcond)


@pinv.gradient("x")
def _(g, x, out):
    # Golub & Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear least squares problems".
    p, pt, gt = out, transposed(out), transposed(g)
    left = np.matmul(gt - np.matmul(x, np.matmul(p, gt)), np.matmul(p, pt))
    right = np.matmul(np.matmul(pt, p), gt - np.matmul(np.matmul(gt, p), x))
    return left + right - np.matmul(np.matmul(pt, g), pt)


@op(torch="linalg.cholesky", numpy=np.linalg.cholesky, node="LinalgCholeskyExBackward0", samples=symmetric)
def cholesky(x):
    """out out.T = x, for x symmetric and positive definite; out is zero above the diagonal."""
    return np.linalg.cholesky(x)


@cholesky.gradient("x")
def _(g, out):
    # Murray (2016), "Differentiation of the Cholesky decomposition", equation 10.
    inner = np.tril(np.matmul(transposed(out), g))
    inner = inner - 0.5 * np.eye(out.shape[-1], dtype=bool) * inner
    middle = np.linalg.solve(transposed(out), transposed(np.linalg.solve(transposed(out), transposed(inner))))
    return (middle + transposed(middle)) / 2


@op(torch="linalg.lu_factor", node="LinalgLuFactorExBackward0", samples=invertible)
def lu(x):
    """out = U on and above the diagonal, L below it: x = L U, for x whose rows need not be exchanged.

    L has ones on its diagonal, which are left out.
    """
    return eliminated(x)


@lu.gradient("x")
def _(g, out):
    # de Hoog, Anderssen & Lukas (2011), "Differentiation of matrix functionals using triangular factorization".
    lower, upper = np.tril(out, -1) + np.eye(out.shape[-1], dtype=bool), np.triu(out)
    below, above = np.matmul(transposed(lower), np.tril(g, -1)), np.matmul(np.triu(g), transposed(upper))
    inner = np.tril(below, -1) + np.triu(above)
    return transposed(np.linalg.solve(upper, transposed(np.linalg.solve(transposed(lower), inner))))


@kernel
def eliminated(x: Any) -> Any:
    """Gaussian elimination; column k of L is what takes row k from those below."""
    out = np.array(x)
    for k in range(x.shape[-1] - 1):
        out[..., k + 1 :, k] /= out[..., k, k, None]
        out[..., k + 1 :, k + 1 :] -= out[..., k + 1 :, k, None] * out[..., None, k, k + 1 :]
    return out


@op(torch="linalg.qr", samples=tall)
def qr(x):
    """out = (Q.T R) side by side: x = Q R, Q.T Q = 1, R zero below the diagonal.

    Shapes: x (m, n) with m >= n, out (n, m + n).
    """
    q, r = np.linalg.qr(x)
    return np.concatenate([transposed(q), r], axis=-1)


@qr.gradient("x")
def _(g, out, x_shape):
    # Walter & Lehmann (2010), "Algorithmic differentiation of linear algebra functions".
    m = x_shape[-2]
    q, r, gq, gr = transposed(out[..., :m]), out[..., m:], transposed(g[..., :m]), g[..., m:]
    inner = np.matmul(r, transposed(gr)) - np.matmul(transposed(gq), q)
    mirrored = np.tril(inner) + transposed(np.tril(inner, -1))
    return transposed(np.linalg.solve(r, transposed(gq + np.matmul(q, mirrored))))


@op(torch="linalg.eigh", samples=symmetric)
def eigh(x):
    """out = the eigenvalues w, ascending, above the eigenvectors Q: x = Q diag(w) Q.T.

    Shapes: x (n, n), out (1 + n, n).
    """
    w, q = np.linalg.eigh(x)
    return np.concatenate([w[..., None, :], q], axis=-2)


@eigh.gradient("x")
def _(g, out):
    w, q, gw, gq = out[..., 0, :], out[..., 1:, :], g[..., :1, :], g[..., 1:, :]
    is_diagonal = np.eye(out.shape[-1], dtype=bool)
    gaps = w[..., None, :] - w[..., :, None]
    inner = np.where(is_diagonal, gw, share(np.matmul(transposed(q), gq), np.where(is_diagonal, 1, gaps)))
    return np.matmul(np.matmul(q, inner), transposed(q))


@op(torch="linalg.svd", samples=tall)
def svd(x):
    """out = the singular values S, above U, above V: x = U diag(S) V.T.

    Shapes: x (m, n), k = min(m, n), out (1 + m + n, k).
    """
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([s[..., None, :], u, transposed(vh)], axis=-2)


@svd.gradient("x")
def _(g, out, x_shape):
    # Townsend (2016), "Differentiating the singular value decomposition".
    m = x_shape[-2]
    s, u, v = out[..., :1, :], out[..., 1 : m + 1, :], out[..., m + 1 :, :]
    gs, gu, gv = g[..., :1, :], g[..., 1 : m + 1, :], g[..., m + 1 :, :]
    is_diagonal = np.eye(out.shape[-1], dtype=bool)
    gaps = np.where(is_diagonal, 1, s * s - transposed(s * s))
    ugu, vgv = np.matmul(transposed(u), gu), np.matmul(transposed(v), gv)
    inner = share(ugu - transposed(ugu), gaps) * s + transposed(s) * share(vgv - transposed(vgv), gaps)
    inside = np.matmul(np.matmul(u, np.where(is_diagonal, gs, inner)), transposed(v))
    beside = np.matmul(share(gu - np.matmul(u, ugu), s), transposed(v))
    below = np.matmul(u, transposed(share(gv - np.matmul(v, vgv), s)))
    return inside + beside + below


def share(x: Any, y: Any) -> Any:
    """x / y, and 0 where x is 0: through equal or vanishing values nothing flows that was not asked for."""
    return np.where(np.equal(x, 0), 0, x / y)


@op(torch="linalg.matrix_exp", samples=invertible)
def matrix_exp(x):
    """out = 1 + x + x x / 2! + x x x / 3! + ..."""
    return exponential_of(x)


@matrix_exp.gradient("x")
def _(g, x, x_shape):
    # Mathias (1996), "A chain rule for matrix functions": the exponential of the blocks ((A E), (0 A)) has its
    # derivative at A along E in the upper right block.
    n, xt = x_shape[-1], transposed(x)
    blocks = np.concatenate([np.concatenate([xt, g], axis=-1), np.concatenate([0 * xt, xt], axis=-1)], axis=-2)
    return matrix_exp(blocks)[..., :n, n:]


@kernel
def exponential_of(x: Any) -> Any:
    """SciPy's scaling and squaring."""
    from scipy.linalg import expm

    return np.zeros_like(x) if x.size == 0 else np.asarray(expm(x), x.dtype)
