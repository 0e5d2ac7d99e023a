"""A run that the doctor watches: its steps while they are eager, and its losses after that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from backlit.train.events import Callback, Run

#: Steps that are watched of a run that is compiled. "auto" takes more than these eagerly in any case, so that the
#: doctor changes no bit of it; "native" takes these eagerly for the doctor's sake, and they may differ in rounding.
WATCHED = 20


@contextmanager
def doctoring(mode: bool | str, engine: str, keeps_best: bool) -> Iterator[list[Doctoring]]:
    """The callback that watches, in a list; an empty one without a doctor. Raises ValueError for an unknown mode."""
    if mode not in (False, True, "warn", "collect"):
        raise ValueError(f'fit: doctor must be True, False, "warn" or "collect", and is {mode!r}.')
    if mode is False:
        yield []
        return
    with Doctoring("collect" if mode == "collect" else "warn", engine, keeps_best) as watching:
        yield [watching]


class Doctoring(Callback):
    """Watches a run from its first step. `findings` are what was found, causes first; `early` those of the steps that
    are watched of every run, without what can only be said of a run that has ended.

    An eager run is watched to its end. Of others the first steps are, and then their losses, training and validation.
    Findings are said as warnings of class DoctorWarning when `mode` is "warn".
    """

    def __init__(self, mode: Any, engine: str, keeps_best: bool) -> None:
        from backlit.doctor import RULES
        from backlit.doctor.watch import Watch

        # Early stopping keeps the weights of the best epoch, which is what `overfit` would have one do.
        self.watch = Watch(RULES, mode, ["overfit"] if keeps_best else [])
        self.is_eager = engine == "eager"
        self.is_listening = False
        self.epochs = 0
        self.early: list[Any] = []

    def __enter__(self) -> Doctoring:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.watch.steps:
            self.early = [finding for finding in self.watch.findings if finding.step <= WATCHED]
            self.watch.finish()
        self.watch.rest()

    @property
    def findings(self) -> list[Any]:
        return self.watch.findings

    def on_start(self, run: Run) -> None:
        if self.is_eager or run.step < WATCHED:
            self.watch.__enter__()
            self.watch.follow(run.optimizer)
            self.is_listening = True

    def on_step(self, run: Run) -> None:
        if not self.is_listening:
            course = self.watch.course
            for row in run.history.epochs[self.epochs :]:
                if "validation_loss" in row:
                    self.watch.tell("on_score", row["validation_loss"])
            self.watch.note(run.history.losses[self.watch.steps :].tolist())
            course.epoch_rows = course.epoch_rows or run.batches.rows
            course.seen = run.step * run.batches.rows / run.steps_per_epoch
        elif not self.is_eager and run.step >= WATCHED:
            self.watch.rest()
            self.is_listening = False
        self.epochs = len(run.history.epochs)
