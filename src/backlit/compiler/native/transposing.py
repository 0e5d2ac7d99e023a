"""Matrices turned in memory, a square of vectors at a time."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from backlit.compiler.native.lanes import I32
from backlit.compiler.native.values import INDEX, internal, loop, rounded_up
from backlit.compiler.native.vectors import Vectors


def padded(count: int, vectors: Vectors) -> int:
    """The elements of the whole vectors that hold so many."""
    return rounded_up(count, vectors.lanes)


def transposition(module: ir.Module, vectors: Vectors) -> ir.Function:
    """void turn(x, out, rows, columns, x_step, out_step): out[j, i] = x[i, j].

    The steps lead from one row to the next, in elements. `out` has room for whole vectors both ways, and what is behind
    its elements becomes 0.
    """
    name = f"backlit.turn.{vectors.suffix}"
    if name in module.globals:
        return module.globals[name]
    pointer = vectors.element.as_pointer()
    function = internal(module, name, ir.FunctionType(ir.VoidType(), [pointer, pointer, *[INDEX] * 4]), apart=2)
    x, out, rows, columns, x_step, out_step = function.args
    builder = ir.IRBuilder(function.append_basic_block("body"))

    def square(builder: ir.IRBuilder, row: ir.Value, column: ir.Value) -> None:
        source, target = start(builder, x, row, column, x_step), start(builder, out, column, row, out_step)
        turn_square(builder, vectors, source, target, (x_step, out_step),
                    (builder.sub(rows, row), builder.sub(columns, column)))  # fmt: skip

    squares_along(builder, vectors, rows, lambda builder, row: squares_along(
        builder, vectors, columns, lambda builder, column: square(builder, row, column)
    ))  # fmt: skip
    builder.ret_void()
    return function


def squares_along(
    builder: ir.IRBuilder, vectors: Vectors, count: ir.Value, body: Callable[[ir.IRBuilder, ir.Value], None]
) -> None:
    """body(builder, start) for each vector that holds some of `count` elements."""
    lanes = ir.Constant(INDEX, vectors.lanes)
    number = builder.udiv(builder.add(count, ir.Constant(INDEX, vectors.lanes - 1)), lanes)
    loop(builder, number, lambda builder, index: body(builder, builder.mul(index, lanes)))


def start(builder: ir.IRBuilder, pointer: ir.Value, row: ir.Value, column: ir.Value, step: ir.Value) -> ir.Value:
    """Where x[row, column] lies, of a matrix with so many elements from one row to the next."""
    return builder.gep(pointer, [builder.add(builder.mul(row, step), column)], inbounds=True)


def turn_square(
    builder: ir.IRBuilder, vectors: Vectors, source: ir.Value, target: ir.Value, steps: tuple[ir.Value, ir.Value],
    left: tuple[ir.Value, ir.Value],
) -> None:  # fmt: skip
    """Turn as many rows as a vector has lanes; of source only `left` rows and columns are read.

    To interleave the first half of the rows with the second moves each element's number by one bit, so that after as
    many rounds as the number has bits, row and column have changed places.
    """
    rows, columns = (builder.trunc(n, I32) for n in left)
    none = ir.Constant(I32, 0)
    read = []
    for row in range(vectors.lanes):
        is_there = builder.icmp_signed("<", ir.Constant(I32, row), rows)
        address = builder.gep(source, [builder.mul(steps[0], ir.Constant(INDEX, row))])
        read.append(vectors.load(builder, address, builder.select(is_there, columns, none)))
    half = vectors.lanes // 2
    for _ in range(half.bit_length()):
        read = [v for a, b in zip(read[:half], read[half:], strict=True) for v in vectors.interleaved(builder, a, b)]
    for column, vector in enumerate(read):
        address = builder.gep(target, [builder.mul(steps[1], ir.Constant(INDEX, column))])
        vectors.store(builder, vector, address, vectors.lanes)
