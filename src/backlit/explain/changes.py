"""What a step did to the parameters, and how their gradients came to be what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from backlit.tracing.graph import Graph, Line

if TYPE_CHECKING:
    from backlit.explain.explanation import Explanation

#: What stood in a gradient before: nothing, zeros, or another gradient that this one was added to.
Arrival = Literal["none", "zeros", "added"]


class Change(NamedTuple):
    """A parameter before and after the step, with its gradient (None if none arrived)."""

    path: str
    name: str
    before: Any
    gradient: Any
    after: Any

    @property
    def label(self) -> str:
        return self.name if self.name == self.path or not self.path else f"{self.name} {self.path}"

    @property
    def size(self) -> float:
        return norm(self.before)

    @property
    def gradient_size(self) -> float:
        return norm(self.gradient)

    @property
    def step_size(self) -> float:
        return norm(np.asarray(self.after, np.float64) - np.asarray(self.before, np.float64))

    @property
    def ratio(self) -> float:
        """How large the step is beside the parameter; infinite from zero."""
        if self.size == 0:
            return float("inf") if self.step_size else 0.0
        return self.step_size / self.size


def norm(array: Any) -> float:
    """The square root of the sum of squares, in double precision."""
    return float(np.linalg.norm(np.ravel(array).astype(np.float64)))


def changes(explanation: Explanation) -> list[Change]:
    """The parameters of a step in order: those that the explanation names, else those that the record changed."""
    graph = explanation.graph
    names = {line.path: line.name for line in graph.inputs if line.path}
    if explanation.parameters:
        return [Change(path, names.get(path, path), *values) for path, values in explanation.parameters.items()]
    found = []
    for line in graph.inputs:
        gradient, after = graph.outputs.get(f"d_{line.name}"), graph.outputs.get(line.name)
        if gradient is not None:
            new = after.value if after is not None else line.value
            found.append(Change(line.path, line.name, line.value, gradient.value, new))
    return found


def arrivals(graph: Graph) -> dict[str, Arrival]:
    """How the gradient of each parameter arrived, by the parameter's name in the record."""
    inputs = {line.name for line in graph.inputs}
    return {
        name.removeprefix("d_"): arrival(line) for name, line in graph.outputs.items()
        if name.startswith("d_") and name.removeprefix("d_") in inputs
    }  # fmt: skip


def arrival(gradient: Line) -> Arrival:
    """What a recorded gradient was added to."""
    before = found_before(gradient)
    if before is gradient or before.role == "backward":
        return "none"
    return "added" if np.any(before.value) else "zeros"


def found_before(gradient: Line) -> Line:
    """The line that stood in a gradient's memory before this step's backward passes, or the gradient itself."""
    while gradient.op == "accumulate" and gradient.kind == "infix":
        gradient = gradient.expression.arguments[0]
    return gradient
