"""Other shapes for the same elements: values, strides, shared memory, gradients, errors; all as in PyTorch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)

#: Each is a view in PyTorch: it shares memory with its argument.
VIEWS = {
    "view": lambda t, x: x.view(3, 2),
    "view inferred": lambda t, x: x.view(-1),
    "view_as": lambda t, x: x.view_as(t.ones(6)),
    "reshape": lambda t, x: x.reshape(3, 2),
    "flatten": lambda t, x: x.flatten(),
    "ravel": lambda t, x: t.ravel(x),
    "unflatten": lambda t, x: x.unflatten(1, (3, 1)),
    "unflatten inferred": lambda t, x: x.unflatten(-1, (-1, 3)),
    "squeeze": lambda t, x: x[:1].squeeze(),
    "squeeze dim": lambda t, x: x[:1].squeeze(0),
    "squeeze none": lambda t, x: x.squeeze(1),
    "squeeze dims": lambda t, x: x[:1, :1].squeeze((0, 1)),
    "unsqueeze": lambda t, x: x.unsqueeze(1),
    "unsqueeze last": lambda t, x: x.unsqueeze(-1),
    "t": lambda t, x: x.t(),
    "transpose": lambda t, x: x.transpose(0, -1),
    "swapaxes": lambda t, x: x.swapaxes(0, 1),
    "permute": lambda t, x: x.permute(1, 0),
    "permute dims": lambda t, x: x.permute(dims=(1, 0)),
    "movedim": lambda t, x: x.movedim(0, 1),
    "moveaxis": lambda t, x: t.moveaxis(x.view(2, 1, 3), (0, 1), (2, 0)),
    "T": lambda t, x: x.T,
    "mT": lambda t, x: x.mT,
    "H": lambda t, x: x.H,
    "expand": lambda t, x: x.expand(4, -1, 3),
    "expand_as": lambda t, x: x.expand_as(t.ones(2, 2, 3)),
    "broadcast_to": lambda t, x: t.broadcast_to(x, (2, 2, 3)),
    "as_strided": lambda t, x: x.as_strided((2, 2), (1, 2), 1),
    "unfold": lambda t, x: x.unfold(1, 2, 1),
    "narrow": lambda t, x: x.narrow(1, 1, 2),
    "narrow from the end": lambda t, x: x.narrow(1, -2, 2),
    "select": lambda t, x: x.select(1, -1),
    "diagonal": lambda t, x: x.diagonal(1),
    "split": lambda t, x: x.split(2, 1)[1],
    "chunk": lambda t, x: x.chunk(2, 1)[1],
    "unbind": lambda t, x: x.unbind(1)[2],
    "detach": lambda t, x: x.detach(),
    "element": lambda t, x: x[1, 2],
    "slice": lambda t, x: x[:, ::2],
    "row": lambda t, x: x[-1],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_have_pytorchs_values_and_strides(name):
    agree(lambda t: [VIEWS[name](t, t.from_numpy(ROWS.copy())), VIEWS[name](t, t.from_numpy(ROWS.copy())).stride()])


@pytest.mark.parametrize("name", VIEWS)
def test_views_share_memory(name):
    x = torch.from_numpy(ROWS.copy())
    view = VIEWS[name](torch, x)
    x += 100
    assert (view >= 100).all()
    assert np.shares_memory(view.numpy(), x.numpy())


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {"detach"}))
def test_gradients_pass_through_views(name):
    gradients_agree(lambda t, x: VIEWS[name](t, x), ROWS)


#: More than one element of these is one place in memory: writing to them is refused.
STRETCHED = {"expand", "expand_as", "broadcast_to", "unfold"}
#: PyTorch does not record writing to these, because they come several at a time.
SEVERAL = {"split", "chunk", "unbind"}


@pytest.mark.parametrize("name", sorted(set(VIEWS) - STRETCHED - SEVERAL - {"detach"}))
def test_writing_to_a_view_is_recorded(name):
    def written(t, x):
        y = x * 2
        view = VIEWS[name](t, y)
        view *= 3
        return y

    gradients_agree(written, ROWS)


@pytest.mark.parametrize(
    "copies",
    [
        lambda t, x: x.t().reshape(6),
        lambda t, x: x.repeat(2, 1, 2),
        lambda t, x: x.repeat(1, 1),
        lambda t, x: x.tile(2),
        lambda t, x: t.tile(x, dims=(2, 2)),
        lambda t, x: t.tile(x, (1, 1, 2)),
        lambda t, x: x.flip(0, 1),
        lambda t, x: x.flip(dims=[1]),
        lambda t, x: x.fliplr(),
        lambda t, x: x.flipud(),
        lambda t, x: x.roll(1),
        lambda t, x: x.roll((1, -1), (0, 1)),
        lambda t, x: t.roll(x, 4, 0),
        lambda t, x: x.rot90(),
        lambda t, x: x.rot90(2),
        lambda t, x: x.rot90(-1, (1, 0)),
        lambda t, x: x.rot90(0),
        lambda t, x: x.t().contiguous(),
        lambda t, x: x.sum_to_size(1, 3),
        lambda t, x: x.sum_to_size(1),
    ],
)
def test_copies_have_pytorchs_values_and_gradients(copies):
    gradients_agree(copies, ROWS)
    x = torch.from_numpy(ROWS.copy())
    out = copies(torch, x)
    assert not np.shares_memory(out.numpy(), x.numpy())


@given(SHAPES, st.randoms())
def test_reshape_and_permute_agree_for_any_shape(shape, random):
    array = np.arange(math.prod(shape)).reshape(shape)
    order = random.sample(range(len(shape)), len(shape))
    target = random.sample(shape, len(shape))
    agree(
        lambda t: [
            t.from_numpy(array).permute(order),
            t.from_numpy(array).permute(order).reshape(target),
            t.from_numpy(array).permute(order).stride() if array.size > 1 else None,
        ]
    )


@given(SHAPES, SHAPES)
def test_view_is_possible_where_it_is_in_pytorch(shape, target):
    """For a transposed tensor some shapes need a copy: `view` refuses them, `reshape` makes it."""

    def outcome(t):
        x = t.arange(math.prod(shape)).reshape(shape).permute(tuple(reversed(range(len(shape)))))
        try:
            return x.view(target)
        except RuntimeError:
            return "refused"

    agree(outcome)


@given(SHAPES, SHAPES)
def test_broadcasting_agrees(first, second):
    def outcome(t):
        try:
            return [tuple(t.broadcast_shapes(first, second)), *t.broadcast_tensors(t.ones(first), t.zeros(second))]
        except RuntimeError:
            return "refused"

    agree(outcome)


def test_dimensions_may_be_added_to_reach_a_rank():
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        agree(
            lambda t, name=name: [
                getattr(t, name)(t.ones(shape)) for shape in ((), (2,), (2, 3), (2, 3, 4), (1, 2, 3, 4))
            ]
        )
        agree(lambda t, name=name: getattr(t, name)(t.ones(()), t.ones(2)))


def test_a_tensor_itself_takes_another_shape():
    agree(
        lambda t: [
            t.ones(2, 1).squeeze_(),
            t.ones(2).unsqueeze_(0),
            t.arange(6).reshape(2, 3).t_(),
            t.arange(6).reshape(2, 3).transpose_(0, 1),
            t.ones(2, 1, 1).squeeze_(1),
        ]
    )
    x = torch.ones(2, 3)
    assert x.unsqueeze_(0) is x
    assert torch.ones(2).resize_(3, 3).shape == (3, 3)
    assert torch.arange(6).resize_(2, 2).tolist() == [[0, 1], [2, 3]]


def test_gradients_pass_shapes_taken_in_place():
    gradients_agree(lambda t, x: (x * 2).t_() * t.arange(2.0), ROWS)
    gradients_agree(lambda t, x: (x * 2).unsqueeze_(0) * 3, ROWS)


def test_bytes_can_be_read_as_another_dtype():
    assert torch.ones(2).view(torch.int32).tolist() == [0x3F800000] * 2


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda t: t.ones(2, 3).reshape(4),
            r"shape '\[4\]' is invalid for input of size 6.*x.reshape\(x.shape\[0\], -1\)",
        ),
        (lambda t: t.ones(2, 3).view(4, -1), r"shape '\[4, -1\]' is invalid for input of size 6"),
        (lambda t: t.ones(2, 3).reshape(), "shape"),
        (lambda t: t.ones(2, 3).view("a"), "tuple of ints.*'a'"),
        (lambda t: t.ones(2, 3).reshape(-1, -1), "only one dimension can be inferred"),
        (lambda t: t.ones(2, 3).reshape(-2, 3), "invalid shape dimension -2"),
        (lambda t: t.ones(0, 3).reshape(0, -1), "ambiguous"),
        (lambda t: t.ones(2, 3).t().view(6), r"view size is not compatible.*Use .reshape\(...\)"),
        (lambda t: t.ones(2, 3).flatten(1, 0), "start_dim cannot come after end_dim"),
        (lambda t: t.ones(2, 3).unflatten(1, (2, 2)), "don't multiply up to the size of dim 1"),
        (lambda t: t.ones(2, 3).squeeze(5), r"range of \[-2, 1\], but got 5"),
        (lambda t: t.ones(2, 3).unsqueeze(4), r"range of \[-3, 2\], but got 4"),
        (lambda t: t.ones(2, 3).transpose(0, 2), r"range of \[-2, 1\], but got 2"),
        (lambda t: t.ones(2, 3, 4).t(), r"<= 2 dimensions, but self is 3D.*mT"),
        (lambda t: t.ones(2, 3).permute(0), "2 is not equal to len"),
        (lambda t: t.ones(2, 3).permute(0, 0), "duplicate dims"),
        (lambda t: t.ones(2, 3).flip(0, 0), "dim"),
        (lambda t: t.ones(2, 3).movedim((0, 1), (0,)), "same number of dims"),
        (lambda t: t.ones(2).mT, "matrices"),
        (lambda t: t.ones(2, 2, 2).H, "mH"),
        (lambda t: t.ones(3).expand(2, 4), r"size of the tensor \(4\) must match the existing size \(3\).*dimension 1"),
        (lambda t: t.ones(2, 3).expand(3), "greater or equal to the number of dimensions"),
        (lambda t: t.ones(3).expand(-1, 3), "new leading dimension|leading, non-existing|-1"),
        (lambda t: t.ones(2, 3).repeat(2), "can not be smaller.*Write 1"),
        (lambda t: t.broadcast_tensors(t.ones(2), t.ones(3)), "."),
        (lambda t: t.broadcast_shapes((2,), (3,)), "Shape mismatch"),
        (lambda t: t.ones(2, 3).roll((1, 2), 0), "must align"),
        (lambda t: t.ones(2).fliplr(), "dim"),
        (lambda t: t.ones(4).unfold(0, 5, 1), "maximum size for tensor at dimension 0 is 4 but size is 5"),
        (lambda t: t.ones(4).unfold(0, 2, 0), "must be > 0"),
        (lambda t: t.ones(2, requires_grad=True).resize_(3), "cannot resize variables that require grad"),
        (lambda t: t.ones(2, 3).select(0, 2), "index 2 out of range"),
        (lambda t: t.ones(2, 3).narrow(0, 1, 2), r"start \(1\) \+ length \(2\) exceeds dimension size \(2\)"),
        (lambda t: t.ones(4).as_strided((3,), (2,), 1), "out of bounds"),
        (lambda t: t.ones(2, 3).sum_to_size(2, 2), "not expandable"),
        (lambda t: t.unsqueeze([1, 2], 0), "must be Tensor, not list.*torch.tensor"),
        (lambda t: t.flatten(np.ones(2)), "must be Tensor, not.*ndarray"),
        (lambda t: t.transpose([[1.0]], 0, 1), "must be Tensor, not list"),
        (lambda t: t.permute(3, (0,)), "must be Tensor, not int"),
    ],
)
def test_errors_are_pytorchs_and_name_the_shapes(call, match):
    both_raise(call, match)
