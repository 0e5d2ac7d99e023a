"""One line, one thought: what is read once stands where it is read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from backlit.compiler.draft import Draft
from backlit.compiler.passes.unread import drop_unread
from backlit.tracing.graph import Expression, Graph, Line, lines_in, replaced
from backlit.tracing.source import statement

#: Statements get no longer than this; the rest of a thought stays on a line before it.
WIDTH = 100


def nest_thoughts(graph: Graph) -> Graph:
    """Put intermediates that are read once into the line that reads them.

    before: t = W1.T;  u = x @ t;  z1 = u + b1;  v = -z1;  w = np.exp(v);  s = 1 + w;  a1 = 1 / s
    after:  z1 = x @ W1.T + b1;  a1 = 1 / (1 + np.exp(-z1))

    A thought is one op, one rule, one update, or one line of the user's own formula. Values with a name of their own
    and outputs keep their line. Nothing is moved past a write to memory that it reads.
    """
    draft = Draft(graph)
    uses = Counter(id(o) for line in graph.lines for o in lines_in(line.expression))
    uses.update(id(line) for line in graph.outputs.values())
    inside = {id(o) for line in graph.lines if line.kind == "write" for o in lines_in(line.expression)}
    final = {id(line) for line in (*graph.outputs.values(), graph.loss)}
    loose = {
        id(line): line for line in graph.lines
        if not (line.is_named or id(line) in final | inside or line.kind in ("input", "write", "same"))
        and (uses[id(line)] == 1 or is_trifle(line)) and draft.is_steady(line)
    }  # fmt: skip
    nested: dict[int, Expression] = {}  # of a loose line: its expression, with what is nested in it
    for line in graph.lines:
        expression = line.expression
        if line.kind not in ("input", "write", "same"):
            for operand in line.operands:
                if id(operand) in loose and is_one_thought(operand, line):
                    wider = put_in(expression, operand, nested.get(id(operand), operand.expression))
                    if fits(line, wider):
                        expression = wider
        nested[id(line)] = expression
        now = replaced(expression, draft.current)
        draft.lines.append(line if now == line.expression else draft.changed(line, now))
    return drop_unread(draft.finished())


def put_in(expression: Expression, operand: Line, inner: Expression) -> Expression:
    return replaced(expression, lambda value: inner if value is operand else value)


def fits(line: Line, expression: Expression) -> bool:
    shown = Line(line.name.removeprefix("new_"), expression, line.value, line.role)
    return len(statement(shown)) <= WIDTH


def is_trifle(line: Line) -> bool:
    """What reads better where it is used, however often: x.T, 1 - x, and a sum or product of two plain numbers."""
    e = line.expression
    if e.kind == "attribute":
        return True
    if (e.kind, e.text) == ("infix", "-") and e.arguments[0] == 1 and isinstance(e.arguments[1], Line):
        return e.arguments[1].is_named
    is_number = not hasattr(line.value, "dtype")
    return is_number and e.kind == "infix" and all(is_plain(value) for value in e.arguments)


def is_plain(value: Any) -> bool:
    return not isinstance(value, Line) or value.kind == "input"


def is_one_thought(inner: Line, outer: Line) -> bool:
    if is_trifle(inner) or -1 in (inner.call, outer.call):
        return inner.role == outer.role or is_trifle(inner)
    if inner.call == outer.call:
        return True
    return (inner.role, inner.where, inner.module) == (outer.role, outer.where, outer.module)
