"""What every pass needs: a graph that is made from another one, line by line, and the means to check a change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backlit.tracing.graph import Call, Expression, Graph, Line, lines_in, replaced
from backlit.tracing.names import hint
from backlit.tracing.source import STAND_INS, expressions_in, text_of

#: What one line may differ by from the record, as a share of its value: 4 units in the last place.
LINE_UNITS = 4
#: What a change that takes several ops together may differ by.
STEP_TOLERANCE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-12}

#: Calls whose result may lie in the memory of what they are given.
VIEWS = frozenset(
    f"np.{name}" for name in (
        "array_split", "asarray", "atleast_1d", "broadcast_to", "diagonal", "expand_dims", "flip", "moveaxis", "ravel",
        "reshape", "split", "squeeze", "swapaxes", "transpose", "lib.stride_tricks.as_strided",
        "lib.stride_tricks.sliding_window_view",
    )
)  # fmt: skip


class Draft:
    """A graph in the making: lines are taken over one after the other, as they are or changed."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.lines: list[Line] = []
        self.now: dict[int, Any] = {}  # of a line of the old graph: what stands for it, a line or a constant
        self.taken = {line.name for line in graph.lines}
        self.moving = unsteady(graph)

    def current(self, value: Any) -> Any:
        """What stands for a line of the old graph."""
        while isinstance(value, Line) and id(value) in self.now:
            value = self.now[id(value)]
        return value

    def brought(self, line: Line) -> Line:
        """The line with its operands as they are now."""
        if not any(id(operand) in self.now for operand in lines_in(line.expression)):
            return line
        return self.changed(line, replaced(line.expression, self.current))

    def changed(self, line: Line, expression: Expression, **traits: Any) -> Line:
        """The line with another expression; it stands for the old one from here on."""
        new = replace(line, expression=expression, **traits)
        self.now[id(line)] = new
        if id(line) in self.moving:
            self.moving.add(id(new))
        return new

    def is_steady(self, line: Line) -> bool:
        """Whether a line gives the same wherever it is computed: nothing overwrites it, or what it reads."""
        return id(line) not in self.moving and not any(id(operand) in self.moving for operand in line.operands)

    def take(self, line: Line) -> Line:
        """Take a line over, its operands brought up to date."""
        new = self.brought(line)
        self.lines.append(new)
        return new

    def fresh(self, word: str) -> str:
        """A name that no line has: the word with a number."""
        count = next(k for k in itertools.count(1) if f"{word}_{k}" not in self.taken)
        self.taken.add(f"{word}_{count}")
        return f"{word}_{count}"

    def add(self, expression: Expression, like: Line) -> Line:
        """A line of its own, computed from the recorded values. It belongs where `like` does."""
        line = replace(like, expression=expression, value=value_of(expression), path="", is_named=False)
        line.name = self.fresh(hint(line))
        self.lines.append(line)
        return line

    def finished(self) -> Graph:
        """The new graph: outputs, loss and calls speak of its lines."""
        if not self.now and len(self.lines) == len(self.graph.lines):
            return self.graph
        outputs = {name: self.current(line) for name, line in self.graph.outputs.items()}
        calls = {number: self.call(call) for number, call in self.graph.calls.items()} if self.now else self.graph.calls
        return replace(
            self.graph, lines=self.lines, outputs=outputs, loss=self.current(self.graph.loss), calls=calls,
            notes=list(self.graph.notes),
        )  # fmt: skip

    def call(self, call: Call) -> Call:
        def line(old: Line) -> Line:
            new = self.current(old)
            return new if isinstance(new, Line) else old

        return replace(
            call,
            inputs=tuple(self.current(value) for value in call.inputs),
            out=line(call.out),
            extras={name: self.current(value) for name, value in call.extras.items()},
            g=self.current(call.g),
            gradients={at: line(value) for at, value in call.gradients.items()},
        )


def value_of(expression: Expression) -> Any:
    """Compute an expression, as a program would, from the recorded values of its operands."""
    operands = {f"v{k}": line for k, line in enumerate(dict.fromkeys(lines_in(expression)))}
    names = {id(line): name for name, line in operands.items()}
    scope: dict[str, Any] = {"np": np, **{name: line.value for name, line in operands.items()}}
    for part in expressions_in(expression):
        if part.function is not None:
            scope[part.function.__name__] = part.function
        elif part.text in STAND_INS:
            exec(f"import math\n{STAND_INS[part.text]}", scope)
        elif part.text.startswith("special."):
            from scipy import special

            scope["special"] = special
    with np.errstate(all="ignore"):
        return eval(text_of(expression, lambda line: names[id(line)])[0], scope)


def agree(new: Any, old: Any, tolerance: Callable[[np.dtype[Any]], float], scale: float | None = None) -> bool:
    """Whether a value is the recorded one but for rounding: the same shape and dtype, and each number as near.

    With a `scale` the difference may be that share of it, instead of each number.
    """
    if np.shape(new) != np.shape(old) or getattr(new, "dtype", None) != getattr(old, "dtype", None):
        return False
    new, old = np.asarray(new), np.asarray(old)
    if old.dtype.kind not in "fc" or old.tobytes() == new.tobytes():
        return bool(np.array_equal(new, old))
    with np.errstate(all="ignore"):
        near = np.absolute(new - old) <= tolerance(old.dtype) * (np.absolute(old) if scale is None else scale)
    return bool(np.all(near | (new == old) | (np.isnan(new) & np.isnan(old))))


def of_a_line(dtype: np.dtype[Any]) -> float:
    return LINE_UNITS * float(np.finfo(dtype).eps)


def of_nothing(dtype: np.dtype[Any]) -> float:
    """To the bit."""
    return 0.0


def of_a_step(dtype: np.dtype[Any]) -> float:
    return STEP_TOLERANCE.get(dtype, 8 * float(np.finfo(dtype).eps))


def unsteady(graph: Graph) -> set[int]:
    """The lines, by id, whose memory a later line may overwrite: they cannot be read at another time."""
    if not any(line.kind == "write" for line in graph.lines):
        return set()
    roots: dict[int, set[int]] = {}
    for line in graph.lines:
        e = line.expression
        is_view = e.kind in ("index", "attribute", "method", "same", "write") or e.text in VIEWS
        own = {id(line)} if not is_view else set()
        roots[id(line)] = own.union(*(roots.get(id(o), {id(o)}) for o in line.operands)) if is_view else own
    written = set().union(*(roots[id(line)] for line in graph.lines if line.kind == "write"))
    return {id(line) for line in graph.lines if roots[id(line)] & written}
