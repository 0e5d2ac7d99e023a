"""`Variable`, the tensor that took part in differentiation before all tensors did."""

from __future__ import annotations

from typing import Any

from backlit.autograd.tracked import Tracked


class VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tracked)

    def __call__(cls, data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
        if not isinstance(data, Tracked):
            raise TypeError(
                f"Variable data has to be a tensor, but got {type(data).__name__}. Write torch.tensor(...)."
            )
        made: Any = data.wrap(data.array)
        made.version = data.version
        made.requires_grad = bool(requires_grad)
        return made


class Variable(metaclass=VariableMeta):
    """`Variable(tensor)` is a tensor on the same memory, without history. Tensors need it no more.

    >>> import backlit as torch
    >>> x = torch.autograd.Variable(torch.ones(2), requires_grad=True)
    >>> isinstance(x, torch.Tensor), x.requires_grad
    (True, True)
    """
