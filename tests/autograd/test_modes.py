"""Whether operations are recorded: as context managers, as decorators, nested, in generators, in threads."""

import threading

import pytest
import torch as oracle

import backlit as torch


@pytest.fixture(params=[torch, oracle], ids=["backlit", "pytorch"])
def ns(request):
    """Both libraries: a case that fails in PyTorch is a wrong case."""
    return request.param


def recorded(ns):
    return (ns.ones(1, requires_grad=True) * 2).requires_grad


def test_no_grad_and_enable_grad_nest(ns):
    with ns.no_grad():
        assert not recorded(ns)
        with ns.enable_grad():
            assert recorded(ns)
        assert not recorded(ns)
    assert recorded(ns)


def test_the_mode_is_restored_after_an_error(ns):
    def fail():
        with ns.no_grad():
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        fail()
    assert ns.is_grad_enabled()


def test_set_grad_enabled_as_a_call_and_as_a_context(ns):
    ns.set_grad_enabled(False)
    try:
        assert not recorded(ns)
        with ns.set_grad_enabled(True):
            assert recorded(ns)
        assert not recorded(ns)
    finally:
        ns.set_grad_enabled(True)
    with ns.set_grad_enabled(False):
        assert not recorded(ns)
    assert recorded(ns)


def test_as_decorators(ns):
    @ns.no_grad()
    def without(x):
        return (x * 2).requires_grad

    @ns.no_grad
    def without_too(x):
        return (x * 2).requires_grad

    @ns.set_grad_enabled(False)
    def set_off(x):
        return (x * 2).requires_grad

    @ns.inference_mode()
    def inferred(x):
        return (x * 2).requires_grad

    x = ns.ones(1, requires_grad=True)
    assert [f(x) for f in (without, without_too, set_off, inferred)] == [False] * 4
    assert recorded(ns)


def test_a_generator_switches_only_while_it_runs(ns):
    @ns.no_grad()
    def generate():
        for _ in range(2):
            yield recorded(ns)

    seen = []
    for inside in generate():
        seen.append((inside, recorded(ns)))
    assert seen == [(False, True)] * 2


def test_inference_mode(ns):
    with ns.inference_mode():
        assert ns.is_inference_mode_enabled()
        assert not recorded(ns)
    with ns.inference_mode(False):
        assert recorded(ns)
    assert not ns.is_inference_mode_enabled()


def test_each_thread_has_its_mode(ns):
    seen = []
    with ns.no_grad():
        thread = threading.Thread(target=lambda: seen.append(recorded(ns)))
        thread.start()
        thread.join()
    assert seen == [True]


def test_integers_need_no_gradient(ns):
    with pytest.raises(RuntimeError, match="only Tensors of floating point"):
        ns.tensor([1, 2]).requires_grad_()
    assert not (ns.ones(2, requires_grad=True) > 0).requires_grad


def test_variable_is_a_tensor(ns):
    from importlib import import_module

    variable = import_module(f"{ns.__name__}.autograd").Variable
    data = ns.ones(2)
    x = variable(data, requires_grad=True)
    assert isinstance(x, variable)
    assert isinstance(x, ns.Tensor)
    assert x.requires_grad
    assert x.data_ptr() == data.data_ptr()
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        variable([1.0])
