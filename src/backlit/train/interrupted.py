"""A run in the making: what it is, and its checkpoints, beside the folder that it will become.

A process that is killed leaves it there, and `backlit train --resume` goes on from it, to the bit.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from backlit.data.table import Prepared, Table, load_table, prepare
from backlit.interop.replacing import replacing
from backlit.train.checkpoint import CheckpointError, Checkpoints
from backlit.train.config import OPTIONS, read_settings, text_of
from backlit.train.folder import CONFIG, RunFolderError, partial_of, reason
from backlit.train.options import Options
from backlit.train.table import Trained, train_table

DIGEST, CHECKPOINTS = "data.sha256", "checkpoints"
#: Steps from one checkpoint to the next: about a second of a small network's training.
EVERY = 5000


class Making:
    """A run that is being made. `folder` is the one that it will become; with `doctor` it is watched for mistakes."""

    def __init__(self, folder: Path, prepared: Prepared, options: Options, doctor: bool = True) -> None:
        self.doctor = "collect" if doctor else False
        self.folder, self.prepared, self.options = folder, prepared, options
        self.place = partial_of(folder)
        self.holder = Checkpoints(self.place)  # for its lock
        self.above: Path | None = None  # a folder that was made for it

    def begin(self) -> None:
        """Write down what the run is. Raises RunFolderError where that cannot be, or another process is doing it."""
        table = self.prepared.table
        try:
            self.above = None if self.place.parent.exists() else self.place.parent
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.place.mkdir()
        except FileExistsError as error:
            raise self.is_made_elsewhere() from error
        except OSError as error:
            raise RunFolderError(f"The run folder {self.folder} cannot be made: {error.strerror}.") from error
        self.hold()
        try:
            for name, text in ((CONFIG, text_of(table, self.options)), (DIGEST, table.digest)):
                with replacing(self.place / name) as temporary:
                    temporary.write_bytes(text.encode("utf-8", "replace"))
        except OSError as error:
            self.end()
            raise RunFolderError(f"The run folder {self.folder} cannot be made: {error.strerror}.") from error

    def hold(self) -> None:
        """Take the run for this process, until its end. Raises RunFolderError if it is another one's."""
        try:
            self.holder.open()
        except CheckpointError as error:
            raise self.is_made_elsewhere() from error

    def is_made_elsewhere(self) -> RunFolderError:
        return RunFolderError(
            f"Another process is making the run {self.folder}. Wait for its end, or choose another folder with --out."
        )

    def train(self, callbacks: Iterable[Any] = ()) -> Trained:
        """Train, from the last checkpoint if there is one."""
        kept: dict[str, Any] = {"checkpoint": self.place / CHECKPOINTS, "every": EVERY}
        try:
            return train_table(self.prepared, self.options, callbacks, doctor=self.doctor, **kept)
        except CheckpointError as error:
            if isinstance(error.__cause__, OSError):
                raise RunFolderError(
                    f"The run folder {self.folder} cannot be written: {reason(error.__cause__)}"
                ) from error
            raise RunFolderError(str(error)) from error

    def end(self) -> None:
        """The run is written, or not wanted: nothing stays beside it."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.holder.close()
        if self.above is not None:
            with suppress(OSError):  # where the run stands in it now
                self.above.rmdir()


def load_interrupted(folder: str | Path) -> Making | None:
    """The run that was to become `folder` and was killed; None if there is none.

    Raises RunFolderError if its data have changed, or another process is making it; DataError for data that cannot be
    read.
    """
    folder = Path(folder)
    place = partial_of(folder)
    if folder.exists() or not (place / CONFIG).is_file():
        return None
    settings = read_settings(place / CONFIG)
    options = Options(**{name: settings[name] for name in OPTIONS if name in settings})
    table = load_table(settings["data"], settings.get("target"))
    check_digest(folder, place, table)
    making = Making(folder, prepare(table, options.seed, options.missing, options.balance), options)
    making.hold()
    return making


def check_digest(folder: Path, place: Path, table: Table) -> None:
    digest = place / DIGEST
    if digest.is_file() and digest.read_text(encoding="utf-8") != table.digest:
        raise RunFolderError(
            f"{folder} cannot go on: {table.source} has changed since the run began. Delete {place} and train again."
        )
