"""Linear algebra: equal to PyTorch's where the answer is unique, and right where signs are free."""

import numpy as np
import pytest

import backlit as torch
from functions.both import agree, both_raise, gradients_agree

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(3, 3)) + 2 * np.eye(3)
BATCH = RNG.normal(size=(2, 3, 3)) + 3 * np.eye(3)
TALL = RNG.normal(size=(4, 2))
WIDE = TALL.T.copy()
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])


def definite(t, x):
    return x @ x.mT + t.eye(3, dtype=t.float64)


UNIQUE = {
    "inverse": lambda t, x: t.inverse(x),
    "inv": lambda t, x: t.linalg.inv(x),
    "det": lambda t, x: x.det(),
    "slogdet": lambda t, x: x.slogdet()[1],
    "logdet": lambda t, x: t.logdet(definite(t, x)),
    "pinverse": lambda t, x: x.pinverse(),
    "solve": lambda t, x: t.linalg.solve(x, x.mT[..., :2]),
    "solve vector": lambda t, x: t.linalg.solve(x, x[..., 0]),
    "solve left": lambda t, x: t.linalg.solve(x, x.mT, left=False),
    "solve_triangular": lambda t, x: t.linalg.solve_triangular(x, x.mT, upper=True),
    "solve lower": lambda t, x: t.linalg.solve_triangular(x, x.mT, upper=False, unitriangular=True),
    "cholesky": lambda t, x: t.linalg.cholesky(definite(t, x)),
    "upper": lambda t, x: t.linalg.cholesky(definite(t, x), upper=True),
    "cholesky_solve": lambda t, x: t.cholesky_solve(x, t.linalg.cholesky(definite(t, x))),
    "eigvalsh": lambda t, x: t.linalg.eigvalsh(definite(t, x)),
    "svdvals": lambda t, x: t.linalg.svdvals(x),
    "matrix_exp": lambda t, x: x.matrix_exp(),
    "power": lambda t, x: x.matrix_power(5),
    "negative power": lambda t, x: t.linalg.matrix_power(x, -2),
    "power of none": lambda t, x: x.matrix_power(0),
    "cond": lambda t, x: t.linalg.cond(x),
    "norm": lambda t, x: t.linalg.norm(x),
    "nuclear": lambda t, x: t.linalg.matrix_norm(x, "nuc"),
    "norm 2": lambda t, x: t.linalg.matrix_norm(x, 2),
    "norm -2": lambda t, x: t.linalg.matrix_norm(x, -2),
    "norm inf": lambda t, x: t.linalg.matrix_norm(x, np.inf, keepdim=True),
    "norm 1": lambda t, x: t.linalg.matrix_norm(x, 1),
    "norm dims": lambda t, x: t.linalg.norm(x, 1, dim=(-1, -2)),
    "vector norm": lambda t, x: t.linalg.vector_norm(x, 3),
    "vector norm dim": lambda t, x: t.linalg.norm(x, dim=-1),
    "reconstruction": lambda t, x: reconstruction(t, x),
    "projection": lambda t, x: projection(t, x),
}


def reconstruction(t, x):
    u, s, v = t.svd(x)
    return u @ t.diag_embed(s * s) @ v.mT


def projection(t, x):
    q = t.linalg.eigh(definite(t, x))[1]
    return q[..., :1] @ q[..., :1].mT


@pytest.mark.parametrize("name", UNIQUE)
@pytest.mark.parametrize("matrix", [SQUARE, BATCH], ids=["one", "batch"])
def test_unique_answers_and_their_gradients_agree(name, matrix):
    gradients_agree(UNIQUE[name], matrix, rtol=1e-6)


@pytest.mark.parametrize("matrix", [SQUARE, TALL, WIDE, BATCH], ids=["square", "tall", "wide", "batch"])
def test_decompositions_multiply_to_the_matrix(matrix):
    x = torch.from_numpy(matrix)
    u, s, v = torch.svd(x)
    torch.testing.assert_close(u @ torch.diag_embed(s) @ v.mT, x)
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    torch.testing.assert_close(u @ torch.diag_embed(s) @ vh, x)
    q, r = torch.linalg.qr(x)
    torch.testing.assert_close(q @ r, x)
    torch.testing.assert_close(q.mT @ q, torch.eye(q.shape[-1], dtype=q.dtype).expand((*q.mT.shape[:-1], q.shape[-1])))
    assert r.tril(-1).abs().max() < 1e-12


@pytest.mark.parametrize("matrix", [TALL, WIDE], ids=["tall", "wide"])
def test_factors_can_be_square(matrix):
    x = torch.from_numpy(matrix)
    u, _, vh = torch.linalg.svd(x)
    assert (u.shape, vh.shape) == ((len(matrix),) * 2, (matrix.shape[1],) * 2)
    for q in (u, vh, torch.linalg.qr(x, "complete")[0]):
        torch.testing.assert_close(q @ q.mT, torch.eye(len(q), dtype=q.dtype))
    assert torch.linalg.qr(x, "complete")[1].shape == matrix.shape
    agree(lambda t: [list(part.shape) for part in t.linalg.qr(t.from_numpy(matrix), mode="r")])


@pytest.mark.parametrize("matrix", [TALL, WIDE, SQUARE], ids=["tall", "wide", "square"])
def test_gradients_of_factors_agree_where_signs_do_not_matter(matrix):
    gradients_agree(lambda t, x: abs(t.linalg.qr(x)[1]), matrix)
    gradients_agree(lambda t, x: t.svd(x)[1], matrix)
    gradients_agree(lambda t, x: abs(t.linalg.svd(x, full_matrices=False)[2]), matrix)
    gradients_agree(lambda t, x: t.linalg.pinv(x), matrix)


@pytest.mark.filterwarnings("ignore:torch.lu is deprecated")
@pytest.mark.parametrize("matrix", [SQUARE, BATCH], ids=["one", "batch"])
def test_gaussian_elimination(matrix):
    agree(
        lambda t: [
            *t.linalg.lu_factor(t.from_numpy(matrix)),
            *t.linalg.lu(t.from_numpy(matrix)),
            *t.from_numpy(matrix).lu(),
        ]
    )
    permutation, lower, upper = torch.lu_unpack(*torch.linalg.lu_factor(torch.from_numpy(matrix)))
    torch.testing.assert_close(permutation @ lower @ upper, torch.from_numpy(matrix))


@pytest.mark.parametrize("matrix", [SQUARE, BATCH], ids=["one", "batch"])
def test_gradients_of_elimination_agree(matrix):
    for part in (1, 2):
        gradients_agree(lambda t, x, part=part: t.linalg.lu(x)[part], matrix)
    gradients_agree(lambda t, x: t.lu_unpack(*t.linalg.lu_factor(x))[1] * 2, matrix)


def test_cholesky_factors_invert():
    agree(
        lambda t: [
            t.cholesky_inverse(t.linalg.cholesky(definite(t, t.from_numpy(SQUARE)))),
            t.cholesky_inverse(t.linalg.cholesky(definite(t, t.from_numpy(SQUARE)), upper=True), upper=True),
        ]
    )


def test_factors_are_written_to_out():
    def written(t):
        matrix = definite(t, t.from_numpy(SQUARE))
        inverse, factors, pivots = t.zeros_like(matrix), t.zeros_like(matrix), t.zeros(len(SQUARE), dtype=t.int32)
        t.cholesky_inverse(t.linalg.cholesky(matrix), out=inverse)
        t.linalg.lu_factor(matrix, out=(factors, pivots))
        return inverse, factors, pivots

    agree(written)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2, 0)], ids=["tall", "wide", "empty"])
def test_factors_of_matrices_that_are_not_square_are_unpacked(shape):
    packed = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    agree(lambda t: t.lu_unpack(t.from_numpy(packed), t.arange(min(shape), 0, -1, dtype=t.int32).clamp(2, shape[0])))


@pytest.mark.parametrize("asked", [{"unpack_data": False}, {"unpack_pivots": False}], ids=["data", "pivots"])
def test_what_is_not_unpacked_is_empty(asked):
    agree(lambda t: t.lu_unpack(*t.linalg.lu_factor(t.from_numpy(SQUARE)), **asked))


def test_singular_vectors_that_are_not_computed_are_zeros():
    agree(lambda t: t.svd(t.from_numpy(SQUARE), compute_uv=False))


def test_least_squares():
    agree(lambda t: t.linalg.lstsq(t.from_numpy(TALL), t.from_numpy(TALL[:, :1] ** 2), driver="gelsd"))
    gradients_agree(lambda t, a, b: t.linalg.lstsq(a, b)[0], TALL, TALL**2)


def test_a_singular_matrix_has_a_determinant_with_a_gradient():
    gradients_agree(lambda t, x: t.linalg.svdvals(x), SINGULAR[1:])
    x = torch.from_numpy(SINGULAR).requires_grad_()
    x.det().backward()
    cofactors = [[4, 4, -4], [-2, -2, 2], [0, 0, 0]]
    np.testing.assert_allclose(x.grad.numpy(), cofactors, atol=1e-12)


def test_results_have_names():
    x = torch.from_numpy(SQUARE)
    assert torch.equal(torch.linalg.eigh(x @ x.T).eigenvalues, torch.linalg.eigvalsh(x @ x.T))
    assert torch.svd(x).V.shape == torch.linalg.qr(x).Q.shape == (3, 3)
    assert torch.slogdet(x).logabsdet.exp().item() == pytest.approx(abs(x.det().item()))


def test_numbers_about_a_matrix():
    agree(
        lambda t: [
            t.linalg.cond(t.from_numpy(SQUARE), 1),
            t.linalg.cond(t.from_numpy(SQUARE), -2),
            t.linalg.matrix_rank(t.from_numpy(SINGULAR)),
            t.linalg.matrix_rank(t.from_numpy(BATCH)),
            t.linalg.matrix_rank(t.eye(3), atol=2.0),
        ]
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.inverse(t.ones(2, 3)), "square matrices, but they are 2 by 3"),
        (lambda t: t.inverse(t.zeros(2, 2)), "linalg.inv.*singular.*pinv"),
        (lambda t: t.linalg.solve(t.zeros(2, 2), t.ones(2)), "linalg.solve.*singular"),
        (lambda t: t.linalg.cholesky(-t.eye(2)), "linalg.cholesky.*not positive-definite"),
        (lambda t: t.det(t.ones(3)), "at least 2 dimensions"),
        (lambda t: t.linalg.svd(t.ones(2, 2, dtype=t.int64)), r"floating point.*Got Long: write x.float\(\)"),
        (lambda t: t.svd(t.ones(3)), "at least 2 dimensions"),
        (lambda t: t.linalg.qr(t.eye(2), mode="none"), "unrecognized mode 'none'"),
        (lambda t: t.linalg.matrix_norm(t.eye(2), 3), "Order 3 not supported"),
        (lambda t: t.linalg.norm(t.ones(2, 2, 2), 1), "1D or 2D"),
    ],
)
def test_errors_are_pytorchs(call, match):
    both_raise(call, match)


def test_an_inverse_that_is_missing_is_a_linalg_error():
    with pytest.raises(torch.linalg.LinAlgError, match="no inverse"):
        torch.inverse(torch.zeros(2, 2))
