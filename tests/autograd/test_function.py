"""User-written operations: what PyTorch's documentation promises, each case also run in PyTorch."""

import importlib

import numpy as np
import pytest
import torch as oracle

import backlit as torch


@pytest.fixture(params=[torch, oracle], ids=["backlit", "pytorch"])
def ns(request):
    """Both libraries: a case that fails in PyTorch is a wrong case."""
    return request.param


def once_differentiable(ns):
    return importlib.import_module(f"{ns.__name__}.autograd.function").once_differentiable


def leaf(ns, *values):
    return ns.tensor(values, dtype=ns.float64, requires_grad=True)


def product(ns):
    class Product(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            ctx.save_for_backward(x, y)
            ctx.k = k
            return x * y * k

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return g * y * ctx.k, g * x * ctx.k, None

    return Product


def exponential(ns):
    class Exponential(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x.exp()
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            return g * out

    return Exponential


def two_outputs(ns, materialize=True, seen=None):
    class SumAndProduct(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.set_materialize_grads(materialize)
            ctx.save_for_backward(x, y)
            return x + y, x * y

        @staticmethod
        def backward(ctx, g, h):
            if seen is not None:
                seen.append((None if g is None else g.tolist(), None if h is None else h.tolist()))
            x, y = ctx.saved_tensors
            g, h = (0 if v is None else v for v in (g, h))
            return g + h * y, g + h * x

    return SumAndProduct


def test_gradients_of_the_arguments(ns):
    x, y = leaf(ns, 1.0, 2.0), leaf(ns, 3.0, 4.0)
    out = product(ns).apply(x, y, 2)
    assert out.grad_fn.name() == "ProductBackward"
    out.sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]
    assert y.grad.tolist() == [2.0, 4.0]


def test_the_rule_itself_is_differentiated(ns):
    assert ns.autograd.gradcheck(exponential(ns).apply, (leaf(ns, 0.3, -0.5),))
    assert ns.autograd.gradgradcheck(exponential(ns).apply, (leaf(ns, 0.3, -0.5),))
    assert ns.autograd.gradgradcheck(two_outputs(ns).apply, (leaf(ns, 0.3, -0.5), leaf(ns, 0.7, 1.5)))


def test_third_derivative_through_a_saved_output(ns):
    x = leaf(ns, 0.5)
    g = exponential(ns).apply(x)
    for _ in range(3):
        (g,) = ns.autograd.grad(g.sum(), x, create_graph=True)
    np.testing.assert_allclose(g.item(), np.exp(0.5))


def test_an_output_that_nothing_depends_on_gets_zeros_or_none(ns):
    x, y, seen = leaf(ns, 1.0, 2.0), leaf(ns, 3.0, 4.0), []
    two_outputs(ns, True, seen).apply(x, y)[1].sum().backward()
    two_outputs(ns, False, seen).apply(x, y)[1].sum().backward()
    assert seen == [([0.0, 0.0], [1.0, 1.0]), (None, [1.0, 1.0])]
    assert x.grad.tolist() == [6.0, 8.0]


def test_needs_input_grad_says_for_what_a_gradient_is_wanted(ns):
    seen = []

    class Watch(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, z):
            seen.append(ctx.needs_input_grad)
            return x + y

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None, None

    Watch.apply(leaf(ns, 1.0), ns.ones(1, dtype=ns.float64), "text").sum().backward()
    assert seen == [(True, False, False)] * 2


def test_forward_and_setup_context_apart(ns):
    class Scale(ns.autograd.Function):
        @staticmethod
        def forward(x, k):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.k, None

    x = leaf(ns, 1.0, 2.0)
    Scale.apply(x, 4).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_an_overwritten_input_is_returned_and_marked_dirty(ns):
    class Increment(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 5

    x = leaf(ns, 1.0, 2.0)
    y = x * 1
    assert Increment.apply(y) is y
    assert y.tolist() == [2.0, 3.0]
    y.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]
    z = x * 1
    Increment.apply(z[0:1])
    x.grad = None
    z.sum().backward()
    assert x.grad.tolist() == [5.0, 1.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        Increment.apply(x)


def test_an_input_that_is_returned_as_it_is(ns):
    class Identity(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7

    x = leaf(ns, 1.0, 2.0)
    out = Identity.apply(x)
    assert out is not x
    assert out.data_ptr() == x.data_ptr()
    out.sum().backward()
    assert x.grad.tolist() == [7.0, 7.0]


def test_outputs_without_gradient(ns):
    class Largest(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            rounded = x.round()
            ctx.mark_non_differentiable(rounded)
            return x * 3, rounded, x.argmax(), "text"

        @staticmethod
        def backward(ctx, g, *rest):
            return g * 3

    x = leaf(ns, 1.0, 2.0)
    out, rounded, place, text = Largest.apply(x)
    assert (out.requires_grad, rounded.requires_grad, place.requires_grad, text) == (True, False, False, "text")
    out.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_gradient_of_the_broadcast_shape_is_summed(ns):
    class Product(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g, g

    x, y = leaf(ns, 1.0, 2.0), leaf(ns, 5.0)
    Product.apply(x, y).sum().backward()
    assert y.grad.tolist() == [2.0]


def test_nothing_is_recorded_where_no_gradient_is_wanted(ns):
    with ns.no_grad():
        assert not product(ns).apply(leaf(ns, 1.0), leaf(ns, 2.0), 1).requires_grad
    assert not product(ns).apply(ns.ones(1), ns.ones(1), 1).requires_grad


def test_once_differentiable(ns):
    class Square(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable(ns)
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = leaf(ns, 3.0)
    y = Square.apply(x)
    (y * y).sum().backward()
    assert x.grad.tolist() == [108.0]
    y = Square.apply(x)
    (g,) = ns.autograd.grad((y * y).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice a function that was marked with @once_differentiable"):
        g.sum().backward()


def test_saved_tensors_are_freed_by_backward(ns):
    x = leaf(ns, 3.0)
    y = exponential(ns).apply(x)
    y.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.sum().backward()


def test_a_saved_tensor_that_was_overwritten(ns):
    y = exponential(ns).apply(leaf(ns, 3.0))
    with ns.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def failing(ns, answer, x=None):
    class Wrong(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return answer(g)

    x = leaf(ns, 1.0, 2.0) if x is None else x
    return Wrong.apply(x, x).sum().backward


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda g: g, r"function WrongBackward returned an incorrect number of gradients \(expected 2, got 1\)"),
        (lambda g: (g, g, g), r"incorrect number of gradients \(expected 2, got 3\)"),
        (lambda g: (g, 3), r"expected Variable or None \(got int\)"),
        (lambda g: (g, g.repeat(2, 5)), r"at index 1 - got \[2, 10\] but expected shape compatible with \[2\]"),
    ],
)  # fmt: skip
def test_a_wrong_backward_is_told_what_is_wrong(ns, answer, words):
    with pytest.raises(RuntimeError, match=words):
        failing(ns, answer)()


def test_extra_nones_are_no_gradients(ns):
    x = leaf(ns, 1.0, 2.0)
    failing(ns, lambda g: (g, g, None, None), x)()
    assert x.grad.tolist() == [2, 2]


def test_only_tensors_are_saved(ns):
    class Saves(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x

    with pytest.raises(TypeError, match="save_for_backward can only save variables, but argument 0 is of type int"):
        Saves.apply(leaf(ns, 1.0))


def test_backward_must_be_there(ns):
    class Forward(ns.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + 1

    with pytest.raises(NotImplementedError, match="implement either the backward or vjp method"):
        Forward.apply(leaf(ns, 1.0)).sum().backward()


def test_a_function_is_not_called_as_an_object():
    with pytest.raises(RuntimeError, match=r"Call Product\.apply\(x\)"):
        product(torch)()(torch.ones(1))
