"""XOR from nothing to a trained network, a whole program: `python -m benchmarks.trained PEER` prints the last loss."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.one import prepared
from benchmarks.peers.torchlike import network
from benchmarks.workloads import WORKLOADS, Workload

FIT = "Backlit, fit"


def by_fit(workload: Workload) -> float:
    """Backlit as its users call it: the engine that `fit` chooses. Out: the last loss."""
    import backlit

    torch: Any = backlit  # whose names load when they are first asked for

    torch.manual_seed(0)
    x, y = map(torch.from_numpy, workload.data())
    history = torch.fit(
        network(torch, workload), x, y, loss=torch.nn.BCELoss(), epochs=workload.epochs,
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=workload.lr),
    )  # fmt: skip
    return float(history.losses[-1])


def by_peer(peer: str, workload: Workload) -> float:
    """A peer's whole run, once. Out: the last loss."""
    epoch, loss = prepared(peer, workload)
    for _ in range(1 if getattr(epoch, "takes_all", False) else workload.epochs):
        epoch()
    return loss()


def train(peer: str, workload: Workload) -> float:
    return by_fit(workload) if peer == FIT else by_peer(peer, workload)


if __name__ == "__main__":
    print(train(sys.argv[1], WORKLOADS["xor"]))
