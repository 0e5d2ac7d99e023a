"""Compute once what is asked for twice."""

from __future__ import annotations

from typing import Any

from backlit.compiler.draft import Draft
from backlit.tracing.graph import Expression, Graph, Line


def share_repeated(graph: Graph) -> Graph:
    """Common subexpressions become one line.

    before: u = 1 - a1;  d = g * u;  v = 1 - a1;  e = h * v
    after:  u = 1 - a1;  d = g * u;  e = h * u

    Memory that the step overwrites is left alone: there the same words may mean two things.
    """
    draft = Draft(graph)
    outputs = {id(line) for line in graph.outputs.values()}
    known: dict[Any, Line] = {}
    for line in graph.lines:
        new = draft.brought(line)
        if new.kind in ("input", "write", "same") or not draft.is_steady(new):
            draft.lines.append(new)
            continue
        first = known.setdefault(key_of(new.expression), new)
        if first is new or id(line) in outputs:
            draft.lines.append(new)
        else:
            draft.now[id(line)] = first
    return draft.finished()


def key_of(nest: Any) -> Any:
    """What two expressions must have alike: the very same lines, and constants of the same type and value."""
    if isinstance(nest, Line):
        return ("line", id(nest))
    if isinstance(nest, Expression):
        return (nest.kind, nest.text, key_of(nest.arguments), key_of(nest.settings), nest.function)
    if isinstance(nest, (tuple, list)):
        return (type(nest), *map(key_of, nest))
    if isinstance(nest, slice):
        return ("slice", key_of(nest.start), key_of(nest.stop), key_of(nest.step))
    return (type(nest), repr(nest))
