"""The operations of the present step in the order in which they ran, and where among them a number broke."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from backlit.doctor.rule import OpCall
from backlit.tensor import Tensor

#: Operations kept of a step at most: data that were prepared before the first step are looked at too.
LONGEST = 10_000
LAYERS = ("linear", "matmul")


class Tape:
    """What ran since the last step. It holds tensors that the step's graph holds anyway, and nothing after the step.

    `calls` are what OpCall is made of, as plain tuples: they are written for every operation, and read seldom. Finding
    the user's line costs as much as a small operation, so only steps watched in full have lines; others do the same at
    the same lines.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.done = 0  # calls before the last backward pass
        self.dropped = 0  # calls of this step that are forgotten
        self.lines: list[tuple[Any, Any, int]] = []  # of the last step that was watched in full

    def clear(self, has_lines: bool = False) -> None:
        if has_lines:
            self.lines = [(op, code, line) for op, _, _, _, code, line in self.calls]
        self.calls, self.done, self.dropped = [], 0, 0

    def drop(self) -> None:
        """Forget the calls so far, and count them: what they gave is known to be finite, and its memory is wanted."""
        self.dropped += len(self.calls)
        self.calls, self.done = [], 0

    def read(self) -> list[OpCall]:
        found = []
        for k, call in enumerate(self.calls, self.dropped):
            if call[4] is None and k < len(self.lines) and self.lines[k][0] is call[0]:
                call = (*call[:4], *self.lines[k][1:])
            found.append(OpCall(*call))
        return found

    def hidden(self, names: Container[str]) -> list[OpCall]:
        """The calls of these activations that lead to a gradient, have rows, and have a layer after them."""
        last = max((k for k, call in enumerate(self.calls) if call[0].name in LAYERS), default=0)
        return [
            OpCall(*call)
            for call in self.calls[:last]
            if call[0].name in names and call[3].node is not None and call[3].array.ndim >= 2
        ]

    def value_of(self, node: Any) -> float | None:
        """The number that a node of the graph stands for; None if it is not on the tape, or no single number."""
        for call in reversed(self.calls):
            if call[3].node is node:
                return float(call[3].array.reshape(-1)[0]) if call[3].array.size == 1 else None
        return None

    def origin(self) -> OpCall | None:
        """The first operation that made a number which is not finite out of finite ones.

        Masks are filled with infinity on purpose: a call whose settings or numbers hold one is no origin. Where no
        operation overflowed, the first that made NaN of infinities is it.
        """
        # What the user has overwritten since, as by `X[3] = nan`, no operation has made.
        calls = [call for call in self.read() if not call.result.version.count]
        for call in calls:
            if not finite(call.result) and all(map(finite, given_to(call))):
                return call
        for call in calls:
            if has_nan(call.result) and not any(map(has_nan, given_to(call))):
                return call
        return None

    def inputs_of_model(self) -> Any:
        """The data that the first operation with a gradient was given since the last backward; None without one."""
        for _, inputs, _, result, _, _ in self.calls[self.done :]:
            if result.node is not None:
                for given in inputs:
                    if isinstance(given, Tensor) and not given.needs_grad and given.array.ndim >= 1:
                        return given
        return None


def given_to(call: OpCall) -> list[Any]:
    """The inputs and settings of a call, without the intermediates that an operation leaves among them."""
    return [*call.inputs, *(value for name, value in call.settings.items() if name in call.op.settings)]


def array_of(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.array
    return value if isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool) else None


def finite(value: Any) -> bool:
    """Whether a value holds neither NaN nor infinity; what is no number is fine."""
    array = array_of(value)
    if array is None or (isinstance(array, np.ndarray) and array.dtype.kind != "f"):
        return True
    return bool(np.isfinite(array).all())


def has_nan(value: Any) -> bool:
    array = array_of(value)
    if array is None or (isinstance(array, np.ndarray) and array.dtype.kind != "f"):
        return False
    return bool(np.isnan(array).any())
