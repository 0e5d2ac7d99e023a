"""How long it takes until a program can begin: imports, and whole small programs."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.processes import run
from benchmarks.trained import FIT

XOR_SCRIPT = Path(__file__).with_name("xor_script.py")

IMPORTS = ("numpy", "backlit", "torch")
PROGRAMS = {
    "python (nothing)": [sys.executable, "-c", "pass"],
    "backlit run xor_script.py": [sys.executable, "-m", "backlit", "run", str(XOR_SCRIPT)],
    "python xor_script.py (PyTorch)": [sys.executable, str(XOR_SCRIPT)],
}
#: Peers that train xor in a process of their own, and what each needs.
TRAINED = {"PyTorch": "torch", "JAX, one scan": "jax"}


def import_seconds(module: str) -> float:
    """Inside a fresh interpreter, from before the import to after it."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    return float(run([sys.executable, "-c", code])[0])


def program_seconds(command: list[str], cache: str | None = None) -> float:
    """A whole process, from its start to its end."""
    return run(command, cache)[1]


def trained_seconds(peer: str, cache: str | None = None) -> float:
    """A process that trains xor."""
    return program_seconds([sys.executable, "-m", "benchmarks.trained", peer], cache)


def medians(turns: int, measured: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Each turn takes all one after the other; the first, which reads from the disk what later ones find in memory,
    does not count.
    """
    found: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(turns + 1):
        for name, seconds in found.items():
            seconds.append(measured[name]())
    return {name: median(seconds[1:]) for name, seconds in found.items()}


def measure_imports(turns: int) -> dict[str, float]:
    return medians(turns, {module: partial(import_seconds, module) for module in IMPORTS})


def measure_programs(turns: int) -> dict[str, float]:
    return medians(turns, {name: partial(program_seconds, command) for name, command in PROGRAMS.items()})


def measure_trained(turns: int) -> dict[str, float]:
    """Backlit with an empty cache of compiled code and with a filled one, and its peers."""
    with tempfile.TemporaryDirectory() as kept:
        measured: dict[str, Callable[[], float]] = {
            f"{FIT}, empty cache": partial(trained_seconds, FIT),
            f"{FIT}, filled cache": partial(trained_seconds, FIT, kept),
        }
        for peer, module in TRAINED.items():
            if importlib.util.find_spec(module):
                measured[peer] = partial(trained_seconds, peer)
        return medians(turns, measured)


def tables(turns: int) -> str:
    """Imports against NumPy's, whole programs against PyTorch's, a trained network against Backlit's."""
    imports = measure_imports(3 * turns)
    lines = ["", "## Start-up", "", "| import | ms | against numpy |", "|---|---:|---:|"]
    lines += [f"| {name} | {s * 1e3:.0f} | {s / imports['numpy']:.2f} |" for name, s in imports.items()]
    programs = measure_programs(3 * turns)
    reference = programs["python xor_script.py (PyTorch)"]
    lines += ["", "| whole process | ms | PyTorch takes … times as long |", "|---|---:|---:|"]
    lines += [f"| {name} | {s * 1e3:.0f} | {reference / s:.2f} |" for name, s in programs.items()]
    trained = measure_trained(turns)
    own = trained[f"{FIT}, empty cache"]
    lines += ["", "| whole process, 10,000 steps of xor | ms | times as long as Backlit's |", "|---|---:|---:|"]
    lines += [f"| {name} | {s * 1e3:,.0f} | {s / own:.2f} |" for name, s in trained.items()]
    return "\n".join(lines) + "\n"
