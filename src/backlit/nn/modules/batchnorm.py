"""Batch normalisation: each channel over the whole batch.  Ioffe & Szegedy 2015, "Batch normalization"."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.nn import functional as F
from backlit.nn import init
from backlit.nn.modules.normalization import _Affine
from backlit.nn.parameter import empty
from backlit.tensor import Tensor


class _NormBase(_Affine):
    """Scale and shift of each channel, and the running statistics that evaluation uses."""

    _version = 2
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.make_affine((num_features,), affine, bias, dtype, device)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, empty((num_features,), dtype, device) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", Tensor.wrap(np.array(0)) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Set scale 1 and shift 0, and forget the batches seen."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check_input_dim(self, input: Tensor) -> None:
        """Raise ValueError for an input without the dimensions that this layer takes."""

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], *rest: Any) -> None:
        version = local_metadata.get("version")
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            # Files of before PyTorch 0.4.1 do not have it.
            state_dict[key] = Tensor.wrap(np.array(0)) if self.num_batches_tracked is None else self.num_batches_tracked
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            if self.momentum is None:  # the plain mean over all batches
                momentum = 1 / self.num_batches_tracked.item()
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        uses_running = not self.training or self.track_running_stats
        return F.batch_norm(
            input, self.running_mean if uses_running else None, self.running_var if uses_running else None,
            self.weight, self.bias, by_batch, momentum, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Each feature moved to mean 0 and scaled to variance 1 over the batch, times `weight`, plus `bias`.

    In evaluation with the running statistics instead: each training batch moves them by `momentum` (None: their mean).
    Shape: (B, C) or (B, C, L); `weight`, `bias`, `running_mean`, `running_var` (C).

    >>> import backlit as torch
    >>> layer = torch.nn.BatchNorm1d(2)
    >>> layer(torch.tensor([[1.0, 5.0], [3.0, 5.0]])).detach()
    tensor([[-1.0000,  0.0000],
            [ 1.0000,  0.0000]])
    >>> layer.running_mean
    tensor([0.2000, 0.5000])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.array.ndim}D input): (B, C) or (B, C, L).")


class BatchNorm2d(_BatchNorm):
    """BatchNorm1d for pictures.  Shape: (B, C, H, W).

    >>> import backlit as torch
    >>> torch.nn.BatchNorm2d(3)(torch.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim != 4:
            raise ValueError(f"expected 4D input (got {input.array.ndim}D input): (B, C, H, W).")


class BatchNorm3d(_BatchNorm):
    """BatchNorm1d for volumes.  Shape: (B, C, D, H, W).

    >>> import backlit as torch
    >>> torch.nn.BatchNorm3d(3)(torch.randn(2, 3, 2, 2, 2)).shape
    torch.Size([2, 3, 2, 2, 2])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.array.ndim != 5:
            raise ValueError(f"expected 5D input (got {input.array.ndim}D input): (B, C, D, H, W).")
