"""What a trained network says about new rows, in the target's own labels and units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.data.chunks import Data, chunks, whole
from backlit.data.columns import Number
from backlit.data.errors import DataError
from backlit.data.files import with_gaps
from backlit.data.new_rows import Oddities, encode_new
from backlit.data.task import Task
from backlit.nn.functional import sigmoid, softmax
from backlit.tensor import Tensor
from backlit.train.loop import outputs_of

if TYPE_CHECKING:
    import polars as pl

    from backlit.train.saved import SavedRun


@dataclass(frozen=True)
class Predictions:
    """The label or the quantity of each row.  Shape: scores (rows, outputs), probabilities (rows, classes) or None."""

    values: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray | None


class Predicting:
    """Predicts a table, and gathers what is to be said about it.

    The table needs the columns which the run was trained on. It may have more, the target among them. `cells` are its
    texts where it comes from a text file, as `cells_of` gives them: the types of few rows are no sure guide to what the
    training rows had. "01" among other codes is one of them, and is the number 1 where it stands alone.
    """

    def __init__(self, run: SavedRun, data: Data, cells: Data | None = None) -> None:
        self.run, self.data, self.cells = run, data, cells
        self.oddities = Oddities()
        self._targets: list[pl.Series] = []
        self._scores: list[np.ndarray] = []

    def pieces(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, Predictions]]:
        """All rows, or those of a file that is streamed some at a time: with types, as they came, and the predictions.

        Raises DataError for a column that is missing, and for values that are missing or of another kind.
        """
        import polars as pl

        target = self.run.target
        for start, frame in [(0, self.data)] if isinstance(self.data, pl.DataFrame) else chunks(self.data):
            rows = frame if self.cells is None else whole(self.cells.slice(start, frame.height))
            values = rows if self.cells is None else self._values(frame, rows)
            scores = self._scores_of(start, values.drop(target, strict=False))
            if target in values.columns:
                self._targets.append(values[target])
                self._scores.append(scores)
            yield frame, rows, values_of(self.run.task, scores)

    def _values(self, frame: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
        """The texts of the cells, but numbers where the run needs some and the reader found them."""
        wanted = {column.name for column in self.run.columns if isinstance(column, Number)}
        wanted |= {self.run.target} if self.run.task.kind == "regression" else set()
        return with_gaps(cells).with_columns(
            column for column in frame if column.name in wanted and column.dtype.is_numeric()
        )

    def _scores_of(self, start: int, inputs: pl.DataFrame) -> np.ndarray:
        try:
            x = encode_new(self.run.columns, inputs, self.oddities)
        except DataError as error:
            raise DataError(f"{f'Counted from row {start + 1:,}: ' if start else ''}{error}") from None
        return outputs_of(self.run.model, Tensor.wrap(x)).array

    def measured(self) -> list[str]:
        """A sentence on how well the target was met, where the table has it."""
        import polars as pl

        if not self._targets:
            return []
        target = pl.concat(self._targets)
        measures, rows = measure_target(self.run.task, target, np.concatenate(self._scores))
        has = f"The file has the target '{target.name}'"
        if not rows:
            return [f"{has}, and no row of it a value that the network knows."]
        listed = ", ".join(f"{name} {value:.4f}" for name, value in measures.items() if not math.isnan(value))
        others = target.len() - rows
        left_out = f"; {others:,} without a known one left out" if others else ""
        return [f"{has}: {listed} on {rows:,} row{'s' * (rows > 1)}{left_out}."]


def values_of(task: Task, scores: np.ndarray) -> Predictions:
    """What scores mean in the target's own labels or units."""
    if task.kind == "regression":
        quantity = scores[:, 0].astype(np.float64) * task.std + task.mean
        return Predictions(np.round(quantity, task.decimals), scores, None)
    tensor = Tensor.wrap(scores)
    if task.kind == "binary":
        probabilities = np.concatenate([sigmoid(-tensor).array, sigmoid(tensor).array], axis=1)
        chosen = (scores[:, 0] > 0).astype(np.int64)
    else:
        probabilities, chosen = softmax(tensor, dim=1).array, scores.argmax(axis=1)
    return Predictions(np.array(task.labels)[chosen], scores, probabilities)


def column_names(task: Task, taken: Iterable[str]) -> dict[str, str]:
    """What the new columns are called: `prediction`, for classes also `probability` (that of the prediction) and one
    `p(LABEL)` for each class. A name that the table has already gets `_2` (or `_3`, ...) behind it.
    """
    wanted = ["prediction"]
    if task.kind != "regression":
        wanted += ["probability", *(f"p({label})" for label in task.labels)]
    used, names = set(taken), {}
    for name in wanted:
        tries = (name if i == 1 else f"{name}_{i}" for i in range(1, len(used) + 2))
        names[name] = next(each for each in tries if each not in used)
        used.add(names[name])
    return names


def new_columns(predicted: Predictions, names: dict[str, str]) -> pl.DataFrame:
    """The predictions as columns under these names."""
    import polars as pl

    columns: list[Any] = [predicted.values]
    if predicted.probabilities is not None:
        columns += [predicted.probabilities.max(axis=1), *predicted.probabilities.T]
    return pl.DataFrame([pl.Series(name, values) for name, values in zip(names.values(), columns, strict=True)])


def measure_target(task: Task, target: pl.Series, scores: np.ndarray) -> tuple[dict[str, float], int]:
    """How well the scores predict a target that is known, and on how many rows: those with a value that can be right.

    A label that training had not seen, a missing value or a text where a quantity belongs is left out.
    """
    column = _numbers(target) if task.kind == "regression" else _labels(task, target)
    usable = column.is_not_null() if task.kind != "regression" else column.is_finite().fill_null(False)
    rows = int(usable.sum())
    if rows == 0:
        return {}, 0
    return task.measure(scores[usable.to_numpy()], task.encode(column.filter(usable))), rows


def _labels(task: Task, target: pl.Series) -> pl.Series:
    """The task's labels in a column of any type; null where a value is none of them."""
    import polars as pl

    labels, kind = list(task.labels), type(task.labels[0])
    if kind is int:
        return _numbers(target).replace_strict(list(map(float, labels)), labels, default=None, return_dtype=pl.Int64)
    texts = labels if kind is str else [str(label).lower() for label in labels]
    values = target.cast(pl.String) if kind is str else target.cast(pl.String).str.to_lowercase()
    return values.replace_strict(texts, labels, default=None, return_dtype=pl.String if kind is str else pl.Boolean)


def _numbers(column: pl.Series) -> pl.Series:
    import polars as pl

    texts = column.str.strip_chars() if column.dtype == pl.String else column
    return texts.cast(pl.Float64, strict=False)
