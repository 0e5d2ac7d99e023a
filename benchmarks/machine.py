"""What the figures were measured on: processor, cores, versions. No names of machines or paths."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

LIBRARIES = ("backlit", "numpy", "torch", "scikit-learn", "jax")


def processor() -> str:
    """The processor's name, as the system gives it."""
    listing = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", listing.read_text()) if listing.exists() else None
    return found.group(1) if found else platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def version(library: str) -> str:
    """The installed version, or a word that there is none."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def compiler() -> str:
    """gcc's version, or a word that there is none."""
    if not shutil.which("gcc"):
        return "not installed"
    return subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


def describe(threads: str) -> list[str]:
    """Lines of the description."""
    versions = [f"{library} {version(library)}" for library in LIBRARIES]
    return [
        f"{processor()}, {cores()} cores; {platform.system()} on {platform.machine()}",
        f"Python {platform.python_version()}, {', '.join(versions)}, gcc {compiler()}",
        f"OMP_NUM_THREADS={threads}",
    ]
