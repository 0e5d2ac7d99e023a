"""Name the count that a mean divides by."""

from __future__ import annotations

from typing import Any

from backlit.compiler.draft import Draft
from backlit.tracing.graph import Expression, Graph, Line, replaced


def name_count(graph: Graph) -> Graph:
    """n, for the number of terms of the loss.

    before: loss = s / 4;  e = d_loss / 4
    after:  n = 4;  loss = s / n;  e = d_loss / n
    """
    count = count_of(graph)
    if count is None:
        return graph
    draft = Draft(graph)
    name = "n" if "n" not in draft.taken else "count"
    n = Line(name, Expression("input", "count"), count, "input", is_named=True)
    used = False
    for line in graph.lines:
        new = draft.brought(line)
        if counts(line, graph, count):
            new, used = draft.changed(line, replaced(new.expression, lambda v: n if is_count(v, count) else v)), True
        draft.lines.append(new)
    if not used:
        return graph
    draft.lines.insert(0, n)
    return draft.finished()


def count_of(graph: Graph) -> int | None:
    """What the record of the loss divides by: in its forward pass, or where its gradient begins."""
    if graph.loss is None:
        return None
    for line in graph.lines:
        e = line.expression
        if is_of_loss(line, graph.loss) and (e.kind, e.text) == ("infix", "/") and is_count(e.arguments[1], None):
            return int(e.arguments[1])
    return None


def counts(line: Line, graph: Graph, count: int) -> bool:
    """Whether a number in this line of the loss is the count: it divides, or it numbers the rows."""
    e = line.expression
    if graph.loss is None or line.role == "update":
        return False
    if not is_of_loss(line, graph.loss):
        return False
    return ((e.kind, e.text) == ("infix", "/") and is_count(e.arguments[1], count)) or (
        e.text == "np.arange" and is_count(e.arguments[0], count)
    )


def is_of_loss(line: Line, loss: Line) -> bool:
    """Whether a line belongs to the op that makes the loss, or to the user's line that does."""
    return line.call == loss.call or (bool(line.where) and (line.where, line.module) == (loss.where, loss.module))


def is_count(value: Any, count: int | None) -> bool:
    return type(value) is int and value > 1 and count in (None, value)
