"""The check of gradients must itself find what is wrong, and say where."""

import importlib

import numpy as np
import pytest

import backlit as torch
from backlit.autograd import GradcheckError, gradcheck, gradgradcheck


def leaf(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def wrong(factor=1.1, second=1.0):
    """x ** 3 with a factor on its first derivative, or on the second only."""

    class Slope(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, g):
            ctx.save_for_backward(x, g)
            return factor * 3 * x * x * g

        @staticmethod
        def backward(ctx, gg):
            x, g = ctx.saved_tensors
            return gg * second * 6 * x * g, gg * 3 * x * x

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return Slope.apply(x, g)

    return Cube.apply


def test_right_gradients_pass():
    assert gradcheck(torch.tanh, leaf(0.3, -0.4))
    assert gradcheck(lambda x, y: (x * y, x.sum()), (leaf(0.3, -0.4), leaf(1.0, 2.0)))
    assert gradgradcheck(lambda x, y: torch.atan2(x, y), (leaf(0.3, -0.4), leaf(1.0, 2.0)))
    assert gradcheck(lambda x, k: x * k, (leaf(0.3), 4))


def test_a_wrong_gradient_is_found_and_shown():
    with pytest.raises(GradcheckError, match=r"Jacobian mismatch for output 0 with respect to input 0") as caught:
        gradcheck(wrong(1.1), (leaf(1.0, 2.0),))
    words = str(caught.value)
    assert "output element 1 in input element 1 is 12 by finite differences, 13.2 by backward" in words
    assert "numerical:" in words
    assert "analytical:" in words
    assert isinstance(caught.value, RuntimeError)
    assert not gradcheck(wrong(1.1), (leaf(1.0, 2.0),), raise_exception=False)


def test_a_wrong_second_derivative_is_found():
    assert gradcheck(wrong(1.0, 0.5), (leaf(1.0, 2.0),))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(wrong(1.0, 0.5), (leaf(1.0, 2.0),))


def test_a_cut_graph_is_found():
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda x: (x * x).detach(), (leaf(1.0),))


def test_a_random_backward_is_found():
    rng = np.random.default_rng(0)

    class Noisy(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * (1 + 1e-7 * rng.random())

    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(Noisy.apply, (leaf(1.0),))
    assert gradcheck(Noisy.apply, (leaf(1.0),), nondet_tol=1e-6)


def test_inputs_that_cannot_be_checked():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(torch.sin, (torch.ones(2),))
    with pytest.raises(RuntimeError, match="dimension with stride 0"):
        gradcheck(torch.sin, (torch.ones(1, dtype=torch.float64).expand(3).requires_grad_(),))
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        gradcheck(torch.sin, (torch.ones(1, requires_grad=True),), atol=0.1)


def test_the_inputs_are_as_before():
    x = leaf(0.1, 0.2, 0.3)
    gradcheck(torch.sin, (x,))
    assert x.tolist() == [0.1, 0.2, 0.3]
    assert x.grad is None


def test_gradcheck_is_a_module_and_a_function_as_in_pytorch():
    module = importlib.import_module("backlit.autograd.gradcheck")
    assert module.gradcheck is gradcheck
    assert callable(torch.autograd.gradcheck)
    assert importlib.import_module("backlit.autograd.function").Function is torch.autograd.Function
