"""The rows of a problem or of an uploaded table: noise, split, scaling, points added and removed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backlit.data.task import MOST_NUMERIC_CLASSES, ROWS_PER_NUMERIC_CLASS, Kind, Task
from backlit.live.messages import Refusal
from backlit.live.problems import SEED, Points, Problem
from backlit.tensor import Tensor

#: Rows that there may be, added points included.
MOST_ROWS = 50_000
#: One output a class.
MOST_CLASSES = 20
#: Streams of their own, so that more noise moves no point to the test rows.
DRAWN, NOISE, SPLIT = range(3)


@dataclass(frozen=True)
class Table:
    """An uploaded table: numbers in columns. A column of texts is given as numbers, with the text of each in `labels`.

    Shape: values (N, columns) float64, all finite.
    """

    names: list[str]
    values: np.ndarray
    labels: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """The rows that a network is trained and tested on, in their own units, and how the network is given them.

    Shape: inputs (N, F) float64, targets (N,) float64 (class numbers or values), is_test (N,) bool, mean and std (F,).
    `target_mean` and `target_std` are of a quantity's training rows; classes have 0 and 1.
    """

    names: tuple[str, ...]
    target: str
    inputs: np.ndarray
    targets: np.ndarray
    is_test: np.ndarray
    task: Task
    mean: np.ndarray
    std: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def kind(self) -> Kind:
        return self.task.kind

    @property
    def classes(self) -> list[str]:
        return [str(label) for label in self.task.labels]

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs as the network takes them.  Shape: (..., F) to (..., F) float32."""
        return ((inputs - self.mean) / self.std).astype(np.float32)

    def encoded(self, targets: np.ndarray) -> np.ndarray:
        """Targets as the loss takes them.  Shape: (n,) to (n, 1) float32, or (n,) int64 for several classes."""
        if self.kind == "classes":
            return targets.astype(np.int64)
        return ((targets - self.task.mean) / self.task.std).astype(np.float32)[:, None]

    @functools.cached_property
    def has_test(self) -> bool:
        """Whether any rows are held out."""
        return bool(self.is_test.any())

    @functools.cached_property
    def train(self) -> tuple[Tensor, Tensor]:
        """What is trained on, row by row."""
        return self._part(~self.is_test)

    @functools.cached_property
    def test(self) -> tuple[Tensor, Tensor]:
        """What is held out; no rows where nothing is."""
        return self._part(self.is_test)

    def _part(self, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        return Tensor.wrap(self.scaled(self.inputs[chosen])), Tensor.wrap(self.encoded(self.targets[chosen]))

    def with_point(self, at: np.ndarray, target: float) -> Rows:
        """One training row more. The scaling stays, since the network has learned in it. Raises Refusal if full."""
        if len(self) >= MOST_ROWS:
            raise Refusal(f"There are at most {MOST_ROWS:,} rows.")
        if self.kind != "regression" and target not in range(len(self.task.labels)):
            raise Refusal(f"The classes are 0 to {len(self.task.labels) - 1}, and {target:g} was given.")
        return dataclasses.replace(
            self,
            inputs=np.vstack([self.inputs, at]),
            targets=np.append(self.targets, target),
            is_test=np.append(self.is_test, False),
        )

    def without(self, row: int) -> Rows:
        """One row less. Raises Refusal for the last training row."""
        if not self.is_test[row] and np.count_nonzero(~self.is_test) == 1:
            raise Refusal("This is the last training row: without it there is nothing to train on.")
        kept = np.arange(len(self)) != row
        return dataclasses.replace(
            self, inputs=self.inputs[kept], targets=self.targets[kept], is_test=self.is_test[kept]
        )


def drawn(problem: Problem, count: int, noise: float, share: float, is_scaled: bool) -> Rows:
    """The rows of a built-in problem. `noise` is in standard deviations of what it is added to."""
    points = problem.make(stream(DRAWN), count)
    if noise and problem.is_drawn:
        points = with_noise(points, problem.kind, noise)
    return rows_from(points, problem.kind, 0 if problem.is_whole else share, is_scaled)


def with_noise(points: Points, kind: Kind, noise: float) -> Points:
    """Points moved at random; of a quantity, the values."""
    values = points.targets if kind == "regression" else points.inputs
    moved = values + stream(NOISE).normal(0, 1, values.shape) * noise * values.std(axis=0)
    return dataclasses.replace(points, **{"targets" if kind == "regression" else "inputs": moved})


def rows_from(points: Points, kind: Kind, share: float, is_scaled: bool) -> Rows:
    """Split points, and scale them by their training rows."""
    count = len(points.targets)
    is_test = np.zeros(count, bool)
    held = min(round(share * count), count - 1)
    is_test[stream(SPLIT).permutation(count)[:held]] = True
    trained, features = points.inputs[~is_test], points.inputs.shape[1]
    mean, std = (trained.mean(axis=0), trained.std(axis=0)) if is_scaled else (np.zeros(features), np.ones(features))
    task = Task(kind, points.classes)
    if kind == "regression":
        values = points.targets[~is_test]
        task = Task(kind, mean=float(values.mean()), std=float(values.std()) or 1.0)
    std = np.where(std > 0, std, 1.0)
    return Rows(points.names, points.target, points.inputs, points.targets, is_test, task, mean, std)


def stream(number: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(number,)))


def points_of(table: Table, target: str | None) -> tuple[Points, Kind]:
    """The problem that an uploaded table poses: its last column is to be told from the others, or the one named.

    Texts and few whole numbers are classes, other numbers a quantity. Raises Refusal for a table that poses none.
    """
    name = table.names[-1] if target is None else target
    if name not in table.names:
        raise Refusal(f"There is no column {name!r}. The columns are {', '.join(table.names)}.")
    if len(table.names) < 2:
        raise Refusal("The table has one column only. It needs inputs, and a last column that is to be predicted.")
    if len(table.values) < 2:
        raise Refusal("The table has a single row. It needs at least two, to learn from how they differ.")
    if len(table.values) > MOST_ROWS:
        raise Refusal(f"There are at most {MOST_ROWS:,} rows, and this table has {len(table.values):,}.")
    place = table.names.index(name)
    others = [column for column in table.labels if column != name]
    if others:
        raise Refusal(f"Column {others[0]!r} holds texts. Inputs are numbers; only the target may be texts.")
    inputs, values = np.delete(table.values, place, axis=1), table.values[:, place]
    distinct, numbers = np.unique(values, return_inverse=True)
    if len(distinct) == 1:
        raise Refusal(f"Column {name!r} is the same in every row, so there is nothing to learn.")
    names = tuple(column for column in table.names if column != name)
    few = min(MOST_NUMERIC_CLASSES, len(values) / ROWS_PER_NUMERIC_CLASS)
    is_whole = bool(np.all(values == np.round(values)))
    if name not in table.labels and not (is_whole and (len(distinct) == 2 or len(distinct) <= few)):
        return Points(names, inputs, values, target=name), "regression"
    texts = table.labels.get(name)
    classes = tuple(texts[int(value)] if texts else f"{value:g}" for value in distinct)
    if len(classes) > MOST_CLASSES:
        raise Refusal(f"Column {name!r} has {len(classes)} classes, and at most {MOST_CLASSES} can be shown.")
    return Points(names, inputs, numbers.astype(np.float64), classes, name), (
        "binary" if len(classes) == 2 else "classes"
    )
