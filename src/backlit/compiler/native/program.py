"""A plan, compiled and called."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from backlit.compiler.native.blas import addresses
from backlit.compiler.native.build import COUNTERS, Plan, setting_name
from backlit.compiler.native.cache import compiled_once
from backlit.compiler.native.steps import module_of
from backlit.compiler.native.writer import LINE
from backlit.random import default_generator
from backlit.tracing.graph import Line

Array = np.ndarray[Any, Any]
#: Loops in arrays of at most this many elements are written out, and optimised as hard as LLVM can.
TINY = 256


class NativeStep:
    """A training step as machine code. Each call takes steps in the very arrays that the plan binds.

    One thread at a time may call it; other Python threads run meanwhile.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        module, used = module_of(plan)
        is_tiny = all(np.size(line.value) <= TINY for line in plan.lines)
        text = str(module)
        self.code = compiled_once(text, addresses() if "gemm" in text else {}, is_tiny)
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, *[ctypes.c_void_p] * 4)
        self.function = kind(self.code.address("run"))
        self.memory = np.zeros(used + LINE, np.uint8)

    def run(
        self, steps: int, rows: Array | None, settings: Sequence[float], arrays: Sequence[Array] | None = None
    ) -> Array:
        """Take steps. Out: their losses (steps,) float64; fewer, if one has an index that is out of range.

        `rows` (steps * batch,) int64 says which rows each step sees; None for all of them in their order. `settings`
        are those of the first step, in the plan's order; `arrays` stand in for those that the plan binds. A plan that
        draws inside goes on in the default generator's stream, in a failed step too; what another thread draws
        meanwhile is drawn from the same place.
        """
        given = [b.array for b in self.plan.bindings] if arrays is None else arrays
        places = np.array([array.ctypes.data for array in given], np.uintp)
        numbers, losses = np.array(settings, np.float64), np.empty(steps)
        order = None if rows is None else np.ascontiguousarray(rows, np.int64)
        start = self.memory.ctypes.data + -self.memory.ctypes.data % LINE
        place = default_generator.place() if self.plan.draws_inside else None
        taken = self.function(
            places.ctypes.data, numbers.ctypes.data, steps, None if order is None else order.ctypes.data,
            losses.ctypes.data, start, None if place is None else place.ctypes.data,
        )  # fmt: skip
        if place is not None:
            default_generator.go_on_from(place)
        return losses[:taken]

    def results(self) -> dict[Line, Array]:
        """What each line that the plan keeps was at the end of the last step."""
        return {b.after: b.array for b in self.plan.bindings if b.after is not None}

    def settings_at(self, taken: int, rates: dict[float, float]) -> list[float]:
        """The settings after so many more steps than the recorded one, with each recorded rate replaced."""
        counted = {line: line.value + taken for line in self.plan.settings if setting_name(line) in COUNTERS}
        rated = {line: rates[line.value] for line in self.plan.settings if setting_name(line) == "lr"}
        return [counted.get(line, rated.get(line, line.value)) for line in self.plan.settings]


def compile_plan(plan: Plan) -> NativeStep:
    """Raises NotCompilable for what has no compiled form, and where there is no LLVM."""
    return NativeStep(plan)
