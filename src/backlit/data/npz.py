"""NumPy's .npz archives as tables. Nothing pickled is read: that could run a stranger's program."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.errors import DataError

if TYPE_CHECKING:
    import polars as pl

INPUTS = ("X", "x", "data")
TARGETS = ("y", "target", "targets", "labels")
KINDS = {"b": "truth values", "i": "numbers", "u": "numbers", "f": "numbers", "U": "texts", "S": "texts"}


def read_npz(path: Path, has_target: bool = True) -> pl.DataFrame:
    """The inputs of an archive as columns x0, x1, ... and its targets as the last column, named as their array.

    The inputs are the array X, x or data, a row a sample, and whatever more axes it has are laid out as columns; the
    targets y, target, targets or labels. A single array of two axes has its targets in the last column.
    Without `has_target` there need be no targets: new rows have inputs only.
    Raises DataError for other archives, pickled ones among them.
    """
    try:
        if not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile(f"{path} is no archive")
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError) as error:
        pickled = "pickle" in str(error)
        why = "an array in it is pickled, and could run any program" if pickled else "it is no .npz archive, or damaged"
        raise DataError(
            f"{path} cannot be read: {why}. Write numbers or texts with np.savez(path, X=inputs, y=targets)."
        ) from None
    return _table(path, arrays, has_target)


def _table(path: Path, arrays: Mapping[str, np.ndarray], has_target: bool) -> pl.DataFrame:
    import polars as pl

    x_name = next((name for name in INPUTS if name in arrays), None)
    y_name = next((name for name in TARGETS if name in arrays), None)
    if x_name is not None and y_name is None and not has_target:
        return pl.DataFrame(_columns(arrays[x_name]))
    if x_name is None or y_name is None:
        only = next(iter(arrays.values())) if len(arrays) == 1 else None
        if only is None or only.ndim != 2 or only.shape[1] < 2:
            raise DataError(_which_is_which(path, arrays))
        x, y, y_name = only[:, :-1], only[:, -1], "y"
    else:
        x, y = arrays[x_name], arrays[y_name]
    for name, array in ((x_name or "the array", x), (y_name, y)):
        if array.dtype.kind not in KINDS:
            raise DataError(f"{path}: {name} is of dtype {array.dtype}, and must hold numbers or texts.")
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.ndim != 1 or x.ndim < 1 or len(x) != len(y):
        raise DataError(
            f"{path}: the inputs have the shape {x.shape} and the targets {y.shape}. "
            "Each needs a row for each sample, and the targets one value a row."
        )
    if len(y) == 0:
        raise DataError(f"{path} holds arrays without rows.")
    return pl.DataFrame({**_columns(x), y_name: _decoded(y)})


def _columns(x: np.ndarray) -> dict[str, np.ndarray]:
    flat = x.reshape(len(x), -1)
    return {f"x{i}": _decoded(flat[:, i]) for i in range(flat.shape[1])}


def _decoded(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "S":
        column = np.char.decode(column, "utf-8", "replace")
    # Half precision is no type of a table's, and fits into single precision exactly.
    return column.astype(np.float32) if column.dtype == np.float16 else np.ascontiguousarray(column)


def _which_is_which(path: Path, arrays: Mapping[str, np.ndarray]) -> str:
    listed = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
    return (
        f"{path} holds {listed}: which array is the inputs, and which the targets? Write "
        "np.savez(path, X=inputs, y=targets), or one array of two axes with the targets in its last column."
    )
