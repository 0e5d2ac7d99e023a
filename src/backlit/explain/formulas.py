"""The lines of a step as formulas: in text, in LaTeX and in MathML.

Every formula is read from the record, from what an op's own lines asked NumPy for.

>>> import backlit as torch
>>> from backlit.explain import formulas
>>> x = torch.tensor([1.0, 2.0], requires_grad=True)
>>> graph = torch.trace(lambda: torch.sigmoid(x).sum().backward())
>>> call = graph.calls[1]
>>> [formulas.text(line) for line in formulas.merged(formulas.lines_of(graph, call))]
['sigmoid_1 = 1 / (1 + e^(-x))']
>>> [formulas.written(rule.local) for rule in formulas.derivatives(call)]
['out ⊙ (1 - out)']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backlit.explain.notation import REALS, Term, number, written
from backlit.explain.rules import letter_of, rules_of, run
from backlit.explain.terms import ONE, Naming, array_term, factor, name, term_of
from backlit.ops.registry import OPS, Op
from backlit.tracing.graph import Call, Expression, Graph, Line, lines_in, replaced
from backlit.tracing.recorder import Recorder
from backlit.tracing.symbol import Symbol

# One line.


def text(line: Line) -> str:
    """The line as a formula in plain text: "z1 = x W1ᵀ + b1"."""
    return written(statement(line), "text")


def latex(line: Line) -> str:
    r"""The line as LaTeX, without the dollars around it: "z_{1} = x \, {W_{1}}^\top + b_{1}"."""
    return written(statement(line), "latex")


def mathml(line: Line) -> str:
    """The line as presentation MathML, a <math> element that browsers show."""
    return math_element(statement(line))


def math_element(term: Term) -> str:
    """A formula as a <math> element."""
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{written(term, "mathml")}</math>'


def statement(line: Line, naming: Naming = name) -> Term:
    """What a line says: its name, and what it is. Of a given array, how large it is."""
    own = Term("name", line.name)
    if line.kind == "input":
        return given(line)
    if line.kind == "write":
        target, keys, value = line.expression.arguments
        for key in keys:
            target = Expression("index", "", (target, key))
        return Term("becomes", "", (term_of(target, naming), term_of(value, naming)))
    again = line.role == "update" and any(other.name == line.name for other in line.operands)
    return Term("becomes" if again else "is", "", (own, factor(term_of(line.expression, naming))))


def given(line: Line) -> Term:
    """A given number with its value, a given array with its shape."""
    if line.shape == ():
        value = np.asarray(line.value).item()
        return Term(
            "is",
            "",
            (Term("name", line.name), number(value) if not isinstance(value, bool) else Term("words", str(value))),
        )
    size = Term("number", str(line.shape[0]))
    for n in line.shape[1:]:
        size = Term("by", "", (size, Term("number", str(n))))
    return Term("in", "", (Term("name", line.name), Term("power", "", (Term("words", REALS), size))))


# The lines of one call.


def lines_of(graph: Graph, call: Call, reading: str = "forward") -> list[Line]:
    """The lines of a call: its forward ones, or those of the gradient rule of one input ("gradient of x")."""
    return [line for line in graph.lines if line.call == call.number and line.reading == reading]


def merged(lines: Sequence[Line]) -> list[Line]:
    """The lines with every intermediate that only one other reads, and that nobody named, put into its place.

    Before: negative_1 = -z1; exp_1 = np.exp(negative_1); sum_1 = 1 + exp_1; a1 = 1 / sum_1
    After: a1 = 1 / (1 + np.exp(-z1))
    """
    within = {id(line) for line in lines}
    reads = Counter(
        id(read) for line in lines for read in lines_in((line.expression.arguments, line.expression.settings))
    )
    hidden = {
        id(line) for line in lines[:-1]
        if not line.is_named and line.kind not in ("input", "write", "same") and reads[id(line)] == 1
    }  # fmt: skip

    def put_in(part: Any) -> Any:
        if isinstance(part, Line) and id(part) in hidden & within:
            return expanded(part.expression)
        return part

    def expanded(expression: Expression) -> Expression:
        arguments, settings = replaced((expression.arguments, expression.settings), put_in)
        return expression._replace(arguments=arguments, settings=settings)

    return [replace(line, expression=expanded(line.expression)) for line in lines if id(line) not in hidden]


# What an op says in general.


def in_general(op: Op | str) -> str:
    """What an op computes, from its own words: "out = max(x, 0)."

    >>> in_general("relu")
    'out = max(x, 0)'
    """
    said = (OPS[op] if isinstance(op, str) else op).__doc__ or ""
    first = said.strip().split("\n\n")[0]
    return re.split(r"\s\s|\.$|\. (?=Shape)", re.sub(r"\n\s*", " ", first), maxsplit=1)[0].rstrip(".")


class Derivative(NamedTuple):
    """The rule of one input of an op (at this position), in the op's own letters.

    `product` is what the rule makes of `g`, the gradient of `out`: the chain rule. `local` is the factor itself, the
    rule for g = 1, where the op works element by element; None where it is no factor (in a matrix product, say).
    """

    input: str
    at: int
    product: Term
    local: Term | None


#: NumPy's functions besides the ufuncs that work element by element.
ELEMENTWISE = frozenset(("np.where", "np.ones_like", "np.zeros_like", "np.broadcast_to", "np.asarray", "np.full_like"))


def derivatives(call: Call) -> list[Derivative]:
    """The rules of a call's inputs that a gradient went to, or of all that have one where no backward pass came by."""
    letters = Letters()
    g = letters("g", call.g if call.g is not None else np.ones(call.out.shape, call.out.dtype))
    found = []
    for at, rule in rules_of(call):
        with np.errstate(all="ignore"):
            result = run(call, at, rule, g, letters)
        if isinstance(result, Symbol):
            product, local = product_and_factor(result.line, g.line)
            found.append(Derivative(letter_of(OPS[call.op], at), at, product, local))
    return found


class Letters:
    """Values as symbols that bear the letters of a rule."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.kept: dict[str, Symbol] = {}

    def __call__(self, letter: str, value: Any) -> Any:
        """A symbol for an array; anything else is itself."""
        value = value.value if isinstance(value, Line) else value
        if not isinstance(value, (np.ndarray, np.generic)):
            return value
        if letter not in self.kept:
            array = np.asarray(value)
            self.kept[letter] = Symbol(self.recorder.given(array, "array", letter), self.recorder, array)
        return self.kept[letter]


def product_and_factor(line: Line, g: Line) -> tuple[Term, Term | None]:
    """The chain rule's product, and the factor in it, from the line that a rule ended with."""

    def naming(other: Line) -> Term | None:
        if other.kind != "input":
            return None
        return name(other) if other.is_named else array_term(other)

    local = None
    if all(is_elementwise(each) for each in behind(line)):
        local = term_of(line, lambda other: ONE if other is g else naming(other))
    return term_of(line, naming), local


def local_derivative(call: Call, at: int) -> Term | None:
    """The derivative of a call's output with respect to an input, in the names of the record.

    "∂a1/∂z1 = a1 ⊙ (1 - a1)"; None where the op does not work element by element.
    """
    found = next((each for each in derivatives(call) if each.at == at), None)
    if found is None or found.local is None:
        return None
    op = OPS[call.op]
    names = {
        letter: given.name for letter, given in zip(op.inputs, call.inputs, strict=False) if isinstance(given, Line)
    }
    names |= {"out": call.out.name} | {letter: line.name for letter, line in call.extras.items()}
    both = Term("name", call.out.name), Term("name", call.inputs[at].name)
    return Term("is", "", (Term("derivative", "", both), renamed(found.local, names)))


def renamed(term: Term, names: Mapping[str, str]) -> Term:
    """A formula with other names in it."""
    if term.kind == "name":
        return term._replace(text=names.get(term.text, term.text))
    return term._replace(parts=tuple(renamed(part, names) for part in term.parts))


def behind(line: Line) -> list[Line]:
    """A line and all that it was computed from."""
    found = {id(line): line}
    waiting = [line]
    while waiting:
        for other in waiting.pop().operands:
            if id(other) not in found:
                found[id(other)] = other
                waiting.append(other)
    return list(found.values())


def is_elementwise(line: Line) -> bool:
    """Whether every element of a line comes from the same place of what it reads."""
    kind, asked, _, _, function = line.expression
    if kind in ("input", "prefix", "same") or (kind == "method" and asked == "astype"):
        return True
    if kind == "infix":
        return asked != "@"
    return kind == "call" and ((isinstance(function, np.ufunc) and function is not np.matmul) or asked in ELEMENTWISE)
