"""Tensors in other dtypes, and descriptions of how they lie in memory."""

import warnings

import numpy as np
import pytest

import backlit as torch
from functions.both import ROWS, agree, both_raise, gradients_agree

METHODS = ["float", "double", "half", "int", "long", "short", "char", "byte", "bool"]


@pytest.mark.parametrize("method", METHODS)
def test_named_conversions(method):
    agree(lambda t: getattr(t.tensor([0.0, 1.7, 3.2]), method)())
    x = getattr(torch.zeros(1), method)()
    assert getattr(x, method)() is x


def test_to_returns_itself_where_nothing_changes():
    x = torch.ones(2)
    assert x.to(torch.float32) is x
    assert x.to("cpu") is x
    assert x.to(torch.device("cpu"), torch.float32) is x
    assert x.to(torch.float32, copy=True) is not x
    assert x.cpu() is x


def test_to_takes_a_dtype_a_device_or_a_tensor():
    agree(
        lambda t: [
            t.ones(2).to(t.int64),
            t.ones(2).to("cpu", t.float64),
            t.ones(2).to(t.ones(1, dtype=t.int32)),
            t.ones(2).to(dtype=t.float16),
            t.ones(2).type_as(t.ones(1).double()),
        ]
    )


def test_gradients_pass_a_conversion():
    gradients_agree(lambda t, x: x.double().float() * 2, ROWS)
    gradients_agree(lambda t, x: x.to(t.float64), ROWS)


def test_type_names_and_converts():
    agree(lambda t: [t.ones(1).type(), t.ones(1).long().type()])
    agree(lambda t: [t.ones(1).type(t.float64), t.ones(1).type("torch.LongTensor"), t.ones(1).type(t.IntTensor)])
    both_raise(lambda t: t.ones(1).type("nonsense"), "invalid type: 'nonsense'.*float32")


VIEWS = {
    "itself": lambda x: x,
    "transposed": lambda x: x.t(),
    "row": lambda x: x[1],
    "column": lambda x: x[:, 1],
    "slice": lambda x: x[:, 1:],
    "expanded": lambda x: x[:, :1].expand(2, 4),
    "diagonal": lambda x: x.diagonal(),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_lie_in_memory_as_pytorchs_do(name):
    def described(t):
        x = VIEWS[name](t.arange(6.0).reshape(2, 3))
        return [
            x.stride(),
            x.storage_offset(),
            x.is_contiguous(),
            x.numel(),
            x.nelement(),
            x.dim(),
            x.ndimension(),
            tuple(x.size()),
            x.size(0),
            x.stride(0),
            x.element_size(),
            x.contiguous().stride(),
        ]

    agree(described)


def test_views_share_a_storage():
    x = torch.arange(6.0).reshape(2, 3)
    assert x[1].storage().data_ptr() == x.storage().data_ptr()
    assert x[1].untyped_storage().data_ptr() == x.data_ptr()
    assert x[1].data_ptr() == x.data_ptr() + 3 * 4
    assert (x[1].storage().size(), x.t().storage().tolist()) == (6, [0, 1, 2, 3, 4, 5])
    assert x.contiguous() is x
    assert x.t().contiguous().tolist() == x.t().tolist()


def test_questions():
    agree(
        lambda t: [
            t.is_tensor(t.ones(1)),
            t.is_tensor(1),
            t.is_floating_point(t.ones(1)),
            t.ones(1).is_complex(),
            t.ones(1).is_signed(),
            t.ones(1, dtype=t.uint8).is_signed(),
            t.numel(t.ones(2, 3)),
            t.ones(1).get_device(),
            t.ones(1).is_pinned(),
            str(t.ones(1).device),
            t.is_nonzero(t.tensor([3])),
        ]
    )


def test_writing():
    agree(
        lambda t: [
            t.zeros(2, 3).copy_(t.arange(3)),
            t.zeros(2).fill_(3),
            t.ones(2).zero_(),
            t.zeros(2).copy_(t.tensor(5)),
        ]
    )
    agree(lambda t: [t.arange(3.0).apply_(lambda v: v * 2), t.arange(3.0).map_(t.ones(3), lambda a, b: a + b)])


def test_copy_passes_gradients_broadcast_and_converted():
    gradients_agree(lambda t, x: t.zeros(4, 2, 3, dtype=t.float64).copy_(x), ROWS)
    gradients_agree(lambda t, x: (t.zeros(2, 3) + x).copy_(x[0]) * 2, ROWS)


def test_set_shares_another_tensors_memory():
    x, y = torch.zeros(2), torch.ones(3)
    x.set_(y)
    y[0] = 7
    assert x.tolist() == [7, 1, 1]


def test_clone_copies_and_passes_gradients():
    gradients_agree(lambda t, x: x.clone() * 2, ROWS)
    x = torch.zeros(2)
    x.clone()[0] = 1
    assert x.tolist() == [0, 0]


def test_what_dtypes_make_together():
    agree(
        lambda t: [
            str(t.promote_types(t.int32, t.float16)),
            str(t.promote_types(t.uint8, t.int8)),
            str(t.result_type(t.ones(1, dtype=t.int32), 1.5)),
            str(t.result_type(t.tensor(1.0), t.ones(1).int())),
            t.can_cast(t.float32, t.int64),
            t.can_cast(t.int64, t.int8),
            t.can_cast(t.int8, t.uint8),
            t.can_cast(t.bool, t.float32),
        ]
    )


@pytest.mark.parametrize("name", ["FloatTensor", "DoubleTensor", "LongTensor", "IntTensor", "ByteTensor", "BoolTensor"])
def test_typed_constructors(name):
    agree(lambda t: [getattr(t, name)([1, 0, 3]), getattr(t, name)()])
    agree(lambda t: isinstance(getattr(t, name)([1]), getattr(t, name)))
    assert getattr(torch, name)(2, 3).shape == (2, 3)
    assert not isinstance(torch.ones(1, dtype=torch.int8), getattr(torch, name))


def test_typed_constructors_take_arrays():
    agree(lambda t: [t.FloatTensor(np.ones(2)), t.LongTensor([1.5]), t.Tensor([1, 2])])


def test_a_tensor_of_the_same_dtype():
    assert torch.ones(1, dtype=torch.int64).new([1, 2]).dtype is torch.int64
    assert torch.ones(1).new(2, 3).shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.ones(2).cuda(), "CUDA enabled"),
        (lambda t: t.ones(2).to("cuda:0"), "CUDA enabled"),
        (lambda t: t.ones(2).to(0), "accelerator"),
        (lambda t: t.ones(2).to("nowhere"), "Expected one of cpu, cuda"),
        (lambda t: t.ones(2, requires_grad=True).apply_(abs), "detach"),
        (lambda t: t.ones(2).copy_(t.ones(3)), "must match"),
        (lambda t: t.ones(2).expand(3, 2).add_(1), "single memory location.*clone"),
    ],
)
def test_errors_are_pytorchs(call, match):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both_raise(call, match)
