"""DataLoader: PyTorch's batches, in its order, at its cost to the random stream."""

import collections

import numpy as np
import pytest
import torch

import backlit
import backlit.utils.data

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """Tensors as (dtype, lists), so that the two libraries compare."""
    if hasattr(value, "tolist"):
        return str(value.dtype), value.tolist()
    if isinstance(value, collections.abc.Mapping):
        return type(value).__name__, {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(each) for each in value]
    return value


def rows(ns, count=23):
    return ns.utils.data.TensorDataset(ns.arange(2.0 * count).reshape(count, 2), ns.arange(count))


def dictionaries(ns):
    class Rows(ns.utils.data.Dataset):
        def __getitem__(self, index):
            return {"x": ns.tensor([index, 1.0]), "name": f"row {index}", "size": index, "weight": index / 2}

        def __len__(self):
            return 5

    return Rows()


def random_rows(ns):
    """Rows that draw from the stream when they are fetched, as augmentation does."""

    class Rows(ns.utils.data.Dataset):
        def __getitem__(self, index):
            return ns.randint(100, (2,)), index

        def __len__(self):
            return 7

    return Rows()


def stream(ns):
    class Stream(ns.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

    return Stream()


def own_generator(ns):
    return ns.Generator().manual_seed(8)


LOADERS = {
    "one row at a time": lambda ns, d: d.DataLoader(rows(ns, 3)),
    "batches": lambda ns, d: d.DataLoader(rows(ns), batch_size=5),
    "shuffled": lambda ns, d: d.DataLoader(rows(ns), 5, True),
    "last batch dropped": lambda ns, d: d.DataLoader(rows(ns), 5, True, drop_last=True),
    "own generator": lambda ns, d: d.DataLoader(rows(ns), 5, True, generator=own_generator(ns)),
    "a part": lambda ns, d: d.DataLoader(d.random_split(rows(ns), [13, 10])[0], 4, shuffle=True),
    "a part of a part": lambda ns, d: d.DataLoader(d.Subset(d.Subset(rows(ns), range(3, 20)), [4, 2, 0]), 2),
    "sampler": lambda ns, d: d.DataLoader(rows(ns), 4, sampler=[3, 1, 4, 1, 5]),
    "batch sampler": lambda ns, d: d.DataLoader(rows(ns), batch_sampler=[[3, 1], [4, 1, 5]]),
    "no batches": lambda ns, d: d.DataLoader(rows(ns, 4), batch_size=None),
    "range": lambda ns, d: d.DataLoader(range(5), batch_size=2, shuffle=True),
    "nothing": lambda ns, d: d.DataLoader(range(0), batch_size=2),
    "fields by name": lambda ns, d: d.DataLoader(dictionaries(ns), batch_size=2),
    "rows that draw": lambda ns, d: d.DataLoader(random_rows(ns), batch_size=3, shuffle=True),
    "own collate": lambda ns, d: d.DataLoader(range(5), 2, collate_fn=lambda batch: [10 * i for i in batch]),
    "stream": lambda ns, d: d.DataLoader(stream(ns), batch_size=2),
    "stream, last batch dropped": lambda ns, d: d.DataLoader(stream(ns), batch_size=2, drop_last=True),
    "stream without batches": lambda ns, d: d.DataLoader(stream(ns), batch_size=None),
    "concatenated": lambda ns, d: d.DataLoader(rows(ns, 3) + rows(ns, 4), batch_size=3),
}


def three_passes(ns, make):
    """Three passes over a loader, and where the default stream stands afterwards."""
    ns.manual_seed(42)
    loader = make(ns, ns.utils.data)
    passes = [[plain(batch) for batch in loader] for _ in range(3)]
    return passes, ns.randperm(1000).tolist()


@pytest.mark.parametrize("name", LOADERS)
def test_batches_are_pytorchs(name):
    ours, theirs = three_passes(backlit, LOADERS[name]), three_passes(torch, LOADERS[name])
    assert str(ours).replace("backlit", "torch") == str(theirs)


@pytest.mark.parametrize("name", ["batches", "shuffled", "last batch dropped", "sampler", "batch sampler", "a part"])
def test_length_is_the_number_of_batches(name):
    loader = LOADERS[name](backlit, backlit.utils.data)
    assert len(loader) == len(list(loader))


def test_gathered_batches_equal_collated_ones():
    """A TensorDataset's batches are gathered at once; a subclass with rows of its own is collated row by row."""

    class Doubled(backlit.utils.data.TensorDataset):
        def __getitem__(self, index):
            return tuple(2 * tensor for tensor in super().__getitem__(index))

    x = backlit.arange(20.0).reshape(10, 2)
    plain_batches = list(backlit.utils.data.DataLoader(backlit.utils.data.TensorDataset(x), 4))
    doubled_batches = list(backlit.utils.data.DataLoader(Doubled(x), 4))
    for (one,), (two,) in zip(plain_batches, doubled_batches, strict=True):
        assert (2 * one).tolist() == two.tolist()


def test_gathered_batches_are_copies():
    x = backlit.zeros(4, 2)
    for (batch,) in backlit.utils.data.DataLoader(backlit.utils.data.TensorDataset(x), 2):
        batch += 1
    assert x.sum().item() == 0


def test_gradients_reach_the_tensors_of_a_dataset():
    x = backlit.ones(4, requires_grad=True)
    for (batch,) in backlit.utils.data.DataLoader(backlit.utils.data.TensorDataset(x), 3):
        (batch * 2).sum().backward()
    assert x.grad.tolist() == [2, 2, 2, 2]


def test_workers_are_accepted_and_change_nothing_but_their_options():
    loader = backlit.utils.data.DataLoader(range(5), 2, num_workers=3, pin_memory=True, worker_init_fn=print)
    assert loader.num_workers == 3
    assert loader.prefetch_factor == 2
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3], [4]]
    assert backlit.utils.data.get_worker_info() is None


def test_persistent_workers_draw_their_seed_once():
    def stream_after(ns, workers):
        ns.manual_seed(0)
        loader = ns.utils.data.DataLoader([1, 2, 3], num_workers=workers, persistent_workers=workers > 0)
        for _ in range(2):
            list(loader)
        return ns.randperm(1000).tolist()

    backlit.manual_seed(0)
    backlit.empty((), dtype=backlit.int64).random_()
    drawn_once = backlit.randperm(1000).tolist()
    assert stream_after(backlit, 1) == drawn_once
    assert stream_after(backlit, 0) == stream_after(torch, 0) != drawn_once


BAD = {
    "empty batches": (dict(batch_size=0), "batch_size=0"),
    "half a batch": (dict(batch_size=1.5), "batch_size=1.5"),
    "drop without batches": (dict(batch_size=None, drop_last=True), "no last batch to drop"),
    "two orders": (dict(sampler=[1], shuffle=True), "already decides the order"),
    "two batchings": (dict(batch_sampler=[[1]], batch_size=2), "already decides which rows"),
    "two batchings, dropping": (dict(batch_sampler=[[1]], drop_last=True), "already decides which rows"),
    "workers below none": (dict(num_workers=-1), "num_workers=-1"),
    "negative timeout": (dict(timeout=-2), "timeout=-2"),
    "prefetching by nobody": (dict(prefetch_factor=2), "needs num_workers > 0"),
    "persistence of nobody": (dict(persistent_workers=True), "needs num_workers > 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_raise_what_pytorch_raises_and_say_what_was_received(name):
    options, words = BAD[name]
    with pytest.raises(ValueError) as theirs:  # noqa: PT011
        torch.utils.data.DataLoader(range(3), **options)
    with pytest.raises(theirs.type, match=words):
        backlit.utils.data.DataLoader(range(3), **options)


@pytest.mark.parametrize("options", [dict(shuffle=True), dict(sampler=[1]), dict(batch_sampler=[[1]])], ids=str)
def test_a_stream_has_no_order_to_choose(options):
    with pytest.raises(ValueError, match="DataLoader with IterableDataset: expected unspecified"):
        backlit.utils.data.DataLoader(stream(backlit), **options)


def test_shuffling_nothing_is_an_error_as_in_pytorch():
    with pytest.raises(ValueError, match="num_samples=0"):
        backlit.utils.data.DataLoader(range(0), shuffle=True)


def test_what_decides_the_batches_cannot_be_changed_later():
    loader = backlit.utils.data.DataLoader(range(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 2
    loader.collate_fn = list
    assert list(loader) == [[0], [1], [2]]


BATCHES = {
    "integers": [1, 2],
    "floats": [1.0, 2],
    "truth values": [True, False],
    "texts": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(1, 2.0), (3, 4.0)],
    "lists": [[1, 2.0], [3, 4.0]],
    "named tuples": [Point(1, 2), Point(3, 4)],
    "nested": [{"a": 1, "b": (1, [2])}, {"a": 2, "b": (3, [4])}],
    "ordered": [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    "arrays": [np.arange(2), np.arange(2)],
    "float32 arrays": [np.ones((1, 2), np.float32)],
    "NumPy numbers": [np.float32(1), np.float32(2)],
    "NumPy truth values": [np.bool_(1), np.bool_(0)],
}


@pytest.mark.parametrize("name", BATCHES)
def test_collated_as_in_pytorch(name):
    ours, theirs = (ns.utils.data.default_collate(BATCHES[name]) for ns in (backlit, torch))
    assert str(plain(ours)).replace("backlit", "torch") == str(plain(theirs))


@pytest.mark.parametrize(
    "batch",
    [[None], [object()], [np.array(["a"])], [[1], [1, 2]], [{1}]],
    ids=["none", "object", "text", "ragged", "set"],
)
def test_what_cannot_be_collated_raises_what_pytorch_raises(batch):
    with pytest.raises((TypeError, RuntimeError)) as theirs:
        torch.utils.data.default_collate(batch)
    with pytest.raises(theirs.type, match="default_collate: batch must contain|should be of equal size"):
        backlit.utils.data.default_collate(batch)


def test_tensors_of_different_sizes_cannot_be_collated():
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
        backlit.utils.data.default_collate([backlit.zeros(2), backlit.zeros(3)])


def test_converted_as_in_pytorch():
    value = [1, np.arange(2), {"a": np.zeros(1)}, "text", (2.5,), np.array("word")]
    ours, theirs = (ns.utils.data.default_convert(value) for ns in (backlit, torch))
    assert str(plain(ours)).replace("backlit", "torch") == str(plain(theirs))


def test_pytorchs_module_paths_lead_to_the_same_classes():
    from backlit.utils.data.dataloader import DataLoader
    from backlit.utils.data.dataset import Dataset
    from backlit.utils.data.sampler import RandomSampler

    assert DataLoader is backlit.utils.data.DataLoader
    assert Dataset is backlit.utils.data.Dataset
    assert RandomSampler is backlit.utils.data.RandomSampler
