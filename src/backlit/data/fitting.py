"""Encoders for a table's columns, with the statistics of the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.chunks import Data, chunks
from backlit.data.columns import Category, Column, Number
from backlit.data.errors import DataError
from backlit.data.kinds import Kind
from backlit.data.moments import Moments
from backlit.data.survey import as_floats, as_texts

if TYPE_CHECKING:
    import polars as pl

CONSTANT = "it is {} in every training row"


class NumberFit:
    """Gathers a column of numbers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.moments = Moments()

    def add(self, column: pl.Series) -> None:
        """Take in more training rows."""
        self.moments.add(as_floats(column.drop_nulls()))

    def reason_to_leave_out(self) -> str | None:
        """Why nothing can be learned from the column, in words that follow "is left out: "."""
        if not self.moments.count:
            return "it has no values in the training rows"
        return CONSTANT.format(f"{self.moments.least:g}") if self.moments.is_constant else None

    def column(self, with_fill: bool) -> Number:
        """The encoder; a missing value is filled with the mean."""
        mean, std = self.moments.mean, self.moments.std
        if not np.isfinite(std) or std == 0:
            raise DataError(
                f"Column '{self.name}' holds numbers from {self.moments.least:g} to {self.moments.most:g}, whose "
                "spread is beyond what floating-point numbers can hold. Write it in other units, or leave it out."
            )
        return Number(self.name, mean, std, mean if with_fill else None)


class CategoryFit:
    """Gathers a column of texts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()

    def add(self, column: pl.Series) -> None:
        """Take in more training rows."""
        self.counts.update(dict(as_texts(column.drop_nulls()).value_counts().iter_rows()))

    def reason_to_leave_out(self) -> str | None:
        """Why nothing can be learned from the column, in words that follow "is left out: "."""
        if not self.counts:
            return "it has no values in the training rows"
        return CONSTANT.format(repr(next(iter(self.counts)))) if len(self.counts) == 1 else None

    def column(self, with_fill: bool) -> Category:
        """The encoder, its values in alphabetical order; a missing value is filled with the most frequent."""
        values = tuple(sorted(self.counts))
        return Category(self.name, values, max(values, key=self.counts.__getitem__) if with_fill else None)


def fit_columns(
    data: Data, kinds: Mapping[str, Kind], is_train: np.ndarray, with_fill: bool
) -> tuple[list[Column], dict[str, str]]:
    """The encoders, and the columns that the training rows give no reason to keep, each with why.

    Shape: is_train (rows of `data`,) bool.  Raises DataError for numbers beyond all bounds.
    """
    fits = {name: NumberFit(name) if kind == "number" else CategoryFit(name) for name, kind in kinds.items()}
    for start, frame in chunks(data, list(kinds)):
        rows = np.flatnonzero(is_train[start : start + frame.height])
        for name, fit in fits.items():
            fit.add(frame[name][rows])
    reasons = {name: fit.reason_to_leave_out() for name, fit in fits.items()}
    columns: list[Column] = [fit.column(with_fill) for name, fit in fits.items() if reasons[name] is None]
    return columns, {name: reason for name, reason in reasons.items() if reason is not None}
