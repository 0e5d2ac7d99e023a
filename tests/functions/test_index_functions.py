"""Functions that pick and write by index: values and gradients as PyTorch's, repeated indices among them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

SQUARE = np.arange(1.0, 10.0).reshape(3, 3)

READS = {
    "gather": lambda t, x: x.gather(1, t.tensor([[0, 0], [2, 1], [1, 1]])),
    "gather rows": lambda t, x: t.gather(x, 0, t.tensor([[2, 1, 0]])),
    "gather a number": lambda t, x: x[0, 0].gather(0, t.tensor([0, 0])),
    "gather none": lambda t, x: x.gather(0, t.zeros(0, 3, dtype=t.int64)),
    "index_select": lambda t, x: x.index_select(0, t.tensor([2, 0, 2])),
    "index_select columns": lambda t, x: x.index_select(-1, t.tensor([1, 1])),
    "take": lambda t, x: x.take(t.tensor([[0, 8], [-1, 4]])),
    "take one": lambda t, x: x.take(t.tensor(-2)),
    "take_along_dim": lambda t, x: x.take_along_dim(t.tensor([[0], [-1], [1]]), 1),
    "take_along_dim flat": lambda t, x: x.take_along_dim(t.tensor([3, 0])),
    "masked_select": lambda t, x: x.masked_select(x > 4),
    "masked_select broadcast": lambda t, x: x.masked_select(t.tensor([True, False, True])),
    "repeat_interleave": lambda t, x: x.repeat_interleave(2),
    "repeat_interleave rows": lambda t, x: x.repeat_interleave(2, 0),
    "repeat_interleave each": lambda t, x: x.repeat_interleave(t.tensor([0, 3, 1]), dim=1),
    "diag": lambda t, x: x.diag(),
    "diag above": lambda t, x: x.diag(1),
    "diag of a vector": lambda t, x: x[0].diag(-1),
    "diag_embed": lambda t, x: x.diag_embed(1, 0, 2),
    "diagflat": lambda t, x: x[:2].diagflat(),
    "trace": lambda t, x: x.trace(),
    "tril": lambda t, x: x.tril(),
    "triu": lambda t, x: x.triu(1),
    "tril of a batch": lambda t, x: t.tril(x[None], -1),
    "diff": lambda t, x: x.diff(),
    "diff twice": lambda t, x: t.diff(x, 2, 0, prepend=x[:1], append=x[1:]),
    "trapezoid": lambda t, x: t.trapezoid(x, dx=2),
    "trapezoid at": lambda t, x: t.trapezoid(x[0], t.tensor([0.0, 1.0, 3.0], dtype=t.float64)),
    "cumulative_trapezoid": lambda t, x: t.cumulative_trapezoid(x, dim=0),
}


@pytest.mark.parametrize("name", READS)
def test_reading_agrees(name):
    gradients_agree(READS[name], SQUARE)


WRITES = {
    "scatter": lambda t, x, y: x.scatter(1, t.tensor([[0, 2], [1, 0], [2, 1]]), y[:, :2]),
    "scatter a number": lambda t, x, y: x.scatter(0, t.tensor([[0, 1, 2]]), 5.0),
    "scatter value": lambda t, x, y: x.scatter(0, t.tensor([[2, 1, 0]]), value=2),
    "scatter none": lambda t, x, y: x.scatter(0, t.zeros(0, 3, dtype=t.int64), y[:0]),
    "scatter_add": lambda t, x, y: x.scatter_add(0, t.tensor([[1, 1, 1], [1, 0, 1]]), y[:2]),
    "scatter_reduce sum": lambda t, x, y: x.scatter_reduce(0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "sum"),
    "scatter_reduce mean": lambda t, x, y: x.scatter_reduce(0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "mean"),
    "scatter_reduce prod": lambda t, x, y: x.scatter_reduce(0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "prod"),
    "scatter_reduce amax": lambda t, x, y: x.scatter_reduce(0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "amax"),
    "scatter_reduce amin alone": lambda t, x, y: x.scatter_reduce(
        0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "amin", include_self=False
    ),
    "scatter_reduce mean alone": lambda t, x, y: x.scatter_reduce(
        0, t.tensor([[0, 0, 2], [0, 1, 2]]), y[:2], "mean", include_self=False
    ),
    "index_add": lambda t, x, y: x.index_add(0, t.tensor([1, 1, 0]), y, alpha=2),
    "index_copy": lambda t, x, y: x.index_copy(1, t.tensor([2, 0]), y[:, :2]),
    "index_fill": lambda t, x, y: x.index_fill(0, t.tensor([0, 2]), 4),
    "index_put": lambda t, x, y: x.index_put((t.tensor([0, 2]), t.tensor([1, 1])), y[0, :2]),
    "index_put more": lambda t, x, y: x.index_put((t.tensor([1, 1, 0]),), y, accumulate=True),
    "masked_scatter": lambda t, x, y: x.masked_scatter(x > 3, y),
    "put": lambda t, x, y: x.put(t.tensor([4, 0]), y[0, :2]),
    "select_scatter": lambda t, x, y: x.select_scatter(y[0], 1, 2),
    "slice_scatter": lambda t, x, y: x.slice_scatter(y[:2], 0, 1),
    "diagonal_scatter": lambda t, x, y: x.diagonal_scatter(y[0, :2], 1),
    "scatter_": lambda t, x, y: (x * 1).scatter_(0, t.tensor([[2, 2, 1]]), 3.0),
    "scatter_add_": lambda t, x, y: (x * 1).scatter_add_(1, t.tensor([[1, 1]]), y[:1, :2]),
    "index_add_": lambda t, x, y: (x * 1).index_add_(1, t.tensor([0]), y[:, :1]),
    "index_fill_": lambda t, x, y: (x * 1).index_fill_(1, t.tensor([0]), 1.0),
    "masked_fill_": lambda t, x, y: (x * 1).masked_fill_(x > 4, 0.5),
    "tril_": lambda t, x, y: (x * 1).tril_(),
    "put_": lambda t, x, y: (x * 1).put_(t.tensor([0]), y[1, 1:2]),
    "fill_diagonal_": lambda t, x, y: (x * 1).fill_diagonal_(0),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing_agrees(name):
    def weighted(t, x, y):
        return WRITES[name](t, x, y) + 0 * (x + y).sum()

    gradients_agree(weighted, SQUARE, np.sin(SQUARE))


def test_a_source_may_be_longer_than_its_index():
    """PyTorch writes it, but gives it no gradient; here what was not used has the gradient 0."""
    x, y = torch.zeros(2, 2), torch.arange(6.0).reshape(2, 3).requires_grad_()
    out = x.scatter(1, torch.tensor([[1, 0]]), y)
    assert out.tolist() == [[1, 0], [0, 0]]
    out.sum().backward()
    assert y.grad.tolist() == [[1, 1, 0], [0, 0, 0]]


@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")
def test_scatter_can_combine():
    agree(
        lambda t: [
            t.ones(2, 2).scatter(0, t.tensor([[0, 1], [0, 1]]), t.full((2, 2), 3.0), reduce=way)
            for way in ("add", "multiply")
        ]
    )


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(0, 1))
def test_gradients_of_rows_read_often_add_up(rows, dim):
    index = np.array(rows, np.int64)
    gradients_agree(lambda t, x: x.index_select(dim, t.from_numpy(index)), np.arange(25.0).reshape(5, 5))
    gradients_agree(lambda t, x: t.nn.functional.embedding(t.from_numpy(index), x), np.arange(10.0).reshape(5, 2))


def test_the_products_gradient_survives_zeros():
    zeros = np.array([[0.0, 2.0], [3.0, 0.0]])
    index = [[0, 0], [0, 1]]
    for x in (zeros, zeros + 1):
        gradients_agree(lambda t, x, y: x.scatter_reduce(0, t.tensor(index), y, "prod"), x, zeros)


def test_embedding_leaves_padding_out_and_divides_by_frequency():
    def embedded(t, w, **settings):
        return t.nn.functional.embedding(t.tensor([[0, 1], [1, 2]]), w, **settings)

    gradients_agree(lambda t, w: embedded(t, w, padding_idx=1), SQUARE)
    gradients_agree(lambda t, w: embedded(t, w, padding_idx=-1, scale_grad_by_freq=True), SQUARE)


def test_embedding_renormalises_the_rows_it_reads():
    def renormalised(t):
        w = t.from_numpy(SQUARE.copy())
        return [t.nn.functional.embedding(t.tensor([0, 2]), w, max_norm=1.0), w]

    agree(renormalised)


def test_one_hot():
    agree(lambda t: [t.nn.functional.one_hot(t.tensor([[0, 2], [1, 1]])), t.nn.functional.one_hot(t.tensor([1]), 4)])


def test_powers_as_rows():
    agree(lambda t: [t.vander(t.arange(3.0)), t.vander(t.arange(3), 2, increasing=True)])


def test_triangles_as_places():
    agree(lambda t: [t.tril_indices(3, 2), t.triu_indices(2, 4, 1), t.tril_indices(3, 3, -1)])


def test_masks_are_combined_as_truth():
    agree(
        lambda t: [
            t.tensor([True, False]).scatter_reduce(0, t.tensor([0, 1]), t.tensor([False, True]), way, include_self=own)
            for way in ("sum", "prod", "amax", "amin")
            for own in (True, False)
        ]
    )


def test_an_index_may_be_of_int32():
    agree(lambda t: t.from_numpy(SQUARE).index_select(0, t.tensor([1], dtype=t.int32)))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.ones(2, 3).gather(2, t.tensor([[0]])), "out of range"),
        (lambda t: t.ones(2, 3).gather(0, t.tensor([0])), "same number of dimensions"),
        (lambda t: t.ones(2, 3).gather(0, t.tensor([[5]])), "index 5 is out of bounds for dimension 0 with size 2"),
        (lambda t: t.ones(2, 3).gather(1, t.tensor([[-1]])), "index -1 is out of bounds"),
        (lambda t: t.ones(2, 3).gather(0, t.tensor([[0.0]])), r"int32/int64.*index.long\(\)"),
        (
            lambda t: t.ones(2, 3).gather(0, t.zeros(2, 5, dtype=t.int64)),
            r"\[2, 5\] to be no larger than self \[2, 3\] apart from dimension 0",
        ),
        (lambda t: t.ones(2, 3).scatter(0, t.tensor([[5]]), 1.0), "index 5 is out of bounds"),
        (
            lambda t: t.ones(2, 3).scatter(0, t.tensor([[0]]), t.ones(1, 1, dtype=t.int64)),
            "self.dtype to be equal to src.dtype.*src.to",
        ),
        (lambda t: t.ones(2, 3).scatter(0, t.zeros(2, 3, dtype=t.int64), t.ones(1, 3)), r"src \[1, 3\]"),
        (lambda t: t.ones(2, 3).scatter(0, t.zeros(1, 3, dtype=t.int64), 1.0, reduce="mean"), "either add or multiply"),
        (lambda t: t.ones(2).scatter_reduce(0, t.tensor([0]), t.ones(1), "most"), "sum, prod, mean, amax or amin"),
        (lambda t: t.ones(2, 3).index_select(0, t.tensor([[0]])), "supposed to be a vector"),
        (lambda t: t.ones(2, 3).index_select(0, t.tensor([7])), "index out of range in self"),
        (lambda t: t.ones(3).take(t.tensor([3])), "tried to access index 3 on a tensor of 3 elements"),
        (lambda t: t.ones(3).masked_select(t.tensor([1, 0, 1])), r"BoolTensor.*mask.bool\(\)"),
        (
            lambda t: t.ones(3).masked_scatter(t.tensor([True, True, False]), t.ones(1)),
            "source < number of ones in mask: 1 < 2",
        ),
        (lambda t: t.ones(3).repeat_interleave(t.tensor([1, 2])), "same size as input along dim"),
        (lambda t: t.ones(3).repeat_interleave(-1), "negative"),
        (lambda t: t.ones(2, 2, 2).diag(), "Supports 1D or 2D tensors. Got 3D"),
        (lambda t: t.ones(3).diagonal(), "."),
        (lambda t: t.ones(3).trace(), "expected a matrix"),
        (lambda t: t.ones(3).tril(), "at least 2 dimensions"),
        (lambda t: t.ones(()).diff(), "at least one-dimensional"),
        (lambda t: t.nn.functional.one_hot(t.tensor([0.0])), "LongTensor"),
        (lambda t: t.nn.functional.one_hot(t.tensor([-1])), "non-negative"),
        (lambda t: t.nn.functional.one_hot(t.tensor([3]), 2), "smaller than num_classes.*class 3 and num_classes=2"),
        (lambda t: t.nn.functional.one_hot(t.tensor([], dtype=t.int64)), "empty tensor"),
        (lambda t: t.nn.functional.embedding(t.tensor([5]), t.ones(2, 3)), "index out of range in self"),
        (
            lambda t: t.nn.functional.embedding(t.tensor([0.0]), t.ones(2, 3)),
            r"Long, Int; but got torch.FloatTensor.*indices.long\(\)",
        ),
        (lambda t: t.nn.functional.embedding(t.tensor([0]), t.ones(3)), "must be 2-D"),
        (lambda t: t.nn.functional.embedding(t.tensor([0]), t.ones(2, 3), padding_idx=2), "within num_embeddings"),
    ],
)
def test_errors_are_pytorchs_and_say_what_was_received(call, match):
    both_raise(call, match)


def test_out_takes_the_result():
    out = torch.empty(0)
    torch.index_select(torch.from_numpy(ROWS), 0, torch.tensor([1]), out=out)
    assert out.tolist() == [[3, 4, 5]]
