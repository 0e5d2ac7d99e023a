"""The zip container of a `.pt` file: named records, stored uncompressed, each starting at a multiple of 64 bytes.

    archive/data.pkl              the objects, as a pickle that refers to storages by key
    archive/byteorder             "little" or "big"
    archive/data/0, data/1, ...   the storages' bytes
    archive/version               "3"

Nothing that the file says of itself is believed before it is compared with the file's real length.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal

import numpy as np

from backlit.interop.errors import UnreadableFileError

ALIGNMENT = 64  # a cache line, so that mapped storages are aligned for every dtype
LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # signature, five short fields, crc, two sizes, name's and extra's length
ZIP64_EXTRA = 20  # zipfile puts these bytes before ours in the header of a record of 2 GiB and more
PADDING_TAG = b"FB"  # the header field under which PyTorch's own files hold the padding
EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)  # no clock: the same objects make the same bytes


@dataclass
class Record:
    """Where a record's bytes lie in the file."""

    start: int
    size: int
    checksum: int


class Archive:
    """The records of an open `.pt` file; `title` is how messages call it.

    Raises UnreadableFileError if it is not a whole, uncompressed archive.
    """

    def __init__(self, file: IO[bytes], title: str) -> None:
        self.file = file
        self.title = title
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
            raise self.damaged(str(error)) from None
        self.length = file.seek(0, 2)
        for entry in entries:
            self.check_stored(entry)
        if sum(entry.file_size for entry in entries) > self.length:
            raise self.damaged("its records claim more bytes than the whole file has")
        self.records = {entry.filename: self.locate(entry) for entry in entries}
        self.root = self.find_root()

    def damaged(self, why: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"{self.title} is truncated or damaged: {why}. It was perhaps not written or copied to its end; "
            "save it again, or fetch it again."
        )

    def check_stored(self, entry: zipfile.ZipInfo) -> None:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise UnreadableFileError(
                f"{self.title}: the record {entry.filename!r} is compressed or encrypted; PyTorch stores records as "
                "they are. Pack the archive again without compression: zip -0"
            )

    def locate(self, entry: zipfile.ZipInfo) -> Record:
        """Where the bytes of a record start: after its local header, whose length only that header knows."""
        header = self.bytes_at(entry.header_offset, LOCAL_HEADER.size)
        signature, *_, name_length, extra_length = LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise self.damaged(f"there is no record {entry.filename!r} where its index says")
        start = entry.header_offset + LOCAL_HEADER.size + name_length + extra_length
        self.check_within(start, entry.file_size)
        return Record(start, entry.file_size, entry.CRC)

    def find_root(self) -> str:
        """The folder, named as its writer pleased, in which all records lie."""
        roots = [name.removesuffix("data.pkl") for name in self.records if name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise UnreadableFileError(
                f"{self.title} is a zip file, but not one that torch.save wrote: it has {len(roots)} records named "
                f"data.pkl, not one; its first records are {list(self.records)[:4]}."
            )
        if f"{roots[0]}constants.pkl" in self.records:
            raise UnreadableFileError(
                f"{self.title} is a TorchScript program, which holds code. Backlit reads data only: save the weights "
                "under PyTorch with torch.save(model.state_dict(), path)."
            )
        return roots[0]

    def check_within(self, start: int, size: int) -> None:
        if not 0 <= start <= start + size <= self.length:
            raise self.damaged(f"a record of {size} bytes at {start} would lie outside the file's {self.length} bytes")

    def bytes_at(self, start: int, size: int) -> bytearray:
        self.check_within(start, size)
        buffer = bytearray(size)
        self.file.seek(start)
        if self.file.readinto(buffer) != size:  # type: ignore[attr-defined]
            raise self.damaged(f"{size} bytes are missing at {start}")
        return buffer

    def record(self, name: str) -> Record:
        try:
            return self.records[self.root + name]
        except KeyError:
            raise self.damaged(f"the record {name!r} is missing") from None

    def read(self, name: str) -> bytearray:
        """A record's bytes, checked against its checksum."""
        record = self.record(name)
        content = self.bytes_at(record.start, record.size)
        # PyTorch writes 0 where it was told to compute no checksums.
        if record.checksum and zlib.crc32(content) != record.checksum:
            raise self.damaged(f"the checksum of the record {name!r} is wrong")
        return content

    def map(self, name: str, path: str) -> np.ndarray[Any, Any]:
        """A record's bytes as memory that is read from the file when it is touched; writes to it stay in memory."""
        record = self.record(name)
        if not record.size:
            return np.empty(0, np.uint8)
        return np.memmap(path, np.uint8, mode="c", offset=record.start, shape=(record.size,))

    def byte_order(self) -> Literal["<", ">"]:
        """`<` or `>` as NumPy spells it; files from before the record existed are little-endian."""
        if f"{self.root}byteorder" not in self.records:
            return "<"
        order = bytes(self.read("byteorder"))
        if order not in (b"little", b"big"):
            raise self.damaged(f"its byte order is {order[:20]!r}, neither little nor big")
        return "<" if order == b"little" else ">"


def write_archive(file: IO[bytes], pickled: bytes, storages: Mapping[str, memoryview]) -> None:
    """Write the records that `torch.load` asks for."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        write_record(archive, "data.pkl", pickled)
        write_record(archive, ".format_version", b"1")
        write_record(archive, ".storage_alignment", str(ALIGNMENT).encode())
        write_record(archive, "byteorder", b"little")
        for key, content in storages.items():
            write_record(archive, f"data/{key}", content)
        write_record(archive, "version", b"3\n")


def write_record(archive: zipfile.ZipFile, name: str, content: bytes | memoryview) -> None:
    entry = zipfile.ZipInfo(f"archive/{name}", EARLIEST_DATE)
    entry.file_size = len(content)
    zip64 = ZIP64_EXTRA if entry.file_size * 1.05 > zipfile.ZIP64_LIMIT else 0  # zipfile's own condition
    assert archive.fp is not None
    header = archive.fp.tell() + LOCAL_HEADER.size + len(entry.filename) + zip64 + len(PADDING_TAG) + 2
    padding = -header % ALIGNMENT
    entry.extra = PADDING_TAG + struct.pack("<H", padding) + bytes(padding)
    archive.writestr(entry, content)
