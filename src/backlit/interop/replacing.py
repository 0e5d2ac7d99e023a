"""Writing a file, or a folder, so that it is there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The path of a temporary file that takes the place of `path` when the block ends without an exception.

    It lies in the same directory, since only a rename within a file system is atomic, and it is on the disk before
    the rename, so that a crash leaves the old file or the new one. The old file's permissions are kept.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(os.path.realpath(path))  # a symbolic link stays one: what it points to is replaced
    if target.exists() and not target.is_file():  # a pipe or /dev/null cannot be replaced, only written to
        yield target
        return
    temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        if target.exists():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        flush_to_disk(temporary)
        os.replace(temporary, target)
        flush_to_disk(target.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


@contextmanager
def making(folder: Path, *, replaces: bool = False) -> Iterator[Path]:
    """A temporary folder that becomes `folder`, which must not exist yet, when the block ends without an exception.

    It lies beside it, and its files are on the disk before it is renamed: the folder is there whole or not at all.
    With `replaces` it takes the place of an older folder; what that holds under other names is kept.
    """
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
    try:
        yield temporary
        for path in [*temporary.iterdir(), temporary]:
            flush_to_disk(path)
        temporary.chmod(0o755)  # mkdtemp's is for the owner's eyes only
        if replaces:
            _change_places(temporary, folder)
        else:
            temporary.rename(folder)
        flush_to_disk(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _change_places(new: Path, folder: Path) -> None:
    """No call swaps two folders at once everywhere: the older steps aside, and back if the new one cannot come."""
    aside = new.with_suffix(".old")
    folder.rename(aside)
    try:
        new.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise
    for path in aside.iterdir():
        if not os.path.lexists(folder / path.name):
            path.rename(folder / path.name)
    shutil.rmtree(aside, ignore_errors=True)


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or a directory's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open a directory, and needs no such call
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
