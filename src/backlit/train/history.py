"""What a training run leaves behind in numbers: a row a step and a row an epoch."""

from __future__ import annotations

import os
from typing import Any, Literal, NamedTuple

import numpy as np


class Step(NamedTuple):
    """One optimizer update: its number (from 1), the epoch it belongs to, and the loss before the update."""

    step: int
    epoch: int
    loss: float


class History:
    """The losses of every step, and a row for every epoch.

    `losses`: (steps,) float64.  `epochs`: dictionaries with `epoch`, `step` (the last one), `loss` (the mean over the
    epoch's rows), `validation_loss` where there is validation, and whatever a callback adds.
    `best_epoch` is the epoch whose weights early stopping kept; `stopped` says why the run ended. `findings` are the
    doctor's, where it watched; `early_findings` those that a run's first steps gave rise to.
    """

    def __init__(self) -> None:
        self.epochs: list[dict[str, Any]] = []
        self.best_epoch: int | None = None
        self.stopped = ""
        self.findings: list[Any] = []
        self.early_findings: list[Any] = []
        self._buffer = np.empty(1024)
        self._count = 0

    def add_steps(self, losses: np.ndarray) -> None:
        """Append the losses of the next whole steps."""
        end = self._count + len(losses)
        if end > len(self._buffer):
            self._buffer = np.resize(self._buffer, 2 * end)
        self._buffer[self._count : end] = losses
        self._count = end

    @property
    def losses(self) -> np.ndarray:
        """The loss of every step, in order."""
        return self._buffer[: self._count]

    @property
    def steps(self) -> list[Step]:
        """A row a step."""
        ends = [row["step"] for row in self.epochs]
        epochs = np.searchsorted(ends, np.arange(1, len(self.losses) + 1)) + 1
        return [Step(i, int(e), float(x)) for i, (e, x) in enumerate(zip(epochs, self.losses, strict=True), 1)]

    def to_csv(self, path: str | os.PathLike[str], rows: Literal["epochs", "steps"] = "epochs") -> None:
        """Write the epochs, or the steps, as CSV. Numbers are written in full, so that they read back the same."""
        if rows not in ("epochs", "steps"):
            raise ValueError(f'History.to_csv: rows must be "epochs" or "steps", and is {rows!r}.')
        import csv

        table = self.epochs if rows == "epochs" else [step._asdict() for step in self.steps]
        names = list(dict.fromkeys(name for row in table for name in row))
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)

    def __len__(self) -> int:
        """How many steps were taken."""
        return self._count

    def __repr__(self) -> str:
        last = self.epochs[-1] if self.epochs else {}
        values = ", ".join(f"{name} {value:.4g}" for name, value in last.items() if name not in ("epoch", "step"))
        return f"History({len(self.epochs)} epochs, {len(self)} steps{'; ' + values if values else ''})"
