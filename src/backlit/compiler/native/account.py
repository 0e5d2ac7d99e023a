"""What a compiled step costs: its arithmetic and its memory, line by line, beside what this machine can do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backlit.compiler.native.elementwise import DEAR
from backlit.compiler.native.step import PRODUCTS
from backlit.tracing.graph import Line

if TYPE_CHECKING:
    from backlit.compiler.native.program import NativeStep

#: Functions that cost about DEAR additions; divisions and roots about half as much.
DEAR_NAMES = ("exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "erf", "power", "**")
#: Seconds that the step is measured for.
MEASURED = 0.05


class Cost(NamedTuple):
    """A line's arithmetic in operations on numbers, and the bytes of its operands and its result."""

    line: Line
    flops: int
    bytes: int


class Peak(NamedTuple):
    """What one core of this machine does at best: operations a second in products, bytes a second in copies."""

    flops: float
    bytes: float


def cost_of(line: Line) -> Cost:
    """Two operations for each term of a product; one for each element of anything else, more where it is dear."""
    size = math.prod(line.shape)
    moved = sum(np.asarray(part.value).nbytes for part in [line, *line.operands])
    text = line.expression.text
    if text in PRODUCTS:
        inner = line.operands[0].shape[-1] if line.operands and line.operands[0].shape else 1
        return Cost(line, 2 * size * inner, moved)
    read = max([size, *(math.prod(part.shape) for part in line.operands)])
    is_dear = any(text == name or text.endswith(f".{name}") for name in DEAR_NAMES)
    return Cost(line, read * (DEAR if is_dear else DEAR // 2 if text == "/" else 1), moved)


@cache
def peak() -> Peak:
    """Measured once a process, in a tenth of a second: a product of two matrices, and a copy beyond all caches."""
    square = np.ones((384, 384), np.float32)
    flops = 2 * 384**3 / quickest(lambda: square @ square)
    block = np.ones(1 << 23, np.float32)
    other = np.empty_like(block)
    return Peak(flops, 2 * block.nbytes / quickest(lambda: np.copyto(other, block)))


def quickest(work: Callable[[], object], turns: int = 5) -> float:
    """Seconds of the quickest of a few turns."""
    best = math.inf
    for _ in range(turns):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def seconds_of(step: NativeStep) -> float:
    """Seconds a step, measured on copies of its arrays: nothing of the user's changes."""
    arrays = [np.array(b.array) for b in step.plan.bindings]
    settings = [float(line.value) for line in step.plan.settings]
    count, taken = 1, 0.0
    while taken < MEASURED:
        count *= 2
        start = time.perf_counter()
        step.run(count, None, settings, arrays)
        taken = time.perf_counter() - start
    return taken / count


def report(step: NativeStep, most: int = 12) -> str:
    """The step's time, and its dearest lines with the share that each should have by the machine's peaks.

    A line takes at least as long as its arithmetic at the peak of a product, and as moving its bytes at the peak of a
    copy; small arrays stay in caches, where moving them costs less than this.
    """
    best, seconds = peak(), seconds_of(step)
    costs = [cost_of(line) for line in step.plan.lines if line.kind != "input"]
    weights = [max(cost.flops / best.flops, cost.bytes / (8 * best.bytes)) for cost in costs]
    flops, whole = sum(cost.flops for cost in costs), sum(weights) or 1.0
    rows = sorted(zip(weights, costs, strict=True), key=lambda row: -row[0])[:most]
    lines = [
        f"{seconds * 1e6:,.2f} µs a step, {flops / 1e6:,.3f} MFLOP: {flops / seconds / 1e9:,.1f} GFLOP/s, "
        f"{flops / seconds / best.flops:.0%} of what a product does here ({best.flops / 1e9:,.0f} GFLOP/s).",
        "",
        f"{'share':>6}  {'kFLOP':>10}  {'KB':>9}  line",
    ]
    lines += [
        f"{weight / whole:>6.0%}  {cost.flops / 1e3:>10,.1f}  {cost.bytes / 1e3:>9,.1f}  "
        f"{cost.line.name} = {cost.line.expression.text}  {list(cost.line.shape)}"
        for weight, cost in rows
    ]
    return "\n".join(lines)
