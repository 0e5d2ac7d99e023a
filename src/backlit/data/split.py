"""Which rows are trained on, and which are held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backlit.data.errors import DataError
from backlit.data.task import Task

if TYPE_CHECKING:
    import polars as pl

# Held out of every table that is large enough: for early stopping, and for the figure that is reported.
VALIDATION_SHARE = 0.15
TEST_SHARE = 0.15
# Fewer rows than this leave parts too small to mean anything.
FEWEST_ROWS_TO_SPLIT = 20
# One output a class: a target of more values than this is a name or a sentence, not a class.
MOST_CLASSES = 1000


def split_rows(task: Task, target: pl.Series, is_whole: bool, seed: int) -> dict[str, np.ndarray]:
    """The row numbers of `train`, `validation` and `test`, each class in its proportion; only `train` if few rows."""
    everything = np.arange(target.len())
    if is_whole or len(everything) < FEWEST_ROWS_TO_SPLIT:
        return {"train": everything}
    from sklearn.model_selection import train_test_split

    labels = None if task.kind == "regression" else task.indices(target)
    if labels is not None:
        _check_classes(task, target.name, labels)
    held = VALIDATION_SHARE + TEST_SHARE
    train, rest = train_test_split(everything, test_size=held, random_state=seed, stratify=labels)
    inner = None if labels is None or min(np.unique(labels[rest], return_counts=True)[1]) < 2 else labels[rest]
    validation, test = train_test_split(rest, test_size=TEST_SHARE / held, random_state=seed, stratify=inner)
    return {"train": np.sort(train), "validation": np.sort(validation), "test": np.sort(test)}


def class_weights(task: Task, target: pl.Series) -> np.ndarray:
    """rows / (classes * rows of the class): all classes then count the same in the loss.  Shape: out (classes,).

    Source: King & Zeng, "Logistic Regression in Rare Events Data" (2001); scikit-learn's "balanced".
    """
    counts = np.bincount(task.indices(target), minlength=len(task.labels))
    return target.len() / (len(task.labels) * np.maximum(counts, 1))


def _check_classes(task: Task, name: str, labels: np.ndarray) -> None:
    held_rows = int(len(labels) * (VALIDATION_SHARE + TEST_SHARE))
    if len(task.labels) > min(held_rows, MOST_CLASSES):
        raise DataError(
            f"The target '{name}' has {len(task.labels):,} classes in {len(labels):,} rows: too few of each to "
            "learn. Is it an identifier or a text? Choose another column with --target."
        )
    rare = np.flatnonzero(np.bincount(labels) == 1)
    if rare.size:
        raise DataError(
            f"The target '{name}' has {rare.size} class(es) with one row only, such as {task.labels[rare[0]]!r}: "
            "it cannot be both learned and tested. Drop those rows, or join the class to another."
        )
