"""Engines: who computes the steps. An engine runs whole steps and says what each lost; the loop does the rest."""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import numpy as np

from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.train.batches import Batches
from backlit.train.choices import Loss


class Engine(Protocol):
    """Advances a training run. An engine may run a chunk of steps at a time, and always ends on a whole step."""

    reason: str  # why it never compiles anything; "" where it may, or was not asked to

    @property
    def is_compiled(self) -> bool:
        """Whether it runs machine code by now."""

    def advance(self, most: int, after: int = 0) -> np.ndarray:
        """Take at least one and at most `most` steps, after so many of the run.  Out: their losses (steps,) float64."""


class Eager:
    """One step at a time through the modules themselves, operation by operation."""

    reason = ""
    is_compiled = False

    def __init__(self, model: Module, loss: Loss, optimizer: Optimizer, batches: Batches) -> None:
        self.model, self.loss, self.optimizer, self.batches = model, loss, optimizer, batches

    def advance(self, most: int, after: int = 0) -> np.ndarray:
        """Take one step."""
        return np.array([self.step(*self.batches.next()).item()])

    def step(self, x: Any, y: Any) -> Any:
        """A step on these rows, its calls in the order of a script's loop.  Out: its loss."""
        if type(self.optimizer).step is not Optimizer.step:  # LBFGS and its like ask for the loss more than once
            return self.optimizer.step(lambda: self.forward_and_backward(x, y))
        loss = self.forward_and_backward(x, y)
        self.optimizer.step()
        return loss

    def forward_and_backward(self, x: Any, y: Any) -> Any:
        """The loss, with fresh gradients in the parameters."""
        loss = self.loss(self.model(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        return loss


ENGINES = ("auto", "eager", "native")
#: "auto" takes so many steps eagerly first: about as long as compiling one takes. It asks for the number of the step,
#: not for the length of the run, so that a run in two parts computes each step as the whole one does.
EAGER_AT_FIRST = 200


def engine_from(name: str, model: Module, loss: Loss, optimizer: Optimizer, batches: Batches) -> Engine:
    """The engine of that name. Raises ValueError if there is none."""
    if name not in ENGINES:
        raise ValueError(f"fit: engine must be one of {', '.join(map(repr, ENGINES))}, and is {name!r}.")
    if name == "eager":
        return Eager(model, loss, optimizer, batches)
    from backlit.train.native import Native

    if name == "native":
        return Native(model, loss, optimizer, batches, begin=0, tell=say_why_not)
    return Native(model, loss, optimizer, batches, begin=EAGER_AT_FIRST, tell=lambda reason: None)


def say_why_not(reason: str) -> None:
    """One line for who asked for the native engine and does not get it."""
    warnings.warn(f"fit: runs eagerly, since {reason}.", stacklevel=2)
