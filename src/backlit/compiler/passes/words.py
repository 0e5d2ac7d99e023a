"""Names for values that textbooks have a word for."""

from __future__ import annotations

from typing import NamedTuple

from backlit.compiler.draft import Draft
from backlit.compiler.patterns import find
from backlit.tracing.graph import Graph, Line


class Word(NamedTuple):
    """What a formula is called in the lines of some ops, or in any of the update's. {p} is the name of its p.

    With a `reading` only in the ops' bodies ("forward") or in a rule ("gradient of x").
    """

    formula: str
    name: str
    ops: tuple[str, ...] = ()
    reading: str = ""


NORMS = ("var", "batch_norm", "layer_norm", "group_norm")
WORDS = (
    Word("r / (1 - b ** s)", "step_size"),
    Word("(1 - b ** s) ** 0.5", "v_correction"),
    Word("1 - r * w", "decay"),
    Word("g + w * p", "g_{p}", ("penalised",)),
    Word("1 / (1 + np.exp(-z))", "p", ("binary_cross_entropy_with_logits",)),
    Word("x - y", "error", ("mse_loss",)),
    Word("p - p.mean(axis=A, keepdims=True)", "{p}_centred", NORMS, "forward"),
    Word("z - z.max(axis=1, keepdims=True)", "shifted", ("cross_entropy",)),
    Word("np.exp(z)", "e", ("cross_entropy",)),
    Word("z.sum(axis=1, keepdims=True)", "s", ("cross_entropy",)),
    Word("np.exp(z) / s", "p", ("cross_entropy",)),
    Word("y == k", "onehot", ("cross_entropy",)),
)


def use_words(graph: Graph) -> Graph:
    """Give values that books name a name and a line of their own.

    before: quotient_2 = lr / (1 - beta1 ** step);  d_z2 = (exp_1 / sum_1 - is_equal_1) / 64
    after:  step_size = lr / (1 - beta1 ** step);  p = e / s;  d_z2 = (p - onehot) / 64
    """
    draft = Draft(graph)
    for line in graph.lines:
        new = draft.brought(line)
        word = None if line.is_named else word_for(new)
        if word is not None:
            name = word if word not in draft.taken - {line.name} else draft.fresh(word)
            draft.taken.add(name)
            new = draft.changed(line, new.expression, name=name, is_named=True)
        draft.lines.append(new)
    return draft.finished()


def word_for(line: Line) -> str | None:
    is_update = line.role == "update"
    for word in WORDS:
        is_place = line.op in word.ops and word.reading in ("", line.reading) if word.ops else is_update
        bound = find(word.formula, line) if is_place else None
        if bound is not None:
            return word.name.format(p=getattr(bound.get("p"), "name", ""))
    return None
