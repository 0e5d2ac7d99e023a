"""Settings that make no sense are refused where PyTorch refuses them, and the message names them."""

import re

import pytest
import torch

import backlit
import backlit.optim
from optim.problem import optimizer_of

BAD = [
    ("SGD", {"lr": -0.1}, "lr=-0.1"),
    ("SGD", {"momentum": -0.5}, "momentum=-0.5"),
    ("SGD", {"weight_decay": -1}, "weight_decay=-1"),
    ("SGD", {"nesterov": True}, "momentum=0"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening=0.1"),
    ("Adam", {"lr": -1.0}, "lr=-1.0"),
    ("Adam", {"betas": (1.0, 0.9)}, "betas[0]"),
    ("Adam", {"betas": (0.9, -0.1)}, "betas[1]"),
    ("Adam", {"betas": (0, 0.9)}, "betas=(0, 0.9)"),
    ("Adam", {"eps": -1e-8}, "eps=-1e-08"),
    ("Adam", {"weight_decay": -1}, "weight_decay=-1"),
    ("AdamW", {"weight_decay": -1}, "weight_decay=-1"),
    ("Adamax", {"betas": (0.9, 1.0)}, "betas[1]"),
    ("Adamax", {"eps": -1}, "eps=-1"),
    ("NAdam", {"momentum_decay": -0.2}, "momentum_decay=-0.2"),
    ("NAdam", {"betas": (1.0, 0.0)}, "betas[0]"),
    ("RAdam", {"betas": (0.9, 1.5)}, "betas[1]"),
    ("RMSprop", {"momentum": -1.0}, "momentum=-1.0"),
    ("RMSprop", {"alpha": -0.1}, "alpha=-0.1"),
    ("Adagrad", {"lr_decay": -0.5}, "lr_decay=-0.5"),
    ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value=-1"),
    ("Adadelta", {"rho": 1.1}, "rho=1.1"),
    ("Adadelta", {"eps": -1}, "eps=-1"),
    ("Rprop", {"etas": (1.0, 0.5)}, "etas=(1.0, 0.5)"),
    ("ASGD", {"weight_decay": -0.5}, "weight_decay=-0.5"),
    ("LBFGS", {"lr": -1}, "lr=-1"),
]


@pytest.mark.parametrize(("name", "settings", "words"), BAD)
def test_bad_setting_is_refused_by_name_and_value(name, settings, words):
    with pytest.raises(ValueError):  # noqa: PT011  (PyTorch's words are its own)
        optimizer_of(torch, name, [torch.ones(1, requires_grad=True)], settings)
    with pytest.raises(ValueError, match=re.escape(words)):
        optimizer_of(backlit, name, [backlit.ones(1, requires_grad=True)], settings)


def test_a_rate_is_one_number():
    for ns in (backlit, torch):
        p = ns.ones(1, requires_grad=True)
        with pytest.raises(ValueError, match=r"1-element|one number.*\(2,\)"):
            ns.optim.Adam([p], lr=ns.ones(2))
        assert ns.optim.Adam([p], lr=ns.ones(1)).param_groups[0]["lr"].shape == (1,)


def test_a_rate_that_is_no_number_is_refused():
    with pytest.raises(TypeError):
        backlit.optim.SGD([backlit.ones(1, requires_grad=True)], lr="0.1")
    with pytest.raises(ValueError, match="lr=nan"):
        backlit.optim.SGD([backlit.ones(1, requires_grad=True)], lr=float("nan"))


def test_a_negative_rate_is_told_of_maximize():
    with pytest.raises(ValueError, match="maximize=True"):
        backlit.optim.SGD([backlit.ones(1, requires_grad=True)], lr=-0.1)


def test_lbfgs_takes_one_group_and_a_known_line_search():
    for ns in (backlit, torch):
        groups = [{"params": [ns.ones(1, requires_grad=True)]} for _ in range(2)]
        with pytest.raises(ValueError, match="per-parameter options"):
            ns.optim.LBFGS(groups)
        p = ns.ones(1, requires_grad=True)
        optimizer = ns.optim.LBFGS([p], line_search_fn="golden")

        def closure(p=p, ns=ns):
            p.grad = ns.ones(1)
            return 1.0

        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer.step(closure)
