"""Losses of predictions against targets of the same shape. Result: one number, or with reduction "none" one for each.

`reduction` is "mean" (the default), "sum" or "none"; `size_average` and `reduce` are PyTorch's older names for it.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from backlit.functions import pointwise
from backlit.functions import reduction as reductions
from backlit.nn.functional.reduction import checked, reduced
from backlit.ops import arithmetic, loss
from backlit.ops import shape as shapes
from backlit.tensor import Tensor, apply


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of (input - target)².  Shapes: the same (others broadcast, with a warning).

    >>> import backlit as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """
    reduction = checked(reduction, size_average, reduce)
    warn_if_different(input, target)
    floating(input, target, "mse_loss")
    if weight is None:
        return apply(loss.mse_loss, input, target, reduction=reduction)
    return weighted(apply(loss.mse_loss, input, target, reduction="none"), weight, reduction)


def l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of |input - target|.  Shapes: the same (others broadcast, with a warning).

    >>> import backlit as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)
    """
    reduction = checked(reduction, size_average, reduce)
    warn_if_different(input, target)
    if weight is None:
        return apply(loss.l1_loss, input, target, reduction=reduction)
    return weighted(apply(loss.l1_loss, input, target, reduction="none"), weight, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """The mean of d²/2 where d = |input - target| is below delta, and of delta (d - delta/2) above.

    Shapes: the same. Raises RuntimeError unless delta is positive.

    >>> import backlit as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([0.5, 3.0]), torch.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    reduction = checked(reduction)
    warn_if_different(input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta; received {delta}.")
    if weight is None:
        return apply(loss.huber_loss, input, target, reduction=reduction, delta=delta)
    # PyTorch's mean is over the elements here, and over the weights in the losses above.
    return reduced(times(apply(loss.huber_loss, input, target, reduction="none", delta=delta), weight), reduction)


def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """The mean of d²/(2 beta) where d = |input - target| is below beta, and of d - beta/2 above: huber_loss / beta.

    Girshick 2015, "Fast R-CNN". Shapes: the same. Raises RuntimeError if beta is negative.

    >>> import backlit as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([3.0]), torch.tensor([0.0]))
    tensor(2.5000)
    """
    reduction = checked(reduction, size_average, reduce)
    warn_if_different(input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta; received {beta}.")
    if beta == 0:
        return apply(loss.l1_loss, input, target, reduction=reduction)
    huber = apply(loss.huber_loss, input, target, reduction=reduction, delta=beta)
    return huber if beta == 1 else apply(arithmetic.div, huber, beta)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -(y ln p + (1 - y) ln(1 - p)), for probabilities p = input and targets y.

    Shapes: the same; `weight` broadcasts. Raises ValueError for other shapes, RuntimeError for values outside [0, 1].

    >>> import backlit as torch
    >>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    reduction = checked(reduction, size_average, reduce)
    x, y = input.array, target.array
    if x.shape != y.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            f"Give the target the input's shape: {fitting(target, input)}."
        )
    if x.dtype is not y.dtype and x.dtype != y.dtype:
        raise RuntimeError(
            f"Found dtype {target.dtype.title} but expected {input.dtype.title}: write target.to(input.dtype)."
        )
    if not are_probabilities(y):
        raise RuntimeError(f"all elements of target should be between 0 and 1; they are from {y.min()} to {y.max()}.")
    out = apply(loss.binary_cross_entropy, input, target, reduction=reduction if weight is None else "none")
    # A probability outside [0, 1] has no logarithm on one side: the NaN that comes of it is found at less cost.
    is_nan = math.isnan(out.array.item()) if out.array.ndim == 0 else np.isnan(out.array).any()
    if is_nan and not are_probabilities(x):
        raise RuntimeError(
            f"all elements of input should be between 0 and 1; they are from {x.min()} to {x.max()}. "
            "Put a sigmoid before the loss, or use binary_cross_entropy_with_logits."
        )
    return out if weight is None else reduced(apply(arithmetic.mul, out, weight), reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean of -(y ln p + (1 - y) ln(1 - p)), for p = sigmoid(input): binary_cross_entropy without its overflow.

    `pos_weight` multiplies the first term. Shapes: the same; the weights broadcast. Raises ValueError for other shapes.

    >>> import backlit as torch
    >>> torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    reduction = checked(reduction, size_average, reduce)
    if input.array.shape != target.array.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape}). "
            f"Give the target the input's shape: {fitting(target, input)}."
        )
    if target.array.dtype.kind != "f":
        raise RuntimeError(
            f"result type {input.dtype.title} can't be cast to the desired output type {target.dtype.title}: "
            "make the target a float, target.float()."
        )
    if weight is None and pos_weight is None:
        return apply(loss.binary_cross_entropy_with_logits, input, target, reduction=reduction)
    losses = apply(loss.binary_cross_entropy_with_logits, input, target, reduction="none")
    if pos_weight is not None:
        # (pos_weight - 1) y times what a positive costs: softplus(-x), which is the loss against a target of 1.
        positive = apply(loss.binary_cross_entropy_with_logits, input, target.detach() * 0 + 1, reduction="none")
        losses = losses + (pos_weight - 1) * target * positive
    return reduced(losses if weight is None else losses * weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", log_target: bool = False,
) -> Tensor:  # fmt: skip
    """The mean of y (ln y - x), for log-probabilities x = input and probabilities y = target (or their logarithms).

    Kullback & Leibler 1951, "On information and sufficiency". With reduction "batchmean" the sum is divided by the
    batch size alone, as the definition has it.
    Shapes: the same, or such that broadcast.

    >>> import backlit as torch
    >>> torch.nn.functional.kl_div(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]), reduction="batchmean")
    tensor(-0.6931)
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by the batch size and by the number of classes. 'batchmean' "
            "divides by the batch size alone, as the Kullback-Leibler divergence is defined.",
            stacklevel=2,
        )
    by_batch = reduction == "batchmean"
    reduction = checked("sum" if by_batch else reduction, size_average, reduce)
    if log_target:
        losses = pointwise.exp(target) * (target - input)
    else:
        losses = pointwise.xlogy(target, target) - target * input
    out = reduced(losses, reduction)
    return out / input.array.shape[0] if by_batch and input.array.ndim else out


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average: bool | None = None,
    eps: float = 1e-8, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of e^x - y x, for counts y = target of a Poisson distribution with rate e^x.

    log_input=False: the input is the rate itself, x - y ln(x + eps). full: add Stirling's approximation of ln y!.

    >>> import backlit as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.0]), torch.tensor([2.0]))
    tensor(1.)
    """
    reduction = checked(reduction, size_average, reduce)
    rate, log_rate = (pointwise.exp(input), input) if log_input else (input, pointwise.log(input + eps))
    losses = rate - target * log_rate
    if full:
        stirling = target * pointwise.log(target) - target + 0.5 * pointwise.log(2 * math.pi * target)
        losses = losses + pointwise.masked_fill(stirling, target <= 1, 0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """The mean of (ln var + (input - target)² / var) / 2: what normal distributions of those means and variances cost.

    Nix & Weigend 1994, "Estimating the mean and variance of the target probability distribution". var is kept from
    falling below eps, without a gradient for that. full: add the constant ln(2 pi) / 2.
    Shapes: input and target the same; var the same, or with 1 in one place, or without the last; or a number.

    >>> import backlit as torch
    >>> torch.nn.functional.gaussian_nll_loss(torch.tensor([1.0]), torch.tensor([3.0]), 1.0)
    tensor(2.)
    """
    if isinstance(var, (int, float)):
        if var < 0:
            raise ValueError(f"var has negative entry/entries: {var}")
        var = var * (input.detach() * 0 + 1)
    elif (var.array < 0).any():
        raise ValueError(f"var has negative entry/entries, the least is {var.array.min()}")
    var = fitting_variance(var, input.array.shape)
    reduction = checked(reduction)
    # As PyTorch does it: the value is clamped, the gradient passes as if it were not.
    var = var + (pointwise.clamp(var.detach(), min=eps) - var.detach())
    losses = 0.5 * (pointwise.log(var) + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def fitting_variance(var: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The variances, such that they broadcast to the input. Raises ValueError if their shape is none of the allowed."""
    sizes = var.array.shape
    if sizes == shape[:-1] and sizes != shape:
        return apply(shapes.expand_dims, var, axis=-1)
    if len(sizes) == len(shape) and [m for n, m in zip(shape, sizes, strict=True) if m != n] in ([], [1]):
        return var
    raise ValueError(f"var is of incorrect size: {list(sizes)} for an input of {list(shape)}")


def weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Single losses times their weights; the mean is over the sum of the weights."""
    total = reduced(times(losses, weight), "none" if reduction == "none" else "sum")
    return total / reductions.sum(weight) if reduction == "mean" else total


def times(losses: Tensor, weight: Tensor) -> Tensor:
    if weight.array.shape != losses.array.shape:
        raise ValueError(f"Inputs and weights must have the same size: {list(losses.shape)} and {list(weight.shape)}.")
    return losses * weight


def are_probabilities(x: np.ndarray[Any, Any]) -> bool:
    """Whether all elements are from 0 to 1: there, and only there, x (x - 1) is not positive. NaN is none."""
    if not x.size:
        return True
    bits, one = ONE_IN_BITS.get(x.dtype, (None, 0))
    if bits is not None and np.maximum.reduce(x.view(bits), axis=None) <= one:
        return True
    return bool(np.maximum.reduce(x * (x - 1), axis=None) <= 0)


#: The bits of floats from 0 to 1, read as an unsigned number, grow from 0 to those of 1; negative ones, infinity and
#: NaN lie above (-0.0 too, which the arithmetic then decides). One pass instead of three, for every batch of a loss.
ONE_IN_BITS = {
    np.dtype(kind): (np.dtype(bits), int(np.array(1, kind).view(bits)))
    for kind, bits in ((np.float32, np.uint32), (np.float64, np.uint64))
}


def warn_if_different(input: Tensor, target: Tensor) -> None:
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}): they "
            "are broadcast, so that predictions meet targets of other rows. Give both the same shape: "
            f"{fitting(target, input)}.",
            stacklevel=3,
        )


def floating(input: Tensor, target: Tensor, name: str) -> None:
    if input.array.dtype.kind != "f" and target.array.dtype.kind != "f":
        raise NotImplementedError(
            f"{name}() is not implemented for '{input.dtype.title}': make the input a float, x.float()."
        )


def fitting(target: Tensor, input: Tensor) -> str:
    """The call that gives a target the input's shape, where one would do."""
    if target.array.size != input.array.size:
        return "the sizes differ, so some elements have no counterpart"
    if input.array.shape == (*target.array.shape, 1):
        return "target.unsqueeze(-1)"
    return f"target.reshape({', '.join(map(str, input.array.shape))})"
