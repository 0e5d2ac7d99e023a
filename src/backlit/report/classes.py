"""How well each class is predicted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from backlit.data.task import Task


class ClassMeasures(NamedTuple):
    """Of a class: its rows, how many of those called so are so, how many that are so are called so, and F1 of both."""

    rows: int
    precision: float
    recall: float
    f1: float


class Measured(NamedTuple):
    """Measures by label, and the confusion matrix: true classes down, predicted ones across.  Shape: (K, K)."""

    classes: dict[str, ClassMeasures]
    confusion: np.ndarray


def predicted(task: Task, scores: np.ndarray) -> np.ndarray:
    """The class number that each row's scores speak for.  Shape: scores (rows, outputs), out (rows,)."""
    return scores.argmax(axis=1) if task.kind == "classes" else (scores[:, 0] > 0).astype(np.int64)


def by_class(task: Task, scores: np.ndarray, y: np.ndarray) -> Measured:
    """Precision, recall and F1 of each class; 0 where there is nothing to divide by."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    numbers = list(range(len(task.labels)))
    true, said = y.reshape(-1).astype(np.int64), predicted(task, scores)
    columns = precision_recall_fscore_support(true, said, labels=numbers, zero_division=0)
    rows = [ClassMeasures(int(n), float(p), float(r), float(f)) for p, r, f, n in zip(*columns, strict=True)]
    labels = dict(zip((str(label) for label in task.labels), rows, strict=True))
    return Measured(labels, confusion_matrix(true, said, labels=numbers))
