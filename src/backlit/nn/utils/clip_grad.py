"""Keeping gradients from growing too large.  Pascanu et al. 2012, "On the difficulty of training RNNs"."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.autograd.modes import no_grad
from backlit.functions.joining import stack
from backlit.functions.norms import norm
from backlit.functions.pointwise import clamp, clamp_max
from backlit.tensor import Tensor

Tensors = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Tensor:
    """Scale all gradients down together, in place, so that their norm is at most max_norm.

    Args:
        norm_type: the p of the norm, of all gradients as one vector; infinity for the largest element.
        error_if_nonfinite: raise RuntimeError for a norm that is infinite or NaN.

    Returns the norm before.

    >>> import backlit as torch
    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grad_norm_(w, max_norm=1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    given = gradients(parameters)
    total = get_total_norm(given, norm_type, error_if_nonfinite)
    scale(given, max_norm, total)
    return total


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Tensor:
    """The norm of all tensors as one vector: the norm of their norms."""
    given = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not given:
        return Tensor.wrap(np.zeros((), dtypes.default()))
    with no_grad():
        total = norm(stack([norm(g, norm_type) for g in given]), norm_type)
    if error_if_nonfinite and not np.isfinite(total.array):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite ({total.item()}), so "
            "it cannot be clipped. Look for the step where the loss became infinite or NaN; error_if_nonfinite=False "
            "scales by it all the same."
        )
    return total


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: Any = None) -> None:
    """Scale all gradients by max_norm / total_norm, in place, if that is below 1."""
    scale(gradients(parameters), max_norm, total_norm)


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: Any = None) -> None:
    """Cut every element of the gradients off at -clip_value and clip_value, in place.

    >>> import backlit as torch
    >>> w = torch.nn.Parameter(torch.zeros(2))
    >>> w.grad = torch.tensor([0.5, -4.0])
    >>> torch.nn.utils.clip_grad_value_(w, 1.0)
    >>> w.grad
    tensor([ 0.5000, -1.0000])
    """
    bound = float(clip_value)
    with no_grad():
        for g in gradients(parameters):
            g.overwrite(clamp(g, -bound, bound))


def clip_grad_norm(parameters: Tensors, max_norm: float, norm_type: float = 2.0, **settings: Any) -> Tensor:
    """The old name of clip_grad_norm_."""
    warnings.warn("clip_grad_norm is deprecated: write clip_grad_norm_.", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, **settings)


def gradients(parameters: Tensors) -> list[Tensor]:
    """The gradients that there are."""
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in given if p.grad is not None]


def scale(given: list[Tensor], max_norm: float, total_norm: Tensor) -> None:
    with no_grad():
        # PyTorch's 1e-6 keeps a norm of 0 from dividing.
        factor = clamp_max(float(max_norm) / (total_norm + 1e-6), 1.0)
        for g in given:
            g.overwrite(g * factor)
