"""The textbook's identities: what a formula comes to when several ops are looked at together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from backlit.compiler.draft import Draft, agree, of_a_line, of_a_step, of_nothing, value_of
from backlit.compiler.patterns import Bound, find, make
from backlit.tracing.graph import Expression, Graph, Line
from backlit.tracing.names import hint


class Identity(NamedTuple):
    """`found` computes what `instead` does: always but for rounding, or as `note` says."""

    found: str
    instead: str
    note: str = ""
    tolerance: Callable[[Any], float] = of_a_line


#: What the rules of losses and activations come to together. Bishop, "Pattern Recognition and Machine Learning",
#: section 4.3.6: with the loss that belongs to an output function, the gradient is prediction minus target.
LOSSES = (
    Identity(
        "e * (p - y) / np.maximum(p * (1 - p), 1e-12) * p * (1 - p)",
        "e * (p - y)",
        "sigmoid with binary cross-entropy: the slope p (1 - p) of one cancels that of the other, as no probability "
        "of this step is 0 or 1",
        of_a_step,
    ),
    Identity(
        "np.maximum(np.log(p), -100)",
        "np.log(p)",
        "the logarithms of binary cross-entropy need no bound here, as no probability of this step is 0",
    ),
    Identity(
        "np.maximum(np.log1p(q), -100)",
        "np.log1p(q)",
        "the logarithms of binary cross-entropy need no bound here, as no probability of this step is 1",
    ),
)

#: Arithmetic with the 1 from which a backward pass begins, and with the count that a mean divides by.
ARITHMETIC = (
    Identity("x * 1", "x"),
    Identity("x / 1", "x"),
    Identity("-1 * x", "-x"),
    Identity("C * (1 / N) * x", "C * x / N"),
    Identity("1 / N * x", "x / N"),
    Identity("-1 / N * x", "-x / N"),
    Identity("C / N * x", "C * x / N"),
    Identity("-(1 / s) * x", "-x / s"),
    Identity("np.broadcast_to(1 / N, S) * C * x", "C * x / N"),
    Identity("np.broadcast_to(g, S) * C * x", "g * C * x"),
    Identity("x ** 1", "x"),
    Identity("0 + x", "x"),
    Identity("--x", "x"),
    Identity("np.negative(x)", "-x"),
    Identity("-(-x / y)", "x / y"),
    Identity("x + -y", "x - y"),
    Identity("x + -y / z", "x - y / z"),
    Identity("x + -y / N / z", "x - y / N / z"),
    Identity("-(-x / N / y)", "x / N / y"),
)

#: The same for a cross-entropy that the user wrote out as a formula.
WRITTEN_OUT = (
    Identity(
        "((1 - y) / N / (1 - p) - y / N / p) * p * (1 - p)",
        "(p - y) / N",
        "sigmoid with binary cross-entropy: the slope p (1 - p) of one cancels that of the other, as no probability "
        "of this step is 0 or 1",
        of_a_step,
    ),
)


def cancel_losses(graph: Graph, exact: bool = False) -> Graph:
    """A loss with the output function that belongs to it.

    before: d_a2 = e * (a2 - y) / np.maximum(a2 * (1 - a2), 1e-12);  d_z2 = d_a2 * a2 * (1 - a2)
    after:  d_z2 = e * (a2 - y)
    """
    return use_identities(graph, LOSSES, exact)


def drop_ones(graph: Graph, exact: bool = False) -> Graph:
    """Do without the 1 from which a backward pass begins.

    before: e = d_loss / 4;  d_z2 = e * (a2 - y)
    after:  d_z2 = (a2 - y) / 4
    """
    return use_identities(graph, (*ARITHMETIC, *WRITTEN_OUT), exact)


def use_identities(graph: Graph, identities: Sequence[Identity], exact: bool = False) -> Graph:
    """Put the other formula wherever it gives the same numbers on what was recorded; `exact`: to the bit.

    An identity that fails on the recorded numbers, as where a probability has come to be exactly 1, is left out there.
    """
    identities = [identity._replace(tolerance=of_nothing) for identity in identities] if exact else identities
    draft = Draft(graph)
    notes: dict[str, None] = {}
    there: set[int] = set()
    for line in graph.lines:
        new = draft.brought(line)
        if id(line) not in draft.moving and new.kind not in ("input", "write", "same"):
            new = simplified(draft, line, new, identities, notes)
        if id(new) not in there:
            draft.lines.append(new)
            there.add(id(new))
    changed = draft.finished()
    changed.notes += [note for note in notes if note and note not in changed.notes]
    return changed


def simplified(draft: Draft, old: Line, line: Line, identities: Sequence[Identity], notes: dict[str, None]) -> Line:
    """The line after every identity that fits it, one after the other."""
    for _ in range(len(identities)):
        for identity in identities:
            bound = find(identity.found, line)
            if bound is None or any(id(v) in draft.moving or is_empty(v) for v in bound.values()):
                continue
            new = tried(draft, old, line, identity, bound)
            if new is not None:
                notes[identity.note] = None
                line = new
                break
        else:
            return line
    return line


def is_empty(value: Any) -> bool:
    """Whether a value has no elements, of which np.mean would warn."""
    return isinstance(value, Line) and 0 in value.shape


def tried(draft: Draft, old: Line, line: Line, identity: Identity, bound: Bound) -> Line | None:
    """The line by the identity; None if that gives other numbers than the record has."""
    mark, taken = len(draft.lines), set(draft.taken)
    try:
        made = make(identity.instead, bound, lambda e: draft.add(e, line))
        value = value_of(made) if isinstance(made, Expression) else made.value if isinstance(made, Line) else made
        is_right = agree(value, line.value, identity.tolerance)
    except (TypeError, AttributeError, ValueError, ZeroDivisionError):  # a number where the formula needs an array
        is_right = False
    if not is_right:
        del draft.lines[mark:]
        draft.taken = taken
        return None
    if isinstance(made, Expression):
        is_numbered = not line.is_named and line.name.rpartition("_")[0].endswith(hint(line))
        name = draft.fresh(hint(replace(line, expression=made))) if is_numbered else line.name
        return draft.changed(old, made, name=name)
    return standing_for(draft, old, line, made)


def standing_for(draft: Draft, old: Line, line: Line, made: Any) -> Line | None:
    """Another line in place of this one. A name that people know stays: what is known by it is computed there."""
    if not isinstance(made, Line):
        return None
    if line.is_named or any(old is out for out in draft.graph.outputs.values()):
        is_free = not made.is_named and made.kind not in ("input", "write", "same") and draft.is_steady(made)
        return draft.changed(old, made.expression) if is_free else None
    draft.now[id(old)] = made
    return made
