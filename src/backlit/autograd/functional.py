"""Jacobians, Hessians, and their products with vectors, of functions of tensors.

`inputs` is a tensor or a tuple of them, and what comes back is nested alike. With `create_graph` the results can be
differentiated again; with `strict` an output or derivative that does not depend on the inputs raises RuntimeError,
where otherwise it counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backlit.autograd.gradient import grad
from backlit.autograd.modes import enable_grad
from backlit.autograd.tracked import Tracked
from backlit.ops.shape import concatenate, reshape

Function = Callable[..., Any]


def jacobian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The derivative of every output element in every input element: of shape (*output, *input), for each pair of them.

    One backward pass for each output element, whatever `vectorize` and `strategy` ask for.

    >>> import backlit as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    with enable_grad():
        leaves, result = evaluated(func, inputs, create_graph, "jacobian")
        rows = [jacobian_of(out, k, leaves, create_graph, strict) for k, out in enumerate(parts(result))]
    return alike([alike(row, inputs) for row in rows], result)


def hessian(
    func: Function, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The second derivatives of a function with one output element: of shape (*input, *input), for each pair of inputs.

    >>> import backlit as torch
    >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def slopes(*values: Any) -> Any:
        out = single(func(*values), "hessian")
        leaves = tuple(v for v in values if isinstance(v, Tracked))
        return alike(gradients([out], leaves, None, True, strict), inputs)

    return jacobian(slopes, inputs, create_graph, strict)


def vjp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and v times the Jacobian: the gradient of sum(v * outputs).

    >>> import backlit as torch
    >>> torch.autograd.functional.vjp(torch.exp, torch.zeros(2), torch.tensor([1.0, 2.0]))[1]
    tensor([1., 2.])
    """
    with enable_grad():
        leaves, result = evaluated(func, inputs, create_graph, "vjp")
        outputs = parts(result)
        found = gradients(outputs, leaves, weights_like(v, outputs, "returns"), create_graph, strict)
    return finished(result, create_graph), alike(found, inputs)


def jvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times v: how they change as the inputs move along v.

    Two backward passes: u times the Jacobian is linear in u, and its derivative in u along v is the Jacobian times v.

    >>> import backlit as torch
    >>> torch.autograd.functional.jvp(torch.exp, torch.zeros(2), torch.tensor([1.0, 2.0]))[1]
    tensor([1., 2.])
    """
    with enable_grad():
        leaves, result = evaluated(func, inputs, create_graph, "jvp")
        outputs, directions = parts(result), weights_like(v, leaves, "takes")
        dummies = [leaf_of(out.wrap(np.zeros_like(out.array))) for out in outputs]
        found = along(gradients(outputs, leaves, dummies, True, strict), dummies, directions, create_graph, strict)
    return finished(result, create_graph), alike(found, result)


def vhp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output of a function with one output element, and v times its Hessian."""
    with enable_grad():
        leaves, result = evaluated(func, inputs, True, "vhp")
        slopes = gradients([single(result, "vhp")], leaves, None, True, strict)
        found = along(slopes, leaves, weights_like(v, leaves, "takes"), create_graph, strict)
    return finished(result, create_graph), alike(found, inputs)


def hvp(
    func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output of a function with one output element, and its Hessian times v; the same as `vhp`: it is symmetric."""
    return vhp(func, inputs, v, create_graph, strict)


def parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def alike(values: Sequence[Any], pattern: Any) -> Any:
    """A tuple where the pattern is one, else the single value."""
    return tuple(values) if isinstance(pattern, tuple) else values[0]


def evaluated(func: Function, inputs: Any, create_graph: bool, name: str) -> tuple[tuple[Any, ...], Any]:
    """The inputs as tensors that want gradients, and the function's result on them."""
    require_tensors(inputs, "inputs", name)
    leaves = tuple(
        joined(t) if create_graph and t.edge is not None else leaf_of(t.wrap(t.array)) for t in parts(inputs)
    )
    result = func(*leaves)
    require_tensors(result, "outputs of the user-provided function", name)
    return leaves, result


def joined(t: Any) -> Any:
    """The same tensor as a node of its own, so that the graph leads through it to where it came from."""
    return reshape(t, shape=t.array.shape)


def leaf_of(t: Any) -> Any:
    t.needs_grad = t.array.dtype.kind == "f"
    return t


def require_tensors(value: Any, what: str, name: str) -> None:
    for part in parts(value):
        if not isinstance(part, Tracked):
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what} has "
                f"type {type(part)}."
            )


def single(result: Any, name: str) -> Any:
    """The one element that a function has to give for its Hessian."""
    if isinstance(result, tuple) or result.array.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return reshape(result, shape=())


def weights_like(v: Any, tensors: Sequence[Any], verb: str) -> list[Any]:
    """The vectors v, one for each tensor and of its shape; 1 for a single element."""
    if v is None:
        if len(tensors) != 1 or tensors[0].array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if the user-provided function {verb} a single Tensor with a single "
                "element."
            )
        return [tensors[0].wrap(np.ones_like(tensors[0].array))]
    vectors = parts(v)
    if len(vectors) != len(tensors):
        raise RuntimeError(f"v is an incorrect number of Tensors: {len(vectors)}, where {len(tensors)} are expected.")
    for k, (vector, t) in enumerate(zip(vectors, tensors, strict=True)):
        if vector.array.shape != t.array.shape:
            raise RuntimeError(
                f"{f'Entry {k} in v' if isinstance(v, tuple) else 'v'} has invalid size: should be "
                f"{list(t.array.shape)} but got {list(vector.array.shape)}."
            )
    return list(vectors)


def gradients(
    outputs: Sequence[Any], leaves: Sequence[Any], weights: Sequence[Any] | None, create_graph: bool, strict: bool
) -> list[Any]:
    """The gradient of the weighted outputs in each leaf; 0 where there is none, an error if `strict`."""
    used = [k for k, out in enumerate(outputs) if out.edge is not None]
    if strict and len(used) < len(outputs):
        raise RuntimeError(
            "An output of the user-provided function does not require gradients. The outputs must be computed in a "
            "differentiable manner from the input when running in strict mode."
        )
    found: Sequence[Any] = [None] * len(leaves)
    if used:
        seeds = None if weights is None else [weights[k] for k in used]
        found = grad(
            [outputs[k] for k in used], leaves, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True
        )
    if strict and any(g is None for g in found):
        k = next(k for k, g in enumerate(found) if g is None)
        raise RuntimeError(
            f"The output of the user-provided function is independent of input {k}. This is not allowed in strict mode."
        )
    return [t.wrap(np.zeros_like(t.array)) if g is None else g for g, t in zip(found, leaves, strict=True)]


def along(
    slopes: Sequence[Any], leaves: Sequence[Any], directions: Sequence[Any], create_graph: bool, strict: bool
) -> list[Any]:
    """The change of the slopes along the directions, by a second pass."""
    if strict and any(s.edge is None for s in slopes):
        raise RuntimeError(
            "The jacobian of the user-provided function is independent of the input. This is not allowed in strict "
            "mode: the function must be twice differentiable (a linear one is not)."
        )
    return gradients(slopes, leaves, directions, create_graph, False)


def jacobian_of(out: Any, k: int, leaves: Sequence[Any], create_graph: bool, strict: bool) -> list[Any]:
    """The Jacobians of one output in each leaf, a row for each output element."""
    rows: list[list[Any]] = [[] for _ in leaves]
    for place in np.ndindex(out.array.shape):
        seed = np.zeros_like(out.array)
        seed[place] = 1
        for row, g in zip(rows, gradients([out], leaves, [out.wrap(seed)], create_graph, strict), strict=True):
            row.append(reshape(g, shape=(1, -1)) if create_graph else g.array)
    shapes = [(*out.array.shape, *leaf.array.shape) for leaf in leaves]
    if create_graph:
        return [stacked(row, shape, out) for row, shape in zip(rows, shapes, strict=True)]
    return [out.wrap(np.array(row, out.array.dtype).reshape(shape)) for row, shape in zip(rows, shapes, strict=True)]


def stacked(rows: Sequence[Any], shape: tuple[int, ...], out: Any) -> Any:
    """The rows as one tensor, in the graph."""
    return reshape(concatenate(*rows, axis=0), shape=shape) if rows else out.wrap(np.zeros(shape, out.array.dtype))


def finished(result: Any, create_graph: bool) -> Any:
    """The outputs, without their graph unless it was asked for."""
    return result if create_graph else alike([t.wrap(t.array) for t in parts(result)], result)
