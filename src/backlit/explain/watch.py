"""Waiting for a step of a running script, and recording it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from backlit.autograd.modes import grad_mode
from backlit.autograd.tracked import Tracked, users_frame
from backlit.explain.explanation import Explanation
from backlit.explain.recorded import explanation_of
from backlit.ops.registry import Op, reading
from backlit.optim.optimizer import (
    WATCHED,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from backlit.tracing.modules import ModuleStack
from backlit.tracing.outside import listening_to_draws
from backlit.tracing.recorder import Recorder


class StepIsComplete(BaseException):
    """Raised through the running script when the wanted step has ended; no exception that a script would catch."""


class Watcher:
    """Counts the steps of what runs while it is entered, and records number `wanted` (counted from 1; None: none).

    A step ends with an optimizer's `step()`. By hand it ends before the first operation that wants a gradient after a
    leaf was changed: a leaf of no optimizer that a gradient was taken with respect to. It begins with the first
    operation that wants a gradient after the step before has ended, so what prepares a batch is given to it.

    While it waits, the engine tells it of ops and backward passes and computes as ever (`reading.listener`).
    """

    def __init__(self, wanted: int | None) -> None:
        self.wanted = wanted
        self.done = self.passes = 0
        self.explanation: Explanation | None = None
        self.recorder: Recorder | None = None
        self.leaves: dict[int, tuple[Any, Any, Any]] = {}  # of this step: the tensor, its array, and a copy of that
        self.owned: dict[int, Any] = {}  # the parameters of optimizers
        self.passes_before = 0  # backward passes before this step
        self.elsewhere = 0  # optimizer steps of other threads, which the engine does not tell of
        self.stepping: Any = None  # the optimizer whose step runs
        self.thread = threading.get_ident()
        self.modules = ModuleStack()  # all the while: a step's first operation lies inside of its model's call
        self.open = ExitStack()

    def __enter__(self) -> Watcher:
        self.hooks = ExitStack()
        self.hooks.enter_context(register_optimizer_step_pre_hook(self.before_step))
        self.hooks.enter_context(register_optimizer_step_post_hook(self.after_step))
        self.open.enter_context(self.modules)
        reading.listener = self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.hooks.close()

    def finish(self) -> None:
        """What ran has ended: a step by hand may have ended with it."""
        if self.explanation is None and self.is_changed_by_hand():
            self.count(None)

    # What the engine tells.

    def forward(self, op: Op, inputs: Sequence[Any], arrays: Sequence[Any], settings: dict[str, Any]) -> Any:
        if self.meets(inputs) and self.is_next and self.recorder is None:
            self.begin()
        if self.recorder is not None:
            return self.recorder.forward(op, inputs, arrays, settings)
        return op.forward(*arrays, **settings)

    def made(self, result: Any) -> None:
        if self.recorder is not None:
            self.recorder.made(result)

    def begin_backward(self, roots: Sequence[Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
        self.passes += 1
        return wrap

    def end_backward(self) -> None:
        pass

    def arrived(self, leaves: Iterable[Any]) -> None:
        pass

    def before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self.is_here:
            self.elsewhere += 1
        elif self.stepping is None:
            self.stepping = optimizer
            if self.is_next and self.recorder is None:
                self.begin().look_at(users_frame())  # a closure has the loss, or there was an optimizer before this one

    def after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.is_here and self.stepping is optimizer:  # and not one that another optimizer calls
            self.stepping = None
            self.count(optimizer)
            self.leave_to_optimizers()

    # Steps.

    @property
    def is_here(self) -> bool:
        """Whether what runs is the thread that is watched: the hooks of optimizers hear of all."""
        return threading.get_ident() == self.thread

    @property
    def is_next(self) -> bool:
        return self.explanation is None and self.wanted == self.done + 1

    def meets(self, inputs: Sequence[Any]) -> bool:
        """Look at an op's inputs, note the leaves, and say whether it wants a gradient."""
        wants = False
        if grad_mode.enabled:
            for given in inputs:
                if isinstance(given, Tracked) and given.needs_grad:
                    if not wants and self.is_changed_by_hand():
                        self.count(None)
                    wants = True
                    if given.node is None and id(given) not in self.owned and id(given) not in self.leaves:
                        self.leaves[id(given)] = (given, given.array, given.array.copy())
        return wants

    def is_changed_by_hand(self) -> bool:
        """Whether a leaf is no longer what it was when the backward passes of this step used it."""
        if self.stepping is not None or self.passes == self.passes_before:
            return False
        if not any(is_changed(*each) for each in self.leaves.values()):
            return False
        self.leave_to_optimizers()
        return any(is_changed(*each) for each in self.leaves.values())

    def leave_to_optimizers(self) -> None:
        """What optimizers own is theirs to change, between their steps too: some look ahead before they step."""
        for optimizer in WATCHED:
            self.owned.update((id(p), p) for group in optimizer.param_groups for p in group["params"])
        self.leaves = {key: each for key, each in self.leaves.items() if key not in self.owned}

    def begin(self) -> Recorder:
        """Record from here on."""
        recorder = self.recorder = reading.recorder = reading.listener = StepRecorder(self)
        self.open.enter_context(listening_to_draws())
        return recorder

    def count(self, optimizer: Any) -> None:
        """A step has ended. Raises StepIsComplete if it was the wanted one."""
        self.done += 1
        changed = [(leaf, array) for leaf, array, copy in self.leaves.values() if is_changed(leaf, array, copy)]
        self.leaves.clear()
        self.passes_before = self.passes
        if self.recorder is not None:
            recorder = self.recorder
            recorder.moved = [(leaf, array) for leaf, array in changed if leaf.array is not array]
            self.close()
            self.explanation = explanation_of(recorder, changed, step=self.done, optimizer=optimizer)
            raise StepIsComplete

    def close(self) -> None:
        """Record no longer, and listen to nothing."""
        reading.recorder = reading.listener = None
        self.recorder = None
        self.open.close()


class StepRecorder(Recorder):
    """Writes a step down for a watcher, whom it tells what it hears."""

    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self.watcher, self.modules = watcher, watcher.modules

    def forward(self, op: Op, inputs: Sequence[Any], arrays: Sequence[Any], settings: dict[str, Any]) -> Any:
        self.watcher.meets(inputs)
        return super().forward(op, inputs, arrays, settings)

    def begin_backward(self, roots: Sequence[Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
        self.watcher.passes += 1
        return super().begin_backward(roots, wrap)


def is_changed(leaf: Any, array: Any, copy: Any) -> bool:
    """Whether a leaf has another array than it had, or that one other values than its copy."""
    return leaf.array is not array or not np.array_equal(array, copy, equal_nan=True)
