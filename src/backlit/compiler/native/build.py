"""A record as the body of a native program: one step on one batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from backlit.compiler.native.blas import Blas
from backlit.compiler.native.draws import Draw
from backlit.compiler.native.elements import in_dtype
from backlit.compiler.native.elementwise import constant
from backlit.compiler.native.errors import NotCompilable
from backlit.compiler.native.forms import name_of, value_of
from backlit.compiler.native.functions import Functions
from backlit.compiler.native.step import PRODUCTS, StepCompiler
from backlit.compiler.native.values import INDEX, Stored, Value, cast, row_major, stored, stored_kind
from backlit.compiler.native.writer import Workspace, Writer
from backlit.tracing.graph import Line

BYTE = ir.IntType(8).as_pointer()
DOUBLE = ir.DoubleType()
#: Settings that count the steps: one more in each.
COUNTERS = ("step",)
#: Rows narrower than this are kept column by column, so that vectors run along the batch.
NARROW = 16


@dataclass(frozen=True)
class Binding:
    """An array that the program reads or writes: its line before the step, and the line that it holds after it.

    `rows` marks the batch: the program is given all rows, and gathers those of each step. `drawn` marks random numbers:
    the program draws them itself before each step or, where the plan does not draw inside, is given an array of them
    for each step, one behind the other. `argument` marks what is given anew at each call.
    """

    array: np.ndarray[Any, Any]
    before: Line | None
    after: Line | None
    rows: bool = False
    drawn: bool = False
    argument: bool = False


@dataclass(frozen=True)
class Plan:
    """What is compiled: the lines, the arrays, the settings (numbers that may change between calls), the loss.

    `batch` is the number of rows that a step sees, 0 where there are none; `draws` are its calls of the
    random generator; `guards` are conditions on the count of steps, for one answer to which the lines were recorded.
    """

    lines: Sequence[Line]
    bindings: Sequence[Binding]
    settings: Sequence[Line] = ()
    loss: Line | None = None
    batch: int = 0
    draws: Sequence[Draw] = ()
    guards: Sequence[Line] = ()

    @property
    def draws_inside(self) -> bool:
        """Whether the program draws by itself: all draws or none, because they share one stream."""
        return bool(self.draws) and all(draw.odds is not None for draw in self.draws)


def step_function(module: ir.Module, plan: Plan) -> tuple[ir.Function, int]:
    """double step(arrays..., workspace, failed, settings...): the loss of one step on one batch.

    The batch lies in the arrays marked `rows`. The step sets *failed, and stops, at an index that is out of range, and
    where the count of steps leads it another way than it was recorded.
    Out: the function too, and the bytes of workspace that it needs.
    """
    function = declared(module, plan)
    count = len(plan.bindings)
    pointers, (block, failed, *numbers) = function.args[:count], function.args[count:]
    entry, body = function.append_basic_block("entry"), function.append_basic_block("body")
    ir.IRBuilder(entry).branch(body)
    builder = ir.IRBuilder(body)
    workspace = Workspace(block, plan.batch, by_column(plan))
    values, targets = given_values(plan, pointers)
    for line, argument in zip(plan.settings, numbers, strict=True):
        values[line] = argument_value(argument)
    writer = Writer(builder, Functions(module), Blas(module), values, workspace, failed)
    for line, arrays in targets.items():
        if line.kind != "input" and is_unread(arrays[0], values):
            writer.homes[line] = arrays[0]
    for guard in plan.guards:
        check_guard(writer, guard)
    StepCompiler(writer, [line for line in plan.lines if line.kind != "input"], targets, plan.loss).emit()
    builder.ret(loss_of(plan, values, builder))
    return function, workspace.settle(function)


def declared(module: ir.Module, plan: Plan) -> ir.Function:
    """The function without its body."""
    kinds = [stored_kind(b.array.dtype).as_pointer() for b in plan.bindings]
    kind = ir.FunctionType(DOUBLE, [*kinds, BYTE, INDEX.as_pointer(), *[DOUBLE] * len(plan.settings)])
    function = ir.Function(module, kind, "step")
    function.linkage = "internal"
    function.attributes.add("nounwind")
    for argument in function.args[: len(kinds) + 2]:
        argument.add_attribute("noalias")
    return function


def given_values(plan: Plan, arrays: Sequence[ir.Argument]) -> tuple[dict[Line, Value], dict[Line, list[Stored]]]:
    """What the inputs are, and where results must lie at the end."""
    values: dict[Line, Value] = {}
    targets: dict[Line, list[Stored]] = {}
    for binding, pointer in zip(plan.bindings, arrays, strict=True):
        shape = batch_shape(binding, plan)
        memory = stored(pointer, shape, binding.array.dtype, batch_strides(binding, plan))
        if binding.before is not None:
            values[binding.before] = memory
        if binding.after is not None:
            targets.setdefault(binding.after, []).append(memory)
    for line in plan.lines:
        if line.kind == "input" and line not in values and line not in plan.settings:
            values[line] = given_number(line)
    return values, targets


def is_unread(array: Stored, values: dict[Line, Value]) -> bool:
    """Whether a result's array lies in order, and holds nothing that the step reads."""
    return array.strides == row_major(array.shape) and not any(id(array.pointer) in v.reads for v in values.values())


def argument_value(argument: ir.Argument) -> Value:
    return Value((), None, lambda builder, indices: argument)


def check_guard(writer: Writer, guard: Line) -> None:
    """The step stops, before it changes anything, unless a condition is as true as it was recorded."""
    truth = in_dtype(computed(writer, guard), bool).at(writer.builder, ())
    writer.stop_if(writer.builder.not_(truth) if guard.value else truth)


def computed(writer: Writer, line: Line) -> Value:
    """What a line becomes, whose turn may not have come yet."""
    if line not in writer.values:
        for operand in line.operands:
            computed(writer, operand)
        writer.values[line] = value_of(writer, line)
    return writer.values[line]


def loss_of(plan: Plan, values: dict[Line, Value], builder: ir.IRBuilder) -> ir.Value:
    if plan.loss is None:
        return DOUBLE(0.0)
    loss = values[plan.loss]
    if math.prod(loss.shape) != 1:
        raise NotCompilable("the loss is no single number", plan.loss)
    return cast(builder, loss.at(builder, (INDEX(0),) * len(loss.shape)), loss.dtype, None)


def batch_shape(binding: Binding, plan: Plan) -> tuple[int, ...]:
    return (plan.batch, *binding.array.shape[1:]) if binding.rows else binding.array.shape


def own_strides(binding: Binding) -> tuple[int, ...]:
    """The steps of an array, in elements. Raises NotCompilable for one that machine code cannot read, or must not."""
    array = binding.array
    if not array.flags.aligned or not array.dtype.isnative or any(step % array.itemsize for step in array.strides):
        raise NotCompilable("an array of unaligned numbers, or in another order of bytes, has no compiled form")
    if binding.after is not None and not array.flags.writeable:
        raise NotCompilable("an array that is to be overwritten is read-only")
    return tuple(step // array.itemsize for step in array.strides)


def batch_strides(binding: Binding, plan: Plan) -> tuple[int, ...]:
    """The steps of what a step finds: of rows that are gathered those of the batch."""
    if binding.rows and gathers(plan):
        shape = batch_shape(binding, plan)
        return Workspace(None, plan.batch, by_column(plan)).strides(shape, binding.array.dtype) or row_major(shape)
    return own_strides(binding)


def gathers(plan: Plan) -> bool:
    """Whether a batch is copied: where it is not all rows in their order, or is kept column by column."""
    rows = [b for b in plan.bindings if b.rows]
    return bool(rows) and (any(len(b.array) != plan.batch for b in rows) or by_column(plan))


def by_column(plan: Plan) -> bool:
    """Whether a batch of rows is kept column by column: where all layers, and so all products, are narrow."""
    for line in plan.lines:
        if name_of(line) in PRODUCTS:
            x, y = line.expression.arguments[:2]
            if x.value.ndim != 2 or y.value.ndim != 2 or min(*x.shape, *y.shape) > NARROW:
                return False
            if max(sorted((*x.shape, y.shape[1]))[:2]) > 2 * NARROW:
                return False
    return True


def setting_name(line: Line) -> str:
    """What an optimizer's rule calls a number that it is given, as "lr"."""
    return str(dict(line.expression.settings)["name"])


def given_number(line: Line) -> Value:
    """An input that is one number: the seed of the backward pass."""
    if isinstance(line.value, np.generic):
        dtype, number = line.value.dtype, line.value
        return Value((), dtype, lambda builder, indices: constant(number, dtype))
    raise NotCompilable(f"the input {line.name} has no place", line)
