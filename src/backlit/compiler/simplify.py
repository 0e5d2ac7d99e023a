"""The record as an expert would write it by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from backlit.compiler.draft import agree, of_a_step
from backlit.compiler.magnitudes import scales
from backlit.compiler.passes.counts import name_count
from backlit.compiler.passes.headings import head_loss
from backlit.compiler.passes.identities import cancel_losses, drop_ones
from backlit.compiler.passes.idle import drop_idle
from backlit.compiler.passes.nesting import nest_thoughts
from backlit.compiler.passes.notation import write_shorter
from backlit.compiler.passes.rebinding import rebind_updated
from backlit.compiler.passes.repeated import share_repeated
from backlit.compiler.passes.spelling import do_without_scipy, spell_constants
from backlit.compiler.passes.unread import drop_unread
from backlit.compiler.passes.words import use_words
from backlit.tracing.graph import Graph
from backlit.tracing.source import executed

Pass = Callable[[Graph], Graph]

#: Passes that leave every number as it is, to the bit.
EXACT: tuple[Pass, ...] = (drop_unread, spell_constants, name_count, share_repeated, drop_idle)
#: Passes that may round otherwise; each change is held against the record before it is kept.
SIMPLIFYING: tuple[Pass, ...] = (
    cancel_losses, drop_ones, drop_unread, write_shorter, do_without_scipy, share_repeated, drop_unread,
)  # fmt: skip
#: The same, where no number may change.
REWORDING: tuple[Pass, ...] = (
    partial(drop_ones, exact=True), drop_unread, partial(write_shorter, exact=True), share_repeated, drop_unread,
)  # fmt: skip
#: How it is written down: nothing is computed otherwise.
WRITING: tuple[Pass, ...] = (head_loss, use_words, nest_thoughts, rebind_updated)


def readable(graph: Graph) -> Graph:
    """The same step in few lines, one thought a line; the record itself stays as it is.

    The program that comes of it is executed on the recorded inputs, and its outputs are held against the record. If
    one differs by more than 1e-6 (float32; 1e-12 in float64) of the terms that it was summed from (`scales`), the
    simplifications are left out, and a note says so.

    The lines of the new graph have expressions that stand in each other, as in `a1 = 1 / (1 + np.exp(-z1))`.
    """
    if graph.is_readable:
        return graph
    simple = passed(graph, (*EXACT, *SIMPLIFYING, *WRITING))
    apart = differing(simple, graph)
    if not apart:
        return simple
    plain = passed(graph, (*EXACT, *REWORDING, *WRITING))
    plain = replace(graph, notes=list(graph.notes), is_readable=True) if differing(plain, graph) else plain
    plain.notes.append(
        f"the textbook's shorter formulas are left out: they round otherwise, and {listed(apart)} would differ"
    )
    return plain


def passed(graph: Graph, passes: Sequence[Pass]) -> Graph:
    for change in passes:
        graph = change(graph)
    return replace(graph, is_readable=True)


def differing(changed: Graph, graph: Graph) -> list[str]:
    """The outputs in which the program of a changed graph leaves behind something else than the record has."""
    found, scale = executed(changed), scales(graph)
    return [name for name, line in graph.outputs.items() if not agree(found[name], line.value, of_a_step, scale[name])]


def listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
