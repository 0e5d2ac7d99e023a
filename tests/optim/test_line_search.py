"""The line search keeps its promise on functions of one variable."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlit.optim.line_search import C1, C2, Trial, cubic_minimum, strong_wolfe

FUNCTIONS = {
    "parabola": (lambda t: (t - 2) ** 2, lambda t: 2 * (t - 2)),
    "quartic": (lambda t: (t - 3) ** 4 - t, lambda t: 4 * (t - 3) ** 3 - 1),
    "log cosh": (lambda t: math.log(math.cosh(t - 4)), lambda t: math.tanh(t - 4)),
    "waves": (lambda t: math.cos(t) + 0.01 * t * t, lambda t: -math.sin(t) + 0.02 * t),
    "steep": (lambda t: math.exp(-5 * t) + t, lambda t: -5 * math.exp(-5 * t) + 1),
}


def search(name, offset, first):
    f, slope = FUNCTIONS[name]
    tried = []

    def attempt(t):
        tried.append(t)
        return Trial(t, f(offset + t), None, slope(offset + t))

    start = Trial(0.0, f(offset), None, slope(offset))
    return start, tried, strong_wolfe(attempt, start, first, width=1.0, tolerance=1e-9, budget=25)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.floats(-0.5, 0.2), st.floats(1e-3, 20))
def test_the_step_satisfies_the_strong_wolfe_conditions(name, offset, first):
    if name == "waves":
        offset = 0.1 + abs(offset)  # on its other side the waves rise
    start, tried, (trial, count) = search(name, offset, first)
    assert trial.loss <= start.loss + C1 * trial.t * start.slope
    assert abs(trial.slope) <= -C2 * start.slope
    assert count == len(tried)


@given(st.floats(-5, 5), st.floats(0.1, 5), st.floats(-3, 3), st.floats(0.2, 4))
def test_a_parabolas_minimum_is_found_at_once(middle, bend, left, width):
    a, b = (Trial(t, bend * (t - middle) ** 2, None, 2 * bend * (t - middle)) for t in (left, left + width))
    assert cubic_minimum(a, b, -100, 100) == pytest.approx(middle, abs=1e-6)
    assert cubic_minimum(b, a, -100, 100) == pytest.approx(middle, abs=1e-6)


def test_a_straight_line_goes_to_the_end():
    a, b = Trial(0.0, 0.0, None, -1.0), Trial(1.0, -1.0, None, -1.0)
    assert cubic_minimum(a, b, 1.01, 10.0) == 10.0


def test_no_minimum_gives_the_middle():
    a, b = Trial(0.0, 0.0, None, 1.0), Trial(1.0, 5.0, None, 1.0)
    assert cubic_minimum(a, b, 0.0, 1.0) in (0.0, 0.5)
