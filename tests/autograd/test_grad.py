"""autograd.grad and backward: what arrives, where, and what is said when nothing can."""

import numpy as np
import pytest
import torch as oracle

import backlit as torch


@pytest.fixture(params=[torch, oracle], ids=["backlit", "pytorch"])
def ns(request):
    """Both libraries: a case that fails in PyTorch is a wrong case."""
    return request.param


def leaf(ns, *values):
    return ns.tensor(values, dtype=ns.float64, requires_grad=True)


def test_gradients_of_leaves_and_of_computed_tensors(ns):
    x = leaf(ns, 1.0, 2.0)
    h = x * 3
    dh, dx = ns.autograd.grad((h * h).sum(), (h, x))
    assert dh.tolist() == [6.0, 12.0]
    assert dx.tolist() == [18.0, 36.0]
    assert x.grad is None


def test_weights_of_several_outputs(ns):
    x = leaf(ns, 1.0, 2.0)
    one, two = ns.ones(2, dtype=ns.float64), ns.tensor([1.0, 10.0], dtype=ns.float64)
    assert ns.autograd.grad([x * 2, x * x], [x], [one, two])[0].tolist() == [4.0, 42.0]


def test_an_input_that_is_not_used(ns):
    x, other = leaf(ns, 1.0), leaf(ns, 2.0, 3.0)
    with pytest.raises(RuntimeError, match=r"not have been used in the graph.*allow_unused=True"):
        ns.autograd.grad(x.sum(), other)
    assert ns.autograd.grad(x.sum(), (x, other), allow_unused=True)[1] is None
    assert ns.autograd.grad(x.sum(), other, materialize_grads=True)[0].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="Expected allow_unused to be True or not passed"):
        ns.autograd.grad(x.sum(), other, allow_unused=False, materialize_grads=True)


def test_what_cannot_be_differentiated(ns):
    x = leaf(ns, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        ns.autograd.grad(x * 2, x)
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require grad"):
        ns.autograd.grad(x.sum(), ns.ones(2))
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        ns.ones(2).sum().backward()
    with pytest.raises(RuntimeError, match="`inputs` argument to `grad"):
        ns.autograd.grad(x.sum(), [])


def test_create_graph_keeps_the_graph(ns):
    x = leaf(ns, 2.0)
    y = x**3
    (first,) = ns.autograd.grad(y, x, create_graph=True)
    (second,) = ns.autograd.grad(first, x, create_graph=True)
    (third,) = ns.autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (12.0, 12.0, 6.0)
    assert y.grad_fn is not None


def test_a_gradient_recorded_through_a_constant_seed():
    x = leaf(torch, 1.0, 2.0)
    x.sum().backward(create_graph=True)
    assert type(x.grad) is torch.Tensor
    assert x.grad.tolist() == [1.0, 1.0]


def test_gradient_penalty(ns):
    """A loss with a gradient in it: d/dw of (d(w x ** 2)/dx) ** 2 = 8 w x ** 2."""
    w, x = leaf(ns, 3.0), leaf(ns, 2.0)
    (slope,) = ns.autograd.grad((w * x**2).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    assert w.grad.tolist() == [96.0]
    assert x.grad.tolist() == [144.0]


def test_backward_to_some_inputs_only(ns):
    x, y = leaf(ns, 1.0), leaf(ns, 2.0)
    (x * y).sum().backward(inputs=[x])
    assert x.grad.tolist() == [2.0]
    assert y.grad is None


def test_gradients_add_up_and_belong_to_nobody_else(ns):
    x, y = leaf(ns, 1.0, 2.0), leaf(ns, 3.0, 4.0)
    for _ in range(2):
        (x + y).sum().backward()
    x.grad.mul_(100)
    assert y.grad.tolist() == [2.0, 2.0]


def test_the_gradient_of_a_number_is_a_tensor_that_can_be_written(ns):
    x = ns.tensor(3.0, requires_grad=True)
    (x * x).backward()
    x.grad.zero_()
    (x * x).backward()
    assert x.grad.item() == 6.0
    assert x.grad.shape == ()


def test_a_second_backward_needs_the_graph_retained(ns):
    x = leaf(ns, 1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_a_graph_that_kept_nothing_is_walked_again(ns):
    x = leaf(ns, 1.0, 2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_the_freed_graph_says_what_to_write():
    x = leaf(torch, 1.0)
    y = x.exp()
    y.backward()
    with pytest.raises(
        RuntimeError, match=r"ExpBackward0[\s\S]*\(loss1 \+ loss2\)\.backward\(\)[\s\S]*retain_graph=True"
    ):
        y.backward()


def test_the_cut_graph_says_what_may_have_cut_it():
    with pytest.raises(RuntimeError, match=r"requires_grad=True[\s\S]*no_grad[\s\S]*detach"):
        (leaf(torch, 1.0).detach() * 2).backward()


def test_a_gradient_of_the_wrong_shape(ns):
    x = leaf(ns, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * 2).backward(ns.ones(3, dtype=ns.float64))


@pytest.mark.parametrize("seed", range(5))
def test_diamonds_of_any_shape(seed):
    """Gradients that arrive at one tensor by several ways, of different lengths."""

    def run(ns):
        rng = np.random.default_rng(seed)
        x = leaf(ns, 0.4, -0.3)
        pool = [x]
        for _ in range(15):
            a, b = (pool[rng.integers(len(pool))] for _ in range(2))
            pool.append([a + b, a * b, a.sin(), a - b * 2][rng.integers(4)])
        sum(p.sum() for p in pool).backward()
        return x.grad.numpy()

    np.testing.assert_allclose(run(torch), run(oracle), rtol=1e-10)
