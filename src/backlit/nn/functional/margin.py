"""Losses that ask for a margin: between two scores, two distances, or the right class and the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backlit.functions import reduction as reductions
from backlit.functions.index import gather
from backlit.functions.pointwise import clamp_min, minimum, where
from backlit.nn.functional.activation import logsigmoid
from backlit.nn.functional.distance import pairwise_distance
from backlit.nn.functional.reduction import checked, reduced
from backlit.ops import exponential, index, loss, shape, softmax
from backlit.tensor import Tensor, apply


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of x where the target is 1, and of max(0, margin - x) where it is -1.  Shapes: the same.

    >>> import backlit as torch
    >>> torch.nn.functional.hinge_embedding_loss(torch.tensor([0.25, 0.25]), torch.tensor([1.0, -1.0]))
    tensor(0.5000)
    """
    reduction = checked(reduction, size_average, reduce)
    near = where(target != -1, input, 0)
    far = where(target != 1, clamp_min(margin - input, 0), 0)
    return reduced(near + far, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of max(0, -y (x1 - x2) + margin): x1 is to rank above x2 where y is 1, below where it is -1.

    >>> import backlit as torch
    >>> torch.nn.functional.margin_ranking_loss(torch.tensor([1.0]), torch.tensor([3.0]), torch.tensor([1.0]))
    tensor(2.)
    """
    reduction = checked(reduction, size_average, reduce)
    if not input1.array.ndim == input2.array.ndim == target.array.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    return reduced(clamp_min(-target * (input1 - input2) + margin, 0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of 1 - cos(x1, x2) where the target is 1, and of max(0, cos(x1, x2) - margin) where it is -1.

    Shapes: inputs (B, C) and target (B), or (C) and ().

    >>> import backlit as torch
    >>> torch.nn.functional.cosine_embedding_loss(torch.ones(1, 2), torch.ones(1, 2), torch.tensor([-1.0]))
    tensor(1.)
    """
    reduction = checked(reduction, size_average, reduce)
    if target.array.ndim > 1 or not input1.array.ndim == input2.array.ndim == target.array.ndim + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: inputs of {target.array.ndim + 1} dimensions expected for a target of shape "
            f"{target.shape} (0D or 1D), but got input1: {input1.shape}, input2: {input2.shape}"
        )
    # The constant keeps vectors of length 0 from dividing by it.
    squares = (reductions.sum(input1 * input1, -1) + 1e-12) * (reductions.sum(input2 * input2, -1) + 1e-12)
    cosine = reductions.sum(input1 * input2, -1) / apply(exponential.sqrt, squares)
    alike = where(target == 1, 1 - cosine, 0)
    unlike = where(target == -1, clamp_min(cosine - margin, 0), 0)
    return reduced(alike + unlike, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """The mean of ln(1 + e^(-y x)), for targets y of 1 and -1.  Shapes: the same.

    >>> import backlit as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """
    reduction = checked(reduction, size_average, reduce)
    return reduced(apply(softmax.logaddexp, -target * input, 0.0), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of -(y ln p + (1 - y) ln(1 - p)), p = sigmoid(x).  Shapes: (B, C), weight (C), result (B).

    >>> import backlit as torch
    >>> torch.nn.functional.multilabel_soft_margin_loss(torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """
    reduction = checked(reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return reduced(reductions.mean(losses, -1), reduction)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean over rows of sum over the wrong classes j of max(0, margin - x[y] + x[j])^p / C.

    Shapes: input (B, C) or (C), target (B) or (), class numbers; weight (C). Raises ValueError unless p is 1 or 2.

    >>> import backlit as torch
    >>> torch.nn.functional.multi_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([0]))
    tensor(0.7500)
    """
    reduction = checked(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    count = width(input)
    rows = apply(shape.reshape, input, shape=(-1, count))
    classes = apply(shape.reshape, target, shape=(-1, 1))
    if len(classes.array) != len(rows.array):
        raise RuntimeError(
            f"multi_margin_loss: target has shape {list(target.shape)}, but the input {list(input.shape)}"
        )
    short = clamp_min(margin - gather(rows, 1, classes) + rows, 0)
    short = short if p == 1 else short * short
    if weight is not None:
        short = short * apply(index.take, weight, key=(classes.array,))
    wrong = Tensor.wrap(~loss.one_hot(classes.array[:, 0], count))
    losses = reductions.sum(where(wrong, short, 0), 1) / count
    return reduced(apply(shape.reshape, losses, shape=target.array.shape), reduction)


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """The mean over rows of sum over right classes i and wrong ones j of max(0, 1 - (x[i] - x[j])) / C.

    Shapes: (B, C) or (C), both; a row of the target lists right classes up to the first -1.

    >>> import backlit as torch
    >>> torch.nn.functional.multilabel_margin_loss(torch.tensor([[0.5, 1.0]]), torch.tensor([[0, -1]]))
    tensor(0.7500)
    """
    reduction = checked(reduction, size_average, reduce)
    count = width(input)
    rows, listed = input.array.reshape(-1, count).shape, target.array.reshape(-1, count)
    named = np.logical_and.accumulate(listed >= 0, axis=1)
    right = np.zeros(rows, bool)
    np.put_along_axis(right, np.where(named, listed, listed[:, :1]), named[:, :1], axis=1)
    x = apply(shape.reshape, input, shape=rows)
    picked = gather(x, 1, Tensor.wrap(np.where(named, listed, 0)))  # (B, i): the scores of the right classes
    gaps = clamp_min(1 - (picked[:, :, None] - x[:, None, :]), 0)  # (B, i, j)
    counted = Tensor.wrap(named[:, :, None] & ~right[:, None, :])
    losses = reductions.sum(where(counted, gaps, 0), (1, 2)) / count
    return reduced(apply(shape.reshape, losses, shape=input.array.shape[:-1]), reduction)


def width(input: Tensor) -> int:
    """How many classes the scores are for; a number is the score of one."""
    return input.array.shape[-1] if input.array.ndim else 1


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of the difference.

    swap: the negative's distance is the lesser of those to anchor and to positive (Balntas et al. 2016, "Learning local
    feature descriptors with triplets and shallow convolutional neural networks"). Shapes: (B, C) or (C), all three.

    >>> import backlit as torch
    >>> torch.nn.functional.triplet_margin_loss(torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1))
    tensor(1.)
    """
    reduction = checked(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.array.ndim == positive.array.ndim == negative.array.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.array.ndim}D, positive {positive.array.ndim}D, and negative {negative.array.ndim}D inputs"
        )

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return reduced(triplet(anchor, positive, negative, distance, margin, swap), reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[..., Tensor] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """triplet_margin_loss with a distance of the caller's.

    >>> import backlit as torch
    >>> torch.nn.functional.triplet_margin_with_distance_loss(torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1))
    tensor(1.)
    """
    reduction = checked(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return reduced(triplet(anchor, positive, negative, distance_function or pairwise_distance, margin, swap), reduction)


def triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[..., Tensor], margin: float, swap: bool
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return clamp_min(near - far + margin, 0)
