"""Activations: functions of each element, and softmax over a dimension. Shape: any; the result has the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from backlit import random
from backlit.functions import pointwise, reduction
from backlit.functions import softmax as functions
from backlit.functions.reduction import wrapped
from backlit.ops import activation, arithmetic, convert, shape, trigonometry
from backlit.ops import softmax as sums
from backlit.ops.registry import Op
from backlit.tensor import Tensor, apply, written


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
    """min(max(x, 0), 6).  Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10"."""
    return activated(activation.hardtanh, input, inplace, min_val=0.0, max_val=6.0)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else negative_slope x.  Maas et al. 2013, "Rectifier nonlinearities"."""
    return activated(activation.leaky_relu, input, inplace, negative_slope=negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """leaky_relu, in place."""
    return leaky_relu(input, negative_slope, True)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else weight x.  He et al. 2015, "Delving Deep into Rectifiers".

    Shapes: input (B, C, ...), weight (1) or (C), one slope for all channels or one for each.
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
    """x where it is above the threshold, else value."""
    return activated(activation.threshold, input, inplace, threshold=threshold, value=value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """threshold, in place."""
    return activated(activation.threshold, input, True, threshold=threshold, value=value)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^x - 1).

    Clevert et al. 2015, "Fast and accurate deep network learning by exponential linear units".
    """
    return activated(activation.elu, input, inplace, alpha=alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu, in place."""
    return elu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """elu scaled so that activations keep mean 0 and variance 1.

    Klambauer et al. 2017, "Self-normalizing neural networks".
    """
    return activated(activation.selu, input, inplace)


def selu_(input: Tensor) -> Tensor:
    """selu, in place."""
    return selu(input, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1).  Barron 2017, "Continuously differentiable ELUs"."""
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
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, not {approximate!r}.")
    return apply(activation.gelu if approximate == "none" else activation.gelu_tanh, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x).  Elfwing et al. 2017, "Sigmoid-weighted linear units"."""
    return activated(activation.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)).  Misra 2019, "Mish: a self regularized non-monotonic activation function"."""
    return activated(activation.mish, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln(1 + e^(beta x)) / beta, and x where beta x is above the threshold."""
    return apply(activation.softplus, input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return apply(activation.softsign, input)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh x."""
    return apply(activation.tanhshrink, input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where it is nearer than that.  Raises RuntimeError for a negative lambd."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be in range [0, {np.finfo(input.array.dtype).max:g}], but found {lambd}.")
    return apply(activation.softshrink, input, lambd=lambd)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| is above lambd, else 0."""
    return apply(activation.hardshrink, input, lambd=lambd)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x kept between min_val and max_val."""
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val: received {min_val} and {max_val}.")
    return activated(activation.hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """hardtanh, in place."""
    return hardtanh(input, min_val, max_val, True)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(x + 3) / 6 kept between 0 and 1."""
    return activated(activation.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x).  Howard et al. 2019, "Searching for MobileNetV3"."""
    return activated(activation.hardswish, input, inplace)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-x)."""
    return apply(activation.sigmoid, input)


def tanh(input: Tensor) -> Tensor:
    """tanh x."""
    return apply(trigonometry.tanh, input)


def logsigmoid(input: Tensor) -> Tensor:
    """ln sigmoid(x), without its underflow."""
    return apply(activation.logsigmoid, input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), a and b the halves of the input along `dim`.

    Dauphin et al. 2016, "Language modeling with gated convolutional networks".
    """
    if input.array.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = wrapped(input, dim)
    if input.array.shape[axis] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {axis} is size {input.array.shape[axis]}: glu halves it."
        )
    return apply(sums.glu, input, axis=axis)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """e^x divided by the sum of e^x along `dim`: positive numbers that add up to 1.

    >>> import backlit as torch
    >>> torch.nn.functional.softmax(torch.tensor([[0.0, 0.0]]), dim=1)
    tensor([[0.5000, 0.5000]])
    """
    return functions.softmax(input, chosen(input, dim, "softmax", _stacklevel), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax of -x."""
    return functions.softmax(-input, chosen(input, dim, "softmin", _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """ln softmax(x), without its underflow."""
    return functions.log_softmax(input, chosen(input, dim, "log_softmax", _stacklevel), dtype)


def chosen(input: Tensor, dim: int | None, name: str, stacklevel: int) -> int:
    """The dimension given, or the one that PyTorch guesses, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel + 1,
    )
    return 0 if input.array.ndim in (0, 1, 3) else 1


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from the categories in proportion to e^logits, in a way that gradients pass.

    Jang et al. 2016, "Categorical reparameterization with Gumbel-softmax".
    tau: the lower, the nearer to one category. hard: the result is one-hot, its gradient that of the soft draw.
    """
    draws = Tensor.wrap(random.default_generator.exponential(logits.array.shape, logits.array.dtype))
    soft = functions.softmax((logits - pointwise.log(draws)) / tau, dim)
    if not hard:
        return soft
    largest = reduction.amax(soft.detach(), dim, keepdim=True)
    one_hot = apply(convert.cast, soft.detach() == largest, dtype=soft.array.dtype)
    return one_hot - soft.detach() + soft
