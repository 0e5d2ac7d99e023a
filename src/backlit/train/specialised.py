"""One step as machine code, for batches of one size."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.random import default_generator
from backlit.tensor import Tensor
from backlit.train.engines import Eager
from backlit.train.rehearsal import Recorded, obstacle, rehearsal

#: Seconds that a call may take, so that progress, early stopping and Ctrl-C are heard at least twenty times a second.
PROMPT = 0.04
#: Steps of the first call, which finds out how long one takes.
FIRST_CALL = 8
#: Bytes of random numbers that are drawn ahead for a call.
MOST_DRAWN = 1 << 25
#: Recording listens to the one default generator and to all modules: threads take turns.
ONE_AT_A_TIME = threading.Lock()


class Specialised:
    """What two rehearsed steps did, compiled. `taken` counts the run's steps before them.

    Raises NotCompilable, TraceError, or whatever the step itself raises.
    """

    def __init__(self, eager: Eager, taken: int) -> None:
        from backlit.compiler.native import NotCompilable, check_repeats, compile_plan, swapped

        self.eager, self.batches = eager, eager.batches
        self.model: Module = eager.model
        self.optimizer: Optimizer = eager.optimizer
        with ONE_AT_A_TIME:
            reason = obstacle(self.model, self.optimizer)
            if reason:
                raise NotCompilable(reason)
            first, second = self.rehearsed()
        check_repeats(first, second)
        self.native = compile_plan(second)
        self.batches.shuffler = swapped
        self.recorded_step = taken + 2
        self.as_recorded, self.rates_are_free = Recorded(self.model, self.optimizer), False
        self.pace = 0.0  # seconds a step

    # Recording.

    def rehearsed(self) -> tuple[Any, Any]:
        """The plans of two steps on batches of one size, which leave no trace.

        Raises NotYet where a step would make a state that the optimizer has to keep.
        """
        from backlit.compiler.native import NotYet

        batches = self.batches
        size, known = batches.next_size(), self.remembered()
        with rehearsal(self.model, self.optimizer, batches):
            place = batches.order, batches.start
            first, _ = self.recorded()
            if self.remembered() != known:
                raise NotYet("the optimizer remembers nothing yet of some parameters")
            if batches.next_size() != size:
                batches.order, batches.start = place
            second, self.gradients = self.recorded()
        return first, second

    def remembered(self) -> int:
        """Of how many parameters the optimizer has a state."""
        return sum(bool(state) for state in self.optimizer.state.values())

    def recorded(self) -> tuple[Any, Any]:
        """Take a step and write it down: the plan, and where it leaves each gradient."""
        from backlit.compiler.native import gradients_of, plan_of
        from backlit.tracing import recording

        x, y = self.batches.next()
        state = default_generator.get_state()
        with recording() as recorder:
            self.eager.step(x, y)
        rows = [(x.array, self.batches.x.array), (y.array, self.batches.y.array)]
        gradients = gradients_of(recorder)
        return plan_of(recorder, rows, len(x.array), [b for _, b in gradients], state), gradients

    def check_rates(self, taken: int) -> None:
        """Raise NotCompilable if a rule computes more from its learning rate than the compiled step is given.

        A rehearsed step shows it, once for all changes of rates.
        """
        from backlit.compiler.native import check_repeats

        if not self.rates_are_free:
            with ONE_AT_A_TIME, rehearsal(self.model, self.optimizer, self.batches):
                check_repeats(self.native.plan, self.recorded()[0], taken + 1 - self.recorded_step)
            self.rates_are_free = True

    # Running.

    def run(self, most: int, taken: int, rates: dict[float, float]) -> np.ndarray:
        """Take as many steps as there is time for, after `taken` of the run.  Out: their losses (steps,).

        There are fewer, or none, where a row cannot be computed with, such as one of a class that does not exist, and
        where the count of steps leads to what was not compiled.
        """
        from backlit.compiler.native import bytes_of, drawn_ahead

        plan, batches = self.native.plan, self.batches
        ahead = [] if plan.draws_inside else plan.draws
        count = min(most, max(1, int(PROMPT / self.pace)) if self.pace else FIRST_CALL)
        count = min(count, max(1, MOST_DRAWN // max(1, bytes_of(ahead))))
        if plan.draws and batches.shuffle:  # what the steps draw comes before the next epoch's order
            count = min(count, max(1, batches.left()))
        before, place = default_generator.get_state(), (batches.order, batches.start)
        start, rows = time.perf_counter(), batches.take(count)
        drawn = drawn_ahead(ahead, count)
        arrays = [b.array if b.before is None else drawn.get(b.before, b.array) for b in plan.bindings]
        settings = self.native.settings_at(taken + 1 - self.recorded_step, rates)
        losses: np.ndarray = self.native.run(count, rows, settings, arrays)
        self.pace = (time.perf_counter() - start) / count
        if len(losses) < count:  # as if only the steps that were taken had been tried
            batches.order, batches.start = place
            default_generator.set_state(before)
            if len(losses):
                batches.take(len(losses))
            for _ in losses:
                drawn_ahead(plan.draws, 1)
        if len(losses):
            self.note(len(losses))
        return losses

    def note(self, count: int) -> None:
        """What steps leave behind besides numbers in memory: counters, gradients, versions of what was overwritten."""
        for state in self.optimizer.state.values():
            if "step" in state:
                state["step"].array[...] += count
        for leaf, binding in self.gradients:
            leaf.grad = Tensor.wrap(binding.array.copy())
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                p.version.count += 1
