"""Sums, means and extremes over axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.elements import everywhere, in_dtype
from backlit.compiler.native.elementwise import EMITTERS, SUM_FLAGS, constant
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import bound, form, name_of
from backlit.compiler.native.shapes import reshaped
from backlit.compiler.native.values import Indices, Stored, Value, cast, kind_of, loop_order, nest, zero
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

REDUCTIONS = {
    "np.add.reduce": "sum", "np.sum": "sum", "np.mean": "mean", "np.maximum.reduce": "max", "np.max": "max",
    "np.minimum.reduce": "min", "np.min": "min", "np.amax": "max", "np.amin": "min", "np.prod": "product",
    "np.multiply.reduce": "product", "np.any": "any", "np.all": "all", "np.logical_or.reduce": "any",
    "np.logical_and.reduce": "all", "np.count_nonzero": "sum",
}  # fmt: skip
NAMES = ("a", "axis", "dtype", "out", "keepdims", "initial")
#: What a reduction begins with; an extreme begins with the first element.
BEGINS = {"sum": 0, "mean": 0, "product": 1, "any": 0, "all": 1}
#: How two partial results become one.
COMBINED = {"max": "np.maximum", "min": "np.minimum", "any": "|", "all": "&"}


@form(*REDUCTIONS)
def reduced(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """A reduction over some axes."""
    given = bound(line, NAMES, arguments, settings)
    value, axis = writer.operand(arguments[0]), given.get("axis", default_axis(line))
    if name_of(line) == "np.count_nonzero" or REDUCTIONS[name_of(line)] in ("any", "all"):
        value = in_dtype(value, bool)
    count = len(value.shape)
    named = axis if isinstance(axis, tuple) else (axis,)
    over = range(count) if axis is None or not count else [k % count for k in named]
    dtype = np.dtype(line.dtype)
    how, initial = REDUCTIONS[name_of(line)], given.get("initial")
    if initial is not None and (how not in ("max", "min") or abs(initial) != math.inf):
        raise NotCompilable(f"{name_of(line)} with initial={initial} has no compiled form", line)
    reduction = Reduction(writer, value, how, tuple(over), dtype, initial)
    out = writer.space_for(line) if reduction.shape == line.shape else writer.space(reduction.shape, dtype)
    if math.prod(value.shape):
        reduction.write(out)
    else:
        writer.copy_into(out, everywhere(reduction.of_nothing(line), out.shape, dtype))
    return reshaped(out, line.shape)


def default_axis(line: Line) -> int | None:
    """A ufunc's reduction is over the first axis, where none is named."""
    return 0 if name_of(line).endswith(".reduce") else None


@dataclass
class Reduction:
    """One reduction of a value over the axes `over`, in a dtype."""

    writer: Writer
    value: Value
    how: str
    over: tuple[int, ...]
    dtype: np.dtype[Any]
    initial: float | None = None  # of an extreme: an infinity, which says what nothing has

    def __post_init__(self) -> None:
        self.rest = tuple(k for k in range(len(self.value.shape)) if k not in self.over)
        self.shape = tuple(self.value.shape[k] for k in self.rest)
        self.count = math.prod(self.value.shape[k] for k in self.over)

    def of_nothing(self, line: Line) -> Any:
        if self.initial is not None:
            return self.initial
        if math.prod(self.shape) and (self.how not in BEGINS or self.how == "mean"):
            raise NotCompilable("nothing has no extreme and no mean", line)
        return BEGINS.get(self.how, 0)

    def write(self, out: Stored) -> None:
        """Row by row where neighbours belong to different results, else each result by itself in a register."""
        if self.value.fast in self.rest and self.count > 1:
            self.write_rows(out)
        else:
            self.write_each(out)

    def write_rows(self, out: Stored) -> None:
        writer, first = self.writer, [zero()] * len(self.over)

        def start(builder: ir.IRBuilder, indices: Indices) -> None:
            out.put(builder, indices, self.begin(builder, indices, first))

        def add(builder: ir.IRBuilder, indices: Indices) -> None:
            own = tuple(indices[k] for k in self.rest)
            out.put(builder, own, self.combined(builder, out.at(builder, own), self.element(builder, indices)))

        nest(writer.builder, out.shape, loop_order(out), start)
        order = sorted((*self.rest, *self.over), key=lambda k: (k == self.value.fast, k in self.over))
        nest(writer.builder, self.value.shape, order, add)
        if self.how == "mean":
            writer.copy_into(out, Value(out.shape, self.dtype, lambda b, i: self.finished(b, out.at(b, i)), 1))

    def write_each(self, out: Stored) -> None:
        def whole(builder: ir.IRBuilder, indices: Indices) -> None:
            out.put(builder, indices, self.finished(builder, self.total(builder, indices)))

        nest(self.writer.builder, out.shape, loop_order(out), whole)

    def total(self, builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        """One result, in a register."""
        slot = self.writer.slot(kind_of(self.dtype))
        builder.store(self.begin(builder, indices, [zero()] * len(self.over)), slot)

        def add(builder: ir.IRBuilder, inner: Indices) -> None:
            item = self.element(builder, self.spread(indices, inner))
            builder.store(self.combined(builder, builder.load(slot), item), slot)

        order = sorted(range(len(self.over)), key=lambda k: self.over[k] == self.value.fast)
        nest(builder, [self.value.shape[k] for k in self.over], order, add)
        return builder.load(slot)

    def begin(self, builder: ir.IRBuilder, indices: Indices, first: Sequence[ir.Value]) -> ir.Value:
        if self.how in BEGINS:
            return constant(BEGINS[self.how], self.dtype)
        return self.element(builder, self.spread(indices, first))

    def element(self, builder: ir.IRBuilder, indices: Sequence[ir.Value]) -> ir.Value:
        return cast(builder, self.value.at(builder, tuple(indices)), self.value.dtype, self.dtype)

    def spread(self, indices: Sequence[ir.Value], inner: Sequence[ir.Value]) -> list[ir.Value]:
        """One index from those of the axes that stay and those that are reduced."""
        full = dict(zip((*self.rest, *self.over), (*indices, *inner), strict=True))
        return [full[k] for k in range(len(full))]

    def combined(self, builder: ir.IRBuilder, total: ir.Value, item: ir.Value) -> ir.Value:
        if self.how in COMBINED:
            return EMITTERS[COMBINED[self.how]][0](builder, self.writer.functions, [total, item], self.dtype)
        is_float, is_product = self.dtype.kind == "f", self.how == "product"
        if is_float:
            return (builder.fmul if is_product else builder.fadd)(total, item, flags=SUM_FLAGS)
        return (builder.mul if is_product else builder.add)(total, item)

    def finished(self, builder: ir.IRBuilder, total: ir.Value) -> ir.Value:
        return builder.fdiv(total, constant(self.count, self.dtype)) if self.how == "mean" else total
