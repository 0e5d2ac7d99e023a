"""A finished run's pictures as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backlit.data.columns import Number
from backlit.report.classes import predicted

if TYPE_CHECKING:
    from backlit.plots.boundary import Regions
    from backlit.train.table import Trained

#: Classes that a confusion matrix has room for.
MOST_CLASSES = 40


def write_pictures(trained: Trained, folder: Path) -> None:
    """`loss.png`; `confusion.png` for classes, and `boundary.png` for two inputs; `residuals.png` for a quantity.

    Each is of the test rows, or where none were held out of all. The same run gives the same bytes.
    """
    from backlit import plots

    prepared, task = trained.prepared, trained.prepared.task
    if trained.history.epochs:
        plots.save(plots.loss_curves(trained.history), folder / "loss.png")
    part = prepared.parts.get("test", prepared.parts["train"])
    y, scores = part.y, trained.scores_of(part.x)
    if task.kind == "regression":
        true, said = (np.asarray(v, float)[:, 0] * task.std + task.mean for v in (y, scores))
        plots.save(plots.residuals(true, said), folder / "residuals.png")
        return
    labels = [str(label) for label in task.labels]
    if len(labels) <= MOST_CLASSES:
        classes = y.reshape(-1).astype(np.int64)
        plots.save(plots.confusion_matrix(classes, predicted(task, scores), labels), folder / "confusion.png")
    if len(prepared.features) == 2:
        from backlit.plots.boundary import draw

        plots.save(draw(boundary(trained), prepared.features), folder / "boundary.png")


def boundary(trained: Trained) -> Regions:
    """What the network of two inputs answers over their plane, in the table's own units, and rows of all parts."""
    from backlit.plots.boundary import regions

    prepared = trained.prepared
    x = np.concatenate([part.x for part in prepared.parts.values()])
    y = np.concatenate([part.y.reshape(-1) for part in prepared.parts.values()])
    labels = [str(label) for label in prepared.task.labels]
    scales = [
        (column.mean, column.std) if isinstance(column, Number) else (0.0, 1.0)
        for column in prepared.columns
        for _ in column.features
    ]
    return regions(trained.model, x, y, labels, scales)
