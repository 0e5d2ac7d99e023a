"""Drop what nobody reads."""

from __future__ import annotations

from dataclasses import replace

from backlit.tracing.graph import Graph, Line


def drop_unread(graph: Graph) -> Graph:
    """Keep the outputs and what they need.

    before: s = 1 - a2;  d_a2 = (a2 - y) / n;  loss = ...      (outputs: loss)
    after:  loss = ...

    Writes to memory stay: what they change is read under other names. So do the given arrays that are read.
    """
    needed: set[int] = set()
    waiting: list[Line] = [*graph.outputs.values(), *(line for line in graph.lines if line.kind == "write")]
    if graph.loss is not None:
        waiting.append(graph.loss)
    while waiting:
        line = waiting.pop()
        if id(line) not in needed:
            needed.add(id(line))
            waiting += line.operands
    if len(needed) == len(graph.lines):
        return graph
    return replace(graph, lines=[line for line in graph.lines if id(line) in needed], notes=list(graph.notes))
