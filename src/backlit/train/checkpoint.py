"""Checkpoints: a run that is killed at any moment goes on from the last one, to the bit."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from backlit.autograd.tracked import users_frame
from backlit.interop.replacing import flush_to_disk, replacing
from backlit.train.events import Callback, Run
from backlit.train.packing import pack
from backlit.train.state import State, StateError, capture, load, restore

#: Kept, so that one that is damaged has one before it.
KEPT = 2
PREFIX = "checkpoint-"
NAME = re.compile(PREFIX + r"(\d{12})\.safetensors")
LOCK = "lock"


class CheckpointError(OSError):
    """A folder of checkpoints that cannot be used; the message says why and what to do. Nothing was overwritten."""


class Checkpoints:
    """A folder of checkpoints, of one run and for one process at a time.

    >>> import tempfile
    >>> Checkpoints(tempfile.mkdtemp()).files()
    []
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.lock: int | None = None

    def files(self) -> list[Path]:
        """The checkpoints, the latest first."""
        try:
            return sorted((f for f in self.folder.iterdir() if NAME.fullmatch(f.name)), reverse=True)
        except FileNotFoundError:
            return []

    def open(self) -> None:
        """Make the folder, and take it for this process. Raises CheckpointError where that cannot be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise CheckpointError(
                f"Checkpoints cannot be written to {self.folder}: {error.strerror}. Choose another folder."
            ) from error
        if not is_taken(self.lock):
            self.tidy()
            return
        os.close(self.lock)
        self.lock = None
        raise CheckpointError(
            f"Another process is writing checkpoints to {self.folder}. Wait for its end, or choose another folder."
        )

    def tidy(self) -> None:
        """Take away what a process that was killed had begun to write."""
        for file in self.folder.glob(f".{PREFIX}*.tmp"):
            with suppress(OSError):
                file.unlink()

    def close(self) -> None:
        if self.lock is not None:
            os.close(self.lock)  # which gives the lock back
            self.lock = None

    def latest(self) -> State | None:
        """The last whole checkpoint; a damaged one is named in a warning, and the one before it used.

        Raises CheckpointError if there are some and none is whole.
        """
        damaged = []
        for file in self.files():
            try:
                state = load(file)
            except (StateError, OSError) as error:
                damaged.append(f"{file}: {error}")
                continue
            if damaged:
                frame = users_frame()
                warnings.warn_explicit(
                    f"A checkpoint is left out, {damaged[0]}. {file.name} is used.",
                    UserWarning, frame.f_code.co_filename, frame.f_lineno,
                )  # fmt: skip
            return state
        if damaged:
            raise CheckpointError(
                f"No checkpoint in {self.folder} is whole ({damaged[0]}). Train anew with another folder, or delete it."
            )
        return None

    def write(self, state: State) -> None:
        """Add a checkpoint, whole or not at all, and drop the oldest. Raises CheckpointError where the disk is full."""
        path = self.folder / f"{PREFIX}{state.tree['step']:012d}.safetensors"
        try:
            with replacing(path) as temporary:
                temporary.write_bytes(pack(state.tree))
            flush_to_disk(self.folder)
        except OSError as error:
            raise CheckpointError(
                f"The checkpoint {path} cannot be written: {error.strerror or error}. Those before it are whole: once "
                "the cause is gone, start the program again, and it goes on from the last one."
            ) from error
        for old in self.files()[KEPT:]:
            old.unlink(missing_ok=True)


def is_taken(descriptor: int) -> bool:
    """Lock an open file. Out: whether another process has locked it; the system gives a dead process's lock back."""
    try:
        import fcntl
    except ImportError:  # Windows, where a file that is open cannot be locked this way
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


class GoOn(Callback):
    """Starts a run at the last checkpoint, if there is one, and writes one at its end.

    It comes after a schedule, which must be made, and before early stopping, which looks whether its patience is over,
    and puts the best weights back at the end.
    """

    def __init__(self, checkpoints: Checkpoints, keep: Keep) -> None:
        self.checkpoints, self.keep = checkpoints, keep

    def on_end(self, run: Run) -> None:
        if run.step != self.keep.written:
            self.keep.write(run)

    def on_start(self, run: Run) -> None:
        state = self.checkpoints.latest()
        if state is not None:
            try:
                restore(state, run)
            except StateError as error:
                raise CheckpointError(
                    f"The checkpoints in {self.checkpoints.folder} are not of this run: {error}. Choose another folder."
                ) from error


class Keep(Callback):
    """Writes a checkpoint every so many steps. It comes last, when all others have been told."""

    def __init__(self, checkpoints: Checkpoints, every: int) -> None:
        self.checkpoints, self.every = checkpoints, every
        self.written = -1

    def on_start(self, run: Run) -> None:
        self.written = run.step
        run.pause = run.step + self.every

    def on_step(self, run: Run) -> None:
        if run.step % run.steps_per_epoch:  # else the epoch is still to be ended
            self.write_if_due(run)

    def on_epoch(self, run: Run) -> None:
        self.write_if_due(run)

    def write_if_due(self, run: Run) -> None:
        if run.step >= self.written + self.every:
            self.write(run)

    def write(self, run: Run) -> None:
        self.checkpoints.write(capture(run))
        self.written = run.step
        run.pause = run.step + self.every


@contextmanager
def checkpointing(folder: Any, every: Any) -> Iterator[tuple[list[Callback], list[Callback]]]:
    """The callbacks for a folder, taken for as long as this is open; none without a folder.

    Raises ValueError for an `every` that is no number of steps.
    """
    if folder is None:
        yield [], []
        return
    if not isinstance(every, int) or isinstance(every, bool) or every < 1:
        raise ValueError(f"fit: every must be a whole number of steps, at least 1, and is {every!r}.")
    checkpoints = Checkpoints(folder)
    checkpoints.open()
    keep = Keep(checkpoints, every)
    try:
        yield [GoOn(checkpoints, keep)], [keep]
    finally:
        checkpoints.close()
