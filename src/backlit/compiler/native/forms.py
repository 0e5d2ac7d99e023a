"""The forms that NumPy's functions take in a compiled step, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.values import Value
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

#: Given the writer, the line, and its arguments and settings as they were recorded.
Form = Callable[[Writer, Line, tuple[Any, ...], dict[str, Any]], Value]
FORMS: dict[str, Form] = {}


def form(*names: str) -> Callable[[Form], Form]:
    """The function below is the form of NumPy's functions of these names."""

    def register(function: Form) -> Form:
        FORMS.update(dict.fromkeys(names, function))
        return function

    return register


def name_of(line: Line) -> str:
    """What a line asks for: "np.exp", "+", "prefix-", "[]", ".T", "kernel softmax_of_rows"."""
    kind, text, _, _, function = line.expression
    if kind == "kernel":
        return f"kernel {function.__name__ if function else text}"
    names = {"method": f"np.{text}", "prefix": f"prefix{text}", "attribute": f".{text}", "index": "[]", "write": "[]="}
    return names.get(kind, text)


def value_of(writer: Writer, line: Line) -> Value:
    """What a line becomes. Raises NotCompilable if it has no compiled form."""
    function = FORMS.get(name_of(line))
    if function is None:
        raise NotCompilable(f"{name_of(line) or line.kind} has no compiled form", line)
    try:
        return function(writer, line, line.expression.arguments, dict(line.expression.settings))
    except NotCompilable as error:
        error.line = error.line or line
        raise


def bound(
    line: Line,
    names: tuple[str, ...],
    arguments: tuple[Any, ...],
    settings: dict[str, Any],
    unread: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Arguments by name, as Python binds them. Raises NotCompilable for a setting that is none of them."""
    given = {**dict(zip(names, arguments, strict=False)), **settings}
    extra = [name for name, value in given.items() if name not in names and name not in unread and value is not None]
    if extra:
        raise NotCompilable(f"{name_of(line)} with {', '.join(extra)} has no compiled form", line)
    return given
