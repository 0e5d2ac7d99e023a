"""How long it takes until a program can begin: imports, and a whole small program."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

XOR_SCRIPT = Path(__file__).with_name("xor_script.py")

IMPORTS = ("numpy", "backlit", "torch")
PROGRAMS = {
    "python (nothing)": [sys.executable, "-c", "pass"],
    "backlit run xor_script.py": [sys.executable, "-m", "backlit", "run", str(XOR_SCRIPT)],
    "python xor_script.py (PyTorch)": [sys.executable, str(XOR_SCRIPT)],
}


def import_seconds(module: str) -> float:
    """Inside a fresh interpreter, from before the import to after it."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def program_seconds(command: list[str]) -> float:
    """A whole process, from its start to its end."""
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def measure(turns: int) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of imports and of whole programs; each turn takes them one after the other."""
    imports: dict[str, list[float]] = {module: [] for module in IMPORTS}
    programs: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for turn in range(turns + 1):
        for module, seconds in imports.items():
            seconds.append(import_seconds(module))
        for name, seconds in programs.items():
            seconds.append(program_seconds(PROGRAMS[name]))
        if turn == 0:  # the first reads from the disk what later ones find in memory
            for seconds in (*imports.values(), *programs.values()):
                seconds.clear()
    return ({key: median(v) for key, v in imports.items()}, {key: median(v) for key, v in programs.items()})
