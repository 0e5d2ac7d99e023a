"""What the doctor hears of a run: its first steps in full, and then its losses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.doctor import RULES
from backlit.doctor.watch import Watch
from backlit.live.pictures import layer_outputs
from backlit.train.doctoring import WATCHED
from backlit.train.engines import Engine

if TYPE_CHECKING:
    from backlit.live.training import Training

#: What can only be said of a run that has ended, and not of one that is watched as it goes.
SILENT = ["stopped-too-early"]
#: Losses of a chunk of steps that the doctor is told at most, and how many he remembers beside the first.
MOST_TOLD, MOST_REMEMBERED = 8, 1000


class Watching:
    """The doctor at the side of a run. It listens only while steps are taken or rows evaluated, so that pictures and
    other runs are none of what it hears. `first` is the step at which it came.
    """

    def __init__(self, first: int = 0) -> None:
        self.watch = Watch(RULES, "collect", SILENT)
        self.first = first
        self.scored = 0  # epochs after which the test loss was told
        self.is_close = False

    def hears(self, run: Training) -> bool:
        """Whether it listens to the present step."""
        return self.is_close or (self.first == 0 and run.step < WATCHED)

    @contextmanager
    def listening(self, run: Training) -> Iterator[None]:
        """Inside, all that the engine does is heard."""
        optimizer = run.regime.optimizer
        if self.watch.steps:
            self.watch.wake(optimizer)  # whose gradients its last step has used
        with self.watch:
            if all(optimizer is not known for known in self.watch.created):
                self.watch.follow(optimizer)
            yield
        self.watch.tape.clear()

    def watched(self, run: Training, most: int, engine: Engine | None, seconds: float) -> np.ndarray:
        """Take steps of a run, heard one by one, or told of afterwards.  Out: their losses (steps,)."""
        if self.hears(run):
            with self.listening(run):
                return run.steps(1, run.regime.loop)
        losses = run.steps(most, engine, seconds)
        self.note(run, losses)
        return losses

    def note(self, run: Training, losses: np.ndarray) -> None:
        """Tell some of the losses of steps that were not heard: at full speed all of them would take longer than the
        steps do.
        """
        course = self.watch.course
        told = losses if len(losses) <= MOST_TOLD else losses[np.linspace(0, len(losses) - 1, MOST_TOLD).astype(int)]
        self.watch.note(told.tolist())
        self.watch.steps += len(losses) - len(told)
        course.epoch_rows = course.epoch_rows or run.regime.batches.rows
        course.seen = run.samples
        if len(course.means) > 2 * MOST_REMEMBERED:
            del course.losses[1:-MOST_REMEMBERED], course.means[1:-MOST_REMEMBERED]

    @contextmanager
    def evaluation(self, run: Training) -> Iterator[None]:
        """Inside, test rows are evaluated."""
        if self.hears(run) and run.step:
            with self.listening(run):
                yield
            return
        yield

    def tell_score(self, run: Training) -> None:
        """How the test rows do: once an epoch at most."""
        if not self.hears(run) and run.epoch > self.scored:
            self.scored = run.epoch
            self.watch.tell("on_score", run.measures.test_loss)

    def findings(self) -> list[dict[str, Any]]:
        """What the doctor makes of the run so far, causes first."""
        self.watch.finish()
        return [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "message": finding.message,
                "fix": finding.fix,
                "step": finding.step + self.first,
            }
            for finding in self.watch.findings
        ]


def broken(run: Training) -> str:
    """The first tensor of a forward pass over the training rows that holds a number which is not finite; "" if none."""
    names = [f"layer {k}" for k in range(1, len(run.layers) + 1)]
    for name, layer in zip(names, run.layers, strict=True):
        for what, p in (("weights", layer.weight), ("biases", layer.bias)):
            bad = np.argwhere(~np.isfinite(p.array))
            if len(bad):
                place = ".".join(str(int(k)) for k in bad[0])
                return f"the {what} of {name} ({len(bad)} of {p.array.size} numbers; the first is {place})"
    with np.errstate(all="ignore"):
        outputs = layer_outputs(run.model, run.rows.train[0])
    for name, out in zip(names, outputs, strict=True):
        bad = np.argwhere(~np.isfinite(out))
        if len(bad):
            return f"the output of {name}: neuron {int(bad[0][1])} in row {int(bad[0][0])}"
    return ""
