"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.registry import kernel, op
from backlit.ops.samples import cases


@op(
    torch="diagonal", numpy=np.diagonal, view=True,
    samples=cases((((3, 3),), {}), (((2, 4),), {"offset": 1}), (((2, 3, 4),), {"offset": -1, "axis1": 2, "axis2": 0}),
                  (((2, 3),), {"offset": 5}), (((1, 1),), {})),
)  # fmt: skip
def diagonal(x, *, offset=0, axis1=0, axis2=1):
    """out[..., k] = x[.., k, .., k + offset, ..] at axis1 and axis2: a view."""
    return on_diagonal(x, offset, axis1, axis2)


@diagonal.gradient("x")
def _(g, x_shape, offset, axis1, axis2):
    return put_diagonal(g, shape=x_shape, offset=offset, axis1=axis1, axis2=axis2)


@op(
    torch="diag_embed",
    samples=cases((((3,),), {"shape": (3, 3)}), (((2, 3),), {"shape": (3, 2, 4), "offset": 1, "axis1": 0, "axis2": 2}),
                  (((0,),), {"shape": (0, 0)})),
)  # fmt: skip
def put_diagonal(x, *, shape, offset=0, axis1=0, axis2=1):
    """out = zeros of `shape` with x on the diagonal: the transpose of `diagonal`."""
    return with_diagonal(x, shape, offset, axis1, axis2)


@put_diagonal.gradient("x")
def _(g, offset, axis1, axis2):
    return np.diagonal(g, offset, axis1, axis2)


TRIANGLES = cases((((3, 3),), {}), (((2, 2, 4),), {"offset": 1}), (((0, 3),), {"offset": -1}))


@op(torch="tril", numpy=np.tril, samples=TRIANGLES)
def tril(x, *, offset=0):
    """out = x with zeros above the diagonal `offset` of each matrix."""
    return np.tril(x, offset)


@tril.gradient("x")
def _(g, offset):
    return np.tril(g, offset)


@op(torch="triu", numpy=np.triu, samples=TRIANGLES)
def triu(x, *, offset=0):
    """out = x with zeros below the diagonal `offset` of each matrix."""
    return np.triu(x, offset)


@triu.gradient("x")
def _(g, offset):
    return np.triu(g, offset)


@kernel
def on_diagonal(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    """NumPy's view of the diagonal, to which one may write where one may write to x."""
    out = np.diagonal(x, offset, axis1, axis2)
    out.flags.writeable = x.flags.writeable
    return out


@kernel
def with_diagonal(x: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """out[.., k, .., k + offset, ..] = x[..., k] on zeros."""
    out = np.zeros(shape, x.dtype)
    on_diagonal(out, offset, axis1, axis2)[...] = x
    return out
