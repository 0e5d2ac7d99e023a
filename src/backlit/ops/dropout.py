"""Dropout, once its mask is drawn."""

from __future__ import annotations

from backlit.ops.registry import op
from backlit.ops.samples import cases


@op(
    broadcasts=True,
    node="MulBackward0",
    samples=cases((((2, 3), (2, 3)), {}), (((2, 3, 4), (2, 3, 1)), {}), (((0, 3), (0, 3)), {})),
)
def dropout(x, m):
    """out = x m, where m is 0 with probability p, and else 1 / (1 - p), so that the expected value stays x."""
    return x * m


@dropout.gradient("x")
def _(g, m):
    return g * m
