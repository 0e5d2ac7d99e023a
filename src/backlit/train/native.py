"""The native engine: a step that repeats itself is compiled, and runs from there on without Python."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
from backlit.train.rehearsal import Recorded, obstacle, rehearsal

#: Seconds that a call may take, so that progress, early stopping and Ctrl-C are heard at least twenty times a second.
PROMPT = 0.04
#: Steps of the first call, which finds out how long one takes.
FIRST_CALL = 8
#: Bytes of random numbers that are drawn ahead for a call.
MOST_DRAWN = 1 << 25
#: A run whose settings change more often than this, other than its learning rates, is not compiled anew.
MOST_COMPILED = 4
#: Recording listens to the one default generator and to all modules: threads take turns.
ONE_AT_A_TIME = threading.Lock()


class Native:
    """Runs chunks of steps as machine code, and eagerly what has no compiled form.

    A run's first `begin` steps are eager, the one in which the optimizer makes its state, and all that somebody listens
    to. Then two steps are rehearsed and recorded; if they did the same, what they did is compiled, and all whole
    batches from there on run natively. Rehearsed steps leave everything as it was, so that a run that was interrupted
    goes on with the very bits of one that was not.
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
        self.compiled = 0  # how often
        self.taken = 0  # steps since the recorded one
        self.pace = 0.0  # seconds a step

    def advance(self, most: int, after: int = 0) -> np.ndarray:
        """Take at least one and at most `most` steps, after so many of the run.  Out: their losses (steps,) float64."""
        count = self.whole_batches(most)
        has_state = bool(self.optimizer.state) or not self.optimizer.needs_state
        if self.reason or after < self.begin or not has_state or count == 0 or reading.listener is not None:
            return self.eagerly()
        rates = None if self.native is None else self.as_recorded.rates()
        if rates is None:
            self.prepare()
            rates = None if self.reason else self.as_recorded.rates()
        if rates is not None and any(old != new for old, new in rates.items()):
            rates = self.checked(rates)
        return self.eagerly() if rates is None else self.natively(count, rates)

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
        self.compiled += 1
        if self.compiled > MOST_COMPILED:
            reason = "the optimizer's settings, or the model's tensors, are others again and again"
        else:
            reason = self.compile()
        if reason:
            self.give_up(reason)

    def compile(self) -> str:
        """Out: why there is no compiled step, "" if there is one."""
        try:
            from backlit.compiler.native import NotCompilable, check_repeats, compile_plan
        except (ImportError, OSError) as error:  # OSError: the library is there, and cannot be loaded
            return f"LLVM cannot be used ({error})"
        from backlit.tracing import TraceError

        try:
            with ONE_AT_A_TIME:
                reason = obstacle(self.model, self.optimizer)
                if reason:
                    return reason
                first, second = self.rehearsed()
            check_repeats(first, second)
            self.native = compile_plan(second)
        except (NotCompilable, TraceError) as error:
            return str(error)
        except Exception as error:  # if it is the step's own, the eager engine raises it when its turn comes
            return f"preparing it raised {type(error).__name__}: {error}"
        self.as_recorded, self.rates_are_free = Recorded(self.model, self.optimizer), False
        self.taken = -2  # the recorded step is the second from here
        return ""

    def rehearsed(self) -> tuple[Any, Any]:
        """The plans of two steps, which leave no trace."""
        with rehearsal(self.model, self.optimizer, self.batches):
            place = self.batches.order, self.batches.start
            first, _ = self.recorded()
            if not self.whole_batches(1):  # only the epoch's short batch is left
                self.batches.order, self.batches.start = place
            second, self.gradients = self.recorded()
        return first, second

    def checked(self, rates: dict[float, float]) -> dict[float, float] | None:
        """The rates, if a rehearsed step shows that nothing but they has changed: rules may compute more from them."""
        from backlit.compiler.native import NotCompilable, check_repeats

        if not self.rates_are_free:
            try:
                with ONE_AT_A_TIME, rehearsal(self.model, self.optimizer, self.batches):
                    check_repeats(self.native.plan, self.recorded()[0], self.taken + 1)
            except NotCompilable as error:
                self.give_up(str(error))
                return None
            self.rates_are_free = True
        return rates

    def give_up(self, reason: str) -> None:
        self.reason = reason
        self.tell(reason)

    def recorded(self) -> tuple[Any, Any]:
        """Take a step and write it down: the plan, and where it leaves each gradient."""
        from backlit.compiler.native import gradients_of, plan_of
        from backlit.tracing import recording

        x, y = self.batches.next()
        state = default_generator.get_state()
        with recording() as recorder:
            self.optimizer.step(lambda: self.eager.forward_and_backward(x, y))
        rows = [(x.array, self.batches.x.array), (y.array, self.batches.y.array)]
        gradients = gradients_of(recorder)
        plan = plan_of(recorder, rows, len(x.array), [b for _, b in gradients], state)
        return plan, gradients

    # Running.

    def natively(self, count: int, rates: dict[float, float]) -> np.ndarray:
        """Take as many steps as there is time for."""
        from backlit.compiler.native import bytes_of, drawn_ahead

        draws = self.native.plan.draws
        count = min(count, max(1, int(PROMPT / self.pace)) if self.pace else FIRST_CALL)
        count = min(count, max(1, MOST_DRAWN // max(1, bytes_of(draws))))
        start, place = time.perf_counter(), self.batches.start
        rows, generator = self.batches.take(count), default_generator.get_state() if draws else None
        drawn = drawn_ahead(draws, count)
        arrays = [drawn[b.before] if b.drawn else b.array for b in self.native.plan.bindings]
        losses: np.ndarray = self.native.run(count, rows, self.native.settings_at(self.taken + 1, rates), arrays)
        self.pace = (time.perf_counter() - start) / count
        if len(losses) < count:
            # A row cannot be computed with, a class number out of range, say: the eager engine says which.
            self.batches.start = place + len(losses) * self.batches.batch_size if rows is not None else 0
            if generator is not None:
                default_generator.set_state(generator)
                drawn_ahead(draws, len(losses))
        self.note(len(losses))
        return losses if len(losses) else self.eagerly()

    def note(self, count: int) -> None:
        """What steps leave behind besides numbers in memory: counters, gradients, versions of what was overwritten."""
        self.taken += count
        if not count:
            return
        for state in self.optimizer.state.values():
            if "step" in state:
                state["step"].array[...] += count
        for leaf, binding in self.gradients:
            leaf.grad = Tensor.wrap(binding.array.copy())
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                p.version.count += 1
