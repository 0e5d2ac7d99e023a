"""Normalisation: each group of elements moved to mean 0 and scaled to variance 1, then to a trained scale and shift.

The layers differ in which elements make a group: batch norm takes a channel over the whole batch, layer norm one row,
group norm some channels of one row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.ops.registry import op
from backlit.ops.samples import cases


def mean(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean over `axes`, which stay with length 1."""
    return np.add.reduce(x, axis=axes, keepdims=True) / math.prod([x.shape[k] for k in axes])


def standardized(x: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """x_hat = (x - mean) / s and s = sqrt(var + eps), over `axes`."""
    centred = x - mean(x, axes)
    s = np.sqrt(mean(centred * centred, axes) + eps)
    return centred / s, s


def through_standardized(g: Any, x_hat: Any, s: Any, axes: tuple[int, ...]) -> Any:
    """The gradient of x from that of x_hat.

    dx = (g - mean(g) - x_hat mean(g x_hat)) / s: the two means are what x does through the mean and the variance of its
    group (Ioffe & Szegedy 2015, "Batch normalization", section 3, their six equations put together).
    """
    return (g - mean(g, axes) - x_hat * mean(g * x_hat, axes)) / s


def scaled(x_hat: Any, w: Any, b: Any) -> Any:
    """w x_hat + b, either of which may be None."""
    out = x_hat if w is None else x_hat * w
    return out if b is None else out + b


def by_channel(w: Any, ndim: int) -> Any:
    """One number a channel (C), shaped to broadcast against (B, C, ...)."""
    return w if w is None or ndim == 2 else np.reshape(w, (-1,) + (1,) * (ndim - 2))


def all_but(axis: int, ndim: int) -> tuple[int, ...]:
    return tuple([k for k in range(ndim) if k != axis])


@op(
    torch="nn.functional.batch_norm",
    node="NativeBatchNormBackward0",
    extras=("x_hat", "s"),
    samples=cases(
        (((4, 3), (3,), (3,)), {}), (((2, 3, 2), (3,), None), {"eps": 0.1}), (((2, 2, 2, 3), None, (2,)), {}),
        (((5, 1), None, None), {}),
    ),
)  # fmt: skip
def batch_norm(x, w, b, *, eps=1e-5):
    """out = w (x - mean) / sqrt(var + eps) + b, of each channel over the batch.

    Shapes: x (B, C, ...), w and b (C) or None.
    """
    x_hat, s = standardized(x, all_but(1, x.ndim), eps)
    return scaled(x_hat, by_channel(w, x.ndim), by_channel(b, x.ndim)), {"x_hat": x_hat, "s": s}


@batch_norm.gradient("x")
def _(g, w, x_hat, s):
    return through_standardized(scaled(g, by_channel(w, g.ndim), None), x_hat, s, all_but(1, g.ndim))


@batch_norm.gradient("w")
def _(g, x_hat):
    return np.add.reduce(g * x_hat, axis=all_but(1, g.ndim))


@batch_norm.gradient("b")
def _(g):
    return np.add.reduce(g, axis=all_but(1, g.ndim))


@op()
def moved(r, v, *, momentum):
    """out = (1 - momentum) r + momentum v: running statistics r, moved towards those of a batch."""
    return (1 - momentum) * r + momentum * v


@op(
    torch="nn.functional.layer_norm",
    node="NativeLayerNormBackward0",
    extras=("x_hat", "s"),
    samples=cases(
        (((4, 3), (3,), (3,)), {"count": 1}), (((2, 3, 2), (3, 2), None), {"count": 2}),
        (((3,), None, (3,)), {"count": 1}), (((2, 1), None, None), {"count": 1, "eps": 0.1}),
    ),
)  # fmt: skip
def layer_norm(x, w, b, *, count, eps=1e-5):
    """out = w (x - mean) / sqrt(var + eps) + b, over the last `count` axes.

    Shapes: x (..., *last), w and b those last lengths, or None.
    """
    x_hat, s = standardized(x, last(count), eps)
    return scaled(x_hat, w, b), {"x_hat": x_hat, "s": s}


@layer_norm.gradient("x")
def _(g, w, x_hat, s, count):
    return through_standardized(scaled(g, w, None), x_hat, s, last(count))


@layer_norm.gradient("w")
def _(g, x_hat, count):
    return np.add.reduce(g * x_hat, axis=tuple(range(g.ndim - count)))


@layer_norm.gradient("b")
def _(g, count):
    return np.add.reduce(g, axis=tuple(range(g.ndim - count)))


def last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


@op(
    torch="nn.functional.group_norm",
    node="NativeGroupNormBackward0",
    extras=("x_hat", "s"),
    samples=cases(
        (((3, 4), (4,), (4,)), {"groups": 2}), (((2, 4, 3), (4,), None), {"groups": 1}),
        (((2, 2, 3), None, (2,)), {"groups": 2}),
    ),
)  # fmt: skip
def group_norm(x, w, b, *, groups, eps=1e-5):
    """out = w (x - mean) / sqrt(var + eps) + b, over groups of channels of one row.

    Shapes: x (B, C, ...), w and b (C) or None.
    """
    x_hat, s = standardized(grouped(x, groups), (2,), eps)
    x_hat = np.reshape(x_hat, x.shape)
    return scaled(x_hat, by_channel(w, x.ndim), by_channel(b, x.ndim)), {"x_hat": x_hat, "s": s}


@group_norm.gradient("x")
def _(g, w, x_hat, s, groups):
    g_hat = grouped(scaled(g, by_channel(w, g.ndim), None), groups)
    return np.reshape(through_standardized(g_hat, grouped(x_hat, groups), s, (2,)), g.shape)


@group_norm.gradient("w")
def _(g, x_hat):
    return np.add.reduce(g * x_hat, axis=all_but(1, g.ndim))


@group_norm.gradient("b")
def _(g):
    return np.add.reduce(g, axis=all_but(1, g.ndim))


def grouped(x: Any, groups: int) -> Any:
    """(B, C, ...) -> (B, G, the elements of a group)."""
    return np.reshape(x, (x.shape[0], groups, math.prod(x.shape[1:]) // groups))


@op(
    torch="nn.functional.rms_norm",
    extras=("x_hat", "r"),
    samples=cases(
        (((4, 3), (3,)), {"count": 1}), (((2, 3, 2), (3, 2)), {"count": 2}), (((3,), None), {"count": 1, "eps": 0.1}),
    ),
)  # fmt: skip
def rms_norm(x, w, *, count, eps=1e-5):
    """out = w x / r, r = sqrt(mean(x²) + eps) over the last `count` axes.  Zhang & Sennrich 2019, equation 4."""
    r = np.sqrt(mean(x * x, last(count)) + eps)
    x_hat = x / r
    return scaled(x_hat, w, None), {"x_hat": x_hat, "r": r}


@rms_norm.gradient("x")
def _(g, w, x_hat, r, count):
    g = scaled(g, w, None)
    return (g - x_hat * mean(g * x_hat, last(count))) / r


@rms_norm.gradient("w")
def _(g, x_hat, count):
    return np.add.reduce(g * x_hat, axis=tuple(range(g.ndim - count)))
