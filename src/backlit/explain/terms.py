"""From what a line asked NumPy for to a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit.explain.notation import Term, number
from backlit.tracing.graph import Expression, Line, lines_in

ONE, ZERO = number(1), number(0)
#: What stands for a line: a term, its name say; None lets the line's own expression stand in its place.
Naming = Callable[[Line], Term | None]


def name(line: Line) -> Term:
    """A line's name. The derivative of the loss with respect to itself is 1."""
    is_one = line.kind == "input" and line.expression.text == "seed" and np.all(np.equal(line.value, 1))
    return number(1) if is_one and np.ndim(line.value) == 0 else Term("name", line.name)


def term_of(value: Any, naming: Naming = name) -> Term:
    """The formula of an expression, a line or a constant."""
    if isinstance(value, Line):
        named = naming(value)
        return named if named is not None else term_of(value.expression, naming)
    if isinstance(value, Expression):
        return Reader(naming).read(value)
    return constant(value, naming)


def constant(value: Any, naming: Naming = name) -> Term:
    if value is None or isinstance(value, (bool, str)):
        return Term("words", str(value))
    if isinstance(value, (int, float, complex, np.number)):
        return number(value)
    if isinstance(value, (tuple, list)):
        return Term("tuple", "", (listed([term_of(v, naming) for v in value]),))
    if isinstance(value, np.ndarray):
        return Term("words", f"array of shape {list(value.shape)}")
    if isinstance(value, slice):
        return Term("words", range_of(value))
    if value is Ellipsis:
        return Term("words", "⋯")
    return Term("words", getattr(value, "__name__", None) or str(value))


def listed(terms: list[Term]) -> Term:
    """Several terms with commas between them."""
    if not terms:
        return Term("words", "")
    whole = terms[0]
    for term in terms[1:]:
        whole = Term("comma", "", (whole, term))
    return whole


def function(called: str, *arguments: Term) -> Term:
    return Term("function", "", (Term("words", called), listed(list(arguments))))


# Terms as one writes them: without a factor 1, and with a minus in one place.


def product(x: Term, y: Term, is_each: bool) -> Term:
    """x times y: ⊙ between arrays that are multiplied element by element. Numbers come first, x x is x²."""
    if x == ONE or y == ONE:
        return factor(y if x == ONE else x)
    if x.kind == "minus":
        return negative(product(x.parts[0], y, is_each))
    if x.kind == "fraction" and x.parts[0] == ONE:
        return quotient(y, x.parts[1])
    if y.kind == "number" and x.kind != "number":
        x, y = y, x
    if y.kind == "name":
        if (degree := degree_of(x, y)) > 0:
            return power(y, number(degree + 1))
        if x.kind in ("times", "each") and (degree := degree_of(x.parts[1], y)) > 0:
            return Term(x.kind, "", (x.parts[0], power(y, number(degree + 1))))
    return Term("each" if is_each and x.kind != "number" else "times", "", (factor(x), factor(y)))


def degree_of(x: Term, base: Term) -> int:
    """2 for the square of the base, 1 for the base itself, 0 for anything else."""
    if x == base:
        return 1
    is_power = x.kind == "power" and x.parts[0] == base and x.parts[1].text.isdigit()
    return int(x.parts[1].text) if is_power else 0


def quotient(x: Term, y: Term) -> Term:
    if y == ONE:
        return x
    if x.kind == "minus":
        return negative(quotient(x.parts[0], y))
    if x.kind == "fraction" and x.parts[1].kind == "number":
        return quotient(x.parts[0], product(x.parts[1], y, is_each=False))
    return Term("fraction", "", (factor(x), factor(y)))


def negative(x: Term) -> Term:
    return x.parts[0] if x.kind == "minus" else Term("minus", "", (x,))


def total(sign: str, x: Term, y: Term) -> Term:
    if y.kind == "minus":
        sign, y = "-" if sign == "+" else "+", y.parts[0]
    return Term(sign, "", (factor(x), factor(y)))


def factor(x: Term) -> Term:
    """A statement that is reckoned with: 1 where it holds, else 0, in Iverson's brackets."""
    return Term("bracket", "", (x,)) if x.kind in COMPARISONS or x.kind in ("and", "or", "xor", "not") else x


def power(x: Term, y: Term) -> Term:
    return Term("root", "", (x,)) if y == number(0.5) else x if y == ONE else Term("power", "", (factor(x), y))


def exponential(x: Term) -> Term:
    return ONE if x == ZERO else power(Term("name", "e"), x)


def choice(condition: Term, x: Term, y: Term) -> Term:
    """x where the condition holds, else y; one of them where it is settled."""
    if condition.kind == "words" and condition.text in ("True", "False"):
        return x if condition.text == "True" else y
    return Term("cases", "", (x, condition, y))


COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "=", "!=": "!="}
COMPARISONS |= {"=": "="}
LOGICAL = {"&": "and", "|": "or", "^": "xor"}

#: NumPy's functions as formulas of their arguments.
FUNCTIONS: dict[str, Callable[..., Term]] = {
    "exp": exponential,
    "exp2": lambda x: power(number(2), x),
    "expm1": lambda x: total("-", exponential(x), ONE),
    "log": lambda x: function("ln", x),
    "log1p": lambda x: function("ln", total("+", ONE, x)),
    "logaddexp": lambda x, y: function("ln", total("+", exponential(x), exponential(y))),
    "sqrt": lambda x: Term("root", "", (x,)),
    "square": lambda x: power(x, number(2)),
    "power": power,
    "reciprocal": lambda x: quotient(ONE, x),
    "negative": negative,
    "absolute": lambda x: Term("size", "", (x,)),
    "floor": lambda x: Term("floor", "", (x,)),
    "ceil": lambda x: Term("ceiling", "", (x,)),
    "maximum": lambda x, y: function("max", x, y),
    "minimum": lambda x, y: function("min", x, y),
    "where": choice,
    "equal": lambda x, y: Term("=", "", (x, y)),
    "not_equal": lambda x, y: Term("!=", "", (x, y)),
    "less": lambda x, y: Term("<", "", (x, y)),
    "less_equal": lambda x, y: Term("<=", "", (x, y)),
    "greater": lambda x, y: Term(">", "", (x, y)),
    "greater_equal": lambda x, y: Term(">=", "", (x, y)),
    "logical_and": lambda x, y: Term("and", "", (x, y)),
    "logical_or": lambda x, y: Term("or", "", (x, y)),
    "logical_xor": lambda x, y: Term("xor", "", (x, y)),
    "logical_not": lambda x: Term("not", "", (x,)),
    "linalg.inv": lambda x: power(x, number(-1)),
    "linalg.det": lambda x: function("det", x),
    "zeros_like": lambda x: ZERO,
    "ones_like": lambda x: ONE,
}
#: Functions whose names in formulas are others than NumPy's.
CALLED = {
    "arcsinh": "arsinh", "arccosh": "arcosh", "arctanh": "artanh", "sign": "sgn", "argmax": "arg max",
    "argmin": "arg min", "remainder": "mod",
}  # fmt: skip
#: What changes how values lie in memory, or their dtype, and not what they are.
UNSEEN = frozenset((
    "broadcast_to", "asarray", "ascontiguousarray", "array", "astype", "copy", "expand_dims", "squeeze",
))  # fmt: skip
#: ufunc.reduce as one big sign.
BIG = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
SUMS = {"sum": "sum", "prod": "prod", "max": "max", "min": "min", "mean": "mean", "any": "any", "all": "all"}


class Reader:
    """Reads expressions, with a term for each line that has a name in the formula."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming

    def term(self, value: Any) -> Term:
        return term_of(value, self.naming)

    def read(self, expression: Expression) -> Term:
        kind, text, arguments, settings, _ = expression
        if kind == "input":
            return Term("words", text)
        if kind == "infix":
            return self.infix(text, *arguments)
        if kind == "prefix":
            x = self.term(arguments[0])
            return {"-": negative, "+": lambda x: x, "~": lambda x: Term("not", "", (x,))}[text](x)
        if kind == "index":
            return self.index(*arguments)
        if kind == "attribute":
            return Term("transposed", "", (self.term(arguments[0]),)) if text == "T" else function(
                text, self.term(arguments[0]))  # fmt: skip
        if kind == "same":
            return self.term(arguments[0])
        if kind == "write":
            return self.term(arguments[2])
        return self.call(text.removeprefix("np."), arguments, dict(settings), kind)

    def infix(self, sign: str, x: Any, y: Any) -> Term:
        first, second = self.term(x), self.term(y)
        if sign in ("+", "-"):
            return total(sign, first, second)
        if sign == "*":
            return product(first, second, is_each=has_axes(x) and has_axes(y))
        if sign == "@":
            return Term("times", "", (factor(first), factor(second)))
        if sign == "/":
            return quotient(first, second)
        if sign == "//":
            return Term("floor", "", (quotient(first, second),))
        if sign == "**":
            return power(first, second)
        kind = COMPARISONS.get(sign) or LOGICAL.get(sign)
        return Term(kind, "", (first, second)) if kind else function({"%": "mod"}.get(sign, sign), first, second)

    def call(self, text: str, arguments: tuple[Any, ...], settings: dict[str, Any], kind: str) -> Term:
        text = text.removeprefix("special.").removeprefix("lib.stride_tricks.")
        if text in UNSEEN:
            return self.term(arguments[0])
        if text == "matmul" or (text in ("add", "subtract", "multiply", "true_divide") and len(arguments) == 2):
            sign = {"matmul": "@", "add": "+", "subtract": "-", "multiply": "*", "true_divide": "/"}[text]
            return self.infix(sign, *arguments)
        if text in ("transpose", "swapaxes") and is_last_two(arguments, settings):
            return Term("transposed", "", (self.term(arguments[0]),))
        if text == "reshape":
            return self.reshaped(*arguments, *settings.values())
        if text == "arange" and len(arguments) == 1:
            return self.counting(arguments[0])
        if text in ("full", "full_like"):
            return self.term(arguments[1])
        ufunc, _, method = text.partition(".")
        if method == "reduce" and ufunc in BIG:
            return self.reduction(
                BIG[ufunc], arguments[0], settings.get("axis", 0 if len(arguments) < 2 else arguments[1])
            )
        if text in SUMS and kind in ("call", "method"):
            axis = settings.get("axis", arguments[1] if len(arguments) > 1 else None)
            return self.reduction(SUMS[text], arguments[0], axis)
        if text in FUNCTIONS:
            return FUNCTIONS[text](*(self.term(argument) for argument in arguments))
        return function(CALLED.get(text, text), *(self.term(a) for a in (*arguments, *settings.values())))

    def counting(self, end: Any) -> Term:
        """The numbers from 0 up to one before `end`."""
        return counted(end, total("-", self.term(end), ONE)) if isinstance(end, Line) else counted(end, number(end - 1))

    def reshaped(self, x: Any, shape: Any) -> Term:
        """x in another shape; of a sum only the sum, since the shape is that of what it is the gradient of."""
        inner = self.term(x)
        return inner if inner.kind == "over" else function("reshape", inner, self.term(shape))

    def reduction(self, called: str, x: Any, axis: Any) -> Term:
        """One sign for a sum over an axis. Of a matrix the axes are called rows and columns."""
        sign, inner = Term("words", called), factor(self.term(x))
        ndim = max((np.ndim(line.value) for line in lines_in((x,))), default=None)
        if axis is not None and ndim != 1:
            axes = axis if isinstance(axis, tuple) else (axis,)
            if ndim == 2:
                below = " and ".join(("rows", "columns")[a % 2] for a in axes) if len(axes) == 1 else ""
            else:
                below = "axis " + ", ".join(map(str, axes))
            sign = Term("below", "", (sign, Term("label", below))) if below else sign
        return Term("over", "", (sign, inner)) if called in ("sum", "prod") else Term("function", "", (sign, inner))

    def index(self, x: Any, key: Any) -> Term:
        """x with its key below. Keys that only put in axes of length 1 change no element."""
        keys = key if isinstance(key, tuple) else (key,)
        if all(k is None or k is Ellipsis or k == slice(None) if not isinstance(k, (Line, Expression)) else False
               for k in keys):  # fmt: skip
            return self.term(x)
        return Term("index", "", (self.term(x), listed([self.key(k) for k in keys if k is not None])))

    def key(self, key: Any) -> Term:
        is_every_row = isinstance(key, (Line, Expression)) and as_expression(key).text == "np.arange"
        return Term("name", "i") if is_every_row else self.term(key)


def counted(end: Any, last: Term) -> Term:
    """(0, …, last), or all of them where they are few."""
    is_short = not isinstance(end, Line) and end <= 3
    rest = [number(k) for k in range(1, end)] if is_short else [Term("words", "…"), last]
    return Term("tuple", "", (listed([ZERO, *rest]),))


def array_term(line: Line) -> Term:
    """A constant array that has no name: what it is where that is short to say, else the record's name for it."""
    array = np.asarray(line.value)
    if array.ndim == 1 and array.size and array.dtype.kind in "iu" and (array == np.arange(array.size)).all():
        return counted(array.size, number(array.size - 1))
    if array.ndim == 2 and array.shape[0] == array.shape[1] and (array == np.eye(len(array))).all():
        return Term("name", "I")
    return Term("name", line.name)


def range_of(part: slice) -> str:
    """A slice as Python writes it between square brackets."""
    ends = ["" if end is None else end.name if isinstance(end, Line) else str(end) for end in (part.start, part.stop)]
    return ":".join([*ends, str(part.step)] if part.step is not None else ends)


def as_expression(part: Any) -> Expression:
    return part.expression if isinstance(part, Line) else part


def has_axes(value: Any) -> bool:
    """Whether a part of an expression is an array of more than one element, as far as its lines tell."""
    if isinstance(value, Line):
        return int(np.size(value.value)) != 1
    if isinstance(value, Expression):
        is_sum = value.text.endswith("reduce") and ("axis", None) in value.settings
        return not is_sum and any(has_axes(line) for line in lines_in(value))
    return int(np.size(value)) != 1


def is_last_two(arguments: tuple[Any, ...], settings: dict[str, Any]) -> bool:
    """Whether a transposition exchanges the last two axes, as .T does of a matrix."""
    rest = (*arguments[1:], *settings.values())
    return (
        not rest or rest in ((-1, -2), (-2, -1)) or (np.ndim(getattr(arguments[0], "value", 0)) == 2 and len(rest) > 0)
    )
