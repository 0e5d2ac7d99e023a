"""Random numbers of a compiled step: drawn ahead for many steps, from the same stream in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backlit.compiler.native.errors import NotCompilable
from backlit.random import default_generator
from backlit.tracing.graph import Line
from backlit.tracing.recorder import Recorder

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Draw:
    """One call of the generator in a step: what was asked for, and the line that its numbers became, if any."""

    method: str
    arguments: tuple[Any, ...]
    settings: dict[str, Any]
    line: Line | None

    @property
    def call(self) -> Any:
        return self.method, self.arguments, self.settings

    @property
    def odds(self) -> float | None:
        """The probability of a one, where a step reads ones and zeros that the program can draw; else None."""
        p = self.arguments[0] if self.method == "bernoulli" and self.arguments else None
        return p if isinstance(p, (int, float)) and self.line is not None else None

    def again(self) -> Array:
        array: Array = getattr(default_generator, self.method)(*self.arguments, **self.settings)
        return array

    def read_in(self, lines: set[Line]) -> Draw:
        """The same call; its numbers are wanted only if their line is one of these."""
        return self if self.line in lines else replace(self, line=None)


def draws_of(recorder: Recorder, state: Array | None) -> list[Draw]:
    """The draws of a recorded step, in order; `state` is the generator's before it, None if a step must draw nothing.

    Raises NotCompilable unless drawing them again gives the same numbers and leaves the generator where the step did.
    """
    memory, after = recorder.memory, default_generator.get_state()
    if state is None and memory.draws:
        raise NotCompilable("the step draws random numbers")
    draws = [
        Draw(method, arguments, settings, memory.given[id(array)][1] if id(array) in memory.given else None)
        for array, method, arguments, settings in memory.draws
    ]
    if any(isinstance(a, np.ndarray) for draw in draws for a in (*draw.arguments, *draw.settings.values())):
        raise NotCompilable("random numbers are drawn whose odds are computed in the step")
    if state is not None and not repeats(draws, [array for array, *_ in memory.draws], state, after):
        default_generator.set_state(after)
        raise NotCompilable("random numbers are drawn in a way that the record does not see")
    return draws


def repeats(draws: Sequence[Draw], arrays: Sequence[Array], state: Array, after: Array) -> bool:
    """Whether the draws, from a state of the generator, give these arrays and lead to the state after."""
    default_generator.set_state(state)
    same = all(np.array_equal(draw.again(), array) for draw, array in zip(draws, arrays, strict=True))
    return same and np.array_equal(default_generator.get_state(), after)


def drawn_ahead(draws: Sequence[Draw], steps: int) -> dict[Line, Array]:
    """The numbers of so many steps, for each draw that the step reads.  Shape of each: (steps, ...)."""
    wanted = [draw.line for draw in draws if draw.line is not None]
    arrays = {line: np.empty((steps, *line.shape), line.dtype) for line in wanted}
    for step in range(steps):
        for draw in draws:
            array = draw.again()
            if draw.line is not None:
                arrays[draw.line][step] = array
    return arrays


def bytes_of(draws: Sequence[Draw]) -> int:
    """Of the numbers of one step."""
    return sum(draw.line.value.nbytes for draw in draws if draw.line is not None)
