"""The recorded forward pass once more, in double precision, with something changed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from backlit.tracing.graph import Line, replaced

INFIX: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
PREFIX: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}


def replay(lines: Iterable[Line], changed: Mapping[Line, Any]) -> dict[Line, Any]:
    """Run lines of a record in order, in double precision. Out: the value of each when it was computed.

    `changed` gives some of the lines other values than they had. Numbers drawn at random and branches taken stay as
    they were recorded.
    """
    held: dict[Line, Any] = {}  # memory, which writes change
    found: dict[Line, Any] = {}
    lines = list(lines)
    is_written = any(line.kind == "write" for line in lines)
    with np.errstate(all="ignore"):
        for line in lines:
            value = changed[line] if line in changed else computed(line, held)
            held[line] = value
            found[line] = value.copy() if is_written and isinstance(value, np.ndarray) else value
    return found


def computed(line: Line, held: Mapping[Line, Any]) -> Any:
    """What a line comes to when its operands hold these values."""
    kind, text, arguments, settings, function = line.expression
    if kind == "input":
        return doubled(np.copy(line.value) if isinstance(line.value, np.ndarray) else line.value)
    arguments, named = replaced((arguments, dict(settings)), lambda part: value_of(part, held))
    if kind in ("call", "kernel"):
        assert function is not None
        return function(*arguments, **named)
    if kind == "infix":
        return INFIX[text](*arguments)
    if kind == "prefix":
        return PREFIX[text](*arguments)
    if kind == "index":
        return arguments[0][arguments[1]]
    if kind == "attribute":
        return getattr(arguments[0], text)
    if kind == "method":
        return getattr(arguments[0], text)(*arguments[1:], **named)
    if kind == "write":
        write(*arguments)
    return arguments[0]


def write(target: Any, keys: tuple[Any, ...], value: Any) -> None:
    """target[keys[0]][keys[1]]... = value."""
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1] if keys else ...] = value


def value_of(part: Any, held: Mapping[Line, Any]) -> Any:
    return held[part] if isinstance(part, Line) else doubled(part)


def doubled(part: Any) -> Any:
    """A value, or a dtype, in double precision where it is a float."""
    if isinstance(part, np.ndarray):
        return part.astype(np.float64) if part.dtype.kind == "f" and part.dtype != np.float64 else part
    if isinstance(part, np.floating):
        return np.float64(part)
    if isinstance(part, np.dtype):
        return np.dtype(np.float64) if part.kind == "f" else part
    return np.float64 if isinstance(part, type) and issubclass(part, np.floating) else part


def forward_lines(lines: Iterable[Line]) -> list[Line]:
    """What a step computed until its last loss, and what it was given for that."""
    lines = list(lines)
    losses = {line.call for line in lines if line.role == "loss"}  # what their rules need comes with them
    last = max(
        (k for k, line in enumerate(lines) if line.role in ("forward", "loss") and line.call in losses), default=-1
    )
    return [line for line in lines[: last + 1] if line.role in ("input", "forward", "loss")]
