"""Spell out what needs no file and no library beside NumPy."""

from __future__ import annotations

import numpy as np

from backlit.compiler.draft import Draft, agree, of_a_line, value_of
from backlit.tracing.graph import Expression, Graph, Line
from backlit.tracing.names import hint
from backlit.tracing.source import STAND_INS


def spell_constants(graph: Graph) -> Graph:
    """Arrays that the ops made of nothing but a shape become calls.

    before: given constant_1 = [0, 1, 2, 3];  t = z[constant_1, y]
    after:  constant_1 = np.arange(4);  t = z[constant_1, y]
    """
    draft = Draft(graph)
    readers: dict[int, Line] = {}
    for line in graph.lines:
        for operand in line.operands:
            readers.setdefault(id(operand), line)
    for line in graph.lines:
        new, reader = draft.brought(line), readers.get(id(line))
        spelled = spelling(line) if reader is not None and reader.call != -1 else None
        if spelled is not None and reader is not None:
            word = hint(Line("", spelled, None))
            new = draft.changed(
                line, spelled, name=draft.fresh(word), role=reader.role, op=reader.op, reading=reader.reading,
                call=reader.call, where=reader.where, module=reader.module,
            )  # fmt: skip
        draft.lines.append(new)
    return draft.finished()


def spelling(line: Line) -> Expression | None:
    """The call that gives an array: a range, or one number everywhere."""
    value = line.value
    is_free = line.kind == "input" and line.expression.text == "array" and not line.is_named and not line.path
    if not is_free or not isinstance(value, np.ndarray) or not value.size:
        return None
    if value.ndim == 1 and value.dtype == np.arange(1).dtype and np.array_equal(value, np.arange(value.size)):
        return Expression("call", "np.arange", (value.size,))
    if value.size > 1 and (value == value.flat[0]).all():
        return Expression("call", "np.full", (value.shape, value.flat[0].item()), (("dtype", value.dtype.type),))
    return None


def do_without_scipy(graph: Graph) -> Graph:
    """The standard library's error function in place of SciPy's.

    before: e = special.erfc(x)
    after:  e = erfc(x)      with erfc defined above, by math.erfc
    """
    draft = Draft(graph)
    for line in graph.lines:
        new = draft.brought(line)
        name = new.expression.text.removeprefix("special.")
        if name != new.expression.text and name in STAND_INS:
            own = new.expression._replace(text=name)
            if agree(value_of(own), line.value, of_a_line):
                new = draft.changed(line, own)
        draft.lines.append(new)
    return draft.finished()
