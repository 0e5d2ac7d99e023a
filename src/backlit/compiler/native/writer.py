"""Where the instructions of a step go, and where its values lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.blas import Blas
from backlit.compiler.native.elementwise import constant
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.functions import Functions
from backlit.compiler.native.lifetimes import places_for, spans_of
from backlit.compiler.native.values import (
    INDEX,
    Indices,
    Stored,
    Value,
    aligned,
    cast,
    loop_order,
    nest,
    rounded_up,
    stored,
    stored_kind,
    zero,
)
from backlit.tracing.graph import Line

#: Arrays up to this many bytes live on the stack, where LLVM may keep them in registers.
ON_STACK = 1 << 12
#: All of them together: a thread's whole stack may be as small as half a megabyte.
ALL_ON_STACK = 1 << 17


#: Bytes of a cache line: no array of the workspace shares one with another.
LINE = 64
#: Bytes after which the lines of a first cache come round: what lies so far apart shares a few of them.
ALIAS = 1 << 11


def extent(shape: Sequence[int], strides: Sequence[int] | None) -> int:
    """How many elements lie from the first of an array to its last; without strides they lie in order."""
    if strides is None or 0 in shape:
        return math.prod(shape)
    return 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))


class Workspace:
    """Room for the arrays of a step: small ones on the stack, others in one block, in which `settle` places them.

    `by_column` keeps a batch of narrow rows column by column, so that vectors run along the batch.
    """

    def __init__(self, block: ir.Value | None, batch: int, by_column: bool) -> None:
        self.block, self.batch, self.by_column = block, batch, by_column
        self.on_stack = 0
        self.arrays: list[tuple[ir.Value, int]] = []  # of the block: where each begins, and its bytes

    def room(self, builder: ir.IRBuilder, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Stored:
        strides = self.strides(shape, dtype)
        count = extent(shape, strides)
        size, kind = count * dtype.itemsize, stored_kind(dtype)
        with builder.goto_entry_block():
            if size <= ON_STACK and self.on_stack + size <= ALL_ON_STACK:
                self.on_stack += rounded_up(size, LINE)
                start = builder.alloca(ir.ArrayType(kind, max(count, 1)))
                start.align = LINE
            else:
                start = builder.gep(self.block, [zero()], inbounds=True)
                self.arrays.append((start, rounded_up(size, LINE)))
            pointer = builder.bitcast(start, kind.as_pointer())
        return stored(pointer, shape, dtype, strides)

    def settle(self, function: ir.Function) -> int:
        """Once the function is written, give each array of the block its place.  Out: the bytes that they need.

        An array lies where others lay that nothing reads any more.
        """
        spans = spans_of(function, [start for start, _ in self.arrays])
        used = [(start, size) for start, size in self.arrays if start in spans]
        places, total = places_for([size for _, size in used], [spans[start] for start, _ in used])
        for (start, _), place in zip(used, places, strict=True):
            start.indices = [ir.Constant(INDEX, place)]
        return total

    def strides(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...] | None:
        """The steps of an array that is kept by column; None for others.

        Columns a multiple of `ALIAS` bytes apart get a cache line between them.
        """
        if not (self.by_column and len(shape) == 2 and shape[0] == self.batch and shape[1] > 1):
            return None
        between = 0 if shape[0] * dtype.itemsize % ALIAS else LINE // dtype.itemsize
        return (1, shape[0] + between)


class Writer:
    """Writes instructions at the builder's place. `values` says what each line has become.

    `failed` is where a step notes that it stopped, before it changed anything.
    """

    def __init__(
        self, builder: ir.IRBuilder, functions: Functions, blas: Blas, values: dict[Line, Value],
        workspace: Workspace, failed: ir.Value,
    ) -> None:  # fmt: skip
        self.builder, self.functions, self.blas = builder, functions, blas
        self.values, self.workspace, self.failed = values, workspace, failed
        self.homes: dict[Line, Stored] = {}  # arrays that nothing reads before a line is written to them

    def operand(self, argument: Any) -> Value:
        """What an argument stands for: a line's value, or a constant."""
        if isinstance(argument, Line):
            return self.values[argument]
        if isinstance(argument, (bool, int, float)):
            return Value((), None, lambda builder, indices: constant(argument, None), number=argument)
        if isinstance(argument, np.generic):
            dtype = argument.dtype
            return Value((), dtype, lambda builder, indices: constant(argument, dtype))
        raise NotCompilable(f"an operand that is {type(argument).__name__} has no compiled form")

    def stop_if(self, condition: ir.Value) -> None:
        """The step ends here, and notes that it did, if a condition holds."""
        with self.builder.if_then(condition, likely=False):
            self.builder.store(ir.Constant(INDEX, 1), self.failed)
            self.builder.ret(ir.Constant(ir.DoubleType(), float("nan")))

    def slot(self, kind: ir.Type) -> ir.Value:
        """A register: LLVM makes one of it."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(kind)

    def space(self, shape: tuple[int, ...], dtype: Any) -> Stored:
        """Room for an array."""
        return self.workspace.room(self.builder, shape, np.dtype(dtype))

    def space_for(self, line: Line) -> Stored:
        """Room for what a line computes: where it must lie at the end, if it may lie there at once."""
        home = self.homes.get(line)
        return home if home is not None else self.space(line.shape, line.dtype)

    def kept(self, value: Value) -> Stored:
        """An expression, computed into memory."""
        if value.dtype is None:
            raise NotCompilable("a number has no place in memory")
        out = self.space(value.shape, value.dtype)
        self.copy_into(out, value)
        return out

    def in_memory(self, value: Value) -> Stored:
        """The value as an array, computed into one if it is none yet."""
        return value if isinstance(value, Stored) else self.kept(value)

    def copy_into(self, target: Stored, value: Value) -> None:
        """target[...] = value."""
        self.copy_all([(target, value)])

    def copy_all(self, pairs: Sequence[tuple[Stored, Value]]) -> None:
        """target[...] = value for targets of one shape, in one pass: at an index all are computed before one is put."""
        if not pairs:
            return
        written = {id(target.pointer) for target, _ in pairs}
        # What reads elsewhere than at its own place would find there what was overwritten by then.
        pairs = [(target, self.kept(value) if value.moves & written else value) for target, value in pairs]

        def put(builder: ir.IRBuilder, indices: Indices) -> None:
            found = [
                cast(builder, value.at(builder, aligned(indices, value.shape)), value.dtype, target.dtype)
                for target, value in pairs
            ]
            for (target, _), element in zip(pairs, found, strict=True):
                target.put(builder, indices, element)

        first = pairs[0][0]
        nest(self.builder, first.shape, loop_order(first), put)
