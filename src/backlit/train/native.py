"""The native engine: a step that repeats itself is compiled, and runs from there on without Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backlit.nn import Module
from backlit.ops.registry import reading
from backlit.optim import Optimizer
from backlit.random import default_generator
from backlit.tensor import Tensor
from backlit.train.batches import Batches
from backlit.train.choices import Loss
from backlit.train.engines import Eager

#: Seconds that a call may take, so that progress, early stopping and Ctrl-C are heard at least twenty times a second.
PROMPT = 0.04
#: Steps of the first call, which finds out how long one takes.
FIRST_CALL = 8


class Native:
    """Runs chunks of steps as machine code, and eagerly what has no compiled form.

    A run's first `begin` steps are eager, the one in which the optimizer makes its state, and all that somebody listens
    to. Then two steps are
    rehearsed and recorded; if they did the same, what they did is compiled, and all whole batches from there on run
    natively. Rehearsed steps leave everything as it was, so that a run that was interrupted goes on with the very bits
    of one that was not.
    `reason` says why nothing is compiled, "" if all is well; `tell` is called with it once.
    """

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        batches: Batches,
        begin: int,
        tell: Callable[[str], None],
    ) -> None:
        self.eager = Eager(model, loss, optimizer, batches)
        self.begin = begin
        self.model, self.optimizer, self.batches, self.tell = model, optimizer, batches, tell
        self.reason = ""
        self.native: Any = None
        self.taken = 0  # steps since the recorded one
        self.pace = 0.0  # seconds a step

    def advance(self, most: int, after: int = 0) -> np.ndarray:
        """Take at least one and at most `most` steps, after so many of the run.  Out: their losses (steps,) float64."""
        count = self.whole_batches(most)
        has_state = bool(self.optimizer.state) or not self.optimizer.needs_state
        if self.reason or after < self.begin or not has_state or count == 0 or reading.listener is not None:
            return self.eagerly()
        if self.native is None or not self.is_as_recorded():
            self.prepare()
        return self.natively(count) if self.native is not None and self.is_as_recorded() else self.eagerly()

    def whole_batches(self, most: int) -> int:
        """How many steps see a whole batch before the epoch's end."""
        batches = self.batches
        if batches.batch_size == batches.rows:
            return most
        return min(most, (batches.rows - batches.start) // batches.batch_size)

    def eagerly(self) -> np.ndarray:
        self.taken += 1
        return self.eager.advance(1)

    # Preparing.

    def prepare(self) -> None:
        """Rehearse two steps, and compile what they did; or say why not."""
        self.native = None
        try:
            from backlit.compiler.native import NotCompilable, check_repeats, compile_plan
        except ImportError as error:
            self.give_up(f"{error.name} is not installed")
            return
        try:
            with rehearsal(self.model, self.optimizer, self.batches):
                first, second = self.recorded(), self.recorded()
            check_repeats(first, second)
            self.native = compile_plan(second)
            self.groups = [settings_of(group) for group in self.optimizer.param_groups]
            self.taken = -2  # the recorded step is the second from here
        except NotCompilable as error:
            self.give_up(str(error))

    def recorded(self) -> Any:
        """Take a step and write it down as a plan."""
        from backlit.compiler.native import plan_of
        from backlit.tracing import recording

        x, y = self.batches.next()
        with recording() as recorder:
            self.optimizer.step(lambda: self.eager.forward_and_backward(x, y))
        rows = [(x.array, self.batches.x.array), (y.array, self.batches.y.array)]
        return plan_of(recorder, rows, len(x.array))

    def give_up(self, reason: str) -> None:
        self.reason = reason
        self.tell(reason)

    # Running.

    def natively(self, count: int) -> np.ndarray:
        """Take as many steps as there is time for."""
        count = min(count, max(1, int(PROMPT / self.pace)) if self.pace else FIRST_CALL)
        place = self.batches.start
        rows = self.batches.take(count)
        settings = self.native.settings_at(self.taken + 1, self.rates)
        start = time.perf_counter()
        losses: np.ndarray = self.native.run(count, rows, settings)
        self.pace = (time.perf_counter() - start) / count
        self.taken += len(losses)
        self.note_writes(len(losses))
        if len(losses) < count:  # the next step raises an error, in the engine that can say which
            self.batches.start = place + len(losses) * self.batches.batch_size if rows is not None else 0
            return losses if len(losses) else self.eagerly()
        return losses

    def is_as_recorded(self) -> bool:
        """Whether the groups' settings are still the recorded ones; the rate alone may have changed."""
        self.rates: dict[float, float] = {}
        now = [settings_of(group) for group in self.optimizer.param_groups]
        for before, after in zip(self.groups, now, strict=False):
            if self.rates.setdefault(before["lr"], after["lr"]) != after["lr"]:
                return False
        return [{**a, "lr": 0} for a in now] == [{**b, "lr": 0} for b in self.groups]

    def note_writes(self, count: int) -> None:
        """What the optimizer counts for itself, and that its parameters' memory was overwritten."""
        for state in self.optimizer.state.values():
            if "step" in state:
                state["step"].array[...] += count
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                p.version.count += 1


def settings_of(group: dict[str, Any]) -> dict[str, Any]:
    """A group's settings as numbers, and which of its parameters are trained."""
    settings = {name: value for name, value in group.items() if name != "params"}
    return {**settings, "lr": float(group["lr"]), "trained": [p.requires_grad for p in group["params"]]}


@contextmanager
def rehearsal(model: Module, optimizer: Optimizer, batches: Batches) -> Iterator[None]:
    """Whatever steps change inside is afterwards as it was: weights, buffers, state, gradients, generator, rows."""
    tensors = [*model.state_dict().values(), *(p for group in optimizer.param_groups for p in group["params"])]
    states = [(state, dict(state)) for state in optimizer.state.values()]
    tensors += [v for _, kept in states for v in kept.values() if isinstance(v, Tensor)]
    arrays = [(t.array, t.array.copy()) for t in tensors]
    gradients = [(p, p.grad) for group in optimizer.param_groups for p in group["params"]]
    generator, place = default_generator.get_state(), (batches.order, batches.start)
    try:
        yield
    finally:
        for array, values in arrays:
            array[...] = values
        for state, kept in states:
            state.clear()
            state.update(kept)
        for p, gradient in gradients:
            p.grad = gradient
        default_generator.set_state(generator)
        batches.order, batches.start = place
