"""How long a step takes to compile, in a process of its own: `python -m benchmarks.compiling WORKLOAD` prints JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from statistics import median
from typing import Any
from unittest import mock

from benchmarks.peers import native
from benchmarks.processes import run
from benchmarks.workloads import Workload, workload_named

STEPS = ("xor", "digits")
CACHES = ("empty", "filled")
PARTS = ("import of LLVM", "recording", "compiling")
ABOUT = """\
In a process of its own, with code kept in an empty folder and then found there by another process. The compiler's
modules are imported with LLVM. Recording takes two steps. Compiling leads from the record to code that can be called.
"""


def seconds_of(workload: Workload) -> dict[str, float]:
    """Seconds of each part, of a process that has imported Backlit and nothing of its compiler.

    The import is that of the compiler's modules, with LLVM. Recording is all that the engine does until it has a plan,
    and compiling what leads from the plan to code that can be called.
    """
    import backlit as torch

    _ = torch.fit, torch.nn.Linear, torch.optim.SGD  # whose modules load when they are first asked for
    start = time.perf_counter()
    from backlit.compiler import native as compiler

    end = time.perf_counter()
    compiling: list[float] = []

    def timed(plan: Any) -> Any:
        began = time.perf_counter()
        step = compile_plan(plan)
        compiling.append(time.perf_counter() - began)
        return step

    compile_plan = compiler.compile_plan
    with mock.patch.object(compiler, "compile_plan", timed):
        native.prepare(workload)
    recording = time.perf_counter() - end - sum(compiling)
    return dict(zip(PARTS, (end - start, recording, sum(compiling)), strict=True))


def measure(turns: int) -> dict[tuple[str, str], dict[str, float]]:
    """Medians of each part by step and cache. The first turn, which fills the cache, does not count."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {(step, cache): [] for step in STEPS for cache in CACHES}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(turns + 1):
            for (step, cache), each in found.items():
                command = [sys.executable, "-m", "benchmarks.compiling", step]
                each.append(json.loads(run(command, folder if cache == "filled" else None)[0]))
    return {key: {part: median(turn[part] for turn in each[1:]) for part in PARTS} for key, each in found.items()}


def table(turns: int) -> str:
    """Milliseconds of each part."""
    lines = ["", "## Compiling a step, ms", "", f"| step | cache of compiled code | {' | '.join(PARTS)} |"]
    lines.append("|---|---|" + "---:|" * len(PARTS))
    for key, parts in measure(turns).items():
        lines.append(f"| {' | '.join([*key, *(f'{parts[part] * 1e3:.0f}' for part in PARTS)])} |")
    return "\n".join(lines) + f"\n\n{ABOUT}"


if __name__ == "__main__":
    # Rows of the same shape that need no library to be loaded.
    print(json.dumps(seconds_of(dataclasses.replace(workload_named(sys.argv[1]), name="drawn"))))
