"""What is to be learned: found from the target column, with its encoding, its loss and its measures."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from backlit.data.errors import DataError

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["binary", "classes", "regression"]
Label = str | int | bool

# Numbers in a target are classes if they are whole and few: at most this many values, each this often on average.
# Ratings (1 to 10) and digits are then classes, while ages and counts are quantities.
MOST_NUMERIC_CLASSES = 20
ROWS_PER_NUMERIC_CLASS = 5

LOSSES: dict[Kind, str] = {"binary": "bce_with_logits", "classes": "cross_entropy", "regression": "mse"}
# The measure that a person asks for first.
HEADLINES: dict[Kind, str] = {"binary": "accuracy", "classes": "accuracy", "regression": "r2"}


@dataclass(frozen=True)
class Task:
    """Binary labels, several classes, or a quantity.

    `labels` are the classes in the order of the network's outputs. A quantity is standardised with `mean` and `std`
    of its training rows, and measured in its own units.
    """

    kind: Kind
    labels: tuple[Label, ...] = ()
    mean: float = 0.0
    std: float = 1.0

    @property
    def outputs(self) -> int:
        """Units in the last layer."""
        return len(self.labels) if self.kind == "classes" else 1

    @property
    def loss(self) -> str:
        """The loss by name, on raw scores."""
        return LOSSES[self.kind]

    @property
    def headline(self) -> str:
        """The name of the measure that a person asks for first."""
        return HEADLINES[self.kind]

    @property
    def decimals(self) -> int:
        """Decimal places of a predicted quantity; more would be noise, since a float32 score has 7 digits."""
        return 7 - math.ceil(math.log10(self.std))

    def encode(self, target: pl.Series) -> np.ndarray:
        """The target as the loss takes it.

        Shape: (rows, 1) float32 for binary and regression, (rows,) int64 class indices for classes.
        """
        if self.kind == "regression":
            standard = (target.to_numpy().astype(np.float64) - self.mean) / self.std
            return standard.astype(np.float32)[:, None]
        indices = self.indices(target)
        return indices.astype(np.float32)[:, None] if self.kind == "binary" else indices

    def indices(self, target: pl.Series) -> np.ndarray:
        """The place of each row's label among `labels`.  Shape: (rows,) int64."""
        import polars as pl

        if isinstance(self.labels[0], str):
            return target.cast(pl.Enum([str(label) for label in self.labels])).to_physical().to_numpy().astype(np.int64)
        return np.searchsorted(np.array(self.labels), target.to_numpy())

    def fitted(self, target: pl.Series) -> Task:
        """The same task with the statistics of these (training) rows."""
        if self.kind != "regression":
            return self
        values = target.to_numpy().astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            std = float(values.std()) or 1.0
        if not np.isfinite(std):
            raise DataError(
                f"The target '{target.name}' holds numbers from {values.min():g} to {values.max():g}, whose spread is "
                "beyond what floating-point numbers can hold. Write it in other units."
            )
        return dataclasses.replace(self, mean=float(values.mean()), std=std)

    def measure(self, scores: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Accuracy, or R² and root mean squared error in the target's units.

        Shape: scores (rows, outputs), y as `encode` gives it.
        """
        if self.kind == "binary":
            return {"accuracy": float(np.mean((scores > 0) == (y > 0.5)))}
        if self.kind == "classes":
            return {"accuracy": float(np.mean(scores.argmax(axis=1) == y))}
        errors = scores.astype(np.float64) - y
        spread = np.sum((y - y.mean(dtype=np.float64)) ** 2)
        r2 = 1 - float(np.sum(errors**2) / spread) if spread else float("nan")
        return {"r2": r2, "rmse": float(np.sqrt(np.mean(errors**2))) * self.std}

    def describe(self) -> str:
        """The task in a few words, as a summary shows it."""
        if self.kind == "regression":
            return "regression"
        labels = ", ".join(str(label) for label in self.labels[:10])
        more = f", … {len(self.labels) - 10} more" if len(self.labels) > 10 else ""
        return f"{'binary' if self.kind == 'binary' else f'{len(self.labels)} classes'}: {labels}{more}"


def find_task(target: pl.Series) -> tuple[Task, pl.Series]:
    """The task that a target column poses, and the column with its labels as the task names them.

    Text and truth values are classes; whole numbers are classes if they are few; other numbers are a quantity.
    Raises DataError for a constant target, and for dates, lists and other values that are no target.
    """
    import polars as pl

    if isinstance(target.dtype, (pl.Categorical, pl.Enum)):
        target = target.cast(pl.String)
    # NumPy has neither decimals nor integers of 128 bits.
    if isinstance(target.dtype, (pl.Decimal, pl.Int128, pl.UInt128)):
        target = target.cast(pl.Float64)
    if not (target.dtype.is_numeric() or isinstance(target.dtype, (pl.String, pl.Boolean))):
        raise DataError(
            f"The target '{target.name}' holds values of type {target.dtype}, which are neither numbers nor classes. "
            "Choose another column with --target."
        )
    distinct = target.n_unique()
    if distinct == 1:
        raise DataError(
            f"The target '{target.name}' is {target[0]!r} in every row, so there is nothing to learn. "
            "Choose another column with --target."
        )
    if target.dtype.is_numeric():
        few = distinct <= min(MOST_NUMERIC_CLASSES, target.len() / ROWS_PER_NUMERIC_CLASS)
        if not (_is_whole(target) and (distinct == 2 or few)):
            return Task("regression"), target
        target = target.cast(pl.Int64)
    labels = tuple(target.unique().sort().to_list())
    return Task("binary" if distinct == 2 else "classes", labels), target


def _is_whole(target: pl.Series) -> bool:
    """Whether all numbers are whole, and small enough to be told apart as float64 (up to 2^53)."""
    import polars as pl

    values = target.cast(pl.Float64)
    return bool(((values == values.round()) & (values.abs() < 2**53)).all())
