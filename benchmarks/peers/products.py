"""The matrix products of a step and nothing else: as fast as NumPy's BLAS allows."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.workloads import Workload


def prepare(workload: Workload) -> tuple[Callable[[], None], Callable[[], float]]:
    rng = np.random.default_rng(0)

    def operands(m: int, n: int, p: int) -> tuple[np.ndarray, ...]:
        return rng.random((m, n), "f"), rng.random((n, p), "f"), np.empty((m, p), "f")

    products = []
    for layer, (a, b) in enumerate(pairwise(workload.sizes)):
        products += [operands(workload.batch, a, b), operands(a, workload.batch, b)]  # forward, d weight
        if layer:
            products.append(operands(workload.batch, b, a))  # d input; nobody needs the first layer's
    steps = -(-workload.rows // workload.batch)

    def epoch() -> None:
        for _ in range(steps):
            for left, right, out in products:
                np.matmul(left, right, out=out)

    return epoch, lambda: float("nan")
