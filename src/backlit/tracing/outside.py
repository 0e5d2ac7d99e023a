"""What leaves the record and comes back: arrays taken out with numpy(), and numbers drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.random import Generator, default_generator

if TYPE_CHECKING:
    from backlit.tracing.recorder import Recorder

#: The generator's methods that give arrays.
DRAWS = (
    "uniform", "normal", "normal_array", "integers", "random_full", "permutation", "bernoulli", "bernoulli_array",
    "exponential", "cauchy", "log_normal", "geometric", "multinomial",
)  # fmt: skip


class Outside(np.ndarray):
    """A recorded value as NumPy sees it after `tensor.numpy()`. Whatever NumPy makes of it is of this class too."""


@contextmanager
def listening_to_draws(recorder: Recorder) -> Iterator[None]:
    """Note every array that the default generator draws, with the call and the state before it."""
    kind = type(default_generator)
    default_generator.__class__ = type("Listening", (kind,), {name: noted(name, recorder) for name in DRAWS})
    try:
        yield
    finally:
        default_generator.__class__ = kind


def noted(name: str, recorder: Recorder) -> Callable[..., Any]:
    """The method `name`, whose result the record knows to be drawn."""
    draw = getattr(Generator, name)

    def method(self: Generator, *args: Any, **kwargs: Any) -> Any:
        state = self.get_state()
        array = draw(self, *args, **kwargs)
        if recorder.is_listening:
            recorder.memory.drawn[id(array)] = (array, name, state)
            recorder.memory.draws.append((array, name, args, kwargs))
        return array

    return method
