"""How far apart vectors are."""

from __future__ import annotations

from backlit.functions import reduction
from backlit.functions.norms import norm
from backlit.functions.pointwise import clamp_min
from backlit.functions.shape import broadcast_tensors
from backlit.tensor import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`: x1 . x2 / (|x1| |x2|).  Shapes: such that broadcast.

    Lengths below eps count as eps.

    >>> import backlit as torch
    >>> torch.nn.functional.cosine_similarity(torch.tensor([1.0, 0.0]), torch.tensor([3.0, 4.0]), dim=0)
    tensor(0.6000)
    """
    if x1.array.dtype.kind != "f" or x2.array.dtype.kind != "f":
        raise RuntimeError("expected common dtype to be floating point, yet it is an integer one: write x.float().")
    a, b = broadcast_tensors(x1, x2)
    return reduction.sum(unit(a, dim, eps) * unit(b, dim, eps), dim)


def unit(x: Tensor, dim: int, eps: float) -> Tensor:
    """The vectors divided by their lengths; the gradient is taken as if no length were below eps."""
    length = norm(x, 2, dim, keepdim=True)
    return x / (length + (clamp_min(length.detach(), eps) - length.detach()))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last dimension.  Shapes: (B, C), or such that broadcast; result (B).

    >>> import backlit as torch
    >>> torch.nn.functional.pairwise_distance(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2), eps=0.0)
    tensor([5.])
    """
    return norm(x1 - x2 + eps, p, -1, keepdim)
