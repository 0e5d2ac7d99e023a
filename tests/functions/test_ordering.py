"""Sorting, extremes with their positions, medians, quantiles, and the tuples with names that they come in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

SHUFFLED = np.random.default_rng(0).permutation(24).reshape(2, 3, 4).astype(np.float64)


@pytest.mark.parametrize("name", ["max", "min", "sort", "median", "kthvalue", "mode", "topk", "cummax", "cummin"])
def test_values_and_positions(name):
    arguments = [2] if name in ("kthvalue", "topk") else []
    for dim in (0, 1, -1):
        agree(lambda t, dim=dim: getattr(t, name)(t.from_numpy(SHUFFLED), *arguments, dim=dim))
        gradients_agree(lambda t, x, dim=dim: getattr(t, name)(x, *arguments, dim=dim).values, SHUFFLED)


def test_the_tuples_print_and_unpack_as_pytorchs():
    result = torch.max(torch.tensor([[1.0, 2.0]]), 1)
    assert repr(result) == "torch.return_types.max(\nvalues=tensor([2.]),\nindices=tensor([1]))"
    assert str(type(result)) == "<class 'torch.return_types.max'>"
    values, indices = result
    assert values is result.values
    assert indices is result[1]
    assert isinstance(result, torch.return_types.max)


def test_the_ways_to_call_max():
    agree(lambda t: t.max(t.from_numpy(ROWS)))
    agree(lambda t: t.max(t.from_numpy(ROWS), 1, True))
    agree(lambda t: t.from_numpy(ROWS).max(dim=1, keepdim=True))
    agree(lambda t: t.max(t.from_numpy(ROWS), t.full((3,), 2.5)))
    agree(lambda t: t.from_numpy(ROWS).min(1)[0])
    agree(lambda t: t.tensor(3.0).max(0))
    agree(lambda t: t.aminmax(t.from_numpy(ROWS), dim=1))


@given(arrays.arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([0.0, 1.0, 2.0, -1.0, np.inf, np.nan])))
def test_a_stable_sort_keeps_the_order_of_equals(x):
    for descending in (False, True):
        agree(lambda t, d=descending: t.sort(t.from_numpy(x), stable=True, descending=d))


def test_sorting_of_integers_booleans_and_numbers():
    agree(lambda t: t.sort(t.tensor([3, -1, 2]), descending=True))
    agree(lambda t: t.sort(t.tensor([True, False, True]), stable=True))
    agree(lambda t: t.argsort(t.tensor([[3, 1], [0, 5]]), dim=0))
    agree(lambda t: t.tensor(2.0).sort())
    agree(lambda t: t.msort(t.tensor([[3.0, 1.0], [0.0, 5.0]])))


@pytest.mark.parametrize("largest", [True, False])
def test_topk(largest):
    agree(lambda t: t.topk(t.from_numpy(SHUFFLED), 2, largest=largest))
    agree(lambda t: t.from_numpy(SHUFFLED).topk(0))
    both_raise(lambda t: t.topk(t.ones(3), 4), "selected index k out of range")


def test_nan_counts_as_the_largest():
    x = np.array([1.0, np.nan, 3.0])
    for name in ("max", "min", "median", "argmax", "argmin", "sort"):
        agree(lambda t, name=name: getattr(t, name)(t.from_numpy(x)))
        agree(lambda t, name=name: getattr(t, name)(t.from_numpy(x), dim=0))


def test_medians():
    agree(lambda t: t.median(t.tensor([4.0, 1.0, 3.0, 2.0])))
    agree(lambda t: t.median(t.tensor([4, 1, 3, 2])))
    agree(lambda t: t.median(t.zeros(0)))
    agree(lambda t: t.nanmedian(t.tensor([4.0, float("nan"), 3.0])))
    agree(lambda t: t.nanmedian(t.tensor([[4.0, float("nan"), 3.0], [float("nan")] * 3]), 1).values)
    gradients_agree(lambda t, x: x.median(), np.array([3.0, 3.0, 3.0, 2.0]))
    both_raise(lambda t: t.zeros(0, 2).median(0), "Expected reduction dim 0 to have non-zero size")
    both_raise(lambda t: t.ones(3).kthvalue(4), "selected number k out of range")


@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles(interpolation):
    settings = {"interpolation": interpolation}
    for q in (0.0, 0.3, 0.5, 1.0):
        gradients_agree(lambda t, x, q=q: t.quantile(x, q, **settings), SHUFFLED)
        gradients_agree(lambda t, x, q=q: t.quantile(x, q, dim=1, keepdim=True, **settings), SHUFFLED)
    agree(lambda t: t.quantile(t.from_numpy(SHUFFLED), t.tensor([0.1, 0.9], dtype=t.float64), dim=2, **settings))
    with_nan = np.where(SHUFFLED == 5, np.nan, SHUFFLED)
    agree(lambda t: t.quantile(t.from_numpy(with_nan), 0.4, dim=1, **settings))
    agree(lambda t: t.nanquantile(t.from_numpy(with_nan), 0.4, dim=1, **settings))


def test_a_quantile_outside_0_to_1():
    both_raise(lambda t: t.quantile(t.ones(3), 1.5), r"must be in the range \[0, 1\]")
    both_raise(lambda t: t.quantile(t.ones(0), 0.5), "must be non-empty")


def test_covariances():
    x = np.random.default_rng(1).normal(size=(3, 5))
    gradients_agree(lambda t, x: t.cov(x), x)
    gradients_agree(lambda t, x: t.corrcoef(x), x)
    agree(lambda t: t.cov(t.from_numpy(x[0])))
    agree(lambda t: t.cov(t.from_numpy(x), correction=0, fweights=t.tensor([1, 2, 1, 3, 1])))
    agree(lambda t: t.cov(t.from_numpy(x), aweights=t.tensor([0.1, 0.4, 1.0, 2.0, 0.5], dtype=t.float64)))
