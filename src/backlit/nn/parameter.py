"""Tensors that a module owns: parameters, which are trained, and buffers, which are only kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import dtypes
from backlit.device import check_device
from backlit.tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module trains: assigned as an attribute it appears in `module.parameters()`.

    Args:
        data: the values, any shape; their memory is shared. Without it the parameter is empty, of shape (0,).
        requires_grad: whether gradients are wanted.

    >>> import backlit as torch
    >>> torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        adopt(self, data)
        if requires_grad:
            self.requires_grad = True

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        # The gradient stays behind, as in PyTorch: a copied model starts without one.
        copy = super().__deepcopy__(memo)
        copy.grad = None
        return copy


class Buffer(Tensor):
    """A tensor that a module keeps without training it: assigned as an attribute it appears in `module.buffers()`.

    persistent: whether it belongs to the module's state_dict.

    >>> import backlit as torch
    >>> m = torch.nn.Module()
    >>> m.mean = torch.nn.Buffer(torch.zeros(2))
    >>> list(m.state_dict())
    ['mean']
    """

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        adopt(self, data)
        self.persistent = persistent


def adopt(owner: Tensor, data: Any) -> None:
    """Let `owner` hold the memory of `data`, without its history."""
    if data is None:
        data = Tensor.wrap(np.empty(0, dtypes.default()))
    if not isinstance(data, Tensor):
        raise TypeError(
            f"{type(owner).__name__}() takes a Tensor, not {type(data).__name__}: write "
            f"nn.{type(owner).__name__}(torch.tensor(...)), or torch.empty(rows, columns) for memory of a shape."
        )
    owner.array, owner.version = data.array, data.version


class UninitializedParameter(Parameter):
    """A parameter whose shape the first input will decide, as in `LazyLinear`."""

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(empty((0,), dtype, device), requires_grad)

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Become a Parameter with memory of this shape; its values are not set."""
        self.array = empty(shape, dtype or self.dtype, device).array
        self.__class__ = Parameter  # type: ignore[assignment]

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter: it is known after the first forward pass. "
            "Call the module once with an example input: model(x)."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def is_lazy(tensor: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(tensor, UninitializedParameter)


def materialize(parameter: Any, shape: tuple[int, ...]) -> None:
    """Give an uninitialized parameter its shape."""
    if is_lazy(parameter):
        parameter.materialize(shape)


def empty(shape: tuple[int, ...], dtype: Any = None, device: Any = None) -> Tensor:
    """Memory for a tensor, its values not set."""
    check_device(device)
    return Tensor.wrap(np.empty(shape, dtypes.default() if dtype is None else dtypes.to_numpy(dtype)))


def new_parameter(shape: tuple[int, ...], dtype: Any = None, device: Any = None) -> Parameter:
    """A parameter whose values are not set."""
    return Parameter(empty(shape, dtype, device))
