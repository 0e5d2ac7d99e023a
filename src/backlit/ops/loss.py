"""Losses: how far predictions are from targets, in one number (their mean or their sum) or one for each.

Each is one op with its reduction inside, so that a step's record shows the loss as one line, and its gradient as the
line that textbooks give.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit.ops.activation import sigmoid
from backlit.ops.index import put_part
from backlit.ops.registry import Sample, op
from backlit.ops.samples import PAIRS, drawn

#: PyTorch bounds the logarithms of binary cross-entropy from below, so that p = 0 costs 100 instead of infinity.
LOG_FLOOR = -100
#: PyTorch's bound on p (1 - p) in the gradient of binary cross-entropy.
BCE_EPSILON = 1e-12


def reduced(losses: Any, reduction: str) -> Any:
    """The mean or the sum of all losses, or ("none") each."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, axis=None)
    return total / math.prod(losses.shape) if reduction == "mean" else total


def each(g: Any, shape: tuple[int, ...], reduction: str) -> Any:
    """The gradient of every single loss, from that of what `reduced` made of them."""
    return g / math.prod(shape) if reduction == "mean" else g


def pairs(low: float = -3.0, high: float = 3.0, broadcast: bool = True, **settings: Any) -> Any:
    """Samples of predictions and targets, with every reduction."""

    def samples(rng: np.random.Generator) -> Any:
        for k, (first, second) in enumerate(PAIRS):
            if broadcast or first == second:
                reduction = ("none", "sum", "mean")[k % 3] if math.prod(first) else "sum"
                arrays = drawn(rng, first, low, high), drawn(rng, second, low, high)
                yield Sample(arrays, {**settings, "reduction": reduction})

    return samples


# Regression.


@op(torch="nn.functional.mse_loss", broadcasts=True, promotes="same", extras=("d",), samples=pairs())
def mse_loss(x, y, *, reduction="mean"):
    """out = the mean of (x - y) ** 2."""
    d = x - y
    return reduced(d * d, reduction), {"d": d}


@mse_loss.gradient("x")
def _(g, d, reduction):
    return 2 * each(g, d.shape, reduction) * d


@mse_loss.gradient("y")
def _(g, d, reduction):
    return -2 * each(g, d.shape, reduction) * d


@op(torch="nn.functional.l1_loss", broadcasts=True, promotes="same", extras=("d",), samples=pairs())
def l1_loss(x, y, *, reduction="mean"):
    """out = the mean of |x - y|."""
    d = x - y
    return reduced(np.absolute(d), reduction), {"d": d}


@l1_loss.gradient("x")
def _(g, d, reduction):
    return each(g, d.shape, reduction) * np.sign(d)


@l1_loss.gradient("y")
def _(g, d, reduction):
    return -each(g, d.shape, reduction) * np.sign(d)


@op(torch="nn.functional.huber_loss", broadcasts=True, promotes="same", extras=("d",), samples=pairs(delta=0.8))
def huber_loss(x, y, *, reduction="mean", delta=1.0):
    """out = the mean of d²/2 where d = |x - y| is below delta, and of delta (d - delta/2) above.

    Huber 1964, "Robust estimation of a location parameter".
    """
    d = x - y
    size = np.absolute(d)
    return reduced(np.where(size < delta, 0.5 * d * d, delta * (size - 0.5 * delta)), reduction), {"d": d}


@huber_loss.gradient("x")
def _(g, d, reduction, delta):
    return each(g, d.shape, reduction) * np.minimum(np.maximum(d, -delta), delta)


@huber_loss.gradient("y")
def _(g, d, reduction, delta):
    return -each(g, d.shape, reduction) * np.minimum(np.maximum(d, -delta), delta)


# Two classes.


@op(torch="nn.functional.binary_cross_entropy", samples=pairs(0.05, 0.95, broadcast=False))
def binary_cross_entropy(x, y, *, reduction="mean"):
    """out = the mean of -(y ln x + (1 - y) ln(1 - x)), for probabilities x."""
    losses = y * np.maximum(np.log(x), LOG_FLOOR) + (1 - y) * np.maximum(np.log1p(-x), LOG_FLOOR)
    return -reduced(losses, reduction)


@binary_cross_entropy.gradient("x")
def _(g, x, y, reduction):
    return each(g, x.shape, reduction) * (x - y) / np.maximum(x * (1 - x), BCE_EPSILON)


@binary_cross_entropy.gradient("y")
def _(g, x, reduction):
    return each(g, x.shape, reduction) * (np.maximum(np.log1p(-x), LOG_FLOOR) - np.maximum(np.log(x), LOG_FLOOR))


@op(
    torch="nn.functional.binary_cross_entropy_with_logits",
    promotes="same",
    samples=pairs(-3, 3, broadcast=False),
)
def binary_cross_entropy_with_logits(x, y, *, reduction="mean"):
    """out = the mean of -(y ln p + (1 - y) ln(1 - p)), p = sigmoid(x), written so that e ** x cannot overflow."""
    return reduced(np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.absolute(x))), reduction)


@binary_cross_entropy_with_logits.gradient("x")
def _(g, x, y, reduction):
    return each(g, x.shape, reduction) * (sigmoid(x) - y)


@binary_cross_entropy_with_logits.gradient("y")
def _(g, x, reduction):
    return -each(g, x.shape, reduction) * x


# K classes.


def classes(rng: np.random.Generator) -> Any:
    """Samples of scores (B, K) and class numbers (B)."""
    for (n, k), reduction in zip(((3, 4), (1, 1), (2, 3), (0, 3)), ("mean", "sum", "none", "sum"), strict=True):
        yield Sample((rng.normal(size=(n, k)), rng.integers(0, k, n)), {"reduction": reduction})


def smoothed_classes(rng: np.random.Generator) -> Any:
    """Samples of scores and class numbers, without label smoothing and with it."""
    for sample in classes(rng):
        yield sample
        yield Sample(sample.arrays, {**sample.settings, "label_smoothing": 0.2})


@op(torch="nn.functional.cross_entropy", node="NllLossBackward0", extras=("p",), samples=smoothed_classes)
def cross_entropy(x, y, *, reduction="mean", label_smoothing=0.0):
    """out = the mean of -ln p[y], p = softmax(x).  Shapes: x (B, K) scores, y (B) class numbers.

    With label smoothing the target is not class y alone: this share of it is spread evenly over all K classes.
    """
    z = x - np.maximum.reduce(x, axis=1, keepdims=True)
    e = np.exp(z)
    s = np.add.reduce(e, axis=1, keepdims=True)
    aimed = z[np.arange(len(y)), y]
    if label_smoothing:
        aimed = (1 - label_smoothing) * aimed + label_smoothing / x.shape[1] * np.add.reduce(z, axis=1)
    return reduced(np.log(s[:, 0]) - aimed, reduction), {"p": e / s}


@cross_entropy.gradient("x")
def _(g, p, y, reduction, label_smoothing):
    g, is_class = each(g, y.shape, reduction), one_hot(y, p.shape[1])
    share = label_smoothing / p.shape[1]
    d = np.where(is_class, p - (1 - label_smoothing + share), p - share) if label_smoothing else p - is_class
    return d * (g[:, None] if reduction == "none" else g)


def one_hot(y: Any, count: int) -> Any:
    """out[i, k] = (y[i] == k).  Shapes: y (B), out (B, count), boolean."""
    return np.equal(y[:, None], np.arange(count))


def weighed(rng: np.random.Generator) -> Any:
    """Samples of log-probabilities (B, K), class numbers (B), and a weight for each row (B)."""
    for sample in classes(rng):
        yield Sample((*sample.arrays, rng.uniform(0.5, 2, len(sample.arrays[1]))), sample.settings)


@op(samples=weighed)
def nll_loss(x, y, w, *, reduction="mean"):
    """out = the mean of -x[y], weighted by w.  Shapes: x (B, K) log-probabilities, y (B) class numbers, w (B)."""
    losses = -w * x[np.arange(len(y)), y]
    if reduction == "none":
        return losses
    total = np.add.reduce(losses)
    return total / np.add.reduce(w) if reduction == "mean" else total


@nll_loss.gradient("x")
def _(g, x_shape, y, w, reduction):
    share = g / np.add.reduce(w) if reduction == "mean" else g
    # A row of weight 0 counts nothing, even where all do and the share is 0 / 0.
    return put_part(np.where(np.equal(w, 0), 0, -share * w), shape=x_shape, key=(np.arange(len(y)), y))
