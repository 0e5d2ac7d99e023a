"""Datasets: rows by index, joined, stacked, dealt."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import backlit
import backlit.utils.data


def plain(value):
    """Tensors as lists, so that the two libraries compare."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(each) for each in value)
    return value


def pair(ns):
    return ns.utils.data.TensorDataset(ns.arange(12.0).reshape(6, 2), ns.arange(6))


ROWS = {
    "tensor row": lambda ns: pair(ns)[2],
    "tensor last row": lambda ns: pair(ns)[-1],
    "tensor slice": lambda ns: pair(ns)[1:3],
    "subset": lambda ns: ns.utils.data.Subset(pair(ns), [5, 0, 3])[1],
    "subset of a subset": lambda ns: ns.utils.data.Subset(ns.utils.data.Subset(pair(ns), [5, 0, 3]), [2])[0],
    "concatenated, second": lambda ns: (pair(ns) + pair(ns))[7],
    "concatenated, from the end": lambda ns: ns.utils.data.ConcatDataset([range(3), range(10, 12)])[-4],
    "concatenated sizes": lambda ns: ns.utils.data.ConcatDataset([range(3), range(2)]).cumulative_sizes,
    "stacked": lambda ns: ns.utils.data.StackDataset([1, 2], "ab")[1],
    "stacked by name": lambda ns: ns.utils.data.StackDataset(x=[1, 2], y="ab")[0],
    "lengths": lambda ns: [
        len(pair(ns)),
        len(pair(ns) + pair(ns)),
        len(ns.utils.data.Subset(range(9), [1, 2])),
        len(ns.utils.data.StackDataset([1, 2], [3, 4])),
    ],
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_pytorchs(name):
    assert plain(ROWS[name](backlit)) == plain(ROWS[name](torch))


def stream_of(ns, rows):
    class Stream(ns.utils.data.IterableDataset):
        def __iter__(self):
            return iter(rows)

        def __len__(self):
            return len(rows)

    return Stream()


def test_streams_are_chained():
    chained = stream_of(backlit, [1, 2]) + stream_of(backlit, [3])
    assert list(chained) == [1, 2, 3]
    assert len(chained) == 3


@pytest.mark.parametrize(
    "lengths", [[3, 7], [10], [0.5, 0.5], [0.5, 0.3, 0.2], [1 / 3, 1 / 3, 1 / 3], [0.25, 0.75]], ids=str
)
def test_random_split_deals_the_rows_that_pytorch_deals(lengths):
    def dealt(ns):
        ns.manual_seed(9)
        first = ns.utils.data.random_split(range(10), lengths)
        second = ns.utils.data.random_split(range(10), lengths, generator=ns.Generator().manual_seed(1))
        return [part.indices for part in first + second], ns.randperm(50).tolist()

    assert dealt(backlit) == dealt(torch)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5).filter(lambda counts: sum(counts) > 1))
def test_random_split_deals_every_row_once(lengths):
    parts = backlit.utils.data.random_split(range(sum(lengths)), lengths)
    assert [len(part) for part in parts] == lengths
    assert sorted(row for part in parts for row in part) == list(range(sum(lengths)))


def test_random_split_warns_of_an_empty_part():
    with pytest.warns(UserWarning, match="Length of split at index 2 is 0"):
        backlit.utils.data.random_split(range(2), [1 / 3, 1 / 3, 1 / 3])
    with pytest.warns(UserWarning, match="index 0 is 0"):
        backlit.utils.data.random_split(range(1), [0, 1])


BAD = {
    "different rows": (lambda d, ns: d.TensorDataset(ns.zeros(3), ns.zeros(4)), r"they have \[3, 4\]"),
    "row beyond the end": (lambda d, ns: d.TensorDataset(ns.zeros(3))[5], "index 5 is out of bounds"),
    "nothing to concatenate": (lambda d, ns: d.ConcatDataset([]), "should not be an empty iterable"),
    "a stream to concatenate": (lambda d, ns: d.ConcatDataset([stream_of(ns, [1])]), "ChainDataset"),
    "too far from the end": (lambda d, ns: d.ConcatDataset([range(2)])[-3], "got -3 for 2 rows"),
    "rows to chain": (lambda d, ns: list(d.ChainDataset([range(3)])), "got range"),
    "nothing to stack": (lambda d, ns: d.StackDataset(), "at least one dataset"),
    "stack of different rows": (lambda d, ns: d.StackDataset([1], [1, 2]), r"have \[1, 2\] rows"),
    "stack in both ways": (lambda d, ns: d.StackDataset([1], y=[1]), "not both ways"),
    "split that does not add up": (lambda d, ns: d.random_split(range(10), [3, 4]), "sum to 7, and there are 10 rows"),
    "fractions above 1": (lambda d, ns: d.random_split(range(10), [0.9, 0.9]), r"Fractions must sum to 1"),
    "fraction below 0": (lambda d, ns: d.random_split(range(10), [1.5, -0.5]), "index 0 is not between 0 and 1: 1.5"),
    "no __getitem__": (lambda d, ns: d.Dataset()[0], "has no __getitem__"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_use_raises_what_pytorch_raises_and_says_what_was_received(name):
    use, words = BAD[name]
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        use(torch.utils.data, torch)
    with pytest.raises(theirs.type, match=words):
        use(backlit.utils.data, backlit)
