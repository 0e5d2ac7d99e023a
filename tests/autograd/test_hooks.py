"""Hooks on tensors and nodes, and gradients kept of computed tensors."""

import pytest
import torch as oracle

import backlit as torch


@pytest.fixture(params=[torch, oracle], ids=["backlit", "pytorch"])
def ns(request):
    """Both libraries: a case that fails in PyTorch is a wrong case."""
    return request.param


def leaf(ns, *values):
    return ns.tensor(values, dtype=ns.float64, requires_grad=True)


def test_a_hook_sees_the_gradient_and_may_replace_it(ns):
    x, seen = leaf(ns, 1.0, 2.0), []
    y = x * 3
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    (y * y).sum().backward()
    assert seen == [[6.0, 12.0]]
    assert x.grad.tolist() == [181.0, 361.0]


def test_a_hook_sees_the_sum_of_all_that_arrives(ns):
    x, seen = leaf(ns, 1.0), []
    y = x * 2
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 3 + y * 4).sum().backward()
    assert seen == [7.0]


def test_a_removed_hook_is_not_called(ns):
    x, seen = leaf(ns, 1.0), []
    handle = x.register_hook(lambda g: seen.append(1))
    handle.remove()
    x.sum().backward()
    assert seen == []


def test_hooks_of_a_recorded_backward_get_tensors_of_the_graph(ns):
    x = leaf(ns, 2.0)
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = ns.autograd.grad(y.sum(), x, create_graph=True)
    assert g.item() == 8.0
    assert ns.autograd.grad(g, x)[0].item() == 8.0


def test_a_hook_needs_a_gradient_to_hook(ns):
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't require gradient"):
        ns.ones(1).register_hook(print)


def test_retain_grad(ns):
    x = leaf(ns, 1.0, 2.0)
    y = x * 3
    z = x + y
    y.retain_grad()
    z.retain_grad()
    assert y.retains_grad
    (z * z).sum().backward()
    assert y.grad.tolist() == [8.0, 16.0]
    y.grad.zero_()
    assert z.grad.tolist() == [8.0, 16.0]
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        ns.ones(1).retain_grad()


def test_two_that_are_retained_share_no_memory(ns):
    x = leaf(ns, 1.0, 2.0)
    a, b = x * 2, x * 3
    a.retain_grad()
    b.retain_grad()
    (a + b).sum().backward()
    a.grad.zero_()
    assert b.grad.tolist() == [1.0, 1.0]


def test_the_graph_can_be_followed(ns):
    x = leaf(ns, 1.0)
    node = (x.exp() * 2).sum().grad_fn
    names = []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    assert names == ["SumBackward0", "MulBackward0", "ExpBackward0", "torch::autograd::AccumulateGrad"]
