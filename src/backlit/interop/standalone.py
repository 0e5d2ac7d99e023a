"""What every exported program has in it, whichever library computes its network: these functions' source is copied.

They use the standard library only, so that a program needs nothing else for its table.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Ways in which files say "no value"; `data.files` reads them so.
MISSING = ("", "NA", "N/A", "n/a", "null", "NULL", "?")


def read_weights(path: Path) -> dict[str, tuple[str, list[int], bytearray]]:
    """The arrays of a safetensors file: their type, their shape, and their numbers as bytes.

    The file begins with the length of a JSON header (8 bytes), which says where each array's numbers lie behind it.
    """
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        arrays[name] = entry["dtype"], entry["shape"], bytearray(content[start + first : start + last])
    return arrays


def read_rows(path: str) -> tuple[list[dict[str, str]], str]:
    """The rows of a CSV file (UTF-8; the first line names the columns), and what separates: comma, semicolon or tab."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        separator = max(",;\t", key=file.readline().count)
        file.seek(0)
        reader = csv.reader(file, delimiter=separator)
        names = [name.strip() for name in next(reader)]
        rows = []
        for line in reader:
            if line and len(line) != len(names):
                raise ValueError(f"line {reader.line_num} has {len(line)} fields, and the first {len(names)} names")
            if any(cell not in MISSING for cell in line):
                rows.append(dict(zip(names, line, strict=True)))
    return rows, separator


def with_points(rows: list[dict[str, str]], columns: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows with 172,9 and 5.269,58 as 172.9 and 5269.58: files with semicolons have decimal commas."""
    names = [column["name"] for column in columns if column["kind"] == "number"]
    changed = []
    for row in rows:
        numbers = {name: row[name].strip() for name in names if name in row}
        is_written_so = {name: re.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+", numbers[name]) for name in numbers}
        pointed = {name: numbers[name].replace(".", "").replace(",", ".") for name in numbers if is_written_so[name]}
        changed.append({**row, **pointed})
    return changed


def encode(rows: list[dict[str, Any]], columns: list[dict[str, Any]]) -> list[list[float]]:
    """The network's inputs for each row. Raises ValueError, with the row, for what cannot be one."""
    encoded = []
    for number, row in enumerate(rows, 1):
        try:
            encoded.append([x for column in columns for x in encode_value(column, row[column["name"]])])
        except KeyError as error:
            raise ValueError(f"row {number} has no column {error}") from None
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
    return encoded


def encode_value(column: dict[str, Any], value: Any) -> list[float]:
    """A number standardised; a text as a 1 in the place of its category, or only zeros if training had not seen it."""
    if value is None or str(value).strip() in MISSING:
        value = column["fill"]
    if value is None:
        raise ValueError(f"a value is missing in column '{column['name']}'")
    if column["kind"] == "category":
        is_truth = set(column["values"]) == {"false", "true"}  # in a file also True and TRUE
        text = str(value).lower() if is_truth or isinstance(value, bool) else str(value)
        return [float(text == known) for known in column["values"]]
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"column '{column['name']}' holds {value!r}, and needs a finite number")
    return [(number - column["mean"]) / column["std"]]


def choose_labels(probabilities: list[list[float]], labels: list[Any]) -> list[dict[str, Any]]:
    """The likeliest label of each row, its probability, and that of every label, in a float32's 7 digits."""
    chosen = []
    for row in probabilities:
        digits = [float(f"{p:.7g}") for p in row]
        likeliest = row.index(max(row))
        named = {f"p({label})": p for label, p in zip(labels, digits, strict=True)}
        chosen.append({"prediction": labels[likeliest], "probability": digits[likeliest], **named})
    return chosen


def main(predict: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], columns: list[dict[str, Any]]) -> None:
    """The command line: reads the file that is named, writes its rows with their predictions to stdout."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {Path(sys.argv[0]).name} NEW.csv > PREDICTED.csv")
    try:
        rows, separator = read_rows(sys.argv[1])
        predictions = predict(with_points(rows, columns) if separator == ";" else rows)
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    if rows:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([*rows[0], *(f"{name}_2" if name in rows[0] else name for name in predictions[0])])
        for row, made in zip(rows, predictions, strict=True):
            cells = [str(value).lower() if isinstance(value, bool) else value for value in made.values()]
            writer.writerow([*row.values(), *cells])
