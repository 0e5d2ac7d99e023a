"""Weights as a length times a direction.  Salimans & Kingma 2016, "Weight normalization"."""

from __future__ import annotations

import warnings
from typing import Any

from backlit.functions.norms import norm
from backlit.nn.parameter import Parameter
from backlit.tensor import Tensor


def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The 2-norm over all dimensions but `dim` (None: over all), which stay with length 1."""
    ndim = v.array.ndim
    axes = tuple(range(ndim)) if dim is None else tuple(k for k in range(ndim) if k != dim % ndim)
    return norm(v, 2, axes, keepdim=True)


def weight_of(g: Tensor, v: Tensor, dim: int | None) -> Tensor:
    """w = g v / |v|."""
    return v * (g / norm_except(v, dim))


class WeightNorm:
    """The hook that computes the weight before each forward pass."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, dim

    def compute_weight(self, module: Any) -> Tensor:
        return weight_of(getattr(module, self.name + "_g"), getattr(module, self.name + "_v"), self.dim)

    def __call__(self, module: Any, args: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace a parameter by its length `name`_g and its direction `name`_v; it is computed before each forward pass.

    PyTorch's older way; `parametrizations.weight_norm` is the newer one. Returns the module.
    """
    warnings.warn(
        "nn.utils.weight_norm is deprecated: write nn.utils.parametrizations.weight_norm.", FutureWarning, stacklevel=2
    )
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    weight = getattr(module, name)
    # PyTorch's other word for no dimension is -1.
    hook = WeightNorm(name, None if dim == -1 else dim)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(norm_except(weight, hook.dim).data))
    module.register_parameter(name + "_v", Parameter(weight.data))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make the parameter a plain one again.  Raises ValueError if it has no weight_norm.  Returns the module."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            weight = hook.compute_weight(module)
            for part in (name, name + "_g", name + "_v"):
                delattr(module, part)
            setattr(module, name, Parameter(weight.data))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
