"""D: where a number broke, and what is told of rates and layers."""

import numpy as np
import pytest

import backlit as torch
from backlit.doctor import watch
from backlit.doctor.course import baseline_of
from backlit.nn import functional as F


def broken(make):
    """What is found of one step on a loss that `make` gives."""
    w = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    with watch() as doctor:
        make(w).backward()
        optimizer.step()
    return [f for f in doctor.findings if f.rule == "nan-origin"]


def test_the_first_operation_that_broke_is_named_with_its_operands():
    def make(w):
        x = torch.tensor([4.0, 2.0, 0.0])
        return (w * (6.0 / x)).log().sum()

    first = broken(make)[0]
    assert "div gave inf in row 2, from 6 and 0" in first.message


def test_infinity_that_is_put_in_on_purpose_is_no_origin():
    def make(w):
        masked = (w * torch.ones(3)).masked_fill(torch.tensor([True, True, True]), -float("inf"))
        return masked.softmax(0).sum()

    assert "softmax gave nan" in broken(make)[0].message


def test_a_finite_loss_breaks_nothing():
    def make(w):
        masked = (w * torch.ones(3)).masked_fill(torch.tensor([True, False, False]), -float("inf"))
        return masked.softmax(0)[1]

    assert broken(make) == []


def test_a_parameter_that_a_step_broke_is_told_of():
    w = torch.ones(2, requires_grad=True)
    layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD([w, *layer.parameters()], lr=0.1)
    with watch(layer, optimizer) as doctor:
        for _ in range(2):
            optimizer.zero_grad()
            loss = layer(w).sum()
            loss.backward()
            layer.weight.grad.mul_(float("inf"))
            optimizer.step()
    first = next(f for f in doctor.findings if f.rule == "nan-origin")
    assert "step 1 broke it" in first.message


@pytest.mark.parametrize(
    ("name", "y", "expected"),
    [
        ("cross_entropy", np.array([0, 0, 1, 1]), np.log(2)),
        ("binary_cross_entropy", np.array([1.0, 0.0, 0.0, 0.0]), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))),
        ("mse_loss", np.array([[1.0], [3.0]]), 1.0),
        ("l1_loss", np.array([0.0, 0.0, 3.0]), 1.0),
    ],
)
def test_the_baseline_is_the_loss_of_the_best_constant(name, y, expected):
    assert baseline_of(name, y) == pytest.approx(expected)


def test_the_right_baseline_is_reached_by_training_a_constant():
    y = torch.tensor([0, 1, 1, 2, 2, 2])
    bias = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([bias], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(bias.expand(6, 3), y)
        loss.backward()
        return loss

    for _ in range(3):
        loss = optimizer.step(closure)
    assert baseline_of("cross_entropy", y.numpy()) == pytest.approx(loss.item(), abs=1e-5)
