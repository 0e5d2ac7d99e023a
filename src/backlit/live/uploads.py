"""A table that somebody gives to the page: read within bounds, with every complaint naming its line.

Nothing of it is written to a disk, and its name is not even asked for.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

import numpy as np
from starlette.requests import Request

from backlit.data.errors import DataError
from backlit.data.files import SEPARATORS, check_names, header_of
from backlit.live.messages import Refusal
from backlit.live.rows import Table

MOST_BYTES = 5 << 20
MOST_ROWS = 50_000
MOST_COLUMNS = 64
#: Letters of a column's name, or of a class's.
LONGEST_TEXT = 100

Row = tuple[int, list[str]]


class UploadError(Refusal):
    """A table that is not taken; `status` is HTTP's number for the reason."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


async def body_of(request: Request) -> bytes:
    """What was sent, given up as soon as it is more than MOST_BYTES.

    Raises UploadError for another type than text/csv, and for too much of it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise UploadError(f"A table is sent as text/csv; received {kind[:80] or 'no type'}.", 415)
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > MOST_BYTES:
        raise too_large()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise too_large()
    return bytes(body)


def too_large() -> UploadError:
    words = f"The file has more than {MOST_BYTES >> 20} MB. Larger ones are trained on by: backlit train FILE"
    return UploadError(words, 413)


def read_table(body: bytes) -> Table:
    """The table in the bytes of a CSV file: comma, semicolon or tab; UTF-8; the names in the first line.

    A column that begins with a number holds finite numbers, any other one the names of classes.
    Raises UploadError, with the number of the line, for anything else and for more than the bounds.
    """
    names, separator = _header(body)
    try:
        rows = list(_rows(body, separator, len(names)))
    except csv.Error as error:
        raise UploadError(f"The file is not CSV: {error}. Is a quotation mark left open?") from None
    if not rows:
        raise UploadError("The file has a line of column names and no rows below it.")
    values, labels = np.empty((len(rows), len(names))), {}
    for number, name in enumerate(names):
        cells = [(line, fields[number].strip()) for line, fields in rows]
        if _number(cells[0][1], separator) is None:
            values[:, number], labels[name] = _classes(name, cells)
        else:
            values[:, number] = [_finite(name, line, cell, separator) for line, cell in cells]
    return Table(names, values, labels)


def _header(body: bytes) -> tuple[list[str], str]:
    """The names of the columns and the separator, once it is sure that the body is text within the bounds."""
    if len(body) > MOST_BYTES:
        raise too_large()
    try:
        names, separator = header_of("The file", body)
        body.decode("utf-8")
        check_names("The file", names)
    except (DataError, csv.Error) as error:
        raise UploadError(str(error)) from None
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{body[error.start]:02x} is not UTF-8"
        raise UploadError(f"Line {line}: {byte}. Save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8').") from None
    if not 2 <= len(names) <= MOST_COLUMNS:
        raise UploadError(f"The file has {len(names)} columns; 2 to {MOST_COLUMNS} are taken, one of them the target.")
    for name in names:
        _check_length(1, "a column's name", name)
    return names, separator


def _rows(body: bytes, separator: str, columns: int) -> Iterator[Row]:
    """The rows below the header, each with the number of its line; blank lines are left out."""
    reader = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True)
    lines = ((reader.line_num, fields) for fields in reader if any(field.strip() for field in fields))
    next(lines)
    for number, (line, fields) in enumerate(lines, 1):
        if number > MOST_ROWS:
            raise UploadError(f"Line {line}: the file has more than {MOST_ROWS:,} rows. Leave some out.", 413)
        if len(fields) != columns:
            raise UploadError(
                f"Line {line} has {len(fields)} fields, and the first line names {columns} columns "
                f"({SEPARATORS[separator]} between them). Is a separator missing, or text not quoted?"
            )
        yield line, fields


def _number(cell: str, separator: str) -> float | None:
    """The number that a cell holds, if it holds one. The semicolon separates where the comma is decimal."""
    if separator == ";" and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def _finite(name: str, line: int, cell: str, separator: str) -> float:
    number = _number(cell, separator)
    if number is not None and math.isfinite(number):
        return number
    if not cell:
        raise _wrong(line, name, "is empty. Fill it in, or leave the row out")
    wanted = "no number, and the column begins with one" if number is None else "not a finite number"
    raise _wrong(line, name, f"holds {cell[:LONGEST_TEXT]!r}, which is {wanted}")


def _classes(name: str, cells: list[tuple[int, str]]) -> tuple[list[int], list[str]]:
    """For each cell the number of its class, and the names of the classes in their order."""
    for line, cell in cells:
        if not cell:
            raise _wrong(line, name, "is empty. Fill it in, or leave the row out")
        _check_length(line, f"column {name!r}", cell)
    classes = sorted({cell for _, cell in cells})
    index = {cell: number for number, cell in enumerate(classes)}
    return [index[cell] for _, cell in cells], classes


def _check_length(line: int, where: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise UploadError(f"Line {line}: {where} has {len(text)} letters; at most {LONGEST_TEXT} are taken.")


def _wrong(line: int, name: str, what: str) -> UploadError:
    return UploadError(f"Line {line}: column {name!r} {what}.")
