"""A graph as a program that needs only NumPy."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backlit.tracing.graph import Graph, Line

#: How tightly Python binds each operator; a call or a name binds tightest.
BINDING = {
    "|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6, "**": 8,
    "<": 0, "<=": 0, ">": 0, ">=": 0, "==": 0, "!=": 0,
}  # fmt: skip
PREFIX_BINDING = 7
TIGHT = 9
#: Constants of at most this many elements are written out; larger ones are given beside the program.
WRITTEN_OUT = 8


def written(line: Line, name: Callable[[Line], str] | None = None) -> str:
    """The expression of a line, with the names of its operands."""
    return expression_of(line, name or (lambda other: other.name))[0]


def expression_of(line: Line, name: Callable[[Line], Any]) -> tuple[str, int]:
    """The text of a line's expression, and how tightly it binds.

    `name` gives an operand's text: a string, or (text, binding) where the operand stands in the expression itself.
    """
    kind, text, arguments, settings, _ = line.expression

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
    raise ValueError(f"a line of kind {kind!r} has no expression")


def bracketed(value: Any, name: Callable[[Line], Any], least: int) -> str:
    """An operand: in brackets if it binds less tightly than its place asks for."""
    if isinstance(value, Line):
        named = name(value)
        text, binding = (named, TIGHT) if isinstance(named, str) else named
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
    if isinstance(key, tuple) and key:
        return ", ".join(subscript(k, part) for k in key) + "," * (len(key) == 1)
    if isinstance(key, slice):
        ends = [("" if end is None else part(end)) for end in (key.start, key.stop, key.step)]
        return ":".join(ends if key.step is not None else ends[:2])
    return part(key)


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


def program(graph: Graph) -> str:
    """Every call on a line of its own, in order. The inputs are names that must be there already."""
    lines = ["import numpy as np", *prelude(graph.lines)]
    role = "input"
    for line in graph.lines:
        text = "" if line.kind == "input" else statement(line)
        if text:
            lines += ["", f"# {line.role}"] if line.role != role else []
            lines.append(text)
            role = line.role
    return "\n".join(lines) + "\n"


def prelude(lines: Iterable[Line]) -> list[str]:
    """What the program needs besides NumPy's own functions: the kernels, as they stand in the ops."""
    lines = list(lines)
    imports = ["import math"] if any(line.kind == "kernel" for line in lines) else []
    imports += (
        ["from scipy import special"] if any(line.expression.text.startswith("special.") for line in lines) else []
    )
    kernels = {line.expression.function for line in lines if line.kind == "kernel"}
    texts = [plain_source(function) for function in with_helpers(filter(None, kernels))]
    return imports + [part for text in texts for part in ("", "", text)]


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
