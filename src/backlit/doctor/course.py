"""How a run goes: its losses, what a guess without a network would lose, and the rows that it has seen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.doctor.rule import LossCall

#: A loss is smoothed over about ten steps: single batches are noisy.
SMOOTHING = 0.9
#: Targets from which the baseline is computed, and rows that are remembered, at most.
MOST_TARGETS, MOST_ROWS = 10_000, 100_000
#: Batches whose outputs are kept, and how many numbers of each, two rows at least.
BATCHES, MOST_NUMBERS = 10, 65_536
#: Below this share of the baseline a network has learned most of what there is.
FITTED = 0.5
CLASSES = ("cross_entropy", "nll_loss")
BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")


class Course:
    """What rules about numbers ask for.

    `losses` and `means`: of each step, plain and smoothed. `heard`: the smoothed value of the loss function, which the
    user may have divided or added to. `epochs`: how often the rows were seen, once that can be told.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.means: list[float] = []
        self.lowest = math.inf
        self.heard = math.nan
        self.name = ""
        self.targets: list[Any] = []
        self.kept = 0
        self.outputs: list[np.ndarray] = []  # of the last batches, as many rows as it takes to see how they vary
        self.rows: set[int] = set()
        self.seen = 0  # rows, each as often as it was seen
        self.epoch_rows = self.batch_rows = 0  # 0: not known yet

    def step(self, loss: float) -> None:
        """A step ended whose loss was this."""
        if math.isfinite(loss):
            before = self.means[-1] if self.means else loss
            self.losses.append(loss)
            self.means.append(SMOOTHING * before + (1 - SMOOTHING) * loss)
            self.lowest = min(self.lowest, self.means[-1])

    def hear(self, call: LossCall, value: float) -> None:
        """A loss function was called in training."""
        self.name = call.name
        if math.isfinite(value):
            self.heard = value if math.isnan(self.heard) else SMOOTHING * self.heard + (1 - SMOOTHING) * value
        if self.kept < MOST_TARGETS:
            self.targets.append(call.target.array)
            self.kept += call.target.array.shape[0] if call.target.array.ndim else 1
        self.outputs = [*self.outputs[1 - BATCHES :], beginning(call.input.array)]

    def see(self, x: np.ndarray) -> None:
        """A batch of rows went through the model: the first epoch ends where most of them were seen before."""
        self.batch_rows = max(self.batch_rows, len(x))
        if len(self.rows) > MOST_ROWS:
            self.seen += len(x)
            return
        marks = marks_of(x)
        if self.rows and sum(mark in self.rows for mark in marks) > len(marks) / 2:
            self.epoch_rows = max(self.seen, 1)
        self.rows.update(marks)
        self.seen += len(marks)

    @property
    def epochs(self) -> float:
        return self.seen / self.epoch_rows if self.epoch_rows else 0.0

    @property
    def spread(self) -> float:
        """How far predictions vary over the rows of a batch, lately; NaN where there are no rows."""
        found = [v for v in (varies(self.name, x) for x in self.outputs) if v == v]
        return sum(found) / len(found) if found else math.nan

    @property
    def baseline(self) -> float:
        """The loss of the best constant prediction; NaN where the loss function is not one of the known ones."""
        if not self.targets:
            return math.nan
        y = np.concatenate([np.atleast_1d(t) for t in self.targets if t.ndim == self.targets[0].ndim])
        return baseline_of(self.name, y)

    def is_fitted(self, share: float = FITTED) -> bool:
        """Whether the loss is below a share of the baseline, or of the first loss where there is no baseline."""
        baseline = self.baseline
        if baseline == baseline:
            return self.heard < share * baseline or baseline == 0
        return bool(self.means) and self.means[-1] < share * self.losses[0]


def baseline_of(name: str, y: np.ndarray) -> float:
    """The loss of the best constant prediction for targets y."""
    if not y.size:
        return math.nan
    if name in CLASSES and y.dtype.kind in "iu":
        return entropy(np.unique(y, return_counts=True)[1] / y.size)
    if name in CLASSES:
        return entropy(np.mean(y, axis=0)) if y.ndim == 2 else math.nan
    if name in BINARY:
        share = np.clip(np.mean(y, axis=0), 0, 1)
        return float(np.mean([entropy(np.array([p, 1 - p])) for p in np.ravel(share)]))
    y = y.astype(float)
    if name == "mse_loss":
        return float(np.mean(np.var(y, axis=0)))
    if name == "l1_loss":
        return float(np.mean(np.abs(y - np.median(y, axis=0))))
    return math.nan


def entropy(shares: np.ndarray) -> float:
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))


def beginning(x: np.ndarray) -> np.ndarray:
    """The first rows of a batch, as a copy: the program may overwrite it."""
    rows = max(2, MOST_NUMBERS * len(x) // x.size) if x.ndim and x.size else 0
    return x[:rows].copy() if x.ndim else x.copy()


def varies(name: str, outputs: np.ndarray) -> float:
    """How far predictions vary over the rows of a batch: the largest standard deviation of an output."""
    if outputs.ndim == 0 or len(outputs) < 2:
        return math.nan
    x = outputs.reshape(len(outputs), -1).astype(float)
    if name == "cross_entropy":
        x = np.exp(x - x.max(axis=1, keepdims=True))
        x /= x.sum(axis=1, keepdims=True)
    elif name == "binary_cross_entropy_with_logits":
        x = 1 / (1 + np.exp(-np.clip(x, -60, 60)))
    elif name == "nll_loss":
        x = np.exp(x)
    return float(np.max(np.std(x, axis=0)))


def marks_of(x: np.ndarray) -> list[int]:
    """A number for each row, the same for rows of the same bytes."""
    size = x.nbytes // max(len(x), 1)
    data = x.tobytes()
    return [hash(data[k : k + size]) for k in range(0, len(data), size)] if size else []
