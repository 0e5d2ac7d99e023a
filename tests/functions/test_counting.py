"""Distinct values, histograms, positions and places."""

import numpy as np
import pytest

from functions.both import agree, both_raise

FEW = np.random.default_rng(0).integers(0, 3, (4, 3))


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
@pytest.mark.parametrize(("inverse", "counts"), [(False, False), (True, False), (True, True)])
def test_unique(dim, inverse, counts):
    settings = {"return_inverse": inverse, "return_counts": counts, "dim": dim}
    agree(lambda t: t.unique(t.from_numpy(FEW), **settings))
    agree(lambda t: t.unique_consecutive(t.from_numpy(FEW), **settings))
    agree(lambda t: t.unique(t.from_numpy(FEW.astype(np.float32)), **settings))


def test_unique_of_little():
    agree(lambda t: t.unique(t.tensor(5)))
    agree(lambda t: t.unique(t.zeros(0), return_counts=True))
    agree(lambda t: t.unique(t.tensor([float("nan"), 1.0, float("nan")])))
    agree(lambda t: t.unique_consecutive(t.zeros(0), return_counts=True))
    agree(lambda t: t.tensor([True, False, True]).unique(return_inverse=True))


def test_bincount():
    agree(lambda t: t.bincount(t.tensor([1, 1, 3])))
    agree(lambda t: t.bincount(t.tensor([1, 1, 3]), minlength=6))
    agree(lambda t: t.bincount(t.tensor([1, 1, 3]), t.tensor([0.5, 1.0, 2.0])))
    agree(lambda t: t.bincount(t.tensor([1, 1, 3]), t.tensor([1, 2, 3])))
    agree(lambda t: t.bincount(t.tensor([], dtype=t.int64)))
    both_raise(lambda t: t.bincount(t.tensor([1, -1])), "1-d non-negative integral")


def test_histc():
    agree(lambda t: t.histc(t.tensor([1.0, 2.0, 3.0]), 4))
    agree(lambda t: t.histc(t.tensor([1.0, 1.0]), 4))
    agree(lambda t: t.histc(t.tensor([-5.0, 0.2, 0.7, 5.0]), bins=2, min=0, max=1))
    both_raise(lambda t: t.histc(t.tensor([1.0, float("inf")]), 4), "is not finite")
    both_raise(lambda t: t.histc(t.tensor([1, 2]), 4), "not implemented for 'Long'")


def test_nonzero():
    for x in (FEW, FEW > 1, np.array(3.0), np.array(0.0), np.zeros((2, 0))):
        agree(lambda t, x=x: t.nonzero(t.from_numpy(x)))
        agree(lambda t, x=x: t.from_numpy(x).nonzero(as_tuple=True))
        agree(lambda t, x=x: t.argwhere(t.from_numpy(x)))


@pytest.mark.parametrize("right", [False, True])
def test_places_in_sorted_sequences(right):
    agree(lambda t: t.searchsorted(t.tensor([1.0, 2.0, 3.0]), t.tensor([[0.5, 2.0], [3.0, 9.0]]), right=right))
    agree(lambda t: t.searchsorted(t.tensor([[1.0, 2.0], [5.0, 6.0]]), t.tensor([[2.0], [2.0]]), right=right))
    agree(lambda t: t.searchsorted(t.tensor([1.0, 2.0]), 2.0, right=right))
    agree(lambda t: t.bucketize(t.tensor([1.0, 2.5]), t.tensor([1.0, 2.0]), right=right, out_int32=True))
    agree(lambda t: t.searchsorted(t.tensor([3.0, 1.0, 2.0]), 2.0, right=right, sorter=t.tensor([1, 2, 0])))
