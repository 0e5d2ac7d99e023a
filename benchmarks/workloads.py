"""Four pieces of training work, small to large, that every peer does in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A network, its rows and how it is trained. A hidden activation follows each layer but the last; the loss is
    binary cross-entropy for one output and cross-entropy for more, on raw scores or after a sigmoid as the peer likes.
    """

    name: str
    sizes: tuple[int, ...]
    activation: str  # "sigmoid" or "relu"
    rows: int
    batch: int  # as many as rows: no shuffling
    epochs: int
    optimizer: str  # "sgd" or "adam"
    lr: float

    @property
    def is_binary(self) -> bool:
        return self.sizes[-1] == 1

    @property
    def steps(self) -> int:
        """Optimizer updates in the whole run."""
        return self.epochs * -(-self.rows // self.batch)

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Shape: x (rows, features) float32; y (rows, 1) float32, or (rows,) int64 class indices."""
        x, y = DATA.get(self.name, self.drawn)()
        x = x[: self.rows].astype(np.float32)
        return x, y[: self.rows, None].astype(np.float32) if self.is_binary else y[: self.rows].astype(np.int64)

    def drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """Random rows and classes, where only the sizes matter."""
        rng = np.random.default_rng(0)
        inputs, classes = self.sizes[0], self.sizes[-1]
        return rng.random((self.rows, inputs), dtype=np.float32), rng.integers(0, classes, self.rows)


def _xor() -> tuple[np.ndarray, np.ndarray]:
    return np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def _moons() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import make_moons

    x, y = make_moons(1000, noise=0.2, random_state=42)
    return x, y


def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x / 16, y  # pixels count to 16


def _wide() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((12_800, 784), dtype=np.float32), rng.integers(0, 10, 12_800)


DATA = {"xor": _xor, "moons": _moons, "digits": _digits, "wide": _wide}

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("xor", (2, 4, 1), "sigmoid", rows=4, batch=4, epochs=10_000, optimizer="sgd", lr=0.5),
        Workload("moons", (2, 10, 1), "relu", rows=800, batch=800, epochs=1_000, optimizer="sgd", lr=0.1),
        Workload("digits", (64, 128, 10), "relu", rows=1_792, batch=64, epochs=20, optimizer="adam", lr=1e-3),
        Workload("wide", (784, 256, 128, 10), "relu", rows=12_800, batch=128, epochs=3, optimizer="adam", lr=1e-3),
    )
}


def workload_named(name: str) -> Workload:
    """One of the four, or "sweep-WIDTH-DEPTH-BATCH": so many hidden layers of a width, of 64 inputs and 10 classes.

    Such a one takes as many steps as make a measurement: about 2 GFLOP, at most 2,000 and at least 20.
    """
    if name in WORKLOADS:
        return WORKLOADS[name]
    width, depth, batch = map(int, name.removeprefix("sweep-").split("-"))
    sizes = (64, *[width] * depth, 10)
    flops = 6 * batch * sum(a * b for a, b in pairwise(sizes))
    steps = int(min(2000, max(20, 2e9 / flops)))
    batches = min(8, steps)
    return Workload(name, sizes, "relu", batches * batch, batch, max(1, steps // batches), "sgd", 1e-3)
