"""Rows looked up by number: repeated, one-hot, embedded."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.functions.index import in_bounds
from backlit.functions.publish import array_in
from backlit.functions.reduction import wrapped
from backlit.functions.shape import reshaped
from backlit.ops import index as ops
from backlit.tensor import Tensor, apply


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each row of `input` several times in turn along `dim`; without dim, each element of all.

    >>> import backlit as torch
    >>> torch.repeat_interleave(torch.tensor([5, 7]), torch.tensor([2, 1]))
    tensor([5, 5, 7])
    """
    if repeats is None:
        return Tensor.wrap(np.repeat(np.arange(input.array.size), input.array))
    x = reshaped(input, (-1,)) if dim is None or input.array.ndim == 0 else input
    at = 0 if dim is None else wrapped(x, dim)
    counts = np.asarray(array_in(repeats))
    if counts.dtype.kind == "f" or (counts.size and counts.min() < 0):
        raise RuntimeError(f"repeats must be integers and can not be negative, but got {counts.tolist()}")
    if counts.size not in (1, x.array.shape[at]):
        raise RuntimeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = {counts.size} and "
            f"input.size({at}) = {x.array.shape[at]}"
        )
    rows = np.repeat(np.arange(x.array.shape[at]), counts.reshape(-1) if counts.size > 1 else counts.reshape(()))
    return apply(ops.pick, x, rows, axis=at)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Rows with a 1 at the class and 0 elsewhere.  Shape: tensor (...), out (..., num_classes), int64.

    Without num_classes it is the greatest class + 1.
    """
    classes = tensor.array
    if classes.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, not {tensor.dtype}.")
    if classes.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor. Write one_hot(x, num_classes).")
    if classes.size and classes.min() < 0:
        raise RuntimeError(f"Class values must be non-negative, but got {classes.min()}.")
    count = int(classes.max()) + 1 if num_classes < 0 else num_classes
    if classes.size and classes.max() >= count:
        raise RuntimeError(
            f"Class values must be smaller than num_classes: got class {classes.max()} and num_classes={num_classes}. "
            "Classes are counted from 0."
        )
    return Tensor.wrap((classes[..., None] == np.arange(count)).astype(np.int64))


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` that `input` names.  Shape: input (...) of integers, weight (K, C), out (..., C).

    padding_idx: this row gets no gradient. max_norm: rows read are first scaled down, in place, to at most this
    `norm_type`-norm. scale_grad_by_freq: a row's gradient is divided by how often it was read.
    """
    i, length = input.array, weight.array.shape[0] if weight.array.ndim else 0
    if i.dtype not in (np.int64, np.int32):
        raise RuntimeError(
            f"Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{input.dtype.title}Tensor instead. Write indices.long()."
        )
    if weight.array.ndim != 2:
        raise RuntimeError(f"'weight' must be 2-D, but it has shape {list(weight.array.shape)}")
    if padding_idx is not None and not -length <= padding_idx < length:
        raise AssertionError(f"Padding_idx must be within num_embeddings: got {padding_idx}, of {length} rows")
    in_bounds(i, length, 0, IndexError)
    if max_norm is not None:
        renormalise(weight, i, max_norm, norm_type)
    padding = padding_idx % length if padding_idx is not None else None
    return apply(ops.embedding, i, weight, padding=padding, by_frequency=scale_grad_by_freq)


def renormalise(weight: Tensor, i: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows of `weight` that are read down to a norm of `max_norm`, as PyTorch: off by 1e-7, in place."""
    read = np.unique(i)
    norms = np.linalg.norm(weight.array[read], ord=norm_type, axis=1, keepdims=True)
    weight.array[read] *= np.where(norms > max_norm, max_norm / (norms + 1e-7), 1).astype(weight.array.dtype)
    weight.bump()
