"""Programs, run in processes of their own and timed."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.machine import threads_wanted

ROOT = Path(__file__).parent.parent
#: The share of its time that a program on one core may wait. It is run again if it waited longer: something else ran.
WAITING = 0.05
#: Seconds that starting a process takes beside that.
STARTING = 0.02
MOST_RUNS = 3


def run(command: list[str], cache: str | None = None) -> tuple[str, float]:
    """What a program prints, and its seconds from start to end; of several runs those of the least disturbed.

    Backlit keeps its compiled code in the folder `cache`, or in an empty one.
    """
    runs: list[tuple[float, str, float]] = []
    while len(runs) < MOST_RUNS:
        before, start = computed(), time.perf_counter()
        printed = run_once(command, cache)
        seconds = time.perf_counter() - start
        waiting = (seconds - (computed() - before) - STARTING) / seconds
        runs.append((waiting, printed, seconds))
        if waiting < WAITING or threads_wanted() > 1:
            break
    _, printed, seconds = min(runs)
    return printed, seconds


def run_once(command: list[str], cache: str | None) -> str:
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "BACKLIT_CACHE": cache or empty}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT, env=environment)
    return done.stdout


def computed() -> float:
    """Seconds that all programs that have ended computed for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
