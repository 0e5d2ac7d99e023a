"""What it costs to record a step: `python -m benchmarks.recording`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import backlit
from benchmarks.peers.torchlike import network
from benchmarks.workloads import WORKLOADS

torch: Any = backlit  # whose names load when they are first asked for


def digits_step() -> Callable[[], Any]:
    """One step of the workload `digits`: 64 rows through a 64-128-10 network, and Adam."""
    workload = WORKLOADS["digits"]
    torch.manual_seed(0)
    model = network(torch, workload)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=workload.lr)
    x, y = (torch.from_numpy(array[: workload.batch]) for array in workload.data())

    def step() -> Any:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def seconds(step: Callable[[], Any], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / times


def measure(turns: int, times: int) -> dict[str, float]:
    """Medians over turns, in seconds a step: before anything was recorded, while it is, and afterwards."""
    step = digits_step()
    seconds(step, times)
    before = median(seconds(step, times) for _ in range(turns))
    torch.trace(step)  # imports what recording needs
    pairs = [(seconds(lambda: torch.trace(step), max(1, times // 30)), seconds(step, times)) for _ in range(turns)]
    recorded, after = (median(column) for column in zip(*pairs, strict=True))
    return {"before": before, "recorded": recorded, "after": after}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.recording", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=15, help="how often each is measured (the median counts)")
    found = measure(parser.parse_args().turns, times=300)
    print("a step of digits, 64-128-10, 64 rows, Adam")
    for name, words in (
        ("before", "before any recording"),
        ("recorded", "recorded, with names"),
        ("after", "afterwards, recording off"),
    ):
        print(f"{words:26} {found[name] * 1e6:8.0f} µs   {found[name] / found['before']:5.2f}x")


if __name__ == "__main__":
    main()
