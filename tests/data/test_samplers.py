"""Samplers visit rows in PyTorch's order, and leave the random stream where PyTorch leaves it."""

import pytest
import torch

import backlit
import backlit.utils.data

ORDERS = {
    "sequential": lambda ns: ns.utils.data.SequentialSampler(range(7)),
    "random": lambda ns: ns.utils.data.RandomSampler(range(23)),
    "random, own generator": lambda ns: ns.utils.data.RandomSampler(range(23), generator=ns.Generator().manual_seed(5)),
    "random, fewer": lambda ns: ns.utils.data.RandomSampler(range(10), num_samples=4),
    "random, several passes": lambda ns: ns.utils.data.RandomSampler(range(5), num_samples=12),
    "random, exactly two passes": lambda ns: ns.utils.data.RandomSampler(range(5), num_samples=10),
    "replacement": lambda ns: ns.utils.data.RandomSampler(range(5), replacement=True),
    "replacement, many": lambda ns: ns.utils.data.RandomSampler(range(9), replacement=True, num_samples=75),
    "subset": lambda ns: ns.utils.data.SubsetRandomSampler([4, 8, 15, 16, 23, 42]),
    "weighted": lambda ns: ns.utils.data.WeightedRandomSampler([0.1, 0.0, 3.0, 1.0], 20),
    "weighted, no replacement": lambda ns: ns.utils.data.WeightedRandomSampler([0.1, 2.0, 3.0, 1.0], 3, False),
    "batches": lambda ns: ns.utils.data.BatchSampler(ns.utils.data.RandomSampler(range(11)), 4, False),
    "batches, drop last": lambda ns: ns.utils.data.BatchSampler(ns.utils.data.RandomSampler(range(11)), 4, True),
}


def two_passes(ns, make):
    """The sampler's length, two passes over it, and where the default stream stands afterwards."""
    ns.manual_seed(42)
    sampler = make(ns)
    passes = [list(sampler), list(sampler)]
    return len(sampler), passes, ns.randperm(1000).tolist()


@pytest.mark.parametrize("name", ORDERS)
def test_order_is_pytorchs(name):
    assert two_passes(backlit, ORDERS[name]) == two_passes(torch, ORDERS[name])


@pytest.mark.parametrize("count", [10, 64])
@pytest.mark.parametrize("replacement", [False, True])
def test_a_users_generator_ends_where_pytorchs_ends(count, replacement):
    def after(ns):
        generator = ns.Generator().manual_seed(3)
        list(ns.utils.data.RandomSampler(range(5), replacement, count, generator))
        return ns.randperm(100, generator=generator).tolist()

    assert after(backlit) == after(torch)


BAD = {
    "replacement is no bool": lambda data: data.RandomSampler(range(5), replacement=1),
    "no samples": lambda data: data.RandomSampler(range(5), num_samples=0),
    "no rows": lambda data: data.RandomSampler(range(0)),
    "half a sample": lambda data: data.RandomSampler(range(5), num_samples=2.5),
    "weights in a table": lambda data: data.WeightedRandomSampler([[1.0, 2.0]], 2),
    "weighted replacement is no bool": lambda data: data.WeightedRandomSampler([1.0], 1, replacement=2),
    "weighted, no samples": lambda data: data.WeightedRandomSampler([1.0], 0),
    "empty batches": lambda data: data.BatchSampler(range(5), 0, False),
    "drop_last is no bool": lambda data: data.BatchSampler(range(5), 2, 1),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_raise_what_pytorch_raises_in_the_same_words(name):
    with pytest.raises((TypeError, ValueError)) as theirs:
        BAD[name](torch.utils.data)
    with pytest.raises(theirs.type) as ours:
        BAD[name](backlit.utils.data)
    assert str(ours.value) == str(theirs.value)


def test_a_sampler_without_iter_says_so():
    class Nothing(backlit.utils.data.Sampler):
        pass

    with pytest.raises(NotImplementedError, match="Nothing has no __iter__"):
        iter(Nothing())
