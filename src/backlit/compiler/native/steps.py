"""The loop over steps around one step: gather the rows, draw the masks, run the step, note the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from backlit.compiler.native.bits import drawer, least_refused
from backlit.compiler.native.build import (
    BYTE,
    COUNTERS,
    DOUBLE,
    Binding,
    Plan,
    batch_shape,
    batch_strides,
    gathers,
    own_strides,
    setting_name,
    step_function,
)
from backlit.compiler.native.lanes import I32
from backlit.compiler.native.values import INDEX, loop, nest, rounded_up, row_major, stored, stored_kind
from backlit.compiler.native.writer import LINE, extent


def module_of(plan: Plan) -> tuple[ir.Module, int]:
    """The module with its function `run`, and the bytes of workspace that a call needs.

    int64 run(char **arrays, double *settings, int64 steps, int64 *rows, double *losses, char *workspace,
              int32 *place)

    `arrays` are those of the bindings; `rows` are the numbers of the rows of every step, or null where every step sees
    the batch as it lies there; `place` is the random generator's (see `bits`), or null where nothing is drawn inside.
    Out: how many steps were taken, fewer than asked for if one could not be.
    """
    module = ir.Module("backlit")
    step, used = step_function(module, plan)
    word = INDEX.as_pointer()
    numbers = DOUBLE.as_pointer()
    kind = ir.FunctionType(INDEX, [BYTE.as_pointer(), numbers, INDEX, word, numbers, BYTE, I32.as_pointer()])
    Run(ir.Function(module, kind, "run"), plan).write(step)
    return module, used + sum(room_for(binding, plan) for binding in plan.bindings)


class Run:
    """The function `run`, being written."""

    def __init__(self, function: ir.Function, plan: Plan) -> None:
        self.function, self.plan = function, plan
        self.arrays, self.settings, self.steps, self.rows, self.losses, self.workspace, self.place = function.args
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.pointers = [self.pointer_to(k, binding) for k, binding in enumerate(plan.bindings)]
        numbers = range(len(plan.settings))
        self.numbers = [self.builder.load(self.builder.gep(self.settings, [INDEX(k)])) for k in numbers]
        self.failed = self.builder.alloca(INDEX)
        self.builder.store(INDEX(0), self.failed)

    def pointer_to(self, k: int, binding: Binding) -> ir.Value:
        pointer = self.builder.load(self.builder.gep(self.arrays, [INDEX(k)]))
        return self.builder.bitcast(pointer, stored_kind(binding.array.dtype).as_pointer())

    def write(self, step: ir.Function) -> None:
        builder = self.builder
        batch = self.step_pointers()
        draws = builder.icmp_unsigned("!=", self.rows, self.rows.type(None))
        if gathers(self.plan):
            with builder.if_then(builder.not_(draws)):
                self.gather_all(batch, None)
        before = builder.block
        head, taken, end = (self.function.append_basic_block(name) for name in ("step", "taken", "end"))
        builder.cbranch(builder.icmp_signed(">", self.steps, INDEX(0)), head, end)
        builder.position_at_end(head)
        count = builder.phi(INDEX, "count")
        count.add_incoming(INDEX(0), before)
        if gathers(self.plan):
            with builder.if_then(draws):
                self.gather_all(batch, count)
        self.draw_all(batch)
        present = [self.drawn_for(count, *pair) for pair in zip(batch, self.plan.bindings, strict=True)]
        loss = builder.call(step, [*present, self.workspace, self.failed, *self.present(count)])
        self.close(count, loss, before, (head, taken, end))

    def close(self, count: ir.Value, loss: ir.Value, before: ir.Block, blocks: Sequence[ir.Block]) -> None:
        """The end of the loop: on to the next step, unless one failed."""
        builder, (head, taken, end) = self.builder, blocks
        stopped = builder.block
        builder.cbranch(builder.icmp_signed("!=", builder.load(self.failed), INDEX(0)), end, taken)
        builder.position_at_end(taken)
        builder.store(loss, builder.gep(self.losses, [count]))
        following = builder.add(count, INDEX(1))
        count.add_incoming(following, taken)
        builder.cbranch(builder.icmp_signed("<", following, self.steps), head, end)
        builder.position_at_end(end)
        done = builder.phi(INDEX, "done")
        for value, block in ((INDEX(0), before), (count, stopped), (following, taken)):
            done.add_incoming(value, block)
        builder.ret(done)

    def drawn_for(self, count: ir.Value, pointer: ir.Value, binding: Binding) -> ir.Value:
        """Where this step's random numbers begin, of those that are given for all steps."""
        if not binding.drawn or self.plan.draws_inside:
            return pointer
        return self.builder.gep(pointer, [self.builder.mul(count, INDEX(binding.array.size))])

    def present(self, count: ir.Value) -> list[ir.Value]:
        """The settings of this step: those that count are so many further."""
        done = self.builder.uitofp(count, DOUBLE)
        return [
            self.builder.fadd(number, done) if setting_name(line) in COUNTERS else number
            for line, number in zip(self.plan.settings, self.numbers, strict=True)
        ]

    def step_pointers(self) -> list[ir.Value]:
        """Where a step finds its arrays: what is made for it at the beginning of the workspace."""
        found = []
        for pointer, binding in zip(self.pointers, self.plan.bindings, strict=True):
            room = room_for(binding, self.plan)
            found.append(self.builder.bitcast(self.workspace, pointer.type) if room else pointer)
            self.workspace = self.builder.gep(self.workspace, [INDEX(room)])
        return found

    def draw_all(self, arrays: Sequence[ir.Value]) -> None:
        """The random bits of a step, in the order in which the step draws them."""
        if self.plan.draws_inside:
            places = {b.before: (array, b) for array, b in zip(arrays, self.plan.bindings, strict=True) if b.drawn}
            for draw in self.plan.draws:
                array, binding = places[draw.line]
                function = drawer(self.function.module, binding.array.dtype)
                limit = least_refused(draw.odds or 0)
                self.builder.call(function, [self.place, array, INDEX(binding.array.size), INDEX(limit)])

    def gather_all(self, batch: Sequence[ir.Value], step: ir.Value | None) -> None:
        for source, target, binding in zip(self.pointers, batch, self.plan.bindings, strict=True):
            if binding.rows:
                self.gather(source, target, binding, step)

    def gather(self, source: ir.Value, target: ir.Value, binding: Binding, step: ir.Value | None) -> None:
        """target[i] = source[rows[step * batch + i]], or source[i] for no step, in the layout that the step reads."""
        whole, batch = layouts(binding, self.plan)
        given, taken = (stored(p, *layout) for p, layout in ((source, whole), (target, batch)))
        first = None if step is None else self.builder.mul(step, INDEX(self.plan.batch))

        def row(builder: ir.IRBuilder, i: ir.Value) -> None:
            number = i if first is None else builder.load(builder.gep(self.rows, [builder.add(first, i)]))
            rest = range(len(taken.shape) - 1)
            nest(
                builder, taken.shape[1:], rest,
                lambda builder, own: taken.put(builder, (i, *own), given.at(builder, (number, *own))),
            )  # fmt: skip

        loop(self.builder, self.plan.batch, row)


Layout = tuple[tuple[int, ...], Any, tuple[int, ...]]


def layouts(binding: Binding, plan: Plan) -> tuple[Layout, Layout]:
    """Shape, dtype and steps of all rows and of a batch; rows that lie in one piece in both are taken as flat."""
    array, shape = binding.array, batch_shape(binding, plan)
    before, after = own_strides(binding), batch_strides(binding, plan)
    if array[0].flags.c_contiguous and after == row_major(shape):
        width = math.prod(shape[1:])
        return ((len(array), width), array.dtype, (before[0], 1)), ((plan.batch, width), array.dtype, (width, 1))
    return (array.shape, array.dtype, before), (shape, array.dtype, after)


def room_for(binding: Binding, plan: Plan) -> int:
    """Bytes, in whole cache lines, of what is made for each step anew: a batch of gathered rows, or random bits."""
    is_made = gathers(plan) if binding.rows else binding.drawn and plan.draws_inside
    if not is_made:
        return 0
    size = extent(batch_shape(binding, plan), batch_strides(binding, plan)) * binding.array.dtype.itemsize
    return rounded_up(size, LINE)
