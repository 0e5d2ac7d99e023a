"""How large the numbers were that a result was summed from: what its rounding is measured by."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.compiler.draft import value_of
from backlit.tracing.graph import Expression, Graph, Line, lines_in, replaced

#: Calls through which terms pass as they are, or are added up.
LINEAR = frozenset((
    "np.add.reduce", "np.sum", "np.reshape", "np.swapaxes", "np.transpose", "np.broadcast_to", "np.asarray",
    "np.expand_dims", "np.squeeze", "np.concatenate", "np.stack", "np.where", "sum", "reshape", "astype", "transpose",
    "ravel", "copy", "T", "", "+", "-", "*", "@", "/",
))  # fmt: skip


def scales(graph: Graph) -> dict[str, float]:
    """Of each output the largest sum of |terms| that one of its numbers came from in the backward pass and the update.

    Where terms cancel, as +0.4 and -0.39 do, two programs that round differently differ by a share of the terms, not
    of what is left of them (Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2). The forward pass
    counts as it is: hardly anything there is computed otherwise.
    """
    of: dict[int, Any] = {}
    for line in graph.lines:
        if line.role in ("backward", "update") and np.asarray(line.value).dtype.kind == "f":
            of[id(line)] = magnitude(line, of)
    return {name: largest(of.get(id(line), line.value)) for name, line in graph.outputs.items()}


def magnitude(line: Line, of: dict[int, Any]) -> Any:
    """|line|, or the sum of the |terms| that it was added up from where that is more."""
    own = np.absolute(line.value)
    e = line.expression
    if e.kind in ("input", "write", "same", "kernel") or e.text not in LINEAR:
        return own
    if line.role == "update" and e.text == "/":  # what is divided by a gradient's size must be right by itself
        return own
    stand_ins = {id(o): Line(o.name, o.expression, positive(o, of)) for o in lines_in(e)}
    if e.text == "/" and isinstance(e.arguments[1], Line):  # a divisor that cancelled is small, and is not made larger
        stand_ins[id(e.arguments[1])].value = np.absolute(e.arguments[1].value)
    terms = Expression(e.kind, "+" if e.text == "-" else e.text, *e[2:]) if e.kind == "infix" else e
    terms = replaced(terms, lambda v: stand_ins.get(id(v), v) if isinstance(v, Line) else v)
    sums = np.absolute(value_of(terms)) if e.kind != "prefix" else stand_ins[id(e.arguments[0])].value
    return np.maximum(own, sums) if np.shape(sums) == np.shape(own) else own


def positive(line: Line, of: dict[int, Any]) -> Any:
    if id(line) in of:
        return of[id(line)]
    is_float = np.asarray(line.value).dtype.kind == "f"
    return np.absolute(line.value) if is_float else line.value


def largest(value: Any) -> float:
    numbers = np.absolute(np.asarray(value, np.float64)) if np.asarray(value).dtype.kind in "fiub" else np.zeros(0)
    return float(np.max(numbers, initial=0.0, where=np.isfinite(numbers)))
