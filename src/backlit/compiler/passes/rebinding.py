"""The values after an update take the names of those before."""

from __future__ import annotations

from backlit.compiler.draft import Draft
from backlit.tracing.graph import Graph, Line, lines_in


def rebind_updated(graph: Graph) -> Graph:
    """A parameter and its optimizer's state keep their names through the update.

    before: new_W1 = W1 - lr * d_W1
    after:  W1 = W1 - lr * d_W1

    Where a later line still reads the old value, both names stay.
    """
    given = {line.name: line for line in graph.inputs}
    last_read: dict[int, int] = {}
    place: dict[int, int] = {}
    for k, line in enumerate(graph.lines):
        place[id(line)] = k
        last_read.update((id(o), k) for o in lines_in(line.expression))
    kept = {id(line) for line in graph.outputs.values()}
    renamed: dict[int, str] = {}
    for name, line in graph.outputs.items():
        old = given.get(name)
        if old is None or line.kind == "input" or line is old or id(old) in kept or id(line) in renamed:
            continue
        if last_read.get(id(old), -1) <= place[id(line)] and line.place is line:
            renamed[id(line)] = name
    draft = Draft(graph)
    for line in graph.lines:
        new = draft.brought(line)
        if id(line) in renamed:
            new = draft.changed(line, new.expression, name=renamed[id(line)])
        elif line.place is not line:
            new = renamed_place(draft, line, new)
        draft.lines.append(new)
    return draft.finished()


def renamed_place(draft: Draft, old: Line, line: Line) -> Line:
    """A later state of memory goes by the name of the memory."""
    return line if line.name == line.place.name else draft.changed(old, line.expression, name=line.place.name)
