"""The same elements in another shape: reshaped, reordered, stretched. Views share memory wherever PyTorch's do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backlit import dtypes
from backlit.errors import out_of_range
from backlit.functions.publish import tensor_or_raise
from backlit.functions.reduction import sum as total
from backlit.functions.reduction import wrapped
from backlit.functions.synonyms import numpy_names
from backlit.ops import shape as ops
from backlit.size import Size
from backlit.tensor import Tensor, apply

Dims = int | Sequence[int]


def ints(given: tuple[Any, ...], named: Any = None) -> tuple[int, ...]:
    """f(2, 3), f((2, 3)), f([2, 3]) and f(name=(2, 3)) mean the same."""
    if named is not None:
        given = (named,)
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    try:
        return tuple([n.__index__() for n in given])
    except AttributeError:
        wrong = next(n for n in given if not hasattr(n, "__index__"))
        raise TypeError(f"expected a tuple of ints, but it holds a {type(wrong).__name__}: {wrong!r}") from None


def asked(given: tuple[Any, ...], named: Any, name: str) -> tuple[Any, ...]:
    """The lengths given to `reshape` or `view`, which need some."""
    if not given and named is None:
        raise TypeError(f'{name}() missing 1 required positional argument: "shape". Write x.{name}(2, 3).')
    return given


def dims_of(input: Tensor, dims: Dims) -> tuple[int, ...]:
    """Dimensions counted from the front, each at most once."""
    given = (dims,) if isinstance(dims, int) else tuple(dims)
    found = tuple(wrapped(input, d) for d in given)
    if len(set(found)) < len(found):
        raise RuntimeError(
            f"duplicate dims are not allowed: {list(given)} names one of {input.array.ndim} dimensions twice."
        )
    return found


# Another shape.


def reshape(input: Tensor, *lengths: Any, shape: Any = None) -> Tensor:
    """`input` in another shape, of as many elements: one length may be -1. A view where the memory allows it.

    >>> import backlit as torch
    >>> torch.arange(6).reshape(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return reshaped(tensor_or_raise(input, "reshape"), ints(asked(lengths, shape, "reshape"), shape))


def reshaped(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    if shape and min(shape) < -1:  # NumPy would take it for -1
        raise wrong_shape(input, shape)
    try:
        return apply(ops.reshape, input, shape=shape)
    except RuntimeError:
        raise wrong_shape(input, shape) from None


def wrong_shape(input: Tensor, shape: tuple[int, ...]) -> RuntimeError:
    """Why a tensor cannot take a shape."""
    count = input.array.size
    if shape.count(-1) > 1:
        return RuntimeError(f"only one dimension can be inferred, but the shape {list(shape)} has -1 more than once")
    if any(n < -1 for n in shape):
        return RuntimeError(f"invalid shape dimension {min(shape)}: a length is at least 0, or -1 to be inferred")
    if -1 in shape and count == 0:
        return RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous. Write the length itself."
        )
    return RuntimeError(
        f"shape '{list(shape)}' is invalid for input of size {count}: a tensor of shape {list(input.array.shape)} has "
        f"{count} elements. Write -1 for the length that shall follow from the others, as in x.reshape(x.shape[0], -1)."
    )


def view(self: Tensor, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """The same memory in another shape; or, given a dtype, its bytes read as that.

    Raises RuntimeError where only a copy could have the shape: `reshape` copies then.
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
        kind = dtypes.to_numpy(shape[0] if dtype is None else dtype)
        return Tensor.wrap(self.array.view(kind))
    wanted = ints(asked(shape, size, "view"), size)
    out = reshaped(self, wanted)
    if not self.array.flags.c_contiguous and out.base is None and self.array.size:
        raise RuntimeError(
            f"view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            f"contiguous subspaces): shape {list(self.array.shape)} seen as {list(wanted)}. Use .reshape(...) instead."
        )
    return out


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor in the shape of another."""
    return reshaped(self, other.array.shape)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of another tensor."""
    return view(self, other.array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """`input` with the dimensions from start_dim to end_dim as one."""
    shape = tensor_or_raise(input, "flatten").array.shape
    first, last = wrapped(input, start_dim), wrapped(input, end_dim)
    if first > last:
        raise RuntimeError(
            f"flatten() has invalid args: start_dim cannot come after end_dim, but start_dim={start_dim}, "
            f"end_dim={end_dim}"
        )
    if first == last and shape:
        return input
    count = Size(shape[first : last + 1]).numel()
    return apply(ops.reshape, input, shape=(*shape[:first], count, *shape[last + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """`input` with all its dimensions as one."""
    return flatten(input)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """`input` with one dimension as several, of the lengths `sizes`; one of them may be -1."""
    at, shape = wrapped(input, dim), input.array.shape
    known = Size(n for n in sizes if n != -1).numel()
    inferred = shape[at] // known if -1 in sizes and known else -1
    lengths = tuple(inferred if n == -1 else int(n) for n in sizes)
    if not lengths:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if Size(lengths).numel() != shape[at] or min(lengths) < 0:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[at]}) in the "
            f"input tensor, of shape {list(shape)}."
        )
    return apply(ops.reshape, input, shape=(*shape[:at], *lengths, *shape[at + 1 :]))


@numpy_names
def squeeze(input: Tensor, dim: Dims | None = None) -> Tensor:
    """`input` without its dimensions of length 1; or without those of `dim` that are."""
    shape = tensor_or_raise(input, "squeeze").array.shape
    candidates = range(len(shape)) if dim is None else dims_of(input, dim)
    axes = tuple(k for k in candidates if shape and shape[k] == 1)
    return apply(ops.squeeze, input, axis=axes)


@numpy_names
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """`input` with a dimension of length 1 put in at `dim`."""
    ndim = tensor_or_raise(input, "unsqueeze").array.ndim + 1
    if not -ndim <= dim < ndim:
        raise out_of_range(dim, -ndim, ndim - 1)
    return apply(ops.expand_dims, input, axis=dim)


# Another order of the axes.


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`input` with two dimensions exchanged."""
    first, second = wrapped(input, dim0), wrapped(input, dim1)
    return apply(ops.swapaxes, input, axis1=first, axis2=second) if input.array.ndim else itself(input)


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`input` with two dimensions exchanged."""
    return transpose(input, axis0, axis1)


swapdims = swapaxes


def itself(input: Tensor) -> Tensor:
    """Another tensor of the same elements."""
    return apply(ops.reshape, input, shape=input.array.shape)


def t(input: Tensor) -> Tensor:
    """A matrix with rows and columns exchanged; a vector or a number as it is."""
    if tensor_or_raise(input, "t").array.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.array.ndim}D, of shape "
            f"{list(input.array.shape)}. Write x.transpose(-2, -1), or x.mT."
        )
    return transpose(input, 0, 1) if input.array.ndim == 2 else itself(input)


def permute(input: Tensor, *order: Any, dims: Any = None) -> Tensor:
    """`input` with its dimensions in another order."""
    given = ints(order, dims)
    if len(given) != tensor_or_raise(input, "permute").array.ndim:
        raise RuntimeError(
            f"permute: number of dimensions in the tensor input does not match the length of the desired ordering of "
            f"dimensions i.e. input.dim() = {input.array.ndim} is not equal to len(dims) = {len(given)}"
        )
    return apply(ops.permute, input, axes=dims_of(input, given))


def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """`input` with the dimensions `source` at the places `destination`, the others in their order."""
    taken, places = dims_of(input, source), dims_of(input, destination)
    if len(taken) != len(places):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of "
            f"dims as destination ({destination} dims)"
        )
    rest = iter(k for k in range(input.array.ndim) if k not in taken)
    return apply(ops.permute, input, axes=tuple(taken[places.index(k)] if k in places else next(rest)
                                                for k in range(input.array.ndim)))  # fmt: skip


moveaxis = movedim


def T(self: Tensor) -> Tensor:
    """The dimensions in reverse order."""
    return apply(ops.permute, self, axes=tuple(range(self.array.ndim))[::-1])


def mT(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    if self.array.ndim < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self.array.ndim}-D tensor."
        )
    return transpose(self, -2, -1)


def H(self: Tensor) -> Tensor:
    """The matrix with rows and columns exchanged (and conjugated, had it complex numbers)."""
    if self.array.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.array.ndim}-D tensor."
            f"{' For batches of matrices, consider using tensor.mH' if self.array.ndim > 2 else ''}"
        )
    return t(self)


# Stretching and repeating.


def expand(self: Tensor, *sizes: Any, size: Any = None) -> Tensor:
    """This tensor stretched along its dimensions of length 1, and along new ones in front; -1 keeps a length.

    Nothing is copied: the elements of a stretched dimension are one place in memory.
    """
    wanted, shape = ints(sizes, size), self.array.shape
    extra = len(wanted) - len(shape)
    if extra < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(wanted)}: {list(wanted)}) must be greater or equal to the "
            f"number of dimensions in the tensor ({len(shape)}: {list(shape)})"
        )
    full = tuple(shape[k - extra] if n == -1 and k >= extra else n for k, n in enumerate(wanted))
    for k, (have, want) in enumerate(zip(shape, full[extra:], strict=True), extra):
        if have not in (1, want):
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({have}) at non-singleton "
                f"dimension {k}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
    if any(n < 0 for n in full):
        raise RuntimeError(f"expand: -1 keeps a length, and a new leading dimension has none to keep: {list(wanted)}")
    return apply(ops.broadcast_to, self, shape=full)


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor stretched to the shape of another."""
    return expand(self, other.array.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input` stretched to a shape, without copying."""
    return expand(input, tuple(size))


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes have together.  Raises RuntimeError if there is none."""
    try:
        return Size(np.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))
    except ValueError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape: "
            f"{', '.join(str(list(s)) for s in shapes)}. "
            "Counted from the last, two lengths must be equal, or one of them 1."
        ) from None


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors, all stretched to one shape."""
    given = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    shape = broadcast_shapes(*[x.array.shape for x in given])
    return tuple(expand(x, tuple(shape)) for x in given)


def repeat(self: Tensor, *counts: Any, repeats: Any = None) -> Tensor:
    """Copies of this tensor side by side: `repeats` of them along each dimension, new ones in front."""
    reps = ints(counts, repeats)
    if len(reps) < self.array.ndim:
        raise RuntimeError(
            f"Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{list(reps)} for a tensor of shape {list(self.array.shape)}. Write 1 for a dimension that is not "
            "repeated."
        )
    return apply(ops.tile, self, reps=reps)


def tile(input: Tensor, *counts: Any, dims: Any = None) -> Tensor:
    """Copies of `input` side by side, `dims` of them along the last dimensions."""
    reps = ints(counts, dims)
    return repeat(input, (1,) * (input.array.ndim - len(reps)) + reps)


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The memory of `input` with element (i, j, ...) at storage_offset + i * stride[0] + j * stride[1] + ..."""
    return apply(ops.as_strided, input, shape=tuple(size), strides=tuple(stride), offset=storage_offset)


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """The windows of `size` elements along a dimension, each `step` after the one before; their elements come last."""
    at = wrapped(self, dimension)
    x = self if self.array.ndim else reshaped(self, (1,))
    if size > x.array.shape[at] or size < 0:
        raise RuntimeError(
            f"maximum size for tensor at dimension {dimension} is {x.array.shape[at]} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    out = apply(ops.windows, x, axis=at, size=size, step=step)
    return out if self.array.ndim else reshaped(out, (size,))


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """This tensor summed over dimensions until it has a shape that broadcasts to its own."""
    wanted, shape = ints(size), self.array.shape
    extra = len(shape) - len(wanted)
    if extra < 0 or any(n not in (1, m) for n, m in zip(wanted, shape[extra:], strict=True)):
        raise RuntimeError(f"size {list(wanted)} is not expandable to size {list(shape)}.")
    axes = tuple(k for k in range(len(shape)) if k < extra or wanted[k - extra] == 1 != shape[k])
    return reshaped(total(self, axes), wanted) if axes else reshaped(self, wanted)


def atleast(ndim: int, *tensors: Any) -> Any:
    """Each tensor with dimensions of length 1 put in until it has `ndim`."""
    if len(tensors) == 1 and not isinstance(tensors[0], Tensor):
        return tuple(atleast(ndim, x) for x in tensors[0])
    if len(tensors) != 1:
        return tuple(atleast(ndim, x) for x in tensors)
    shape = tensors[0].array.shape
    missing = max(ndim - len(shape), 0)
    if not missing:
        return tensors[0]
    if ndim == 3 and shape:  # a row becomes (1, n, 1), a matrix (m, n, 1): NumPy's convention
        return reshaped(tensors[0], (*(1,) * (missing - 1), *shape, 1))
    return reshaped(tensors[0], (1,) * missing + shape)


def atleast_1d(*tensors: Any) -> Any:
    """A number as a tensor of one element; others as they are."""
    return atleast(1, *tensors)


def atleast_2d(*tensors: Any) -> Any:
    """A row as a matrix of one row; others as they are."""
    return atleast(2, *tensors)


def atleast_3d(*tensors: Any) -> Any:
    """A matrix as (m, n, 1), a row as (1, n, 1); others as they are."""
    return atleast(3, *tensors)
