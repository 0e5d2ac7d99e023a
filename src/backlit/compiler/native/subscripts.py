"""x[key]: slices move elements, arrays of indices gather them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.elements import in_dtype
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import bound, form
from backlit.compiler.native.values import INDEX, Indices, Stored, Value, aligned, joined, moved, nest, zero
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line

#: Of an axis of the array: its index, given the result's.
Place = Any


@form("[]")
def subscript(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    array, key = arguments
    if isinstance(array, Line) and isinstance(array.value, (tuple, list)):
        raise NotCompilable("a function with several results has no compiled form", line)
    value = writer.operand(array)
    keys = written_out(key, len(value.shape))
    if any(isinstance(k, (Line, list, np.ndarray)) for k in keys):
        return gathered(writer, line, value, keys)
    return sliced(value, keys, line.shape)


def written_out(key: Any, axes: int) -> tuple[Any, ...]:
    """The key with an entry for every axis, and None for every new one."""
    keys = key if isinstance(key, tuple) else (key,)
    missing = axes - sum(k is not None and k is not Ellipsis for k in keys)
    at = next((i for i, k in enumerate(keys) if k is Ellipsis), len(keys))
    return (*keys[:at], *[slice(None)] * missing, *keys[at + 1 :])


def sliced(value: Value, keys: Sequence[Any], shape: tuple[int, ...]) -> Value:
    """x[key] for slices, numbers and None."""
    places: list[Place] = []
    out = 0
    for k in keys:
        if k is None:
            out += 1
        elif isinstance(k, slice):
            start, _, step = k.indices(value.shape[len(places)])
            places.append((out, start, step))
            out += 1
        else:
            places.append(int(k) % value.shape[len(places)])
    result = moved(value, shape, lambda builder, indices: tuple(index_at(builder, indices, p) for p in places))
    place = None if value.fast is None else places[value.fast]
    result.fast = place[0] if isinstance(place, tuple) and place[2] == 1 else None
    return result


def index_at(builder: ir.IRBuilder, indices: Indices, place: Place) -> ir.Value:
    """A number, or (axis of the result, start, step)."""
    if not isinstance(place, tuple):
        return ir.Constant(INDEX, place)
    axis, start, step = place
    index = indices[axis] if step == 1 else builder.mul(indices[axis], ir.Constant(INDEX, step))
    return builder.add(index, ir.Constant(INDEX, start)) if start else index


def gathered(writer: Writer, line: Line, value: Value, keys: Sequence[Any]) -> Value:
    """x[rows, columns], x[rows], x[:, columns]: the arrays of indices are broadcast, and stand where the first stood.

    NumPy puts their axes first where a slice stands between two of them.
    """
    keys = [int(k) if isinstance(k, np.integer) else k for k in keys]
    arrays = [at for at, k in enumerate(keys) if not isinstance(k, slice) and k is not None]
    if any(k is None for k in keys):
        raise NotCompilable("an array of indices beside None has no compiled form", line)
    parts = {at: index_array(writer, line, keys[at], value.shape[at]) for at in arrays}
    extent = np.broadcast_shapes(*(part.shape for part in parts.values()))
    begin = arrays[0] if arrays == list(range(arrays[0], arrays[-1] + 1)) else 0
    others = [at for at in range(len(keys)) if at not in parts]
    places = {at: k + (len(extent) if k >= begin else 0) for k, at in enumerate(others)}
    rests = {at: keys[at].indices(value.shape[at]) for at in others}

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        own = indices[begin : begin + len(extent)]
        full = [
            wrapped(builder, parts[axis], own, n) if axis in parts
            else index_at(builder, indices, (places[axis], rests[axis][0], rests[axis][2]))
            for axis, n in enumerate(value.shape)
        ]  # fmt: skip
        return value.at(builder, tuple(full))

    reads, _ = joined([value, *parts.values()])
    result = Value(line.shape, value.dtype, at, value.cost + 2, reads, reads)
    result.fast = places.get(value.fast) if value.fast is not None else None
    return result


def index_array(writer: Writer, line: Line, key: Any, length: int) -> Value:
    """An array of indices for an axis, all of them looked at."""
    if isinstance(key, int):
        return Value((), np.dtype(np.int64), lambda builder, indices: ir.Constant(INDEX, key % max(length, 1)))
    if not isinstance(key, Line) or np.dtype(key.dtype).kind not in "iu":
        raise NotCompilable("this subscript has no compiled form", line)
    part = in_dtype(writer.operand(key), np.int64)
    if not isinstance(writer.operand(key), Stored):
        part = writer.kept(part)
    check_range(writer, part, -length, length)
    return part


def wrapped(builder: ir.IRBuilder, part: Value, indices: Indices, length: int) -> ir.Value:
    """A negative index counts from the end."""
    index = part.at(builder, aligned(indices, part.shape))
    if isinstance(index, ir.Constant):
        return index
    from_end = builder.add(index, ir.Constant(INDEX, length))
    return builder.select(builder.icmp_signed("<", index, zero()), from_end, index)


def check_range(writer: Writer, part: Value, low: int, high: int) -> None:
    """The step stops here if an index is below `low` or not below `high`: run eagerly, it raises IndexError."""
    builder = writer.builder
    slot = writer.slot(ir.IntType(1))
    builder.store(ir.IntType(1)(0), slot)

    def look(builder: ir.IRBuilder, indices: Indices) -> None:
        index = part.at(builder, indices)
        outside = builder.or_(
            builder.icmp_signed("<", index, ir.Constant(INDEX, low)),
            builder.icmp_signed(">=", index, ir.Constant(INDEX, high)),
        )
        builder.store(builder.or_(builder.load(slot), outside), slot)

    nest(builder, part.shape, range(len(part.shape)), look)
    writer.stop_if(builder.load(slot))


@form("np.take")
def taken(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    given = bound(line, ("a", "indices", "axis"), arguments, settings)
    value, axis = writer.operand(given["a"]), given.get("axis")
    if axis is None or not isinstance(given["indices"], Line):
        raise NotCompilable("np.take without an axis has no compiled form", line)
    axis %= len(value.shape)
    keys = [slice(None)] * len(value.shape)
    return gathered(writer, line, value, [*keys[:axis], given["indices"], *keys[axis + 1 :]])


@form("np.take_along_axis")
def taken_along(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """out[i, j] = x[index[i, j], j], for the axis 0."""
    given = bound(line, ("arr", "indices", "axis"), arguments, settings)
    value, axis = writer.operand(given["arr"]), given.get("axis", -1)
    if axis is None:
        raise NotCompilable("np.take_along_axis without an axis has no compiled form", line)
    axis %= len(value.shape)
    part = index_array(writer, line, given["indices"], value.shape[axis])

    def at(builder: ir.IRBuilder, indices: Indices) -> ir.Value:
        full = list(aligned(indices, value.shape)) if value.shape != part.shape else list(indices)
        full[axis] = wrapped(builder, part, indices, value.shape[axis])
        return value.at(builder, tuple(full))

    reads, _ = joined([value, part])
    return Value(line.shape, value.dtype, at, value.cost + 2, reads, reads)
