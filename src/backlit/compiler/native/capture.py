"""From two recorded steps to a plan that repeats the second one, as often as is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from backlit.compiler.native.build import COUNTERS, Binding, Plan, setting_name
from backlit.compiler.native.errors import NotCompilable
from backlit.tracing.graph import Graph, Line
from backlit.tracing.recorder import Recorder

Array = np.ndarray[Any, Any]


def plan_of(recorder: Recorder, rows: Sequence[tuple[Array, Array]], batch: int) -> Plan:
    """What a recorded step computes, with its arrays. `rows` are pairs: the batch as recorded, and all rows.

    Raises NotCompilable for a step with more or less than one loss, with random draws, or that branched on values.
    """
    if len(recorder.roots) != 1:
        raise NotCompilable(f"the step has {len(recorder.roots)} losses: a compiled step has one")
    for line in recorder.branches:
        if depends_on_values(line):
            raise NotCompilable("the step branches on a value", line)
    bindings = list(bindings_of(recorder, rows))
    loss = recorder.roots[0]
    lines = needed(recorder.lines, [loss, *(b.after for b in bindings if b.after is not None)])
    used = set(lines)
    bindings = [b for b in bindings if b.before in used or b.after in used]
    settings = [line for line in lines if line.kind == "input" and line.expression.text == "setting"]
    drawn = next((line for line in lines if line.expression.text == "drawn"), None)
    if drawn is not None:
        raise NotCompilable("the step draws random numbers", drawn)
    return Plan(lines, bindings, settings, loss, batch)


def plan_of_graph(graph: Graph) -> Plan:
    """A record as a plan that computes its outputs from its inputs, into arrays of their own."""
    outputs = [line for line in dict.fromkeys(graph.outputs.values()) if line.kind != "input"]
    lines = needed(graph.lines, outputs)
    given = [line for line in lines if line.kind == "input" and isinstance(line.value, np.ndarray)]
    before = [Binding(np.array(line.value), line, None) for line in given]
    return Plan(lines, [*before, *(Binding(np.empty(line.shape, line.dtype), None, line) for line in outputs)])


def depends_on_values(line: Line) -> bool:
    """Whether a number may be another in the next step: it comes from an array, or counts the steps."""
    if isinstance(line.value, (np.ndarray, np.generic)):
        return True
    if line.kind == "input":
        return setting_name(line) in COUNTERS
    return any(depends_on_values(operand) for operand in line.operands)


def bindings_of(recorder: Recorder, rows: Sequence[tuple[Array, Array]]) -> Iterable[Binding]:
    """Each array that was there before the step, with what it holds before and after."""
    memory = recorder.memory
    everything = {id(batch): whole for batch, whole in rows}
    for key, (array, first) in memory.given.items():
        last = memory.held[key][1]
        if last.kind in ("write", "same"):
            raise NotCompilable("a part of an array is overwritten", last)
        after = last if last is not first else None
        if key in everything:
            if after is not None:
                raise NotCompilable("the batch itself is overwritten", last)
            yield Binding(everything[key], first, None, rows=True)
        else:
            yield Binding(array, first, after)


def needed(lines: Sequence[Line], roots: Iterable[Line]) -> list[Line]:
    """The lines that the roots are computed from, in order."""
    kept: set[Line] = set()
    waiting = list(roots)
    while waiting:
        line = waiting.pop()
        if line not in kept:
            kept.add(line)
            waiting += line.operands
    return [line for line in lines if line in kept]


def check_repeats(first: Plan, second: Plan) -> None:
    """Raise NotCompilable unless two steps one after the other do the same, with counters one further."""
    pairs = list(zip(first.lines, second.lines, strict=False))
    if len(first.lines) != len(second.lines) or any(shape_of(a) != shape_of(b) for a, b in pairs):
        raise NotCompilable("no two steps are alike")
    for a, b in zip(first.settings, second.settings, strict=True):
        name = setting_name(b)
        if name != "lr" and b.value - a.value != (name in COUNTERS):
            raise NotCompilable(f"the optimizer's {name} changes from step to step", b)


def shape_of(line: Line) -> Any:
    return line.expression.kind, line.expression.text, line.shape, line.dtype
