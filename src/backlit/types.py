"""`torch.types`: names for annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backlit.device import device
from backlit.dtypes import dtype
from backlit.size import Size
from backlit.tensor import Tensor

Number = int | float | bool
Device = device | str | int | None
Storage = Any

_int, _float, _bool, _dtype, _device, _size = int, float, bool, dtype, device, Size | list[int] | tuple[int, ...]
_TensorOrTensors = Tensor | Sequence[Tensor]
