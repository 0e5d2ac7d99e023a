"""Every optimizer takes PyTorch's path, in every configuration that PyTorch tests."""

import numpy as np
import pytest
import torch

import backlit
import backlit.optim
from optim.problem import CONFIGURATIONS, IDS, Problem, optimizer_of

EACH = [(name, {"lr": 0.01}) for name in dict.fromkeys(name for name, _ in CONFIGURATIONS)]


def assert_same_path(mine, theirs, rtol=1e-9, atol=1e-10):
    for step, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        for p, q in zip(a, b, strict=True):
            assert p.dtype == q.dtype
            np.testing.assert_allclose(p, q, rtol=rtol, atol=atol, err_msg=f"step {step}")


def paths(name, settings, steps=30, **problem):
    for ns in (backlit, torch):
        here = Problem(ns, **problem)
        yield here.train(optimizer_of(ns, name, here.params, settings), steps)


@pytest.mark.parametrize(("name", "settings"), CONFIGURATIONS, ids=IDS)
def test_follows_pytorch_in_float64(name, settings):
    # LBFGS makes up to 20 moves a step. Near the minimum the last bit of a loss decides where a search goes.
    assert_same_path(*paths(name, settings, steps=5 if name == "LBFGS" else 30))


@pytest.mark.parametrize(
    ("name", "settings"), [case for case in CONFIGURATIONS if case[0] != "LBFGS"], ids=lambda value: str(value)
)
def test_follows_pytorch_in_float32(name, settings):
    assert_same_path(*paths(name, settings, dtype=np.float32), rtol=1e-4, atol=1e-5)


def test_lbfgs_reaches_the_minimum_in_float32():
    here = Problem(backlit, dtype=np.float32)
    here.train(backlit.optim.LBFGS(here.params, line_search_fn="strong_wolfe"), 3)
    for p in here.params:
        assert p.dtype == backlit.float32
        assert np.abs(p.grad.numpy()).max() < 1e-3  # nearer by, the float32 loss does not change any more


@pytest.mark.parametrize(("name", "settings"), EACH)
def test_parameters_without_gradient_stay(name, settings):
    mine, theirs = paths(name, settings, 5, without_gradient=(1, 3))
    assert_same_path(mine, theirs)
    untouched = Problem(backlit).values()
    np.testing.assert_array_equal(mine[-1][1], untouched[1])
    np.testing.assert_array_equal(mine[-1][3], untouched[3])


@pytest.mark.parametrize(("name", "settings"), EACH)
def test_first_gradient_may_come_late(name, settings):
    """A parameter's own counter starts with its first gradient, not with the optimizer's first step."""
    found = []
    for ns in (backlit, torch):
        here = Problem(ns, without_gradient=(0,))
        optimizer = optimizer_of(ns, name, here.params, settings)
        here.train(optimizer, 3)
        here.without_gradient = ()
        found.append(here.train(optimizer, 3))
    assert_same_path(*found)


@pytest.mark.parametrize(("name", "settings"), EACH)
def test_rate_may_change_between_steps(name, settings):
    found = []
    for ns in (backlit, torch):
        here = Problem(ns)
        optimizer = optimizer_of(ns, name, here.params, settings)
        path = []
        for rate in (0.01, 0.02, 0.001):
            optimizer.param_groups[0]["lr"] = rate
            path += here.train(optimizer, 2)
        found.append(path)
    assert_same_path(*found)


@pytest.mark.parametrize(("name", "settings"), EACH)
def test_rate_may_be_a_tensor(name, settings):
    mine, number = Problem(backlit), Problem(backlit)
    by_tensor = optimizer_of(backlit, name, mine.params, {"lr": backlit.tensor(0.25)})
    by_number = optimizer_of(backlit, name, number.params, {"lr": 0.25})
    assert_same_path(mine.train(by_tensor, 3), number.train(by_number, 3), rtol=0, atol=0)


def test_settings_may_be_numpy_numbers():
    """np.float64 settings must not turn float32 parameters' arithmetic into float64."""
    mine, plain = Problem(backlit, dtype=np.float32), Problem(backlit, dtype=np.float32)
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "dampening": 0.5}
    strong = {key: np.float64(value) for key, value in settings.items()}
    a = mine.train(backlit.optim.SGD(mine.params, **strong), 3)
    b = plain.train(backlit.optim.SGD(plain.params, **settings), 3)
    assert_same_path(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["SGD", "Adam", "Rprop"])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_large_parameters_go_piece_by_piece(name, layout):
    """More than one piece, in both memory layouts, with a gradient in the other one."""
    values, gradient = np.random.default_rng(0).normal(size=(2, 301, 257))
    found = []
    for ns in (backlit, torch):
        p = ns.from_numpy(np.array(values, order=layout)).requires_grad_()
        optimizer = optimizer_of(ns, name, [p], {"lr": 0.1})
        for scale in (1.0, -0.5, 2.0):
            p.grad = ns.from_numpy(np.array(gradient * scale, order="C"))
            optimizer.step()
        found.append([[p.detach().numpy()]])
    assert_same_path(*found)


@pytest.mark.parametrize(("name", "settings"), EACH)
def test_memory_stays_where_it_is(name, settings):
    """Parameters and state are written in place, so views and exported arrays keep showing them."""
    here = Problem(backlit)
    seen = [p.detach().numpy() for p in here.params]
    versions = [p._version for p in here.params]
    here.train(optimizer_of(backlit, name, here.params, settings), 2)
    for p, array, version in zip(here.params, seen, versions, strict=True):
        assert np.shares_memory(p.detach().numpy(), array)
        np.testing.assert_array_equal(p.detach().numpy(), array)
        assert p._version > version


def test_overflow_is_no_warning():
    p = backlit.tensor([1e38, -1.0], requires_grad=True)
    optimizer = backlit.optim.SGD([p], lr=1e30)
    p.grad = backlit.tensor([-1e38, 0.0])
    optimizer.step()
    assert p.tolist() == [np.inf, -1.0]


def test_step_returns_what_the_closure_does():
    p = backlit.tensor([3.0], requires_grad=True)
    optimizer = backlit.optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with backlit.no_grad():  # the closure is run with gradients all the same
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == 0.0


def test_backward_after_a_step_through_old_values_is_an_error():
    p = backlit.tensor([3.0], requires_grad=True)
    optimizer = backlit.optim.SGD([p], lr=0.5)
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"(?s)modified by an inplace operation.*test_paths\.py:\d+"):
        loss.backward()


def test_lbfgs_without_closure_says_how():
    with pytest.raises(TypeError, match=r"(?s)needs a closure.*def closure"):
        backlit.optim.LBFGS([backlit.ones(1, requires_grad=True)]).step()


def test_lbfgs_stops_at_the_minimum():
    p = backlit.tensor([0.0], requires_grad=True)
    optimizer = backlit.optim.LBFGS([p])
    calls = []

    def closure():
        calls.append(1)
        p.grad = backlit.zeros(1)
        return 0.0

    optimizer.step(closure)
    assert len(calls) == 1
    assert p.tolist() == [0.0]
