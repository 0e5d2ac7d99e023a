"""The kernels that put elements into a larger array, or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.elements import everywhere
from backlit.compiler.native.elementwise import EMITTERS, SUM_FLAGS, constant
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import bound, form, name_of
from backlit.compiler.native.shapes import section
from backlit.compiler.native.subscripts import index_array, wrapped, written_out
from backlit.compiler.native.values import INDEX, Indices, Stored, Value, aligned, cast, nest, stored
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line


@form("kernel in_order")
def in_order(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    return writer.operand(arguments[0])


@form("kernel placed")
def placed(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[key] = x on zeros."""
    given = bound(line, ("x", "shape", "key"), arguments, settings)
    out = writer.space(line.shape, line.dtype)
    writer.copy_into(out, everywhere(0, line.shape, line.dtype))
    put_at_key(writer, line, out, given["key"], writer.operand(given["x"]), adding=False)
    return out


@form("[]=")
def written(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """array[key] = value: what the array holds from here on."""
    target, keys, value = arguments
    if not keys:
        return writer.operand(value)
    if len(keys) > 1:
        raise NotCompilable("a part of a part of an array that is overwritten has no compiled form", line)
    out = writer.kept(writer.operand(target))
    put_at_key(writer, line, out, keys[0], writer.operand(value), adding=False)
    return out


@form("kernel replaced", "kernel added")
def put_into(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[key] = y, or for every position of the key in turn out[key] += y, on a copy of x."""
    given = bound(line, ("x", "key", "y"), arguments, settings)
    out = writer.kept(writer.operand(given["x"]))
    is_adding = name_of(line) == "kernel added"
    put_at_key(writer, line, out, given["key"], writer.operand(given["y"]), is_adding)
    return out


@form("kernel added_rows")
def added_rows(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """For every k in turn, out[..., i[k], ...] += x[..., k, ...] on zeros."""
    given = bound(line, ("x", "i", "length", "axis"), arguments, settings)
    out = writer.space(line.shape, line.dtype)
    writer.copy_into(out, everywhere(0, line.shape, line.dtype))
    key = (*[slice(None)] * given["axis"], given["i"])
    put_at_key(writer, line, out, key, writer.operand(given["x"]), adding=True)
    return out


def put_at_key(writer: Writer, line: Line, out: Stored, key: Any, value: Value, adding: bool) -> None:
    """out[key] = value or, with `adding`, out[key] += value with repeated places added up."""
    keys = written_out(key, len(out.shape))
    arrays = [at for at, k in enumerate(keys) if isinstance(k, Line)]
    if any(k is None or isinstance(k, (list, np.ndarray)) for k in keys):
        raise NotCompilable("this subscript has no compiled form", line)
    if not arrays:
        target = region(writer, out, keys)
        writer.copy_into(target, summed(target, value) if adding else value)
        return
    arrays = [at for at, k in enumerate(keys) if not isinstance(k, slice)]
    if arrays != list(range(arrays[0], arrays[-1] + 1)):
        raise NotCompilable("arrays of indices with a slice between them have no compiled form", line)
    parts = {at: index_array(writer, line, keys[at], out.shape[at]) for at in arrays}
    extent = np.broadcast_shapes(*(part.shape for part in parts.values()))
    slices = {at: keys[at].indices(out.shape[at]) for at in range(len(keys)) if at not in parts}
    before = [len(range(*slices[at])) for at in sorted(slices) if at < arrays[0]]
    after = [len(range(*slices[at])) for at in sorted(slices) if at > arrays[0]]

    def put(builder: ir.IRBuilder, indices: Indices) -> None:
        own = indices[len(before) : len(before) + len(extent)]
        others = iter((*indices[: len(before)], *indices[len(before) + len(extent) :]))
        place = tuple(
            wrapped(builder, parts[at], own, n) if at in parts else step_along(builder, next(others), slices[at])
            for at, n in enumerate(out.shape)
        )
        element = value.at(builder, aligned(indices, value.shape))
        item = cast(builder, element, value.dtype, out.dtype)
        out.put(builder, place, plus(builder, out.at(builder, place), item) if adding else item)

    counts = (*before, *extent, *after)
    nest(writer.builder, counts, range(len(counts)), put)


def plus(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    is_float = isinstance(a.type, (ir.FloatType, ir.DoubleType))
    return builder.fadd(a, b, flags=SUM_FLAGS) if is_float else builder.add(a, b)


def summed(target: Stored, value: Value) -> Value:
    """target + value, to be written over the target."""

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        item = cast(builder, value.at(builder, aligned(indices, value.shape)), value.dtype, target.dtype)
        return plus(builder, target.at(builder, indices), item)

    return Value(target.shape, target.dtype, at, value.cost + 1, value.reads | target.reads, value.moves)


def step_along(builder: ir.IRBuilder, index: ir.Value, ends: Sequence[int]) -> ir.Value:
    return builder.add(builder.mul(index, ir.Constant(INDEX, ends[2])), ir.Constant(INDEX, ends[0]))


def region(writer: Writer, array: Stored, keys: Sequence[Any]) -> Stored:
    """array[keys] for slices and numbers, as an array of its own over the same memory."""
    offset, shape, steps = 0, [], []
    for key, n, stride in zip(keys, array.shape, array.strides, strict=True):
        if isinstance(key, slice):
            start, stop, step = key.indices(n)
            offset += start * stride
            shape.append(len(range(start, stop, step)))
            steps.append(step * stride)
        else:
            offset += int(key) % max(n, 1) * stride
    pointer = writer.builder.gep(array.pointer, [ir.Constant(INDEX, offset)]) if offset else array.pointer
    return stored(pointer, shape, array.dtype, steps)


@form("kernel padded")
def padded(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[i] = x[i - before] inside, `value` outside; a negative width cuts off."""
    given = bound(line, ("x", "widths", "value"), arguments, settings)
    value, out = writer.operand(given["x"]), writer.space(line.shape, line.dtype)
    writer.copy_into(out, everywhere(given["value"], line.shape, line.dtype))
    widths = list(zip(value.shape, given["widths"], strict=True))
    kept = [slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in widths]
    counts = [len(range(*k.indices(n))) for k, (n, _) in zip(kept, widths, strict=True)]
    inside = [slice(max(a, 0), max(a, 0) + count) for count, (_, (a, _)) in zip(counts, widths, strict=True)]
    writer.copy_into(region(writer, out, inside), region(writer, writer.in_memory(value), kept))
    return out


@form("kernel with_diagonal")
def with_diagonal(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[.., k, .., k + offset, ..] = x[..., k] on zeros."""
    given = bound(line, ("x", "shape", "offset", "axis1", "axis2"), arguments, settings)
    out = writer.space(line.shape, line.dtype)
    writer.copy_into(out, everywhere(0, line.shape, line.dtype))
    writer.copy_into(diagonal_of(writer, out, given), writer.operand(given["x"]))
    return out


@form("kernel on_diagonal")
def on_diagonal(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[..., k] = x[.., k, .., k + offset, ..]."""
    given = bound(line, ("x", "offset", "axis1", "axis2"), arguments, settings)
    return diagonal_of(writer, writer.kept(writer.operand(given["x"])), given)


def diagonal_of(writer: Writer, array: Stored, given: dict[str, Any]) -> Stored:
    """The diagonal as an array over the same memory, its axis last."""
    count = len(array.shape)
    first, second, offset = given["axis1"] % count, given["axis2"] % count, given["offset"]
    rest = [k for k in range(count) if k not in (first, second)]
    start = max(offset, 0) * array.strides[second] + max(-offset, 0) * array.strides[first]
    length = max(min(array.shape[first] - max(-offset, 0), array.shape[second] - max(offset, 0)), 0)
    pointer = writer.builder.gep(array.pointer, [ir.Constant(INDEX, start)]) if start else array.pointer
    steps = [*(array.strides[k] for k in rest), array.strides[first] + array.strides[second]]
    return stored(pointer, [*(array.shape[k] for k in rest), length], array.dtype, steps)


ACCUMULATED = {
    "np.add.accumulate": "+", "np.multiply.accumulate": "*", "np.maximum.accumulate": "np.maximum",
    "np.minimum.accumulate": "np.minimum", "np.logaddexp.accumulate": "np.logaddexp",
}  # fmt: skip


@form(*ACCUMULATED)
def accumulated(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[i] = x[0] + ... + x[i] along an axis, one after the other."""
    given = bound(line, ("array", "axis"), arguments, settings, unread=("dtype",))
    value, axis = writer.operand(arguments[0]), given.get("axis", 0) % max(len(line.shape), 1)
    emit, _, kinds = EMITTERS[ACCUMULATED[name_of(line)]]
    if not line.shape or np.dtype(line.dtype).kind not in kinds:
        raise NotCompilable(f"{name_of(line)} of this has no compiled form", line)
    out = writer.space(line.shape, line.dtype)
    writer.copy_into(out, value)
    if line.shape[axis] < 2:
        return out
    back = writer.builder.gep(out.pointer, [ir.Constant(INDEX, out.strides[axis])])
    later = stored(back, (*line.shape[:axis], line.shape[axis] - 1, *line.shape[axis + 1 :]), out.dtype, out.strides)

    def add(builder: ir.IRBuilder, indices: Indices) -> None:
        pair = [out.at(builder, indices), later.at(builder, indices)]
        later.put(builder, indices, emit(builder, writer.functions, pair, np.dtype(out.dtype)))

    order = sorted(range(len(later.shape)), key=lambda k: k == axis)
    nest(writer.builder, later.shape, order, add)
    return out


@form("kernel moved")
def moved_along(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[i] = x[i - by] along an axis, `fill` where there is none."""
    given = bound(line, ("x", "axis", "by", "fill"), arguments, settings)
    value, axis, by = writer.operand(given["x"]), given["axis"], given["by"]
    out = writer.space(line.shape, line.dtype)
    writer.copy_into(out, Value(line.shape, out.dtype, lambda builder, indices: constant(given["fill"], out.dtype)))
    length = line.shape[axis] - 1
    if length > 0:
        source = section(writer, writer.in_memory(value), axis, 0 if by == 1 else 1, length)
        writer.copy_into(section(writer, out, axis, 1 if by == 1 else 0, length), source)
    return out


@form("np.argmax", "np.argmin")
def place_of_extreme(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """The first index of the largest element along an axis; of the first NaN, if there is one."""
    given = bound(line, ("a", "axis", "out", "keepdims"), arguments, settings)
    value, axis = writer.operand(given["a"]), given.get("axis")
    if axis is None or value.dtype is None or value.dtype.kind not in "fi":
        raise NotCompilable(f"{name_of(line)} of this has no compiled form", line)
    axis %= len(value.shape)
    shape = (*value.shape[:axis], 1, *value.shape[axis + 1 :])
    best, out = writer.space(shape, value.dtype), writer.space(shape, np.int64)
    sign = ">" if name_of(line) == "np.argmax" else "<"

    def look(builder: ir.IRBuilder, indices: Indices) -> None:
        place = (*indices[:axis], INDEX(0), *indices[axis + 1 :])
        item, top = value.at(builder, indices), best.at(builder, place)
        if value.dtype is not None and value.dtype.kind == "f":
            is_number = builder.fcmp_ordered("ord", top, top)
            better = builder.and_(is_number, builder.fcmp_unordered(sign, item, top))
        else:
            better = builder.icmp_signed(sign, item, top)
        better = builder.or_(better, builder.icmp_signed("==", indices[axis], INDEX(0)))
        best.put(builder, place, builder.select(better, item, top))
        out.put(builder, place, builder.select(better, indices[axis], out.at(builder, place)))

    nest(writer.builder, value.shape, sorted(range(len(value.shape)), key=lambda k: k == axis), look)
    return stored(out.pointer, line.shape, np.int64)
