"""Which memory tensors share: the storages of a file that is being written."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np

from backlit.interop.pickle_writer import Place
from backlit.tensor import Tensor


class Layout:
    """The storages for all tensors within `value`: tensors whose memory overlaps lie in one storage.

    PyTorch writes the whole storage that a tensor is a view of; here a storage is only as long as what the tensors in
    the file cover of it, so `torch.save(x[:5], path)` does not write the rest of x.
    """

    def __init__(self, value: Any) -> None:
        self.arrays = {id(tensor): expressible(tensor.array) for tensor in tensors_in(value)}
        self.stretches: dict[str, Stretch] = {}
        self.of_tensor: dict[int, str] = {}
        for stretch in merged([Stretch(key, array) for key, array in self.arrays.items()]):
            key = str(len(self.stretches))
            self.stretches[key] = stretch
            self.of_tensor.update(dict.fromkeys(stretch.tensors, key))

    def place(self, tensor: Tensor) -> Place:
        array = self.arrays[id(tensor)]
        key = self.of_tensor[id(tensor)]
        stretch = self.stretches[key]
        size = array.itemsize
        offset = (array.ctypes.data - stretch.low) // size if array.size else 0
        return Place(key, (stretch.high - stretch.low) // size, offset, tuple(s // size for s in array.strides))

    def contents(self) -> dict[str, memoryview]:
        return {key: stretch.bytes() for key, stretch in self.stretches.items()}


class Stretch:
    """The memory from address `low` up to `high`, and the tensors in it."""

    def __init__(self, tensor: int, array: np.ndarray[Any, Any]) -> None:
        reach = sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) + array.itemsize
        self.low = array.ctypes.data
        self.high = self.low + (reach if array.size else 0)
        self.dtype = array.dtype
        self.tensors = [tensor]

    def absorb(self, other: Stretch) -> None:
        if other.dtype != self.dtype:
            raise RuntimeError(
                "Cannot save multiple tensors that view the same data as different types, "
                f"{self.dtype} and {other.dtype}. Save one of them as a copy: x.clone()"
            )
        self.high = max(self.high, other.high)
        self.tensors += other.tensors

    def bytes(self) -> memoryview:
        """The bytes themselves, not copied. They belong to arrays that the layout keeps, and lie within one of their
        owners, since they are what overlapping views of it cover."""
        return memoryview((ctypes.c_ubyte * (self.high - self.low)).from_address(self.low)).cast("B")


def merged(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Stretches without overlap, in the order of the first tensor of each."""
    order = {id(stretch): k for k, stretch in enumerate(stretches)}
    groups: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: (s.low, -s.high)):
        if groups and stretch.low < min(groups[-1].high, stretch.high):
            groups[-1].absorb(stretch)
        else:
            groups.append(stretch)
    return iter(sorted(groups, key=lambda s: order[id(s)]))


def expressible(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array itself, or a copy where a file could not say how it lies: backwards, or between elements."""
    backwards = any(step < 0 or step % array.itemsize for step in array.strides)
    return array.copy("C") if backwards or not array.flags.aligned else array


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in nested containers, in order, without recursion."""
    todo, seen = [value], set()
    while todo:
        part = todo.pop()
        if isinstance(part, Tensor):
            yield part
        elif isinstance(part, (dict, list, tuple)) and id(part) not in seen:
            seen.add(id(part))
            todo.extend(reversed(list(part.values() if isinstance(part, dict) else part)))
