"""B: losses, outputs and targets, with the numbers that are said of them."""

import math
from contextlib import suppress

import pytest

import backlit as torch
from backlit.doctor import watch
from backlit.nn import functional as F


def found(loss, *args, **kwargs):
    with watch() as doctor, suppress(RuntimeError, ValueError, IndexError, TypeError):
        getattr(F, loss)(*args, **kwargs)
    return [f for f in doctor.findings if f.rule != "bad-initial-loss"]  # random scores may be sure ones


def scores(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), requires_grad=True)


def test_softmax_twice_says_how_far_the_loss_can_fall():
    # Even a sure and right softmax leaves e / (e + K - 1) for its class.
    first = found("cross_entropy", scores(6, 10).softmax(1).view(6, 10), torch.zeros(6).long())[0]
    assert first.rule == "softmax-twice"
    assert f"{-math.log(math.e / (math.e + 9)):.4f}" in first.message


def test_log_softmax_before_cross_entropy_is_only_a_note():
    first = found("cross_entropy", scores(6, 3).log_softmax(1), torch.zeros(6).long())[0]
    assert (first.rule, first.severity) == ("softmax-twice", "note")


@pytest.mark.parametrize(
    ("target", "words"),
    [(torch.tensor([1, 2, 3]), "run from 1: subtract 1"), (torch.tensor([0, 2, 7]), "from 0 to 7 were given for 3")],
)
def test_labels_outside_are_told_by_their_range(target, words):
    first = found("cross_entropy", scores(3, 3), target)[0]
    assert first.rule == "labels-out-of-range"
    assert words in first.message


def test_ignored_labels_may_lie_outside():
    assert found("cross_entropy", scores(3, 3), torch.tensor([0, -100, 2])) == []
    assert found("cross_entropy", scores(3, 3), torch.tensor([0, 9, 2]), ignore_index=9) == []


def test_shapes_that_broadcast_are_named():
    with pytest.warns(UserWarning, match="target size"):
        first = found("mse_loss", scores(4, 1), torch.zeros(4))[0]
    assert first.rule == "loss-broadcast"
    assert "[4, 1]" in first.message
    assert "[4, 4]" in first.message


@pytest.mark.parametrize("rows", [(4, 1), (4,), (2, 3)])
def test_equal_shapes_are_fine(rows):
    assert found("mse_loss", scores(*rows), torch.zeros(*rows)) == []


def test_targets_of_minus_one_get_their_fix():
    first = found("binary_cross_entropy_with_logits", scores(4), torch.tensor([-1.0, 1.0, 1.0, -1.0]))[0]
    assert (first.rule, "(y + 1) / 2" in first.fix) == ("bce-target-range", True)


def test_soft_targets_and_probabilities_are_fine():
    assert found("binary_cross_entropy", scores(4).sigmoid(), torch.tensor([0.1, 0.9, 0.0, 1.0])) == []
    assert found("cross_entropy", scores(2, 2), torch.tensor([[0.3, 0.7], [1.0, 0.0]])) == []


def test_targets_that_an_activation_cannot_give_are_counted():
    first = found("mse_loss", scores(4).sigmoid(), torch.tensor([0.5, 2.0, -1.0, 0.1]))[0]
    assert first.rule == "output-cannot-reach-target"
    assert "2 of 4 targets" in first.message
