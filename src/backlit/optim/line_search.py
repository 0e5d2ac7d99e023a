"""A line search for the strong Wolfe conditions (Nocedal and Wright, "Numerical Optimization", 2006, chapter 3.5).

Along a direction d from a point x, a step t is accepted when the loss has fallen enough (Armijo),
    loss(t) ≤ loss(0) + C1 · t · slope(0),
and the slope has flattened enough (curvature),
    |slope(t)| ≤ C2 · |slope(0)|.
First steps grow until an interval must hold such a t (algorithm 3.5), then the interval is narrowed (algorithm 3.6).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

C1 = 1e-4  # Nocedal and Wright's, p. 33
C2 = 0.9  # theirs for quasi-Newton methods, p. 34


class Trial(NamedTuple):
    """A step that was tried: its length, the loss there, the gradient, and the slope along the direction."""

    t: float
    loss: float
    gradient: Any
    slope: float


Try = Callable[[float], Trial]


def strong_wolfe(attempt: Try, start: Trial, t: float, *, width: float, tolerance: float,
                 budget: int) -> tuple[Trial, int]:  # fmt: skip
    """The step to take, and how many were tried.

    attempt: evaluates a step. start: the trial at t = 0. t: the first step to try. width: the largest element of |d|;
    an interval that moves no parameter by `tolerance` is narrow enough. budget: tries after the first.
    """
    ends, tried = bracket(attempt, start, t, budget)
    low = 0
    if len(ends) == 2:
        low = lower(ends)
        stuck = False
        while tried <= budget and abs(ends[1].t - ends[0].t) * width >= tolerance:
            left, right = sorted(end.t for end in ends)
            t, stuck = inside(cubic_minimum(ends[0], ends[1], left, right), left, right, stuck)
            trial, tried = attempt(t), tried + 1
            if too_high(trial, start) or trial.loss >= ends[low].loss:
                ends[1 - low] = trial
                low = lower(ends)
                continue
            if is_flat(trial, start):
                return trial, tried
            if trial.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = trial
    return ends[low], tried


def bracket(attempt: Try, start: Trial, t: float, budget: int) -> tuple[list[Trial], int]:
    """Two trials with an acceptable step between them, or the one that is acceptable; and how many were tried."""
    before, trial = start, attempt(t)
    for k in range(max(budget, 0)):
        if too_high(trial, start) or (k > 1 and trial.loss >= before.loss):
            return [before, trial], k + 1
        if is_flat(trial, start):
            return [trial], k + 1
        if trial.slope >= 0:
            return [before, trial], k + 1
        # At least a little farther than the last step went on, and at most ten times as far in all.
        t = cubic_minimum(before, trial, trial.t + 0.01 * (trial.t - before.t), 10 * trial.t)
        before, trial = trial, attempt(t)
    return [start, trial], max(budget, 0) + 1


def too_high(trial: Trial, start: Trial) -> bool:
    return trial.loss > start.loss + C1 * trial.t * start.slope


def is_flat(trial: Trial, start: Trial) -> bool:
    return abs(trial.slope) <= -C2 * start.slope


def lower(ends: list[Trial]) -> int:
    return 0 if ends[0].loss <= ends[1].loss else 1


def cubic_minimum(a: Trial, b: Trial, low: float, high: float) -> float:
    """Where the cubic with the losses and slopes of both trials has its minimum, kept in [low, high].

    Nocedal and Wright, equation 3.59. Without a minimum: the middle.
    """
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    above, below = b.slope + d2 - d1, b.slope - a.slope + 2 * d2
    # A loss that is a straight line has its minimum at the far end.
    t = b.t - (b.t - a.t) * (above / below) if below != 0 else math.copysign(math.inf, -above)
    return min(max(t, low), high)


def inside(t: float, low: float, high: float, stuck: bool) -> tuple[float, bool]:
    """Keep `t` a tenth of the interval away from its ends if it was too near them twice running, or beyond them.

    Returns the step, and whether it is too near an end: then the interval hardly shrinks.
    """
    margin = 0.1 * (high - low)
    if not min(high - t, t - low) < margin:
        return t, False
    if not (stuck or t >= high or t <= low):
        return t, True
    return (high - margin if abs(t - high) < abs(t - low) else low + margin), False
