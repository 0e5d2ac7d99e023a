"""The elements between one scalar and the loss, and the routes from one to the other."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from backlit.explain.factors import Factors, adjoints, factors
from backlit.explain.replay import doubled, replay
from backlit.tracing.graph import Call, Graph, Line

#: A central difference is best where its rounding and its cut-off are alike: at the cube root of the precision.
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
#: A recorded gradient agrees with the sum to so many times the precision of its numbers, beside the products' sizes;
#: and to FINEST at best, since some ops' rules lose digits of their own.
ROUNDING, FINEST = 128, 1e-9


class Node(NamedTuple):
    """One element of a line; line None is the loss, reached in one piece."""

    line: Line | None
    element: int


LOSS = Node(None, 0)


class Edge(NamedTuple):
    """A step of a route: to which element, and the local derivative on the way."""

    to: Node
    value: float
    factors: Factors | None
    says: str = ""


class Hop(NamedTuple):
    """One factor of a route: from an element to the next, with the derivative of the next with respect to it.

    `says` is the derivative as a formula where the op works element by element, else what the op computes.
    """

    start: str
    end: str
    value: float
    op: str
    says: str = ""


@dataclass(frozen=True)
class Route:
    """One way from the weight to the loss: its factors in order."""

    hops: tuple[Hop, ...]

    @property
    def product(self) -> float:
        return math.prod(hop.value for hop in self.hops)

    def __str__(self) -> str:
        places = " → ".join([self.hops[0].start, *(hop.end for hop in self.hops)]) if self.hops else "the loss itself"
        return f"{places}\n{' · '.join(shown(hop.value) for hop in self.hops) or '1'} = {shown(self.product)}"


class Network:
    """The elements between one scalar and the loss, and the local derivatives between them."""

    def __init__(
        self, graph: Graph, lines: list[Line], losses: list[Line], start: Line, element: int, gradient: float | None
    ) -> None:
        self.lines, self.start, self.element = lines, start, element
        self.source = Node(start, element)
        self.value = float(np.ravel(doubled(np.asarray(start.value)))[element])
        self.values = replay(lines, {})
        self.h = STEP * max(1.0, abs(self.value))
        self.up, self.down = self.changed(self.value + self.h), self.changed(self.value - self.h)
        self.seeds = {loss: seed_of(graph, loss) for loss in losses}
        self.edges: dict[Node, list[Edge]] = {}
        self.says: dict[int, str] = {}
        self.is_bundled = self.is_bypassed = False
        within = set(lines)
        # Of two backward passes through one call, the record keeps the last gradient alone: no ground to compare on.
        tolerance = tolerance_of(lines) if len(losses) == 1 else 0.0
        self.link([call for call in graph.calls.values() if call.out in within], tolerance)
        self.reckon()
        if tolerance and gradient is not None:
            self.compare(gradient, tolerance)

    def link(self, calls: list[Call], tolerance: float) -> None:
        """Join the elements: by the ops' local derivatives, by what came past the ops, and with the loss."""
        backward, beyond, self.rounding_of = adjoints(calls, self.values, self.seeds, tolerance)
        reached = self.reached()
        for found in factors(calls, self.values, reached, backward):
            self.add(found)
        for line, rest in beyond.items():
            self.add_beyond(line, np.where(reached.get(line, False), rest, 0.0))
        for loss, seed in self.seeds.items():
            for k, value in enumerate(np.ravel(seed)):
                self.edges.setdefault(Node(loss, k), []).append(Edge(LOSS, float(value), None))

    def compare(self, gradient: float, tolerance: float) -> None:
        """What the recorded gradient has beyond all routes came past the ops too, straight to the scalar."""
        rest = np.zeros(self.start.shape)
        rest.ravel()[self.element] = gradient - self.sums[self.source] if math.isfinite(gradient) else 0.0
        if abs(rest).max() > tolerance * self.sizes[self.source] + self.roundings[self.source]:
            self.add_beyond(self.start, rest)
            self.reckon()

    def changed(self, value: float) -> dict[Line, Any]:
        """The forward pass with another value of the scalar."""
        array = doubled(np.array(self.start.value))
        array.ravel()[self.element] = value
        return replay(self.lines, {self.start: array})

    def reached(self) -> dict[Line, Any]:
        """Which elements the scalar moves: those that become NaN when it does, or other when it goes a little way.

        The second finds ways through a choice such as x > 0, which NaN does not pass.
        """
        try:
            probed = self.changed(np.nan)
        except np.linalg.LinAlgError:  # a decomposition does not take NaN
            probed = self.up
        found = {}
        for line, value in probed.items():
            if isinstance(value, (np.ndarray, np.floating)) and np.asarray(value).dtype.kind == "f":
                moved = [np.not_equal(self.values[line], way[line]) for way in (self.up, self.down)]
                found[line] = np.isnan(value) | moved[0] | moved[1]
        return found

    @property
    def difference(self) -> float:
        """The central finite difference of the sum of all losses."""
        return (self.loss(self.up) - self.loss(self.down)) / (2 * self.h)

    @property
    def noise(self) -> float:
        """What the rounding of two losses may come to in their difference."""
        return ROUNDING * float(np.finfo(np.float64).eps) * abs(self.loss(self.values)) / self.h

    def loss(self, values: dict[Line, Any]) -> float:
        return float(sum(np.sum(np.asarray(values[line]) * seed) for line, seed in self.seeds.items()))

    def add(self, found: Factors) -> None:
        self.is_bundled |= found.end is None
        for k, end, value in zip(found.starts.tolist(), found.ends.tolist(), found.values.tolist(), strict=True):
            to = LOSS if found.end is None else Node(found.end, end)
            self.edges.setdefault(Node(found.start, k), []).append(Edge(to, value, found))

    def add_beyond(self, line: Line, rest: Any) -> None:
        """What reached a line past the ops: the record has it as a gradient, and nothing of how it came about."""
        for k in np.flatnonzero(rest).tolist():
            self.is_bypassed = True
            edge = Edge(LOSS, float(np.ravel(rest)[k]), None, f"∂loss/∂{line.name} past the ops, as recorded")
            self.edges.setdefault(Node(line, k), []).append(edge)

    def reckon(self) -> None:
        """Of every element: how many routes lead from it to the loss, their sum, their sizes, the largest; and what
        the rounding of recorded gradients may come to.
        """
        self.counts: dict[Node, int] = {LOSS: 1}
        self.sums: dict[Node, float] = {LOSS: 1.0}
        self.sizes: dict[Node, float] = {LOSS: 1.0}
        self.roundings: dict[Node, float] = {LOSS: 0.0}
        self.largest_of: dict[Node, float] = {LOSS: 1.0}
        order = {line: k for k, line in enumerate(self.lines)}
        for node in sorted(self.edges, key=lambda node: order[node.line] if node.line else -1, reverse=True):
            edges = [edge for edge in self.edges[node] if self.counts.get(edge.to)]
            self.edges[node] = edges
            self.counts[node] = sum(self.counts[edge.to] for edge in edges)
            self.sums[node] = summed([edge.value * self.sums[edge.to] for edge in edges])
            self.sizes[node] = sum(abs(edge.value) * self.sizes[edge.to] for edge in edges)
            own = self.rounding_of.get(node.line, 0.0) if node.line is not None else 0.0
            self.roundings[node] = own + sum(abs(edge.value) * self.roundings[edge.to] for edge in edges)
            self.largest_of[node] = max((self.bound(edge) for edge in edges), default=0.0)
        self.counts.setdefault(self.source, 0)
        self.sums.setdefault(self.source, 0.0)
        self.sizes.setdefault(self.source, 0.0)
        self.roundings.setdefault(self.source, 0.0)

    def bound(self, edge: Edge) -> float:
        """The largest product, in size, of the routes that begin with an edge. What is not finite comes first."""
        size = abs(edge.value) * self.largest_of[edge.to]
        return math.inf if math.isnan(size) else size

    def largest(self, most: int) -> Iterator[tuple[Edge, ...]]:
        """The routes with the largest products in order: the best way onward from where each has come to is known."""
        ties = count()
        waiting: list[tuple[float, int, float, Node, tuple[Edge, ...]]] = [(0.0, next(ties), 1.0, self.source, ())]
        found = 0
        while waiting and found < most:
            _, _, size, node, route = heapq.heappop(waiting)
            if node is LOSS:
                found += 1
                yield route
                continue
            for edge in self.edges.get(node, ()):
                so_far = size * abs(edge.value)
                reach = so_far * self.largest_of[edge.to]
                reach = math.inf if math.isnan(reach) else reach
                heapq.heappush(waiting, (-reach, next(ties), so_far, edge.to, (*route, edge)))

    def route(self, edges: tuple[Edge, ...]) -> Route:
        hops, node = [], self.source
        for edge in edges:
            if edge.factors is not None or edge.says or edge.value != 1:
                op = edge.factors.call.op if edge.factors is not None else "backward"
                says = edge.says or self.said(edge.factors)
                hops.append(Hop(label(node), label(edge.to), edge.value, op, says))
            node = edge.to
        return Route(tuple(hops))

    def said(self, found: Factors | None) -> str:
        """What the factors of a call are, once each."""
        if found is None:
            return ""
        if id(found) not in self.says:
            self.says[id(found)] = found.says
        return self.says[id(found)]

    def groups(self) -> Iterator[tuple[str, int, float]]:
        """The routes by the first element that they pass, those with the largest sums first."""
        edges = self.edges.get(self.source, [])
        gathered: dict[str, tuple[int, float]] = {}
        for edge in edges:
            many, whole = gathered.get(label(edge.to), (0, 0.0))
            gathered[label(edge.to)] = (many + self.counts[edge.to], whole + edge.value * self.sums[edge.to])
        for called in sorted(gathered, key=lambda called: -abs(gathered[called][1])):
            yield (called, *gathered[called])


def tolerance_of(lines: list[Line]) -> float:
    """The share of a number that may be rounding: by the coarsest precision that a record was computed with."""
    kinds = {np.asarray(line.value).dtype for line in lines if isinstance(line.value, (np.ndarray, np.floating))}
    return max(FINEST, *(ROUNDING * float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"))


def seed_of(graph: Graph, loss: Line) -> Any:
    """The gradient that a backward pass began with: 1 for a scalar, or what backward() was given."""
    call = graph.calls.get(loss.call)
    if (
        call is not None
        and call.out is loss
        and call.g is not None
        and call.g.shape == loss.shape
        and call.g.kind == "input"
    ):
        return doubled(np.asarray(call.g.value))
    return np.ones(loss.shape)


def summed(parts: list[float]) -> float:
    """A sum without rounding on the way; math.fsum refuses to add infinities of both signs."""
    return math.fsum(parts) if all(map(math.isfinite, parts)) else sum(parts)


def label(node: Node) -> str:
    """An element as a textbook writes it: z1[0, 1]; of a scalar its name alone."""
    if node.line is None:
        return "the loss"
    if not node.line.shape:
        return node.line.name
    at = np.unravel_index(node.element, node.line.shape)
    return f"{node.line.name}[{', '.join(str(int(k)) for k in at)}]"


def shown(value: float) -> str:
    """A factor with six digits that count."""
    return f"{value + 0.0:.6g}"  # -0.0 + 0.0 is 0.0
