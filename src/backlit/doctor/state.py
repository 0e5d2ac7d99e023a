"""The state of each parameter's gradient: empty, fresh, used, or mixed with a used one.

    backward:  EMPTY -> FRESH,  FRESH -> FRESH,  USED -> MIXED
    step:      FRESH -> USED
    zero_grad: any -> EMPTY

Who cleared a gradient, and how, does not matter: it is found by looking at `p.grad` before the next event.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import numpy as np

from backlit.autograd.node import Node


class State(Enum):
    EMPTY = "empty"
    FRESH = "fresh"
    USED = "used"
    MIXED = "mixed"


class GradientState:
    """One parameter: its state, how many backward passes made it, and whether clearing threw fresh gradients away."""

    def __init__(self, parameter: Any) -> None:
        self.parameter = parameter
        self.state = State.EMPTY
        self.passes = 0
        self.discarded = False
        self.uses = 0  # steps in a row that used the same gradient
        self.seen: tuple[Any, int] = (None, 0)
        self.look()

    def look(self) -> None:
        """See whether somebody has cleared the gradient since."""
        grad = self.parameter.grad
        before, self.seen = self.seen, (grad, -1 if grad is None else grad.version.count)
        if self.state is State.EMPTY:
            return
        is_changed = grad is not before[0] or (grad is not None and grad.version.count != before[1])
        if grad is None or (is_changed and is_zero(grad.array)):
            self.discarded = self.state is State.FRESH
            self.state, self.passes, self.uses = State.EMPTY, 0, 0

    def after_backward(self) -> None:
        self.state = State.MIXED if self.state in (State.USED, State.MIXED) else State.FRESH
        self.passes += 1
        self.discarded = False
        self.uses = 0
        grad = self.parameter.grad
        self.seen = (grad, -1 if grad is None else grad.version.count)

    def after_step(self) -> None:
        self.discarded = False
        if self.state in (State.FRESH, State.MIXED, State.USED):
            self.uses = self.uses + 1 if self.state is State.USED else 1
            self.state = State.USED if self.state is not State.MIXED else State.MIXED


class Gradients:
    """The states of all parameters that optimizers hold or backward passes reach."""

    def __init__(self) -> None:
        self.known: dict[int, GradientState] = {}

    def of(self, parameter: Any) -> GradientState:
        state = self.known.get(id(parameter))
        if state is None:
            state = self.known[id(parameter)] = GradientState(parameter)
        return state

    def look(self) -> None:
        for state in self.known.values():
            state.look()

    def resume(self, used: Any) -> None:
        """Look again after some steps that nobody watched. `used` are the parameters that have just been stepped on.

        Of others it is not known whether a step has used their gradients: they count as fresh, of which no rule
        complains.
        """
        stepped = {id(p) for p in used}
        for key, state in self.known.items():
            grad = state.parameter.grad
            if grad is None or is_zero(grad.array):
                state.state = State.EMPTY
            else:
                state.state = State.USED if key in stepped else State.FRESH
            state.passes, state.uses, state.discarded = int(state.state is not State.EMPTY), 1, False
            state.seen = (grad, -1 if grad is None else grad.version.count)


def is_zero(x: np.ndarray) -> bool:
    """Whether all numbers are 0. Of most gradients any one number shows that they are not."""
    return not (x.size and x.item(x.size // 3)) and not x.any()


def graph_of(roots: Iterable[Any]) -> tuple[list[Node], list[Any]]:
    """The nodes that gradients from these roots will go through, and the leaves that they will reach."""
    seen: set[Any] = set()
    waiting = list(roots)
    nodes, leaves = [], []
    while waiting:
        edge = waiting.pop()
        if edge in seen:
            continue
        seen.add(edge)
        if isinstance(edge, Node):
            nodes.append(edge)
            waiting += edge.edges
        else:
            leaves.append(edge)
    return nodes, leaves
