"""What leaves the record and comes back: arrays taken out with numpy(), and numbers drawn at random."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backlit.ops.registry import reading
from backlit.random import Generator, default_generator

#: The generator's methods that give arrays.
DRAWS = (
    "uniform", "normal", "normal_array", "integers", "random_full", "permutation", "bernoulli", "bernoulli_array",
    "exponential", "cauchy", "log_normal", "geometric", "multinomial",
)  # fmt: skip


class Outside(np.ndarray):
    """A recorded value as NumPy sees it after `tensor.numpy()`. Whatever NumPy makes of it is of this class too."""


def noted(name: str) -> Callable[..., Any]:
    """The method `name`, which tells this thread's recorder what it draws."""
    draw = getattr(Generator, name)

    def method(self: Generator, *args: Any, **kwargs: Any) -> Any:
        if reading.recorder is None:
            return draw(self, *args, **kwargs)
        state = self.get_state()
        array = draw(self, *args, **kwargs)
        reading.recorder.memory.drew(array, name, state, args, kwargs)
        return array

    return method


#: What the default generator is while some thread records, so that drawing costs nothing more at other times.
Listening = type("Listening", (Generator,), {name: noted(name) for name in DRAWS})
listeners: list[int] = []  # the threads that record
lock = threading.Lock()


@contextmanager
def listening_to_draws() -> Iterator[None]:
    """Have every array noted that this thread draws from the default generator, with the call and the state before."""
    thread = threading.get_ident()
    with lock:
        listeners.append(thread)
        default_generator.__class__ = Listening
    try:
        yield
    finally:
        with lock:
            listeners.remove(thread)
            if not listeners:
                default_generator.__class__ = Generator
