"""From a file to a table of typed columns, with every complaint in words about the file and its lines."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backlit.data.chunks import Data, height, whole
from backlit.data.errors import DataError
from backlit.data.npz import read_npz
from backlit.data.numerals import with_numbers
from backlit.data.parquet import open_parquet, through_parquet

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
# Ways in which files say "no value". Words that may be values of their own ("None", "-") are not among them.
MISSING = ["", "NA", "N/A", "n/a", "null", "NULL", "?"]
PARQUET = (".parquet", ".pq")
# Text of this size becomes up to twice as much in memory, which is no burden yet.
MOST_BYTES_IN_MEMORY = 1 << 26
# What spreadsheets and programs save, and is no table of text: their suffixes, with what to do instead.
OTHERS = {
    ".xls": "Save the sheet as CSV (UTF-8), and give that file.",
    ".xlsx": "Save the sheet as CSV (UTF-8), and give that file.",
    ".ods": "Save the sheet as CSV (UTF-8), and give that file.",
    ".json": "Write it as CSV, with the names in the first line.",
    ".pkl": "A pickle can run any program, so none is opened: write the table as CSV or Parquet.",
    ".pickle": "A pickle can run any program, so none is opened: write the table as CSV or Parquet.",
    ".npy": "Write the arrays with np.savez(path, X=inputs, y=targets), and give that .npz file.",
}


def open_table(path: str | Path, has_target: bool = True) -> Data:
    """The rows of a CSV, TSV, Parquet or .npz file, in memory or, from a large Parquet file, to be streamed.

    Without `has_target` an .npz file may have inputs only.
    Raises DataError for a file that is missing, a directory, amiss, or of another kind.
    """
    path = Path(path)
    _head(path)
    suffix = path.suffix.lower()
    if suffix in OTHERS:
        raise DataError(f"{path}: {suffix} files are not read. {OTHERS[suffix]}")
    if suffix in PARQUET:
        return open_parquet(path)
    return read_npz(path, has_target) if suffix == ".npz" else open_csv(path)


def open_csv(path: str | Path) -> Data:
    """The rows of a CSV file (comma, semicolon or tab; UTF-8; first line the names), with a type for each column.

    A large file is rewritten as Parquet in a temporary folder, and streamed from there: typed and compressed it is
    quick to read once more, as training needs it.

    Rows without a single value (blank lines) are left out; numbers with spaces around them are numbers, and so are
    those with decimal commas where semicolons separate. A first column without a name, as pandas writes its index, is
    named "index".
    Raises DataError for a file that is missing, empty, binary, ragged, wrongly encoded, or has a name twice.
    """
    path = Path(path)
    names, separator = _header(path)
    check_names(path, names)
    rows = _parse(path, separator, names)
    if height(rows) == 0:
        raise DataError(f"{path} has a line of column names and no rows below it.")
    # A line that is too short misses, at least, its last value.
    if whole(rows.select(names[-1])).to_series().null_count():
        _check_line_lengths(path, separator, len(names))
    return rows


def cells_of(path: str | Path) -> Data | None:
    """The rows that `open_csv` gives, each cell as the text that stands in the file; None for other kinds of file.

    What is written back then keeps its leading zeros and its digits.
    """
    import polars as pl

    path = Path(path)
    if path.suffix.lower() in (*PARQUET, ".npz"):
        return None
    names, separator = _header(path)
    cells = pl.scan_csv(path, separator=separator, new_columns=names, infer_schema=False, glob=False)
    cells = cells.filter(~pl.all_horizontal(_says_nothing())) if len(names) > 1 else cells
    return through_parquet(cells) if _is_large(path) else cells.collect()


def with_gaps(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with null where the text says that there is no value."""
    import polars as pl

    return cells.with_columns(pl.when(~_says_nothing()).then(pl.all()))


def _says_nothing() -> pl.Expr:
    import polars as pl

    return pl.all().fill_null("").is_in(MISSING)


def _header(path: Path) -> tuple[list[str], str]:
    return header_of(path, _head(path), "\t" if path.suffix.lower() == ".tsv" else None)


def header_of(where: Path | str, head: bytes, separator: str | None = None) -> tuple[list[str], str]:
    """The column names in the first bytes of a file, and the separator: the one of the three that the first line holds
    most of, unless it is given. `where` is what errors call the file.

    Raises DataError for bytes that are no text, or none at all.
    """
    if not head.strip():
        raise DataError(f"{where} is empty. The first line must name the columns, and each row follows on a line.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{where} is UTF-16. Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8').")
    if b"\0" in head:
        raise DataError(f"{where} is not text: it holds zero bytes. Save the table as CSV (UTF-8) and give that file.")
    first = next(line for line in head.decode("utf-8-sig", errors="replace").splitlines() if line.strip())
    separator = separator or max(SEPARATORS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=separator))]
    if len(names) > 1 and names[0] == "" and "index" not in names:
        names[0] = "index"
    return names, separator


def _head(path: Path) -> bytes:
    """The first bytes of a file. Raises DataError unless it is a file that can be read."""
    if path.is_dir():
        raise DataError(f"{path} is a directory. Give a CSV file inside it.")
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}. Is the path right, seen from the current directory?") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def check_names(where: Path | str, names: list[str]) -> None:
    """Raise DataError unless each column has a name of its own; `where` is what errors call the file."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{where} has more than one column of the name {' and '.join(map(repr, twice))}. Rename them.")
    if "" in names:
        raise DataError(f"{where}: column {names.index('') + 1} has no name in the first line. Give it one.")
    if all(_is_number(name) for name in names):
        raise DataError(
            f"{where}: the first line holds numbers ({', '.join(names[:4])}), and should name the columns. "
            "Add a line such as: width,height,label"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(path: Path, separator: str, names: list[str]) -> Data:
    import polars as pl

    try:
        rows = pl.scan_csv(
            path,
            separator=separator,
            new_columns=names,
            null_values=MISSING,
            infer_schema_length=None,  # the type of a column is decided by all its rows
            glob=False,
        )
        rows = rows.filter(~pl.all_horizontal(pl.all().is_null())) if len(names) > 1 else rows
        # The semicolon separates where the comma is taken.
        mend = partial(with_numbers, has_decimal_commas=separator == ";")
        return through_parquet(rows, mend) if _is_large(path) else mend(rows.collect().lazy()).collect()
    except pl.exceptions.PolarsError as error:
        _check_encoding(path)
        _check_line_lengths(path, separator, len(names))
        reason = str(error).split("\n")[0]
        raise DataError(f"{path} cannot be read as CSV: {reason}. Is a quotation mark left open?") from None


def _is_large(path: Path) -> bool:
    return path.stat().st_size > MOST_BYTES_IN_MEMORY


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
