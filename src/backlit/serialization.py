"""`save` and `load`: PyTorch's `.pt` files. Reading one never runs code: see `backlit.interop.pt`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    File = str | os.PathLike[str] | IO[bytes]
    MapLocation = Callable[[Any, str], Any] | Mapping[str, str] | str | Any


def save(
    obj: object,
    f: File,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write tensors, Parameters, state_dicts and plain containers to a file that PyTorch reads too.

    Tensors that share memory share it again after loading. A file that is named by its path appears whole or not at
    all. `pickle_module` and `pickle_protocol` are accepted and have no effect.

    Raises PicklingError for an object that is not data, such as a module or a function; RuntimeError if the directory
    does not exist.

    >>> import io
    >>> import backlit as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    from backlit.interop import pt
    from backlit.interop.replacing import replacing

    check_target(f, obj)
    if not _use_new_zipfile_serialization:
        raise ValueError("torch.save: Backlit cannot write the format from before PyTorch 1.6; leave that out.")
    packed = pt.pack(obj)
    if isinstance(f, (str, os.PathLike)):
        with replacing(f) as temporary, open(temporary, "wb") as file:
            pt.write(packed, file)
    else:
        pt.write(packed, f)


def check_target(f: Any, obj: Any) -> None:
    """Before anything is written: is `f` a place to write to?"""
    if isinstance(f, (str, os.PathLike)):
        folder = os.path.dirname(os.path.abspath(f))
        if not os.path.isdir(folder):
            raise RuntimeError(f"Parent directory {folder} does not exist. Make it first: os.makedirs({folder!r})")
        if os.path.isdir(f):
            raise RuntimeError(f"{f} is a directory; name a file in it: {os.path.join(f, 'model.pt')}")
    elif isinstance(f, io.TextIOBase):
        raise TypeError("torch.save: the file is open for text; open it for bytes: open(path, 'wb')")
    elif not hasattr(f, "write"):
        swapped = isinstance(obj, (str, os.PathLike)) or hasattr(obj, "write")
        raise AttributeError(
            "torch.save(obj, f): expected 'f' to be string, path, or a file-like object with a 'write' attribute, "
            f"not a {type(f).__name__}." + (" The arguments are swapped: the object comes first." if swapped else "")
        )


def load(
    f: File,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    encoding: str = "utf-8",
) -> Any:
    """Read tensors and plain containers from a file that `save`, here or in PyTorch, has written.

    Everything lies on the CPU afterwards: tensors that were saved from another device need `map_location="cpu"`, as in
    PyTorch on a machine without that device. With `mmap=True` the tensors' memory is read from the file when it is
    touched. `weights_only`, `pickle_module` and `encoding` are accepted and have no effect: no file can run code here.

    Raises UnreadableFileError (an UnpicklingError and a RuntimeError) for a damaged file or one that holds more than
    data, naming what it holds, or tensors of another device; FileNotFoundError.
    """
    from backlit.interop import pt

    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return pt.read(file, repr(os.fspath(f)), map_location, os.path.abspath(f) if mmap else None)
    if not (hasattr(f, "read") and hasattr(f, "seek")):
        raise AttributeError(
            f"torch.load: a {type(f).__name__} is neither a path nor a seekable file. Read the bytes into one first: "
            "torch.load(io.BytesIO(content))"
        )
    if mmap:
        raise ValueError("f must be a file path in order to use the mmap argument")
    return pt.read(f, "the file", map_location)


# PyTorch lets a script allow classes to be loaded from a file. Backlit loads data only, so these lists change nothing.

_safe_globals: list[Any] = []


def add_safe_globals(safe_globals: Iterable[Any]) -> None:
    """Accepted for PyTorch's sake: no class is ever loaded from a file, listed or not."""
    _safe_globals.extend(safe_globals)


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` was given."""
    return list(_safe_globals)


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` was given."""
    _safe_globals.clear()


@contextmanager
def safe_globals(safe_globals: Iterable[Any]) -> Iterator[None]:
    """`add_safe_globals` for the length of a block."""
    before = get_safe_globals()
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe_globals[:] = before
