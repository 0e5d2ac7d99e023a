"""From a table's columns to the network's inputs. Statistics come from the training rows only."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from backlit.data.errors import DataError
from backlit.data.survey import as_floats, as_texts

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Number:
    """A column of numbers, standardised: out = (value - mean) / std. A missing value is read as `fill`, if any."""

    kind: ClassVar[str] = "number"

    name: str
    mean: float
    std: float
    fill: float | None = None

    def __post_init__(self) -> None:
        numbers = [self.mean, self.std, 0.0 if self.fill is None else self.fill]
        if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in numbers) or self.std <= 0:
            raise ValueError("mean, std and fill must be finite numbers, and std above 0")
        _check_name(self.name)

    @property
    def features(self) -> list[str]:
        """The names of the inputs that this column becomes."""
        return [self.name]

    def encode(self, column: pl.Series) -> np.ndarray:
        """Shape: column (rows,), out (rows, 1) float32.

        Raises DataError, with the row, for texts, missing values without a `fill`, NaN and infinities.
        """
        _check_missing(self, column)
        numbers = self._numbers(column)
        values = as_floats(numbers if self.fill is None else numbers.fill_null(self.fill))
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise DataError(
                f"Column '{self.name}' holds {values[bad[0]]} in row {bad[0] + 1}. Every number must be finite."
            )
        return ((values - self.mean) / self.std).astype(np.float32)[:, None]

    def _numbers(self, column: pl.Series) -> pl.Series:
        import polars as pl

        if column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null):
            return column.cast(pl.Float64)
        texts = as_texts(column)
        numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
        wrong = (numbers.is_null() & texts.is_not_null()).arg_true()
        if wrong.len():
            row = int(wrong[0])
            raise DataError(f"Column '{self.name}' holds the text {texts[row]!r} in row {row + 1}, and needs numbers.")
        return numbers


@dataclass(frozen=True)
class Category:
    """A column of texts or truth values, one-hot: one input for each of `values`, 1 where the row has it, else 0.

    A text that is not among them gives zeros everywhere. A missing value is read as `fill`, if any.
    """

    kind: ClassVar[str] = "category"

    name: str
    values: tuple[str, ...]
    fill: str | None = None

    def __post_init__(self) -> None:
        texts = [*self.values, "" if self.fill is None else self.fill]
        if not all(isinstance(text, str) for text in texts) or len(set(self.values)) < len(self.values):
            raise ValueError("values and fill must be texts, and each value another")
        _check_name(self.name)

    @property
    def features(self) -> list[str]:
        """The names of the inputs that this column becomes."""
        return [f"{self.name}={value}" for value in self.values]

    def encode(self, column: pl.Series) -> np.ndarray:
        """Shape: column (rows,), out (rows, values) float32.  Raises DataError for missing values without a `fill`."""
        import polars as pl

        _check_missing(self, column)
        position = self._texts(column).cast(pl.Enum(self.values), strict=False).to_physical()
        known = position.is_not_null().arg_true().to_numpy()
        out = np.zeros((column.len(), len(self.values)), np.float32)
        out[known, position.drop_nulls().to_numpy()] = 1
        return out

    def unseen(self, column: pl.Series) -> dict[str, int]:
        """The texts that are not among the known values, in order, and how many rows have each."""
        counts = dict(self._texts(column).drop_nulls().value_counts().iter_rows())
        return {text: counts[text] for text in sorted(set(counts) - set(self.values))}

    def _texts(self, column: pl.Series) -> pl.Series:
        texts = as_texts(column)
        if set(self.values) == {"false", "true"}:
            texts = texts.str.to_lowercase()  # truth values, which files also write as True and TRUE
        return texts if self.fill is None else texts.fill_null(self.fill)


Column: TypeAlias = Number | Category
KINDS: dict[str, type[Number] | type[Category]] = {"number": Number, "category": Category}


def to_config(column: Column) -> dict[str, Any]:
    """A column's encoder as values that JSON can hold; `from_config` reads them back.

    >>> to_config(Category("colour", ("blue", "red")))
    {'kind': 'category', 'name': 'colour', 'values': ['blue', 'red'], 'fill': None}
    """
    fields = dataclasses.asdict(column)
    return {"kind": column.kind} | {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def from_config(config: dict[str, Any]) -> Column:
    """The encoder that `to_config` described. Raises DataError for anything else.

    >>> from_config({"kind": "number", "name": "age", "mean": 40.0, "std": 12.5, "fill": None})
    Number(name='age', mean=40.0, std=12.5, fill=None)
    """
    try:
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
        column: Column = KINDS[fields.pop("kind")](**fields)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{config!r} describes no column ({type(error).__name__}: {error}).") from None
    return column


def encode_columns(columns: Sequence[Column], frame: pl.DataFrame) -> np.ndarray:
    """Shape: out (rows, features) float32, C-contiguous."""
    out = np.empty((frame.height, sum(len(column.features) for column in columns)), np.float32)
    first = 0
    for column in columns:
        last = first + len(column.features)
        out[:, first:last] = column.encode(frame[column.name])
        first = last
    return out


def quoted(names: Sequence[str], at_most: int = 10) -> str:
    """Names in quotation marks, with commas; of very many the first."""
    more = f" and {len(names) - at_most:,} more" if len(names) > at_most else ""
    return ", ".join(f"'{name}'" for name in names[:at_most]) + more


def missing_counts(counts: dict[str, int]) -> str:
    """How many values each column misses, in words."""
    return ", ".join(f"{count:,} in '{name}'" for name, count in counts.items())


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise ValueError(f"a name must be text, and is {name!r}")


def _check_missing(column: Column, values: pl.Series) -> None:
    if column.fill is None and values.null_count():
        row = int(values.is_null().arg_true()[0]) + 1
        raise DataError(f"Column '{column.name}' misses a value in row {row}. Fill it in.")
