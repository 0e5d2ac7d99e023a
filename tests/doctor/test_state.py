"""The state machine of gradients, held to its specification by random sequences of calls."""

import hypothesis.strategies as st
from hypothesis import given, settings

import backlit as torch
from backlit.doctor.state import GradientState, State

CALLS = st.lists(st.sampled_from(["backward", "step", "zero", "none", "detached"]), max_size=30)


@given(CALLS)
@settings(max_examples=60, deadline=None)
def test_a_gradient_is_fresh_used_or_mixed_by_what_was_called(calls):
    p = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)
    seen, expected, passes = GradientState(p), State.EMPTY, 0
    for call in calls:
        if call == "backward":
            seen.look()
            (p * 2).sum().backward()
            seen.after_backward()
            expected = State.MIXED if expected in (State.USED, State.MIXED) else State.FRESH
            passes += 1
        elif call == "step":
            seen.look()
            optimizer.step()
            seen.after_step()
            expected = State.USED if expected is State.FRESH else expected
        else:
            discards = expected is State.FRESH
            if call == "detached" and p.grad is not None:
                p.grad.zero_()  # by hand
            else:
                optimizer.zero_grad(set_to_none=call == "none")
            was_empty = expected is State.EMPTY
            seen.look()
            assert was_empty or seen.discarded == discards
            expected, passes = State.EMPTY, 0
        assert (seen.state, seen.passes) == (expected, passes)


def test_accumulated_gradients_are_fresh():
    p = torch.ones(1, requires_grad=True)
    seen = GradientState(p)
    for _ in range(3):
        (p * 2).sum().backward()
        seen.after_backward()
    assert (seen.state, seen.passes) == (State.FRESH, 3)
