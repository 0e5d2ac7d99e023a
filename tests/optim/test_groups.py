"""Parameter groups: settings of their own, names, and what is refused."""

import importlib
import inspect

import numpy as np
import pytest
import torch

import backlit
import backlit.optim
from optim.problem import NAMES, Problem, optimizer_of

BOTH = pytest.mark.parametrize("ns", [backlit, torch], ids=["backlit", "torch"])


def parameter(ns=backlit, value=1.0):
    return ns.tensor([value], requires_grad=True)


def test_groups_follow_their_own_settings():
    found = []
    for ns in (backlit, torch):
        here = Problem(ns)
        a, b, c, d = here.params
        optimizer = ns.optim.SGD([{"params": [a, b]}, {"params": c, "lr": 0.001, "momentum": 0.9}], lr=0.01)
        optimizer.add_param_group({"params": [d], "weight_decay": 0.5, "maximize": True})
        found.append(here.train(optimizer, 10)[-1])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_prints_as_pytorch(name):
    mine, theirs = (optimizer_of(ns, name, [parameter(ns)], {}) for ns in (backlit, torch))
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("name", NAMES)
def test_signature_and_defaults_are_pytorchs(name):
    def arguments(kind):
        return [(p.name, p.kind, p.default) for p in inspect.signature(kind).parameters.values()]

    assert arguments(getattr(backlit.optim, name)) == arguments(getattr(torch.optim, name))
    mine, theirs = (optimizer_of(ns, name, [parameter(ns)], {}) for ns in (backlit, torch))
    assert mine.defaults == theirs.defaults


@BOTH
def test_named_parameters_keep_their_names(ns):
    optimizer = ns.optim.SGD([("a", parameter(ns)), ("b", parameter(ns))], lr=0.1)
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    assert len(optimizer.param_groups[0]["params"]) == 2
    with pytest.raises(ValueError, match="names"):
        optimizer.add_param_group({"params": [parameter(ns)]})


@BOTH
def test_a_single_tensor_in_a_group_is_enough(ns):
    optimizer = ns.optim.SGD([{"params": parameter(ns)}], lr=0.1)
    assert len(optimizer.param_groups[0]["params"]) == 1


WRONG = {
    "nothing": (lambda ns: [], ValueError, "empty parameter list"),
    "a tensor": (lambda ns: parameter(ns), TypeError, "iterable of Tensors"),
    "a number": (lambda ns: 3, TypeError, "int"),
    "numbers": (lambda ns: [3], TypeError, "can only optimize Tensors"),
    "a function": (lambda ns: parameter(ns).backward, TypeError, "method"),
    "a computed tensor": (lambda ns: [parameter(ns) * 2], ValueError, "non-leaf"),
    "a set": (lambda ns: [{"params": {parameter(ns)}}], TypeError, "ordered collections"),
    "some names": (lambda ns: [("a", parameter(ns)), parameter(ns)], ValueError, "name"),
    "one in two groups": (lambda ns: [{"params": [p]} for p in [parameter(ns)] * 2], ValueError, "more than one"),
    "a list in a list of dicts": (lambda ns: [{"params": parameter(ns)}, [parameter(ns)]], TypeError, "dict"),
}


@BOTH
@pytest.mark.parametrize("case", WRONG)
def test_wrong_parameters_are_refused(ns, case):
    make, error, words = WRONG[case]
    with pytest.raises(error, match=words):
        ns.optim.SGD(make(ns), lr=0.1)


def test_refusals_say_what_to_write():
    with pytest.raises(TypeError, match=r"model\.parameters\(\)"):
        backlit.optim.SGD([object()], lr=0.1)
    with pytest.raises(TypeError, match=r"not called: write model\.parameters\(\)"):
        backlit.optim.SGD(parameter().backward, lr=0.1)
    with pytest.raises(ValueError, match=r"computed by MulBackward0.*detach\(\)\.requires_grad_\(\)"):
        backlit.optim.SGD([parameter() * 2], lr=0.1)


@BOTH
def test_a_parameter_twice_in_one_group_is_warned_of(ns):
    p = parameter(ns)
    with pytest.warns(UserWarning, match="parameter"):
        ns.optim.SGD([p, p], lr=0.1)


@BOTH
def test_zero_grad_forgets_or_zeroes(ns):
    a, b = parameter(ns), parameter(ns)
    optimizer = ns.optim.SGD([a, b], lr=0.1)
    (a * 3).sum().backward()
    gradient = a.grad
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is gradient
    assert a.grad.tolist() == [0.0]
    assert b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


@BOTH
def test_an_optimizer_of_ones_own(ns):
    required = importlib.import_module(f"{ns.__name__}.optim.optimizer").required

    class Sign(ns.optim.Optimizer):
        def __init__(self, params, lr=required):
            super().__init__(params, {"lr": lr})

        @ns.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    state["step"] = state.get("step", 0) + 1
                    p.sub_(p.grad.sign(), alpha=group["lr"])

    p = parameter(ns)
    with pytest.raises(ValueError, match="lr"):
        Sign([p])
    optimizer = Sign([p], lr=0.25)
    calls = []
    optimizer.register_step_post_hook(lambda *arguments: calls.append(len(arguments)))
    (p * 7).sum().backward()
    optimizer.step()
    assert p.tolist() == [0.75]
    assert optimizer.state_dict()["state"] == {0: {"step": 1}}
    assert calls == [3]


def test_an_optimizer_prints_its_groups_with_a_line_between():
    def shown(library):
        groups = [{"params": [library.ones(1)], "lr": 0.5}, {"params": [library.ones(2)]}]
        return repr(library.optim.Adagrad(groups, lr=0.1))

    assert shown(backlit) == shown(torch)
