"""Writing containers and tensors as the pickle that `torch.save` writes and `torch.load(weights_only=True)` reads."""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backlit import dtypes
from backlit.device import device
from backlit.interop.pickle_reader import RefusedError, key_of
from backlit.nn.parameter import Buffer, Parameter
from backlit.size import Size
from backlit.tensor import Tensor

SAVED = "tensors, dict, OrderedDict, list, tuple, set, str, bytes, int, float, bool, None, torch.Size, dtype and device"


class Name(NamedTuple):
    """A global name, which the reader looks up."""

    module: str
    name: str


class Call(NamedTuple):
    """A value that the reader makes by calling a name."""

    maker: Name
    arguments: tuple[Any, ...]


class Place(NamedTuple):
    """Where a tensor's elements lie: the storage's key, its length, and offset and strides in it, all in elements."""

    key: str
    length: int
    offset: int
    strides: tuple[int, ...]


class Writer:
    """One pickle in the making.

    `place` says where a tensor's elements lie. `path` is the way from the object being saved to the value being
    written, for messages: `["model"]["0.weight"]`.
    """

    def __init__(self, place: Callable[[Tensor], Place]) -> None:
        self.place = place
        self.out = bytearray(b"\x80\x02")  # protocol 2, as PyTorch
        self.memo: dict[Any, int] = {}
        self.kept: list[Any] = []  # only while it is alive does an object own its id
        self.path: list[str] = []

    def pickle(self, value: Any) -> bytes:
        """The whole pickle. Raises PicklingError for a value that is not data."""
        try:
            self.write(value)
        except RecursionError:
            raise RecursionError(
                f"torch.save: nested too deeply, at obj{''.join(self.path[:8])}... . Does a tuple contain itself?"
            ) from None
        return bytes(self.out + b".")

    def write(self, value: Any, step: str = "") -> None:
        self.path.append(step)
        if not self.recall(value):
            WRITERS.get(type(value), refuse)(self, value)
        self.path.pop()

    # A value that was written before is referred to by its number, so that what is shared stays shared.

    def recall(self, value: Any) -> bool:
        number = self.memo.get(identity(value))
        if number is None:
            return False
        self.out += b"h" + bytes([number]) if number < 256 else b"j" + struct.pack("<I", number)
        return True

    def remember(self, value: Any) -> None:
        number = self.memo[identity(value)] = len(self.memo)
        self.kept.append(value)
        self.out += b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<I", number)

    # One method for each kind of value.

    def none(self, value: None) -> None:
        self.out += b"N"

    def boolean(self, value: bool) -> None:
        self.out += b"\x88" if value else b"\x89"

    def integer(self, value: int) -> None:
        if -(2**31) <= value < 2**31:
            self.out += b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)
            return
        digits = pickle.encode_long(value)
        if len(digits) > 255:
            refuse(self, value)
        self.out += b"\x8a" + bytes([len(digits)]) + digits

    def floating(self, value: float) -> None:
        self.out += b"G" + struct.pack(">d", value)

    def text(self, value: str) -> None:
        content = value.encode("utf-8", "surrogatepass")
        self.out += b"X" + struct.pack("<I", len(content)) + content
        self.remember(value)

    def sequence(self, value: list[Any]) -> None:
        self.out += b"]"
        self.remember(value)
        self.out += b"("
        for k, item in enumerate(value):
            self.write(item, f"[{k}]")
        self.out += b"e"

    def fixed(self, value: tuple[Any, ...]) -> None:
        if not value:
            self.out += b")"
            return
        self.out += b"("
        for k, item in enumerate(value):
            self.write(item, f"[{k}]")
        self.out += b"t"
        self.remember(value)

    def mapping(self, value: dict[Any, Any]) -> None:
        self.out += b"}"
        self.remember(value)
        self.entries(value)

    def ordered(self, value: OrderedDict[Any, Any]) -> None:
        self.call(Call(Name("collections", "OrderedDict"), ()))
        self.remember(value)
        self.entries(value)
        if vars(value):
            if set(vars(value)) != {"_metadata"}:
                refuse(self, value)
            self.write(vars(value), ".__dict__")
            self.out += b"b"

    def entries(self, value: dict[Any, Any]) -> None:
        self.out += b"("
        for key, item in value.items():
            self.check_key(key)
            self.write(key)
            self.write(item, f"[{key!r:.80}]")
        self.out += b"u"

    def check_key(self, key: Any) -> None:
        try:
            key_of(key)
        except RefusedError as refused:
            raise pickle.PicklingError(
                f"torch.save: obj{''.join(self.path)} has {refused}: {key!r:.80}. Use texts, numbers or tuples of them."
            ) from None

    def name(self, value: Name) -> None:
        self.out += f"c{value.module}\n{value.name}\n".encode()
        self.remember(value)

    def call(self, value: Call) -> None:
        self.write(value.maker)
        self.out += b"("
        for argument in value.arguments:
            self.write(argument)
        self.out += b"tR"

    def made(self, value: Any) -> None:
        """A value of a class that the reader makes by calling a name."""
        self.call(CALLS[type(value)](value))
        self.remember(value)

    def members(self, value: set[Any]) -> None:
        for member in value:
            self.check_key(member)
        self.made(value)

    def dtype(self, value: dtypes.dtype) -> None:
        self.write(Name("torch", value.name))

    def tensor(self, value: Tensor) -> None:
        self.tensor_of(value, value.requires_grad)
        self.remember(value)

    def parameter(self, value: Parameter) -> None:
        self.write(Name("torch._utils", "_rebuild_parameter"))
        self.out += b"("
        self.tensor_of(value, False)
        self.boolean(value.requires_grad)
        self.call(NO_HOOKS)
        self.out += b"tR"
        self.remember(value)

    def tensor_of(self, value: Tensor, requires_grad: bool) -> None:
        place = self.place(value)
        storage = Name("torch", f"{value.dtype.title}Storage")
        self.write(Name("torch._utils", "_rebuild_tensor_v2"))
        self.out += b"("
        self.fixed(("storage", storage, place.key, "cpu", place.length))
        self.out += b"Q"
        for part in (place.offset, tuple(value.shape), place.strides, requires_grad):
            self.write(part)
        self.call(NO_HOOKS)
        self.out += b"tR"


def identity(value: Any) -> Any:
    """What the memo knows a value by: texts and names by what they say, other objects by which they are."""
    return value if type(value) in (str, Name) else id(value)


def refuse(writer: Writer, value: Any) -> None:
    """Say what is in the way, where it is, and what to write instead."""
    where = "".join(writer.path)
    kind = type(value).__name__
    raise pickle.PicklingError(
        f"torch.save: obj{where} is a {kind}, which is not data. {advice(value)}\n"
        f"Backlit saves {SAVED}, so that loading a file can never run code."
    )


def advice(value: Any) -> str:
    """The corrected code for what people save by habit."""
    if hasattr(value, "state_dict"):
        return (
            "Save what it has learned, and load that into a new one:\n"
            "    torch.save(model.state_dict(), path)\n"
            "    model.load_state_dict(torch.load(path))"
        )
    if isinstance(value, np.ndarray):
        return "Save it as a tensor: torch.from_numpy(array)"
    if isinstance(value, np.generic):
        return "Save it as Python's own number: value.item()"
    for plain in (dict, list, tuple, set, str, int, float):
        if isinstance(value, plain):
            return f"Save it as a plain {plain.__name__}: {plain.__name__}(value)"
    if isinstance(value, frozenset):
        return "Save it as a set: set(value)"
    if isinstance(value, Tensor):
        return "Save its values: value.detach().clone()"
    if callable(value):
        return "Save the settings that it is made from, and make it again after loading."
    return "Save its attributes in a dict: vars(value)"


NO_HOOKS = Call(Name("collections", "OrderedDict"), ())
CALLS: dict[type, Callable[[Any], Call]] = {
    Size: lambda value: Call(Name("torch", "Size"), (tuple(value),)),
    device: lambda value: Call(Name("torch", "device"), (str(value),)),
    bytes: lambda value: Call(Name("_codecs", "encode"), (value.decode("latin-1"), "latin1")),
    bytearray: lambda value: Call(Name("__builtin__", "bytearray"), (bytes(value),)),
    set: lambda value: Call(Name("__builtin__", "set"), (list(value),)),
    Counter: lambda value: Call(Name("collections", "Counter"), (dict(value),)),
}
WRITERS: dict[type, Callable[[Writer, Any], None]] = {
    type(None): Writer.none,
    bool: Writer.boolean,
    int: Writer.integer,
    float: Writer.floating,
    str: Writer.text,
    list: Writer.sequence,
    tuple: Writer.fixed,
    dict: Writer.mapping,
    OrderedDict: Writer.ordered,
    dtypes.dtype: Writer.dtype,
    Tensor: Writer.tensor,
    Buffer: Writer.tensor,
    Parameter: Writer.parameter,
    Name: Writer.name,
    **dict.fromkeys(CALLS, Writer.made),
    set: Writer.members,
}
