"""Functions of each element."""

from __future__ import annotations

from typing import Any

from backlit.functions.publish import binary, into, unary
from backlit.ops import activation, arithmetic, choose, exponential
from backlit.tensor import Tensor, apply

abs = unary(arithmetic.abs)
neg = unary(arithmetic.neg)
square = unary(arithmetic.square)
exp = unary(exponential.exp)
log = unary(exponential.log)
tanh = unary(exponential.tanh)
sigmoid = unary(activation.sigmoid)
relu = unary(activation.relu)

mul = binary(arithmetic.mul)
pow = binary(arithmetic.pow)
remainder = binary(arithmetic.remainder)
maximum = binary(arithmetic.maximum)


def add(input: Tensor, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """input + alpha * other."""
    result = apply(arithmetic.add, input, other if alpha == 1 else apply(arithmetic.mul, other, alpha))
    return result if out is None else into(out, result)


def sub(input: Tensor, other: Any, *, alpha: float = 1, out: Tensor | None = None) -> Tensor:
    """input - alpha * other."""
    result = apply(arithmetic.sub, input, other if alpha == 1 else apply(arithmetic.mul, other, alpha))
    return result if out is None else into(out, result)


def where(condition: Tensor, input: Any, other: Any) -> Tensor:
    """input where the condition holds, else other."""
    return apply(choose.where, condition, input, other)
