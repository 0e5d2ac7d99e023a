"""Compiled code kept for the next process: object files by what they were made from, checked before they are used."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

import llvmlite
from llvmlite import binding

from backlit.compiler.native.jit import Code, compiled, host_features

#: Raised when code of the same text would have to be another.
FORMAT = b"backlit native 1\n"
#: Bytes that all files together may take; those unused for longest go first.
MOST_BYTES = 64 << 20
#: "off" keeps nothing and reads nothing; anything else is the folder to use.
VARIABLE = "BACKLIT_CACHE"


def folder() -> Path | None:
    """Where compiled code is kept; None where it is not wanted, or there is no place that is the user's alone.

    Code in it is run: a folder that others may write to is not used.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted.lower() in ("off", "0", "no", "false"):
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(wanted).absolute() if wanted else Path(base) / "backlit" / "native"
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        about = path.stat()
    except OSError:
        return None
    is_own = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o022)
    return path if is_own else None


def compiled_once(text: str, symbols: dict[str, int], hard: bool) -> Code:
    """The code of a module's text: from the cache if this machine made it before, else compiled and kept."""
    place = folder()
    if place is None:
        return compiled(text, symbols=symbols, hard=hard)
    path = place / f"{key_of(text, hard)}.o"
    found = read(path)
    if found is not None:
        for name, address in symbols.items():
            binding.add_symbol(name, address)
        with contextlib.suppress(RuntimeError):  # LLVM refuses what it did not write
            return Found(found, text, hard)
    code = compiled(text, symbols=symbols, hard=hard)
    keep(path, code.object)
    return code


class Found(Code):
    """Code from the cache. Its text is compiled once more if somebody wants to see it."""

    def __init__(self, object_file: bytes, text: str, hard: bool) -> None:
        super().__init__(object_file)
        self.text, self.hard = text, hard

    def ir(self) -> str:
        return compiled(self.text, hard=self.hard).ir()

    def assembly(self) -> str:
        return compiled(self.text, hard=self.hard).assembly()


def key_of(text: str, hard: bool) -> str:
    """What decides the code: its text, the compiler, the CPU."""
    parts = (text, str(hard), llvmlite.__version__, binding.get_process_triple(), binding.get_host_cpu_name(),
             host_features())  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def read(path: Path) -> bytes | None:
    """An object file, if it is there and whole; a damaged or foreign one is taken away."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    start = len(FORMAT) + hashlib.sha256().digest_size
    head, content = data[:start], data[start:]
    if head == FORMAT + hashlib.sha256(content).digest():
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now
        return content
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and make room. A disk that is full or read-only keeps nothing, silently."""
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(FORMAT + hashlib.sha256(content).digest() + content)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
        make_room(path.parent)


def make_room(place: Path) -> None:
    """Delete the files that were used least recently, until the rest are few enough."""
    files = sorted((about.st_mtime, about.st_size, file) for file in place.glob("*.o") for about in [file.stat()])
    total = sum(size for _, size, _ in files)
    for _, size, file in files:
        if total <= MOST_BYTES:
            return
        file.unlink(missing_ok=True)
        total -= size
