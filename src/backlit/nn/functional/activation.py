"""Activations: functions of each element. Shape: any; the result has the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import random
from backlit.ops import activation, arithmetic, shape, trigonometry
from backlit.ops.registry import Op
from backlit.tensor import Tensor, apply
from backlit.writing import written


def activated(op: Op, input: Tensor, inplace: bool, **settings: Any) -> Tensor:
    """The op's result, or the input overwritten with it."""
    if inplace:
        return written(input, lambda x: apply(op, x, **settings))
    return apply(op, input, **settings)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    >>> import backlit as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return activated(activation.relu, input, inplace)


def relu_(input: Tensor) -> Tensor:
    """relu, in place."""
    return relu(input, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6).  Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".

    >>> import backlit as torch
    >>> torch.nn.functional.relu6(torch.tensor([-1.0, 7.0]))
    tensor([0., 6.])
    """
    return activated(activation.hardtanh, input, inplace, min_val=0.0, max_val=6.0)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else negative_slope x.  Maas et al. 2013, "Rectifier nonlinearities".

    >>> import backlit as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return activated(activation.leaky_relu, input, inplace, negative_slope=negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """leaky_relu, in place."""
    return leaky_relu(input, negative_slope, True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else weight x.  He et al. 2015, "Delving Deep into Rectifiers".

    Shapes: input (B, C, ...), weight (1) or (C), one slope for all channels or one for each.

    >>> import backlit as torch
    >>> torch.nn.functional.prelu(torch.tensor([-1.0, 2.0]), torch.tensor([0.25]))
    tensor([-0.2500,  2.0000])
    """
    count = weight.array.size
    if count != 1:
        channels = input.array.shape[1] if input.array.ndim > 1 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel "
                f"size = {channels}: the input's shape is {list(input.array.shape)}."
            )
        weight = apply(shape.reshape, weight, shape=(count,) + (1,) * (input.array.ndim - 2))
    elif weight.array.ndim > input.array.ndim:
        weight = apply(shape.reshape, weight, shape=())
    return apply(activation.prelu, input, weight)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """leaky_relu whose slope is drawn from U(lower, upper) for each element in training, and is their mean otherwise.

    Xu et al. 2015, "Empirical evaluation of rectified activations in convolutional network".

    >>> import backlit as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-1.0]), 0.2, 0.4)
    tensor([-0.3000])
    """
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    below = input.array <= 0
    slopes = np.ones_like(input.array)
    slopes[below] = random.default_generator.uniform(int(below.sum()), np.float64, lower, upper)
    if inplace:
        return written(input, lambda x: apply(arithmetic.mul, x, slopes))
    return apply(arithmetic.mul, input, slopes)


def rrelu_(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Tensor:
    """rrelu, in place."""
    return rrelu(input, lower, upper, training, True)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above the threshold, else value.

    >>> import backlit as torch
    >>> torch.nn.functional.threshold(torch.tensor([0.1, 0.9]), 0.5, 20.0)
    tensor([20.0000,  0.9000])
    """
    return activated(activation.threshold, input, inplace, threshold=threshold, value=value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """threshold, in place."""
    return activated(activation.threshold, input, True, threshold=threshold, value=value)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^x - 1).

    Clevert et al. 2015, "Fast and accurate deep network learning by exponential linear units".

    >>> import backlit as torch
    >>> torch.nn.functional.elu(torch.tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    return activated(activation.elu, input, inplace, alpha=alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu, in place."""
    return elu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu scaled so that activations keep mean 0 and variance 1.

    Klambauer et al. 2017, "Self-normalizing neural networks".

    >>> import backlit as torch
    >>> torch.nn.functional.selu(torch.tensor([1.0]))
    tensor([1.0507])
    """
    return activated(activation.selu, input, inplace)


def selu_(input: Tensor) -> Tensor:
    """selu, in place."""
    return selu(input, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1).  Barron 2017, "Continuously differentiable ELUs".

    >>> import backlit as torch
    >>> torch.nn.functional.celu(torch.tensor([-2.0]), alpha=2.0)
    tensor([-1.2642])
    """
    if alpha == 0:
        raise ZeroDivisionError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return activated(activation.celu, input, inplace, alpha=alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """celu, in place."""
    return celu(input, alpha, True)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number is below x.

    Hendrycks & Gimpel 2016, "Gaussian error linear units".

    approximate: "none", or "tanh" for the formula with tanh.

    >>> import backlit as torch
    >>> torch.nn.functional.gelu(torch.tensor([1.0]))
    tensor([0.8413])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, not {approximate!r}.")
    return apply(activation.gelu if approximate == "none" else activation.gelu_tanh, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x).  Elfwing et al. 2017, "Sigmoid-weighted linear units".

    >>> import backlit as torch
    >>> torch.nn.functional.silu(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """
    return activated(activation.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)).  Misra 2019, "Mish: a self regularized non-monotonic activation function".

    >>> import backlit as torch
    >>> torch.nn.functional.mish(torch.tensor([1.0]))
    tensor([0.8651])
    """
    return activated(activation.mish, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta x)) / beta, and x where beta x is above the threshold.

    >>> import backlit as torch
    >>> torch.nn.functional.softplus(torch.tensor([0.0]))
    tensor([0.6931])
    """
    return apply(activation.softplus, input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import backlit as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1.0]))
    tensor([-0.5000])
    """
    return apply(activation.softsign, input)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh x.

    >>> import backlit as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([0.5]))
    tensor([0.0379])
    """
    return apply(activation.tanhshrink, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where it is nearer than that.  Raises RuntimeError for a negative lambd.

    >>> import backlit as torch
    >>> torch.nn.functional.softshrink(torch.tensor([0.3, 0.8]))
    tensor([0.0000, 0.3000])
    """
    if lambd < 0:
        raise RuntimeError(f"lambda must be in range [0, {np.finfo(input.array.dtype).max:g}], but found {lambd}.")
    return apply(activation.softshrink, input, lambd=lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| is above lambd, else 0.

    >>> import backlit as torch
    >>> torch.nn.functional.hardshrink(torch.tensor([0.3, 0.8]))
    tensor([0.0000, 0.8000])
    """
    return apply(activation.hardshrink, input, lambd=lambd)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x kept between min_val and max_val.

    >>> import backlit as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: received {min_val} and {max_val}.")
    return activated(activation.hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """hardtanh, in place."""
    return hardtanh(input, min_val, max_val, True)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6 kept between 0 and 1.

    >>> import backlit as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4.0, 0.0]))
    tensor([0.0000, 0.5000])
    """
    return activated(activation.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x).  Howard et al. 2019, "Searching for MobileNetV3".

    >>> import backlit as torch
    >>> torch.nn.functional.hardswish(torch.tensor([1.0, 3.0]))
    tensor([0.6667, 3.0000])
    """
    return activated(activation.hardswish, input, inplace)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-x).

    >>> import backlit as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0]))
    tensor([0.5000])
    """
    return apply(activation.sigmoid, input)


def tanh(input: Tensor) -> Tensor:
    """tanh x.

    >>> import backlit as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.5]))
    tensor([0.4621])
    """
    return apply(trigonometry.tanh, input)


def logsigmoid(input: Tensor) -> Tensor:
    """ln sigmoid(x), without its underflow.

    >>> import backlit as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([0.0]))
    tensor([-0.6931])
    """
    return apply(activation.logsigmoid, input)
