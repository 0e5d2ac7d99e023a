"""New tensors from data and from shapes: dtypes, values to the bit, shared memory, errors."""

import math

import numpy as np
import pytest
import torch as oracle
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from functions.both import agree, both_raise


@pytest.mark.parametrize(
    "data",
    [
        3,
        2.5,
        True,
        [1, 2],
        [1.0, 2],
        [[True], [False]],
        [],
        [[]],
        [[], []],
        np.float64(2),
        np.arange(3, dtype=np.int16),
        np.ones(2),
        [np.float64(1.0), np.float64(2.0)],
        (1, 2),
        range(3),
    ],
    ids=str,
)
def test_data_gets_the_dtype_that_pytorch_gives_it(data):
    agree(lambda t: t.tensor(data))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"])
def test_a_dtype_may_be_named(dtype):
    agree(lambda t: t.tensor([0, 1, 2], dtype=getattr(t, dtype)))
    agree(lambda t: t.zeros(2, dtype=getattr(t, dtype)))


@pytest.mark.parametrize("kind", [float, int, bool])
def test_pythons_types_are_dtypes_too(kind):
    agree(lambda t: t.ones(2, dtype=kind))


def test_a_list_of_tensors_is_data():
    agree(lambda t: t.tensor([t.tensor(1.0), t.tensor(2.0)]))


def test_tensor_copies_and_as_tensor_shares():
    array = np.zeros(2, np.float32)
    copied, shared = torch.tensor(array), torch.as_tensor(array)
    array[0] = 5
    assert copied.tolist() == [0, 0]
    assert shared.tolist() == [5, 0]
    assert torch.as_tensor(shared) is shared
    assert torch.as_tensor(shared, dtype=torch.float64).dtype is torch.float64


def test_from_numpy_shares_memory_both_ways():
    array = np.arange(3.0)
    tensor = torch.from_numpy(array)
    tensor[0] = 7
    assert array[0] == 7


@pytest.mark.parametrize("maker", ["zeros", "ones", "rand", "randn"])
def test_sizes_may_be_written_in_every_way(maker):
    for size in ((2, 3), ((2, 3),), ([2, 3],), (torch.Size((2, 3)),)):
        assert getattr(torch, maker)(*size).shape == (2, 3)
    assert getattr(torch, maker)(size=(2, 3)).shape == (2, 3)
    assert getattr(torch, maker)(()).shape == ()
    assert getattr(torch, maker)(2, requires_grad=True).requires_grad


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"])
def test_like_takes_shape_and_dtype(name):
    like = getattr(torch, name)
    assert like(torch.ones(2, 3, dtype=torch.float64)).dtype is torch.float64
    assert like(torch.ones(2, 3), dtype=torch.float64).shape == (2, 3)


def test_new_makes_tensors_of_the_same_dtype():
    agree(
        lambda t: [
            t.ones(1, dtype=t.float64).new_zeros(2, 3),
            t.ones(1, dtype=t.int32).new_ones((2,)),
            t.ones(1).new_full((2,), 3),
            t.ones(1, dtype=t.int64).new_tensor([1.5]),
            t.ones(1).new_zeros(2, dtype=t.int64),
        ]
    )


def test_full_takes_the_dtype_of_its_value():
    agree(
        lambda t: [
            t.full((2, 2), 1),
            t.full((2,), 1.5),
            t.full((), True),
            t.full((2,), 1, dtype=t.float64),
            t.full_like(t.ones(2), 7),
        ]
    )


@pytest.mark.parametrize(
    "bounds", [(5,), (2, 7), (0, 10, 3), (5, 0, -2), (0.0, 1.0, 0.25), (1, 2, 0.5), (3.0,), (0,), (2, 2)]
)
def test_arange_is_integer_unless_a_float_is_given(bounds):
    agree(lambda t: t.arange(*bounds))


#: Bounds as people write them.
DECIMALS = st.integers(-5000, 5000).map(lambda n: n / 100)


def in_both(make, dtype):
    """What `make(torch)` gives in both libraries; float64 may differ in the last bit, which hangs on the processor."""
    mine, theirs = make(torch).numpy(), make(oracle).numpy()
    np.testing.assert_array_max_ulp(mine, theirs, 0 if dtype == "float32" else 1)


@given(DECIMALS, st.floats(0.001, 3), st.integers(1, 200), st.sampled_from(["float32", "float64"]))
def test_arange_rounds_as_pytorch_does(start, step, count, dtype):
    in_both(lambda t: t.arange(start, start + step * count, step, dtype=getattr(t, dtype)), dtype)


@given(DECIMALS, DECIMALS, st.integers(0, 200), st.sampled_from(["float32", "float64"]))
def test_linspace_rounds_as_pytorch_does(start, end, steps, dtype):
    in_both(lambda t: t.linspace(start, end, steps, dtype=getattr(t, dtype)), dtype)


def test_other_sequences():
    agree(
        lambda t: [
            t.logspace(0, 2, 5),
            t.logspace(0, 3, 4, base=2),
            t.linspace(0, 1, 1),
            t.linspace(0, 10, 4, dtype=t.int64),
        ]
    )
    agree(lambda t: [t.eye(3), t.eye(2, 3), t.eye(2, dtype=t.int64), t.scalar_tensor(3)])
    assert torch.range(1, 3).tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@pytest.mark.parametrize("bounds", [(0.5, 3.7), (0, 5.5, 1.5), (-1.5, 2.5, 1)])
def test_an_integer_arange_cuts_its_bounds_as_pytorch_does(bounds, dtype):
    agree(lambda t: t.arange(*bounds, dtype=getattr(t, dtype)))


def test_numbers_beyond_a_dtype_wrap_around():
    agree(lambda t: [t.full((2,), -9, dtype=t.uint8), t.scalar_tensor(-5, dtype=t.uint8)])


def test_bounds_may_be_tensors():
    agree(lambda t: [t.arange(t.tensor(3)), t.linspace(t.tensor(0.0), t.tensor(1.0), 3)])


def test_out_takes_the_result():
    out = torch.ones(2)
    assert torch.zeros(2, out=out) is out
    assert out.tolist() == [0, 0]


def test_the_default_dtype_is_used():
    try:
        torch.set_default_dtype(torch.float64)
        assert [torch.zeros(1).dtype, torch.tensor(1.0).dtype, torch.arange(0, 1, 0.5).dtype] == [torch.float64] * 3
        torch.set_default_tensor_type(torch.FloatTensor)
        assert torch.rand(1).dtype is torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_strides_may_be_chosen():
    made = torch.empty_strided((2, 3), (1, 2))
    assert made.shape == (2, 3)
    assert made.stride() == (1, 2)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.tensor([[1, 2], [3]]), "no ragged rows"),
        (lambda t: t.tensor("text"), "invalid data type 'str'"),
        (lambda t: t.tensor([None]), "infer dtype of NoneType"),
        (lambda t: t.tensor(2**70), "Overflow"),
        (lambda t: t.zeros(), "size"),
        (lambda t: t.Tensor(3.5), r"must be a sequence \(got float\).*torch.tensor\(3.5\)"),
        (lambda t: t.zeros(-1), r"non-negative.*\[-1\]"),
        (lambda t: t.zeros(2.5), r"zeros\(\): argument 'size'.*not float"),
        (lambda t: t.arange(0, 5, 0), "step must be nonzero"),
        (lambda t: t.arange(0, 5, -1), "inconsistent with step sign"),
        (lambda t: t.full((2,), 300, dtype=t.int8), "without overflow: 300"),
        (lambda t: t.linspace(0, 1, -2), "steps must be non-negative"),
        (lambda t: t.eye(-1), "greater or equal to 0, got -1"),
        (lambda t: t.from_numpy([1]), "expected np.ndarray"),
        (lambda t: t.from_numpy(np.arange(3)[::-1]), "negative.*copy"),
        (lambda t: t.from_numpy(np.array(["a"])), "can't convert np.ndarray"),
        (lambda t: t.zeros(2, dtype=t.int64, requires_grad=True), "floating point"),
        (lambda t: t.zeros(2, device="cuda"), "CUDA enabled.*device='cpu'"),
        (lambda t: t.zeros(2, device="mps"), "mps"),
    ],
)
def test_errors_are_pytorchs_and_say_what_to_write(call, match):
    both_raise(call, match)


def test_constants():
    assert (torch.pi, torch.e, torch.inf) == (math.pi, math.e, math.inf)
    assert math.isnan(torch.nan)
    assert torch.newaxis is None
