"""Matrix products: the smallest as loops that LLVM makes vectors of, small ones in tiles, large ones by BLAS."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.elementwise import SUM_FLAGS, constant
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import form, name_of
from backlit.compiler.native.shapes import reshaped
from backlit.compiler.native.tiles import multiply_in_tiles
from backlit.compiler.native.values import (
    INDEX,
    Indices,
    Stored,
    Value,
    aligned,
    cast,
    joined,
    kind_of,
    loop,
    nest,
    stored,
    zero,
)
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

#: Products of more multiplications are taken in tiles, or by BLAS, which smaller ones would not be worth.
MOST_IN_LOOPS = 1 << 12
#: A sum of at most this many products is written out.
MOST_WRITTEN_OUT = 64
#: Of narrow rows, a product of at most this depth is computed where it is read.
MOST_FUSED = 16


@form("@", "np.matmul", "np.dot")
def product(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """A matrix product.  Shape: x (..., M, K), y (..., K, N), out (..., M, N); vectors are as in NumPy.

    Many matrices times one are one larger matrix times it.
    """
    x, y = map(writer.operand, arguments)
    dtype = np.dtype(line.dtype)
    is_odd_dot = name_of(line) == "np.dot" and len(y.shape) > 2
    if dtype.kind != "f" or not x.shape or not y.shape or is_odd_dot:
        raise NotCompilable(f"a product of shapes {list(x.shape)} and {list(y.shape)} has no compiled form", line)
    x = reshaped(x, (1, *x.shape)) if len(x.shape) == 1 else x
    y = reshaped(y, (*y.shape, 1)) if len(y.shape) == 1 else y
    if len(y.shape) > 2:
        return reshaped(batched_product(writer, x, y, dtype), line.shape)
    if len(x.shape) > 2:
        rows = math.prod(x.shape[:-1])
        x = reshaped(writer.in_memory(x), (rows, x.shape[-1]))
    if writer.workspace.by_column and x.shape[1] <= MOST_FUSED:
        return reshaped(fused_product(x, y, dtype), line.shape)
    shape = (x.shape[0], y.shape[1])
    out = writer.space_for(line) if line.shape == shape else writer.space(shape, dtype)
    multiply(writer, x, y, out)
    return reshaped(out, line.shape)


def fused_product(x: Value, y: Value, dtype: np.dtype[Any]) -> Value:
    """A product of narrow rows, computed wherever it is read: with the bias and the function behind it in one pass."""
    depth = x.shape[1]

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        return sum_of_terms(builder, x, y, indices, depth, dtype)

    reads, _ = joined([x, y])
    shape = (x.shape[0], y.shape[1])
    return Value(shape, dtype, at, 2 * depth + x.cost + y.cost, reads, reads, x.fast if x.fast == 0 else y.fast)


def sum_of_terms(
    builder: ir.IRBuilder, x: Value, y: Value, place: Indices, depth: int, dtype: np.dtype[Any]
) -> ir.Value:
    """The sum over k of x[i, k] y[k, j], written out so that it stays in a register."""
    total: ir.Value = None
    for k in range(depth):
        part = term(builder, x, y, place, ir.Constant(INDEX, k), dtype)
        total = part if total is None else builder.fadd(total, part, flags=SUM_FLAGS)
    return constant(0, dtype) if total is None else total


def term(builder: ir.IRBuilder, x: Value, y: Value, place: Indices, k: ir.Value, dtype: np.dtype[Any]) -> ir.Value:
    """x[i, k] y[k, j], for the place (i, j)."""
    i, j = place
    a = cast(builder, x.at(builder, (i, k)), x.dtype, dtype)
    b = cast(builder, y.at(builder, (k, j)), y.dtype, dtype)
    return builder.fmul(a, b, flags=SUM_FLAGS)


def batched_product(writer: Writer, x: Value, y: Value, dtype: np.dtype[Any]) -> Stored:
    """A product for every index of the axes in front.  Shape: x (..., M, K), y (..., K, N), out (..., M, N)."""
    first, second = writer.in_memory(x), writer.in_memory(y)
    extent = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = writer.space((*extent, x.shape[-2], y.shape[-1]), dtype)

    def one(builder: ir.IRBuilder, indices: Indices) -> None:
        multiply(writer, *(matrix_at(builder, array, indices) for array in (first, second, out)))

    nest(writer.builder, extent, range(len(extent)), one)
    return out


def matrix_at(builder: ir.IRBuilder, array: Stored, indices: Indices) -> Stored:
    """The last two axes, at an index of those in front."""
    front = aligned(indices, array.shape[:-2])
    return stored(array.address(builder, (*front, zero(), zero())), array.shape[-2:], array.dtype, array.strides[-2:])


def multiply(writer: Writer, x: Value, y: Value, out: Stored) -> None:
    """out[...] = x @ y.  Shape: x (M, K), y (K, N), out (M, N)."""
    (m, k), n = x.shape, y.shape[1]
    if m * n * k > MOST_IN_LOOPS and not writer.workspace.by_column:  # where loops run along the batch
        x, y = writer.in_memory(x), writer.in_memory(y)
        if multiply_in_tiles(writer, x, y, out):
            return
        # A product with a vector waits for memory, wherever it is computed: it is not worth SciPy's import.
        if 1 not in (m, n) and writer.blas.multiply(writer.builder, x, y, out):
            return
    loops = Loops(writer, x, y, out)
    if loops.innermost() == 2:
        loops.sums()
    else:
        loops.rows(loops.innermost())


class Loops:
    """out[i, j] = sum over k of x[i, k] y[k, j]; the loop inside is one along which neighbours lie side by side."""

    def __init__(self, writer: Writer, x: Value, y: Value, out: Stored) -> None:
        self.writer, self.x, self.y, self.out = writer, x, y, out
        self.counts, self.dtype = (*out.shape, x.shape[1]), np.dtype(out.dtype)

    def innermost(self) -> int:
        """Which of the loops i, j and k: 0, 1 or 2."""
        along = {
            0: (self.x.fast == 0) + (self.out.fast == 0),
            1: (self.y.fast == 1) + (self.out.fast == 1),
            2: (self.x.fast == 1) + (self.y.fast == 0),
        }
        return max(along, key=lambda axis: (along[axis] == 2, along[axis], self.counts[axis]))

    def term(self, builder: ir.IRBuilder, place: Indices, k: ir.Value) -> ir.Value:
        return term(builder, self.x, self.y, place, k, self.dtype)

    def none(self) -> ir.Constant:
        return constant(0, self.out.dtype)

    def sums(self) -> None:
        """Each element by itself, in a register."""

        def whole(builder: ir.IRBuilder, indices: Indices) -> None:
            slot = self.writer.slot(kind_of(self.out.dtype))
            builder.store(self.none(), slot)

            def add(builder: ir.IRBuilder, k: ir.Value) -> None:
                total = builder.fadd(builder.load(slot), self.term(builder, indices, k), flags=SUM_FLAGS)
                builder.store(total, slot)

            loop(builder, self.counts[2], add)
            self.out.put(builder, indices, builder.load(slot))

        nest(self.writer.builder, self.out.shape, (0, 1), whole)

    def rows(self, inside: int) -> None:
        """Neighbours together: a row of the result at a time, or a column."""

        def row(builder: ir.IRBuilder, outer: ir.Value) -> None:
            def place(index: ir.Value) -> Indices:
                return (index, outer) if inside == 0 else (outer, index)

            if self.counts[2] <= MOST_WRITTEN_OUT:
                self.written_out(builder, self.counts[inside], place)
            else:
                self.pass_by_pass(builder, self.counts[inside], place)

        loop(self.writer.builder, self.counts[1 - inside], row)

    def written_out(self, builder: ir.IRBuilder, count: int, place: Callable[[ir.Value], Indices]) -> None:
        """The depth is short: its loop is written out, so that the sums stay in registers."""

        def element(builder: ir.IRBuilder, index: ir.Value) -> None:
            total = sum_of_terms(builder, self.x, self.y, place(index), self.counts[2], self.dtype)
            self.out.put(builder, place(index), total)

        loop(builder, count, element)

    def pass_by_pass(self, builder: ir.IRBuilder, count: int, place: Callable[[ir.Value], Indices]) -> None:
        """A pass over the row for every k."""
        loop(builder, count, lambda builder, index: self.out.put(builder, place(index), self.none()))

        def pass_over(builder: ir.IRBuilder, k: ir.Value) -> None:
            def add(builder: ir.IRBuilder, index: ir.Value) -> None:
                own = place(index)
                total = builder.fadd(self.out.at(builder, own), self.term(builder, own, k), flags=SUM_FLAGS)
                self.out.put(builder, own, total)

            loop(builder, count, add)

        loop(builder, self.counts[2], pass_over)
