"""Lines that belong together: the five moments of a step, and the calls of which each consists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from backlit.tracing.graph import Graph, Line

#: What is given, and the moments that have lines. Clearing the gradients is the fifth; it computes nothing.
MOMENTS = ("given", "forward", "loss", "backward", "update")


@dataclass(frozen=True)
class Group:
    """Neighbouring lines of one call: a layer's forward pass, a layer's gradients, one parameter's update."""

    moment: str
    lines: tuple[Line, ...]

    @property
    def op(self) -> str:
        return self.lines[-1].op

    @property
    def module(self) -> str:
        return self.lines[-1].module

    @property
    def where(self) -> str:
        """The user's file and line, without the folders: "xor.py:9"."""
        return place(self.lines[-1].where)

    @property
    def parameter(self) -> str:
        """The path of the parameter that an update's lines overwrite; "" elsewhere."""
        paths = (x.path for line in self.lines for x in line.operands if x.path and not x.path.endswith(".grad"))
        return next(paths, "") if self.moment == "update" else ""


def place(where: str) -> str:
    """A file and a line without the folders."""
    file, colon, line = where.rpartition(":")
    return Path(file).name + colon + line


def moment_of(line: Line, loss: Line | None) -> str:
    """The moment of a line. What the call that gives the loss does on its way belongs to the loss."""
    if line.kind == "input":
        return "given"
    in_loss = loss is not None and line.role == "forward" and line.call == loss.call >= 0
    return "loss" if in_loss else line.role if line.role in MOMENTS else "forward"


def groups(graph: Graph) -> list[Group]:
    """The lines of a step in runs of one call each, in order."""
    updates = update_of_each(graph.lines)

    def key(line: Line) -> tuple[str, str, int, int]:
        moment = moment_of(line, graph.loss)
        return ("given", "", -1, -1) if moment == "given" else (moment, line.op, line.call, updates.get(line, -1))

    in_order = sorted(graph.lines, key=lambda line: MOMENTS.index(moment_of(line, graph.loss)))
    return [Group(found[0], tuple(run)) for found, run in groupby(in_order, key)]


def update_of_each(lines: Iterable[Line]) -> dict[Line, int]:
    """A number for each line of an update, the same for lines that share an array: those of one parameter.

    Numbers such as the learning rate are shared by all updates and join none.
    """
    parent: dict[Line, Line] = {}

    def root(line: Line) -> Line:
        while parent.setdefault(line, line) is not line:
            line = parent[line]
        return line

    updates = [line for line in lines if line.role == "update"]
    for line in updates:
        for operand in line.operands:
            if isinstance(operand.value, (tuple, list)) or np.ndim(operand.value):
                parent[root(line)] = root(operand)
    order: dict[Line, int] = {}
    return {line: order.setdefault(root(line), len(order)) for line in updates}


def readers(lines: Iterable[Line]) -> dict[Line, list[Line]]:
    """For each line, those that read it."""
    found: dict[Line, list[Line]] = {}
    for line in lines:
        for operand in line.operands:
            found.setdefault(operand, []).append(line)
    return found
