"""From a file to a table of typed columns, with every complaint in words about the file and its lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from backlit.data.errors import DataError

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# Ways in which files say "no value". Words that may be values of their own ("None", "-") are not among them.
MISSING = ["", "NA", "N/A", "n/a", "null", "NULL", "?"]


def read_csv(path: str | Path) -> pl.DataFrame:
    """The rows of a CSV file (comma, semicolon or tab; UTF-8; first line the names), with a type for each column.

    Rows without a single value (blank lines) are left out; numbers with spaces around them are numbers.
    Raises DataError for a file that is missing, empty, binary, ragged, wrongly encoded, or has a name twice.
    """
    path = Path(path)
    names, separator = _header(path)
    _check_names(path, names)
    frame = _parse(path, separator, names)
    frame = frame.filter(~_all_missing(frame)) if frame.width > 1 else frame
    if frame.height == 0:
        raise DataError(f"{path} has a line of column names and no rows below it.")
    if any(frame.null_count().row(0)):
        _check_line_lengths(path, separator, len(names))
    return _numbers_in_text(frame)


def _header(path: Path) -> tuple[list[str], str]:
    """The column names, and the separator: the one of the three that the first line holds most of."""
    if path.is_dir():
        raise DataError(f"{path} is a directory. Give a CSV file inside it.")
    try:
        with open(path, "rb") as file:
            head = file.read(1 << 16)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}. Is the path right, seen from the current directory?") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not head.strip():
        raise DataError(f"{path} is empty. The first line must name the columns, and each row follows on a line.")
    if b"\0" in head:
        raise DataError(f"{path} is not text: it holds zero bytes. Save the table as CSV (UTF-8) and give that file.")
    first = next(line for line in head.decode("utf-8-sig", errors="replace").splitlines() if line.strip())
    separator = max(SEPARATORS, key=first.count)
    return [name.strip() for name in next(csv.reader([first], delimiter=separator))], separator


def _check_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path} has {len(twice)} column name(s) more than once: {twice}. Rename them apart.")
    if "" in names:
        raise DataError(f"{path}: column {names.index('') + 1} has no name in the first line. Give it one.")
    if all(_is_number(name) for name in names):
        raise DataError(
            f"{path}: the first line holds numbers ({', '.join(names[:4])}), and should name the columns. "
            "Add a line such as: width,height,label"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(path: Path, separator: str, names: list[str]) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(
            path,
            separator=separator,
            new_columns=names,
            null_values=MISSING,
            infer_schema_length=None,  # the type of a column is decided by all its rows
        )
    except pl.exceptions.PolarsError as error:
        _check_encoding(path)
        _check_line_lengths(path, separator, len(names))
        reason = str(error).split("\n")[0]
        raise DataError(f"{path} cannot be read as CSV: {reason}. Is a quotation mark left open?") from None


def _check_encoding(path: Path) -> None:
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path}, line {number}: byte 0x{line[error.start]:02x} is not UTF-8. "
                    "Save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')."
                ) from None


def _check_line_lengths(path: Path, separator: str, columns: int) -> None:
    """Slow and only for files already known to be amiss: names the first line of another length than the header."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, delimiter=separator)
        for fields in reader:
            if fields and len(fields) != columns:
                raise DataError(
                    f"{path}, line {reader.line_num} has {len(fields)} fields, and the first line names {columns} "
                    f"columns ({SEPARATORS[separator]} between them). Is a separator missing, or text not quoted?"
                )


def _all_missing(frame: pl.DataFrame) -> pl.Expr:
    import polars as pl

    return pl.all_horizontal(pl.all().is_null())


def _numbers_in_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Text columns whose every value is a number once the spaces around it are gone, as numbers."""
    import polars as pl

    def mended(column: pl.Series) -> pl.Series:
        numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
        return numbers if numbers.null_count() == column.null_count() else column

    return frame.with_columns([mended(column) for column in frame if column.dtype == pl.String])
