"""Products of matrices and vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from backlit.errors import by, not_a_tensor
from backlit.functions.conversion import to
from backlit.functions.flipping import roll
from backlit.functions.publish import into
from backlit.functions.reduction import sum as total
from backlit.functions.reduction import wrapped
from backlit.functions.shape import broadcast_tensors, dims_of, reshaped
from backlit.ops import arithmetic, matrix
from backlit.ops import shape as reshaping
from backlit.tensor import Tensor, apply


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product.  Shapes: (n), (n) -> (); (m, n), (n, p) -> (m, p); further dimensions in front broadcast.

    Raises RuntimeError if the shapes do not fit, or the dtypes differ.

    >>> import backlit as torch
    >>> torch.matmul(torch.tensor([[1.0, 2.0]]), torch.tensor([3.0, 4.0]))
    tensor([11.])
    """
    for position, (name, x) in enumerate((("input", input), ("other", other)), 1):
        if not isinstance(x, Tensor):
            raise not_a_tensor(x, "matmul", name, position)
    result = product(input, other)
    return result if out is None else into(out, result)


def product(x: Tensor, y: Any) -> Any:
    """`x @ y`: PyTorch multiplies matrices of one dtype only."""
    if not isinstance(y, Tensor):
        return NotImplemented
    if x.array.dtype is not y.array.dtype:
        check_dtypes(x, y)
    return apply(matrix.matmul, x, y)


def check_dtypes(*tensors: Tensor) -> None:
    """Raise RuntimeError unless all are of one dtype."""
    kinds = [x.dtype for x in tensors]
    if any(kind is not kinds[0] for kind in kinds):
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {' != '.join(str(kind.name) for kind in kinds)}. "
            "Matrices "
            f"are not promoted: convert one, as in x.to({kinds[-1]}) (NumPy's floats are float64, layers are float32)."
        )


def check_ndim(name: str, *expected: tuple[Tensor, int, str]) -> None:
    """Raise RuntimeError unless each tensor has as many dimensions as it must."""
    for position, (x, ndim, what) in enumerate(expected, 1):
        if not isinstance(x, Tensor):
            raise not_a_tensor(x, name, what, position)
        if x.array.ndim != ndim:
            raise RuntimeError(
                f"{name}: {what} must be a {('vector', 'matrix', '3D tensor')[ndim - 1]}, but got "
                f"{x.array.ndim}D of shape {list(x.array.shape)}"
            )


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices."""
    check_ndim("mm", (input, 2, "self"), (mat2, 2, "mat2"))
    return matmul(input, mat2, out=out)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of the matrices of two batches.  Shapes: (B, m, n), (B, n, p) -> (B, m, p)."""
    check_ndim("bmm", (input, 3, "batch1"), (mat2, 3, "batch2"))
    first, second = input.array.shape, mat2.array.shape
    if (first[0], first[2]) != second[:2]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{first[0]}, {first[2]}] but got: "
            f"[{second[0]}, {second[1]}]."
        )
    return matmul(input, mat2, out=out)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of a matrix and a vector."""
    check_ndim("mv", (input, 2, "self"), (vec, 1, "vec"))
    if input.array.shape[1] != len(vec.array):
        raise RuntimeError(
            f"size mismatch, got input ({len(input.array)}), mat ({by(input.array.shape)}), vec ({len(vec.array)})"
        )
    return matmul(input, vec, out=out)


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements."""
    if not isinstance(tensor, Tensor):
        raise not_a_tensor(tensor, "dot", "tensor", 2)
    if input.array.ndim != 1 or tensor.array.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.array.ndim}D and {tensor.array.ndim}D tensors")
    if input.array.size != tensor.array.size:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{input.array.size}] and src [{tensor.array.size}] to have the "
            f"same number of elements, but got {input.array.size} and {tensor.array.size} elements respectively"
        )
    return matmul(input, tensor, out=out)


vdot = dot


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sums of products over the last dimension of both."""
    if input.array.ndim == 0 or other.array.ndim == 0:
        return apply(arithmetic.mul, input, other)
    return tensordot(input, other, ([-1], [-1]), out=out)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of each element of one vector and each of another.  Shapes: (m), (n) -> (m, n)."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x.array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.array.ndim}-D")
    result = apply(arithmetic.mul, reshaped(input, (-1, 1)) if input.array.size else reshaped(input, (0, 1)), vec2)
    return result if out is None else into(out, result)


ger = outer


# A product added to something: beta * input + alpha * product.


def weighted(input: Tensor, beta: float, alpha: float, added: Tensor, out: Tensor | None) -> Tensor:
    """beta * input + alpha * added; with beta = 0 the input does not count, even if it is NaN.

    Integers are weighted by integers: a beta of 0.6 is 0.
    """
    check_dtypes(input, added)
    if added.array.dtype.kind != "f":
        beta, alpha = (added.array.dtype.type(weight).item() for weight in (beta, alpha))
    result = added if alpha == 1 else apply(arithmetic.mul, added, alpha)
    if beta != 0:
        result = apply(arithmetic.add, input if beta == 1 else apply(arithmetic.mul, input, beta), result)
    if result.array.shape != added.array.shape:
        raise RuntimeError(
            f"The expanded size of the tensor {list(added.array.shape)} must match the existing size "
            f"{list(input.array.shape)}: what is added to a product cannot be larger than it."
        )
    return result if out is None else into(out, result)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * mat1 @ mat2."""
    return weighted(input, beta, alpha, mm(mat1, mat2), out)


def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * mat @ vec."""
    return weighted(input, beta, alpha, mv(mat, vec), out)


def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * (the products of each element of vec1 and each of vec2)."""
    return weighted(input, beta, alpha, outer(vec1, vec2), out)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * batch1 @ batch2, matrix by matrix."""
    return weighted(input, beta, alpha, bmm(batch1, batch2), out)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """beta * input + alpha * (the sum over the batch of batch1 @ batch2)."""
    check_ndim("addbmm", (batch1, 3, "batch1"), (batch2, 3, "batch2"))
    return weighted(input, beta, alpha, tensordot(batch1, batch2, ([0, 2], [0, 1])), out)


def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices."""
    given = matrices[0] if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)) else matrices
    return multi_dot(given)


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of several matrices, multiplied in the order that costs least; the ends may be vectors."""
    given = list(tensors)
    if len(given) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    while len(given) > 1:
        # Greedy: the pair whose product leaves out the longest shared dimension.
        shared = [x.array.shape[-1] for x in given[:-1]]
        k = shared.index(max(shared))
        given[k : k + 2] = [matmul(given[k], given[k + 1])]
    return given[0] if out is None else into(out, given[0])


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, *, out: Tensor | None = None) -> Tensor:
    """The sums of products over the dimensions `dims`: the last of a with the first of b, or two lists of them.

    >>> import backlit as torch
    >>> torch.tensordot(torch.ones(2, 3), torch.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        dims = (list(range(-dims, 0)), list(range(dims)))
    first, second = dims_of(a, dims[0]), dims_of(b, dims[1])
    for k, j in zip(first, second, strict=False):  # a length of 1 goes with any: the other is summed
        if a.array.shape[k] == 1:
            b = to(total(b, j, keepdim=True), b.dtype)
        elif b.array.shape[j] == 1:
            a = to(total(a, k, keepdim=True), a.dtype)
    if [a.array.shape[k] for k in first] != [b.array.shape[k] for k in second]:
        raise RuntimeError(
            f"contracted dimensions need to match, but the sizes of {list(a.array.shape)} in dims {list(dims[0])} are "
            f"not those of {list(b.array.shape)} in dims {list(dims[1])}"
        )
    kept_a = [k for k in range(a.array.ndim) if k not in first]
    kept_b = [k for k in range(b.array.ndim) if k not in second]
    rows, columns = [a.array.shape[k] for k in kept_a], [b.array.shape[k] for k in kept_b]
    length = math.prod(a.array.shape[k] for k in first)
    left = reshaped(apply(reshaping.permute, a, axes=(*kept_a, *first)), (math.prod(rows), length))
    right = reshaped(apply(reshaping.permute, b, axes=(*second, *kept_b)), (length, math.prod(columns)))
    result = reshaped(matmul(left, right), (*rows, *columns))
    return result if out is None else into(out, result)


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Kronecker's product: `other` once for each element of `input`, multiplied by it."""
    ndim = max(input.array.ndim, other.array.ndim)
    first = (1,) * (ndim - input.array.ndim) + input.array.shape
    second = (1,) * (ndim - other.array.ndim) + other.array.shape
    spread_first = reshaped(input, tuple(n for length in first for n in (length, 1)))
    spread_second = reshaped(other, tuple(n for length in second for n in (1, length)))
    result = reshaped(apply(arithmetic.mul, spread_first, spread_second),
                      tuple(m * n for m, n in zip(first, second, strict=True)))  # fmt: skip
    return result if out is None else into(out, result)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The vector product along `dim`, by default the last."""
    if input.array.ndim != other.array.ndim:
        raise RuntimeError(
            f"linalg.cross: inputs must have the same number of dimensions, but have the shapes "
            f"{list(input.array.shape)} and {list(other.array.shape)}."
        )
    return cross(input, other, dim, out=out)


def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The vector product, along a dimension of length 3: `dim`, or else the first such one."""
    x, y = broadcast_tensors(input, other)
    if dim is None:
        lengths = list(x.array.shape)
        if 3 not in lengths:
            raise RuntimeError(f"no dimension of size 3 in input: its shape is {lengths}")
        dim = lengths.index(3)
    at = wrapped(x, dim)
    if x.array.shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.array.shape[at]} and {y.array.shape[at]}"
        )
    # out[k] = x[k + 1] y[k + 2] - x[k + 2] y[k + 1], counted around.
    ahead = apply(arithmetic.mul, roll(x, -1, at), roll(y, -2, at))
    behind = apply(arithmetic.mul, roll(x, -2, at), roll(y, -1, at))
    result = apply(arithmetic.sub, ahead, behind)
    return result if out is None else into(out, result)
