"""Lines that move elements: nothing is copied, they are read at another index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import bound, form, name_of
from backlit.compiler.native.values import (
    INDEX,
    Indices,
    Stored,
    Value,
    aligned,
    fast_axis,
    moved,
    row_major,
    stored,
    zero,
)
from backlit.compiler.native.writer import Writer
from backlit.tracing.graph import Line


@form(".T", "np.transpose", "np.swapaxes", "np.moveaxis")
def axes_in_order(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    value = writer.operand(arguments[0])
    count = len(value.shape)
    backwards = tuple(range(count))[::-1]
    if name_of(line) == "np.swapaxes":
        order = list(range(count))
        first, second = (k % count for k in arguments[1:])
        order[first], order[second] = order[second], order[first]
    elif name_of(line) == "np.moveaxis":
        order = order_after_move(count, *arguments[1:])
    else:
        order = list(arguments[1] if len(arguments) > 1 else settings.get("axes") or backwards)
    return transposed(value, [k % count for k in order])


def order_after_move(count: int, source: Any, target: Any) -> list[int]:
    """Where `np.moveaxis` takes each axis from."""
    sources, targets = ([k % count for k in (v if isinstance(v, (tuple, list)) else (v,))] for v in (source, target))
    order = [k for k in range(count) if k not in sources]
    for goal, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(goal, axis)
    return order


def transposed(value: Value, order: Sequence[int]) -> Value:
    """The axes in another order: out.shape[k] = value.shape[order[k]]."""
    shape = tuple(value.shape[k] for k in order)
    if isinstance(value, Stored):
        return stored(value.pointer, shape, value.dtype, [value.strides[k] for k in order])
    place = {axis: k for k, axis in enumerate(order)}
    result = moved(value, shape, lambda builder, i: tuple(i[place[k]] for k in range(len(order))))
    result.fast = None if value.fast is None else place[value.fast]
    return result


@form("np.broadcast_to")
def broadcast(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    value = writer.operand(arguments[0])
    result = moved(value, line.shape, lambda builder, indices: aligned(indices, value.shape))
    result.fast = fast_axis([value], line.shape)
    return result


@form("np.reshape", "np.ravel", "np.expand_dims", "np.squeeze")
def reshape(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    bound(line, ("a", "newshape"), (), settings, unread=("shape", "axis"))
    return reshaped(writer.operand(arguments[0]), line.shape)


def reshaped(value: Value, shape: tuple[int, ...]) -> Value:
    """Axes of length 1 come and go; anything else counts the elements through."""
    if value.shape == shape:
        return value
    if isinstance(value, Stored) and value.strides == row_major(value.shape):
        return stored(value.pointer, shape, value.dtype)
    kept = [k for k, n in enumerate(value.shape) if n != 1]
    new = [k for k, n in enumerate(shape) if n != 1]
    if [value.shape[k] for k in kept] == [shape[k] for k in new]:
        return renumbered(value, shape, dict(zip(kept, new, strict=True)))
    result = moved(value, shape, lambda builder, i: counted(builder, i, shape, value.shape))
    result.cost += len(value.shape) + len(shape)
    result.fast = None
    return result


def renumbered(value: Value, shape: tuple[int, ...], place: dict[int, int]) -> Value:
    """The axis k of the value becomes the axis place[k]; the others have length 1."""
    if isinstance(value, Stored):
        steps = {new: value.strides[old] for old, new in place.items()}
        return stored(value.pointer, shape, value.dtype, [steps.get(k, 0) for k in range(len(shape))])
    axes = range(len(value.shape))
    result = moved(value, shape, lambda builder, i: tuple(i[place[k]] if k in place else zero() for k in axes))
    result.fast = None if value.fast is None else place.get(value.fast)
    return result


def counted(builder: ir.IRBuilder, indices: Indices, shape: tuple[int, ...], old: tuple[int, ...]) -> Indices:
    """The index in one shape of the element that has `indices` in another."""
    flat: ir.Value = zero()
    for index, step in zip(indices, row_major(shape), strict=True):
        flat = builder.add(flat, builder.mul(index, ir.Constant(INDEX, step)))
    result = []
    for n, step in zip(old, row_major(old), strict=True):
        result.append(builder.urem(builder.udiv(flat, ir.Constant(INDEX, max(step, 1))), ir.Constant(INDEX, max(n, 1))))
    return tuple(result)


@form("np.flip")
def flipped(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    given = bound(line, ("m", "axis"), arguments, settings)
    value, axis = writer.operand(arguments[0]), given.get("axis")
    count = len(value.shape)
    over = range(count) if axis is None else [k % count for k in (axis if isinstance(axis, tuple) else (axis,))]

    def at_old(builder: ir.IRBuilder, indices: Indices) -> Indices:
        return tuple(
            builder.sub(ir.Constant(INDEX, n - 1), i) if k in over else i
            for k, (n, i) in enumerate(zip(value.shape, indices, strict=True))
        )

    return moved(value, line.shape, at_old)


@form("np.tile", "np.roll", "np.repeat")
def repeated(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """Each of them reads along its axes at an index counted anew."""
    value = writer.operand(arguments[0])
    maps = {"np.tile": tiles, "np.roll": turns, "np.repeat": repeats}[name_of(line)](line, value, arguments, settings)

    def at_old(builder: ir.IRBuilder, indices: Indices) -> Indices:
        own = indices[len(indices) - len(value.shape) :]
        return tuple(change(builder, index) if change else index for change, index in zip(maps, own, strict=True))

    result = moved(value, line.shape, at_old)
    result.fast = None
    return result


Change = Callable[[ir.IRBuilder, ir.Value], ir.Value] | None


def modulo(length: int, shift: int = 0) -> Change:
    """i -> (i + shift) mod length, for a shift that is not negative."""
    return lambda builder, i: builder.urem(builder.add(i, INDEX(shift)), INDEX(max(length, 1)))


def tiles(line: Line, value: Value, arguments: tuple[Any, ...], settings: dict[str, Any]) -> list[Change]:
    bound(line, ("A", "reps"), arguments, settings)
    return [modulo(n) for n in value.shape]


def turns(line: Line, value: Value, arguments: tuple[Any, ...], settings: dict[str, Any]) -> list[Change]:
    given = bound(line, ("a", "shift", "axis"), arguments, settings)
    shift, axis, count = given["shift"], given.get("axis"), len(value.shape)
    if axis is None:
        raise NotCompilable("np.roll without an axis has no compiled form", line)
    changes: list[Change] = [None] * count
    axes = axis if isinstance(axis, tuple) else (axis,)
    if len({k % count for k in axes}) < len(axes):
        raise NotCompilable("np.roll twice along an axis has no compiled form", line)
    for k, by in zip(axes, shift if isinstance(shift, tuple) else (shift,) * len(axes), strict=True):
        changes[k] = modulo(value.shape[k], -int(by) % max(value.shape[k], 1))
    return changes


def repeats(line: Line, value: Value, arguments: tuple[Any, ...], settings: dict[str, Any]) -> list[Change]:
    given = bound(line, ("a", "repeats", "axis"), arguments, settings)
    times, axis = given["repeats"], given.get("axis")
    if not isinstance(times, int) or axis is None:
        raise NotCompilable("np.repeat of this has no compiled form", line)
    changes: list[Change] = [None] * len(value.shape)
    changes[axis] = lambda builder, i: builder.udiv(i, ir.Constant(INDEX, max(times, 1)))
    return changes


@form("np.concatenate", "np.stack")
def joined_up(writer: Writer, line: Line, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Value:
    """One array after the other along an axis, written into one piece of memory."""
    given = bound(line, ("arrays", "axis"), arguments, settings)
    if not isinstance(given["arrays"], (tuple, list)) or given.get("axis", 0) is None:
        raise NotCompilable(f"{name_of(line)} of this has no compiled form", line)
    axis, begin = given.get("axis", 0) % len(line.shape), 0
    out = writer.space(line.shape, line.dtype)
    for part in given["arrays"]:
        value = writer.operand(part)
        if name_of(line) == "np.stack":
            value = reshaped(value, (*value.shape[:axis], 1, *value.shape[axis:]))
        writer.copy_into(section(writer, out, axis, begin, value.shape[axis]), value)
        begin += value.shape[axis]
    return out


def section(writer: Writer, array: Stored, axis: int, begin: int, length: int) -> Stored:
    """array[..., begin : begin + length, ...] along an axis."""
    offset = ir.Constant(INDEX, begin * array.strides[axis])
    pointer = writer.builder.gep(array.pointer, [offset], inbounds=True) if begin else array.pointer
    shape = (*array.shape[:axis], length, *array.shape[axis + 1 :])
    return stored(pointer, shape, array.dtype, array.strides)
