"""A table with its target, from a file or a built-in problem, and its split into arrays to train on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.columns import Number, check_complete, check_finite, check_inputs, encode_columns, fit_columns
from backlit.data.errors import DataError
from backlit.data.files import read_csv
from backlit.data.problems import PROBLEMS
from backlit.data.task import Task, find_task
from backlit.suggest import did_you_mean

if TYPE_CHECKING:
    import polars as pl

# Held out of every table that is large enough: for early stopping, and for the figure that is reported.
VALIDATION_SHARE = 0.15
TEST_SHARE = 0.15
# Fewer rows than this leave parts too small to mean anything.
FEWEST_ROWS_TO_SPLIT = 20


@dataclass(frozen=True)
class Table:
    """Typed columns, one of them the target. `digest` is the SHA-256 of the data; `is_whole` forbids a split."""

    name: str
    about: str
    frame: pl.DataFrame
    target: str
    digest: str
    is_whole: bool = False


@dataclass(frozen=True)
class Part:
    """Some rows as arrays.  Shape: x (rows, features) float32, y as the task encodes it."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Prepared:
    """A table made ready: its task, its columns' encoders, its parts (train, validation and test, or only train)."""

    table: Table
    task: Task
    columns: list[Number]
    parts: dict[str, Part]

    @property
    def features(self) -> list[str]:
        """The names of the network's inputs."""
        return [feature for column in self.columns for feature in column.features]


def load_table(source: str, target: str | None = None) -> Table:
    """The table that `source` names: a built-in problem, or a CSV file. The target is the last column if not given.

    Raises DataError for a source or a target that is not there (with the closest names), and for a file amiss.

    >>> load_table("xor").frame.shape
    (4, 3)
    """
    if source in PROBLEMS:
        problem = PROBLEMS[source]
        frame = problem.make()
        digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
        return Table(source, problem.about, frame, _target(frame, target or problem.target), digest, problem.is_whole)
    path = Path(source)
    if not path.suffix and not path.exists():
        raise DataError(f"'{source}' is neither a file nor a built-in problem. {did_you_mean(source, PROBLEMS)}")
    frame = read_csv(path)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Table(path.stem, path.name, frame, _target(frame, target or frame.columns[-1]), digest)


def prepare(table: Table, seed: int = 0) -> Prepared:
    """Find the task, split the rows by `seed`, and encode them with the statistics of the training rows.

    Raises DataError for missing or infinite values, text among the inputs, no inputs, a constant target.
    """
    check_complete(table.frame)
    inputs = table.frame.drop(table.target)
    if inputs.width == 0:
        raise DataError(f"'{table.target}' is the only column of {table.about}: nothing is left to predict it from.")
    check_inputs(inputs)
    check_finite(table.frame[table.target])
    task, target = find_task(table.frame[table.target])
    rows = split_rows(task, target, table.is_whole, seed)
    columns = fit_columns(inputs[rows["train"]])
    task = task.fitted(target[rows["train"]])
    x, y = encode_columns(columns, inputs), task.encode(target)
    return Prepared(table, task, columns, {name: Part(x[part], y[part]) for name, part in rows.items()})


def split_rows(task: Task, target: pl.Series, is_whole: bool, seed: int) -> dict[str, np.ndarray]:
    """The row numbers of `train`, `validation` and `test`, each class in its proportion; only `train` if few rows."""
    everything = np.arange(target.len())
    if is_whole or len(everything) < FEWEST_ROWS_TO_SPLIT:
        return {"train": everything}
    from sklearn.model_selection import train_test_split

    labels = None if task.kind == "regression" else np.asarray(target.to_list())
    if labels is not None:
        _check_classes(task, target)
    held = VALIDATION_SHARE + TEST_SHARE
    train, rest = train_test_split(everything, test_size=held, random_state=seed, stratify=labels)
    inner = None if labels is None or min(np.unique(labels[rest], return_counts=True)[1]) < 2 else labels[rest]
    validation, test = train_test_split(rest, test_size=TEST_SHARE / held, random_state=seed, stratify=inner)
    return {"train": np.sort(train), "validation": np.sort(validation), "test": np.sort(test)}


def _check_classes(task: Task, target: pl.Series) -> None:
    held_rows = int(target.len() * (VALIDATION_SHARE + TEST_SHARE))
    if len(task.labels) > held_rows:
        raise DataError(
            f"The target '{target.name}' has {len(task.labels)} classes in {target.len()} rows: too few of each to "
            "learn. Is it an identifier or a date? Choose another column with --target."
        )
    rare = [label for label, count in target.value_counts().sort(target.name).iter_rows() if count < 2]
    if rare:
        raise DataError(
            f"The target '{target.name}' has {len(rare)} class(es) with one row only, such as {rare[0]!r}: "
            "it cannot be both learned and tested. Drop those rows, or join the class to another."
        )


def _target(frame: pl.DataFrame, name: str) -> str:
    if name not in frame.columns:
        raise DataError(f"There is no column '{name}' to be the target. {did_you_mean(name, frame.columns)}")
    return name
