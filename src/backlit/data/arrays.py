"""The arrays that a table becomes: in memory, or in a temporary file where they may be larger than it."""

from __future__ import annotations

import os
import tempfile

import numpy as np

from backlit.data.errors import DataError


def empty(shape: tuple[int, ...], on_disk: bool) -> np.ndarray:
    """A float32 array with no values yet; `on_disk`, its pages lie in a file and need no memory of their own.

    The file has no name from the start (or loses it when it is closed), so that nothing is left behind, however the
    program ends. Raises DataError if the disk is full.
    """
    if not on_disk:
        return np.empty(shape, np.float32)
    size = int(np.prod(shape)) * 4
    try:
        with tempfile.TemporaryFile(prefix="backlit-") as file:
            # Asked for at once: a disk that fills up under a mapped file would kill the program instead.
            os.posix_fallocate(file.fileno(), 0, size) if hasattr(os, "posix_fallocate") else file.truncate(size)
            return np.asarray(np.memmap(file, np.float32, "r+", shape=shape))
    except OSError as error:
        raise DataError(f"The table needs {size / 1e6:,.0f} MB of disk: {no_room(str(error.strerror))}") from None


def no_room(reason: str) -> str:
    """What to do about a temporary folder that cannot hold what must be put there."""
    return (
        f"the temporary folder {tempfile.gettempdir()} cannot hold it ({reason}). Make room there, or name another "
        "folder in the environment variable TMPDIR."
    )
