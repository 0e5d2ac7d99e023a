"""One peer on one workload, in a process of its own: `python -m benchmarks.one PEER WORKLOAD` prints a line of JSON."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.workloads import Workload, workload_named

Prepared = tuple[Callable[[], None], Callable[[], float]]

PEERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Backlit": ("torchlike", ("backlit",)),
    "Backlit, native": ("native", ()),
    "PyTorch": ("torchlike", ("torch",)),
    "NumPy by hand": ("by_hand", ()),
    "scikit-learn": ("mlp", ()),
    "JAX, one scan": ("scan", ()),
    "BLAS alone": ("products", ()),
}


def prepared(peer: str, workload: Workload) -> Prepared:
    """The peer's functions for a workload."""
    module, arguments = PEERS[peer]
    made: Prepared = importlib.import_module(f"benchmarks.peers.{module}").prepare(workload, *arguments)
    return made


def measure(peer: str, workload: Workload) -> dict[str, Any]:
    """Seconds a step (after a warm-up that is not counted), the last loss, and the peak memory of the process."""
    epoch, loss = prepared(peer, workload)
    runs = 1 if getattr(epoch, "takes_all", False) else workload.epochs
    for _ in range(max(1, runs // 20)):
        epoch()
    start = time.perf_counter()
    for _ in range(runs):
        epoch()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds / workload.steps, "loss": loss(), "peak_bytes": peak}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # scikit-learn warns that it was told not to stop early
    print(json.dumps(measure(sys.argv[1], workload_named(sys.argv[2]))))
