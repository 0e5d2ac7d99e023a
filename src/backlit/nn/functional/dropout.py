"""Dropout: elements, or whole channels, set to 0 at random in training.

Hinton et al. 2012, "Improving neural networks by preventing co-adaptation of feature detectors". What is left is
divided by 1 - p, so that nothing has to change in evaluation. The same seed drops what PyTorch drops.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from backlit import random
from backlit.ops import arithmetic
from backlit.ops import dropout as ops
from backlit.tensor import Tensor, apply
from backlit.writing import written

#: -scale alpha of selu: the value that it goes to on the left, to which alpha dropout sets what it drops.
SELU_FLOOR = -1.7580993408473766


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to 0 with probability p, else divided by 1 - p; the input itself out of training.

    Raises ValueError unless 0 <= p <= 1.

    >>> import backlit as torch
    >>> torch.nn.functional.dropout(torch.ones(3), p=0.0)
    tensor([1., 1., 1.])
    """
    return dropped(input, p, training, inplace, input.array.shape)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel set to 0 with probability p.  Shape: (B, C, L), or (C, L).

    >>> import backlit as torch
    >>> torch.nn.functional.dropout1d(torch.ones(1, 2), p=1.0)
    tensor([[0., 0.]])
    """
    if input.array.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.array.ndim}D input: (C, L), or (B, C, L)."
        )
    return by_channels(input, p, training, inplace, batch=input.array.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel set to 0 with probability p.  Shape: (B, C, H, W).

    >>> import backlit as torch
    >>> torch.nn.functional.dropout2d(torch.ones(1, 2, 1, 1), p=1.0).flatten()
    tensor([0., 0.])
    """
    if input.array.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.array.ndim}-D input; it drops the channels of (B, C, H, W). For others "
            "write dropout.",
            stacklevel=2,
        )
    elif input.array.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3-D input, which is taken as (B, C, L). If that is meant, write dropout1d.",
            stacklevel=2,
        )
    return by_channels(input, p, training, inplace, batch=True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each channel set to 0 with probability p.  Shape: (B, C, D, H, W), or (C, D, H, W).

    >>> import backlit as torch
    >>> torch.nn.functional.dropout3d(torch.ones(1, 2, 1, 1, 1), p=1.0).flatten()
    tensor([0., 0.])
    """
    if input.array.ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.array.ndim}-D input; it drops the channels of (B, C, D, H, W). For others "
            "write dropout.",
            stacklevel=2,
        )
    return by_channels(input, p, training, inplace, batch=input.array.ndim != 4)


def by_channels(input: Tensor, p: float, training: bool, inplace: bool, batch: bool) -> Tensor:
    shape = input.array.shape
    if batch and len(shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    kept = 2 if batch else 1
    return dropped(input, p, training, inplace, shape[:kept] + (1,) * (len(shape) - kept))


def dropped(input: Tensor, p: float, training: bool, inplace: bool, mask_shape: tuple[int, ...]) -> Tensor:
    """The input times a mask of this shape."""
    check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:  # certain: PyTorch draws nothing
        return times(input, Tensor.wrap(np.zeros((), input.array.dtype)), inplace)
    return times(input, random_mask(input, p, mask_shape) / (1 - p), inplace)


def random_mask(input: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """0 with probability p, else 1."""
    return Tensor.wrap(random.default_generator.bernoulli(1 - p, shape, input.array.dtype))


def times(input: Tensor, mask: Tensor, inplace: bool) -> Tensor:
    if inplace:
        return written(input, lambda x: apply(ops.dropout, x, mask))
    return apply(ops.dropout, input, mask)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for selu: what is dropped becomes selu's left end, and mean and variance stay as they were.

    Klambauer et al. 2017, "Self-normalizing neural networks", section "New Dropout Technique".

    >>> import backlit as torch
    >>> torch.nn.functional.alpha_dropout(torch.ones(2), training=False)
    tensor([1., 1.])
    """
    return alpha_dropped(input, p, training, inplace, input.array.shape)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels.  Shape: (B, C, ...).

    >>> import backlit as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.ones(1, 2), training=False)
    tensor([[1., 1.]])
    """
    shape = input.array.shape
    return alpha_dropped(input, p, training, inplace, shape[:2] + (1,) * (len(shape) - 2))


def alpha_dropped(input: Tensor, p: float, training: bool, inplace: bool, mask_shape: tuple[int, ...]) -> Tensor:
    check_probability(p)
    if not training or p in (0, 1) or input.array.size == 0:
        return dropped(input, p, training, inplace, mask_shape)
    kept = random_mask(input, p, mask_shape)
    scale = 1 / math.sqrt((SELU_FLOOR**2 * p + 1) * (1 - p))
    shift = (1 - kept) * (SELU_FLOOR * scale) - SELU_FLOOR * scale * p
    out = apply(arithmetic.add, apply(ops.dropout, input, kept * scale), shift)
    return written(input, lambda _: out) if inplace else out


def check_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
