"""Leave out what changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.compiler.draft import Draft, agree, of_nothing, unsteady, value_of
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


def drop_idle(graph: Graph) -> Graph:
    """Reshapes to the same shape, casts to the same dtype, and broadcasts that the next operator does by itself.

    before: s = np.broadcast_to(g, (4, 1));  t = s * x;  u = np.reshape(t, (4, 1))      (x, t: (4, 1))
    after:  t = g * x
    """
    draft, moving = Draft(graph), unsteady(graph)
    outputs = {id(line) for line in graph.outputs.values()}
    for line in graph.lines:
        new = draft.brought(line)
        if id(line) not in outputs and id(line) not in moving and is_idle(new):
            draft.now[id(line)] = new.expression.arguments[0]
            continue
        if new.kind == "infix" and new.expression.text != "@" and not any(id(o) in moving for o in new.operands):
            new = without_broadcasts(draft, line, new)
        draft.lines.append(new)
    return draft.finished()


def is_idle(line: Line) -> bool:
    e = line.expression
    if e.kind not in ("call", "method") or e.text not in SHAPING or not isinstance(e.arguments[0], Line):
        return False
    given = e.arguments[0]
    return isinstance(given.value, (np.ndarray, np.generic)) and (given.shape, given.dtype) == (line.shape, line.dtype)


def without_broadcasts(draft: Draft, old: Line, line: Line) -> Line:
    """The operator on what its operands were before they were stretched, if that gives the same."""
    short = tuple(unstretched(value) for value in line.expression.arguments)
    if all(s is a for s, a in zip(short, line.expression.arguments, strict=True)):
        return line
    for arguments in (short, (short[0], line.expression.arguments[1]), (line.expression.arguments[0], short[1])):
        expression = line.expression._replace(arguments=arguments)
        if agree(value_of(expression), line.value, of_nothing):
            return draft.changed(old, expression)
    return line


def unstretched(value: Any) -> Any:
    is_stretched = isinstance(value, Line) and value.expression.text == "np.broadcast_to"
    return value.expression.arguments[0] if is_stretched else value
