"""From a rule to the memory: run it, and write what it returns over the parameter and the state, in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.ops.registry import reading
from backlit.tensor import Tensor

#: Bytes of an array up to which a rule runs on the whole of it. The temporaries of a larger one would be fresh pages
#: from the operating system each time, which cost more than the arithmetic; pieces of this size are reused.
PIECE = 1 << 18


def rewrite(rule: Callable[..., Any], g: Any, p: Tensor, *state: Tensor, **settings: float) -> None:
    """Overwrite `p` and `state` with what `rule` makes of them: the results go where the operands were."""
    array = p.array
    if reading.recorder is not None:
        reading.recorder.update(rule, g, p, state, settings)
    elif array.nbytes > PIECE and array.ndim:
        in_pieces(rule, g, array, [kept.array for kept in state], settings)
    elif state:
        memory = [kept.array for kept in state]
        array[...], *results = rule(array, g, *memory, **settings)
        for old, new in zip(memory, results, strict=True):
            old[...] = new
    else:
        array[...] = rule(array, g, **settings)


def run(function: Callable[..., Any], *arrays: Any, **settings: Any) -> Any:
    """A pure function of the rules' kind that writes nothing: eagerly, or into the record."""
    recorder = reading.recorder
    return function(*arrays, **settings) if recorder is None else recorder.computed(function, arrays, settings)


def read(array: Any) -> Any:
    """An array to compute with outside of a rule; while a step is recorded, a symbol of it."""
    recorder = reading.recorder
    return array if recorder is None else recorder.lifted(array)


def kept(value: Any) -> Tensor:
    """What was computed from `read` arrays, as a tensor of the state."""
    recorder = reading.recorder
    return Tensor.wrap(np.asarray(value if recorder is None else recorder.lowered(value)))


def put(p: Tensor, value: Any) -> None:
    """Overwrite a parameter with what was computed from `read` arrays."""
    if reading.recorder is None:
        p.array[...] = value
    else:
        reading.recorder.put(p, value)


def in_pieces(rule: Callable[..., Any], g: Any, p: Any, memory: list[Any], settings: dict[str, float]) -> None:
    """`rewrite`, some rows at a time."""
    rows = max(1, PIECE * len(p) // p.nbytes)
    for start in range(0, len(p), rows):
        piece = slice(start, start + rows)
        olds = [p[piece], *[array[piece] for array in memory]]
        news = rule(olds[0], g[piece], *olds[1:], **settings)
        for old, new in zip(olds, news if memory else (news,), strict=True):
            old[...] = new


def zeros_like(p: Tensor) -> Tensor:
    """State of a parameter's shape, dtype and memory layout."""
    return full_like(p, 0.0)


def full_like(p: Tensor, value: float) -> Tensor:
    return Tensor.wrap(np.full_like(p.array, value))


def scalar(value: float) -> Tensor:
    """A number kept in the state: PyTorch holds it as a tensor without dimensions, of the default dtype."""
    return Tensor.wrap(np.array(value, dtypes.default()))


def count(step: Tensor) -> float:
    """Add one to a counter in the state, and return it as a Python float."""
    number: float = step.array.item() + 1.0
    step.array[...] = number
    return number


def number(p: Tensor, state: dict[str, Any], name: str) -> float:
    """A number in the state of `p`, as a Python float; while a step is recorded, a symbol of it."""
    recorder, array = reading.recorder, state[name].array
    value: float = array.item() if recorder is None else recorder.number(p, array, name)
    return value


def renew(kept: Tensor, value: float) -> None:
    """Overwrite a number in the state."""
    if reading.recorder is None:
        kept.array[...] = value
    else:
        reading.recorder.renew(kept.array, value)
