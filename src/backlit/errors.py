"""What to say when the inputs of an op do not fit: PyTorch's exception type, and the shapes that were received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backlit.ops.registry import Op


class LinAlgError(RuntimeError):
    """A matrix has no inverse, or is not positive definite, or a decomposition did not converge."""


def mismatch(op: Op, arrays: Sequence[Any], error: Exception) -> Exception:
    """PyTorch's exception type for what NumPy complained of, with the shapes that were received."""
    name = op.torch or op.name
    shapes = [list(a.shape) for a in arrays if isinstance(a, np.ndarray)]
    if isinstance(error, np.exceptions.AxisError):
        ndim = arrays[0].ndim
        return out_of_range(error.axis, -max(ndim, 1), max(ndim, 1) - 1)
    if isinstance(error, np.linalg.LinAlgError):
        return LinAlgError(f"{name}: {error}: {CAUSES.get(str(error), 'the computation could not be completed')}. "
                           f"The matrices have the shape {shapes[0]}.")  # fmt: skip
    if isinstance(error, TypeError):
        return unsupported(name, arrays, error)
    if isinstance(error, IndexError):
        return IndexError(f"{name}: {error}; shapes received: {', '.join(map(str, shapes))}")
    if op.name in ("matmul", "linear", "mm", "bmm", "addmm"):
        first, second = arrays[0].shape, arrays[1].shape[::-1] if op.name == "linear" else arrays[1].shape
        return RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({by(first)} and {by(second)}): the last size of the first "
            f"({first[-1] if first else 'none'}) must equal the "
            f"{'in_features' if op.name == 'linear' else 'first size'} "
            f"of the second."
        )
    if "broadcast" in str(error) and len(shapes) > 1:
        return RuntimeError(broadcast_message(name, shapes))
    return RuntimeError(f"{name}: {error} (shapes received: {', '.join(map(str, shapes))})")


def unsupported(name: str, arrays: Sequence[Any], error: TypeError) -> Exception:
    """NumPy has no loop of a function for these dtypes; any other TypeError is what it is."""
    if "ufunc" not in str(error) and "numpy boolean" not in str(error):
        return error
    kinds = ", ".join(str(a.dtype) for a in arrays if isinstance(a, np.ndarray))
    advice = "Convert first: x.float() or x.int(), say."
    return NotImplementedError(f'"{name}" not implemented for {kinds}: {error} {advice}')


def by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def broadcast_message(name: str, shapes: list[list[int]]) -> str:
    """Which axis does not fit."""
    first, second = shapes[-2:]
    for k in range(1, min(len(first), len(second)) + 1):
        a, b = first[-k], second[-k]
        if a != b and 1 not in (a, b):
            axis = max(len(first), len(second)) - k
            return (
                f"The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {axis}: "
                f"{name} received shapes {first} and {second}, which cannot be broadcast together."
            )
    return f"{name}: shapes {', '.join(map(str, shapes))} cannot be broadcast together."


def out_of_range(dim: Any, least: int, most: int) -> IndexError:
    return IndexError(f"Dimension out of range (expected to be in range of [{least}, {most}], but got {dim})")


#: How lists, numbers and arrays become what is asked for.
MAKE_IT_ONE = "Make it a tensor first: torch.tensor(...), or torch.as_tensor(...) to share an array's memory"


def not_a_tensor(value: Any, function: str = "", name: str = "input", position: int = 1) -> TypeError:
    """For an argument that must be a tensor; `function` may be left out where it is not known."""
    call = f"{function}(): " if function else ""
    return TypeError(
        f"{call}argument '{name}' (position {position}) must be Tensor, not {type(value).__name__}. {MAKE_IT_ONE}"
    )


def not_an_operand(value: Any, op: Op) -> TypeError:
    """For an argument that must be a tensor or a number."""
    return TypeError(
        f"{op.torch or op.name}(): argument must be Tensor or a number, not {type(value).__name__}. {MAKE_IT_ONE}"
    )


#: What NumPy's words for a matrix that it cannot treat mean to a user.
CAUSES = {
    "Singular matrix": "the input matrix is singular, it has no inverse. The closest to one is torch.linalg.pinv(A)",
    "Matrix is not positive definite": "the factorization could not be completed because the input is not "
    "positive-definite",
}
