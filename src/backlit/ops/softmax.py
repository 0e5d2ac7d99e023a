"""Sums of exponentials, and what divides by them: softmax, its logarithm, log-sum-exp; and gated linear units."""

from __future__ import annotations

import numpy as np

from backlit.ops.activation import sigmoid
from backlit.ops.exponential import LN_2
from backlit.ops.reduce import restored
from backlit.ops.registry import op
from backlit.ops.samples import binary, cases

ROWS = ((((2, 3),), {"axis": 1}), (((2, 3, 2),), {"axis": 0}), (((),), {"axis": -1}), (((0, 3),), {"axis": 1}),
        (((2, 0),), {"axis": 1}), (((1,),), {"axis": 0}),
        ((np.array([[-800.0, 0.0, 800.0]]),), {"axis": 1}))  # fmt: skip


@op(torch="nn.functional.softmax", samples=cases(*ROWS))
def softmax(x, *, axis):
    """out = e ** x / sum(e ** x) along `axis`. The largest x is taken off first: e ** x stays finite."""
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf))
    return e / np.add.reduce(e, axis=axis, keepdims=True)


@softmax.gradient("x")
def _(g, out, axis):
    weighted = g * out
    return weighted - out * np.add.reduce(weighted, axis=axis, keepdims=True)


@op(torch="nn.functional.log_softmax", samples=cases(*ROWS))
def log_softmax(x, *, axis):
    """out = x - ln sum(e ** x) along `axis`, with the largest x taken off first."""
    z = x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    return z - np.log(np.add.reduce(np.exp(z), axis=axis, keepdims=True))


@log_softmax.gradient("x")
def _(g, out, axis):
    return g - np.exp(out) * np.add.reduce(g, axis=axis, keepdims=True)


@op(
    torch="logsumexp",
    samples=cases(
        *ROWS[:2], *ROWS[3:], (((2, 3, 2),), {"axis": (0, 2), "keepdims": True}), (((2, 3),), {"axis": (0, 1)})
    ),
)
def logsumexp(x, *, axis, keepdims=False):
    """out = ln sum(e ** x) over `axis`, with the largest x taken off first and added again."""
    top = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis)


@logsumexp.gradient("x")
def _(g, x, out, axis, keepdims):
    # Where out is -infinity every x is: each then counts 0, not e ** (-inf + inf).
    out = restored(out, axis, keepdims)
    return restored(g, axis, keepdims) * np.exp(x - np.where(np.equal(out, -np.inf), 0, out))


@op(torch="logaddexp", numpy=np.logaddexp, broadcasts=True, promotes="float", samples=binary())
def logaddexp(x, y):
    """out = ln(e ** x + e ** y), where e ** x would overflow too."""
    return np.logaddexp(x, y)


@logaddexp.gradient("x")
def _(g, x, y):
    return g * sigmoid(x - y)


@logaddexp.gradient("y")
def _(g, x, y):
    return g * sigmoid(y - x)


@op(torch="logaddexp2", numpy=np.logaddexp2, broadcasts=True, promotes="float", samples=binary())
def logaddexp2(x, y):
    """out = log2(2 ** x + 2 ** y), where 2 ** x would overflow too."""
    return np.logaddexp2(x, y)


@logaddexp2.gradient("x")
def _(g, x, y):
    return g * sigmoid((x - y) * LN_2)


@logaddexp2.gradient("y")
def _(g, x, y):
    return g * sigmoid((y - x) * LN_2)


@op(
    torch="nn.functional.glu",
    samples=cases((((2, 6),), {"axis": 1}), (((4, 3, 2),), {"axis": 0}), (((0, 2),), {"axis": 1})),
)
def glu(x, *, axis):
    """out = a sigmoid(b), where a and b are the two halves of x along `axis`."""
    first, second = halves(x.shape, axis)
    return x[first] * sigmoid(x[second])


@glu.gradient("x")
def _(g, x, x_shape, axis):
    first, second = halves(x_shape, axis)
    s = sigmoid(x[second])
    return np.concatenate((g * s, g * x[first] * s * (1 - s)), axis=axis)


def halves(shape, axis):
    """The subscripts of the first and second half along `axis`."""
    before, middle = (slice(None),) * (axis % len(shape)), shape[axis] // 2
    return (*before, slice(0, middle)), (*before, slice(middle, 2 * middle))
