"""Vectors of floats in machine code, where the loops that LLVM makes of single elements would not do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from llvmlite import ir

from backlit.compiler.native.lanes import I1, I32


@dataclass(frozen=True)
class Vectors:
    """Vectors of `lanes` floats of a width. Addresses are of elements, and need no alignment but theirs."""

    element: ir.Type
    lanes: int

    @cached_property
    def kind(self) -> ir.VectorType:
        return ir.VectorType(self.element, self.lanes)

    @cached_property
    def none(self) -> ir.Constant:
        """All zeros."""
        return alike(self.element, 0.0, self.lanes)

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return 4 if isinstance(self.element, ir.FloatType) else 8

    @property
    def suffix(self) -> str:
        """What LLVM's functions of such vectors end with."""
        return f"v{self.lanes}f{8 * self.size}"

    def load(self, builder: ir.IRBuilder, address: ir.Value, count: int | ir.Value) -> ir.Value:
        """The first `count` elements at an address, and zeros."""
        place = builder.bitcast(address, self.kind.as_pointer())
        if count == self.lanes:
            return builder.load(place, align=self.size)
        mask = self.mask(builder, count)
        kind = ir.FunctionType(self.kind, [place.type, I32, mask.type, self.kind])
        load = self.known(builder.module, f"llvm.masked.load.{self.suffix}.p0", kind)
        return builder.call(load, [place, I32(self.size), mask, self.none])

    def store(self, builder: ir.IRBuilder, vector: ir.Value, address: ir.Value, count: int | ir.Value) -> None:
        """Write the first `count` elements to an address, and nothing behind them."""
        place = builder.bitcast(address, self.kind.as_pointer())
        if count == self.lanes:
            builder.store(vector, place, align=self.size)
            return
        mask = self.mask(builder, count)
        kind = ir.FunctionType(ir.VoidType(), [self.kind, place.type, I32, mask.type])
        store = self.known(builder.module, f"llvm.masked.store.{self.suffix}.p0", kind)
        builder.call(store, [vector, place, I32(self.size), mask])

    def mask(self, builder: ir.IRBuilder, count: int | ir.Value) -> ir.Value:
        """Which lanes are among the first `count`, an integer of 32 bits where the program computes it."""
        if isinstance(count, int):
            return constants(I1, tuple(int(lane < count) for lane in range(self.lanes)))
        return builder.icmp_signed("<", constants(I32, tuple(range(self.lanes))), self.spread(builder, count))

    def spread(self, builder: ir.IRBuilder, number: ir.Value) -> ir.Value:
        """A number in every lane."""
        nothing = alike(number.type, ir.Undefined, self.lanes)
        first = builder.insert_element(nothing, number, I32(0))
        return builder.shuffle_vector(first, nothing, constants(I32, (0,) * self.lanes))

    def interleaved(self, builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> tuple[ir.Value, ir.Value]:
        """a[0], b[0], a[1], b[1], ...: the first half, and the second."""
        half = self.lanes // 2
        order = tuple(lane // 2 + lane % 2 * self.lanes for lane in range(self.lanes))
        first, second = constants(I32, order), constants(I32, tuple(place + half for place in order))
        return builder.shuffle_vector(a, b, first), builder.shuffle_vector(a, b, second)

    def multiply_add(self, builder: ir.IRBuilder, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """a b + c, rounded once where the machine has the instruction for it."""
        kind = ir.FunctionType(self.kind, [self.kind] * 3)
        return builder.call(self.known(builder.module, f"llvm.fmuladd.{self.suffix}", kind), [a, b, c])

    @staticmethod
    def known(module: ir.Module, name: str, kind: ir.FunctionType) -> ir.Function:
        """One of LLVM's own functions."""
        return module.globals.get(name) or ir.Function(module, kind, name)


@cache
def constants(kind: ir.IntType, numbers: tuple[int, ...]) -> ir.Constant:
    """A vector of whole numbers; one object each, since its text takes a while to make."""
    return ir.Constant(ir.VectorType(kind, len(numbers)), [kind(number) for number in numbers])


@cache
def alike(kind: ir.Type, value: Any, lanes: int) -> ir.Constant:
    """A vector that holds one value everywhere."""
    return ir.Constant(ir.VectorType(kind, lanes), [ir.Constant(kind, value)] * lanes)
