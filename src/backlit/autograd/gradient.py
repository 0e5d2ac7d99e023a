"""`grad`: derivatives as return values, instead of in `.grad`."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.autograd.backward import as_tuple, edge_of, own, seeds_of, walk


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The derivatives of the sum of `outputs` (each weighted by its `grad_outputs`) with respect to each of `inputs`.

    Args:
        outputs, inputs: a tensor or several. An input may be a leaf or a computed tensor.
        grad_outputs: a gradient of each output's shape; None for a scalar means 1.
        retain_graph: keep what the rules need for another pass. create_graph: record this pass, for second derivatives.
        allow_unused: give None for an input that the outputs do not depend on, instead of raising RuntimeError.
        materialize_grads: give zeros for such an input.

    >>> import backlit as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> (slope,) = torch.autograd.grad(x**2, x, create_graph=True)
    >>> slope.item(), torch.autograd.grad(slope, x)[0].item()
    (6.0, 2.0)
    """
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched=True is not supported: call grad once for each of the gradients.")
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: False.")
    roots, leaves = as_tuple(outputs), as_tuple(inputs)
    if not leaves:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty: give the tensors to differentiate in.")
    seeds = seeds_of(roots, grad_outputs, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    edges = [edge_of(t) for t in leaves]
    found = walk([root.edge for root in roots], seeds, roots[0].wrap, keep, create_graph, set(edges))
    results = []
    for leaf, edge in zip(leaves, edges, strict=True):
        g = found.get(edge)
        if g is None:
            results.append(unused(leaf, allow_unused, materialize_grads))
        else:
            results.append(g if create_graph else leaf.wrap(own(g, leaf.array.dtype)))
    return tuple(results)


def unused(leaf: Any, allowed: bool | None, zeros: bool) -> Any:
    """The gradient of an input that the outputs do not depend on."""
    if zeros:
        return leaf.wrap(np.zeros_like(leaf.array))
    if not allowed:
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph: its shape is "
            f"{list(leaf.array.shape)}. Set allow_unused=True if this is the desired behavior (it gives None), or "
            "materialize_grads=True for zeros."
        )
    return None
