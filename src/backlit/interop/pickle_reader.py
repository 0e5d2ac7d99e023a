"""Reading the pickle of a `.pt` file as data: an interpreter for the few opcodes that containers and tensors need.

A pickle is a program for a stack machine. Most of its opcodes build plain values; one (GLOBAL) names any function of
any Python module and another (REDUCE) calls it, which is how a pickle runs code. Here GLOBAL looks its name up in a
table of this file's own functions, and whatever is not in the table is refused by name. `pickletools` only splits the
bytes into opcodes. Nothing recurses, so depth costs no stack, and every loop is bounded by the length of the file.
"""

from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.device import device as Device
from backlit.nn.parameter import Parameter
from backlit.size import Size
from backlit.tensor import Tensor

SCALARS = (str, int, float, bool, bytes, type(None), dtypes.dtype)
MOST_DIMENSIONS = 64  # NumPy's limit


class RefusedError(Exception):
    """Something in the pickle that is not data; `Reader` adds the file's name."""


@dataclass(frozen=True)
class StorageKind:
    """What `torch.FloatStorage` stands for in a file: the dtype of the elements."""

    dtype: dtypes.dtype


@dataclass(frozen=True)
class Storage:
    """A stretch of memory that tensors lie in, with the dtype under which the file refers to it."""

    memory: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Maker:
    """A name that a pickle may call, and the function of this file that then runs."""

    name: str
    call: Callable[..., Any]


def require(condition: bool, why: str) -> None:
    if not condition:
        raise RefusedError(why)


def is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**62


def is_nothing(value: Any) -> bool:
    return value is None or (type(value) in (dict, OrderedDict) and not value)


# What the names in a file make.


def tensor(
    storage: Any,
    offset: Any,
    shape: Any,
    strides: Any,
    requires_grad: Any = False,
    hooks: Any = None,
    extra: Any = None,
) -> Tensor:
    """A view of a storage. NumPy itself checks that shape and strides stay within the memory."""
    require(type(storage) is Storage, "a tensor without a storage")
    require(is_nothing(hooks), "a tensor with hooks, which are code")
    require(is_nothing(extra), "a tensor with extra state")
    require(type(shape) is type(strides) is tuple, "a tensor without a shape")
    require(len(shape) == len(strides) <= MOST_DIMENSIONS, "a tensor whose shape and strides do not match")
    require(all(map(is_whole, (offset, *shape, *strides))), "a tensor with a negative or huge shape")
    memory = storage.memory
    step = memory.itemsize
    try:
        array: np.ndarray[Any, Any] = np.ndarray(
            shape, memory.dtype, buffer=memory, offset=offset * step, strides=[s * step for s in strides]
        )
    except (ValueError, OverflowError):
        raise RefusedError(
            f"a tensor of shape {shape}, strides {strides} and offset {offset}, which does not fit into its storage of "
            f"{memory.size} elements"
        ) from None
    return grading(Tensor.wrap(array), requires_grad)


def grading(made: Tensor, requires_grad: Any) -> Tensor:
    require(type(requires_grad) is bool, "a tensor whose requires_grad is neither True nor False")
    require(not requires_grad or made.dtype.is_floating_point, f"a tensor of {made.dtype} that requires grad")
    made.requires_grad = requires_grad
    return made


def plain_tensor(storage: Any, offset: Any, shape: Any, strides: Any) -> Tensor:
    return tensor(storage, offset, shape, strides)


def parameter(data: Any, requires_grad: Any, hooks: Any = None) -> Parameter:
    require(isinstance(data, Tensor), "a Parameter without a tensor")
    require(is_nothing(hooks), "a Parameter with hooks, which are code")
    return Parameter(data, requires_grad=grading(data.detach(), requires_grad).requires_grad)


def ordered_dict(pairs: Any = ()) -> OrderedDict[Any, Any]:
    sequences = (list, tuple)
    require(type(pairs) in sequences and all(type(p) in sequences and len(p) == 2 for p in pairs), "a broken dict")
    return OrderedDict((key_of(k), value) for k, value in pairs)


def counter(counts: Any) -> Counter[Any]:
    require(type(counts) is dict, "a Counter without counts")
    return Counter(counts)


def set_of(members: Any) -> set[Any]:
    require(type(members) is list, "a set without members")
    return set(map(key_of, members))


def encoded(text: Any, encoding: Any) -> bytes:
    """Bytes: protocol 2 spells them as text in latin-1, which has one character for each byte."""
    require(type(text) is str and encoding == "latin1" and (text.isascii() or max(text) <= "\xff"), "broken bytes")
    return text.encode("latin-1")


def byte_array(content: Any = b"") -> bytearray:
    require(type(content) is bytes, "a broken bytearray")
    return bytearray(content)


def size(lengths: Any) -> Size:
    require(type(lengths) is tuple and all(map(is_whole, lengths)), "a broken torch.Size")
    return Size(lengths)


def device(name: Any, index: Any = None) -> Any:
    require(type(name) is str and (index is None or is_whole(index)), "a broken torch.device")
    try:
        return Device(name, index)
    except (RuntimeError, TypeError, ValueError) as error:
        raise RefusedError(f"a device: {error}") from None


ALL_DTYPES = tuple(dtypes.dtype.known.values())
NAMES: dict[str, Any] = {
    "collections.OrderedDict": ordered_dict,
    "collections.Counter": counter,
    "builtins.set": set_of,
    "builtins.bytearray": byte_array,
    "builtins.bytes": lambda: b"",  # how protocol 2 spells empty bytes
    "_codecs.encode": encoded,
    "torch.Size": size,
    "torch.device": device,
    "torch._utils._rebuild_tensor": plain_tensor,
    "torch._utils._rebuild_tensor_v2": tensor,
    "torch._utils._rebuild_parameter": parameter,
    **{f"torch.{kind.name}": kind for kind in ALL_DTYPES},
    **{f"torch.{kind.title}Storage": StorageKind(kind) for kind in ALL_DTYPES},
}
PYTHON_2_MODULES = {"__builtin__": "builtins"}  # protocol 2 keeps Python 2's names
ADVICE = {
    "torch.BFloat16Storage": "Backlit has no bfloat16: save the tensors as .float()",
    "torch.ComplexFloatStorage": "Backlit has no complex numbers: save torch.view_as_real(tensor)",
    "torch.ComplexDoubleStorage": "Backlit has no complex numbers: save torch.view_as_real(tensor)",
    "numpy._core.multiarray.scalar": "a NumPy number: save float(x) or x.item()",
    "numpy.core.multiarray.scalar": "a NumPy number: save float(x) or x.item()",
    "numpy._core.multiarray._reconstruct": "a NumPy array: save torch.from_numpy(x)",
    "numpy.core.multiarray._reconstruct": "a NumPy array: save torch.from_numpy(x)",
    "collections.defaultdict": "save dict(x)",
    "torch._tensor._rebuild_from_type_v2": "a tensor with attributes or a subclass: save x.detach().clone()",
    "torch._utils._rebuild_parameter_with_state": "a Parameter with attributes of its own: save model.state_dict()",
}


def named(module: Any, name: Any) -> Any:
    require(type(module) is type(name) is str, "a broken pickle (a name that is no text)")
    full = f"{PYTHON_2_MODULES.get(module, module)}.{name}"
    if full not in NAMES:
        advice = ADVICE.get(full, "save the model's weights, model.state_dict(), and plain numbers and containers")
        raise RefusedError(f"{full}, which Backlit does not load: a file can run code through such names ({advice})")
    found = NAMES[full]
    return Maker(full, found) if callable(found) else found


def key_of(value: Any) -> Any:
    """A dict's key or a set's member: numbers, texts, and flat tuples of them.

    The hash of a nested tuple visits every path to the bottom, recursively: a small file could make that take years,
    or exhaust the stack.
    """
    flat = value if type(value) in (tuple, Size) else (value,)
    kind = type(value).__name__
    require(all(type(part) in SCALARS for part in flat), f"a dictionary key or set member of type {kind}")
    return value


class Reader:
    """One run of the machine over `data`; `storage(persistent_id)` finds the memory that tensors refer to."""

    def __init__(self, data: bytes, storage: Callable[[Any], Storage]) -> None:
        self.data = data
        self.storage = storage
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def read(self) -> Any:
        """The value that the pickle describes. Raises RefusedError."""
        for opcode, argument, position in self.opcodes():
            if opcode == "STOP":
                require(len(self.stack) == 1, "a pickle that ends with more than one value")
                require_plain(self.stack[0])
                return self.stack[0]
            step = STEPS.get(opcode)
            if step is None:
                raise RefusedError(f"the pickle opcode {opcode} at byte {position}, which plain data does not need")
            try:
                step(self, argument)
            except (IndexError, KeyError):
                raise RefusedError(f"a broken pickle ({opcode} at byte {position} lacks its values)") from None
        raise RefusedError("a pickle without an end")

    def opcodes(self) -> Iterator[tuple[str, Any, int | None]]:
        try:
            for opcode, argument, position in pickletools.genops(self.data):
                yield opcode.name, argument, position
        except (ValueError, UnicodeError, OverflowError) as error:
            raise RefusedError(f"a broken pickle ({error})") from None

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop_to_mark(self) -> list[Any]:
        start = self.marks.pop()
        values = self.stack[start:]
        require(start <= len(self.stack), "a broken pickle (a mark without values)")
        del self.stack[start:]
        return values

    def pop(self, count: int) -> list[Any]:
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < count:
            raise IndexError
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def extend(self, values: list[Any]) -> None:
        target = self.stack[-1]
        require(type(target) is list, "a broken pickle (an item for what is no list)")
        target.extend(values)

    def add(self, members: list[Any]) -> None:
        target = self.stack[-1]
        require(type(target) is set, "a broken pickle (a member for what is no set)")
        target.update(map(key_of, members))

    def set_items(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        require(isinstance(target, dict) and len(flat) % 2 == 0, "a broken pickle (an entry for what is no dict)")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            target[key_of(key)] = value

    def remember(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def call(self) -> None:
        maker, arguments = self.pop(2)
        require(type(maker) is Maker and type(arguments) is tuple, "a call of something that is not a function")
        try:
            self.stack.append(maker.call(*arguments))
        except TypeError:
            raise RefusedError(f"{maker.name} with {len(arguments)} arguments, unlike any file of PyTorch's") from None

    def build(self) -> None:
        """The attributes of an object: state_dicts carry the version of each module in one."""
        (state,) = self.pop(1)
        target = self.stack[-1]
        allowed = type(target) is OrderedDict and type(state) is dict and set(state) <= {"_metadata"}
        require(allowed, f"attributes for a {type(target).__name__}, where only state_dicts carry any")
        vars(target).update(state)


def require_plain(result: Any) -> None:
    """Nothing of this machine's own (a storage, a function's name) may be in what the caller gets."""
    todo, seen = [result], set()
    while todo:
        value = todo.pop()
        if isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            todo.extend(value.values() if isinstance(value, dict) else value)
            todo.extend(getattr(value, "__dict__", {}).values())
        inside = type(value).__name__
        require(
            not isinstance(value, (StorageKind, Storage, Maker)),
            f"a bare {getattr(value, 'name', inside)}, where a tensor or a plain value belongs",
        )


STEPS: dict[str, Callable[[Reader, Any], Any]] = {
    **dict.fromkeys(("PROTO", "FRAME"), lambda reader, _: None),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT"), Reader.push),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING"), Reader.push),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), Reader.push),
    "NONE": lambda reader, _: reader.push(None),
    "NEWTRUE": lambda reader, _: reader.push(True),
    "NEWFALSE": lambda reader, _: reader.push(False),
    "EMPTY_LIST": lambda reader, _: reader.push([]),
    "EMPTY_DICT": lambda reader, _: reader.push({}),
    "EMPTY_SET": lambda reader, _: reader.push(set()),
    "EMPTY_TUPLE": lambda reader, _: reader.push(()),
    "TUPLE1": lambda reader, _: reader.push(tuple(reader.pop(1))),
    "TUPLE2": lambda reader, _: reader.push(tuple(reader.pop(2))),
    "TUPLE3": lambda reader, _: reader.push(tuple(reader.pop(3))),
    "TUPLE": lambda reader, _: reader.push(tuple(reader.pop_to_mark())),
    "MARK": lambda reader, _: reader.marks.append(len(reader.stack)),
    "POP": lambda reader, _: reader.pop(1),
    "POP_MARK": lambda reader, _: reader.pop_to_mark(),
    "APPEND": lambda reader, _: reader.extend(reader.pop(1)),
    "APPENDS": lambda reader, _: reader.extend(reader.pop_to_mark()),
    "ADDITEMS": lambda reader, _: reader.add(reader.pop_to_mark()),
    "SETITEM": lambda reader, _: reader.set_items(reader.pop(2)),
    "SETITEMS": lambda reader, _: reader.set_items(reader.pop_to_mark()),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda reader, index: reader.push(reader.memo[index])),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), lambda reader, index: reader.remember(index)),
    "MEMOIZE": lambda reader, _: reader.remember(len(reader.memo)),
    "GLOBAL": lambda reader, text: reader.push(named(*text.split(" ", 1))),
    "STACK_GLOBAL": lambda reader, _: reader.push(named(*reader.pop(2))),
    "BINPERSID": lambda reader, _: reader.push(reader.storage(*reader.pop(1))),
    "REDUCE": lambda reader, _: reader.call(),
    "BUILD": lambda reader, _: reader.build(),
}
