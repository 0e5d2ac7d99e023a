"""The record of a step: lines, each one thing that NumPy was asked to do, with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

Role = Literal["input", "forward", "loss", "backward", "update"]


class Expression(NamedTuple):
    """What a line asks for. `arguments` and `settings` hold lines, constants, and nests of them.

    kind: "input" (a given array; `text` says of what sort), "call" (`text` is the function, as "np.exp"), "kernel"
    (a function of ours, `function`), "infix" and "prefix" (`text` is the operator), "index" (x[key]), "attribute"
    ("T"), "method" (x.text(...)), "write" (arguments: target, key, value; memory is overwritten), "same" (memory that
    another line overwrote, under its old name).
    """

    kind: str
    text: str
    arguments: tuple[Any, ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()
    function: Callable[..., Any] | None = None


@dataclass(eq=False)
class Line:
    """One named value of a step.

    `value` is what it was when it was computed: an array, a NumPy scalar or a Python number. `op` is the operation it
    belongs to and `reading` the part of it, "forward" or "gradient of x"; `call` numbers the calls of ops, so that the
    lines of one call can be found together. `where` is the user's file and line, `module` the path of the layer.
    `is_named` marks a name that people chose; `path` is what the user calls an input, as "net.0.weight".
    """

    name: str
    expression: Expression
    value: Any
    role: Role = "forward"
    op: str = ""
    reading: str = "forward"
    call: int = -1
    where: str = ""
    module: str = ""
    path: str = ""
    is_named: bool = False

    @property
    def kind(self) -> str:
        return self.expression.kind

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def dtype(self) -> Any:
        """The array's dtype; None for a Python number."""
        return getattr(self.value, "dtype", None)

    @property
    def place(self) -> Line:
        """The line that first named this line's memory: itself, unless memory was overwritten under an old name."""
        return self.expression.arguments[0].place if self.kind in ("write", "same") else self

    @property
    def operands(self) -> list[Line]:
        """The lines that this one reads, in order, each once."""
        return list(dict.fromkeys(lines_in((self.expression.arguments, self.expression.settings))))

    def __repr__(self) -> str:
        return f"<{self.name} {self.kind} {self.expression.text} {list(self.shape)}>"


def lines_in(nest: Any) -> Iterator[Line]:
    """The lines in a nest of tuples, lists, dictionaries and slices."""
    if isinstance(nest, Line):
        yield nest
    elif isinstance(nest, (tuple, list)):
        for part in nest:
            yield from lines_in(part)
    elif isinstance(nest, dict):
        yield from lines_in(tuple(nest.values()))
    elif isinstance(nest, slice):
        yield from lines_in((nest.start, nest.stop, nest.step))


def replaced(nest: Any, change: Callable[[Any], Any]) -> Any:
    """The nest with every leaf (line or constant) changed."""
    if not isinstance(nest, (tuple, list, dict, slice)):
        return change(nest)
    if isinstance(nest, (tuple, list)):
        parts = [replaced(part, change) for part in nest]
        return type(nest)(*parts) if hasattr(nest, "_fields") else type(nest)(parts)
    if isinstance(nest, dict):
        return {key: replaced(part, change) for key, part in nest.items()}
    return slice(*(replaced(part, change) for part in (nest.start, nest.stop, nest.step)))


@dataclass(eq=False)
class Call:
    """One call of an op: what its body was given and gave, and what its rules were given and gave.

    `inputs` are lines, or numbers and None as they were given; before they were brought to one dtype. `extras` are the
    intermediates that the op keeps for its rules. `g` is the gradient of `out` and `gradients` those of the inputs, by
    position, as the rules gave them; None and empty where no backward pass came by.
    """

    op: str
    number: int
    inputs: tuple[Any, ...]
    settings: dict[str, Any]
    out: Line
    extras: dict[str, Any] = field(default_factory=dict)
    g: Line | None = None
    gradients: dict[int, Line] = field(default_factory=dict)


@dataclass
class Graph:
    """The lines of one step, in the order in which they ran.

    `outputs` are what the step leaves behind, by name: the loss, the gradients, the parameters and the optimizer's
    state after the update. `result` is what the recorded function returned. `calls` are the ops' calls by number.
    """

    lines: list[Line]
    outputs: dict[str, Line]
    loss: Line | None = None
    result: Any = None
    notes: list[str] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)
    is_readable: bool = False

    @property
    def inputs(self) -> list[Line]:
        """The given arrays: parameters, data, drawn numbers, the optimizer's state before."""
        return [line for line in self.lines if line.kind == "input"]

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, name: str) -> Line:
        """The last line of that name. Raises KeyError with the closest names."""
        for line in reversed(self.lines):
            if line.name == name or (line.path and line.path == name):
                return line
        from backlit.suggest import did_you_mean

        raise KeyError(f"the step has no line {name!r}. {did_you_mean(name, [line.name for line in self.lines])}")

    def source(self, verbatim: bool = False) -> str:
        """The step as a program that needs only NumPy, as an expert would write it; the given arrays must be there.

        With `verbatim` every recorded call has a line of its own, and the numbers are the record's to the bit.

        >>> import backlit as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> print(torch.trace(lambda: torch.sigmoid(x).sum().backward()).source())  # doctest: +ELLIPSIS
        import numpy as np
        ...
        """
        from backlit.tracing.source import program

        return program(self if verbatim else self.readable())

    def readable(self) -> Graph:
        """The same step in few lines, one thought a line: see `backlit.compiler.readable`."""
        from importlib import import_module  # by name, as the room stands below this one

        simplified: Graph = import_module("backlit.compiler").readable(self)
        return simplified

    def svg(self) -> str:
        """The step as a picture: forward from left to right, and back below it. See `backlit.explain.drawing`."""
        from importlib import import_module  # by name, as the room stands below this one

        drawn: str = import_module("backlit.explain.drawing").svg(self.readable())
        return drawn

    def run(self, verbatim: bool = True) -> dict[str, Any]:
        """Execute the source on the recorded inputs. Out: the outputs by name."""
        from backlit.tracing.source import executed

        return executed(self if verbatim else self.readable())
