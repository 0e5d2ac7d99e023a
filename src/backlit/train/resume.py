"""A run folder that goes on: to the bit as if the run had never stopped."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backlit.data.table import Prepared, load_table, prepare
from backlit.doctor.finding import Finding
from backlit.train import state
from backlit.train.config import OPTIONS, read_settings
from backlit.train.folder import CONFIG, DOCTOR, STATE, RunFolderError
from backlit.train.options import OptionError, Options
from backlit.train.saved import damaged, read_config
from backlit.train.schedules import SPANNING
from backlit.train.table import Trained, train_table


@dataclass(frozen=True)
class Unfinished:
    """A run as its folder holds it, made ready to go on."""

    folder: Path
    prepared: Prepared
    options: Options
    state: state.State

    def train(self, callbacks: Iterable[Any] = ()) -> Trained:
        """Go on, up to the options' epochs."""
        try:
            trained = train_table(self.prepared, self.options, callbacks, self.state, doctor="collect")
        except state.StateError as error:
            raise _cannot_go_on(self.folder, error) from error
        history = trained.history
        for found in findings_of(self.folder):
            for known in (history.findings, history.early_findings):
                if all(found.rule != finding.rule for finding in known):
                    known.append(found)
        return trained


def findings_of(folder: Path) -> list[Finding]:
    """What the doctor saw in a run's early steps; nothing where that is not known."""
    try:
        return [Finding(**row) for row in json.loads((folder / DOCTOR).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def load_unfinished(folder: str | Path, epochs: int | None = None, patience: int | None = None) -> Unfinished:
    """Read a run folder and its data again, to go on to `epochs` in all, or as many as the run was to have.

    With another `patience` the run goes on as if it had been given that one. A schedule that spans the whole run
    (cosine, onecycle) cannot be made longer: each of its rates depends on how many epochs there are.
    Raises RunFolderError for a folder that is no run, is damaged, or whose data have changed; DataError for data that
    cannot be read; OptionError for epochs that the run has behind it, or its schedule does not reach.
    """
    folder = Path(folder)
    settings, options = read_own_settings(folder, (CONFIG, STATE), "go on")
    saved = _load_state(folder / STATE)
    going_on = dataclasses.replace(
        options,
        epochs=options.epochs if epochs is None else epochs,
        patience=options.patience if patience is None else patience,
    )
    _check_epochs(folder, options, going_on.epochs, saved.tree["epoch"])
    return Unfinished(folder, prepared_again(folder, settings, going_on, "go on"), going_on, saved)


def read_own_settings(folder: Path, needs: Iterable[str], doing: str) -> tuple[dict[str, Any], Options]:
    """What a run wrote of itself, and its options. `needs` are the files for `doing` what is to be done.

    Raises RunFolderError for a folder that is no run or lacks one of them.
    """
    read_config(folder)
    for name in needs:
        if not (folder / name).is_file():
            raise RunFolderError(f"{folder} cannot {doing}: it has no {name}. Copy the folder again, or train again.")
    settings = read_settings(folder / CONFIG)
    if "data" not in settings:
        raise damaged(folder, CONFIG, "it names no data")
    return settings, Options(**{name: settings[name] for name in OPTIONS if name in settings})


def prepared_again(folder: Path, settings: dict[str, Any], options: Options, doing: str) -> Prepared:
    """The run's data as they were when it began. Raises RunFolderError if they have changed."""
    table = load_table(settings["data"], settings.get("target"))
    if table.digest != read_config(folder)["data"]["sha256"]:
        raise RunFolderError(
            f"{folder} cannot {doing}: {table.source} has changed since the run began. Train again on what it now "
            "holds."
        )
    return prepare(table, options.seed, options.missing, options.balance)


def _check_epochs(folder: Path, options: Options, epochs: int, done: int) -> None:
    if epochs <= done:
        raise OptionError(
            f"--epochs {epochs}: {folder} has done {done} already. Say how many it shall have in all, as in "
            f"--epochs {2 * done}."
        )
    if options.schedule in SPANNING and epochs != options.epochs:
        raise OptionError(
            f"--epochs {epochs}: the schedule {options.schedule} of {folder} spans {options.epochs} epochs, and over "
            f"{epochs} each rate would have been another. Train anew with --epochs {epochs}; the schedules none, step, "
            "plateau and warmup can go on."
        )


def _load_state(path: Path) -> state.State:
    try:
        return state.load(path)
    except OSError as error:
        raise RunFolderError(f"{path.parent} cannot go on: {path.name} cannot be read: {error.strerror}.") from error
    except state.StateError as error:
        raise _cannot_go_on(path.parent, error) from error


def _cannot_go_on(folder: Path, error: state.StateError) -> RunFolderError:
    return RunFolderError(f"{folder} cannot go on from {STATE}: {error}. Copy the folder again, or train again.")
