"""The local derivatives of a recorded step, element by element: how each element of a value moves each of the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from backlit.autograd import grad
from backlit.autograd.node import unbroadcast
from backlit.explain import rules
from backlit.explain.formulas import derivatives, in_general, local_derivative
from backlit.explain.notation import written
from backlit.ops.registry import Rule
from backlit.tensor import Tensor
from backlit.tracing.graph import Call, Line

#: A call is looked into as long as this many runs of its rule are enough, over this many elements in all. Beyond it,
#: what follows is taken in one piece.
MOST_RUNS = 2000
MOST_WORK = 200_000_000
#: The tolerance is 128 units in the last place; of what a difference was made from, four are rounding.
CANCELLED = 4 / 128


class Factors(NamedTuple):
    """Local derivatives from elements of one line to elements of another, side by side.

    `values[k]` is the derivative of element `ends[k]` of `end` with respect to element `starts[k]` of `start`, elements
    counted as in a flattened array. Where `end` is None, it is the derivative of the loss, through all that follows.
    """

    call: Call
    at: int
    start: Line
    end: Line | None
    starts: Any
    ends: Any
    values: Any

    @property
    def says(self) -> str:
        """The derivative as a formula, where the op works element by element; else what the op computes.

        In the names of the record: "∂a1/∂z1 = a1 ⊙ (1 - a1)".
        """
        found = local_derivative(self.call, self.at)
        return written(found) if found is not None else f"{self.call.op}: {in_general(self.call.op)}"


def factors(
    calls: Iterable[Call], values: Mapping[Line, Any], reached: Mapping[Line, Any], adjoints: Mapping[Line, Any]
) -> Iterator[Factors]:
    """The factors of all calls, from the elements that are reached.

    `values` are those at which to differentiate; `reached` says of each element of a line whether the scalar in
    question moves it; `adjoints` are the derivatives of the loss, for calls that are too large to look into.
    """
    for call in calls:
        for at, rule in rules.rules_of(call):
            start = call.inputs[at]
            if not call.gradients or start not in reached or not reached[start].any():
                continue
            yield Differentiated(call, at, rule, values).factors(reached, adjoints)


class Differentiated:
    """A call, seen from one of its inputs."""

    def __init__(self, call: Call, at: int, rule: Rule, values: Mapping[Line, Any]) -> None:
        self.call, self.at, self.rule, self.values = call, at, rule, values
        self.start: Line = call.inputs[at]
        self.start_shape, self.shape = np.shape(values[self.start]), np.shape(values[call.out])

    def factors(self, reached: Mapping[Line, Any], adjoints: Mapping[Line, Any]) -> Factors:
        starts = np.flatnonzero(reached[self.start])
        ends = np.flatnonzero(reached[self.call.out])
        if self.is_elementwise():
            return self.found(self.call.out, starts, starts, self.pulled(np.ones(self.shape)).ravel()[starts])
        runs, size = (
            min(len(starts), len(ends)),
            sum(np.size(value) for value in (*self.inputs(), self.values[self.start])),
        )
        if runs > MOST_RUNS or runs * size > MOST_WORK:
            whole = self.pulled(adjoints[self.call.out]).ravel()[starts]
            return self.found(None, starts, np.zeros_like(starts), whole)
        by_column = len(starts) < len(ends)
        lines = self.columns(starts) if by_column else (self.pulled(unit) for unit in units(self.shape, ends))
        places = (
            self.columns(starts, np.nan) if by_column else (self.pulled(u) for u in units(self.shape, ends, np.nan))
        )
        here, there, found = [], [], []
        for k, (line, place) in enumerate(zip(lines, places, strict=True)):
            others = ends if by_column else starts
            linked = others[np.isnan(np.ravel(place)[others])]
            here.append(linked)
            there.append(np.full(len(linked), (starts if by_column else ends)[k]))
            found.append(np.ravel(line)[linked])
        first, second = joined(here).astype(int), joined(there).astype(int)
        pair = (second, first) if by_column else (first, second)
        return self.found(self.call.out, *pair, joined(found))

    def found(self, end: Line | None, starts: Any, ends: Any, values: Any) -> Factors:
        return Factors(self.call, self.at, self.start, end, starts, ends, values)

    def inputs(self) -> list[Any]:
        return [self.values[given] for given in self.call.inputs if isinstance(given, Line)]

    def is_elementwise(self) -> bool:
        if self.start_shape != self.shape:
            return False
        return any(each.at == self.at and each.local is not None for each in derivatives(self.call))

    def pulled(self, g: Any) -> Any:
        """The rule run on a gradient of the output: rows of the matrix of derivatives, weighted by g and added."""
        with np.errstate(all="ignore"):
            result = rules.run(self.call, self.at, self.rule, g, lambda _, given: self.value(given))
            return unbroadcast(np.asarray(result), self.start_shape, np.dtype(np.float64))

    def columns(self, starts: Any, one: float = 1.0) -> Iterator[Any]:
        """The derivatives of all outputs with respect to each of some elements.

        The rule is linear in g, and its derivative with respect to g is the matrix the other way round. It is taken at
        numbers that are not all alike: some rules have a way of their own where a difference of them is 0.
        """
        size = int(np.prod(self.shape))
        g = Tensor.wrap(np.linspace(0.5, 1.5, size).reshape(self.shape)).requires_grad_()
        result = rules.run(self.call, self.at, self.rule, g, lambda _, given: tensor(self.value(given)))
        if not isinstance(result, Tensor) or not result.requires_grad:
            yield from (np.zeros(self.shape) for _ in starts)
            return
        result = unbroadcast(result, self.start_shape, np.dtype(np.float64))
        for unit in units(self.start_shape, starts, one):
            yield grad(result, g, Tensor.wrap(unit), retain_graph=True)[0].array

    def value(self, given: Any) -> Any:
        return self.values[given] if isinstance(given, Line) else given


def joined(parts: list[Any]) -> Any:
    return np.concatenate(parts) if parts else np.zeros(0)


def tensor(value: Any) -> Any:
    return Tensor.wrap(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def units(shape: tuple[int, ...], at: Any, one: float = 1.0) -> Iterator[Any]:
    """Arrays of zeros with a one at each of some places in turn."""
    for k in at:
        unit = np.zeros(shape)
        unit.ravel()[k] = one
        yield unit


def adjoints(
    calls: Iterable[Call], values: Mapping[Line, Any], seeds: Mapping[Line, Any], tolerance: float
) -> tuple[dict[Line, Any], dict[Line, Any], dict[Line, float]]:
    """The derivatives of the loss with respect to every line, by the same walk as the engine's.

    Out: these; of each line what the recorded gradient has beyond them: what came past the ops, from an
    autograd.Function, a hook, or a write to a part of a tensor; and the rounding of each line's recorded gradient.
    Less than `tolerance` of a gradient is rounding, and so are a few units in the last place of the gradient that it
    was made from: p - y leaves these where p is nearly y.
    """
    found = {line: np.asarray(seed, np.float64) for line, seed in seeds.items()}
    rounding: dict[Line, float] = {}
    beyond: dict[Line, Any] = {}
    for call in reversed(list(calls)):
        if not call.gradients or call.g is None:
            continue
        if tolerance:
            known = found.get(call.out, np.zeros(call.out.shape))
            rest = remainder(call.g.value, known, tolerance, rounding.get(call.out, 0.0))
            if rest.any():
                beyond[call.out] = rest
                found[call.out] = found.get(call.out, 0.0) + rest
        if call.out not in found:
            continue
        for at, rule in rules.rules_of(call):
            part = Differentiated(call, at, rule, values).pulled(found[call.out])
            start = call.inputs[at]
            found[start] = found[start] + part if start in found else part
            rounding[start] = max(rounding.get(start, 0.0), CANCELLED * tolerance * greatest(call.g.value))
    return found, beyond, rounding


def greatest(values: Any) -> float:
    """The largest size of a finite element."""
    array = np.asarray(values, np.float64)
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def remainder(recorded: Any, known: Any, tolerance: float, least: float = 0.0) -> Any:
    """What a recorded gradient has beyond a known part of it; 0 where that is rounding, or not finite.

    Rounding is up to `tolerance` of the gradient, and `least` in any case.
    """
    recorded = np.broadcast_to(np.asarray(recorded, np.float64), np.shape(known))
    with np.errstate(all="ignore"):
        rest = recorded - known
        is_more = np.abs(rest) > max(tolerance * greatest(recorded), least)
        return np.where(np.isfinite(rest) & is_more, rest, 0.0)
