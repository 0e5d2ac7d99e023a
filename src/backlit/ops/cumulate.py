"""Running sums and products along one axis, and the recurrences that they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import kernel, op
from backlit.ops.samples import cases

LINES = ((((4,),), {"axis": 0}), (((2, 3),), {"axis": 1}), (((0, 3),), {"axis": 0}), (((2, 1),), {"axis": 1}))


@op(torch="cumsum", numpy=np.cumsum, samples=cases(*LINES, (((2, 3),), {"axis": 0, "reverse": True})))
def cumsum(x, *, axis, reverse=False):
    """out[i] = x[0] + ... + x[i] along `axis`; from the last element backwards with `reverse`."""
    return np.flip(np.add.accumulate(np.flip(x, axis), axis=axis), axis) if reverse else np.add.accumulate(x, axis=axis)


@cumsum.gradient("x")
def _(g, axis, reverse):
    return cumsum(g, axis=axis, reverse=not reverse)


@op(
    torch="cumprod",
    numpy=np.cumprod,
    samples=cases(*LINES, (((2, 3),), {"axis": 0, "reverse": True, "exclusive": True}),
                  ((np.array([[0.5, 0.0, 1.5, 0.0], [0.0, 2.0, 1.2, 0.7]]),), {"axis": 1})),
)  # fmt: skip
def cumprod(x, *, axis, reverse=False, exclusive=False):
    """out[i] = x[0] ... x[i] along `axis`; without x[i] if `exclusive`; from the last backwards with `reverse`."""
    x = np.flip(x, axis) if reverse else x
    out = np.multiply.accumulate(moved(x, axis, 1, 1) if exclusive else x, axis=axis)
    return np.flip(out, axis) if reverse else out


@cumprod.gradient("x")
def _(g, x, axis, reverse, exclusive):
    # dout[k] / dx[i] = x[0] ... x[i-1] x[i+1] ... x[k]: what comes before i, times a sum over what follows, which
    # s[i] = g[i] + x[i+1] s[i+1] adds up without dividing by x[i], so that it may be 0.
    before = cumprod(x, axis=axis, reverse=reverse, exclusive=True)
    if exclusive:
        g = shifted(g, axis=axis, by=1 if reverse else -1)
    return before * recurrence(shifted(x, axis=axis, by=1 if reverse else -1), g, axis=axis, reverse=not reverse)


@op(
    samples=cases(
        (((4,), (4,)), {"axis": 0}), (((2, 3), (2, 3)), {"axis": 1, "reverse": True}), (((0, 3), (0, 3)), {"axis": 0})
    )
)
def recurrence(x, y, *, axis, reverse=False):
    """out[i] = y[i] + x[i] out[i-1] along `axis`; from the last element backwards with `reverse`."""
    if reverse:
        return np.flip(recurred(np.flip(x, axis), np.flip(y, axis), axis), axis)
    return recurred(x, y, axis)


@recurrence.gradient("x")
def _(g, x, out, axis, reverse):
    return recurrence_transposed(x, g, axis, reverse) * shifted(out, axis=axis, by=-1 if reverse else 1)


@recurrence.gradient("y")
def _(g, x, axis, reverse):
    return recurrence_transposed(x, g, axis, reverse)


@op(torch="logcumsumexp", promotes="float",
    samples=cases(*LINES, ((np.array([-800.0, 0.0, 800.0]),), {"axis": 0})))  # fmt: skip
def logcumsumexp(x, *, axis):
    """out[i] = ln(e ** x[0] + ... + e ** x[i]) along `axis`, where e ** x would overflow or vanish too."""
    return np.logaddexp.accumulate(x, axis=axis)


@logcumsumexp.gradient("x")
def _(g, x, x_shape, out, axis):
    # dout[k] / dx[i] = e ** (x[i] - out[k]). The sum over k >= i, times e ** (out[i] - x[i]), is
    # s[i] = g[i] + e ** (out[i] - out[i+1]) s[i+1]: no power in it is above 1.
    n = x_shape[axis]
    following = np.take(out, np.minimum(np.arange(1, n + 1), n - 1), axis)
    return np.exp(x - out) * recurrence(np.exp(out - following), g, axis=axis, reverse=True)


def recurrence_transposed(x: Any, g: Any, axis: int, reverse: bool) -> Any:
    """Each g passed on to all that out[i] was made from: the same recurrence run the other way."""
    return recurrence(shifted(x, axis=axis, by=1 if reverse else -1), g, axis=axis, reverse=not reverse)


@op(
    samples=cases(
        (((4,),), {"axis": 0, "by": 1}), (((2, 3),), {"axis": 1, "by": -1}), (((0, 3),), {"axis": 0, "by": 1})
    )
)
def shifted(x, *, axis, by):
    """out[i] = x[i - by] along `axis`, 0 where there is none; by is 1 or -1."""
    return moved(x, axis, by, 0)


@shifted.gradient("x")
def _(g, axis, by):
    return shifted(g, axis=axis, by=-by)


@kernel
def moved(x: Any, axis: int, by: int, fill: float) -> Any:
    """out[i] = x[i - by] along `axis`, `fill` where there is none; by is 1 or -1."""
    out = np.full_like(x, fill)
    before = (slice(None),) * axis
    ahead, behind = (*before, slice(1, None)), (*before, slice(None, -1))
    out[ahead if by == 1 else behind] = x[behind if by == 1 else ahead]
    return out


@kernel
def recurred(x: Any, y: Any, axis: int) -> Any:
    """For i in order, out[i] = y[i] + x[i] out[i-1]."""
    x, out = np.moveaxis(x, axis, 0), np.array(np.moveaxis(y, axis, 0))
    for i in range(1, len(out)):
        out[i] += x[i] * out[i - 1]
    return np.moveaxis(out, 0, axis)
