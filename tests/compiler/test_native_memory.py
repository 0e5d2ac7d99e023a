"""Compiled steps that overwrite what they still read: every line sees the numbers that it saw in the record."""

import numpy as np
import pytest

import backlit as torch


def crossing(a, b, c):
    """a is overwritten while what was read from it waits for a place in b, of another shape."""
    part = a[:2] * 2
    a.mul_(0.5)
    b.copy_(part)
    c.add_(a.sum())


def swapping(a, b, c):
    old = a * 1
    a.copy_(c)
    c.copy_(old)


def turning(a, b, c):
    """Each element is written over with another one of the same array."""
    a.copy_(a.flip(0) + c)
    b.copy_(a[:2])


def mixing(a, b, c):
    total = a + c
    a.copy_(total)
    c.copy_(total * a)
    b.add_(total[1:])


def growing(a, b, c):
    a[:2] = b
    c[1] = a.sum()


@pytest.mark.parametrize("change", [crossing, swapping, turning, mixing, growing], ids=lambda f: f.__name__)
def test_what_is_overwritten_was_read_before(change):
    def run(wrap):
        torch.manual_seed(0)
        a, b, c, w = torch.randn(3), torch.randn(2), torch.randn(3), torch.randn(3, requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)

        def step(x):
            loss = ((w * x + a).square()).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                change(a, b, c)
            return loss

        stepper = wrap(step)
        losses = [stepper(torch.full((3,), 0.1 * k)).item() for k in range(6)]
        return [losses, *(t.detach().numpy() for t in (a, b, c, w))]

    for found, expected in zip(run(lambda step: torch.compile(step, strict=True)), run(lambda step: step), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
