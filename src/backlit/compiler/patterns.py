"""Formulas as patterns: "e * (p - y)" is found among the lines of a graph, and made of them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backlit.tracing.graph import Expression, Line

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
COMMUTES = ("+", "*")
Bound = dict[str, Any]


@functools.cache
def parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


@functools.cache
def outermost(formula: str) -> tuple[str, str]:
    """Kind and text of the lines that may compute a formula: what its last step does."""
    node = parsed(formula)
    if isinstance(node, ast.Call):
        return function_of(node)
    if isinstance(node, ast.UnaryOp):
        return "prefix", "-"
    assert isinstance(node, (ast.BinOp, ast.Compare))
    return "infix", OPERATORS[type(node.op if isinstance(node, ast.BinOp) else node.ops[0])]


def find(formula: str, line: Line) -> Bound | None:
    """What the names of a formula stand for if the line computes it, through the lines that it reads; else None.

    A name may stand for a line or a constant, the same one wherever it occurs; a capital only for a constant
    or the count of a mean. The gradient of a loss with respect to
    itself counts as the constant that it is, 1.
    """
    if line.expression[:2] != outermost(formula):
        return None
    return next(matched(parsed(formula), line, {}), None)


def matched(node: ast.expr, value: Any, bound: Bound) -> Iterator[Bound]:
    """Every way to read a value as a formula, given what some of its names stand for."""
    if isinstance(node, ast.Name):
        if node.id not in bound and not (node.id.isupper() and isinstance(value, Line) and not is_count(value)):
            yield {**bound, node.id: value}
        elif node.id in bound and same(bound[node.id], value):
            yield bound
    elif is_constant(node):
        if same(ast.literal_eval(node), number(value)):
            yield bound
    elif isinstance(value, Line):
        yield from matched_parts(node, value.expression, bound)


def matched_parts(node: ast.expr, e: Expression, bound: Bound) -> Iterator[Bound]:
    if isinstance(node, ast.BinOp) and e.kind == "infix" and e.text == OPERATORS[type(node.op)]:
        yield from matched_all((node.left, node.right), e.arguments, bound)
        if e.text in COMMUTES:
            yield from matched_all((node.left, node.right), e.arguments[::-1], bound)
    elif isinstance(node, ast.Compare) and e.kind == "infix" and e.text == OPERATORS[type(node.ops[0])]:
        yield from matched_all((node.left, node.comparators[0]), e.arguments, bound)
    elif isinstance(node, ast.UnaryOp) and e.kind == "prefix" and e.text == "-":
        yield from matched(node.operand, e.arguments[0], bound)
    elif isinstance(node, ast.Call) and function_of(node) == (e.kind, e.text):
        assert isinstance(node.func, ast.Attribute)
        settings, given = dict(e.settings), [node.func.value] * (e.kind == "method") + node.args
        if len(given) == len(e.arguments) and [k.arg for k in node.keywords] == list(settings):
            yield from matched_all(
                (*given, *(k.value for k in node.keywords)), (*e.arguments, *settings.values()), bound
            )


@functools.cache  # by node: parsed formulas are kept
def function_of(node: ast.Call) -> tuple[str, str]:
    """What is called: a function of NumPy, or a method of an array."""
    assert isinstance(node.func, ast.Attribute)
    is_numpy = ast.unparse(node.func).startswith("np.")
    return ("call", ast.unparse(node.func)) if is_numpy else ("method", node.func.attr)


def matched_all(nodes: tuple[ast.expr, ...], values: tuple[Any, ...], bound: Bound) -> Iterator[Bound]:
    if not nodes:
        yield bound
        return
    for found in matched(nodes[0], values[0], bound):
        yield from matched_all(nodes[1:], values[1:], found)


def is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(map(is_constant, node.elts))
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant))


def is_count(line: Line) -> bool:
    """Whether a line is the n of a mean."""
    return line.kind == "input" and line.expression.text == "count"


def number(value: Any) -> Any:
    """A constant; of the seed of a backward pass, and of minus that, its value."""
    if not isinstance(value, Line):
        return value
    if value.kind == "prefix" and value.expression.text == "-":
        inner = number(value.expression.arguments[0])
        return value if isinstance(inner, Line) else -inner
    is_seed = value.kind == "input" and value.expression.text == "seed" and np.ndim(value.value) == 0
    return float(value.value) if is_seed else value


def same(first: Any, second: Any) -> bool:
    """Whether two operands are one: the same line, or equal constants."""
    if isinstance(first, Line) or isinstance(second, Line):
        return first is second
    if isinstance(first, bool) is not isinstance(second, bool):
        return False
    try:
        return bool(first == second)
    except (TypeError, ValueError):
        return False


def make(formula: str, bound: Bound, new: Callable[[Expression], Line]) -> Any:
    """The expression that a formula spells; what it nests becomes lines, through `new`."""
    return made(parsed(formula), bound, new)


def made(node: ast.expr, bound: Bound, new: Callable[[Expression], Line]) -> Any:
    """An Expression; a line or a constant where the formula is no more than its name."""

    def operand(part: ast.expr) -> Any:
        value = made(part, bound, new)
        return new(value) if isinstance(value, Expression) else value

    if isinstance(node, ast.Name):
        return bound[node.id]
    if is_constant(node):
        return ast.literal_eval(node)
    if isinstance(node, ast.BinOp):
        return Expression("infix", OPERATORS[type(node.op)], (operand(node.left), operand(node.right)))
    if isinstance(node, ast.Compare):
        return Expression("infix", OPERATORS[type(node.ops[0])], (operand(node.left), operand(node.comparators[0])))
    if isinstance(node, ast.UnaryOp):
        return Expression("prefix", "-", (operand(node.operand),))
    if isinstance(node, ast.Attribute):
        return Expression("attribute", node.attr, (operand(node.value),))
    assert isinstance(node, ast.Call)
    settings = tuple((str(k.arg), operand(k.value)) for k in node.keywords)
    arguments = tuple(operand(argument) for argument in node.args)
    kind, text = function_of(node)
    if kind == "method":
        assert isinstance(node.func, ast.Attribute)
        arguments = (operand(node.func.value), *arguments)
    return Expression(kind, text, arguments, settings)
