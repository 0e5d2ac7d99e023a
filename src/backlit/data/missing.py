"""What is done about values that are missing: an error, rows dropped, or values filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from backlit.data.chunks import Data, chunks
from backlit.data.columns import Column, missing_counts
from backlit.data.errors import DataError
from backlit.data.kinds import Kind
from backlit.data.split import FEWEST_ROWS_TO_SPLIT
from backlit.data.survey import Facts

if TYPE_CHECKING:
    from backlit.data.table import Table

Missing = Literal["error", "drop", "impute"]

# Two points are on a line whatever they are: there is nothing to find out.
FEWEST_ROWS = 3


def kept_rows(
    table: Table, facts: Mapping[str, Facts], kinds: Mapping[str, Kind], missing: Missing
) -> tuple[np.ndarray, list[str]]:
    """The numbers of the rows to use, and a sentence about those that are not.  Shape: (kept rows,) int64.

    Raises DataError for missing values, with the count for each column and the first row, unless they are to be
    dropped or imputed; and where too few rows remain.
    """
    used = [facts[name] for name in facts if name in kinds or name == table.target]
    needed = [column for column in used if column.missing and (missing != "impute" or column.name == table.target)]
    kept, notes = np.arange(table.height), []
    if needed:
        counts = missing_counts({column.name: column.missing for column in needed})
        if missing == "error":
            row = min(column.first_missing for column in needed if column.first_missing is not None)
            raise DataError(
                f"Values are missing: {counts} (first in row {row}). Fill them in, or choose --missing drop, which "
                "leaves those rows out, or --missing impute, which puts in the mean or the most frequent text."
            )
        kept = _complete_rows(table.data, [column.name for column in needed])
        dropped = f"{table.height - len(kept):,} of {table.height:,} rows"
        notes = [f"{dropped} are dropped, since values are missing: {counts}."]
        if not len(kept):
            raise DataError(f"Every row misses a value ({counts}). Leave those columns out, or try --missing impute.")
    _check_enough(table, len(kept), notes)
    return kept, notes


def _check_enough(table: Table, rows: int, notes: list[str]) -> None:
    if rows < FEWEST_ROWS:
        raise DataError(
            f"{table.about} has {rows} row{'s' * (rows != 1)} to learn from, and at least {FEWEST_ROWS} are "
            f"needed ({FEWEST_ROWS_TO_SPLIT} to hold some out for a test).{''.join(f' {note}' for note in notes)}"
        )


def _complete_rows(data: Data, names: list[str]) -> np.ndarray:
    import polars as pl

    complete = [
        start + frame.select(pl.all_horizontal(pl.all().is_not_null())).to_series().arg_true().to_numpy()
        for start, frame in chunks(data, names)
    ]
    return np.concatenate(complete).astype(np.int64)


def filled_in(columns: list[Column], facts: Mapping[str, Facts]) -> list[str]:
    """A sentence about each column with values that were missing and are not any more."""
    notes = []
    for column in columns:
        count = facts[column.name].missing
        if count and column.fill is not None:
            what = f"mean, {column.fill:g}" if column.kind == "number" else f"most frequent text, {column.fill!r}"
            notes.append(
                f"{count:,} missing value{'s' * (count > 1)} of '{column.name}': filled in with its {what} "
                "(of the training rows)."
            )
    return notes
