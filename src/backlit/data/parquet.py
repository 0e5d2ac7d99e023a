"""Parquet files: small ones are read, large ones stay where they are and stream."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from backlit.data.arrays import no_room
from backlit.data.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from backlit.data.chunks import Data

# Values, rows times columns, up to which a file is read into memory: 256 MB of float64.
MOST_VALUES_IN_MEMORY = 1 << 25
# A chunk reads whole groups: these are as large as the chunk of a table of a few columns.
ROWS_IN_GROUP = 1 << 16


def open_parquet(path: Path) -> Data:
    """The rows of a Parquet file: in memory, or, where they are many, to be streamed from the file.

    Raises DataError for a file that is damaged, is no Parquet file, or has no rows.
    """
    import polars as pl

    try:
        rows = _scan(path)
        width, height = len(rows.collect_schema()), rows.select(pl.len()).collect().item()
        if width and 0 < height * width <= MOST_VALUES_IN_MEMORY:
            return rows.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).split("\n")[0]
        raise DataError(f"{path} cannot be read as Parquet: {reason}. Is it complete, and a Parquet file?") from None
    if not width or not height:
        raise DataError(f"{path} has {width} columns and {height} rows: there is nothing to train on.")
    return rows


def through_parquet(
    rows: pl.LazyFrame, mend: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows
) -> pl.LazyFrame:
    """The same rows, mended and streamed from a temporary file that lasts as long as the answer."""
    folder = Path(tempfile.mkdtemp(prefix="backlit-"))
    try:
        _write(rows, folder / "rows.parquet")
        streamed = mend(_scan(folder / "rows.parquet"))
        weakref.finalize(streamed, shutil.rmtree, folder, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return streamed


def _write(rows: pl.LazyFrame, path: Path) -> None:
    """Raises DataError if the disk is full, which polars says like any fault of the rows themselves."""
    import polars as pl

    try:
        rows.sink_parquet(path, compression="lz4", row_group_size=ROWS_IN_GROUP)
    except (pl.exceptions.PolarsError, OSError) as error:
        if f"os error {errno.ENOSPC}" not in str(error) and getattr(error, "errno", None) != errno.ENOSPC:
            raise
        raise DataError(
            f"A large file is rewritten before it is read, and {no_room(os.strerror(errno.ENOSPC))}"
        ) from None


def _scan(path: Path) -> pl.LazyFrame:
    """As an address: polars would map a path into memory whole, which a limit on address space forbids."""
    import polars as pl

    return pl.scan_parquet(path.absolute().as_uri(), glob=False)
