"""From two recorded steps to a plan that repeats the second one, as often as is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from backlit.compiler.native.build import COUNTERS, Binding, Plan, setting_name
from backlit.compiler.native.draws import Draw, draws_of
from backlit.compiler.native.errors import NotCompilable, NotYet
from backlit.tracing.graph import Graph, Line
from backlit.tracing.recorder import Recorder

Array = np.ndarray[Any, Any]


def plan_of(
    recorder: Recorder,
    rows: Sequence[tuple[Array, Array]],
    batch: int,
    more: Sequence[Binding] = (),
    generator: Array | None = None,
) -> Plan:
    """What a recorded step computes, with its arrays. `rows` are pairs: the batch as recorded, and all rows.

    `more` are arrays that take what some lines hold at the end; `generator` is the default generator's state before the
    step, without which a step must draw nothing.

    Raises NotCompilable for a step with more or less than one loss, and for one in which Python looked at numbers,
    which may be others the next time. A branch on the count of steps becomes a guard.
    """
    if len(recorder.roots) != 1:
        raise NotCompilable(f"the step has {len(recorder.roots)} losses: a compiled step has one")
    guards = guards_of(recorder)
    draws, loss = draws_of(recorder, generator), recorder.roots[0]
    bindings = [*bindings_of(recorder, rows, draws), *more]
    lines = needed(recorder.lines, [loss, *guards, *(b.after for b in bindings if b.after is not None)])
    used = set(lines)
    bindings = [b for b in bindings if b.before in used or b.after in used]
    check_overlaps(bindings)
    settings = [line for line in lines if line.kind == "input" and line.expression.text == "setting"]
    return Plan(lines, bindings, settings, loss, batch, [draw.read_in(used) for draw in draws], guards)


def gradients_of(recorder: Recorder) -> list[tuple[Any, Binding]]:
    """Each leaf with an array in which its gradient is left."""
    return [(leaf, Binding(np.zeros(line.shape, line.dtype), None, line)) for leaf, line in recorder.gradients.values()]


def plan_of_graph(graph: Graph) -> Plan:
    """A record as a plan that computes its outputs from its inputs, into arrays of their own."""
    outputs = [line for line in dict.fromkeys(graph.outputs.values()) if line.kind != "input"]
    lines = needed(graph.lines, outputs)
    given = [line for line in lines if line.kind == "input" and isinstance(line.value, np.ndarray)]
    before = [Binding(np.array(line.value), line, None) for line in given]
    return Plan(lines, [*before, *(Binding(np.empty(line.shape, line.dtype), None, line) for line in outputs)])


def guards_of(recorder: Recorder) -> list[Line]:
    """The conditions that the step branched on and that its count decides.

    Raises NotCompilable if the step branched on another value, or its Python asked for one.
    """
    guards = []
    for line in dict.fromkeys(recorder.branches):
        parts = reached([line])
        if any(isinstance(part.value, (np.ndarray, np.generic)) for part in parts):
            raise NotCompilable("the step branches on a value", line)
        if any(part.kind == "input" and setting_name(part) in COUNTERS for part in parts):
            guards.append(line)
    for array in recorder.looks:
        at = recorder.memory.held[id(array)][1] if recorder.memory.knows(array) else None
        raise NotCompilable("Python looks at a value of the step, as item() and numpy() do", at)
    return guards


def bindings_of(
    recorder: Recorder, rows: Sequence[tuple[Array, Array]], draws: Sequence[Draw] = ()
) -> Iterator[Binding]:
    """Each array that was there before the step, or was drawn in it, with what it holds before and after."""
    memory = recorder.memory
    for array in memory.unseen.values():
        yield Binding(array, None, memory.held[id(array)][1])
    everything = {id(batch): whole for batch, whole in rows}
    drawn = {draw.line for draw in draws if draw.line is not None}
    for key, (array, first) in memory.given.items():
        last = memory.held[key][1]
        if last.kind == "same":
            raise NotCompilable("an array is overwritten through another one", last)
        after = last if last is not first else None
        if after is not None and (key in everything or first in drawn):
            raise NotCompilable("the batch itself, or a random number, is overwritten", last)
        is_batch = key in everything
        yield Binding(everything[key] if is_batch else array, first, after, is_batch, first in drawn)


def needed(lines: Sequence[Line], roots: Iterable[Line]) -> list[Line]:
    """The lines that the roots are computed from, in order."""
    kept = reached(roots)
    return [line for line in lines if line in kept]


def reached(roots: Iterable[Line]) -> set[Line]:
    """The roots, and all that they are computed from."""
    kept: set[Line] = set()
    waiting = list(roots)
    while waiting:
        line = waiting.pop()
        if line not in kept:
            kept.add(line)
            waiting += line.operands
    return kept


def check_overlaps(bindings: Sequence[Binding]) -> None:
    """Raise NotCompilable if an array that is overwritten shares memory with another one."""
    for written in bindings:
        if written.after is not None and any(
            other is not written and np.may_share_memory(written.array, other.array) for other in bindings
        ):
            raise NotCompilable("an array that is overwritten shares its memory with another one", written.after)


def check_repeats(first: Plan, second: Plan, steps: int = 1) -> None:
    """Raise NotCompilable unless two steps do the same, with counters so many `steps` further; the rate may change.

    NotYet, which is a kind of it, if they branched on the count of steps, and went different ways.
    """
    if [bool(guard.value) for guard in first.guards] != [bool(guard.value) for guard in second.guards]:
        raise NotYet("the step branches on the count of steps", next(iter(second.guards), None))
    if list(map(form_of, first.lines)) != list(map(form_of, second.lines)):
        raise NotCompilable("no two steps are alike")
    if [draw.call for draw in first.draws] != [draw.call for draw in second.draws]:
        raise NotCompilable("random numbers are drawn whose odds, range or shape change from step to step")
    for a, b in zip(first.settings, second.settings, strict=True):
        name = setting_name(b)
        if name != "lr" and b.value - a.value != (steps if name in COUNTERS else 0):
            raise NotCompilable(f"the optimizer's {name} changes from step to step", b)
    for mine, other in zip(given_in(first), given_in(second), strict=True):
        if mine.array is not other.array and not same_numbers(mine.array, other.array):
            raise NotCompilable("the step makes an array of numbers that change from step to step", other.before)


def given_in(plan: Plan) -> list[Binding]:
    """What a step finds or makes, but for its batch, its arguments and the random numbers."""
    return [b for b in plan.bindings if b.before is not None and not (b.drawn or b.rows or b.argument)]


def same_numbers(first: Array, second: Array) -> bool:
    return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


def form_of(line: Line) -> Any:
    """What two lines have in common that do the same."""
    kind, text, arguments, settings, _ = line.expression
    constants = "" if kind == "input" else repr(tuple(constants_in((arguments, settings))))
    return kind, text, line.shape, line.dtype, constants


def constants_in(nest: Any) -> Iterator[Any]:
    """The leaves of a nest that are no lines."""
    if isinstance(nest, (tuple, list)):
        for part in nest:
            yield from constants_in(part)
    elif isinstance(nest, slice):
        yield nest.start, nest.stop, nest.step
    elif not isinstance(nest, Line):
        yield nest
