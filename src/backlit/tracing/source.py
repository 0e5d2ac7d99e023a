"""A graph as a program that needs only NumPy."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from backlit.tracing.graph import Expression, Graph, Line

#: How tightly Python binds each operator; a call or a name binds tightest.
BINDING = {
    "|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6, "**": 8,
    "<": 0, "<=": 0, ">": 0, ">=": 0, "==": 0, "!=": 0,
}  # fmt: skip
PREFIX_BINDING = 7
TIGHT = 9
#: Functions of SciPy's that the standard library has for one number.
STAND_INS = {
    name: f"def {name}(x):\n"
    f"    return np.array([math.{name}(value) for value in np.ravel(x)], x.dtype).reshape(np.shape(x))"
    for name in ("erf", "erfc")
}
#: Constants of at most this many elements are written out; larger ones are given beside the program.
WRITTEN_OUT = 8
#: Shapes stand below each other, but no further to the right than this.
COMMENT_COLUMN = 64


def written(line: Line, name: Callable[[Line], str] | None = None) -> str:
    """The expression of a line, with the names of its operands."""
    return text_of(line.expression, name or (lambda other: other.name))[0]


def text_of(expression: Expression, name: Callable[[Line], Any]) -> tuple[str, int]:
    """The text of an expression, and how tightly it binds.

    `name` gives an operand's text: a string, or (text, binding) where the operand stands in the expression itself.
    """
    kind, text, arguments, settings, _ = expression

    def part(value: Any, least: int = 0) -> str:
        return bracketed(value, name, least)

    if kind in ("call", "kernel"):
        listed = [part(a) for a in arguments] + [f"{key}={part(value)}" for key, value in settings]
        return f"{text}({', '.join(listed)})", TIGHT
    if kind == "method":
        listed = [part(a) for a in arguments[1:]] + [f"{key}={part(value)}" for key, value in settings]
        return f"{part(arguments[0], TIGHT)}.{text}({', '.join(listed)})", TIGHT
    if kind == "infix":
        own = BINDING[text]
        right = own if text == "**" else own + 1
        return f"{part(arguments[0], own + (text == '**'))} {text} {part(arguments[1], right)}", own
    if kind == "prefix":
        return f"{text}{part(arguments[0], PREFIX_BINDING)}", PREFIX_BINDING
    if kind == "index":
        return f"{part(arguments[0], TIGHT)}[{subscript(arguments[1], part)}]", TIGHT
    if kind == "attribute":
        return f"{part(arguments[0], TIGHT)}.{text}", TIGHT
    if kind == "same":
        return part(arguments[0]), TIGHT
    raise ValueError(f"an expression of kind {kind!r} has no text")


def bracketed(value: Any, name: Callable[[Line], Any], least: int) -> str:
    """An operand: in brackets if it binds less tightly than its place asks for."""
    if isinstance(value, Line):
        named = name(value)
        text, binding = (named, TIGHT) if isinstance(named, str) else named
        return f"({text})" if binding < least else text
    if isinstance(value, Expression):
        text, binding = text_of(value, name)
        return f"({text})" if binding < least else text
    text = literal(value, lambda v: bracketed(v, name, 0))
    return f"({text})" if text.startswith("-") and least > PREFIX_BINDING else text


def literal(value: Any, part: Callable[[Any], str]) -> str:
    """A constant as Python writes it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(part, value))}{',' * (len(value) == 1)})"
    if isinstance(value, list):
        return f"[{', '.join(map(part, value))}]"
    if isinstance(value, slice):
        return f"slice({part(value.start)}, {part(value.stop)}, {part(value.step)})"
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({literal(value.item(), part)})"
    if isinstance(value, np.dtype):
        return f"np.{value.type.__name__}"
    if isinstance(value, type):
        return f"np.{value.__name__}" if issubclass(value, np.generic) else value.__name__
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    if value is Ellipsis:
        return "..."
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__}"
    return repr(value)


def subscript(key: Any, part: Callable[[Any], str]) -> str:
    """What stands between the square brackets."""
    if isinstance(key, tuple) and key and not isinstance(key, Expression):
        return ", ".join(subscript(k, part) for k in key) + "," * (len(key) == 1)
    if isinstance(key, slice):
        ends = [("" if end is None else part(end)) for end in (key.start, key.stop, key.step)]
        return ":".join(ends if key.step is not None else ends[:2])
    return part(key)


def expressions_in(nest: Any) -> Iterator[Expression]:
    """An expression and those that stand in it."""
    if isinstance(nest, Expression):
        yield nest
    if isinstance(nest, (tuple, list)):
        for part in nest:
            yield from expressions_in(part)
    elif isinstance(nest, slice):
        yield from expressions_in((nest.start, nest.stop, nest.step))


def statement(line: Line) -> str:
    """The line as a statement; "" for one that only says that memory changed under a name."""
    if line.kind == "same":
        return ""
    if line.kind != "write":
        return f"{line.name} = {written(line)}"
    target, keys, value = line.expression.arguments

    def part(v: Any) -> str:
        return bracketed(v, lambda other: other.name, 0)

    return f"{target.place.name}{''.join(f'[{subscript(key, part)}]' for key in keys) or '[...]'} = {part(value)}"


def program(graph: Graph, given: bool = True) -> str:
    """The lines in order, under headings, each with the shape of its value. The given arrays must be there already.

    With `given` they are listed at the top, and the numbers that people chose are set there.
    """
    parts = ["import numpy as np", *prelude(graph.lines), *(["", *givens(graph)] if given else [])]
    role, block = "input", list[Line]()
    for line in graph.lines:
        if line.kind == "input" or not statement(line):
            continue
        if line.role != role:
            parts += laid_out(block)
            parts, role, block = [*parts, "", f"# {line.role}"], line.role, []
        block.append(line)
    return "\n".join([*parts, *laid_out(block)]) + "\n"


def givens(graph: Graph) -> list[str]:
    """The arrays that must be there, as comments; the numbers that people chose, as constants."""
    arrays = [line for line in graph.inputs if isinstance(line.value, np.ndarray)]
    numbers = [line for line in graph.inputs if not isinstance(line.value, np.ndarray)]
    width = max((len(line.name) for line in arrays), default=0)
    texts = ["# given"] if arrays or numbers else []
    for line in arrays:
        called = f"  {line.path}" if line.path not in ("", line.name) else ""
        texts.append(f"# {line.name:{width}}  {line.dtype} {line.shape}{called}")
    return texts + [f"{line.name} = {literal(line.value, repr)}" for line in numbers]


def laid_out(lines: list[Line]) -> list[str]:
    """Statements with their shapes behind them, one below the other."""
    statements = [statement(line) for line in lines]
    width = max((len(text) for text in statements if len(text) <= COMMENT_COLUMN), default=0)
    return [f"{text:{width}}  # {remark(line)}" for text, line in zip(statements, lines, strict=True)]


def remark(line: Line) -> str:
    """The shape of a value, and what the user calls it where that is something else."""
    is_users = line.path and line.path != line.name and line.role in ("forward", "loss")
    return f"{shape_of(line.value)}{f'  {line.path}' if is_users else ''}"


def shape_of(value: Any) -> str:
    """A shape as Python writes it; of several arrays, each."""
    return ", ".join(map(shape_of, value)) if isinstance(value, (tuple, list)) else str(np.shape(value))


def prelude(lines: Iterable[Line]) -> list[str]:
    """What the program needs besides NumPy's own functions: the kernels, as they stand in the ops."""
    parts = [part for line in lines for part in expressions_in(line.expression)]
    stand_ins = {part.text for part in parts} & set(STAND_INS)
    kernels = {part.function for part in parts if part.kind == "kernel"}
    imports = ["import math"] if kernels or stand_ins else []
    if any(part.text.startswith("special.") for part in parts):
        imports.append("from scipy import special  # NumPy has no such function")
    texts = [STAND_INS[name] for name in sorted(stand_ins)]
    texts += [plain_source(function) for function in with_helpers(filter(None, kernels))]
    return imports + [part for text in texts for part in ("", "", text)] + [""] * bool(texts)


def with_helpers(functions: Iterable[Callable[..., Any]]) -> list[Callable[..., Any]]:
    """The functions, and those of ours that they call, by name."""
    found: dict[str, Callable[..., Any]] = {}
    waiting = list(functions)
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function.__name__ not in found:
            found[function.__name__] = function
            others = (function.__globals__.get(name) for name in function.__code__.co_names)
            waiting += [o for o in others if inspect.isfunction(o) and o.__module__.startswith("backlit.")]
    return [found[name] for name in sorted(found)]


def plain_source(function: Callable[..., Any]) -> str:
    """A function's text without decorators and type hints, which need imports."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list, node.returns = [], None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree)


def executed(graph: Graph) -> dict[str, Any]:
    """The outputs of a graph's source, run on its recorded inputs."""
    names: dict[str, Any] = {line.name: line.value for line in graph.inputs}
    names = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in names.items()}
    with np.errstate(all="ignore"):
        exec(compile(program(graph), "<step>", "exec"), names)
    return {name: names[line.name] for name, line in graph.outputs.items()}
