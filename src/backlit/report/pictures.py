"""A finished run's pictures as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backlit.report.classes import predicted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from backlit.train.table import Trained

#: Points of a picture; of more rows so many are drawn by the run's seed.
MOST_POINTS = 5000
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
    rows = some_rows(len(part), trained.options.seed)
    x, y = np.asarray(part.x[rows]), np.asarray(part.y[rows])
    scores = trained.scores_of(x)
    if task.kind == "regression":
        true, said = (np.asarray(v, float)[:, 0] * task.std + task.mean for v in (y, scores))
        plots.save(plots.residuals(true, said), folder / "residuals.png")
        return
    labels = [str(label) for label in task.labels]
    if len(labels) <= MOST_CLASSES:
        classes = y.reshape(-1).astype(np.int64)
        plots.save(plots.confusion_matrix(classes, predicted(task, scores), labels), folder / "confusion.png")
    if len(prepared.features) == 2:
        plots.save(boundary(trained, labels), folder / "boundary.png")


def boundary(trained: Trained, labels: list[str]) -> Figure:
    """The regions over the network's own (standardised) inputs, with rows of all parts."""
    from backlit import plots

    prepared = trained.prepared
    x = np.concatenate([part.x for part in prepared.parts.values()])
    y = np.concatenate([part.y.reshape(-1) for part in prepared.parts.values()])
    rows = some_rows(len(x), trained.options.seed)
    names = [f"{name} (standardised)" for name in prepared.features]
    return plots.decision_boundary(trained.model, x[rows], y[rows], labels=labels, inputs=names)


def some_rows(count: int, seed: int) -> np.ndarray:
    """The numbers of all rows, or of as many as a picture has room for."""
    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_POINTS, replace=False))
