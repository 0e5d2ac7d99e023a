"""What a callback is told, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.train.batches import Batches
from backlit.train.history import History

EVENTS = ("on_start", "on_step", "on_epoch", "on_end")


class Run:
    """A training run as its callbacks see it. `step` and `epoch` say how many are done; `loss` is the last step's.

    `pause` is a step after which callbacks are told, though the engine could run on past it; with `one_by_one` they are
    told after every step.
    """

    def __init__(
        self, model: Module, optimizer: Optimizer, batches: Batches, epochs: int, callbacks: Sequence[Any] = ()
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.batches = batches
        self.steps_per_epoch = batches.steps_per_epoch
        self.epochs = epochs
        self.callbacks = callbacks
        self.history = History()
        self.step = 0
        self.epoch = 0
        self.pause = 0
        self.one_by_one = False
        self.loss = float("nan")

    def stop(self, reason: str) -> None:
        """End the run after the present step, and say why."""
        self.history.stopped = reason

    @property
    def steps(self) -> int:
        """How many steps the run takes if nobody stops it."""
        return self.epochs * self.steps_per_epoch

    @property
    def is_stopped(self) -> bool:
        """Whether somebody asked for the end."""
        return bool(self.history.stopped)


class Callback:
    """Something to be told of a run's events; a subclass overrides the ones it wants. Any object with some of
    these methods will do.

    `on_step` comes after one or more whole steps: after each in the eager engine, after a chunk in a compiled one.
    `on_epoch` comes when the epoch's row stands in `run.history.epochs[-1]`, and may add to that row.
    A callback that must go on where it stood when a run is resumed has `state_dict()` and `load_state_dict(state)`.

    >>> class Loss(Callback):
    ...     def on_epoch(self, run):
    ...         print(f"{run.epoch}/{run.epochs}  {run.loss:.4f}")
    """

    def on_start(self, run: Run) -> None:
        """Before the first step."""

    def on_step(self, run: Run) -> None:
        """After steps up to `run.step`; `run.loss` is the last one's loss."""

    def on_epoch(self, run: Run) -> None:
        """After an epoch and its validation."""

    def on_end(self, run: Run) -> None:
        """After the last step, also where the run was stopped."""


class Listeners:
    """The callbacks of a run, each event's together."""

    def __init__(self, callbacks: Iterable[Any]) -> None:
        callbacks = list(callbacks)
        for callback in callbacks:
            if not any(callable(getattr(callback, event, None)) for event in EVENTS):
                raise TypeError(
                    f"fit: {callback!r} is no callback: it has none of the methods {', '.join(EVENTS)}. Write:\n"
                    "    class Show(backlit.train.Callback):\n"
                    "        def on_epoch(self, run): print(run.epoch, run.loss)\n"
                    "    backlit.fit(..., callbacks=[Show()])"
                )
        self._methods = {event: [getattr(c, event) for c in callbacks if _hears(c, event)] for event in EVENTS}

    def hear(self, event: str) -> bool:
        """Whether anybody listens to the event."""
        return bool(self._methods[event])

    def tell(self, event: str, run: Run) -> None:
        """Call every callback that listens to the event, in the order given."""
        for method in self._methods[event]:
            method(run)


def _hears(callback: Any, event: str) -> bool:
    """Whether a callback has a method of its own for the event."""
    method = getattr(type(callback), event, None) or getattr(callback, event, None)
    return method is not None and method is not getattr(Callback, event)
