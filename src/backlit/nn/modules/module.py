"""Module: what every layer and every network is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from backlit import dtypes
from backlit.functions import conversion
from backlit.nn.modules.hooks import Hooked, everywhere
from backlit.nn.modules.hooks import register_module_backward_hook as register_module_backward_hook
from backlit.nn.modules.hooks import register_module_forward_hook as register_module_forward_hook
from backlit.nn.modules.hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from backlit.nn.modules.hooks import register_module_full_backward_hook as register_module_full_backward_hook
from backlit.nn.modules.hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from backlit.nn.modules.saving import Saving
from backlit.nn.parameter import empty
from backlit.tensor import Tensor

M = TypeVar("M", bound="Module")


class Module(Saving, Hooked):
    """The base class of layers and networks: a function with parameters.

    A subclass calls `super().__init__()`, assigns its parameters and submodules as attributes, and defines `forward`.
    Calling the module runs `forward`, and the hooks around it.

    >>> import backlit as torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = torch.nn.Parameter(torch.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> Line()(torch.tensor([1.0, 3.0]))
    tensor([2., 6.], grad_fn=<MulBackward0>)
    """

    dump_patches = False
    call_super_init = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            first = repr(next(iter(kwargs))) if kwargs else None
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument {first}" if first else
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )  # fmt: skip
        own = self.__dict__
        own["training"] = True
        own.update(_parameters={}, _buffers={}, _modules={}, _non_persistent_buffers_set=set())
        for kind in HOOKS:
            own[kind] = OrderedDict()
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *input: Any) -> Any:
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function: define '
            f"def forward(self, x) in the class (check its spelling and its indentation)."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._is_hooked or everywhere:
            return self._call_hooked(*args, **kwargs)
        return self.forward(*args, **kwargs)

    # Modes.

    def train(self: M, mode: bool = True) -> M:
        """Behave as in training (dropout drops, batch norm uses the batch), this module and all below it."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, but got {type(mode).__name__}: {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self: M) -> M:
        """Behave as when the network is used: train(False)."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Want gradients of all parameters, or (False) freeze them."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear the gradients of all parameters: forget them, or fill them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad = parameter.grad.detach()
                    parameter.grad.overwrite(0)

    def apply(self: M, fn: Callable[[Any], Any]) -> M:
        """Call `fn` with every module below, then with this one; used to set initial values."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # Dtype and device. Parameters keep their identity: an optimizer that holds them goes on.

    def _apply(self: M, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> M:
        """Replace the memory of every parameter, gradient and buffer by what `fn` makes of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is not None:
                parameter.data = fn(parameter.data)
                if parameter.grad is not None:
                    parameter.grad.data = fn(parameter.grad.data)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Change dtype or device in place: `to(dtype)`, `to(device)`, `to(device, dtype)`, `to(tensor)`.

        Only floating-point parameters and buffers change dtype. The one device is the CPU.
        Raises TypeError for a dtype that is not floating-point.
        """
        device, dtype = wanted(args, kwargs)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point dtypes, but got desired dtype={dtype}. "
                "Convert the input instead: x.to(dtype)"
            )
        return self._apply(lambda t: converted(conversion.to(t, device=device), dtype))

    def type(self: M, dst_type: Any) -> M:
        """Change the dtype of all parameters and buffers, integers too."""
        return self._apply(lambda t: conversion.type_(t, dst_type))

    def float(self: M) -> M:
        """Make all floating-point parameters and buffers float32."""
        return self._apply(lambda t: converted(t, dtypes.float32))

    def double(self: M) -> M:
        """Make all floating-point parameters and buffers float64."""
        return self._apply(lambda t: converted(t, dtypes.float64))

    def half(self: M) -> M:
        """Make all floating-point parameters and buffers float16."""
        return self._apply(lambda t: converted(t, dtypes.float16))

    def bfloat16(self: M) -> M:
        """NumPy has no bfloat16: raises RuntimeError."""
        raise RuntimeError("bfloat16 is not available: NumPy has no such dtype. Use model.half() or stay in float32.")

    def cpu(self: M) -> M:
        """The module itself: the CPU is where it is."""
        return self

    def cuda(self: M, device: Any = None) -> M:
        """There is no GPU here: raises what a PyTorch built for the CPU raises."""
        return self._apply(lambda t: conversion.cuda(t, device))

    def to_empty(self: M, *, device: Any = None, recurse: bool = True) -> M:
        """Give every parameter and buffer new memory, its values not set."""
        return self._apply(lambda t: empty(t.shape, t.dtype), recurse)

    def share_memory(self: M) -> M:
        """The module itself; processes do not share its memory."""
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Accepted; the module runs as it did."""

    # Copying and printing.

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed; subclasses define it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        below = [f"({name}): {module!r}" for name, module in self._modules.items()]
        if not below and "\n" not in extra:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n{indented([extra] * bool(extra) + below)}\n)"


HOOKS = (
    "_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks", "_state_dict_pre_hooks",
    "_state_dict_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks",
)  # fmt: skip


def indented(parts: list[str]) -> str:
    """The parts below each other, every line two places to the right."""
    return "\n".join("  " + line for part in parts for line in part.split("\n"))


def converted(tensor: Tensor, dtype: dtypes.dtype | None) -> Tensor:
    """The tensor in another dtype, if it is a floating-point one."""
    if dtype is None or tensor.array.dtype.kind != "f" or tensor.array.dtype == dtype.numpy:
        return tensor
    return Tensor.wrap(tensor.array.astype(dtype.numpy))


def wanted(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dtypes.dtype | None]:
    """The device and the dtype among the arguments of `to`."""
    device, dtype = kwargs.get("device"), kwargs.get("dtype")
    for value in (*args, kwargs.get("tensor")):
        if isinstance(value, Tensor):
            dtype = value.dtype
        elif isinstance(value, dtypes.dtype):
            dtype = value
        elif value is not None and not isinstance(value, bool):
            device = value
    return device, dtype
