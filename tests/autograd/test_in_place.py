"""Views share memory, writes continue the graph: random programs give PyTorch's values and gradients."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch

STEPS = [
    "part",
    "row",
    "transpose",
    "flatten",
    "unsqueeze",
    "expand",
    "product",
    "sine",
    "exponential",
    "detach",
    "add_",
    "mul_",
    "scale_",
    "sine_",
    "exponential_",
    "zero_",
    "copy_",
    "set_row",
    "set_part",
    "masked_set",
]

instructions = st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
start = [[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]]


def fits(value, target):
    """Whether `value` broadcasts to the target's shape."""
    try:
        return np.broadcast_shapes(tuple(value.shape), tuple(target.shape)) == tuple(target.shape)
    except ValueError:
        return False


def step(kind, t, u, k):
    """One instruction on the tensors t and u: a new tensor, or None where it writes to t or does not apply."""
    rows = t.shape[0] if t.ndim else 0
    if kind == "part":
        return t[k % rows :] if rows else None
    if kind == "row":
        return t[k % rows] if rows else None
    if kind == "transpose":
        return t.t() if t.ndim == 2 else None
    if kind == "flatten":
        return t.reshape(-1)
    if kind == "unsqueeze":
        return t.unsqueeze(0) if t.ndim < 3 else None
    if kind == "product":
        return t * u if fits(u, t) else None
    if kind == "sine":
        return t.sin()
    if kind == "exponential":
        return (t * 0.1).exp()
    if kind == "detach":
        return t.detach() * 2
    if kind == "expand":
        return (t.expand(2, *t.shape) * 1.5) if t.ndim < 3 else None
    return write(kind, t, u * 1.0, k, rows)


def write(kind, t, value, k, rows):
    if kind == "scale_":
        t *= 0.5 + k / 10
    elif kind == "sine_":
        t.sin_()
    elif kind == "exponential_":
        t.mul_(0.1).exp_()
    elif kind == "zero_":
        t.zero_()
    elif kind == "set_row" and rows:
        t[k % rows] = value.sum()
    elif kind == "set_part" and rows:
        t[: k % rows + 1] = 0.7
    elif kind == "masked_set":
        t[t.detach() > 0.5] = 0.25
    elif fits(value, t) and kind == "add_":
        t.add_(value)
    elif fits(value, t) and kind == "mul_":
        t.mul_(value)
    elif fits(value, t) and kind == "copy_":
        t.copy_(value)


def run(ns, program):
    """The program's tensors at its end, and the gradient of the sum of them all; or the error that stopped it."""
    leaf = ns.tensor(start, dtype=ns.float64, requires_grad=True)
    pool = [leaf * 1.0]
    try:
        for kind, i, j, k in program:
            made = step(kind, pool[i % len(pool)], pool[j % len(pool)], k)
            if made is not None:
                pool.append(made)
        loss = sum((t * (n + 1)).sum() for n, t in enumerate(pool))
        loss.backward()
    except RuntimeError as error:
        return error
    return [t.detach().numpy() for t in pool] + [leaf.grad.numpy()]


@settings(max_examples=200, deadline=None)
@given(st.lists(instructions, min_size=1, max_size=12))
def test_random_programs_of_views_and_writes(program):
    ours, theirs = run(torch, program), run(oracle, program)
    if isinstance(theirs, RuntimeError):
        if any(kind == "copy_" for kind, *_ in program):
            return  # PyTorch also runs what led to values that were wholly overwritten, and may find it stale
        assert isinstance(ours, RuntimeError), f"PyTorch raises {theirs}"
        return
    assert not isinstance(ours, RuntimeError), ours
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_view_made_before_a_write_sees_it():
    x = torch.ones(4, requires_grad=True)
    y = x * 2
    part = y[1:3]
    y *= 3
    assert part.tolist() == [6.0, 6.0]
    part.sum().backward()
    assert x.grad.tolist() == [0.0, 6.0, 6.0, 0.0]


def test_a_write_to_a_view_reaches_its_base():
    x = torch.ones(4, requires_grad=True)
    y = x * 2
    y[1:3] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 0.0, 2.0]


def test_a_leaf_is_not_overwritten_in_the_graph():
    w = torch.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match=r"a leaf Variable that requires grad.*in-place[\s\S]*torch.no_grad\(\): w -="
    ):
        w += 1
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
        w[0] = 5.0
    with torch.no_grad():
        w += 1
    assert w.tolist() == [2.0, 2.0]
    assert w.requires_grad
    assert w.is_leaf


def test_a_kept_value_that_was_overwritten_is_named_with_the_line_that_did_it():
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * 2
    z = y.sin()
    y += 1  # the line to be named
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        z.sum().backward()
    words = str(caught.value)
    assert "SinBackward0" in words
    assert "input 'x'" in words
    assert "is at version 1" in words
    assert "needs version 0" in words
    line = next(
        n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if "the line to be named" in text
    )
    assert f"test_in_place.py:{line}" in words


def test_a_kept_output_that_was_overwritten_is_noticed():
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError, match="the output of ExpBackward0"):
        y.sum().backward()


def test_what_no_rule_names_may_be_overwritten():
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * 2
    z = y + 1
    y.zero_()
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_writing_through_data_is_not_noticed():
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * x
    x.data.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_writing_through_detach_is_noticed():
    x = torch.tensor([0.5, 1.0], requires_grad=True)
    y = x * x
    x.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("library", [torch, oracle], ids=["backlit", "torch"])
def test_an_update_in_place_that_would_lose_the_fraction_is_refused(library: Any) -> None:
    """An integer tensor plus 1.5 is a float, which its memory cannot hold."""
    x = library.tensor([1, 2])
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        x += 1.5
    with pytest.raises(RuntimeError, match="can't be cast"):
        x.mul_(library.tensor([1.5, 2.5]))
    with pytest.raises(RuntimeError, match="output type Bool"):
        library.tensor([True]).add_(1)
    assert x.tolist() == [1, 2]
    x[0] = 3.7  # an assignment converts
    assert x.copy_(library.tensor([5.5, 6.5])).tolist() == [5, 6]
