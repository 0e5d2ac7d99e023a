"""Values of a compiled step: arrays in memory, and expressions that are computed where they are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.errors import NotCompilable

INDEX = ir.IntType(64)
#: How the blocks of instructions are called that stand in no loop: a step's beginning, and what follows a loop.
OUTSIDE = ("body", "after")
TYPES: dict[str, ir.Type] = {
    "float32": ir.FloatType(), "float64": ir.DoubleType(), "int64": ir.IntType(64), "int32": ir.IntType(32),
    "int16": ir.IntType(16), "int8": ir.IntType(8), "uint8": ir.IntType(8), "bool": ir.IntType(1),
}  # fmt: skip
#: How each is kept in memory: NumPy gives a truth value a byte.
STORED: dict[str, ir.Type] = {**TYPES, "bool": ir.IntType(8)}


def kind_of(dtype: Any) -> ir.Type:
    """LLVM's type of an element. Raises NotCompilable for a dtype that has none here."""
    return found(TYPES, dtype)


def stored_kind(dtype: Any) -> ir.Type:
    """How it is kept in memory."""
    return found(STORED, dtype)


def found(types: dict[str, ir.Type], dtype: Any) -> ir.Type:
    name = np.dtype(dtype).name
    if name not in types:
        raise NotCompilable(f"{name} has no compiled form")
    return types[name]


Indices = tuple[ir.Value, ...]


def zero() -> ir.Constant:
    return ir.Constant(INDEX, 0)


@dataclass
class Value:
    """What a line stands for: its shape, its dtype, and how to get the element at an index.

    `reads` are the arrays that reading it touches, `moves` those that it reads elsewhere than at its own index; `cost`
    counts its arithmetic. A number has no dimensions and no dtype: it takes that of the arrays it meets.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    at: Callable[[ir.IRBuilder, Indices], ir.Value]
    cost: int = 0
    reads: frozenset[int] = frozenset()
    moves: frozenset[int] = frozenset()
    fast: int | None = None  # the axis along which neighbours lie side by side in memory
    number: bool | int | float | None = None  # the constant of which it is made, if it is one


@dataclass
class Stored(Value):
    """An array in memory."""

    pointer: ir.Value | None = None
    strides: tuple[int, ...] = field(default=())  # in elements

    def address(self, builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        offset: ir.Value | None = None
        for index, stride in zip(indices, self.strides, strict=True):
            if stride and not (isinstance(index, ir.Constant) and index.constant == 0):
                term = index if stride == 1 else builder.mul(index, ir.Constant(INDEX, stride), flags=("nsw",))
                offset = term if offset is None else builder.add(offset, term, flags=("nsw",))
        return builder.gep(self.pointer, [zero() if offset is None else offset], inbounds=True)

    def put(self, builder: ir.IRBuilder, indices: Indices, element: ir.Value) -> None:
        """self[indices] = element, of this dtype."""
        if self.dtype == np.bool_:
            element = builder.zext(element, STORED["bool"])
        builder.store(element, self.address(builder, indices))


def stored(pointer: ir.Value, shape: Sequence[int], dtype: Any, strides: Sequence[int] | None = None) -> Stored:
    """An array at a pointer; without strides its last axis is the fast one."""
    dtype, shape = np.dtype(dtype), tuple(shape)
    steps = tuple(strides) if strides is not None else row_major(shape)

    def load(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        value = builder.load(array.address(builder, indices))
        return builder.trunc(value, TYPES["bool"]) if dtype == np.bool_ else value

    fast = next((k for k, (n, s) in enumerate(zip(shape, steps, strict=True)) if s == 1 and n > 1), None)
    reads = frozenset((id(pointer),))
    array = Stored(shape, dtype, load, 0, reads, frozenset(), fast, pointer=pointer, strides=steps)
    return array


def internal(module: ir.Module, name: str, kind: ir.FunctionType, apart: int = 0) -> ir.Function:
    """A function of this module alone, which is called and never inlined; its first so many pointers lie apart."""
    function = ir.Function(module, kind, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    for argument in function.args[:apart]:
        argument.add_attribute("noalias")
    return function


def rounded_up(count: int, step: int) -> int:
    """The least multiple of `step` that is not below `count`."""
    return -(-count // step) * step


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(shape[k + 1 :]) for k in range(len(shape)))


def aligned(builder_indices: Indices, shape: tuple[int, ...]) -> Indices:
    """The index of an operand that is broadcast: its last axes, 0 along those of length 1."""
    own = builder_indices[len(builder_indices) - len(shape) :] if shape else ()
    return tuple(zero() if n == 1 else i for n, i in zip(shape, own, strict=True))


def loop(builder: ir.IRBuilder, count: int | ir.Value, body: Callable[[ir.IRBuilder, ir.Value], None]) -> None:
    """for i in range(count): body(i).  A loop of one pass is none; a count that the program computes is at least 1."""

    def run(builder: ir.IRBuilder, index: ir.Value, values: Sequence[ir.Value]) -> Sequence[ir.Value]:
        body(builder, index)
        return values

    folded(builder, count, (), run)


def folded(
    builder: ir.IRBuilder, count: int | ir.Value, values: Sequence[ir.Value],
    body: Callable[[ir.IRBuilder, ir.Value, Sequence[ir.Value]], Sequence[ir.Value]],
) -> Sequence[ir.Value]:  # fmt: skip
    """for i in range(count): values = body(i, values).  Out: the last ones; they stay in registers all the while."""
    if count == 1:
        return body(builder, zero(), values)
    if count == 0:
        return values
    before = builder.block
    head = builder.append_basic_block("loop")
    builder.branch(head)
    builder.position_at_end(head)
    index, carried = builder.phi(INDEX), [builder.phi(value.type) for value in values]
    results = body(builder, index, carried)
    following = builder.add(index, ir.Constant(INDEX, 1), flags=("nuw", "nsw"))
    for phi, first, later in zip([index, *carried], [zero(), *values], [following, *results], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, builder.block)
    after = builder.append_basic_block("after")
    end = ir.Constant(INDEX, count) if isinstance(count, int) else count
    builder.cbranch(builder.icmp_unsigned("<", following, end), head, after)
    builder.position_at_end(after)
    return results


def nest(builder: ir.IRBuilder, counts: Sequence[int], order: Sequence[int], body: Callable[..., None]) -> None:
    """Loops over all axes, the axis `order[0]` outermost; `body(builder, indices)`."""
    indices: list[ir.Value] = [zero()] * len(counts)

    def go(builder: ir.IRBuilder, depth: int) -> None:
        if depth == len(order):
            body(builder, tuple(indices))
            return

        def inner(builder: ir.IRBuilder, index: ir.Value) -> None:
            indices[order[depth]] = index
            go(builder, depth + 1)

        loop(builder, counts[order[depth]], inner)

    go(builder, 0)


def loop_order(array: Stored) -> list[int]:
    """The axes from the widest stride to the narrowest."""
    return sorted(range(len(array.shape)), key=lambda k: -array.strides[k])


def joined(operands: Sequence[Value]) -> tuple[frozenset[int], frozenset[int]]:
    """What several operands read, and what of it elsewhere."""
    none: frozenset[int] = frozenset()
    return none.union(*(o.reads for o in operands)), none.union(*(o.moves for o in operands))


def fast_axis(operands: Sequence[Value], shape: tuple[int, ...]) -> int | None:
    """The axis of the result along which most operands lie side by side: the largest one's."""
    known = [(math.prod(o.shape), o.fast + len(shape) - len(o.shape)) for o in operands if o.fast is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def moved(value: Value, shape: tuple[int, ...], at_old: Callable[[ir.IRBuilder, Indices], Indices]) -> Value:
    """The same elements at other indices."""
    return Value(
        shape, value.dtype, lambda builder, indices: value.at(builder, at_old(builder, indices)), value.cost,
        value.reads, value.reads, value.fast if value.fast is not None and len(shape) > value.fast else None,
    )  # fmt: skip


def cast(builder: ir.IRBuilder, value: ir.Value, source: Any, target: Any) -> ir.Value:
    """A number of one dtype as one of another. None is Python's own float."""
    source, target = np.dtype(source or np.float64), np.dtype(target or np.float64)
    if source == target:
        return value
    kind = kind_of(target)
    if target.kind == "f":
        if source.kind == "f":
            return builder.fpext(value, kind) if target.itemsize > source.itemsize else builder.fptrunc(value, kind)
        return builder.uitofp(value, kind) if source.kind in "bu" else builder.sitofp(value, kind)
    if target.kind == "b":
        none = ir.Constant(value.type, 0)
        compare = builder.fcmp_unordered if source.kind == "f" else builder.icmp_signed
        return compare("!=", value, none)
    if source.kind == "f":
        return builder.fptosi(value, kind)
    if target.itemsize > source.itemsize or source.kind == "b":
        return builder.zext(value, kind) if source.kind in "bu" else builder.sext(value, kind)
    return builder.trunc(value, kind) if target.itemsize < source.itemsize else value
