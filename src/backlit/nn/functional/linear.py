"""Affine maps."""

from __future__ import annotations

from backlit.errors import not_a_tensor
from backlit.functions.products import check_dtypes
from backlit.ops import arithmetic, matrix, shape
from backlit.tensor import Tensor, apply


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x w.T + b.  Shapes: input (..., I), weight (O, I) or (I), bias (O), result (..., O).

    Raises RuntimeError if the sizes or the dtypes do not match.

    >>> import backlit as torch
    >>> torch.nn.functional.linear(torch.tensor([1.0, 2.0]), torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]))
    tensor([11.5000])
    """
    if not isinstance(input, Tensor):
        raise not_a_tensor(input, "linear")
    if input.array.dtype is not weight.array.dtype:
        check_dtypes(input, weight)
    return apply(matrix.linear, input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """out[k] = sum over i and j of x1[i] W[k, i, j] x2[j], plus b[k].

    Shapes: input1 (..., I), input2 (..., J), weight (K, I, J), bias (K), result (..., K).

    >>> import backlit as torch
    >>> torch.nn.functional.bilinear(torch.tensor([2.0]), torch.tensor([3.0]), torch.ones(1, 1, 1))
    tensor([6.])
    """
    if input1.array.shape[:-1] != input2.array.shape[:-1]:
        raise RuntimeError(
            f"bilinear(): input batch dimensions do not match: got {list(input1.array.shape)} and "
            f"{list(input2.array.shape)}."
        )
    count, rows, columns = weight.array.shape
    if (input1.array.shape[-1], input2.array.shape[-1]) != (rows, columns):
        raise RuntimeError(
            f"bilinear(): weight {list(weight.array.shape)} needs {rows} and {columns} features in input1 and input2, "
            f"but got {input1.array.shape[-1]} and {input2.array.shape[-1]}."
        )
    products = apply(
        arithmetic.mul, apply(shape.expand_dims, input1, axis=-1), apply(shape.expand_dims, input2, axis=-2)
    )  # (..., I, J)
    flat = apply(shape.reshape, products, shape=(*input1.array.shape[:-1], rows * columns))
    return apply(matrix.linear, flat, apply(shape.reshape, weight, shape=(count, rows * columns)), bias)
