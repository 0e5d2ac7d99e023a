"""Nodes of the tape: what one operation kept, and which rules turn its gradient into its inputs' gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backlit.autograd.tracked import Tracked, Version
from backlit.ops.convert import cast
from backlit.ops.registry import Plan, reading

_numbers = itertools.count()

FREED_MESSAGE = (
    "Trying to backward through the graph a second time: what {name} had kept is freed after the first backward.\n"
    "If both losses share a part of the graph, add them and call (loss1 + loss2).backward() once; "
    "if the second pass is meant, write loss.backward(retain_graph=True) for the first."
)
STALE_MESSAGE = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: {what} of "
    "{name} {shape} is at version {now}; the gradient of {name} needs version {then}.\n"
    "It was overwritten at {writer}. Write a new tensor there instead (y = y + 1, not y += 1), or overwrite a .clone()."
)


class Node:
    """One recorded step of the graph. `edges` lead to the nodes and leaves of the inputs that need a gradient."""

    hooks: list[Callable[[Any], Any]] | None = None
    retained: Any = None  # a weak reference to the tensor whose retain_grad() was called

    def __init__(self, edges: Sequence[Any]) -> None:
        self.edges = edges
        self.number = next(_numbers)

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> Sequence[Any]:
        """What goes along each edge, from `g`, the gradient of this node's output: arrays, or tensors with `graph`."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was kept."""

    def name(self) -> str:
        """PyTorch's name of this kind of node."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes that this one passes gradients to; a leaf is stood for by an `AccumulateGrad`."""
        return tuple((AccumulateGrad(e) if isinstance(e, Tracked) else e, 0) for e in self.edges)

    def register_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(gradient)` with the gradient of this node's output."""
        if self.hooks is None:
            self.hooks = []
        return Handle(self.hooks, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad:
    """The end of the graph at a leaf, as `next_functions` shows it."""

    def __init__(self, variable: Tracked) -> None:
        self.variable = variable
        self.next_functions: tuple[Any, ...] = ()

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"


class Handle:
    """Removes a hook again."""

    def __init__(self, hooks: list[Callable[..., Any]], hook: Callable[..., Any]) -> None:
        self.hooks, self.hook = hooks, hook
        hooks.append(hook)

    def remove(self) -> None:
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class OpNode(Node):
    """The record of one op: the values that its rules name, and the versions at which they were read."""

    shapes: Sequence[tuple[Any, Any]] | None = None  # (shape, dtype) of each wanted input, where the op broadcasts

    def __init__(
        self, plan: Plan, edges: Sequence[Any], kept: list[Any], versions: list[Version], counts: list[int]
    ) -> None:
        self.plan = plan
        self.edges = edges
        self.number = next(_numbers)
        self.kept: list[Any] | None = kept
        self.versions = versions  # of the kept inputs, then of the kept output
        self.counts = counts  # how often each had been written when it was read

    def name(self) -> str:
        node = self.plan.op.node
        if isinstance(node, str):
            return node
        kept = zip(self.plan.keeps, self.kept or (), strict=True)
        return node(**{keep.name: value for keep, value in kept if keep.kind == "setting"})

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        values = self.as_tensors(g, wrap) if graph else [g, *self.unchanged()]
        if reading.recorder is not None and not graph:
            results = reading.recorder.rules(self, values)
        else:
            results = []
            for rule, pick in self.plan.rules:
                results.append(rule(*pick(values)))  # the textbook's line for one input
        if self.shapes is not None:
            results = [unbroadcast(r, *like) for r, like in zip(results, self.shapes, strict=True)]
        return [wrap(np.asarray(r)) if not isinstance(r, Tracked) else r for r in results] if graph else results

    def unchanged(self) -> list[Any]:
        """The kept values, once it is sure that they are there and were not overwritten."""
        if self.kept is None:
            raise RuntimeError(FREED_MESSAGE.format(name=self.name()))
        for k, version in enumerate(self.versions):
            if version.count != self.counts[k]:
                raise RuntimeError(self.stale_message(self.kept))
        return self.kept

    def stale_message(self, kept: list[Any]) -> str:
        """Which kept value was overwritten, and where."""
        rows = zip(self.versions, self.counts, self.plan.keeps, kept, strict=False)
        version, count, keep, value = next(row for row in rows if row[0].count != row[1])
        what = "the output" if keep.kind == "out" else f"input {keep.name!r}"
        known = {"what": what, "name": self.name(), "shape": list(np.shape(value))}
        return STALE_MESSAGE.format(**known, now=version.count, then=count, writer=version.writer)

    def as_tensors(self, g: Any, wrap: Callable[..., Any]) -> list[Any]:
        """`g` and the kept values as tensors that belong to the graph, so that the rules are recorded in their turn."""
        edges = dict(zip(self.plan.wanted, self.edges, strict=True))
        values: dict[str, Any] = {}
        for keep, value in zip(self.plan.keeps, self.unchanged(), strict=True):
            values[keep.name] = self.as_tensor(keep, value, edges, wrap)
        if any(keep.kind == "extra" for keep in self.plan.keeps):
            values.update(self.extras_anew(values))
        return [g, *(values[keep.name] for keep in self.plan.keeps)]

    def as_tensor(self, keep: Any, value: Any, edges: dict[int, Any], wrap: Callable[..., Any]) -> Any:
        if keep.kind == "out":
            return wrap(value, self)
        if keep.kind == "inputs":
            return tuple(rejoin(v, edges.get(k), wrap) for k, v in enumerate(value, keep.at))
        return rejoin(value, edges.get(keep.at), wrap) if keep.kind == "input" else value

    def extras_anew(self, values: dict[str, Any]) -> dict[str, Any]:
        """The intermediates once more, computed from tensors: the forward body reads these as part of the graph."""
        settings = {name: values[name] for name in self.plan.op.settings}
        inputs = [values[name] for name in self.plan.op.inputs]
        return self.plan.op.forward(*inputs, **settings)[1]

    def release(self) -> None:
        if self.plan.holds:
            self.kept = None


def rejoin(array: Any, edge: Any, wrap: Callable[..., Any]) -> Any:
    """A kept array as the tensor that it was: the leaf itself, or a tensor made by the node at `edge`."""
    if not isinstance(array, np.ndarray):
        return array
    if isinstance(edge, Tracked):
        return edge if edge.array.dtype == array.dtype else wrap(array, edge)
    return wrap(array, edge)


def unbroadcast(gradient: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Undo broadcasting and promotion: the sum over the axes that an input was stretched along, in its dtype."""
    if gradient.shape != shape:
        extra = len(gradient.shape) - len(shape)
        if extra < 0 or any(n == 1 != m for n, m in zip(gradient.shape[extra:], shape, strict=True)):
            return unbroadcast(np.broadcast_to(gradient, np.broadcast_shapes(gradient.shape, shape)), shape, dtype)
        axes = tuple(k for k, n in enumerate(gradient.shape) if k < extra or (shape[k - extra] == 1 != n))
        gradient = np.reshape(np.sum(gradient, axis=axes), shape) if axes else np.reshape(gradient, shape)
    array = gradient.array if isinstance(gradient, Tracked) else gradient
    return gradient if array.dtype == dtype else cast(gradient, dtype=dtype)


def own(g: Any, dtype: Any) -> Any:
    """An array that nobody else holds: rules may hand on their own input, or a view of it, as a gradient."""
    if reading.recorder is not None:
        return reading.recorder.lowered_copy(g, dtype)
    if type(g) is np.ndarray:
        return g.copy() if g.dtype is dtype else g.astype(dtype, order="C")
    return np.array(g, dtype)  # NumPy's operators turn an array without dimensions into a scalar
