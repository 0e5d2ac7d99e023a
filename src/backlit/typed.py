"""The older constructors that name a dtype: `torch.FloatTensor(2, 3)`, `torch.LongTensor([1, 2])`."""

from __future__ import annotations

from typing import Any

from backlit import dtypes
from backlit.device import check_device
from backlit.tensor import Tensor, legacy_array


class TensorType(type):
    """The type of such constructors: `isinstance(x, torch.FloatTensor)` asks for the dtype of x."""

    kind: dtypes.dtype

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.kind

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        """A tensor of this dtype: of a shape, with unset values; or with the values given.

        >>> import backlit as torch
        >>> torch.LongTensor([1, 2])
        tensor([1, 2])
        """
        check_device(device)
        return Tensor.wrap(legacy_array(data, cls.kind.numpy))


def typed(kind: dtypes.dtype) -> TensorType:
    return TensorType(f"{kind.title}Tensor", (), {"kind": kind, "dtype": kind, "__module__": "torch"})


FloatTensor, DoubleTensor, HalfTensor = typed(dtypes.float32), typed(dtypes.float64), typed(dtypes.float16)
LongTensor, IntTensor, ShortTensor = typed(dtypes.int64), typed(dtypes.int32), typed(dtypes.int16)
CharTensor, ByteTensor, BoolTensor = typed(dtypes.int8), typed(dtypes.uint8), typed(dtypes.bool_)
