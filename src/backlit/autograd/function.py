"""`Function`: an operation whose gradient the user writes."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backlit.autograd.modes import grad_mode, no_grad
from backlit.autograd.node import FREED_MESSAGE, STALE_MESSAGE, Node, own, unbroadcast
from backlit.autograd.tracked import Tracked
from backlit.autograd.views import rebase


class FunctionCtx:
    """What `forward` leaves for `backward`: saved tensors, and any attribute that the user sets."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self.to_save: tuple[Any, ...] = ()
        self.dirty: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True
        self._saved: list[tuple[Any, ...]] | None = []
        self._node: Callable[[], Any] = lambda: None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, outputs or intermediates for `backward`; a later write to one of them is then noticed."""
        for k, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tracked):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {k} is of type {type(tensor).__name__}. "
                    "Keep other values as attributes: ctx.name = value"
                )
        self.to_save = tensors

    save_for_forward = save_for_backward

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs `forward` overwrites; it must return them."""
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (as it does by default), or None, for an output that nothing depends on."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors given to `save_for_backward`.

        Raises RuntimeError if the graph was freed, or one of them was overwritten since.
        """
        if self._saved is None:
            raise RuntimeError(FREED_MESSAGE.format(name=type(self).__name__))
        return tuple(self._unpack(*entry) for entry in self._saved)

    def _keep(self, places: dict[int, int]) -> None:
        """Note the versions of what is saved; of an output (`places` has its number) only the array: it leads here."""
        self._saved = [
            (None, None, 0, None) if t is None
            else (t.array, t.version, t.version.count, places[id(t)]) if id(t) in places
            else (t, t.version, t.version.count, None)
            for t in self.to_save
        ]  # fmt: skip
        self.to_save = ()

    def _unpack(self, value: Any, version: Any, count: int, place: int | None) -> Any:
        if value is None:
            return None
        array = value.array if isinstance(value, Tracked) else value
        if version.count != count:
            name = type(self).__name__
            raise RuntimeError(
                STALE_MESSAGE.format(what="a saved tensor", name=name, shape=list(array.shape), now=version.count,
                                     then=count, writer=version.writer)
            )  # fmt: skip
        if place is None:
            return value
        node = self._node()
        return node.wrap(array, node.outputs[place]() if node.outputs[place] is not None else None)


class Function:
    """An operation with its own `forward` and `backward`, static methods of a subclass; called through `apply`.

    `backward` gets a gradient for each output and returns one for each input, None where there is none.

    >>> import backlit as torch
    >>> class Cube(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * g
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    _context: type[FunctionCtx] = FunctionCtx

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._context = type(cls.__name__ + "Backward", (FunctionCtx,), {"__module__": "torch.autograd.function"})

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: `forward(ctx, *inputs)`, or `forward(*inputs)` where `setup_context` is defined too."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what `backward` needs, in a step of its own."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each input, from the gradient of each output."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` on the arguments, and record `backward` where a gradient is wanted."""
        ctx = cls._context()
        ctx.needs_input_grad = tuple(isinstance(a, Tracked) and bool(getattr(a, "requires_grad", False)) for a in args)
        recording = grad_mode.enabled and any(ctx.needs_input_grad)
        edges = [a.edge for a, needed in zip(args, ctx.needs_input_grad, strict=True) if needed]
        with no_grad():
            if cls.setup_context is not Function.setup_context:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args)
        outputs = list(result) if isinstance(result, tuple) else [result]
        if recording:
            outputs = recorded(cls, ctx, args, edges, outputs)
        return tuple(outputs) if isinstance(result, tuple) else outputs[0]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            f"Legacy autograd function with non-static forward method is deprecated. Call "
            f"{type(self).__name__}.apply(x) on the class, and make forward and backward static methods."
        )


class FunctionNode(Node):
    """The record of one call of a `Function`."""

    def __init__(self, cls: Any, ctx: Any, args: Sequence[Any], edges: Sequence[Any], outputs: Sequence[Any]) -> None:
        super().__init__(edges)
        self.function, self.ctx = cls, ctx
        self.wrap = next(a.wrap for a in args if isinstance(a, Tracked))
        self.inputs = [
            (k, a.array.shape, a.array.dtype)
            for k, (a, needed) in enumerate(zip(args, ctx.needs_input_grad, strict=True)) if needed
        ]  # fmt: skip
        self.shapes = [(o.array.shape, o.array.dtype) if isinstance(o, Tracked) else None for o in outputs]
        # The node of each output: weak, since it leads here.
        self.outputs: list[Any] = [None] * len(outputs)
        ctx._node = weakref.ref(self)

    def name(self) -> str:
        return type(self.ctx).__name__

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        return self.ctx.saved_tensors

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        given = g.values if isinstance(g, Slots) else {0: g}
        results = self.called([self.as_tensor(given.get(k), shape, wrap) for k, shape in enumerate(self.shapes)])
        return [self.checked(results[k], k, shape, dtype, graph) for k, shape, dtype in self.inputs]

    def as_tensor(self, g: Any, like: Any, wrap: Callable[..., Any]) -> Any:
        """The gradient of one output for the user: a tensor, or None."""
        if g is None:
            return wrap(np.zeros(*like)) if like is not None and self.ctx.materialize_grads else None
        return g if isinstance(g, Tracked) else wrap(own(g, g.dtype))

    def called(self, gradients: list[Any]) -> list[Any]:
        """What the user's `backward` gives, one for each argument of `apply`."""
        backward = self.function.backward
        if backward is Function.backward:
            backward = self.function.vjp
        results = backward(self.ctx, *gradients)
        results = list(results) if isinstance(results, (tuple, list)) else [results]
        expected = len(self.ctx.needs_input_grad)
        if len(results) < expected or any(r is not None for r in results[expected:]):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {expected}, got "
                f"{len(results)}): backward returns one for each argument of forward, None where there is none."
            )
        return results

    def checked(self, g: Any, k: int, shape: tuple[int, ...], dtype: Any, graph: bool) -> Any:
        """The gradient that the user gave for argument `k`, brought to its shape and dtype."""
        if g is None:
            return None
        if not isinstance(g, Tracked):
            raise RuntimeError(
                f"expected Variable or None (got {type(g).__name__}): function {self.name()} returned it as the "
                f"gradient of argument {k}."
            )
        if g.array.shape != shape and not stretched_from(g.array.shape, shape):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {k} - got {list(g.array.shape)} but "
                f"expected shape compatible with {list(shape)}"
            )
        return unbroadcast(g if graph else g.array, shape, dtype)

    def release(self) -> None:
        self.ctx._saved = None if self.ctx._saved else self.ctx._saved


class OutputNode(Node):
    """One of several outputs of a `Function`: passes its gradient on under its number."""

    def __init__(self, function: FunctionNode, k: int) -> None:
        super().__init__([function])
        self.k = k

    def name(self) -> str:
        return self.edges[0].name()

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        return [Slots({self.k: g})]


class Slots:
    """The gradients of a node with several outputs, by number. The walk adds up what arrives from each."""

    def __init__(self, values: dict[int, Any]) -> None:
        self.values = values

    def __add__(self, other: Slots) -> Slots:
        return Slots({**self.values, **other.values})


def stretched_from(shape: tuple[int, ...], original: tuple[int, ...]) -> bool:
    """Whether broadcasting leads from `original` to `shape`."""
    try:
        return np.broadcast_shapes(shape, original) == shape
    except ValueError:
        return False


def recorded(cls: Any, ctx: Any, args: Sequence[Any], edges: list[Any], given: list[Any]) -> list[Any]:
    """The outputs that `forward` gave, as parts of the graph."""
    outputs = [fresh(out, args, ctx.dirty) for out in given]
    node = FunctionNode(cls, ctx, args, edges, outputs)
    for k, out in enumerate(outputs):
        if not isinstance(out, Tracked) or out.array.dtype.kind != "f" or among(given[k], ctx.non_differentiable):
            continue
        own = node if len(outputs) == 1 else OutputNode(node, k)
        if among(out, ctx.dirty):
            overwritten(out, own)
        else:
            out.node, out.needs_grad = own, True
        node.outputs[k] = weakref.ref(own)
    ctx._keep({id(out): k for k, out in enumerate(given) if among(out, ctx.dirty) or not among(out, args)})
    return outputs


def among(value: Any, several: Sequence[Any]) -> bool:
    """Whether it is one of these objects. `in` would compare tensors element by element."""
    return any(value is other for other in several)


def fresh(out: Any, args: Sequence[Any], dirty: Sequence[Any]) -> Any:
    """An output that may get a node: not an input (unless overwritten), nor a view, nor part of another graph."""
    if not isinstance(out, Tracked) or among(out, dirty):
        return out
    if among(out, args) or out.base is not None or out.node is not None or out.needs_grad:
        alias = out.wrap(out.array)
        alias.version = out.version
        return alias
    return out


def overwritten(target: Any, node: Node) -> None:
    """Let an input that `forward` overwrote continue from the function's node."""
    if target.node is None and target.needs_grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation.\n"
            "Return a new tensor from forward, or pass a clone of the leaf: Function.apply(x.clone())"
        )
    target.bump()
    rebase(target, target.wrap(target.array, node))


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `backward` that cannot itself be differentiated: a second derivative through it raises RuntimeError."""

    @functools.wraps(function)
    def backward(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            results = function(ctx, *grads)
        edges = [g.edge for g in grads if isinstance(g, Tracked) and g.edge is not None]
        if not grad_mode.enabled or not edges:
            return results
        many = results if isinstance(results, tuple) else (results,)
        barred = tuple(r.wrap(r.array, OnceNode(edges)) if isinstance(r, Tracked) else r for r in many)
        return barred if isinstance(results, tuple) else barred[0]

    return backward


class OnceNode(Node):
    """Stands where `once_differentiable` cut the graph."""

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable: write its backward "
            "with differentiable operations, and take the mark away."
        )
