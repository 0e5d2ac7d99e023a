"""The one backward walk: from the loss to the leaves, newest node first, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from operator import attrgetter
from typing import Any

import numpy as np

from backlit.autograd.anomaly import raise_on_nan
from backlit.autograd.modes import grad_mode
from backlit.autograd.node import Node, own
from backlit.autograd.tracked import Tracked
from backlit.ops.registry import IGNORE, QUIET, reading


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add to the `.grad` of every leaf the derivative of the sum of `tensors` (each weighted by its `grad_tensors`).

    Args:
        tensors: a tensor or several; each a scalar, or given a gradient of its shape.
        grad_tensors: the gradients of something with respect to `tensors`.
        retain_graph: keep what the rules need for another backward. create_graph: record the backward pass itself,
            for second derivatives; keeps the graph too.
        inputs: only these get gradients.

    Raises RuntimeError for a tensor that needs no gradient, for a non-scalar without a gradient, for a graph that was
    freed, and for a kept tensor that was overwritten.

    >>> import backlit as torch
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> torch.autograd.backward((w * w).sum())
    >>> w.grad
    tensor([2., 4.])
    """
    roots = as_tuple(tensors)
    seeds = seeds_of(roots, grad_tensors, create_graph)
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None if inputs is None else {edge_of(t) for t in as_tuple(inputs)}
    found = walk([root.edge for root in roots], seeds, roots[0].wrap, keep, create_graph, wanted)
    if inputs is not None:
        found = {t: found[t.edge] for t in as_tuple(inputs) if t.edge in found}
    for tensor, g in found.items():
        accumulate(tensor, g, create_graph)
    if reading.listener is not None:
        reading.listener.arrived(found)


def walk(
    roots: Sequence[Any],
    seeds: Sequence[Any],
    wrap: Callable[..., Any],
    keep: bool,
    graph: bool,
    wanted: set[Any] | None = None,
) -> dict[Any, Any]:
    """Send the seeds backward from the roots; return the gradient that arrived at each leaf, or at each edge wanted.

    The gradients are arrays; with `graph` they are tensors, and the rules that run on them are recorded.
    """
    pending: dict[Any, Any] = {}
    for root, seed in zip(roots, seeds, strict=True):
        pending[root] = pending[root] + seed if root in pending else seed
    waiting = [(-root.number, root) for root in pending if isinstance(root, Node)]  # a heap: the newest node first
    heapify(waiting)
    open_ways = None if wanted is None else leading_to(wanted, roots)
    found: dict[Any, Any] = {}
    mode, anomaly = (grad_mode.enabled, grad_mode.graph), grad_mode.anomaly
    grad_mode.enabled = grad_mode.graph = graph
    listener = reading.listener
    if listener is not None:
        wrap = listener.begin_backward(roots, wrap)
    token = QUIET.set(IGNORE)
    try:
        while waiting:
            node = heappop(waiting)[1]
            g = pending.pop(node)  # complete: whatever was computed from this node's output is newer than it
            if node.hooks or node.retained:
                g = observed(node, g, wrap, graph)
            if open_ways is not None:
                if wanted and node in wanted:
                    found[node] = g
                if node not in open_ways:
                    continue
            gradients = node.gradients(g, wrap, graph)
            if anomaly:
                raise_on_nan(node, gradients)
            for k, edge in enumerate(node.edges):
                gradient = gradients[k]
                if gradient is None or (open_ways is not None and edge not in open_ways):
                    continue
                if edge in pending:
                    pending[edge] = pending[edge] + gradient
                else:
                    pending[edge] = gradient
                    if isinstance(edge, Node):
                        heappush(waiting, (-edge.number, edge))
            if not keep:
                node.release()
        for leaf, g in pending.items():
            if wanted is None or leaf in wanted:
                found[leaf] = arrived(leaf, g, wrap, graph) if leaf.hooks else g
        return found
    finally:
        grad_mode.enabled, grad_mode.graph = mode
        QUIET.reset(token)
        if listener is not None:
            listener.end_backward()


def leading_to(wanted: set[Any], roots: Iterable[Any]) -> set[Any]:
    """The edges through which a gradient must pass to reach what is wanted, the wanted ones included."""
    seen = {root for root in roots if isinstance(root, Node)}
    nodes = list(seen)
    for node in nodes:  # grows as it goes
        for edge in node.edges:
            if edge not in seen and isinstance(edge, Node):
                seen.add(edge)
                nodes.append(edge)
    useful = set(wanted)
    for node in sorted(nodes, key=attrgetter("number")):
        if any(edge in useful for edge in node.edges):
            useful.add(node)
    return useful


def observed(node: Node, g: Any, wrap: Callable[..., Any], graph: bool) -> Any:
    """The gradient of a node's output after the user's hooks, and kept for `retain_grad`."""
    tensor = through_hooks(node.hooks, g if graph else wrap(own(g, g.dtype)))
    kept = node.retained() if node.retained else None
    if kept is not None:
        kept.grad = tensor if kept.grad is None else kept.grad + tensor
    return tensor if graph else tensor.array


def arrived(leaf: Any, g: Any, wrap: Callable[..., Any], graph: bool) -> Any:
    """The gradient of a leaf after the leaf's hooks."""
    tensor = through_hooks(leaf.hooks, g if graph else wrap(own(g, g.dtype)))
    return tensor if graph else tensor.array


def through_hooks(hooks: Any, tensor: Any) -> Any:
    for hook in list(hooks or ()):
        replaced = hook(tensor)
        tensor = tensor if replaced is None else replaced
    return tensor


def accumulate(leaf: Any, g: Any, graph: bool) -> None:
    """Add a gradient to `leaf.grad`: in place, unless the sum itself belongs to a graph."""
    if graph:
        leaf.grad = g if leaf.grad is None else leaf.grad + g
    elif reading.recorder is not None and not (leaf.grad is not None and leaf.grad.needs_grad):
        reading.recorder.accumulate(leaf, g)
    elif leaf.grad is None:
        leaf.grad = leaf.wrap(own(g, leaf.array.dtype))
    elif leaf.grad.needs_grad:
        leaf.grad = leaf.wrap(leaf.grad.array + g)
    else:
        leaf.grad.array += g
        leaf.grad.version.count += 1


def as_tuple(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, Tracked) else tuple(tensors)


def edge_of(tensor: Any) -> Any:
    """Where the gradient of an input arrives."""
    if not tensor.requires_grad:
        raise RuntimeError("One of the differentiated Tensors does not require grad: make it with requires_grad=True.")
    return tensor.edge


def seeds_of(roots: tuple[Any, ...], grad_tensors: Any, graph: bool) -> list[Any]:
    """The gradient that each root starts with: the one given, or 1 for a scalar."""
    if grad_tensors is None and len(roots) == 1:
        return [seed_of(roots[0], None, graph)]
    if grad_tensors is None or isinstance(grad_tensors, Tracked):
        given: tuple[Any, ...] = (grad_tensors,) * len(roots)
    else:
        given = tuple(grad_tensors)
    if len(given) != len(roots):
        raise RuntimeError(f"{len(roots)} tensors were given {len(given)} gradients: give each one, None for a scalar.")
    return [seed_of(root, g, graph) for root, g in zip(roots, given, strict=True)]


def seed_of(root: Any, g: Any, graph: bool) -> Any:
    if not root.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: nothing recorded leads to it.\n"
            "Likely causes: no input or parameter has requires_grad=True, it was computed under torch.no_grad(), "
            "or .detach(), .item() or .numpy() cut the graph on the way."
        )
    if g is None:
        if root.array.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs; this one has shape {root.array.shape}.\n"
                "Reduce it first, as in loss.mean().backward(), or give its gradient: y.backward(torch.ones_like(y))."
            )
        if root.array.ndim == 0 and not graph:
            return root.array.dtype.type(1)
        ones = np.ones(root.array.shape, root.array.dtype)
        return root.wrap(ones) if graph else ones
    if g.array.shape != root.array.shape:
        raise RuntimeError(f"Mismatch in shape: the gradient has {g.array.shape}, its tensor {root.array.shape}.")
    return g if graph else g.array
