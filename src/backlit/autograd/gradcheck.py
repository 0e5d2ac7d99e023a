"""Gradients checked against finite differences, of first and second order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backlit.autograd.backward import as_tuple
from backlit.autograd.gradient import grad
from backlit.autograd.tracked import Tracked

Function = Callable[..., Any]


class GradcheckError(RuntimeError):
    """A gradient differs from the finite difference."""


def gradcheck(
    func: Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` agree with central differences.

    They do where |analytical - numerical| <= atol + rtol |numerical|.

    `func(*inputs)` gives a tensor or several. Inputs should be float64: in float32 a difference of `eps` drowns in
    rounding. What differs is raised as GradcheckError, or with `raise_exception=False` makes the result False.
    The arguments from check_undefined_grad on, masked included, are accepted for PyTorch's sake and change nothing.

    >>> import backlit as torch
    >>> x = torch.tensor([0.3, -0.8], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, (x,))
    True
    """
    arguments = as_tuple(inputs)
    wanted = checked_inputs(arguments)
    try:
        outputs = outputs_of(func, arguments)
        for i, output in enumerate(outputs):
            numerical = [difference(func, arguments, t, i, eps, np.size(value_of(output))) for t in wanted]
            if not (isinstance(output, Tracked) and output.edge is not None):
                forbid_dependence(numerical, i)
                continue
            analytical = jacobian_of(output, wanted)
            for k, (a, n) in enumerate(zip(analytical, numerical, strict=True)):
                compare(a, n, i, k, atol, rtol)
            for a, again in zip(analytical, jacobian_of(output, wanted), strict=True):
                forbid_change(a, again, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """`gradcheck` of the gradients of `func`: whether its second derivatives are right.

    The gradients are taken of the outputs weighted by `grad_outputs`, random ones by default.
    """
    arguments = as_tuple(inputs)
    count = len(arguments)
    outputs = [o for o in outputs_of(func, arguments) if isinstance(o, Tracked) and o.edge is not None]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        weights = tuple(leaf(o.wrap, rng.normal(size=o.array.shape).astype(o.array.dtype)) for o in outputs)
    else:
        weights = as_tuple(grad_outputs)

    def first_derivatives(*values: Any) -> tuple[Any, ...]:
        wanted = tuple(v for v in values[:count] if isinstance(v, Tracked) and v.edge is not None)
        results = [o for o in outputs_of(func, values[:count]) if isinstance(o, Tracked) and o.edge is not None]
        found = grad(results, wanted, values[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first_derivatives, (*arguments, *weights), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )  # fmt: skip


def leaf(wrap: Callable[..., Any], array: Any) -> Any:
    """A tensor that wants a gradient."""
    made = wrap(np.asarray(array))
    made.needs_grad = True
    return made


def checked_inputs(arguments: Sequence[Any]) -> list[Any]:
    """The inputs that want a gradient, if a difference can be taken in them."""
    wanted = [t for t in arguments if isinstance(t, Tracked) and t.edge is not None]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True. Write torch.randn(3, dtype=torch.float64, requires_grad=True)."
        )
    for k, t in enumerate(wanted):
        if t.array.dtype != np.float64:
            warnings.warn(
                f"Input #{k} requires gradient and is not a double precision floating point. This check will likely "
                "fail if all the inputs are not of double precision floating point.",
                stacklevel=3,
            )
        if t.array.size and 0 in [s for s, n in zip(t.array.strides, t.array.shape, strict=True) if n > 1]:
            raise RuntimeError(
                f"The {k}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly: pass x.clone()."
            )
    return wanted


def outputs_of(func: Function, arguments: Sequence[Any]) -> tuple[Any, ...]:
    result = func(*arguments)
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


def difference(func: Function, arguments: Sequence[Any], t: Any, i: int, eps: float, size: int) -> Any:
    """The Jacobian of output `i` in `t` (of that size) by central differences: a row for each element of t."""
    rows = []
    for place in np.ndindex(t.array.shape):
        before = t.array[place].copy()
        t.array[place] = before + eps
        above = value_of(outputs_of(func, arguments)[i])
        t.array[place] = before - eps
        below = value_of(outputs_of(func, arguments)[i])
        t.array[place] = before
        rows.append((above - below).reshape(-1) / (2 * eps))
    return np.array(rows).reshape(t.array.size, size)


def value_of(output: Any) -> Any:
    return np.array(output.array if isinstance(output, Tracked) else output, dtype=np.float64)


def jacobian_of(output: Any, wanted: Sequence[Any]) -> list[Any]:
    """The Jacobians of one output by backward passes: for each input a row for each of its elements."""
    columns: list[list[Any]] = [[] for _ in wanted]
    for place in np.ndindex(output.array.shape):
        seed = np.zeros_like(output.array)
        seed[place] = 1
        found = grad(output, wanted, output.wrap(seed), retain_graph=True, allow_unused=True)
        for column, t, g in zip(columns, wanted, found, strict=True):
            column.append(np.zeros(t.array.size) if g is None else g.array.reshape(-1))
    return [np.array(c).reshape(output.array.size, t.array.size).T for c, t in zip(columns, wanted, strict=True)]


def compare(analytical: Any, numerical: Any, i: int, k: int, atol: float, rtol: float) -> None:
    """Raise GradcheckError where the two Jacobians of output `i` in input `k` differ."""
    if np.allclose(analytical, numerical, rtol, atol):
        return
    apart = np.abs(analytical - numerical) - atol - rtol * np.abs(numerical)
    row, column = np.unravel_index(np.argmax(np.where(np.isnan(apart), np.inf, apart)), apart.shape)
    raise GradcheckError(
        f"Jacobian mismatch for output {i} with respect to input {k}: the derivative of output element {column} in "
        f"input element {row} is {numerical[row, column]:.6g} by finite differences, {analytical[row, column]:.6g} by "
        "backward.\n"
        f"numerical:\n{numerical}\nanalytical:\n{analytical}\n"
        "Likely causes: the gradient formula is wrong, an input is not float64, or func has a kink or a step nearby."
    )


def forbid_dependence(numerical: Sequence[Any], i: int) -> None:
    """An output without a gradient must not change with the inputs."""
    for k, n in enumerate(numerical):
        if np.any(n):
            raise GradcheckError(
                f"Numerical gradient for function expected to be zero: output {i} does not require a gradient, yet it "
                f"changes with input {k}. Its graph was cut (.detach(), .item(), no_grad), or it is an integer."
            )


def forbid_change(first: Any, second: Any, tolerance: float) -> None:
    """The same backward pass must give the same gradient."""
    if np.any(np.abs(first - second) > tolerance):
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
            "gives different values, although analytical gradient matches numerical gradient. Does backward draw "
            "random numbers?"
        )
