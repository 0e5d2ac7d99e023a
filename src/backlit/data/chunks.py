"""A table's rows some at a time, whether they lie in memory or stream from a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import polars as pl

Data: TypeAlias = "pl.DataFrame | pl.LazyFrame"

# Values in a chunk: 8 MB of float64, so that the few copies of it that encoding makes stay in a processor's cache.
CHUNK_VALUES = 1 << 20
# A table of thousands of columns still gets chunks worth their overhead.
FEWEST_ROWS = 256


def chunks(data: Data, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pl.DataFrame]]:
    """The number of its first row, from 0, with each chunk of rows; only these columns, or all."""
    import polars as pl

    chosen = data if columns is None else data.select(columns)
    wide = len(columns) if columns is not None else len(names(data))
    rows = max(CHUNK_VALUES // max(wide, 1), FEWEST_ROWS)
    for start in range(0, height(data), rows):
        part = chosen.slice(start, rows)
        yield start, part.collect() if isinstance(part, pl.LazyFrame) else part


def names(data: Data) -> list[str]:
    """The names of the columns."""
    return data.collect_schema().names()


def height(data: Data) -> int:
    """The number of rows; of a file, as it says itself."""
    import polars as pl

    return data.select(pl.len()).collect().item() if isinstance(data, pl.LazyFrame) else data.height


def whole(data: Data) -> pl.DataFrame:
    """All rows, in memory."""
    import polars as pl

    return data.collect() if isinstance(data, pl.LazyFrame) else data


def pick(data: Data, rows: np.ndarray) -> pl.DataFrame:
    """Some rows by number, in that order.  Shape: rows (n,), out (n, columns)."""
    import polars as pl

    if isinstance(data, pl.DataFrame):
        return data[rows]
    order = np.argsort(rows, kind="stable")  # the file is read once, from front to back
    ascending = rows[order]
    found = [data.head(0).collect()]
    for start, part in chunks(data):
        first, last = np.searchsorted(ascending, [start, start + part.height])
        found.append(part[ascending[first:last] - start])
    return pl.concat(found)[np.argsort(order)]
