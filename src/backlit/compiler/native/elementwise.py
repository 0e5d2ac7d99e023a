"""The arithmetic of single elements: each of NumPy's functions as instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.functions import Functions
from backlit.compiler.native.values import kind_of

Emit = Callable[[ir.IRBuilder, Functions, list[ir.Value], np.dtype[Any]], ir.Value]

#: A sum may be taken in any order, which vectors need, and a product in it need not be rounded first. NumPy's own order
#: is pairwise, no order that users rely on. Elsewhere no instruction has a flag: each element is NumPy's.
SUM_FLAGS = ("contract", "reassoc", "nsz")
#: Costs in additions.
DEAR = 8

COMPARE = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "==", "!=": "!=", "np.equal": "==", "np.not_equal": "!=",
           "np.less": "<", "np.less_equal": "<=", "np.greater": ">", "np.greater_equal": ">="}  # fmt: skip
#: NumPy's name: ours for `Functions.call`.
DEAR_CALLS = {
    "np.exp": "exp", "np.exp2": "exp2", "np.expm1": "expm1", "np.log": "log", "np.log2": "log2", "np.log1p": "log1p",
    "np.tanh": "tanh", "np.sqrt": "sqrt", "np.sin": "sin", "np.cos": "cos", "special.erf": "erf",
    "np.log10": "log10", "np.arctan": "arctan", "np.arctan2": "arctan2", "np.arcsin": "arcsin", "np.arccos": "arccos",
    "np.sinh": "sinh", "np.cosh": "cosh", "np.tan": "tan", "np.arcsinh": "arcsinh", "np.arccosh": "arccosh",
    "np.arctanh": "arctanh", "np.hypot": "hypot", "special.erfc": "erfc", "special.expit": "sigmoid",
}  # fmt: skip


def arithmetic(sign: str) -> Emit:
    def emit(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
        a, b = values
        if dtype.kind == "f":
            return {"+": builder.fadd, "-": builder.fsub, "*": builder.fmul}[sign](a, b)
        return {"+": builder.add, "-": builder.sub, "*": builder.mul}[sign](a, b)

    return emit


def divided(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    return builder.fdiv(*values)


def logical(name: str) -> Emit:
    return lambda builder, functions, values, dtype: getattr(builder, name)(*values)


def power(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    """x ** y, as NumPy takes the common ones: squares are products, and 0.5 is a root."""
    x, y = values
    if isinstance(y, ir.Constant):
        exponent = float(y.constant)
        if exponent == 2:
            return builder.fmul(x, x)
        if exponent == 1:
            return x
        if exponent == 0.5:
            return functions.call(builder, "sqrt", x)
        if exponent == 3:
            return builder.fmul(builder.fmul(x, x), x)
        if exponent == -1:
            return builder.fdiv(ir.Constant(x.type, 1), x)
    return functions.call(builder, "power", x, y)


def extreme(larger: bool) -> Emit:
    """np.maximum and np.minimum: NaN wins, whichever operand it is in."""
    sign = ">=" if larger else "<="

    def emit(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
        a, b = values
        if dtype.kind != "f":
            compare = builder.icmp_signed if dtype.kind == "i" else builder.icmp_unsigned
            return builder.select(compare(sign, a, b), a, b)
        # With NaN the comparison is false: a is taken if it is NaN itself, else b, which is NaN then, or the extreme.
        keeps = builder.fcmp_ordered(sign, a, b)
        is_nan = builder.fcmp_unordered("uno", a, a)
        return builder.select(builder.or_(keeps, is_nan), a, b)

    return emit


def negative(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    return builder.fneg(values[0]) if dtype.kind == "f" else builder.neg(values[0])


def absolute(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    if dtype.kind == "f":
        return functions.call(builder, "absolute", values[0])
    return builder.select(builder.icmp_signed("<", values[0], values[0].type(0)), builder.neg(values[0]), values[0])


def square(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    return arithmetic("*")(builder, functions, [values[0], values[0]], dtype)


def extreme_but_nan(larger: bool) -> Emit:
    """np.fmax and np.fmin: NaN loses."""
    emit_extreme = extreme(larger)

    def emit(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
        a, b = values
        first = builder.select(builder.fcmp_unordered("uno", b, b), a, emit_extreme(builder, functions, values, dtype))
        return builder.select(builder.fcmp_unordered("uno", a, a), b, first)

    return emit


def log_of_sum(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    """ln(e^x + e^y) = max + ln(1 + e^-|x - y|); two equal infinities have no difference."""
    x, y = values
    gap = absolute(builder, functions, [builder.fsub(x, y)], dtype)
    fading = functions.call(builder, "log1p", functions.call(builder, "exp", builder.fneg(gap)))
    total = builder.fadd(extreme(True)(builder, functions, values, dtype), fading)
    same = builder.fadd(x, functions.call(builder, "log1p", ir.Constant(x.type, 1.0)))
    return builder.select(builder.fcmp_ordered("==", x, y), same, total)


def times_log(name: str) -> Emit:
    """special.xlogy and xlog1py: 0 for x = 0, unless y is NaN."""

    def emit(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
        x, y = values
        none = ir.Constant(x.type, 0.0)
        is_none = builder.and_(builder.fcmp_ordered("==", x, none), builder.fcmp_ordered("ord", y, y))
        return builder.select(is_none, none, builder.fmul(x, functions.call(builder, name, y)))

    return emit


def shifted(name: str) -> Emit:
    """x << n and x >> n, for 0 <= n below the width, beyond which C says nothing and NumPy gives 0 or the sign."""

    def emit(builder: ir.IRBuilder, functions: Functions, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
        x, n = values
        last = ir.Constant(x.type, x.type.width - 1)
        fits = builder.icmp_unsigned("<=", n, last)
        if name == "shl":
            return builder.select(fits, builder.shl(x, builder.select(fits, n, last)), x.type(0))
        shift = builder.ashr if dtype.kind == "i" else builder.lshr
        beyond = builder.ashr(x, last) if dtype.kind == "i" else x.type(0)
        return builder.select(fits, shift(x, builder.select(fits, n, last)), beyond)

    return emit


def named(name: str) -> Emit:
    return lambda builder, functions, values, dtype: functions.call(builder, name, *values)


#: NumPy's name: how it is written, what it costs, and the kinds of dtype that it is written for.
EMITTERS: dict[str, tuple[Emit, int, str]] = {
    **{sign: (arithmetic(sign), 1, "fiu") for sign in "+-*"},
    "np.add": (arithmetic("+"), 1, "fiu"), "np.subtract": (arithmetic("-"), 1, "fiu"),
    "np.multiply": (arithmetic("*"), 1, "fiu"),
    **dict.fromkeys(("/", "np.true_divide", "np.divide"), (divided, DEAR // 2, "f")),
    "**": (power, DEAR, "f"), "np.power": (power, DEAR, "f"),
    "prefix-": (negative, 1, "fi"), "np.negative": (negative, 1, "fi"), "np.absolute": (absolute, 1, "fi"),
    "prefix+": (lambda builder, functions, values, dtype: values[0], 0, "fiu"),
    "np.square": (square, 1, "fiu"), "np.logaddexp": (log_of_sum, 2 * DEAR, "f"),
    "np.fmax": (extreme_but_nan(True), 3, "f"), "np.fmin": (extreme_but_nan(False), 3, "f"),
    "special.xlogy": (times_log("log"), DEAR, "f"), "special.xlog1py": (times_log("log1p"), DEAR, "f"),
    "np.bitwise_and": (logical("and_"), 1, "iub"), "np.bitwise_or": (logical("or_"), 1, "iub"),
    "np.bitwise_xor": (logical("xor"), 1, "iub"), "np.invert": (logical("not_"), 1, "iub"),
    **{name: (shifted("shl"), 2, "iu") for name in ("<<", "np.left_shift")},
    **{name: (shifted("shr"), 2, "iu") for name in (">>", "np.right_shift")},
    "np.maximum": (extreme(True), 2, "fiub"), "np.minimum": (extreme(False), 2, "fiub"),
    "&": (logical("and_"), 1, "iub"), "|": (logical("or_"), 1, "iub"), "^": (logical("xor"), 1, "iub"),
    "prefix~": (logical("not_"), 1, "iub"), "np.logical_and": (logical("and_"), 1, "b"),
    "np.logical_or": (logical("or_"), 1, "b"), "np.logical_xor": (logical("xor"), 1, "b"),
    "np.logical_not": (logical("not_"), 1, "b"),
    **{f"np.{name}": (named(name), 1, "f") for name in ("floor", "ceil", "rint", "trunc", "copysign", "sign")},
    **{name: (named(ours), DEAR, "f") for name, ours in DEAR_CALLS.items()},
}  # fmt: skip


def compared(builder: ir.IRBuilder, text: str, values: list[ir.Value], dtype: np.dtype[Any]) -> ir.Value:
    """A truth value; with NaN all but != are false."""
    a, b = values
    if dtype.kind == "f":
        of_floats = builder.fcmp_unordered if COMPARE[text] == "!=" else builder.fcmp_ordered
        return of_floats(COMPARE[text], a, b)
    compare = builder.icmp_unsigned if dtype.kind in "bu" else builder.icmp_signed
    return compare(COMPARE[text], a, b)


def infinite(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """Whether a number is an infinity."""
    size = builder.select(builder.fcmp_ordered("<", value, value.type(0.0)), builder.fneg(value), value)
    return builder.fcmp_ordered("==", size, value.type(float("inf")))


def finite(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """Whether a number is neither NaN nor an infinity: only then x - x is 0."""
    return builder.fcmp_ordered("==", builder.fsub(value, value), value.type(0.0))


def negative_sign(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """Whether the sign's bit is set, as in -0 too."""
    kind = ir.IntType(32 if isinstance(value.type, ir.FloatType) else 64)
    return builder.icmp_signed("<", builder.bitcast(value, kind), kind(0))


#: Questions about one float.
TESTS: dict[str, Callable[[ir.IRBuilder, ir.Value], ir.Value]] = {
    "np.isnan": lambda builder, value: builder.fcmp_unordered("uno", value, value),
    "np.isinf": infinite,
    "np.isfinite": finite,
    "np.signbit": negative_sign,
}


def constant(value: Any, dtype: np.dtype[Any] | None) -> ir.Constant:
    """A Python number as an element of a dtype."""
    kind = kind_of(dtype or np.float64)
    if isinstance(kind, (ir.FloatType, ir.DoubleType)):
        return ir.Constant(kind, float(np.asarray(value, np.dtype(dtype or np.float64))))
    return ir.Constant(kind, int(value))
