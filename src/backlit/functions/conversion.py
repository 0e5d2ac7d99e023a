"""Tensors in another dtype, or described: `to`, `float`, `type`, strides and storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.device import CPU, as_device, check_device
from backlit.device import device as Device
from backlit.functions.creation import Array
from backlit.functions.publish import array_in
from backlit.functions.reduction import wrapped
from backlit.layouts import layout as Layout
from backlit.layouts import strided
from backlit.ops import convert
from backlit.tensor import Tensor, apply, legacy_array


def to(
    self: Tensor, *target: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """This tensor in another dtype, on a device, or like another tensor; itself if nothing changes.

    >>> import backlit as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    for given in target:
        if isinstance(given, Tensor):
            dtype = given.dtype
        elif isinstance(given, (str, Device)):
            device = given
        elif isinstance(given, bool):
            non_blocking, copy = given, non_blocking and copy
        elif isinstance(given, int):
            device = Device(given)
        elif given is not None:
            dtype = given
    if device is not None:
        check_device(device)
    kind = self.array.dtype if dtype is None else dtypes.to_numpy(dtype)
    if kind != self.array.dtype:
        return apply(convert.cast, self, dtype=kind)
    return apply(convert.clone, self) if copy else self


def as_kind(kind: dtypes.dtype) -> Callable[..., Tensor]:
    """The method that converts to one dtype: `x.float()`."""

    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        return self if self.array.dtype == kind.numpy else apply(convert.cast, self, dtype=kind.numpy)

    method.__doc__ = f"This tensor as {kind}; itself if it is."
    return method


CASTS = {
    "float": as_kind(dtypes.float32), "double": as_kind(dtypes.float64), "half": as_kind(dtypes.float16),
    "int": as_kind(dtypes.int32), "long": as_kind(dtypes.int64), "short": as_kind(dtypes.int16),
    "char": as_kind(dtypes.int8), "byte": as_kind(dtypes.uint8), "bool": as_kind(dtypes.bool_),
}  # fmt: skip


def type_(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of this tensor's type, as "torch.FloatTensor"; or the tensor converted to a dtype or such a name."""
    if dtype is None:
        return typename(self)
    return to(self, named_kind(dtype))


def named_kind(value: Any) -> Any:
    """A dtype from "torch.FloatTensor", from torch.FloatTensor, or from what is one already."""
    if not isinstance(value, str):
        return value.kind if isinstance(value, type) and hasattr(value, "kind") else value
    for kind in dtypes.dtype.known.values():
        if value in (f"torch.{kind.title}Tensor", f"torch.{kind.name}"):
            return kind
    raise ValueError(f"invalid type: {value!r}. Write a dtype, such as x.type(torch.float32).")


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the dtype of another."""
    return to(self, other)


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor, which is on the CPU."""
    return self


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """Raises AssertionError: there is no CUDA."""
    check_device(Device("cuda") if device is None else as_device(device))
    return self


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy of `input`; gradients flow back to it."""
    return apply(convert.clone, input)


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor with its elements in memory in the order in which they are counted: itself if they are."""
    return self if self.array.flags.c_contiguous else apply(convert.contiguous, self)


def is_contiguous(self: Tensor, memory_format: Any = None) -> Any:
    """Whether the elements lie in memory in the order in which they are counted."""
    return self.array.flags.c_contiguous


# Where the elements lie.


def device(self: Tensor) -> Device:
    """The device of the tensor: the CPU."""
    return CPU


def layout(self: Tensor) -> Layout:
    """How the elements are stored: at regular distances."""
    return strided


def size(self: Tensor, dim: Any = None) -> Any:
    """The shape, or its length along one dimension."""
    return self.shape if dim is None else self.array.shape[wrapped(self, dim)]


def dim(self: Tensor) -> Any:
    """How many dimensions the tensor has."""
    return self.array.ndim


def numel(input: Tensor) -> Any:
    """How many elements the tensor has."""
    return input.array.size


def stride(self: Tensor, dim: Any = None) -> Any:
    """How many places in memory lead from one element to the next along each dimension, or along one."""
    steps = [step // self.array.itemsize for step in self.array.strides]
    for k in reversed(range(len(steps) - 1)):
        if steps[k] == 0 and self.array.shape[k] == 1:  # a new axis: NumPy's step is 0, PyTorch's what it would be
            steps[k] = steps[k + 1] * self.array.shape[k + 1]
    return tuple(steps) if dim is None else steps[wrapped(self, dim)]


def element_size(self: Tensor) -> Any:
    """The bytes of one element."""
    return self.array.itemsize


def data_ptr(self: Tensor) -> Any:
    """The address of the first element."""
    return self.array.__array_interface__["data"][0]


def memory_of(array: Array) -> Array:
    """The array that owns the memory of this one."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def storage_offset(self: Tensor) -> Any:
    """How many elements lie in the storage before the first of this tensor."""
    start = memory_of(self.array).__array_interface__["data"][0]
    return (data_ptr(self) - start) // self.array.itemsize


class Storage:
    """The memory behind a tensor, as a row of elements."""

    def __init__(self, array: Array) -> None:
        self.array = memory_of(array)

    def data_ptr(self) -> Any:
        """The address of the first element."""
        return self.array.__array_interface__["data"][0]

    def size(self) -> Any:
        """How many elements the memory holds."""
        return self.array.size

    def nbytes(self) -> Any:
        """The bytes of the memory."""
        return self.array.nbytes

    def tolist(self) -> list[Any]:
        """The elements in the order in which they lie in memory."""
        return self.array.ravel("K").tolist()

    __len__ = size

    def __getitem__(self, key: Any) -> Any:
        return self.tolist()[key]

    def __iter__(self) -> Any:
        return iter(self.tolist())


def storage(self: Tensor) -> Storage:
    """The memory behind the tensor; tensors that share it have equal `storage().data_ptr()`."""
    return Storage(self.array)


# Writing.


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Overwrite with the values of `src`, broadcast and converted."""
    return self.overwrite(src)


def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite every element with one number."""
    return self.overwrite(value)


def zero_(self: Tensor) -> Tensor:
    """Overwrite every element with 0."""
    return self.overwrite(0)


def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """Use the memory of `source` from now on; without one, none."""
    other = Tensor.wrap(np.empty(0, self.array.dtype)) if source is None else source
    self.array, self.version = other.array, other.version
    return self


def apply_(self: Tensor, function: Callable[[Any], Any]) -> Tensor:
    """Overwrite every element with `function(element)`: slow, and not recorded."""
    values = [function(value) for value in self.array.ravel().tolist()]
    return without_history(self, values)


def map_(self: Tensor, tensor: Tensor, function: Callable[[Any, Any], Any]) -> Tensor:
    """Overwrite every element with `function(element, its partner in tensor)`: slow, and not recorded."""
    partners = np.broadcast_to(tensor.array, self.array.shape).ravel().tolist()
    return without_history(self, list(map(function, self.array.ravel().tolist(), partners)))


def without_history(self: Tensor, values: list[Any]) -> Tensor:
    if self.requires_grad:
        raise RuntimeError(
            "Can't call apply_() or map_() on Variable that requires grad. Use var.detach().apply_() instead."
        )
    return self.overwrite(np.array(values, self.array.dtype).reshape(self.array.shape))


# What kind it is.


def is_tensor(obj: Any) -> Any:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


def typename(obj: Any) -> str:
    """The name of an object's type; of a tensor's, as "torch.FloatTensor"."""
    if isinstance(obj, Tensor):
        return f"torch.{obj.dtype.title}Tensor"
    kind = type(obj)
    return kind.__qualname__ if kind.__module__ in ("builtins", "") else f"{kind.__module__}.{kind.__qualname__}"


def is_floating_point(input: Tensor) -> Any:
    """Whether the elements are floats."""
    return input.array.dtype.kind == "f"


def is_complex(input: Tensor) -> Any:
    """False: there are no complex tensors."""
    return False


def is_signed(self: Tensor) -> Any:
    """Whether the elements can be negative."""
    return self.array.dtype.kind in "if"


def is_nonzero(input: Tensor) -> Any:
    """Whether the single element is not 0."""
    return input.__bool__()


def get_device(self: Tensor) -> Any:
    """-1: the CPU has no number."""
    return -1


def itself(self: Tensor, *_: Any) -> Tensor:
    """The tensor itself: memory on the CPU needs no such step."""
    return self


def no(*_: Any) -> Any:
    """False: of tensors on the CPU this is never so."""
    return False


def is_same_size(input: Tensor, other: Tensor) -> Any:
    """Whether two tensors have one shape."""
    return input.array.shape == other.array.shape


def new(self: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor of the same dtype: of a shape, or from data."""
    check_device(device)
    return Tensor.wrap(legacy_array(data, self.array.dtype))


# What dtypes make together.


def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The dtype of what tensors of two dtypes make together.

    >>> import backlit as torch
    >>> torch.promote_types(torch.int64, torch.float32)
    torch.float32
    """
    return dtypes.of(dtypes.promote_types(type1.numpy, type2.numpy))


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of what two tensors or numbers make together."""
    return dtypes.of(dtypes.result_type([array_in(tensor1), array_in(tensor2)]))


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> Any:
    """Whether results of one dtype may be written to a tensor of another: not floats to integers, nor these to bool."""
    kinds = {"b": 0, "u": 1, "i": 1, "f": 2}
    return kinds[from_.numpy.kind] <= kinds[to.numpy.kind]
