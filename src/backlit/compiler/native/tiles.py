"""Matrix products in tiles: a few rows by a few vectors of the result at a time, summed in registers.

This is the innermost of the loops of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008),
section 4. Their outer ones, which cut matrices to the sizes of the caches, are left to BLAS: the matrices of small
networks fit into the second cache as they are, and all sizes are known here when the code is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product as pairs

import numpy as np
from llvmlite import ir

from backlit.compiler.native.blas import threads
from backlit.compiler.native.jit import VectorUnit, vector_unit
from backlit.compiler.native.transposing import padded, transposition
from backlit.compiler.native.values import INDEX, Stored, folded, internal, kind_of, loop, stored, zero
from backlit.compiler.native.vectors import Vectors
from backlit.compiler.native.writer import Writer

#: Bytes of y up to which it stays in a second cache of that size while the rows of x pass by.
MOST_SHARED = 1 << 20
#: Products of more multiplications are left to BLAS where it has several threads.
MOST_BY_ONE = 1 << 21
#: How many more sums a tile must save for a further kind of tile, each of which takes time to compile.
WORTH_COMPILING = 0.04
#: Elements of a vector where a matrix is turned: more save hardly any time, and take longer to compile.
LANES = 8
#: Cycles until a sum can be added to again, in sums that a core begins meanwhile: 4 cycles at 2 a cycle.
WAIT = 8


def multiply_in_tiles(writer: Writer, x: Stored, y: Stored, out: Stored) -> bool:
    """Emit out = x y. False for what has no tiles, or is better left to BLAS: vectors, a `y` too large for the cache.

    Shape: x (M, K), y (K, N), out (M, N).
    """
    (depth, columns), rows = y.shape, x.shape[0]
    size = np.dtype(out.dtype).itemsize
    if not (x.dtype == y.dtype == out.dtype) or depth * columns * size > MOST_SHARED or columns == 1:
        return False
    if rows * columns * depth > MOST_BY_ONE and threads() > 1:
        return False
    if out.strides[1] != 1 or 1 not in y.strides or (rows == 1 and y.strides[1] != 1):
        return False
    vectors = Vectors(kind_of(out.dtype), vector_unit().size // size)
    if y.strides[1] != 1:
        y = turned(writer, y, Vectors(vectors.element, min(LANES, vectors.lanes)))
    steps = (*x.strides, y.strides[0], out.strides[0])
    name = f"product.{out.dtype}." + ".".join(map(str, (rows, depth, columns, *steps)))
    function = writer.functions.module.globals.get(name)
    if function is None:
        function = product_function(writer.functions.module, name, x, y, out, vectors)
    writer.builder.call(function, [x.pointer, y.pointer, out.pointer])
    return True


def turned(writer: Writer, y: Stored, vectors: Vectors) -> Stored:
    """y with its rows in order, and room behind each for a whole vector.  Shape: y (K, N), out (K, N)."""
    depth, columns = y.shape
    step = padded(columns, vectors)
    room = writer.space((padded(depth, vectors) * step,), y.dtype)  # not of two axes, which could lie by column
    sizes = [ir.Constant(INDEX, n) for n in (columns, depth, y.strides[1], step)]
    writer.builder.call(transposition(writer.functions.module, vectors), [y.pointer, room.pointer, *sizes])
    return stored(room.pointer, y.shape, y.dtype, (step, 1))


def product_function(module: ir.Module, name: str, x: Stored, y: Stored, out: Stored, vectors: Vectors) -> ir.Function:
    """void product(x, y, out), for matrices of these shapes and strides: layers that are alike share it."""
    pointer = vectors.element.as_pointer()
    function = internal(module, name, ir.FunctionType(ir.VoidType(), [pointer] * 3), apart=3)
    matrices = [
        stored(argument, matrix.shape, matrix.dtype, matrix.strides)
        for argument, matrix in zip(function.args, (x, y, out), strict=True)
    ]
    builder = ir.IRBuilder(function.append_basic_block("body"))
    tiles = Tiles(vectors, *matrices)
    height, width = tile_size(*out.shape, vectors.lanes, vector_unit())
    in_steps(builder, out.shape[1], width * vectors.lanes, lambda builder, column, columns: in_steps(
        builder, out.shape[0], height, lambda builder, row, rows: tiles.emit(builder, row, column, rows, columns)
    ))  # fmt: skip
    builder.ret_void()
    return function


def in_steps(builder: ir.IRBuilder, count: int, step: int, body: Callable[[ir.IRBuilder, ir.Value, int], None]) -> None:
    """body(builder, start, size) for each piece of `step` in range(count), and for the smaller one that is left."""
    whole, left = divmod(count, step)
    width = ir.Constant(INDEX, step)
    loop(builder, whole, lambda builder, number: body(builder, builder.mul(number, width, flags=("nsw",)), step))
    if left:
        body(builder, ir.Constant(INDEX, whole * step), left)


class Tiles:
    """Pieces of out = x y."""

    def __init__(self, vectors: Vectors, x: Stored, y: Stored, out: Stored) -> None:
        self.vectors, self.x, self.y, self.out = vectors, x, y, out
        self.depth, self.steps = x.shape[1], (x.strides[1], y.strides[0])

    def emit(self, builder: ir.IRBuilder, row: ir.Value, column: ir.Value, rows: int, columns: int) -> None:
        """out[row : row + rows, column : column + columns], with all sums in registers."""
        first = self.x.address(builder, (row, zero())), self.y.address(builder, (zero(), column))
        target = self.out.address(builder, (row, column))
        starts = range(0, columns, self.vectors.lanes)
        pieces = [(start, min(self.vectors.lanes, columns - start)) for start in starts]
        totals = self.summed(builder, first, rows, pieces)
        for total, (r, (start, count)) in zip(totals, pairs(range(rows), pieces), strict=True):
            self.vectors.store(builder, total, beside(builder, target, r * self.out.strides[0] + start), count)

    def summed(
        self, builder: ir.IRBuilder, first: Sequence[ir.Value], rows: int, pieces: Sequence[tuple[int, int]]
    ) -> Sequence[ir.Value]:
        """The loop over k: for each row and each piece of it, the sum of all x[i, k] y[k, j]."""

        def add(builder: ir.IRBuilder, k: ir.Value, sums: Sequence[ir.Value]) -> Sequence[ir.Value]:
            places = [self.along(builder, k, *pair) for pair in zip(first, self.steps, strict=True)]
            return self.added(builder, places, pieces, sums)

        return folded(builder, self.depth, [self.vectors.none] * (rows * len(pieces)), add)

    def along(self, builder: ir.IRBuilder, k: ir.Value, pointer: ir.Value, step: int) -> ir.Value:
        """Where k steps lead."""
        return builder.gep(pointer, [builder.mul(k, ir.Constant(INDEX, step), flags=("nsw",))], inbounds=True)

    def added(
        self, builder: ir.IRBuilder, places: Sequence[ir.Value], pieces: Sequence[tuple[int, int]],
        sums: Sequence[ir.Value],
    ) -> list[ir.Value]:  # fmt: skip
        """Each sum with its x[i, k] y[k, j] added, from the first row's x and the first piece's y on."""
        (x, y), rows = places, range(len(sums) // len(pieces))
        read = [self.vectors.load(builder, beside(builder, y, start), count) for start, count in pieces]
        factors = [self.vectors.spread(builder, builder.load(beside(builder, x, r * self.x.strides[0]))) for r in rows]
        return [
            self.vectors.multiply_add(builder, factor, vector, total)
            for (factor, vector), total in zip(pairs(factors, read), sums, strict=True)
        ]


def beside(builder: ir.IRBuilder, pointer: ir.Value, offset: int) -> ir.Value:
    """The place so many elements on."""
    return builder.gep(pointer, [ir.Constant(INDEX, offset)], inbounds=True) if offset else pointer


@cache
def tile_size(rows: int, columns: int, lanes: int, unit: VectorUnit) -> tuple[int, int]:
    """How many rows, and how many vectors, the tiles of a result have: the fewest cycles, and few kinds of tiles.

    A quarter of the registers is left for what is read.
    """
    across = -(-columns // lanes)
    most = unit.registers * 3 // 4
    sizes = [(r, v) for r in range(1, min(rows, most) + 1) for v in range(1, min(across, most // r) + 1)]

    def cost(size: tuple[int, int]) -> float:
        heights, widths = in_pieces(rows, size[0]), in_pieces(across, size[1])
        kinds = list(pairs(heights.items(), widths.items()))
        cycles = sum(m * n * cycles_of(r, v) for (r, m), (v, n) in kinds)
        return cycles * (1 + WORTH_COMPILING * sum(r * v for (r, _), (v, _) in kinds) / 16)

    return min(sizes, key=cost)


def in_pieces(count: int, step: int) -> dict[int, int]:
    """How many pieces of which size make up `count`."""
    whole, left = divmod(count, step)
    return {size: number for size, number in ((step, whole), (left, 1)) if size and number}


def cycles_of(rows: int, vectors: int) -> int:
    """What a tile takes for each k: its sums, or what it reads (vectors from the second cache), or the wait."""
    return max(rows * vectors, rows + 2 * vectors, WAIT)
