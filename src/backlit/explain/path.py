"""From one scalar weight to the loss: every product of local derivatives along every route, and their sum."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backlit.explain.changes import arrival, found_before
from backlit.explain.replay import forward_lines
from backlit.explain.routes import Network, Route, summed, tolerance_of
from backlit.suggest import did_you_mean
from backlit.tracing.graph import Graph, Line

if TYPE_CHECKING:
    from backlit.explain.explanation import Explanation


@dataclass(frozen=True)
class Path:
    """All routes from one scalar to the loss.

    `routes` are those with the largest products; `more` further ones sum to `more_sum`. `groups` are the routes
    gathered by the first element that they pass, a row and a unit say: its name, how many they are and their sum.
    `total` is the sum over all of them, `gradient` what the step recorded (None if no gradient arrived) and
    `difference` the central finite difference of the loss, in double precision, at a distance of `h` to both sides;
    `noise` is how much of it may be rounding.
    `is_bundled` says that some products reach the loss in one piece, because to take it apart would take too long;
    `is_bypassed` that some do because their gradient came past the ops: from an autograd.Function, from a hook, or
    through a write to a part of a tensor. Their last factor is taken from the record.
    """

    name: str
    value: float
    routes: tuple[Route, ...]
    more: int
    more_sum: float
    groups: tuple[tuple[str, int, float], ...]
    total: float
    gradient: float | None
    difference: float
    h: float
    noise: float
    tolerance: float
    is_bundled: bool = False
    is_bypassed: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the sum is the recorded gradient, to the tolerance."""
        return self.gradient is not None and (
            self.total == self.gradient or abs(self.total - self.gradient) <= self.tolerance
        )

    def __str__(self) -> str:
        from backlit.explain.path_text import tell

        return tell(self)


def path(explanation: Explanation, name: str, most: int = 12) -> Path:
    """Every route from the scalar called `name`, such as "net.0.weight[2,1]", to the loss of an explained step.

    Args:
        name: a parameter's path (or a tensor's variable) and an index; "w" alone for a tensor of one element.
        most: how many routes to list, those with the largest products first.

    Raises KeyError for a name that the step does not know, with the closest ones; IndexError for an element that is
    not there; ValueError for a step without a loss.

    >>> import backlit as torch
    >>> from backlit.explain import Explanation
    >>> from backlit.explain.path import path
    >>> w = torch.tensor([[0.5, -1.0]], requires_grad=True)
    >>> x = torch.tensor([3.0, 2.0])
    >>> step = Explanation(torch.trace(lambda: torch.square(w @ x).sum().backward()))
    >>> found = path(step, "w[0,1]")
    >>> found.total, found.gradient, round(found.difference, 6)
    (-2.0, -2.0, -2.0)
    """
    graph = explanation.graph
    line, element = scalar_of(graph, name)
    lines = forward_lines(graph.lines)
    losses = [each for each in lines if each.role == "loss"]
    if not losses:
        raise ValueError("The step has no loss: nothing called backward() in it, so that no route leads anywhere.")
    gradient = gradient_of(graph, line, element)
    network = Network(graph, lines, losses, line, element, gradient)
    routes = [network.route(edges) for edges in network.largest(most)]
    total = network.sums[network.source]
    many, listed = network.counts[network.source], summed([route.product for route in routes])
    return Path(
        name, network.value, tuple(routes), many - len(routes), total - listed if many > len(routes) else 0.0,
        tuple(network.groups()), total, gradient, network.difference, network.h, network.noise,
        tolerance_of(lines) * network.sizes[network.source] + network.roundings[network.source],
        network.is_bundled, network.is_bypassed,
    )  # fmt: skip


def scalar_of(graph: Graph, name: str) -> tuple[Line, int]:
    """The line and the element that a name such as "net.0.weight[2,1]" means."""
    found = re.fullmatch(r"\s*(.+?)\s*(?:\[([-\d\s,]*)\])?\s*", name)
    called, index = (found[1], found[2]) if found else (name, None)
    line = line_of(graph, called)
    shape = line.shape
    at = tuple(int(n) for n in index.split(",") if n.strip()) if index else ()
    example = f"{called}[{', '.join(['0'] * len(shape))}]"
    if len(at) != len(shape) and not (not at and math.prod(shape) == 1):
        raise IndexError(
            f"A path starts at one element, and {called} has the shape {list(shape)}: {len(at)} indices were given for "
            f"{len(shape)} axes. Write {example}, say."
        )
    at = at or (0,) * len(shape)
    if any(not -n <= k < n for k, n in zip(at, shape, strict=True)):
        raise IndexError(f"{called} has no element {list(at)}: its shape is {list(shape)}. Write {example}, say.")
    return line, int(np.ravel_multi_index([k % n for k, n in zip(at, shape, strict=True)], shape)) if shape else 0


def line_of(graph: Graph, called: str) -> Line:
    """The given array of a name: as the model or the user calls it, or as the program does."""
    known = {line.path or line.name: line for line in graph.inputs if line.is_named and is_array_of_floats(line)}
    by_name = {line.name: line for line in known.values()}
    # The script's variable of the model may stand in front: "net.0.weight" for the "0.weight" of net.
    shorter = [line for path, line in known.items() if called.endswith(f".{path}")]
    found = known.get(called) or by_name.get(called) or (shorter[0] if len(shorter) == 1 else None)
    if found is None:
        raise KeyError(f"The step has no weight {called!r}. {did_you_mean(called, known)}")
    return found


def is_array_of_floats(line: Line) -> bool:
    return line.expression.text not in ("setting", "seed") and np.asarray(line.value).dtype.kind == "f"


def gradient_of(graph: Graph, line: Line, element: int) -> float | None:
    """What the step's backward passes added to the gradient of an element."""
    found = graph.outputs.get(f"d_{line.name}")
    if found is None:
        return None
    there = found_before(found).value if arrival(found) == "added" else np.zeros(found.shape)
    return float(np.ravel(found.value)[element]) - float(np.ravel(there)[element])
