"""How far a step moves each weight."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

#: Weights smaller than this are still at an initial zero, of which any change is large.
LEAST_WEIGHT = 1e-3


class Updates:
    """The norm of each weight matrix before a step, and of its change; NaN for weights that are still next to 0."""

    def __init__(self) -> None:
        self.before: list[tuple[Any, np.ndarray]] = []
        self.sizes: list[float] = []
        self.changes: list[float] = []

    def begin(self, optimizer: Any) -> None:
        self.before = [(p, p.array.copy()) for p in weights_of(optimizer)]

    def end(self) -> None:
        sizes = [norm(old) for _, old in self.before]
        kept = [s > LEAST_WEIGHT * math.sqrt(old.size) for s, (_, old) in zip(sizes, self.before, strict=True)]
        changes = [norm(p.array - old) for p, old in self.before]
        self.sizes = [s if k else math.nan for s, k in zip(sizes, kept, strict=True)]
        self.changes = [c if k else math.nan for c, k in zip(changes, kept, strict=True)]
        self.before = []


def weights_of(optimizer: Any) -> list[Any]:
    """The matrices among an optimizer's parameters that have a gradient."""
    return [
        p
        for group in optimizer.param_groups
        for p in group["params"]
        if p.needs_grad and p.array.ndim >= 2 and p.grad is not None
    ]


def norm(x: np.ndarray) -> float:
    flat = x.reshape(-1)
    return math.sqrt(float(flat @ flat)) if flat.size else 0.0
