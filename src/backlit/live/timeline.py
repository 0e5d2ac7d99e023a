"""Moments that can be gone back to, under a bound of bytes."""

from __future__ import annotations

import bisect
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from backlit.live.training import Snapshot, Training, repeat

#: Bytes of all moments together, and how many there are at most.
MOST_BYTES, MOST_MOMENTS = 64_000_000, 400
#: A moment is kept every so many steps, or as seldom as every so many seconds.
STEPS_APART, SECONDS_APART = 64, 0.05
#: The newest moments are never thinned out: the last steps are to be reached one by one.
NEWEST = 12
#: Steps that are computed again at most, to stand exactly where one wants to; or more, if they take so few seconds.
MOST_REPEATED, SECONDS_REPEATED = 1000, 0.25

#: A loss has not risen yet while it is below so many times the lowest one.
RISEN = 1.5


@dataclass(frozen=True)
class Moment:
    """The runs side by side, between two steps."""

    parts: tuple[Snapshot, ...]

    @property
    def step(self) -> int:
        return self.parts[0].step

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def moment_of(runs: Sequence[Training]) -> Moment:
    """Where some runs stand."""
    return Moment(tuple(run.snapshot() for run in runs))


class Timeline:
    """Moments in the order of their steps. `runs` move through time together, each as many steps as the others.

    A step between two moments is reached by computing it again, which gives the same bits; where something was
    changed by hand, a moment is kept, and none before it is computed on from past it.
    """

    def __init__(self, runs: Sequence[Training]) -> None:
        self.runs = list(runs)
        self.moments: list[Moment] = []
        self.changes: list[int] = []  # steps after which something was changed by hand
        self.bytes = 0
        self.kept_at = 0.0
        self.keep()

    @property
    def steps(self) -> list[int]:
        """The steps of the moments."""
        return [moment.step for moment in self.moments]

    @property
    def is_due(self) -> bool:
        """Whether to keep another moment."""
        ahead = self.runs[0].step - self.moments[-1].step
        is_late = time.perf_counter() - self.kept_at >= SECONDS_APART
        return ahead >= STEPS_APART and (is_late or len(self.moments) < NEWEST)

    def keep(self) -> None:
        """Keep this moment, in place of another one of the same step, and thin out the others."""
        moment = moment_of(self.runs)
        if self.moments and self.moments[-1].step == moment.step:
            self.bytes -= self.moments.pop().bytes
        self.moments.append(moment)
        self.bytes += moment.bytes
        self.kept_at = time.perf_counter()
        while (self.bytes > MOST_BYTES or len(self.moments) > MOST_MOMENTS) and len(self.moments) > NEWEST:
            self.thin()

    def note_change(self) -> None:
        """Something was changed by hand at the present step."""
        self.changes.append(self.runs[0].step)
        self.keep()

    def thin(self) -> None:
        """Drop the moment that is missed least: whose gap would be smallest beside how long ago it is."""
        steps = self.steps
        last = steps[-1]
        gaps = [
            ((steps[k + 1] - steps[k - 1]) / (last - steps[k] + 1), k) for k in range(1, max(2, len(steps) - NEWEST))
        ]
        self.bytes -= self.moments.pop(min(gaps)[1]).bytes

    def show(self, step: int) -> None:
        """Put the runs where they were at a step, or at the nearest moment where that is out of reach."""
        place = max(0, bisect.bisect_right(self.steps, step) - 1)
        before = self.moments[place]
        is_changed = any(before.step < change <= step for change in self.changes)
        most = max(MOST_REPEATED, self.runs[0].steps_in(SECONDS_REPEATED))
        if not is_changed and step - before.step <= most:
            self.put_back(before)
            repeat(self.runs, step)
            if step == before.step:
                self.look()
            return
        nearby = self.moments[place : place + 2]
        self.put_back(min(nearby, key=lambda moment: abs(moment.step - step)))
        self.look()

    def look(self) -> None:
        """Measure the runs where they stand."""
        for run in self.runs:
            run.measures = run.measured()

    def put_back(self, moment: Moment) -> None:
        """Put the runs where they were at a moment."""
        for run, part in zip(self.runs, moment.parts, strict=True):
            run.restore(part)

    def before_the_rise(self) -> int:
        """The step of the last moment whose loss was about the lowest."""
        losses = [(moment.parts[0].measures.loss, moment.step) for moment in self.moments]
        finite = [(loss, step) for loss, step in losses if math.isfinite(loss)]
        lowest = min(finite, default=(math.nan, 0))[0]
        return max((step for loss, step in finite if loss <= RISEN * lowest), default=0)

    def part(self) -> None:
        """The first run goes on alone."""
        del self.runs[1:]
        self.moments = [Moment(moment.parts[:1]) for moment in self.moments]
        self.bytes = sum(moment.bytes for moment in self.moments)

    def cut(self) -> None:
        """Forget what came after the step at which the runs stand."""
        step = self.runs[0].step
        self.moments = [moment for moment in self.moments if moment.step <= step]
        self.changes = [change for change in self.changes if change <= step]
        self.bytes = sum(moment.bytes for moment in self.moments)
        for run in self.runs:
            run.curves.cut(step)
        self.keep()
