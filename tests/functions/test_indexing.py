"""Subscripts: every kind of key reads and writes what it does in PyTorch."""

import numpy as np
import pytest
import torch as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

CUBE = np.arange(24.0).reshape(2, 3, 4)

KEYS = {
    "number": lambda t: 1,
    "negative": lambda t: -1,
    "numpy number": lambda t: np.int64(1),
    "tuple": lambda t: (1, 2),
    "all": lambda t: slice(None),
    "slice": lambda t: (slice(None), slice(1, 3)),
    "step": lambda t: (slice(None), slice(0, None, 2)),
    "ellipsis": lambda t: (..., 1),
    "only ellipsis": lambda t: ...,
    "nothing": lambda t: (),
    "new axis": lambda t: (None, 0, None),
    "two ellipses": lambda t: (..., 0, ...),
    "element": lambda t: (1, 2, 3),
    "number tensor": lambda t: t.tensor(1),
    "index": lambda t: t.tensor([1, 0, 1]),
    "negative index": lambda t: t.tensor([-1, 0]),
    "list": lambda t: [0, 1, 1],
    "empty list": lambda t: [],
    "int32 index": lambda t: t.tensor([1], dtype=t.int32),
    "array": lambda t: np.array([1, 0]),
    "matrix": lambda t: t.tensor([[0, 1], [1, 0]]),
    "range": lambda t: range(2),
    "column": lambda t: (slice(None), t.tensor([2, 0])),
    "two": lambda t: (t.tensor([0, 1]), t.tensor([2, 0])),
    "two broadcast": lambda t: (t.tensor([[0], [1]]), t.tensor([2, 0])),
    "apart": lambda t: (t.tensor([0, 1]), slice(None), t.tensor([2, 0])),
    "number and index": lambda t: (0, slice(None), t.tensor([1, 2])),
    "index and number": lambda t: (t.tensor([0, 1]), slice(None), 2),
    "slice and index": lambda t: (slice(0, 1), t.tensor([1, 2])),
    "index and new axis": lambda t: (t.tensor([0, 1]), None),
    "ellipsis and index": lambda t: (..., t.tensor([3, 0])),
    "adjacent around ellipsis": lambda t: (slice(None), t.tensor([0, 1]), ..., t.tensor([0, 1])),
    "mask": lambda t: t.tensor([True, False]),
    "mask of all": lambda t: t.arange(24).reshape(2, 3, 4) % 5 == 0,
    "mask of two": lambda t: t.arange(6).reshape(2, 3) > 2,
    "mask inside": lambda t: (slice(None), t.tensor([True, False, True])),
    "mask and index": lambda t: (t.tensor([True, True]), t.tensor([0, 2])),
    "mask list": lambda t: [True, False],
    "true": lambda t: True,
    "false": lambda t: False,
    "mask number": lambda t: t.tensor(True),
    "empty mask": lambda t: t.tensor([False, False]),
    "list of lists": lambda t: [[0, 1], [1, 2]],
    "list with a slice": lambda t: [slice(0, 1), 1],
    "numpy mask": lambda t: np.array([False, True]),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_reading_and_its_gradient_agree(name):
    agree(lambda t: t.from_numpy(CUBE)[KEYS[name](t)])
    gradients_agree(lambda t, x: x[KEYS[name](t)], CUBE)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_writing_a_number_agrees(name):
    def written(t, x):
        y = x * 2
        y[KEYS[name](t)] = 7
        return y

    agree(lambda t: written(t, t.from_numpy(CUBE)))
    gradients_agree(written, CUBE)


#: Keys that name no place twice (for those that do, which value stays is not defined), and some place at all.
ONCE = sorted(set(KEYS) - {"index", "list", "matrix", "false"})


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_writing_a_tensor_agrees(name):
    def written(t, x, v):
        y = x * 1
        part = y[KEYS[name](t)]
        y[KEYS[name](t)] = v.reshape(-1)[: part.numel()].reshape(part.shape)
        return y

    gradients_agree(written, CUBE, np.sin(CUBE))


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
def test_adding_to_a_part_agrees(name):
    def written(t, x):
        y = x * 2
        y[KEYS[name](t)] += 1.5
        return y

    gradients_agree(written, CUBE)


ITEMS = st.one_of(
    st.integers(-2, 1),
    st.slices(3).filter(lambda s: (s.step or 1) > 0),
    st.none(),
    st.just(...),
    st.lists(st.integers(-2, 1), min_size=1, max_size=3).map(np.array),
)


@settings(max_examples=200)
@given(st.lists(ITEMS, max_size=4).filter(lambda items: sum(k is ... for k in items) < 2))
def test_any_mixture_of_keys_reads_and_writes_alike(items):
    key = tuple(items)

    def outcome(t):
        x = t.from_numpy(CUBE.copy())
        of_library = tuple(t.from_numpy(k) if isinstance(k, np.ndarray) else k for k in key)
        try:
            part = x[of_library]
        except IndexError:
            return "refused"
        read = part.clone()
        x[of_library] = -1
        return [read, x]

    agree(outcome)


def test_one_element_is_a_view():
    x = torch.zeros(3)
    x[1].fill_(5)
    assert x.tolist() == [0, 5, 0]
    y = x[2]
    x[2] = 9
    assert y.item() == 9


def test_index_arrays_and_masks_copy():
    x = torch.zeros(3)
    x[torch.tensor([0, 1])].fill_(5)
    x[x == 0].fill_(5)
    assert x.tolist() == [0, 0, 0]


def test_values_are_broadcast_and_converted():
    agree(lambda t: write(t.zeros(2, 3), 0, t.tensor([1, 2, 3])))
    agree(lambda t: write(t.zeros(2, 3), slice(None), t.tensor(5)))
    agree(lambda t: write(t.zeros(2, 3), 0, t.ones(1, 1, 3)))
    agree(lambda t: write(t.zeros(2, 3), t.tensor([0]), t.ones(1, 1, 1, 3)))
    agree(lambda t: write(t.zeros(2, 3, dtype=t.int64), 1, t.tensor([1.7, 2.2, -1.5])))
    agree(lambda t: write(t.zeros(2, 3, dtype=t.bool), (slice(None), 1), 1))
    agree(lambda t: write(t.zeros(2, 3), t.tensor([True, False]), t.tensor(5)))


def write(x, key, value):
    x[key] = value
    return x


def test_gradients_reach_broadcast_values():
    gradients_agree(lambda t, v: write(t.zeros(2, 2, 3), 1, v[0]), ROWS)
    gradients_agree(lambda t, v: write(t.zeros(2, 3), t.tensor([True, True]), v[1, :1]), ROWS)
    gradients_agree(lambda t, v: write(t.zeros(2, 3, dtype=t.float64), 1, v[1]), ROWS)


def test_the_tensor_written_to_keeps_its_own_gradient():
    gradients_agree(lambda t, x: write(write(x * 3, (slice(None), 0), 1.0), (1, 2), x[0, 0]), ROWS)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.ones(3)[5], "index 5 is out of bounds for (dimension|axis) 0 with size 3"),
        (lambda t: t.ones(3)[1, 2], "too many indices for tensor of dimension 1"),
        (lambda t: t.ones(3)[t.tensor([5])], "index 5 is out of bounds"),
        (lambda t: t.ones(3)[t.tensor([True, False])], "2"),
        (lambda t: t.ones(3)[1.5], "only integers, slices.*got float"),
        (lambda t: t.ones(3)["a"], "str"),
        (lambda t: t.ones(3)[{}], "got dict"),
        (lambda t: t.ones(3)[t.tensor([1.0])], r"must be long, int, byte or bool tensors.*index.long\(\)"),
        (lambda t: t.ones(3)[::-1], r"step must be greater than zero.*flip"),
        (lambda t: t.ones(())[0], "invalid index of a 0-dim tensor"),
        (lambda t: t.ones(3, 3)[t.tensor([0, 1]), t.tensor([0, 1, 2])], "broadcast"),
        (lambda t: write(t.ones(3), 5, 1), "out of bounds"),
        (
            lambda t: write(t.ones(2, 3), 0, t.ones(2)),
            r"\(3\) must match the existing size \(2\) at non-singleton dimension 0",
        ),
        (
            lambda t: write(t.ones(3), t.tensor([0, 1]), t.ones(3)),
            r"shape \[3\] cannot be broadcast to indexing result of shape \[2\]",
        ),
        (lambda t: write(t.ones(3), 0, [1, 2]), "can't assign a list to a torch.FloatTensor.*as_tensor"),
        (lambda t: write(t.ones(2), slice(None), np.ones(2)), "can't assign a numpy.ndarray|can't assign a ndarray"),
        (lambda t: write(t.ones(3, requires_grad=True), 0, 1.0), "leaf Variable"),
        (lambda t: write(t.ones(3), t.tensor([0, 1]), t.arange(2)), "dtypes match, got Float.*and Long.*value.to"),
        (lambda t: write(t.ones(1).expand(3), slice(None), 1.0 * t.ones(3)), "single memory location"),
    ],
)
def test_errors_are_pytorchs(call, match):
    both_raise(call, match)


@pytest.mark.parametrize(
    "key",
    [0, (0, 1), (0, slice(None)), (slice(None), 0), (slice(1, 2), 0), (0, slice(1, 2)), (..., 0), None, (0, None),
     (None, 0), slice(0, 2), slice(None), (0, [1]), (slice(0, 2), [0])],
)  # fmt: skip
def test_the_graph_names_the_last_step_of_a_subscript(key):
    ours, theirs = torch.ones(3, 4, requires_grad=True), oracle.ones(3, 4, requires_grad=True)
    assert ours[key].grad_fn.name() == theirs[key].grad_fn.name()
    assert repr(ours[key]) == repr(theirs[key])
