"""When the arrays of a step's workspace are in use, and a place for each that no other one needs at the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from llvmlite import ir
from llvmlite.ir.instructions import CastInstr, GEPInstr

#: An instruction's place in a function: the number of its block, and its number in there.
Moment = tuple[int, int]
#: The first and the last moment at which something is in use.
Span = tuple[Moment, Moment]


def spans_of(function: ir.Function, starts: Iterable[ir.Value]) -> dict[ir.Value, Span]:
    """From when to when the array that begins at each pointer is read or written; those that never are have no entry.

    The instructions themselves are asked, so that it does not matter which expressions waited to be computed, and where
    they were in the end. A loop is one moment: each of its passes may come back to any of its instructions.
    """
    known, spans = set(starts), dict[ir.Value, Span]()
    head = {number: first for first, last in loops_of(function.blocks) for number in range(first, last + 1)}
    for number, block in enumerate(function.blocks):
        for k, instruction in enumerate(block.instructions):
            if isinstance(instruction, (GEPInstr, CastInstr)):
                continue  # a pointer, which nothing is read from yet
            moment = (head[number], 0) if number in head else (number, k)
            for start in known.intersection(origin(operand, known) for operand in instruction.operands):
                spans[start] = (spans.get(start, (moment, moment))[0], moment)
    return spans


def loops_of(blocks: Sequence[ir.Block]) -> list[tuple[int, int]]:
    """The numbers of the first and the last block of each outermost loop, in order.

    Whatever leads back spans a loop. Loops with blocks in common are one.
    """
    numbers = {block: number for number, block in enumerate(blocks)}
    targets = [[numbers[o] for o in block.terminator.operands if isinstance(o, ir.Block)] for block in blocks]
    back = sorted((target, number) for number, own in enumerate(targets) for target in own if target <= number)
    found: list[tuple[int, int]] = []
    for first, last in back:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def origin(pointer: ir.Value, known: set[ir.Value]) -> ir.Value:
    """The known pointer that a pointer was computed from, or else the first of them all."""
    while pointer not in known and isinstance(pointer, (GEPInstr, CastInstr)):
        pointer = pointer.operands[0]
    return pointer


def places_for(sizes: Sequence[int], spans: Sequence[tuple[Any, Any]]) -> tuple[list[int], int]:
    """Where in one block each array begins, and how large the block must be.

    The largest arrays come first, each as far in front as there is room while it is in use.

    >>> places_for([64, 64, 128], [(0, 1), (2, 3), (1, 2)])
    ([128, 128, 0], 192)
    """
    places: dict[int, int] = {}
    for k in sorted(range(len(sizes)), key=lambda k: -sizes[k]):
        first, last = spans[k]
        beside = [other for other in places if spans[other][0] <= last and first <= spans[other][1]]
        places[k] = first_gap(sizes[k], [(places[other], sizes[other]) for other in beside])
    whole = max((places[k] + size for k, size in enumerate(sizes)), default=0)
    return [places[k] for k in range(len(sizes))], whole


def first_gap(size: int, taken: Iterable[tuple[int, int]]) -> int:
    """The first place with so much room beside what is taken, each piece given by where it begins and its size."""
    place = 0
    for begin, length in sorted(taken):
        if place + size <= begin:
            break
        place = max(place, begin + length)
    return place
