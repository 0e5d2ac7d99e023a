"""Jacobians, Hessians and their products: nested, shaped and valued as PyTorch's."""

import numpy as np
import pytest
import torch as oracle

import backlit as torch

X = [[0.3, -0.7], [1.1, 0.4]]
Y = [0.5, 2.0]


def one(x):
    return (x**3).sum()


def two(x, y):
    return (x * y).sin().sum()


def several(x, y):
    return x * y, (x + y).sum()


def nested(value):
    """The shapes of a nest of tensors, with its values."""
    if isinstance(value, tuple):
        return tuple(nested(v) for v in value)
    return np.asarray(value.detach().numpy())


def assert_same(ours, theirs):
    if isinstance(theirs, tuple):
        assert isinstance(ours, tuple)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    else:
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def tensors(ns, *values):
    made = tuple(ns.tensor(v, dtype=ns.float64) for v in values)
    return made if len(made) > 1 else made[0]


def both(name, function, values, vectors=None, **settings):
    results = []
    for ns in (torch, oracle):
        arguments = [tensors(ns, *values)] + ([] if vectors is None else [tensors(ns, *vectors)])
        results.append(nested(getattr(ns.autograd.functional, name)(function, *arguments, **settings)))
    return results


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("name", "function", "values", "vectors"),
    [
        ("jacobian", one, [X], None),
        ("jacobian", lambda x: x.exp(), [X], None),
        ("jacobian", two, [X, Y], None),
        ("jacobian", several, [X, Y], None),
        ("jacobian", lambda x: x.detach() * 0, [X], None),
        ("hessian", one, [X], None),
        ("hessian", two, [X, Y], None),
        ("vjp", several, [X, Y], [X, 2.0]),
        ("vjp", one, [X], None),
        ("jvp", several, [X, Y], [X, Y]),
        ("jvp", lambda x: x.exp(), [X], [X]),
        ("hvp", one, [X], [X]),
        ("vhp", two, [X, Y], [X, Y]),
    ],
)
def test_as_in_pytorch(name, function, values, vectors, create_graph):
    assert_same(*both(name, function, values, vectors, create_graph=create_graph))


def test_a_jacobian_can_be_differentiated_again():
    results = []
    for ns in (torch, oracle):
        x = ns.tensor(X, dtype=ns.float64, requires_grad=True)
        ns.autograd.functional.jacobian(lambda t: t**3, x, create_graph=True).sum().backward()
        results.append(x.grad.numpy())
    np.testing.assert_allclose(*results)


def test_without_create_graph_the_results_are_constants():
    out, slope = torch.autograd.functional.vjp(one, tensors(torch, X))
    assert not out.requires_grad
    assert not slope.requires_grad


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda f, x: f.jacobian(lambda t: t.detach(), x, strict=True), RuntimeError, "does not require grad"),
        (lambda f, x: f.hessian(lambda t: t, x), RuntimeError, "should contain a single element"),
        (lambda f, x: f.vjp(lambda t: t, x), RuntimeError, "v can only be None if the user-provided function returns"),
        (lambda f, x: f.vjp(lambda t: t, x, x[0]), RuntimeError, r"v has invalid size: should be"),
        (lambda f, x: f.jacobian(lambda t: 3, x), TypeError, "must be either a Tensor or a tuple of Tensors"),
        (lambda f, x: f.jacobian(lambda t: t, 3), TypeError, "must be either a Tensor or a tuple of Tensors"),
        (lambda f, x: f.hvp(lambda t: t.sum(), x, x, strict=True), RuntimeError, "not allowed in strict mode"),
    ],
)
def test_what_is_said_where_pytorch_raises(call, error, words):
    for ns in (torch, oracle):
        with pytest.raises(error, match=words):
            call(ns.autograd.functional, tensors(ns, X))
