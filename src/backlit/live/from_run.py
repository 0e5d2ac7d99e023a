"""A run of `backlit train`, taken up by the live page: its rows as they were split, its options, its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backlit.data.columns import Column, Number
from backlit.data.table import Prepared
from backlit.live.controls import Settings
from backlit.live.curves import Curves
from backlit.live.messages import Refusal
from backlit.live.problems import TABLE, Points
from backlit.live.rows import MOST_CLASSES, MOST_ROWS, Rows
from backlit.live.session import Session
from backlit.live.uploads import MOST_COLUMNS
from backlit.train.folder import RunFolderError
from backlit.train.options import Options
from backlit.train.resume import prepared_again, read_own_settings
from backlit.train.saved import SavedRun, load_run

#: For each control, the option of a run that it is.
CONTROLS = {
    "hidden": "hidden", "activation": "activation", "dropout": "dropout", "batch-norm": "batch_norm",
    "optimizer": "optimizer", "learning-rate": "lr", "l1": "l1", "l2": "l2", "batch": "batch", "seed": "seed",
}  # fmt: skip


def of_run(folder: Path) -> Session:
    """The session that shows a run's network with its trained weights, on the rows that it was trained and tested on.

    Raises RunFolderError for a folder that is no run, is damaged, whose data have changed, or whose network is beyond
    what the page shows; DataError for data that cannot be read.
    """
    run = load_run(folder)
    named, options = read_own_settings(folder, (), "be shown")
    prepared = prepared_again(folder, named, options, "be shown")
    try:
        _check_size(prepared)
        return _session(run, prepared)
    except Refusal as refusal:
        raise RunFolderError(f"{folder} is beyond what the live page shows. {refusal}") from None


def _check_size(prepared: Prepared) -> None:
    sizes = {
        "rows": (sum(map(len, prepared.parts.values())), MOST_ROWS),
        "inputs": (len(prepared.features), MOST_COLUMNS),
        "classes": (len(prepared.task.labels), MOST_CLASSES),
    }
    for name, (size, most) in sizes.items():
        if size > most:
            raise Refusal(f"It has {size:,} {name}, and at most {most:,} are shown.")


def _session(run: SavedRun, prepared: Prepared) -> Session:
    rows = rows_of(prepared)
    session = Session()
    session.table = Points(rows.names, rows.inputs, rows.targets, tuple(rows.classes), rows.target), rows.kind
    session.columns = [*rows.names, rows.target]
    session.settings = settings_of(run.options, float(rows.is_test.mean()))
    session.begin(rows)
    training = session.training
    training.model.load_state_dict(run.model.state_dict())
    training.curves = Curves(len(training.layers))  # what was measured belongs to the initial weights
    session.look()
    session.timeline.keep()
    session.notes = _notes(run)
    return session


def rows_of(prepared: Prepared) -> Rows:
    """The rows as the run split and scaled them, in their own units. Validation rows count as test rows."""
    task, parts = prepared.task, prepared.parts
    mean, std = _scale(prepared.columns)
    x = np.concatenate([part.x for part in parts.values()]).astype(np.float64)
    y = np.concatenate([part.y for part in parts.values()]).astype(np.float64).reshape(len(x))
    is_test = np.concatenate([np.full(len(part), name != "train") for name, part in parts.items()])
    inputs, targets = x * std + mean, y * task.std + task.mean  # classes have the mean 0 and the std 1
    return Rows(tuple(prepared.features), prepared.table.target, inputs, targets, is_test, task, mean, std)


def _scale(columns: list[Column]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and std of each input; one-hot inputs are taken as they are.  Shape: both (features,)."""
    pairs = [
        (column.mean, column.std) if isinstance(column, Number) else (0.0, 1.0)
        for column in columns
        for _ in column.features
    ]
    mean, std = np.array(pairs).T
    return mean, std


def settings_of(options: Options, test_share: float) -> Settings:
    """A run's options as the page has them. Raises Refusal for what is beyond its limits."""
    settings = Settings(problem=TABLE, test_share=round(min(test_share, 0.9), 2), scale=True)
    for control, option in CONTROLS.items():
        settings = settings.with_value(control, getattr(options, option))
    settings.check()
    return settings


def _notes(run: SavedRun) -> list[str]:
    """What is as it was at the end of the run, and what is not."""
    best = run.metrics.get("training", {}).get("best_epoch")
    when = f"after epoch {best}" if best else "at its end"
    notes = [f"The weights are those of {run.folder.name} {when}; the optimizer begins anew."]
    if run.options.schedule != "none":
        notes.append(f"The run had the schedule {run.options.schedule}; here the rate stays at {run.options.lr:g}.")
    if run.options.balance:
        notes.append("The run's loss weighed the classes; here all rows count alike.")
    return notes
