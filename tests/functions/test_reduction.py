"""Sums, means, extremes, norms, variances: over every choice of dimensions, of hard values, and of nothing."""

import numpy as np
import pytest

import backlit as torch
from functions.both import agree, both_raise, gradients_agree

CUBE = np.random.default_rng(0).normal(size=(2, 3, 4))
DIMS = [None, 0, -1, (0, 2), (0, 1, 2), [1]]


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize(
    "name", ["sum", "mean", "amax", "amin", "var", "std", "logsumexp", "nansum", "nanmean", "norm"]
)
def test_every_choice_of_dimensions(name, dim, keepdim):
    if dim is None and name in ("amax", "amin", "logsumexp"):
        dim = (0, 1, 2)
    if name == "norm" and dim == (0, 1, 2):
        dim = (0, 1)  # PyTorch's norm takes up to two dimensions
    settings = {"keepdim": keepdim} if dim is not None else {}
    if dim is not None:
        settings["dim"] = dim
    gradients_agree(lambda t, x: getattr(t, name)(x, **settings), CUBE)


@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("name", ["any", "all", "count_nonzero"])
def test_counting_reductions(name, dim):
    agree(lambda t: getattr(t, name)(t.from_numpy(np.round(CUBE)), *([] if dim is None else [dim])))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32"])
def test_dtypes_of_results(dtype):
    for name in ("sum", "prod", "amax", "any", "all", "argmax", "count_nonzero"):
        if (name, dtype) == ("argmax", "bool"):
            continue  # PyTorch has none
        agree(lambda t, name=name: getattr(t, name)(t.ones(2, 3, dtype=getattr(t, dtype))))
    agree(lambda t: t.cumsum(t.ones(3, dtype=getattr(t, dtype)), 0))
    agree(lambda t: t.sum(t.ones(3, dtype=getattr(t, dtype)), dtype=t.float64))
    agree(lambda t: t.prod(t.ones(3, dtype=getattr(t, dtype)), 0, dtype=t.uint8))
    agree(lambda t: t.mean(t.ones(3, dtype=getattr(t, dtype)), dtype=t.float32))


@pytest.mark.parametrize("row", [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
def test_products_with_zeros(row):
    x = np.array([row, row[::-1]])
    gradients_agree(lambda t, x: x.prod(), x)
    gradients_agree(lambda t, x: x.prod(1), x)
    gradients_agree(lambda t, x: x.cumprod(1), x)
    assert torch.autograd.gradgradcheck(lambda t: t.prod(1), torch.tensor(x, requires_grad=True))
    assert torch.autograd.gradgradcheck(lambda t: t.cumprod(1), torch.tensor(x, requires_grad=True))


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, float("inf"), float("-inf"), "fro"])
def test_norms(p):
    agree(lambda t: t.norm(t.from_numpy(CUBE), p))
    if p != 0:  # PyTorch gives no gradient, ours is 0
        gradients_agree(lambda t, x: t.norm(x, p), CUBE)
        gradients_agree(lambda t, x: x.norm(p, dim=1), CUBE)
    agree(lambda t: t.norm(t.zeros(3), p))


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, float("inf")])
def test_a_norm_at_zero_has_a_gradient_without_nan(p):
    gradients_agree(lambda t, x: t.norm(x, p, dim=1), np.array([[0.0, 0.0], [0.0, 2.0]]))


def test_the_nuclear_norm_and_distances():
    gradients_agree(lambda t, x: t.norm(x, "nuc"), CUBE[0])
    gradients_agree(lambda t, x, y: t.dist(x, y, 3), CUBE, CUBE[0] + 1)
    gradients_agree(lambda t, x, y: t.cdist(x, y), CUBE, CUBE[:1] + 1)
    both_raise(lambda t: t.norm(t.tensor([1, 2])), "Expected a floating point or complex tensor")


@pytest.mark.parametrize("arguments", [(), (1,), (1, False), (False,), ((0, 1), True, True)])
def test_the_older_spelling_of_variances(arguments):
    for name in ("var", "std"):
        agree(lambda t, name=name: getattr(t, name)(t.from_numpy(CUBE), *arguments))
    agree(lambda t: t.var_mean(t.from_numpy(CUBE), *arguments))
    agree(lambda t: t.std_mean(t.from_numpy(CUBE), *arguments))


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")  # PyTorch's
def test_variances_of_few_and_of_equal_elements():
    agree(lambda t: t.var(t.ones(1)))
    agree(lambda t: t.var(t.ones(2, 3), dim=1, correction=3))
    agree(lambda t: t.std(t.ones(0)))
    gradients_agree(lambda t, x: x.std(1), np.array([[2.0, 2.0], [1.0, 3.0]]))
    both_raise(lambda t: t.var(t.tensor([1, 2])), "only support floating point")


@pytest.mark.parametrize("name", ["amax", "amin", "max", "min"])
def test_several_largest_share_the_gradient(name):
    gradients_agree(lambda t, x: getattr(x, name)(), np.array([[1.0, 3.0, 3.0], [1.0, 1.0, 3.0]]))


@pytest.mark.parametrize(
    "row",
    [[np.inf, 1], [-np.inf, -np.inf], [np.inf, np.inf], [np.nan, 1], [1e30, -1e30], [700.0, 710.0], [-800.0, 0.0]],
)
def test_hard_rows(row):
    x = np.array([row])
    for name in ("softmax", "log_softmax", "logsumexp", "amax", "argmax", "sum", "mean"):
        agree(lambda t, name=name: getattr(t, name)(t.from_numpy(x.copy()), dim=1))


def test_softmax_over_any_dimension_and_in_another_dtype():
    gradients_agree(lambda t, x: t.softmax(x, 1), CUBE)
    gradients_agree(lambda t, x: x.log_softmax(-1), CUBE)
    agree(lambda t: t.softmax(t.tensor([1, 2, 3]), 0, dtype=t.float32))
    agree(lambda t: t.tensor(3.0).softmax(0))
    assert torch.softmax(torch.tensor([1000.0, 0.0]), 0).tolist() == [1.0, 0.0]


def test_nothing_to_reduce():
    for name in ("sum", "mean", "prod", "any", "all"):
        agree(lambda t, name=name: getattr(t, name)(t.zeros(0)))
    agree(lambda t: t.sum(t.zeros(0, 3), 0))
    agree(lambda t: t.zeros(0, 3).amax(1))
    agree(lambda t: t.logsumexp(t.zeros(2, 0), 1))
    both_raise(lambda t: t.zeros(0).amax(), "Expected reduction dim to be specified")
    both_raise(lambda t: t.zeros(0, 2).max(0), "Expected reduction dim 0 to have non-zero size")
    both_raise(lambda t: t.zeros(0).argmax(), "Expected reduction dim to be specified")
    both_raise(lambda t: t.zeros(0).max(), "Expected reduction dim to be specified")


def test_dimensions_that_are_not_there():
    both_raise(lambda t: t.ones(2, 3).sum(2), r"expected to be in range of \[-2, 1\], but got 2")
    both_raise(lambda t: t.ones(2, 3).sum((0, 0)), "appears multiple times in the list of dims")
    both_raise(lambda t: t.tensor(1.0).sum(1), r"expected to be in range of \[-1, 0\], but got 1")
    both_raise(lambda t: t.tensor([1, 2]).mean(), "Input dtype must be a floating point dtype. Got: Long")


def test_running_sums_and_extremes():
    gradients_agree(lambda t, x: x.cumsum(1), CUBE)
    gradients_agree(lambda t, x: x.logcumsumexp(2), CUBE)
    gradients_agree(lambda t, x: x.logcumsumexp(0), np.array([-1000.0, 0.0, 1.0]))
    agree(lambda t: t.tensor([0.0, float("inf"), 1.0]).logcumsumexp(0))
    x = np.array([1.0, 3.0, 3.0, 2.0, np.nan, 5.0])
    agree(lambda t: t.cummax(t.from_numpy(x), 0))
    agree(lambda t: t.cummin(t.from_numpy(x), 0))
    gradients_agree(lambda t, x: x.cummax(1).values, CUBE)
    agree(lambda t: t.tensor(2.0).cumsum(0))
