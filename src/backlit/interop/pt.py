"""PyTorch's `.pt` files, without pickle ever running; `backlit.save` and `backlit.load` are the doors to this.

A file goes through `archive` (the zip container), `pickle_reader` or `pickle_writer` (containers and tensors) and
`storages` (the memory that tensors share).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any, NamedTuple

import numpy as np

from backlit.interop.archive import Archive, write_archive
from backlit.interop.errors import EmptyFileError, UnreadableFileError
from backlit.interop.pickle_reader import Reader, RefusedError, Storage, StorageKind, is_whole, require
from backlit.interop.pickle_writer import Writer
from backlit.interop.storages import Layout

ZIP = b"PK\x03\x04"
LEGACY_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")  # a number that torch.save pickled first before PyTorch 1.6


class Packed(NamedTuple):
    """What will be written: everything is checked before the file is touched."""

    pickled: bytes
    layout: Layout


def pack(value: Any) -> Packed:
    """Raises PicklingError if `value` holds more than data."""
    layout = Layout(value)
    return Packed(Writer(layout.place).pickle(value), layout)


def write(packed: Packed, file: IO[bytes]) -> None:
    write_archive(file, packed.pickled, packed.layout.contents())


def read(file: IO[bytes], title: str, map_location: Any = None, map_from: str | None = None) -> Any:
    """The value in an open file. `title` is what messages call it; `map_from` is its path if memory shall be mapped."""
    check_format(file, title)
    if not hasattr(file, "readinto"):
        file = io.BytesIO(file.read())
    archive = Archive(file, title)
    storages = Storages(archive, map_location, map_from)
    try:
        return Reader(bytes(archive.read("data.pkl")), storages.find).read()
    except RefusedError as refused:
        raise UnreadableFileError(f"{title} cannot be loaded: it holds {refused}.") from None


def check_format(file: IO[bytes], title: str) -> None:
    """Name the formats that people take for a `.pt` file."""
    position = file.tell()
    start: Any = file.read(64)
    file.seek(position)
    if isinstance(start, str):
        raise TypeError("torch.load: the file is open for text; open it for bytes: open(path, 'rb')")
    if start.startswith(ZIP):
        return
    if not start:
        hint = " The file was read or written to its end; go back first: file.seek(0)" if position else ""
        raise EmptyFileError(f"{title} is empty.{hint}")
    raise UnreadableFileError(f"{title} is not a .pt file that torch.save wrote: {format_of(start)}")


def format_of(start: bytes) -> str:
    if LEGACY_MAGIC in start:
        return (
            "it is in the format from before PyTorch 1.6, which Backlit does not read. Write it anew under PyTorch: "
            "torch.save(torch.load(path), path)"
        )
    if start[8:9] == b"{":
        return "it looks like a safetensors file. Read it with backlit.interop.safetensors.load_file(path)"
    if start.startswith(b"\x80"):
        return "it is a bare pickle, which can run code when it is loaded; Backlit loads data only."
    return f"it starts with {start[:16]!r}, where a zip archive starts with {ZIP!r}."


class Storages:
    """The storages of an open archive, each read once, so that tensors that shared one share it again."""

    def __init__(self, archive: Archive, map_location: Any, map_from: str | None) -> None:
        self.archive = archive
        self.map_location = map_location
        self.map_from = map_from
        self.order = archive.byte_order()
        self.found: dict[tuple[str, np.dtype[Any]], np.ndarray[Any, Any]] = {}

    def find(self, reference: Any) -> Storage:
        """The storage that a pickle refers to as ("storage", kind, key, device, length)."""
        require(type(reference) is tuple and len(reference) == 5, "a broken reference to a storage")
        tag, kind, key, device, length = reference
        require(tag == "storage" and type(kind) is StorageKind, "a reference to something that is no storage")
        require(type(key) is str and type(device) is str and is_whole(length), "a broken reference to a storage")
        memory = self.memory(key, kind.dtype.numpy)
        require(length <= memory.size, f"storage {key} of {length} elements, with the bytes of {memory.size} only")
        storage = Storage(memory)
        check_device(device, self.map_location, storage)
        return storage

    def memory(self, key: str, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        if (key, dtype) not in self.found:
            self.found[key, dtype] = self.read(f"data/{key}", dtype)
        return self.found[key, dtype]

    def read(self, name: str, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        raw = self.archive.map(name, self.map_from) if self.map_from else self.archive.read(name)
        whole = len(raw) // dtype.itemsize
        if not whole:
            return np.empty(0, dtype)
        stored = np.frombuffer(raw, dtype.newbyteorder(self.order), count=whole)
        # A byte other than 0 and 1 is no bool to NumPy; `astype` changes nothing else but a foreign byte order.
        return stored.view(np.uint8) != 0 if dtype == np.bool_ else stored.astype(dtype, copy=False)


def check_device(device: str, map_location: Any, storage: Storage) -> None:
    """Raise unless the storage may be on the CPU: it was there, or `map_location` puts it there."""
    if callable(map_location):
        if map_location(storage, device) is not None:
            return
    elif isinstance(map_location, Mapping):
        device = str(map_location.get(device, device))
    elif map_location is not None:
        device = str(map_location)
    if device.split(":")[0] != "cpu":
        raise UnreadableFileError(
            f"Attempting to deserialize an object on the device {device!r}, but Backlit has only the CPU. "
            "Use torch.load with map_location=torch.device('cpu') to map your storages to the CPU."
        )
