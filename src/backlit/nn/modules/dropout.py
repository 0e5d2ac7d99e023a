"""Dropout layers; they act in training only."""

from __future__ import annotations

from backlit.nn import functional as F
from backlit.nn.modules.module import Module
from backlit.tensor import Tensor


class _DropoutNd(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training each element is set to 0 with probability p, and else divided by 1 - p.  Shape: any.

    Hinton et al. 2012, "Improving neural networks by preventing co-adaptation of feature detectors".

    >>> import backlit as torch
    >>> torch.nn.Dropout(0.9).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """In training each channel is set to 0 with probability p.  Shape: (B, C, L) or (C, L).

    >>> import backlit as torch
    >>> torch.nn.Dropout1d(1.0)(torch.ones(1, 2))
    tensor([[0., 0.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """In training each channel is set to 0 with probability p.  Shape: (B, C, H, W).

    >>> import backlit as torch
    >>> torch.nn.Dropout2d(1.0)(torch.ones(1, 2, 1, 1)).flatten()
    tensor([0., 0.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """In training each channel is set to 0 with probability p.  Shape: (B, C, D, H, W) or (C, D, H, W).

    >>> import backlit as torch
    >>> torch.nn.Dropout3d(1.0)(torch.ones(1, 2, 1, 1, 1)).flatten()
    tensor([0., 0.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout for SELU: what is dropped becomes SELU's left end, and mean and variance stay as they were.  Shape: any.

    Klambauer et al. 2017, "Self-normalizing neural networks".

    >>> import backlit as torch
    >>> torch.nn.AlphaDropout(0.2).eval()(torch.ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels.  Shape: (B, C, ...).

    >>> import backlit as torch
    >>> torch.nn.FeatureAlphaDropout(0.2).eval()(torch.ones(1, 2))
    tensor([[1., 1.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
