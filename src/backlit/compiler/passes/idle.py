"""Leave out what changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.compiler.draft import Draft, agree, of_nothing, value_of
from backlit.tracing.graph import Graph, Line

#: Functions and methods that give back what they are given, where shape and dtype stay as they are.
SHAPING = (
    "np.reshape",
    "np.broadcast_to",
    "np.asarray",
    "np.squeeze",
    "np.ravel",
    "reshape",
    "astype",
    "ravel",
    "copy",
)
#: Lines that compute nothing by themselves.
GIVEN = ("input", "write", "same")


def drop_idle(graph: Graph) -> Graph:
    """Reshapes to the same shape, casts to the same dtype, choices that are made, and broadcasts before an operator.

    before: s = np.broadcast_to(g, (4, 1));  t = s * x;  u = np.where(False, 0, np.reshape(t, (4, 1)))
    after:  t = g * x                                                                    (x, t: (4, 1))
    """
    draft = Draft(graph)
    outputs = {id(line) for line in graph.outputs.values()}
    for line in graph.lines:
        new = draft.brought(line)
        is_steady = draft.is_steady(new) and id(line) not in draft.moving
        same = same_as(new) if is_steady and id(line) not in outputs else None
        if same is not None and not is_known(line):
            draft.now[id(line)] = same
            continue
        if same is not None and not is_known(same) and same.kind not in GIVEN and draft.is_steady(same):
            new = draft.changed(line, same.expression)  # the better of two names stays
        if new.kind == "infix" and new.expression.text != "@" and is_steady:
            new = without_broadcasts(draft, line, new)
        draft.lines.append(new)
    return draft.finished()


def is_known(line: Line) -> bool:
    """Whether a name says more than what computes the value."""
    return line.is_named or line.name.startswith("d_")


def same_as(line: Line) -> Line | None:
    """The operand that a line gives back as it is, if it does."""
    e = line.expression
    given = None
    if e.kind in ("call", "method") and e.text in SHAPING:
        given = e.arguments[0]
    elif e.text == "np.where" and isinstance(e.arguments[0], (bool, np.bool_)):
        given = e.arguments[1 if e.arguments[0] else 2]
    if not isinstance(given, Line) or not isinstance(given.value, (np.ndarray, np.generic)):
        return None
    return given if (given.shape, given.dtype) == (line.shape, line.dtype) else None


def without_broadcasts(draft: Draft, old: Line, line: Line) -> Line:
    """The operator on what its operands were before they were stretched, if that gives the same."""
    short = tuple(unstretched(value) for value in line.expression.arguments)
    if all(s is a for s, a in zip(short, line.expression.arguments, strict=True)):
        return line
    if any(id(s) in draft.moving for s in short):
        return line
    for arguments in (short, (short[0], line.expression.arguments[1]), (line.expression.arguments[0], short[1])):
        expression = line.expression._replace(arguments=arguments)
        if agree(value_of(expression), line.value, of_nothing):
            return draft.changed(old, expression)
    return line


def unstretched(value: Any) -> Any:
    is_stretched = isinstance(value, Line) and value.expression.text == "np.broadcast_to"
    return value.expression.arguments[0] if is_stretched else value
