"""Whether operations are recorded: no_grad, enable_grad, set_grad_enabled, inference_mode."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

#: The flag of a generator function's code object.
CO_GENERATOR = 0x20


class GradMode(threading.local):
    """The mode of this thread."""

    enabled = True
    inference = False
    anomaly = False  # backward passes stop at the first NaN
    graph = False  # a backward pass is being recorded: every NumPy function that a rule calls on tensors is an op


grad_mode = GradMode()


class _Mode:
    """A context manager, and a decorator of functions and generators, that sets the mode while it is entered."""

    enabled = True
    inference: bool | None = None

    def __init__(self) -> None:
        self.before: list[tuple[bool, bool]] = []

    def __enter__(self) -> _Mode:
        self.before.append((grad_mode.enabled, grad_mode.inference))
        grad_mode.enabled = self.enabled
        if self.inference is not None:
            grad_mode.inference = self.inference
        return self

    def __exit__(self, *error: object) -> None:
        grad_mode.enabled, grad_mode.inference = self.before.pop()

    def clone(self) -> _Mode:
        return type(self)()

    def __call__(self, function: F) -> F:
        code = getattr(function, "__code__", None)
        if code is not None and code.co_flags & CO_GENERATOR:
            return self._around_generator(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    def _around_generator(self, function: F) -> F:
        """The mode holds while the generator runs, not while its reader does."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            sent = None
            while True:
                try:
                    with self.clone():
                        value = generator.send(sent)
                except StopIteration as stop:
                    return stop.value
                sent = yield value

        return call  # type: ignore[return-value]


class no_grad(_Mode):
    """Operations inside are not recorded: their results need no gradient.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> with torch.no_grad():
    ...     print((w * 2).requires_grad)
    False
    """

    enabled = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """`@no_grad` without parentheses decorates too."""
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)


class enable_grad(no_grad):
    """Operations inside are recorded, also within `no_grad`."""

    enabled = True


class set_grad_enabled(_Mode):
    """Record or not, from this call on; as a context manager, while it is entered."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.before.append((grad_mode.enabled, grad_mode.inference))
        self.enabled = bool(mode)
        grad_mode.enabled = self.enabled

    def __enter__(self) -> set_grad_enabled:
        grad_mode.enabled = self.enabled
        return self

    def clone(self) -> set_grad_enabled:
        return set_grad_enabled(self.enabled)

    def __call__(self, function: F) -> F:
        grad_mode.enabled, grad_mode.inference = self.before.pop()  # as a decorator it acts in the function only
        return super().__call__(function)


class inference_mode(_Mode):
    """Like `no_grad`; tensors made inside can never take part in a recorded operation's in-place update."""

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        made = super().__new__(cls)
        if not callable(mode):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.enabled, self.inference = (not mode), bool(mode)

    def clone(self) -> inference_mode:
        return inference_mode(bool(self.inference))


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return grad_mode.enabled


def is_inference_mode_enabled() -> bool:
    """Whether `inference_mode` is entered."""
    return grad_mode.inference
