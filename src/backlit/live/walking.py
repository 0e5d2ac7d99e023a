"""Walking through a step phase by phase, forward and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.live.messages import Message, Refusal
from backlit.live.phases import BACKWARD, BATCH, LOSS, PHASES, UPDATE, Step, record
from backlit.live.timeline import Moment, moment_of
from backlit.live.training import Training
from backlit.tracing import TraceError

if TYPE_CHECKING:
    from backlit.live.session import Session

#: What may be asked on the way; all else ends the walk.
ON_THE_WAY = frozenset(("frame", "step", "inspect", "probe", "program", "lesson", "diagnose", "axes", "guess"))


class Walk:
    """A step of a run and how much of it has happened. `before` is the moment at which it begins; `after` the one at
    which it ends, known once it was taken.
    """

    def __init__(self, session: Session) -> None:
        self.before: Moment = moment_of(session.runs)
        self.after: Moment | None = None
        self.step: Step = recorded(session.training)
        self.phase = BATCH

    @property
    def is_taken(self) -> bool:
        return self.phase == UPDATE

    @property
    def gradients(self) -> dict[int, np.ndarray[Any, Any] | None]:
        """What lies in each parameter's `grad`, by the parameter's id."""
        return dict(zip(map(id, self.step.model.parameters()), self.step.gradients(self.phase), strict=True))

    def told(self) -> Message:
        """The phase as the state tells it; the loss of the batch once it is known."""
        return {
            "index": self.phase,
            "name": PHASES[self.phase],
            "loss": self.step.loss if self.phase >= LOSS else None,
        }


def recorded(training: Training) -> Step:
    """The next step of a run, recorded and left undone. Raises Refusal for one that cannot be recorded."""
    try:
        with training.running():
            return record(training.regime.loop)
    except TraceError as error:
        raise Refusal(f"This step cannot be taken apart: {error}") from None


def forward(session: Session) -> None:
    """One phase on. Entering the update takes the step; after it the next step begins."""
    walk = session.walk
    if walk is None or walk.is_taken:
        session.refuse_to_go_on()
        session.pause()
        session.walk = Walk(session)
    elif walk.phase < BACKWARD:
        walk.phase += 1
    else:
        take(session, walk)


def take(session: Session, walk: Walk) -> None:
    """The update: the step as it was recorded."""
    walk.phase = UPDATE
    if walk.after is not None:
        session.timeline.put_back(walk.after)
    else:
        session.take_by_hand()
        walk.after = moment_of(session.runs)


def back(session: Session) -> None:
    """One phase back; from the first one to the end of the step before."""
    walk = session.walk
    if walk is None or walk.phase == BATCH:
        session.refuse_to_go_on()
        session.pause()
        session.walk = step_before(session)
    elif walk.is_taken:
        session.timeline.put_back(walk.before)
        walk.phase = BACKWARD
    else:
        walk.phase -= 1


def step_before(session: Session) -> Walk:
    """The step that was taken last, at its end."""
    present, number = moment_of(session.runs), session.training.step
    if number == 0:
        raise Refusal("This is before the first step: there is nothing to go back to.")
    session.timeline.show(number - 1)
    try:
        if session.training.step != number - 1:
            raise Refusal(f"Step {number} is too long ago to be taken apart again.")
        walk = Walk(session)
    finally:
        session.timeline.put_back(present)
    walk.after, walk.phase = present, UPDATE
    return walk


def finish(session: Session) -> None:
    """The rest of the step at hand."""
    walk = session.walk
    if walk is not None and not walk.is_taken:
        take(session, walk)
    elif walk is not None:
        forward(session)
        finish(session)


def leave(session: Session) -> None:
    """Walk no further. A step whose update was gone back from has not been taken."""
    walk, session.walk = session.walk, None
    if walk is not None and walk.after is not None:
        session.timeline.cut()


def rows_on_screen(session: Session) -> list[int]:
    """The batch's rows by their numbers among the points that are drawn."""
    if session.walk is None:
        return []
    batches = session.training.regime.batches
    trained = np.flatnonzero(~session.rows.is_test)[batches.numbers]
    rows = trained[session.walk.step.rows]
    return np.flatnonzero(np.isin(session.shown_rows, rows)).tolist()
