"""Tell the loss from what leads to it."""

from __future__ import annotations

from backlit.compiler.draft import Draft
from backlit.tracing.graph import Graph


def head_loss(graph: Graph) -> Graph:
    """Lines of the op, or of the user's line, that makes the loss stand under its heading.

    before: forward: z2 = ...;  s = np.log(a2) ...      loss: loss = -s.mean()
    after:  forward: z2 = ...                           loss: s = np.log(a2) ...;  loss = -s.mean()
    """
    loss = graph.loss
    if loss is None:
        return graph
    draft = Draft(graph)
    for line in graph.lines:
        new = draft.brought(line)
        is_formula = not loss.module and (line.where, line.module) == (loss.where, loss.module)
        if line.role == "forward" and (line.call == loss.call or is_formula):
            new = draft.changed(line, new.expression, role="loss")
        draft.lines.append(new)
    return draft.finished()
