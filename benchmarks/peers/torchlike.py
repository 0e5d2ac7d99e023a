"""PyTorch's way, for PyTorch and for Backlit: one program under two names."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.workloads import Workload


def prepare(workload: Workload, library: str) -> tuple[Callable[[], None], Callable[[], float]]:
    """`library` is the module to import as torch."""
    torch: Any = importlib.import_module(library)
    if library == "torch":
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(0)
    model = network(torch, workload)
    criterion = torch.nn.BCELoss() if workload.is_binary else torch.nn.CrossEntropyLoss()
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[workload.optimizer]
    optimizer = kind(model.parameters(), lr=workload.lr)
    x, y = map(torch.from_numpy, workload.data())
    last: list[Any] = [None]

    def step(inputs: Any, targets: Any) -> None:
        last[0] = criterion(model(inputs), targets)
        optimizer.zero_grad()
        last[0].backward()
        optimizer.step()

    def epoch() -> None:
        if workload.batch == workload.rows:
            step(x, y)
            return
        for rows in torch.randperm(len(x)).split(workload.batch):
            step(x[rows], y[rows])

    return epoch, lambda: float(last[0].item())


def network(torch: Any, workload: Workload) -> Any:
    nn = torch.nn
    layers: list[Any] = []
    for narrow, wide in pairwise(workload.sizes):
        layers += [nn.Linear(narrow, wide), nn.Sigmoid() if workload.activation == "sigmoid" else nn.ReLU()]
    layers.pop()
    return nn.Sequential(*layers, *([nn.Sigmoid()] if workload.is_binary else []))
