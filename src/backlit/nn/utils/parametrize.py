"""Parameters that are computed: `module.weight` becomes f(original), and the original is what is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from backlit.autograd.modes import no_grad
from backlit.nn.modules.container import ModuleDict
from backlit.nn.modules.module import Module
from backlit.nn.parameter import Parameter
from backlit.tensor import Tensor

#: Values computed inside `cached()`, by module and name; None outside.
_cache: dict[tuple[int, str], Tensor] | None = None


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once while inside, however often it is read."""
    global _cache
    before, _cache = _cache, {} if _cache is None else _cache
    try:
        yield
    finally:
        _cache = before


class ParametrizationList(Module):
    """The parametrizations of one tensor, in the order in which they apply, and its `original` (original0, ...)."""

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        super().__init__()
        for k, module in enumerate(modules):
            self.add_module(str(k), module)
        self.unsafe = unsafe
        self.is_tensor = True
        value: Any = original.data if isinstance(original, Parameter) else original
        for module in reversed(modules):
            value = inverse_of(module, value)
        self._hold(value, original)

    def _hold(self, value: Any, original: Tensor) -> None:
        """Keep what the last right_inverse gave as the tensor, or tensors, to train."""
        self.is_tensor = isinstance(value, Tensor)
        if self.is_tensor and isinstance(original, Parameter):
            original.data = value.data
            self.register_parameter("original", original)
        else:
            for k, part in enumerate([value] if self.is_tensor else value):
                name = "original" if self.is_tensor else f"original{k}"
                if isinstance(original, Parameter):
                    self.register_parameter(name, Parameter(part.data, original.requires_grad))
                else:
                    self.register_buffer(name, part)
        self.count = 1 if self.is_tensor else len(value)

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, k: int) -> Any:
        return list(self._modules.values())[k]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def originals(self) -> list[Tensor]:
        """The tensors that are trained."""
        return [self.original] if self.is_tensor else [getattr(self, f"original{k}") for k in range(self.count)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals such that the computed tensor is `value`."""
        with no_grad():
            result: Any = value
            for module in reversed(list(self._modules.values())):
                result = inverse_of(module, result)
            for original, part in zip(self.originals(), [result] if self.is_tensor else result, strict=True):
                original.overwrite(part.data)

    def forward(self) -> Tensor:
        first, *others = self._modules.values()
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value


def inverse_of(parametrization: Module, value: Any) -> Any:
    """What `parametrization` makes `value` of, where it can say; else the value itself."""
    if not hasattr(parametrization, "right_inverse"):
        return value
    return parametrization.right_inverse(value)


def register_parametrization(module: Any, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Any:
    """Make `module.tensor_name` the output of `parametrization`, a module; several apply one behind the other.

    Its input is kept as `module.parametrizations.tensor_name.original`. unsafe: the output may have another shape or
    dtype.
    Raises ValueError if the module has no such parameter or buffer, or if the output does not fit. Returns the module.

    >>> import backlit as torch
    >>> class Positive(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.abs()
    >>> layer = torch.nn.utils.parametrize.register_parametrization(torch.nn.Linear(3, 2), "weight", Positive())
    >>> bool((layer.weight >= 0).all()), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        holder = module.parametrizations[tensor_name]
        with no_grad():
            if not unsafe:
                check_fit(parametrization, getattr(module, tensor_name), tensor_name)
            value = inverse_of(parametrization, holder.original) if holder.is_tensor else holder.original0
            if holder.is_tensor:
                holder.original.data = value.data
        holder.add_module(str(len(holder)), parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    if not unsafe:
        with no_grad():
            check_fit(parametrization, original, tensor_name)
    delattr(module, tensor_name)
    holder = ParametrizationList([parametrization], original, unsafe)
    make_parametrized(module)
    module.parametrizations[tensor_name] = holder
    setattr(type(module), tensor_name, computed(tensor_name))
    return module


def check_fit(parametrization: Module, x: Tensor, name: str) -> None:
    """Raise ValueError if the parametrization's output cannot stand for the tensor."""
    inverse = inverse_of(parametrization, x)
    out = parametrization(*(inverse if isinstance(inverse, (tuple, list)) else (inverse,)))
    if not isinstance(out, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(out).__name__}.")
    if out.array.dtype != x.array.dtype or out.array.shape != x.array.shape:
        raise ValueError(
            f"Registering a parametrization may not change the shape or dtype of {name}, unless unsafe=True: it makes "
            f"{list(out.array.shape)} of {out.dtype} from {list(x.array.shape)} of {x.dtype}."
        )


def make_parametrized(module: Any) -> None:
    """Give the module a class of its own, in which computed tensors are properties."""
    if "parametrizations" not in module._modules:
        plain = type(module)
        module.__class__ = type(f"Parametrized{plain.__name__}", (plain,), {"plain_class": plain})
        module.parametrizations = ModuleDict()


def computed(name: str) -> property:
    """The property that runs the parametrizations of `name`, and takes a new value through their inverses."""

    def read(self: Any) -> Tensor:
        holder = self.parametrizations[name]
        if _cache is None:
            return holder()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = holder()
        return _cache[key]

    def write(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(read, write)


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether the module has parametrized tensors, or one of this name."""
    holders = module._modules.get("parametrizations")
    if not isinstance(holders, ModuleDict):
        return False
    return len(holders) > 0 if tensor_name is None else tensor_name in holders


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make the tensor a plain one again: with its present value, or (leave_parametrized=False) the original's.

    Raises ValueError if it is not parametrized, or if the original cannot be left because there are several.
    Returns the module.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    holder = module.parametrizations[tensor_name]
    if not leave_parametrized and not holder.is_tensor:
        raise ValueError("Cannot leave unparametrized (leave_parametrized=False) a tensor that has several originals.")
    original = holder.originals()[0]
    value = getattr(module, tensor_name).detach() if leave_parametrized else original.data
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if len(module.parametrizations) == 0:
        del module.parametrizations
        module.__class__ = type(module).plain_class
    if isinstance(original, Parameter):
        if holder.is_tensor:
            original.data = value
        kept = original if holder.is_tensor else Parameter(value, original.requires_grad)
        module.register_parameter(tensor_name, kept)
    else:
        module.register_buffer(tensor_name, value)
    return module


def type_before_parametrizations(module: Any) -> type:
    """The class that the module had before."""
    return type(module).plain_class if is_parametrized(module) else type(module)
