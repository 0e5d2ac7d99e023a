"""The next training step taken apart: recorded once and left undone, to be shown in six phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backlit.explain.explanation import Explanation
from backlit.explain.recorded import explanation_of
from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.tensor import Tensor
from backlit.tracing import recording
from backlit.tracing.names import graph_of
from backlit.train.batches import Batches
from backlit.train.engines import Eager
from backlit.train.rehearsal import rehearsal

#: The learner's own loop, a line for each phase.
PHASES = ("batch", "forward", "loss", "zero_grad", "backward", "update")
CODE = (
    "for x, y in batches:",
    "    out = model(x)",
    "    loss = loss_fn(out, y)",
    "    optimizer.zero_grad()",
    "    loss.backward()",
    "    optimizer.step()",
)
BATCH, FORWARD, LOSS, ZERO_GRAD, BACKWARD, UPDATE = range(6)

Gradients = list[np.ndarray[Any, Any] | None]


@dataclass(frozen=True)
class Step:
    """A step that was rehearsed and recorded. `rows` are the numbers of the batch's rows; `stale` the gradients that
    lay there before, parameter by parameter, `cleared` what clearing left of them, and `fresh` those of this step.

    Shape: rows (B,); gradients as their parameters, None where there is none.
    """

    explanation: Explanation
    rows: np.ndarray[Any, Any]
    loss: float
    stale: Gradients
    cleared: Gradients
    fresh: Gradients
    model: Module = field(repr=False)

    def gradients(self, phase: int) -> Gradients:
        """What lies in the parameters' `grad` after a phase."""
        return self.stale if phase < ZERO_GRAD else self.cleared if phase == ZERO_GRAD else self.fresh


def record(loop: Eager) -> Step:
    """The step that the loop would take next. Model, optimizer, generator and order of rows are left as they were.

    >>> import backlit as torch
    >>> from backlit.train.batches import Batches
    >>> model = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> batches = Batches(torch.ones(4, 1), torch.zeros(4, 1), None, shuffle=False)
    >>> before = model.weight.item()
    >>> step = record(Eager(model, torch.nn.MSELoss(), optimizer, batches))
    >>> step.stale, step.fresh[0].shape, model.weight.item() == before
    ([None, None], (1, 1), True)
    """
    model, optimizer, batches = loop.model, loop.optimizer, loop.batches
    parameters = list(model.parameters())
    stale = gradients_of(parameters)
    with rehearsal(model, optimizer, batches):
        rows, (x, y) = rows_of_next(batches)
        watched = Watched(optimizer, parameters)
        with watched, recording() as recorder:
            loss = loop.step(x, y)
            graph = graph_of(recorder, loop.step, (x, y), loss)
            explanation = explanation_of(recorder, graph=graph, optimizer=optimizer)
        fresh = gradients_of(parameters)
    cleared = watched.cleared if watched.cleared is not None else stale
    return Step(explanation, rows, float(loss.item()), stale, cleared, fresh, model)


def rows_of_next(batches: Batches) -> tuple[np.ndarray[Any, Any], tuple[Any, Any]]:
    """The numbers of the next batch's rows, and their x and y."""
    batch = batches.next()
    if batches.batch_size == batches.rows:
        return np.arange(batches.rows), batch
    end = batches.start or batches.rows
    numbers = np.arange(end - len(batch[0].array), end)
    return (numbers if batches.order is None else batches.order[numbers]), batch


def gradients_of(parameters: Sequence[Tensor]) -> Gradients:
    """Copies of the gradients as they are now."""
    return [None if p.grad is None else np.array(p.grad.array) for p in parameters]


class Watched:
    """Notes what an optimizer's `zero_grad` leaves while entered; `cleared` stays None if it is never called."""

    def __init__(self, optimizer: Optimizer, parameters: Sequence[Tensor]) -> None:
        self.optimizer, self.parameters = optimizer, parameters
        self.cleared: Gradients | None = None

    def __enter__(self) -> Watched:
        self.optimizer.zero_grad = self.clear  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        del self.optimizer.zero_grad

    def clear(self, set_to_none: bool = True) -> None:
        type(self.optimizer).zero_grad(self.optimizer, set_to_none)
        self.cleared = gradients_of(self.parameters)
