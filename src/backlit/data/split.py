"""Which rows are trained on, and which are held out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.errors import DataError
from backlit.data.task import Task

if TYPE_CHECKING:
    import polars as pl

# Held out of every table that is large enough: half for early stopping, half for the figure that is reported.
HELD_PERCENT = 30
# Fewer rows than this leave parts too small to mean anything.
FEWEST_ROWS_TO_SPLIT = 20
# One output a class: a target of more values than this is a name or a sentence, not a class.
MOST_CLASSES = 1000


def split_rows(task: Task, target: pl.Series, is_whole: bool, seed: int) -> dict[str, np.ndarray]:
    """The row numbers of `train`, `validation` and `test`, each class in its proportion; only `train` if few rows.

    The rows are shuffled, sorted by class, and taken at even distances: systematic sampling (Madow & Madow, "On the
    Theory of Systematic Sampling", 1944), which gives each class its share to within one row and needs little memory
    where rows are many.
    """
    rows = target.len()
    if is_whole or rows < FEWEST_ROWS_TO_SPLIT:
        return {"train": np.arange(rows)}
    # A stream apart: data that somebody drew with default_rng(0) must not lie in the order in which seed 0 deals them.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    order = rng.permutation(rows)
    if task.kind != "regression":
        labels = task.indices(target)
        _check_classes(task, target.name, labels)
        order = order[np.argsort(labels.astype(np.int16)[order], kind="stable")]
    held_rows = math.ceil(rows * HELD_PERCENT / 100)
    is_held = _evenly_chosen(rows, held_rows, rng)
    held = order[is_held]
    is_test = _evenly_chosen(held_rows, math.ceil(held_rows / 2), rng)
    return {"train": np.sort(order[~is_held]), "validation": np.sort(held[~is_test]), "test": np.sort(held[is_test])}


def _evenly_chosen(rows: int, chosen: int, rng: np.random.Generator) -> np.ndarray:
    """Which of the rows are chosen: `chosen` of them, evenly spaced, from a random start.  Shape: out (rows,) bool."""
    start = rng.random()
    is_chosen = np.zeros(rows, bool)
    is_chosen[((np.arange(chosen) + start) * (rows / chosen)).astype(np.int64)] = True
    return is_chosen


def class_weights(task: Task, target: pl.Series) -> np.ndarray:
    """rows / (classes * rows of the class): all classes then count the same in the loss.  Shape: out (classes,).

    Source: King & Zeng, "Logistic Regression in Rare Events Data" (2001); scikit-learn's "balanced".
    Raises DataError for a quantity, which has no classes.
    """
    if task.kind == "regression":
        raise DataError(f"There are no classes to balance: the target '{target.name}' is a quantity.")
    counts = np.bincount(task.indices(target), minlength=len(task.labels))
    return target.len() / (len(task.labels) * np.maximum(counts, 1))


def _check_classes(task: Task, name: str, labels: np.ndarray) -> None:
    held_rows = len(labels) * HELD_PERCENT // 100
    if len(task.labels) > min(held_rows, MOST_CLASSES):
        raise DataError(
            f"The target '{name}' has {len(task.labels):,} classes in {len(labels):,} rows: too few of each to "
            "learn. Is it an identifier, a date or a sentence? Choose another column with --target."
        )
    rare = np.flatnonzero(np.bincount(labels) == 1)
    if rare.size:
        classes = "a class" if rare.size == 1 else f"{rare.size:,} classes"
        raise DataError(
            f"The target '{name}' has {classes} with one row only, such as {task.labels[rare[0]]!r}, which cannot be "
            "both learned and tested. Drop such rows, or join the class to another."
        )
