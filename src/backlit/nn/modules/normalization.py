"""Normalisation of single rows: over their last dimensions, or over groups of channels."""

from __future__ import annotations

from typing import Any

from backlit.nn import functional as F
from backlit.nn import init
from backlit.nn.modules.module import Module
from backlit.nn.parameter import new_parameter
from backlit.tensor import Tensor


class _Affine(Module):
    """What normalised values are multiplied by and moved by: `weight` and `bias`, either of which may be None."""

    def make_affine(self, shape: tuple[int, ...], affine: bool, bias: bool, dtype: Any, device: Any) -> None:
        """Register both parameters."""
        for name, there in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, new_parameter(shape, dtype, device) if there else None)

    def reset_parameters(self) -> None:
        """Set scale 1 and shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


def as_shape(normalized_shape: Any) -> tuple[int, ...]:
    """A length, or several, as a tuple."""
    return (int(normalized_shape),) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(_Affine):
    """Each row moved to mean 0 and scaled to variance 1 over its last dimensions, times `weight`, plus `bias`.

    Ba et al. 2016, "Layer normalization". Shapes: (..., *normalized_shape); `weight` and `bias` normalized_shape.

    >>> import backlit as torch
    >>> torch.nn.LayerNorm(2)(torch.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps = as_shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        self.make_affine(self.normalized_shape, elementwise_affine, bias, dtype, device)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Each row divided by the root of its mean square over its last dimensions, times `weight`.

    Zhang & Sennrich 2019, "Root mean square layer normalization". Shape: (..., *normalized_shape).

    >>> import backlit as torch
    >>> torch.nn.RMSNorm(2)(torch.tensor([[3.0, 3.0]])).detach()
    tensor([[1., 1.]])
    """

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps = as_shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        made = new_parameter(self.normalized_shape, dtype, device) if elementwise_affine else None
        self.register_parameter("weight", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set scale 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Affine):
    """The channels of each row in groups, each group moved to mean 0 and scaled to variance 1.

    Wu & He 2018, "Group normalization". Shapes: (B, C, ...); `weight` and `bias` (C).

    >>> import backlit as torch
    >>> torch.nn.GroupNorm(1, 2)(torch.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.make_affine((num_channels,), affine, bias, dtype, device)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha mean(x² over the `size` channels around))^beta.  Krizhevsky et al. 2012.  Shape: (B, C, ...).

    >>> import backlit as torch
    >>> torch.nn.LocalResponseNorm(2)(torch.zeros(1, 3, 2)).shape
    torch.Size([1, 3, 2])
    """

    def __init__(self, size: int, alpha: float = 0.0001, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
