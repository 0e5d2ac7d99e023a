"""A table with its target, from a file or a built-in problem, and its rows made into arrays to train on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np

from backlit.data import chunks
from backlit.data.arrays import empty
from backlit.data.chunks import Data
from backlit.data.columns import Column, encode_columns, quoted
from backlit.data.errors import DataError
from backlit.data.files import open_table
from backlit.data.fitting import fit_columns
from backlit.data.kinds import Kind, check_finite, check_number_texts, kind_of, reason_to_leave_out
from backlit.data.missing import Missing, filled_in, kept_rows
from backlit.data.problems import PROBLEMS
from backlit.data.split import FEWEST_ROWS_TO_SPLIT, class_weights, split_rows
from backlit.data.survey import Facts, survey
from backlit.data.task import Task, find_task
from backlit.suggest import did_you_mean

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Table:
    """Typed columns, one of them the target. `digest` is the SHA-256 of the data; `is_whole` forbids a split.

    `data` are the rows, in memory or still in a file larger than that; `frame` brings all of them into memory.
    `source` is what `load_table` was given: with it the same table is loaded again.
    """

    name: str
    about: str
    data: Data
    target: str
    digest: str
    is_whole: bool = False
    source: str = ""

    @property
    def frame(self) -> pl.DataFrame:
        """All rows, in memory. For some of a streamed table use `pick`."""
        return chunks.whole(self.data)

    @property
    def is_streamed(self) -> bool:
        """Whether the rows are still in the file."""
        import polars as pl

        return isinstance(self.data, pl.LazyFrame)

    @property
    def height(self) -> int:
        """The number of rows."""
        return chunks.height(self.data)

    @property
    def columns(self) -> list[str]:
        """The names of all columns, the target among them."""
        return chunks.names(self.data)

    def pick(self, rows: np.ndarray) -> pl.DataFrame:
        """Some rows by number (from 0), in that order.  Shape: rows (n,)."""
        return chunks.pick(self.data, np.asarray(rows))

    def column(self, name: str) -> pl.Series:
        """One column, in memory."""
        return chunks.whole(self.data.select(name)).to_series()


@dataclass(frozen=True)
class Part:
    """Some rows as arrays.  Shape: x (rows, features) float32, y as the task encodes it, rows (rows,) int64.

    `rows` are their numbers in the table, from 0.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Prepared:
    """A table made ready: its task, its columns' encoders, its parts (train, validation and test, or only train).

    `left_out` are the columns that are no inputs, each with the reason, and `notes` sentences about what was done.
    `class_weights` (classes,) are there if they were asked for. `facts` tell what every column holds.
    """

    table: Table
    task: Task
    columns: list[Column]
    parts: dict[str, Part]
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    class_weights: np.ndarray | None = None
    facts: dict[str, Facts] = field(default_factory=dict)

    @property
    def features(self) -> list[str]:
        """The names of the network's inputs."""
        return [feature for column in self.columns for feature in column.features]


def load_table(source: str, target: str | None = None) -> Table:
    """The table that `source` names: a built-in problem, or a CSV, TSV, Parquet or .npz file.

    The target is the last column if not given.
    Raises DataError for a source or a target that is not there (with the closest names), and for a file amiss.

    >>> load_table("xor").frame.shape
    (4, 3)
    """
    if source in PROBLEMS:
        problem = PROBLEMS[source]
        frame = problem.make()
        digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
        named = _target(frame, target or problem.target)
        return Table(source, problem.about, frame, named, digest, problem.is_whole, source)
    path = Path(source)
    if not path.suffix and not path.exists():
        raise DataError(f"'{source}' is neither a file nor a built-in problem. {did_you_mean(source, PROBLEMS)}")
    data = open_table(path)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    named = _target(data, target or chunks.names(data)[-1])
    return Table(path.stem, path.name, data, named, digest, source=source)


def prepare(table: Table, seed: int = 0, missing: Missing = "error", balance: bool = False) -> Prepared:
    """Find the task, split the rows by `seed`, and encode them with the statistics of the training rows.

    Columns that are dates, identifiers, constant or empty are left out. `missing` values are an error, or their rows
    are dropped, or they are filled in with the mean or the most frequent text of the training rows ("impute"; a row
    without its target is then dropped). With `balance`, classes get weights that make the rare ones count.
    Raises DataError for data that cannot be trained on, with the column and the row.

    >>> prepared = prepare(load_table("iris"))
    >>> prepared.task.kind, len(prepared.parts["train"]), prepared.features
    ('classes', 105, ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'])
    """
    if missing not in get_args(Missing):
        raise ValueError(f"prepare: missing must be one of {', '.join(map(repr, get_args(Missing)))}, not {missing!r}.")
    facts = survey(table.data)
    left_out, kinds = _sort_columns(table, facts)
    kept, notes = kept_rows(table, facts, kinds, missing)
    target = table.column(table.target)
    task, target = find_task(target if len(kept) == len(target) else target.gather(kept))
    split = split_rows(task, target, table.is_whole, seed)
    is_train = np.zeros(table.height, bool)
    is_train[kept[split["train"]]] = True
    columns, without_sense = fit_columns(table.data, kinds, is_train, missing == "impute")
    left_out |= without_sense
    _check_inputs_left(table, columns, left_out)
    train_target = target.gather(split["train"])
    task = task.fitted(train_target)
    weights = class_weights(task, train_target) if balance else None
    parts = _encode_parts(table, columns, task.encode(target), kept, split)
    notes = [*_left_out(left_out), *notes, *filled_in(columns, facts), *_weighed(task, weights), *_rare(task, target)]
    return Prepared(table, task, columns, parts, left_out, notes, weights, facts)


def _sort_columns(table: Table, facts: Mapping[str, Facts]) -> tuple[dict[str, str], dict[str, Kind]]:
    """The input columns that are left out, each with the reason, and what kind each of the others is."""
    inputs = [name for name in facts if name != table.target]
    if not inputs:
        raise DataError(
            f"'{table.target}' is the only column of {table.about}: nothing is left to predict it from. Columns of a "
            "text file are separated by commas, semicolons or tabs."
        )
    reasons = {name: reason_to_leave_out(facts[name]) for name in inputs}
    left_out = {name: reason for name, reason in reasons.items() if reason is not None}
    _check_inputs_left(table, [name for name in inputs if name not in left_out], left_out)
    for name, column in facts.items():
        if name not in left_out:
            check_number_texts(column)
            check_finite(column)
    return left_out, {name: kind_of(facts[name]) for name in inputs if name not in left_out}


def _check_inputs_left(table: Table, inputs: list[str] | list[Column], left_out: Mapping[str, str]) -> None:
    if not inputs:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in left_out.items())
        raise DataError(f"No column is left to predict '{table.target}' from. Left out are {reasons}.")


def _encode_parts(
    table: Table, columns: list[Column], y: np.ndarray, kept: np.ndarray, split: Mapping[str, np.ndarray]
) -> dict[str, Part]:
    """Each part's arrays, filled a chunk at a time, so that the table is in memory at most once.

    Shape: y (kept rows, ...); `split` numbers the kept rows, `kept` says which of the table's they are.
    """
    width = sum(len(column.features) for column in columns)
    rows = {name: kept[numbers] for name, numbers in split.items()}
    x = {name: empty((len(numbers), width), table.is_streamed) for name, numbers in rows.items()}
    for start, frame in chunks.chunks(table.data, [column.name for column in columns]):
        for name, numbers in rows.items():
            first, last = np.searchsorted(numbers, [start, start + frame.height])
            x[name][first:last] = encode_columns(columns, frame[numbers[first:last] - start])
    return {name: Part(x[name], y[split[name]], rows[name]) for name in split}


def _left_out(reasons: Mapping[str, str]) -> list[str]:
    """A sentence for each reason, with all the columns that it holds for."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return [f"Left out, since {reason}: {quoted(each)}." for reason, each in names.items()]


def _weighed(task: Task, weights: np.ndarray | None) -> list[str]:
    if weights is None:
        return []
    listed = ", ".join(f"{label} {weight:.3g}" for label, weight in zip(task.labels[:10], weights, strict=False))
    return [f"The classes weigh in the loss: {listed}{', ...' * (len(task.labels) > 10)}."]


def _rare(task: Task, target: pl.Series) -> list[str]:
    """Only where nothing is held out: of a table that is split, such a class is an error."""
    if task.kind == "regression" or target.len() > FEWEST_ROWS_TO_SPLIT:
        return []
    single = [label for label, count in target.value_counts().sort(target.name).iter_rows() if count == 1]
    return [f"The class {single[0]!r} has one row only."] if len(single) == 1 else []


def _target(data: Data, name: str) -> str:
    known = chunks.names(data)
    if name not in known:
        raise DataError(f"There is no column '{name}' to be the target. {did_you_mean(name, known)}")
    return name
