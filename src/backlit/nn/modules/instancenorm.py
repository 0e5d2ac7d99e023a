"""Instance normalisation: each channel of each row by itself.  Ulyanov et al. 2016, "Instance normalization"."""

from __future__ import annotations

from typing import Any, ClassVar

from backlit.functions.shape import squeeze, unsqueeze
from backlit.nn import functional as F
from backlit.nn.modules.batchnorm import _NormBase
from backlit.tensor import Tensor


class _InstanceNorm(_NormBase):
    dims: ClassVar[tuple[int, int]]  # without a batch, and with one

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        alone, batched = self.dims
        if input.array.ndim not in self.dims:
            raise ValueError(f"expected {alone}D or {batched}D input (got {input.array.ndim}D input)")
        x = unsqueeze(input, 0) if input.array.ndim == alone else input
        out = F.instance_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return squeeze(out, 0) if input.array.ndim == alone else out


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each row moved to mean 0 and scaled to variance 1.  Shape: (B, C, L) or (C, L).

    >>> import backlit as torch
    >>> torch.nn.InstanceNorm1d(1)(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """InstanceNorm1d for pictures.  Shape: (B, C, H, W) or (C, H, W).

    >>> import backlit as torch
    >>> torch.nn.InstanceNorm2d(3)(torch.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """InstanceNorm1d for volumes.  Shape: (B, C, D, H, W) or (C, D, H, W).

    >>> import backlit as torch
    >>> torch.nn.InstanceNorm3d(3)(torch.randn(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    dims = (4, 5)
