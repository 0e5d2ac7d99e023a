"""What a mistake in an op's definition says, at the time of the definition."""

import numpy as np
import pytest

import backlit as torch
from backlit.ops.registry import OPS, op
from backlit.tensor import apply


@pytest.fixture(autouse=True)
def registry_as_before():
    before = dict(OPS)
    yield
    OPS.clear()
    OPS.update(before)


def test_a_rule_for_an_input_that_is_not_there():
    @op()
    def twice(x):
        return 2 * x

    with pytest.raises(TypeError, match="op twice has no input 'y'; its inputs are x"):
        twice.gradient("y")


def test_a_rule_that_asks_for_an_unknown_value():
    @op()
    def scaled(x, *, by):
        return x * by

    with pytest.raises(TypeError, match="asks for 'factor', which is none of: g, out, x, by"):

        @scaled.gradient("x")
        def _(g, factor):
            return g * factor


def test_two_ops_of_one_name():
    with pytest.raises(TypeError, match="two ops are called 'tanh'"):

        @op()
        def tanh(x):
            return np.tanh(x)


def test_a_rule_gets_what_it_names_and_only_that_is_kept():
    @op()
    def scaled(x, *, by):
        return x * by

    @scaled.gradient("x")
    def _(g, by):
        return g * by

    x = torch.ones(3, requires_grad=True)
    y = apply(scaled, x, by=4.0)
    assert y.grad_fn.kept == [4.0]
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 4.0, 4.0]


def test_an_intermediate_that_the_forward_gives_by_name():
    @op(extras=("half",))
    def squared(x):
        half = x / 2
        return 4 * half * half, {"half": half}

    @squared.gradient("x")
    def _(g, half):
        return g * 4 * half

    x = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: apply(squared, t), (x,))
    assert torch.autograd.gradgradcheck(lambda t: apply(squared, t), (x,))


def test_an_op_reads_arrays_and_tensors_alike():
    tanh = OPS["tanh"]
    array = np.array([0.5, -1.0])
    np.testing.assert_array_equal(tanh(array), np.tanh(array))
    np.testing.assert_array_equal(tanh(torch.from_numpy(array)).numpy(), np.tanh(array))
