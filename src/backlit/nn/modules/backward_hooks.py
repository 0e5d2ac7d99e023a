"""Watching the gradients of one call of a module: of all its outputs, then of all its inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from backlit.autograd.node import Node
from backlit.tensor import Tensor

React = Callable[[list[Any]], Sequence[Any]]


class Parts(dict[int, Any]):
    """Gradients by place; adding two joins them."""

    def __add__(self, other: Parts) -> Parts:
        return Parts({**self, **other})


class Place(Node):
    """Stands behind one tensor of several: hands its gradient on, with its place, to the node that waits for all.

    A node of the tape has one output, so each tensor gets one of these.
    """

    def __init__(self, joint: Node, place: int) -> None:
        super().__init__([joint])
        self.place = place

    def name(self) -> str:
        return "BackwardHookFunctionBackward"

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        return [Parts({self.place: g})]


class Joint(Node):
    """Waits for the gradients of all its tensors, lets `react` see them, and sends on what it returns."""

    def __init__(self, tensors: Sequence[Any], places: list[int], react: React) -> None:
        super().__init__([tensors[k].edge for k in places])
        self.places, self.react, self.count = places, react, len(tensors)

    def gradients(self, g: Any, wrap: Callable[..., Any], graph: bool) -> list[Any]:
        received = [g.get(k) for k in range(self.count)]
        after = self.react([a if a is None or graph else wrap(a) for a in received])
        return [a if a is None or graph else a.array for a in (after[k] for k in self.places)]


def joined(tensors: Sequence[Any], react: React) -> tuple[Any, ...] | None:
    """The tensors behind a common node; None if none of them needs a gradient."""
    places = [k for k, t in enumerate(tensors) if isinstance(t, Tensor) and t.requires_grad]
    if not places:
        return None
    joint = Joint(tensors, places, react)
    return tuple(behind(joint, k, t) if k in places else t for k, t in enumerate(tensors))


def behind(joint: Joint, place: int, tensor: Tensor) -> Tensor:
    out = Tensor.wrap(tensor.array, Place(joint, place))
    out.version = tensor.version
    return out


class BackwardWatch:
    """Calls a module's backward hooks for one of its calls."""

    def __init__(self, module: Any, before: list[Callable[..., Any]], after: list[Callable[..., Any]]) -> None:
        self.module, self.before, self.after = module, before, after
        self.grad_output: tuple[Any, ...] | None = None
        self.input_count = 0
        self.has_inputs = False

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.input_count = len(args)
        around = joined(args, self.inputs_known)
        self.has_inputs = around is not None
        return args if around is None else around

    def around_output(self, output: Any) -> Any:
        if not isinstance(output, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(output)}",
                stacklevel=2,
            )
            return output
        around = joined(output if isinstance(output, tuple) else (output,), self.outputs_known)
        if around is None:
            return output
        return around if isinstance(output, tuple) else around[0]

    def outputs_known(self, grads: list[Any]) -> Sequence[Any]:
        grad_output = tuple(grads)
        for hook in self.before:
            grad_output = replaced(hook(self.module, grad_output), grad_output, "grad_output")
        self.grad_output = grad_output
        if not self.has_inputs and any(after is not None for after in self.inputs_known([None] * self.input_count)):
            raise RuntimeError(
                "Backward hook for Modules where no input requires gradient should always return None or None for all "
                "gradients."
            )
        return grad_output

    def inputs_known(self, grads: list[Any]) -> Sequence[Any]:
        if self.grad_output is None:  # a second derivative, which came to the inputs without passing the outputs
            return grads
        grad_input, grad_output, self.grad_output = tuple(grads), self.grad_output, None
        for hook in self.after:
            grad_input = replaced(hook(self.module, grad_input, grad_output), grad_input, "grad_input")
        return grad_input


def replaced(result: Any, grads: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The gradients that a hook returned, or those from before if it returned none."""
    if result is None:
        return grads
    result = result if isinstance(result, tuple) else (result,)
    if len(result) != len(grads):
        raise RuntimeError(
            f"Backward hook returned an invalid number of {what}, got {len(result)}, but expected {len(grads)}: return "
            "one gradient, or None, for each."
        )
    return result
