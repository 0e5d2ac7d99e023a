"""The binary layout of what is drawn: which numbers lie where, announced once, and then sent as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from backlit.live.curves import BUCKETS, CURVES
from backlit.live.pictures import NEURON, OUTPUT, OUTPUT_OF_ONE

STATS = (
    "layout", "version", "step", "epoch", "samples", "steps_per_second", "loss", "test_loss", "accuracy",
    "test_accuracy", "grad_norm", "phase", "is_playing", "has_maps", "shown_step", "rival_loss",
)  # fmt: skip
BYTES = {"f4": 4, "f8": 8, "u1": 1}


class Section(NamedTuple):
    """An array of a frame, and where it begins."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return BYTES[self.dtype] * math.prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """The sections of a frame. Those from `first_map` on are there only where maps were asked for."""

    id: int
    sections: tuple[Section, ...]
    first_map: int

    @classmethod
    def of(cls, number: int, sizes: list[int], outputs: int) -> Layout:
        """For a network of these sizes, inputs and outputs included; `outputs` are the maps of what it says."""
        parameters = sum((narrow + 1) * wide for narrow, wide in pairwise(sizes))
        layers, units, curves = len(sizes) - 1, sum(sizes[1:]), (len(CURVES), BUCKETS, 4)
        is_line = sizes[0] == 1
        neuron = (1, NEURON) if is_line else (NEURON, NEURON)
        output = (1, OUTPUT_OF_ONE) if is_line else (OUTPUT, OUTPUT)
        shapes: list[tuple[str, str, tuple[int, ...]]] = [
            ("stats", "f8", (len(STATS),)), ("weights", "f4", (parameters,)), ("gradients", "f4", (parameters,)),
            ("layers", "f8", (layers, 3)), ("curves", "f8", curves), ("rival_curves", "f8", curves),
            ("layer_curves", "f8", (layers, BUCKETS, 4)),
            ("pictures", "f4", (units, *neuron)), ("output", "f4", (outputs, *output)),
            ("rival_output", "f4", (outputs, *output)),
        ]  # fmt: skip
        sections, offset = [], 0
        for name, dtype, shape in shapes:
            sections.append(Section(name, dtype, shape, offset))
            offset = aligned(offset + sections[-1].size)
        return cls(number, tuple(sections), [name for name, _, _ in shapes].index("pictures"))

    @property
    def size(self) -> int:
        """Without maps."""
        return self.sections[self.first_map].offset

    @property
    def size_with_maps(self) -> int:
        last = self.sections[-1]
        return aligned(last.offset + last.size)

    def pack(self, arrays: Mapping[str, np.ndarray], has_maps: bool) -> bytes:
        """A frame. What an array leaves out is NaN."""
        buffer = bytearray(self.size_with_maps if has_maps else self.size)
        for section in self.sections if has_maps else self.sections[: self.first_map]:
            values = arrays.get(section.name)
            count = math.prod(section.shape)
            place = np.frombuffer(buffer, "<" + section.dtype, count, section.offset).reshape(section.shape)
            place[...] = np.nan if values is None else values
        return bytes(buffer)

    def to_json(self) -> dict[str, Any]:
        """As `state` announces it."""
        sections = [{**section._asdict(), "shape": list(section.shape)} for section in self.sections]
        return {"id": self.id, "bytes": self.size, "bytes_with_maps": self.size_with_maps, "sections": sections}


def aligned(offset: int) -> int:
    """The next multiple of 8."""
    return -(-offset // 8) * 8
