"""New shapes for the same elements: reshaping, reordering axes, stretching, joining."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.ops.index import put_added
from backlit.ops.registry import Sample, kernel, op
from backlit.ops.samples import cases


@op(torch="view", numpy=np.reshape, view=True,
    samples=cases((((2, 3),), {"shape": (3, 2)}), (((0, 3),), {"shape": (3, 0)})))  # fmt: skip
def reshape(x, *, shape):
    """out = the elements of x in order, in another shape."""
    return np.reshape(x, shape)


@reshape.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


@op(torch="transpose", numpy=np.swapaxes, view=True, samples=cases((((2, 3),), {"axis1": 0, "axis2": 1}),
    (((2, 3, 4),), {"axis1": -1, "axis2": 0})))  # fmt: skip
def swapaxes(x, *, axis1, axis2):
    """out[..., j, ..., i, ...] = x[..., i, ..., j, ...]."""
    return np.swapaxes(x, axis1, axis2)


@swapaxes.gradient("x")
def _(g, axis1, axis2):
    return np.swapaxes(g, axis1, axis2)


@op(torch="permute", numpy=np.transpose, view=True,
    samples=cases((((2, 3, 4),), {"axes": (2, 0, 1)}), (((),), {"axes": ()})))  # fmt: skip
def permute(x, *, axes):
    """out = x with its axes in the order `axes`."""
    return np.transpose(x, axes)


@permute.gradient("x")
def _(g, axes):
    return np.transpose(g, tuple(int(k) for k in np.argsort([a % len(axes) for a in axes])))


@op(torch="expand", numpy=np.broadcast_to, view=True, broadcasts=True, samples=cases((((2, 1),), {"shape": (3, 2, 4)}),
    (((),), {"shape": (2, 3)}), (((1, 3),), {"shape": (0, 3)})))  # fmt: skip
def broadcast_to(x, *, shape):
    """out = x repeated along its axes of length 1 and along new ones in front, without copying."""
    return np.broadcast_to(x, shape)


@broadcast_to.gradient("x")
def _(g):
    return g


@op(torch="unsqueeze", numpy=np.expand_dims, view=True, samples=cases((((2, 3),), {"axis": 1}), (((),), {"axis": 0}),
    (((2,),), {"axis": (0, 2)})))  # fmt: skip
def expand_dims(x, *, axis):
    """out = x with an axis of length 1 (or several) put in."""
    return np.expand_dims(x, axis)


@expand_dims.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


@op(torch="squeeze", numpy=np.squeeze, view=True,
    samples=cases((((2, 1, 3),), {"axis": 1}), (((1, 1),), {"axis": (0, 1)})))  # fmt: skip
def squeeze(x, *, axis):
    """out = x without the axes `axis`, of length 1."""
    return np.squeeze(x, axis)


@squeeze.gradient("x")
def _(g, x_shape):
    return np.reshape(g, x_shape)


@op(torch="repeat", numpy=np.tile, samples=cases((((2, 3),), {"reps": (2, 1)}), (((2,),), {"reps": (3, 2)}),
    (((),), {"reps": (2,)}), (((0, 3),), {"reps": (2, 2)})))  # fmt: skip
def tile(x, *, reps):
    """out = copies of x side by side, reps of them along each axis; new axes in front."""
    return np.tile(x, reps)


@tile.gradient("x")
def _(g, x_shape, reps):
    lengths = (1,) * (len(reps) - len(x_shape)) + x_shape
    copies = np.reshape(g, tuple(n for pair in zip(reps, lengths, strict=True) for n in pair))
    return np.reshape(np.sum(copies, axis=tuple(range(0, 2 * len(reps), 2))), x_shape)


@op(torch="flip", numpy=np.flip, samples=cases((((2, 3),), {"axis": (0, 1)}), (((0, 3),), {"axis": (1,)})))
def flip(x, *, axis):
    """out = a copy of x with the order of the elements along `axis` reversed."""
    return np.copy(np.flip(x, axis))


@flip.gradient("x")
def _(g, axis):
    return np.flip(g, axis)


@op(torch="roll", numpy=np.roll, samples=cases((((2, 3),), {"shift": (1, -2), "axis": (0, 1)}),
    (((2, 3),), {"shift": 4}), (((0, 3),), {"shift": (1,), "axis": (0,)})))  # fmt: skip
def roll(x, *, shift, axis=None):
    """out[i + shift] = x[i], counted around the end to the start along each axis (or through all elements)."""
    return np.roll(x, shift, axis)


@roll.gradient("x")
def _(g, shift, axis):
    return np.roll(g, tuple(-n for n in shift) if isinstance(shift, tuple) else -shift, axis)


def joined(rng: np.random.Generator) -> Any:
    yield Sample((rng.normal(size=(2, 3)), rng.normal(size=(1, 3))), {"axis": 0})
    yield Sample((rng.normal(size=(2, 3)), rng.normal(size=(2, 0)), rng.normal(size=(2, 1))), {"axis": 1})


@op(torch="cat", numpy=np.concatenate, promotes="same", samples=joined)
def concatenate(*xs, axis):
    """out = the arrays one behind the other along `axis`."""
    return np.concatenate(xs, axis)


@concatenate.gradient("xs")
def _(g, xs_shape, axis, k):
    start = sum(shape[axis] for shape in xs_shape[:k])
    before = (slice(None),) * (axis % len(xs_shape[k]))
    return g[(*before, slice(start, start + xs_shape[k][axis]))]


def stacked(rng: np.random.Generator) -> Any:
    for axis, shape, count in ((0, (2, 3), 2), (1, (2,), 3), (2, (2, 3), 1), (0, (), 2), (1, (0,), 2)):
        yield Sample(tuple(rng.normal(size=shape) for _ in range(count)), {"axis": axis})


@op(torch="stack", numpy=np.stack, promotes="same", samples=stacked)
def stack(*xs, axis):
    """out[.., k, ..] = the k-th array: the arrays side by side along a new axis."""
    return np.stack(xs, axis)


@stack.gradient("xs")
def _(g, axis, k):
    return g[(*(slice(None),) * axis, k)]


@op(torch="nn.functional.pad", node="ConstantPadNdBackward0", samples=cases((((2, 3),), {"widths": ((1, 0), (0, 2))}),
    (((2, 3),), {"widths": ((0, -1), (-1, 1)), "value": 2.0}), (((0, 3),), {"widths": ((1, 1), (0, 0))})))  # fmt: skip
def pad(x, *, widths, value=0):
    """out = x with `value` before and behind it along each axis; a negative width cuts."""
    return padded(x, widths, value)


@pad.gradient("x")
def _(g, widths):
    return pad(g, widths=tuple((-before, -behind) for before, behind in widths))


@kernel
def padded(x: Any, widths: Any, value: Any) -> Any:
    """out[i] = x[i - before] inside, `value` outside."""
    kept = x[tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, widths, strict=True))]
    out = np.full([n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)], value, x.dtype)
    out[tuple(slice(max(a, 0), max(a, 0) + n) for n, (a, _) in zip(kept.shape, widths, strict=True))] = kept
    return out


@op(view=True, samples=cases((((3, 4),), {"shape": (2, 2), "strides": (1, 4), "offset": 1}),
    (((6,),), {"shape": (3, 3), "strides": (1, 1)}), (((4,),), {"shape": (0, 2), "strides": (1, 1)})))  # fmt: skip
def as_strided(x, *, shape, strides, offset=None):
    """out[i, j, ...] = the element of x's memory at offset + i strides[0] + j strides[1] + ..."""
    return strided(x, shape, strides, offset)


@as_strided.gradient("x")
def _(g, x_shape, shape, strides, offset):
    places = (offset or 0) + sum(np.arange(n).reshape(-1, *(1,) * (len(shape) - 1 - k)) * step
                                 for k, (n, step) in enumerate(zip(shape, strides, strict=True)))  # fmt: skip
    return put_added(g, shape=x_shape, key=np.unravel_index(np.broadcast_to(places, shape), x_shape))


@kernel
def strided(x: Any, shape: Any, strides: Any, offset: Any) -> Any:
    """A view of the array that owns x's memory; without an offset it starts where x does."""
    memory = x
    while offset is not None and isinstance(memory.base, np.ndarray):
        memory = memory.base
    last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True)) + (offset or 0)
    if offset is not None and 0 not in shape and not 0 <= last < memory.size:
        raise ValueError(f"out of bounds for storage of {memory.size} elements: the last place asked for is {last}")
    start = memory.ravel("K")[offset or 0 :] if offset is not None else x
    return np.lib.stride_tricks.as_strided(start, shape, [step * x.itemsize for step in strides])


@op(torch="unfold", view=True, samples=cases((((5,),), {"axis": 0, "size": 2, "step": 1}),
    (((2, 5),), {"axis": 1, "size": 3, "step": 2}), (((4, 2),), {"axis": 0, "size": 2, "step": 2}),
    (((3, 0),), {"axis": 0, "size": 2, "step": 1})))  # fmt: skip
def windows(x, *, axis, size, step):
    """out[..., k, ..., j] = x[..., k step + j, ...]: the windows of `size` elements along `axis`, as a view."""
    return in_windows(x, axis, size, step)


@windows.gradient("x")
def _(g, x_shape, axis, size, step):
    return put_windows(g, shape=x_shape, axis=axis, size=size, step=step)


@op(samples=cases((((4, 2),), {"shape": (5,), "axis": 0, "size": 2, "step": 1}),
    (((2, 2, 3),), {"shape": (2, 5), "axis": 1, "size": 3, "step": 2})))  # fmt: skip
def put_windows(x, *, shape, axis, size, step):
    """out[..., k step + j, ...] += x[..., k, ..., j] on zeros of `shape`: the transpose of `windows`."""
    return from_windows(x, shape, axis, step)


@put_windows.gradient("x")
def _(g, axis, size, step):
    return windows(g, axis=axis, size=size, step=step)


@kernel
def in_windows(x: Any, axis: int, size: int, step: int) -> Any:
    """NumPy's view of every window, of which each step-th is taken."""
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=x.flags.writeable)
    return view[(slice(None),) * axis + (slice(None, None, step),)]


@kernel
def from_windows(x: Any, shape: tuple[int, ...], axis: int, step: int) -> Any:
    """Place j of every window at once, for each j."""
    out = np.zeros(shape, x.dtype)
    for j in range(x.shape[-1]):
        out[(slice(None),) * axis + (slice(j, j + step * (x.shape[axis] - 1) + 1, step),)] += x[..., j]
    return out
