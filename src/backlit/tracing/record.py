"""trace: one call of a step, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backlit.functions import diagonal
from backlit.ops.registry import reading
from backlit.tensor import Tensor
from backlit.tracing.errors import TraceError
from backlit.tracing.names import graph_of
from backlit.tracing.outside import listening_to_draws
from backlit.tracing.recorder import Recorder


@contextmanager
def recording() -> Iterator[Recorder]:
    """Write down what this thread does inside. Raises TraceError if something is being recorded already."""
    if reading.recorder is not None:
        raise TraceError("A step is being recorded already: one record cannot stand inside another.")
    before, recorder = reading.listener, Recorder()
    reading.recorder = reading.listener = recorder
    try:
        with recorder.modules, listening_to_draws():
            yield recorder
    finally:
        reading.recorder, reading.listener = None, before


def trace(step: Any, *examples: Any, **settings: Any) -> Any:
    """Run `step(*examples)` once, and return the record of what it did.

    The step is a function that trains once: forward, loss, backward, update, or a part of that. It runs as it always
    does; what it branched on is recorded as it went.

    >>> import backlit as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> graph = torch.trace(lambda: (x * x).sum().backward())
    >>> graph.outputs["d_x"].value
    array([2., 4.], dtype=float32)

    Raises TraceError for what cannot be recorded faithfully.

    PyTorch has another function of this name: of a matrix it gives the sum of the diagonal, and so does this one.
    """
    if isinstance(step, Tensor):
        return diagonal.trace(step)
    with recording() as recorder:
        result = step(*examples, **settings)
        return graph_of(recorder, step, examples, result)
