"""Functions along a dimension: softmax and its kin, and gated linear units. Shape: any; softmax keeps it."""

from __future__ import annotations

import warnings
from typing import Any

from backlit import random
from backlit.functions import pointwise, reduction
from backlit.functions import softmax as functions
from backlit.functions.reduction import wrapped
from backlit.ops import convert
from backlit.ops import softmax as sums
from backlit.tensor import Tensor, apply


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), a and b the halves of the input along `dim`.

    Dauphin et al. 2016, "Language modeling with gated convolutional networks".

    >>> import backlit as torch
    >>> torch.nn.functional.glu(torch.tensor([2.0, 0.0]))
    tensor([1.])
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
    """softmax of -x.

    >>> import backlit as torch
    >>> torch.nn.functional.softmin(torch.tensor([1.0, 2.0]), dim=0)
    tensor([0.7311, 0.2689])
    """
    return functions.softmax(-input, chosen(input, dim, "softmin", _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """ln softmax(x), without its underflow.

    >>> import backlit as torch
    >>> torch.nn.functional.log_softmax(torch.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
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

    >>> import backlit as torch
    >>> torch.nn.functional.gumbel_softmax(torch.zeros(3), hard=True).sum()
    tensor(1.)
    """
    draws = Tensor.wrap(random.default_generator.exponential(logits.array.shape, logits.array.dtype))
    soft = functions.softmax((logits - pointwise.log(draws)) / tau, dim)
    if not hard:
        return soft
    largest = reduction.amax(soft.detach(), dim, keepdim=True)
    one_hot = apply(convert.cast, soft.detach() == largest, dtype=soft.array.dtype)
    return one_hot - soft.detach() + soft
