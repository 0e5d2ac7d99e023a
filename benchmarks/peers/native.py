"""Backlit's native engine: whole chunks of steps as machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers.torchlike import network
from benchmarks.workloads import Workload


def prepare(workload: Workload) -> tuple[Callable[[], None], Callable[[], float]]:
    """The engine is warmed up until its code is compiled; then one call takes all steps."""
    import backlit as torch
    from backlit.train.batches import Batches
    from backlit.train.engines import engine_from

    torch.manual_seed(0)
    model = network(torch, workload)
    criterion = torch.nn.BCELoss() if workload.is_binary else torch.nn.CrossEntropyLoss()
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[workload.optimizer]
    x, y = map(torch.from_numpy, workload.data())
    batches = Batches(x, y, workload.batch, shuffle=True)
    engine: Any = engine_from("native", model, criterion, kind(model.parameters(), lr=workload.lr), batches)
    done = [0]
    last = [0.0]

    def advance(most: int) -> None:
        losses = engine.advance(most, done[0])
        done[0] += len(losses)
        last[0] = float(losses[-1])

    while not engine.versions:
        if engine.reason:
            raise RuntimeError(f"The native engine cannot be measured: {engine.reason}")
        advance(1)

    def run() -> None:
        end = done[0] + workload.steps
        while done[0] < end:
            advance(end - done[0])

    run.takes_all = True  # type: ignore[attr-defined]
    return run, lambda: last[0]
