"""Initial values of parameters: each function overwrites its tensor in place, and returns it.

The same seed gives PyTorch's values: the draws are as many, and in the same order. Shapes: a weight is
(out, in, *receptive field); fan_in counts what one output sums over, fan_out what one input feeds.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from backlit.autograd.modes import no_grad
from backlit.random import Generator, default_generator
from backlit.tensor import Tensor

#: What keeps the variance of a signal through each nonlinear function (He et al. 2015, "Delving Deep into Rectifiers").
GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "conv_transpose1d": 1.0, "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
    # Klambauer et al. 2017 ask for 1; PyTorch takes 3/4, for the sake of its earlier versions.
    "selu": 3 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which initial weights before `nonlinearity` are scaled; `param` is leaky_relu's slope (0.01).

    Raises ValueError for an unknown function, or a slope that is no number.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"negative_slope {slope} not a valid number")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}; known are leaky_relu, {', '.join(GAINS)}")
    return GAINS[nonlinearity]


def fill(tensor: Tensor, values: Any) -> Tensor:
    with no_grad():
        return tensor.overwrite(values)


def stream(generator: Generator | None) -> Generator:
    return default_generator if generator is None else generator


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from U(a, b).

    >>> import backlit as torch
    >>> bool((torch.nn.init.uniform_(torch.empty(3, 5), 1.0, 2.0) >= 1).all())
    True
    """
    return fill(tensor, stream(generator).uniform(tensor.array.shape, tensor.array.dtype, a, b))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from N(mean, std²).

    >>> import backlit as torch
    >>> torch.nn.init.normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    return fill(tensor, stream(generator).normal(tensor.array.shape, tensor.array.dtype, mean, std))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Draw from N(mean, std²) cut off outside [a, b], by rejection (Devroye 1986, II.3).

    >>> import backlit as torch
    >>> bool((torch.nn.init.trunc_normal_(torch.empty(99)).abs() <= 2).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
                      "incorrect.", stacklevel=2)  # fmt: skip
    below = [(1 + math.erf((bound - mean) / std / math.sqrt(2))) / 2 for bound in (a, b)]
    rejection = normals_within if below[1] - below[0] > LEAST_MASS else uniforms_under_the_bell
    return fill(tensor, rejection(stream(generator), tensor.array, mean, std, a, b))


#: PyTorch redraws normals as long as at least this share of them falls into the interval.
LEAST_MASS = 0.3


def normals_within(source: Generator, like: Any, mean: float, std: float, a: float, b: float) -> Any:
    """Normal numbers; those outside [a, b] are drawn again, and with them, unused, all others."""
    low, high = like.dtype.type(a), like.dtype.type(b)
    values = source.normal(like.shape, like.dtype, mean, std)
    while (outside := (values < low) | (values > high)).any():
        values = np.where(outside, source.normal(like.shape, like.dtype, mean, std), values)
    return values


def uniforms_under_the_bell(source: Generator, like: Any, mean: float, std: float, a: float, b: float) -> Any:
    """Uniform numbers in [a, b], each accepted with the density's height there beside its height at the mode."""
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values = source.uniform(like.shape, like.dtype, a, b)
    candidates, pending = values, np.ones(like.shape, bool)
    while True:
        log_height = -0.5 * ((candidates - mean) / std) ** 2 - log_peak
        with np.errstate(divide="ignore"):  # log 0 = -inf: accepted, as it should be
            pending &= np.log(source.uniform(like.shape, like.dtype, 0.0, 1.0)) > log_height
        if not pending.any():
            return values
        candidates = source.uniform(like.shape, like.dtype, a, b)
        values = np.where(pending, candidates, values)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`.

    >>> import backlit as torch
    >>> torch.nn.init.constant_(torch.empty(2), 0.3)
    tensor([0.3000, 0.3000])
    """
    return fill(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1.

    >>> import backlit as torch
    >>> torch.nn.init.ones_(torch.empty(2))
    tensor([1., 1.])
    """
    return fill(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0.

    >>> import backlit as torch
    >>> torch.nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])
    """
    return fill(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix: ones on the diagonal.  Shape: (m, n). Raises ValueError unless there are two dimensions.

    >>> import backlit as torch
    >>> torch.nn.init.eye_(torch.empty(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    if tensor.array.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported; this one has {tensor.array.ndim}")
    return fill(tensor, np.eye(*tensor.array.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The identity for a convolution: each group's channel k passes through to its output k.

    Shape: (out, in, *kernel), with 3 to 5 dimensions. Raises ValueError for others, or if groups do not divide out.

    >>> import backlit as torch
    >>> torch.nn.init.dirac_(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    shape = tensor.array.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported; this one has {len(shape)}")
    if shape[0] % groups:
        raise ValueError(f"dim 0 ({shape[0]}) must be divisible by groups ({groups})")
    out = shape[0] // groups
    values = np.zeros(shape)
    middle = tuple(n // 2 for n in shape[2:])
    for group in range(groups):
        for k in range(min(out, shape[1])):
            values[(group * out + k, k, *middle)] = 1
    return fill(tensor, values)


def fans(tensor: Tensor) -> tuple[int, int]:
    """fan_in and fan_out of a weight. Raises ValueError for fewer than two dimensions."""
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; this one has "
            f"shape {shape}. For a bias use zeros_ or uniform_."
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    return fans(tensor)


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return fans(tensor)[mode == "fan_out"]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)).

    Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", equation 16.

    >>> import backlit as torch
    >>> bool((torch.nn.init.xavier_uniform_(torch.empty(3, 3)).abs() <= 1).all())
    True
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Draw from N(0, std²), std = gain sqrt(2 / (fan_in + fan_out)); see `xavier_uniform_`.

    >>> import backlit as torch
    >>> torch.nn.init.xavier_normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Draw from U(-bound, bound), bound = gain sqrt(3 / fan); `a` is the slope of leaky_relu.

    He et al. 2015, "Delving Deep into Rectifiers", equation 14: the variance 2 / fan, as a uniform distribution.

    >>> import backlit as torch
    >>> bool((torch.nn.init.kaiming_uniform_(torch.empty(3, 6)).abs() <= 1).all())
    True
    """
    if tensor.array.size == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Draw from N(0, std²), std = gain / sqrt(fan); see `kaiming_uniform_`.

    >>> import backlit as torch
    >>> torch.nn.init.kaiming_normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    if tensor.array.size == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """A random matrix with orthonormal rows or columns, times gain; further dimensions count as columns.

    Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks".

    >>> import backlit as torch
    >>> torch.nn.init.orthogonal_(torch.empty(1, 1)).abs()
    tensor([[1.]])
    """
    shape = tensor.array.shape
    if len(shape) < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported; this one has shape {shape}")
    if tensor.array.size == 0:
        return tensor
    flat = stream(generator).normal((shape[0], math.prod(shape[1:])), tensor.array.dtype)
    wide = flat.shape[0] < flat.shape[1]
    q, r = np.linalg.qr(flat.T if wide else flat)
    q = q * np.sign(np.diag(r))  # so that every rotation is as likely as any other (Mezzadri 2007)
    return fill(tensor, (q.T if wide else q).reshape(shape) * gain)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Draw from N(0, std²), then set the fraction `sparsity` of each column to 0.  Shape: (m, n).

    Martens 2010, "Deep learning via Hessian-free optimization".

    >>> import backlit as torch
    >>> int((torch.nn.init.sparse_(torch.empty(10, 2), sparsity=0.3) == 0).sum())
    6
    """
    if tensor.array.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported; this one has {tensor.array.ndim}")
    rows, columns = tensor.array.shape
    values = stream(generator).normal((rows, columns), tensor.array.dtype, 0.0, std)
    for column in range(columns):
        # PyTorch draws the permutations from the default stream, whatever generator is given.
        values[default_generator.permutation(rows)[: math.ceil(sparsity * rows)], column] = 0
    return fill(tensor, values)


def deprecated(function: Any) -> Any:
    """The function's old name, without the underscore."""
    name = function.__name__

    def call(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(f"nn.init.{name[:-1]} is deprecated: write nn.init.{name}.", FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    call.__name__, call.__doc__ = name[:-1], f"The old name of {name}."
    return call


uniform, normal, constant, eye, dirac = map(deprecated, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal = map(deprecated, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(deprecated, (kaiming_uniform_, kaiming_normal_))
orthogonal, sparse = map(deprecated, (orthogonal_, sparse_))
