"""Losses of scores for K classes against class numbers or class probabilities.

Shapes: scores (K), (B, K) or (B, K, d1, ...); class numbers without the K: (), (B) or (B, d1, ...), of dtype int64.
Result: one number, or with reduction "none" one for each class number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.functions import reduction as reductions
from backlit.functions import softmax as functions
from backlit.nn.functional.reduction import checked
from backlit.ops import arithmetic, choose, compare, convert, index, loss, shape
from backlit.tensor import Tensor, apply

Array = np.ndarray[Any, Any]


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """The mean of -ln softmax(scores)[class].

    Args:
        input: scores before softmax. target: class numbers, or probabilities of the scores' shape and of a float dtype.
        weight: (K) a weight for each class; the mean is then over the weights.
        ignore_index: targets of this number count nothing.
        label_smoothing: this share of the target is spread evenly over all classes (Szegedy et al. 2016, "Rethinking
            the Inception architecture for computer vision").

    Raises IndexError for a class number out of range, ValueError or RuntimeError for shapes and dtypes that do not fit.

    >>> import backlit as torch
    >>> torch.nn.functional.cross_entropy(torch.tensor([[0.0, 0.0]]), torch.tensor([1]))
    tensor(0.6931)
    """
    reduction = checked(reduction, size_average, reduce)
    if target.array.dtype.kind == "f" and target.array.shape == input.array.shape:
        return soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if weight is None and ignore_index < 0 and are_classes(target.array, input.array.shape):
        return apply(loss.cross_entropy, input, target, reduction=reduction, label_smoothing=label_smoothing)
    check_scores(input, target, "cross_entropy")
    log_p = functions.log_softmax(input, class_axis(input))
    out = nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=reduction)
    if not label_smoothing:
        return out
    even = smoothing_loss(log_p, target, weight, ignore_index, reduction)
    return out * (1 - label_smoothing) + even * (label_smoothing / input.array.shape[class_axis(input)])


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -x[class], for log-probabilities x: cross_entropy without its softmax.

    The arguments are those of cross_entropy.

    >>> import backlit as torch
    >>> torch.nn.functional.nll_loss(torch.tensor([[-0.5, -0.9]]), torch.tensor([1]))
    tensor(0.9000)
    """
    reduction = checked(reduction, size_average, reduce)
    check_scores(input, target, "nll_loss")
    rows, classes = as_rows(input, target)
    count = rows.array.shape[1]
    keep = apply(compare.ne, classes, ignore_index)
    check_classes(classes.array, count, ignore_index)
    classes = apply(choose.where, keep, classes, 0)
    weights = apply(convert.cast, keep, dtype=rows.array.dtype)
    if weight is not None:
        check_weight(weight, input, count)
        weights = apply(arithmetic.mul, weights, apply(index.take, weight, key=(classes.array,)))
    out = apply(loss.nll_loss, rows, classes, weights, reduction=reduction)
    return apply(shape.reshape, out, shape=target.array.shape) if reduction == "none" else out


def smoothing_loss(log_p: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    """-ln p summed over all classes, weighted by class: what label smoothing adds, times K."""
    axis = class_axis(log_p)
    weighted = log_p if weight is None else log_p * stretched(weight, log_p)
    keep = apply(compare.ne, target, ignore_index)
    if keep.array.ndim > log_p.array.ndim - 1:  # one class number given as (1) to scores (K)
        keep = apply(shape.reshape, keep, shape=())
    losses = apply(choose.where, keep, -reductions.sum(weighted, axis), 0)
    if reduction == "none":
        return apply(shape.reshape, losses, shape=target.array.shape)
    total = reductions.sum(losses)
    if reduction == "sum":
        return total
    if weight is None:
        return total / int(keep.array.sum())
    classes = apply(choose.where, keep, apply(shape.reshape, target, shape=keep.array.shape), 0)
    return total / reductions.sum(apply(choose.where, keep, apply(index.take, weight, key=(classes.array,)), 0))


def soft_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Tensor:
    """cross_entropy against class probabilities: -sum over the classes of w y ln softmax(x)."""
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target: it names a class number.")
    axis = class_axis(input)
    count = input.array.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / count
    losses = functions.log_softmax(input, axis) * target
    if weight is not None:
        check_weight(weight, input, count)
        losses = losses * stretched(weight, input)
    if reduction == "none":
        return -reductions.sum(losses, axis)
    total = -reductions.sum(losses)
    return total / (input.array.size / count if count else math.nan) if reduction == "mean" else total


def class_axis(input: Tensor) -> int:
    return 0 if input.array.ndim == 1 else 1


def as_rows(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scores as (B, K) and class numbers as (B), all other dimensions counted as rows."""
    ndim, count = input.array.ndim, input.array.shape[class_axis(input)]
    if ndim > 2:
        input = apply(shape.permute, input, axes=(0, *range(2, ndim), 1))
    if ndim != 2:
        input = apply(shape.reshape, input, shape=(target.array.size, count))
        target = apply(shape.reshape, target, shape=(target.array.size,))
    return input, target


def stretched(weight: Tensor, like: Tensor) -> Tensor:
    """Class weights (K) along the class dimension of scores."""
    return apply(shape.reshape, weight, shape=(-1,) + (1,) * (like.array.ndim - 1 - class_axis(like)))


# What must hold of the arguments.


def check_scores(input: Tensor, target: Tensor, name: str) -> None:
    """Raise PyTorch's exceptions for targets that do not fit the scores."""
    x, y = input.array, target.array
    if x.ndim == 0:
        raise RuntimeError(f"{name}(): the scores need a class dimension, but have shape [].")
    if x.shape[:1] != y.shape[:1] and x.ndim > 1:
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({y.shape[0] if y.ndim else 0}): the "
            f"scores have shape {list(x.shape)}, the targets {list(y.shape)}."
        )
    if y.shape != x.shape[:1] + x.shape[2:] if x.ndim > 1 else y.size != 1 or y.ndim > 1:
        raise RuntimeError(wrong_targets(x, y))
    if y.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.title}: class numbers are integers. "
            "Write target.long() (class probabilities would have the scores' shape and a float dtype)."
        )


def wrong_targets(x: Array, y: Array) -> str:
    """Why targets of this shape are not class numbers for scores of that one."""
    if x.ndim > 2:
        return f"Expected target size {list(x.shape[:1] + x.shape[2:])}, got {list(y.shape)}"
    is_column = y.ndim == 2 and y.shape[1] == 1
    fix = "target.squeeze(1)" if is_column else "target.argmax(1), if each row is one-hot"
    return (
        f"0D or 1D target tensor expected, multi-target not supported: the scores have shape "
        f"{list(x.shape)}, the targets {list(y.shape)}. Write {fix}."
    )


def are_classes(y: Array, shape: tuple[int, ...]) -> bool:
    """Whether y holds a class from 0 to K - 1 for each row of scores (B, K)."""
    if len(shape) != 2 or y.shape != shape[:1] or y.dtype != np.int64:
        return False
    # As unsigned numbers the negative ones are larger than any class.
    return not y.size or bool(np.maximum.reduce(y.view(np.uint64)) < shape[1])


def check_classes(y: Array, count: int, ignore_index: int) -> None:
    wrong = y[((y < 0) | (y >= count)) & (y != ignore_index)]
    if wrong.size:
        raise IndexError(f"Target {wrong[0]} is out of bounds: there are {count} classes, 0 to {count - 1}.")


def check_weight(weight: Tensor, input: Tensor, count: int) -> None:
    if weight.array.shape != (count,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {count} classes or no classes but got weight tensor of "
            f"shape: {list(weight.array.shape)}"
        )
    if weight.array.dtype != input.array.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.title} but found {weight.dtype.title}: write weight.to(input.dtype)."
        )
