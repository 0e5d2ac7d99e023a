"""What the figures were measured on: processor, cores, versions. No names of machines or paths."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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


def threads_wanted() -> int:
    """OMP_NUM_THREADS where it is set, else one."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Processes that are started within compute with so many threads: with one, on one core.

    Not every library reads OMP_NUM_THREADS, JAX among them, so where the system can hold a process to a core, one
    thread means that: the last core of those allowed, since the first ones are where interrupts arrive.
    """
    environment = {"OMP_NUM_THREADS": str(count)}
    if count == 1:
        environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    before = {name: os.environ.get(name) for name in environment}
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    os.environ.update(environment)
    if count == 1 and allowed:
        os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        if allowed:
            os.sched_setaffinity(0, allowed)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


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


def describe() -> list[str]:
    """Lines of the description: within `threads`, of what is measured there."""
    versions = [f"{library} {version(library)}" for library in LIBRARIES]
    return [
        f"{processor()}, {os.cpu_count()} cores, {cores()} of them used; {platform.system()} on {platform.machine()}",
        f"Python {platform.python_version()}, {', '.join(versions)}, gcc {compiler()}",
        f"OMP_NUM_THREADS={threads_wanted()}",
    ]
