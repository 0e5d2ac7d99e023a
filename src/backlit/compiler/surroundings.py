"""What a step finds around it: whatever its code reaches without being given it, looked at before each call.

Machine code writes to the very arrays that the step found when it was recorded, and does nothing else that its Python
did. So it may stand in for the step only while the step would find the same: the same arrays in its tensors, the same
modules, numbers and objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dis import get_instructions
from operator import attrgetter, is_
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from backlit.optim import Optimizer
from backlit.tensor import Tensor

PLAIN = (bool, int, float, complex, str, bytes, type(None))
#: Things without an inside that a step could change.
CLOSED = (*PLAIN, type, ModuleType, BuiltinFunctionType, np.ndarray, np.generic)
#: A longer list or dict holds data rather than parts of a program: only its length is looked at.
MOST_PARTS = 256
#: So far does the look go into objects that hold objects.
DEPTH = 12


class Surroundings:
    """What a step's code reaches, and `objects` beside it, as they are now; `changed` tells whether they still are.

    Everything is compared by identity: numbers and texts that are set anew count as others, which does no harm.
    """

    def __init__(self, step: Any, objects: Sequence[Any] = ()) -> None:
        self.tensors: list[Tensor] = []
        self.known: dict[int, Any] = {}  # kept, so that no id is given out again
        self.watched: list[tuple[str, Callable[[], Iterable[Any]], tuple[Any, ...]]] = []
        self.empty: list[Any] = []  # most dicts of a module: looked at all at once
        self.look_at_names(step, "")
        for each in objects:
            self.look(each, "an object", DEPTH)
        for get in map(attrgetter, ("array", "requires_grad", "hooks")):
            self.watch("a tensor", lambda get=get: map(get, self.tensors))  # type: ignore[misc]

    def changed(self) -> str | None:
        """The first name under which something is another; None if there is none."""
        if any(self.empty):
            return "an object"
        return next((name for name, parts, kept in self.watched if not are_same(parts(), kept)), None)

    def watch(self, name: str, parts: Callable[[], Iterable[Any]]) -> None:
        self.watched.append((name, parts, tuple(parts())))

    def look_at_names(self, function: Any, under: str, depth: int = DEPTH) -> None:
        """Look at the variables that a function's code names, but for its own and its arguments."""
        if isinstance(function, MethodType):
            self.look(function.__self__, under or "self", depth)
            function = function.__func__
        for name, variable in variables_of(function):
            self.watch(under or name, variable)
            for value in variable():
                self.look(value, under or name, depth)

    def look(self, value: Any, name: str, depth: int) -> None:
        if isinstance(value, CLOSED) or id(value) in self.known or depth == 0:
            return
        if type(value).__module__.startswith("backlit.compiler."):  # a compiled step counts its own calls
            return
        self.known[id(value)] = value
        if isinstance(value, Tensor):
            self.tensors.append(value)
        elif isinstance(value, (FunctionType, MethodType)):
            if not str(getattr(value, "__module__", "")).startswith("backlit"):
                self.look_at_names(value, name, depth - 1)
        elif isinstance(value, Optimizer):  # its settings are followed: they may change
            self.look_into(lambda: parts_of(value), name, depth)
        elif isinstance(value, (Mapping, list, tuple, set, frozenset)):
            self.look_into_container(value, name, depth)
        elif hasattr(value, "__dict__"):
            self.look_into(value.__dict__.values, name, depth)

    def look_into_container(self, value: Any, name: str, depth: int) -> None:
        if not value:
            self.empty.append(value)
        elif len(value) > MOST_PARTS:
            length = len(value)
            self.watch(name, lambda: (len(value) == length,))
        else:
            self.look_into(value.values if isinstance(value, Mapping) else value.__iter__, name, depth)

    def look_into(self, parts: Callable[[], Iterable[Any]], name: str, depth: int) -> None:
        self.watch(name, parts)
        for part in list(parts()):
            self.look(part, name, depth - 1)


def are_same(now: Iterable[Any], kept: tuple[Any, ...]) -> bool:
    parts = tuple(now)
    return len(parts) == len(kept) and all(map(is_, parts, kept))


def parts_of(optimizer: Any) -> list[Any]:
    """What an optimizer holds and a step may replace: parameters, tensors of its state, hooks."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state = [optimizer.state[p] for p in parameters if p in optimizer.state]
    kept = [value for each in state for value in each.values() if isinstance(value, Tensor)]
    return [*parameters, *kept, *(hook for hooks in optimizer._hooks.values() for hook in hooks)]


def variables_of(function: Any) -> Iterator[tuple[str, Callable[[], tuple[Any, ...]]]]:
    """The names that a function takes from outside, each with a way to what it stands for."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name, lambda cell=cell: content_of(cell)  # type: ignore[misc]
    given = function.__globals__
    for name in sorted(global_names(function.__code__) & given.keys()):
        yield name, lambda name=name: (given.get(name),)  # type: ignore[misc]
    yield "a default", lambda: (function.__defaults__, function.__kwdefaults__)


def content_of(cell: Any) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # not assigned yet
        return ()


def global_names(code: CodeType) -> set[str]:
    """The names that a function, and those that are written inside it, look up in its module.

    Not `code.co_names`, where attributes stand too: `optimizer.step()` does not read a global `step`.
    """
    own = {each.argval for each in get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return own.union(*(global_names(part) for part in code.co_consts if isinstance(part, CodeType)))
