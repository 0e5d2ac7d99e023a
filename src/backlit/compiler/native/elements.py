"""Lines that compute each element from the elements in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.elementwise import COMPARE, EMITTERS, TESTS, compared, constant, divided
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import bound, form, name_of
from backlit.compiler.native.values import INDEX, Indices, Value, aligned, cast, fast_axis, joined, zero
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

NUMBERS = (bool, int, float)


@form(*EMITTERS)
def arithmetic(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """A function of single elements, computed wherever it is read."""
    bound(line, (), (), settings)
    emit, cost, kinds = EMITTERS[name_of(line)]
    operands = [writer.operand(argument) for argument in arguments]
    dtype = None if isinstance(line.value, NUMBERS) else np.dtype(line.dtype)
    if (dtype or np.dtype(float)).kind not in kinds:
        raise NotCompilable(f"{name_of(line)} of {dtype} has no compiled form", line)

    if emit is divided and line.shape and is_computed_number(operands[1]):
        emit, cost, operands[1] = EMITTERS["*"][0], 1, reciprocal(operands[1])

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return emit(builder, writer.functions, elements(builder, operands, indices, dtype), dtype or np.dtype(float))

    return Value(
        line.shape, dtype, at, sum(o.cost for o in operands) + cost, *joined(operands), fast_axis(operands, line.shape)
    )


def is_computed_number(value: Value) -> bool:
    """Whether a value is a Python number that the step is given or computes, such as Adam's 1 - β^step."""
    return value.dtype is None and value.number is None


def reciprocal(number: Value) -> Value:
    """1 / number, in double precision. LLVM takes it out of the loop: a division takes ten times as long as a product.

    A quotient made so lies at most two units in the last place from NumPy's, while 1 / number is finite in its dtype.
    """

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return builder.fdiv(constant(1, None), number.at(builder, indices))

    return Value((), None, at)


@form(*COMPARE)
def comparison(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """A truth value for each element."""
    bound(line, (), (), settings)
    operands = [writer.operand(argument) for argument in arguments]
    common = shared_dtype(operands)

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return compared(builder, name_of(line), elements(builder, operands, indices, common), common)

    cost = sum(o.cost for o in operands) + 1
    return Value(line.shape, np.dtype(bool), at, cost, *joined(operands), fast_axis(operands, line.shape))


@form(*TESTS)
def tested(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """A truth value for each float."""
    bound(line, (), (), settings)
    value = writer.operand(arguments[0])
    if value.dtype is None or value.dtype.kind != "f":
        raise NotCompilable(f"{name_of(line)} of {value.dtype} has no compiled form", line)
    test = TESTS[name_of(line)]

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return test(builder, value.at(builder, indices))

    return Value(line.shape, np.dtype(bool), at, value.cost + 1, value.reads, value.moves, value.fast)


@form("np.clip")
def clipped(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """min(max(x, low), high), where None bounds nothing."""
    given = bound(line, ("a", "a_min", "a_max"), arguments, settings)
    dtype, operands = np.dtype(line.dtype), [writer.operand(given["a"])]
    steps = [("np.maximum", given.get("a_min")), ("np.minimum", given.get("a_max"))]
    steps = [(name, end) for name, end in steps if end is not None]
    operands += [writer.operand(end) for _, end in steps]

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        item, *ends = elements(builder, operands, indices, dtype)
        for (name, _), end in zip(steps, ends, strict=True):
            item = EMITTERS[name][0](builder, writer.functions, [item, end], dtype)
        return item

    cost = sum(o.cost for o in operands) + 2 * len(steps)
    return Value(line.shape, dtype, at, cost, *joined(operands), fast_axis(operands, line.shape))


@form("np.round")
def rounded(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """To whole numbers; halves go to the even neighbour."""
    given = bound(line, ("a", "decimals"), arguments, settings)
    value = writer.operand(arguments[0])
    if given.get("decimals", 0) != 0 or value.dtype is None or value.dtype.kind != "f":
        raise NotCompilable("np.round to decimals has no compiled form", line)

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return writer.functions.call(builder, "rint", value.at(builder, indices))

    return Value(line.shape, value.dtype, at, value.cost + 1, value.reads, value.moves, value.fast)


@form("np.tril", "np.triu")
def triangle(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """Below and on the k-th diagonal, or above and on it; 0 elsewhere."""
    given = bound(line, ("m", "k"), arguments, settings)
    value, k = writer.operand(arguments[0]), int(given.get("k", 0))
    sign = "<=" if name_of(line) == "np.tril" else ">="

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        i, j = indices[-2:]
        inside = builder.icmp_signed(sign, builder.sub(j, i), ir.Constant(INDEX, k))
        return builder.select(inside, value.at(builder, indices), constant(0, value.dtype))

    return Value(line.shape, value.dtype, at, value.cost + 2, value.reads, value.moves, value.fast)


def elements(
    builder: ir.IRBuilder, operands: Sequence[Value], indices: Indices, dtype: np.dtype[Any] | None
) -> list[ir.Value]:
    """The operands' elements at an index, in one dtype."""
    return [
        constant(o.number, dtype) if o.number is not None
        else cast(builder, o.at(builder, aligned(indices, o.shape)), o.dtype, dtype)
        for o in operands
    ]  # fmt: skip


def shared_dtype(operands: Sequence[Value]) -> np.dtype[Any]:
    """What NumPy compares in."""
    known = [o.dtype for o in operands if o.dtype is not None]
    numbers = [o.number for o in operands if o.dtype is None and o.number is not None]
    return np.result_type(*known, *numbers) if known else np.dtype(float)


@form("np.where")
def chosen(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """Both are computed, one is taken."""
    if len(arguments) != 3:
        raise NotCompilable("np.where of a condition alone has no compiled form", line)
    condition, *choices = (writer.operand(argument) for argument in arguments)
    dtype, operands = np.dtype(line.dtype), [condition, *choices]

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        (truth,) = elements(builder, [condition], indices, np.dtype(bool))
        return builder.select(truth, *elements(builder, choices, indices, dtype))

    cost = sum(o.cost for o in operands) + 1
    return Value(line.shape, dtype, at, cost, *joined(operands), fast_axis(operands, line.shape))


@form("np.astype", "np.asarray", "np.ascontiguousarray", "np.copy")
def converted(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """The same numbers in the dtype of the line."""
    return in_dtype(writer.operand(arguments[0]), line.dtype)


@form("np.item")
def number_of(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """An array's one number, read at once: its memory may be overwritten before the number is used."""
    value = writer.operand(arguments[0])
    number = cast(writer.builder, value.at(writer.builder, (zero(),) * len(value.shape)), value.dtype, None)
    return Value((), None, lambda builder, indices: number)


def in_dtype(value: Value, dtype: Any) -> Value:
    if value.dtype == dtype:
        return value
    return Value(
        value.shape, np.dtype(dtype),
        lambda builder, indices: cast(builder, value.at(builder, indices), value.dtype, dtype),
        value.cost, value.reads, value.moves, value.fast,
    )  # fmt: skip


@form("np.zeros", "np.zeros_like", "np.ones", "np.ones_like", "np.full", "np.full_like")
def filled(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """One number everywhere."""
    if name_of(line) in ("np.full", "np.full_like"):
        value = writer.operand(arguments[1])
        return in_dtype(Value(line.shape, value.dtype, lambda builder, indices: value.at(builder, ())), line.dtype)
    return everywhere(name_of(line).startswith("np.ones"), line.shape, line.dtype)


def everywhere(number: Any, shape: tuple[int, ...], dtype: Any) -> Value:
    return Value(shape, np.dtype(dtype), lambda builder, indices: constant(number, dtype))
