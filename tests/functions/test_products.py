"""Products of matrices and vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from functions.both import agree, both_raise, gradients_agree

SQUARE = np.arange(1.0, 10.0).reshape(3, 3)
OTHER = np.sin(SQUARE)

PRODUCTS = {
    "matmul": lambda t, x, y: x @ y,
    "matrix and vector": lambda t, x, y: x @ y[0],
    "vector and matrix": lambda t, x, y: x[0] @ y,
    "vectors": lambda t, x, y: x[0] @ y[0],
    "batches": lambda t, x, y: x[None] @ y.expand(2, 3, 3),
    "mm": lambda t, x, y: x.mm(y),
    "mv": lambda t, x, y: x.mv(y[0]),
    "dot": lambda t, x, y: x[0].dot(y[1]),
    "bmm": lambda t, x, y: x[None].bmm(y[None]),
    "outer": lambda t, x, y: t.outer(x[0], y[:2, 0]),
    "ger": lambda t, x, y: x[0].ger(y[0]),
    "inner": lambda t, x, y: t.inner(x, y[:2]),
    "inner of a number": lambda t, x, y: t.inner(x, y[0, 0]),
    "addmm": lambda t, x, y: t.addmm(x[0], x, y, beta=2, alpha=0.5),
    "addmm without input": lambda t, x, y: t.full((3, 3), np.nan, dtype=t.float64).addmm(x, y, beta=0),
    "addmv": lambda t, x, y: x[0].addmv(x, y[0]),
    "addr": lambda t, x, y: x.addr(x[0], y[0], alpha=3),
    "baddbmm": lambda t, x, y: t.baddbmm(x, x[None], y[None]),
    "addbmm": lambda t, x, y: x.addbmm(x.expand(2, 3, 3), y.expand(2, 3, 3)),
    "addmm_": lambda t, x, y: (x * 1).addmm_(x, y),
    "tensordot": lambda t, x, y: t.tensordot(x, y),
    "tensordot one": lambda t, x, y: t.tensordot(x, y, 1),
    "tensordot lists": lambda t, x, y: t.tensordot(x, y, ([1], [1])),
    "tensordot none": lambda t, x, y: t.tensordot(x, y, dims=0),
    "kron": lambda t, x, y: t.kron(x[:2], y[:1]),
    "kron of ranks": lambda t, x, y: t.kron(x[0], y),
    "cross": lambda t, x, y: t.cross(x, y, dim=1),
    "linalg cross": lambda t, x, y: t.linalg.cross(x, y[:1]),
    "vecdot": lambda t, x, y: t.linalg.vecdot(x, y),
    "multi_dot": lambda t, x, y: t.linalg.multi_dot([x[0], y, x, y[:, :2]]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_and_their_gradients_agree(name):
    def weighted(t, x, y):
        return PRODUCTS[name](t, x, y) + 0 * (x + y).sum()

    gradients_agree(weighted, SQUARE, OTHER, rtol=1e-9)


EQUATIONS = [
    "ij,jk->ik",
    "ij,jk",
    "ii",
    "ii->i",
    "ij->ji",
    "ij,ij->",
    "i...,i...->...",
    "...ij,...jk->...ik",
    "ij,kj,lk->il",
    "ij->",
    "ij->j",
    "ba,ca",
    "i,j->ij",
    "ij , jk -> ik",
    "iij->j",
    "i->",
    "...->...",
    "iji->j",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum_agrees(equation):
    terms = equation.replace(" ", "").split("->")[0].split(",")
    operands = [
        OTHER.reshape((3,) * 2)
        if len(term.replace("...", "")) == 2 or term.startswith("...")
        else np.resize(OTHER, (3,) * len(term.replace("...", "")) + ((2,) if "..." in term else ()))
        for term in terms
    ]
    gradients_agree(lambda t, *xs: t.einsum(equation, *xs), *operands, rtol=1e-9)


@given(
    st.lists(st.text("abcd", max_size=3).filter(lambda s: len(set(s)) == len(s)), min_size=1, max_size=3), st.randoms()
)
def test_any_equation_agrees(terms, random):
    letters = sorted(set("".join(terms)))
    out = "".join(random.sample(letters, random.randint(0, len(letters))))
    sizes = dict(zip("abcd", (2, 3, 1, 2), strict=True))
    operands = [
        np.cos(np.arange(float(np.prod([sizes[k] for k in term])))).reshape([sizes[k] for k in term]) for term in terms
    ]
    gradients_agree(lambda t, *xs: t.einsum(f"{','.join(terms)}->{out}", *xs), *operands, rtol=1e-9)


def test_einsum_takes_lists_of_numbers_too():
    agree(
        lambda t: [
            t.einsum(t.from_numpy(SQUARE), [0, 1], t.from_numpy(OTHER), [1, 2], [0, 2]),
            t.einsum(t.from_numpy(SQUARE), [..., 0, 0]),
            t.einsum("ij,jk", [t.from_numpy(SQUARE), t.from_numpy(OTHER)]),
        ]
    )


def test_integers_are_multiplied_too():
    agree(
        lambda t: [
            t.arange(4).reshape(2, 2) @ t.arange(4).reshape(2, 2),
            t.arange(3).dot(t.arange(3)),
            t.addmm(t.arange(2), t.ones(2, 2).long(), t.ones(2, 2).long()),
        ]
    )


def test_integers_are_weighted_by_integers():
    agree(lambda t: t.addmm(t.ones(2).long(), t.ones(2, 2).long(), t.ones(2, 2).long(), beta=0.6, alpha=2.5))


def test_sums_of_integers_are_long():
    agree(lambda t: [t.ones(2, 2, dtype=t.uint8).trace(), t.ones(2, 2, dtype=t.int32).sum_to_size(2)])
    agree(lambda t: t.tensordot(t.ones(1, 2, dtype=t.int32), t.ones(2, 3, dtype=t.int32), ([0], [0])))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.ones(2, 3) @ t.ones(2, 3), r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)"),
        (lambda t: t.ones(2, 2) @ t.ones(2, 2, dtype=t.float64), "same dtype, but got: float32 != float64.*x.to"),
        (lambda t: t.ones(2, 2) @ t.arange(2), "same dtype"),
        (lambda t: t.ones(()) @ t.ones(2), "multipl"),
        (lambda t: t.matmul(t.ones(2), np.ones(2)), r"must be Tensor, not.*ndarray"),
        (lambda t: t.mm(t.ones(2, 2), [[1.0]]), r"must be Tensor, not list.*torch.as_tensor"),
        (lambda t: t.ones(2).dot([1.0, 1.0]), "must be Tensor, not list"),
        (lambda t: t.ones(2, 3).mm(t.ones(3)), "mat2 must be a matrix"),
        (lambda t: t.ones(2).mm(t.ones(2, 2)), "self must be a matrix"),
        (lambda t: t.ones(2, 3).mv(t.ones(2)), r"size mismatch, got input \(2\), mat \(2x3\), vec \(2\)"),
        (lambda t: t.ones(2).dot(t.ones(3)), r"\[2\] and src \[3\] to have the same number of elements"),
        (lambda t: t.ones(2, 2).dot(t.ones(2)), "1D tensors expected, but got 2D and 1D"),
        (lambda t: t.ones(2).dot(t.ones(2).double()), "same dtype"),
        (lambda t: t.ones(2, 3).bmm(t.ones(2, 3)), "batch1 must be a 3D tensor"),
        (lambda t: t.ones(2, 3, 4).bmm(t.ones(2, 3, 4)), r"to be: \[2, 4\] but got: \[2, 3\]"),
        (lambda t: t.outer(t.ones(2, 2), t.ones(2)), "Expected 1-D argument self, but got 2-D"),
        (lambda t: t.addmm(t.ones(5), t.ones(2, 2), t.ones(2, 2)), "size"),
        (lambda t: t.addmm(t.ones(3, 2, 2), t.ones(2, 2), t.ones(2, 2)), "."),
        (lambda t: t.tensordot(t.ones(2, 3), t.ones(2, 3), 1), "contracted dimensions need to match"),
        (lambda t: t.linalg.multi_dot([t.ones(2, 2)]), "at least 2 tensors but got 1"),
        (lambda t: t.linalg.cross(t.ones(3, 4), t.ones(3, 4)), "must have length 3"),
        (
            lambda t: t.einsum("ij,jk->ik", t.ones(2, 3), t.ones(2, 3)),
            "subscript j has size 2 for operand 1.*previously seen size 3",
        ),
        (lambda t: t.einsum("ij", t.ones(2, 2), t.ones(2)), "more operands were provided"),
        (lambda t: t.einsum("ij,j", t.ones(2, 2)), "fewer operands were provided"),
        (
            lambda t: t.einsum("ijk", t.ones(2, 2)),
            r"subscripts in the equation \(3\) does not match the number of dimensions \(2\)",
        ),
        (lambda t: t.einsum("ij->ik", t.ones(2, 2)), "output subscript k does not appear"),
    ],
)
def test_errors_are_pytorchs_and_name_the_shapes(call, match):
    both_raise(call, match)


def test_a_product_may_be_written_to_out():
    out = torch.zeros(2, 2)
    assert torch.matmul(torch.ones(2, 3), torch.ones(3, 2), out=out) is out
    assert out.tolist() == [[3, 3], [3, 3]]
