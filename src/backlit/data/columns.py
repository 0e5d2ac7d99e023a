"""From table columns to the network's inputs. Statistics come from the training rows only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Number:
    """A numeric column, standardised: out = (value - mean) / std. A constant column becomes zeros."""

    name: str
    mean: float
    std: float

    @classmethod
    def fit(cls, column: pl.Series) -> Number:
        """With the statistics of these (training) rows."""
        values = column.to_numpy().astype(np.float64)
        return cls(column.name, float(values.mean()), float(values.std()) or 1.0)

    @property
    def features(self) -> list[str]:
        """The names of the inputs that this column becomes."""
        return [self.name]

    def encode(self, column: pl.Series) -> np.ndarray:
        """Shape: column (rows,), out (rows, 1) float32."""
        standard = (column.to_numpy().astype(np.float64) - self.mean) / self.std
        return standard.astype(np.float32)[:, None]


def fit_columns(frame: pl.DataFrame) -> list[Number]:
    """An encoder for each column of the training rows."""
    return [Number.fit(column) for column in frame]


def encode_columns(columns: list[Number], frame: pl.DataFrame) -> np.ndarray:
    """Shape: out (rows, features) float32, C-contiguous."""
    return np.concatenate([column.encode(frame[column.name]) for column in columns], axis=1)


def check_inputs(frame: pl.DataFrame) -> None:
    """Raise DataError unless every column holds finite numbers."""
    for column in frame:
        if not (column.dtype.is_numeric() or column.dtype == _boolean()):
            raise DataError(
                f"Column '{column.name}' holds text ({column[0]!r} in row 1), and the network needs numbers. "
                "Leave the column out of the file, or write it as numbers."
            )
        check_finite(column)


def check_complete(frame: pl.DataFrame) -> None:
    """Raise DataError if a value is missing, with the count for each column."""
    counts = {column.name: column.null_count() for column in frame if column.null_count()}
    if counts:
        listed = ", ".join(f"{count} in '{name}'" for name, count in counts.items())
        row = next(i for i, values in enumerate(frame.iter_rows(), 1) if None in values)
        raise DataError(f"Values are missing: {listed} (first in row {row}). Fill them in, or drop those rows.")


def check_finite(column: pl.Series) -> None:
    """Raise DataError if a column holds NaN or an infinity, with the row."""
    if not column.dtype.is_float():
        return
    values = column.to_numpy()
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise DataError(
            f"Column '{column.name}' holds {values[bad[0]]} in row {bad[0] + 1} ({bad.size} such values in all). "
            "Every number must be finite."
        )


def _boolean() -> pl.DataType:
    import polars as pl

    return pl.Boolean()
