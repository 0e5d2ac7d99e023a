"""Normalisation of activations."""

from __future__ import annotations

import math
from collections.abc import Sequence

from backlit import dtypes
from backlit.autograd.modes import no_grad
from backlit.functions import norms, reduction
from backlit.functions.pointwise import clamp_min
from backlit.functions.publish import into
from backlit.ops import convert, exponential, norm, reduce, shape
from backlit.tensor import Tensor, apply


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each channel moved to mean 0 and scaled to variance 1, times weight, plus bias.

    Ioffe & Szegedy 2015, "Batch normalization". In training the batch's statistics are used, and the running ones moved
    towards them by `momentum`, in place; otherwise the running ones are used.
    Shapes: input (B, C, ...), the others (C) or None. Raises ValueError for a batch of one value a channel in training.

    >>> import backlit as torch
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    if input.array.size == 0:
        return apply(convert.clone, input)
    if training and input.array.size == input.array.shape[1]:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}: one value has no "
            "variance. Use a batch of two or more (drop_last=True in the DataLoader), or model.eval()."
        )
    check_channels(input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when training=False")
        return by_statistics(input, running_mean, running_var, weight, bias, eps)
    if running_mean is not None or running_var is not None:
        axes = norm.all_but(1, input.array.ndim)
        with no_grad():
            move(running_mean, apply(reduce.mean, input, axis=axes), momentum)
            move(running_var, apply(reduce.var, input, axis=axes, correction=1), momentum)
    return apply(norm.batch_norm, input, weight, bias, eps=eps)


def move(running: Tensor | None, value: Tensor, momentum: float) -> None:
    """running = (1 - momentum) running + momentum value, in place."""
    if running is not None:
        running.overwrite(apply(norm.moved, running, value, momentum=momentum))


def by_statistics(
    input: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    """The input normalised with a mean and a variance for each channel (C) that are given."""
    scale, shift = scale_and_shift(mean, var, weight, bias, eps)
    ndim = input.array.ndim
    if ndim > 2:
        wide = (-1,) + (1,) * (ndim - 2)
        scale, shift = apply(shape.reshape, scale, shape=wide), apply(shape.reshape, shift, shape=wide)
    return input * scale + shift


def scale_and_shift(
    mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor]:
    """What normalising with given statistics comes to: input * scale + shift.  Shapes: all (C)."""
    scale = apply(exponential.rsqrt, var + eps)
    scale = scale if weight is None else scale * weight
    return scale, -mean * scale if bias is None else bias - mean * scale


def check_channels(input: Tensor, **vectors: Tensor | None) -> None:
    """Raise RuntimeError unless each vector has an element for each channel."""
    channels = input.array.shape[1]
    for name, vector in vectors.items():
        if vector is not None and vector.array.size != channels:
            raise RuntimeError(
                f"{name} should contain {channels} elements not {vector.array.size}: the input "
                f"{list(input.array.shape)} has {channels} channels. Make the layer with num_features={channels}."
            )


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """batch_norm with statistics of each row of the batch by itself.  Ulyanov et al. 2016, "Instance normalization".

    Shapes: input (B, C, L, ...), the others (C) or None.

    >>> import backlit as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats=False")
        return by_statistics(input, running_mean, running_var, weight, bias, eps)
    if math.prod(input.array.shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}: one value has no "
            "variance."
        )
    if running_mean is not None or running_var is not None:
        axes = tuple(range(2, input.array.ndim))
        with no_grad():
            move(running_mean, reduction.mean(apply(reduce.mean, input, axis=axes), 0), momentum)
            move(running_var, reduction.mean(apply(reduce.var, input, axis=axes, correction=1), 0), momentum)
    return apply(norm.group_norm, input, weight, bias, groups=input.array.shape[1], eps=eps)


def layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Each row moved to mean 0 and scaled to variance 1 over its last dimensions, times weight, plus bias.

    Ba et al. 2016, "Layer normalization". Shapes: input (..., *normalized_shape), weight and bias normalized_shape.

    >>> import backlit as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    check_normalized("layer_norm", input, normalized_shape, weight, bias)
    return apply(norm.layer_norm, input, weight, bias, count=len(normalized_shape), eps=eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Each row divided by the root of its mean square over its last dimensions, times weight.

    Zhang & Sennrich 2019, "Root mean square layer normalization". eps: added to the mean square, by default the
    dtype's step at 1. Shapes: input (..., *normalized_shape), weight normalized_shape.

    >>> import backlit as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3.0, 3.0]]), (2,))
    tensor([[1., 1.]])
    """
    check_normalized("rms_norm", input, normalized_shape, weight)
    eps = dtypes.finfo(input.dtype).eps if eps is None else eps
    return apply(norm.rms_norm, input, weight, count=len(normalized_shape), eps=eps)


def check_normalized(name: str, input: Tensor, normalized_shape: Sequence[int], *vectors: Tensor | None) -> None:
    """Raise RuntimeError unless the input ends with the shape, and weight and bias have it."""
    wanted, size = tuple(normalized_shape), input.array.shape
    if not wanted:
        raise RuntimeError("Expected normalized_shape to be at least 1-dimensional, but got normalized_shape = []")
    for vector in vectors:
        if vector is not None and vector.array.shape != wanted:
            raise RuntimeError(
                f"Expected weight and bias to be of same shape as normalized_shape, but one is "
                f"{list(vector.array.shape)} and normalized_shape = {list(wanted)}"
            )
    if size[max(len(size) - len(wanted), 0) :] != wanted:
        star = ", ".join(["*", *map(str, wanted)])
        raise RuntimeError(
            f"{name}(): given normalized_shape={list(wanted)}, expected input with shape [{star}], but got input "
            f"of size {list(size)}. Make the layer with normalized_shape={list(size[-len(wanted):])}."
        )


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """The channels of each row in groups, each group moved to mean 0 and scaled to variance 1; times weight, plus bias.

    Wu & He 2018, "Group normalization". Shapes: input (B, C, ...), weight and bias (C).

    >>> import backlit as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1.0, 3.0]]), 1)
    tensor([[-1.0000,  1.0000]])
    """
    if input.array.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.array.ndim}")
    if num_groups <= 0 or input.array.shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.array.shape)} and num_groups={num_groups}"
        )
    check_channels(input, weight=weight, bias=bias)
    return apply(norm.group_norm, input, weight, bias, groups=num_groups, eps=eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha mean(x² over the `size` channels around))^beta.  Krizhevsky et al. 2012, section 3.3.

    Shape: (B, C, ...).

    >>> import backlit as torch
    >>> torch.nn.functional.local_response_norm(torch.zeros(1, 3, 2), 2).shape
    torch.Size([1, 3, 2])
    """
    squares = input * input
    width = ((0, 0), (size // 2, (size - 1) // 2)) + ((0, 0),) * (input.array.ndim - 2)
    padded = apply(shape.pad, squares, widths=width, value=0)
    channels = input.array.shape[1]
    total = padded[:, 0:channels]
    for start in range(1, size):
        total = total + padded[:, start : start + channels]
    return input / (total * (alpha / size) + k) ** beta


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """The input divided by its p-norm along `dim`, or by eps where that is larger.

    >>> import backlit as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    length = norms.norm(input, p, dim, keepdim=True)
    result = input / clamp_min(length, eps)
    return result if out is None else into(out, result)
