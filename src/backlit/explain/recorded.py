"""From a recorder to an explanation: what the step did to each parameter, by the name that the user has for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backlit.explain.explanation import Explanation
from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.tracing import Graph, recording
from backlit.tracing.names import graph_of
from backlit.tracing.recorder import Recorder


def explain(step: Callable[..., Any], *examples: Any, **settings: Any) -> Explanation:
    """Run `step(*examples)` once, a function that trains once, and give what is to be told of it.

    >>> import backlit as torch
    >>> from backlit import explain
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> def step(x, y):
    ...     loss = torch.nn.functional.mse_loss(model(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    >>> explanation = explain.explain(step, torch.ones(3, 2), torch.zeros(3, 1))
    >>> list(explanation.parameters)
    ['weight', 'bias']

    Raises TraceError for what cannot be recorded faithfully.
    """
    with recording() as recorder:
        result = step(*examples, **settings)
        return explanation_of(recorder, step, examples, result)


def explanation_of(
    recorder: Recorder, function: Callable[..., Any] | None = None, examples: Any = (), result: Any = None,
    *, step: int = 1, optimizer: Optimizer | None = None,
) -> Explanation:  # fmt: skip
    """What is told of a finished record."""
    graph = graph_of(recorder, function, examples, result)
    leaves = {id(leaf): leaf for leaf, _ in [*recorder.gradients.values(), *recorder.updated.values()]}
    model = model_of(recorder, list(leaves.values()))
    return Explanation(
        graph, step, "", model, optimizer or optimizer_of(recorder, leaves), parameters_of(recorder, graph, leaves)
    )


def model_of(recorder: Recorder, leaves: list[Any]) -> Module | None:
    """Of the modules that were called, the one with most of the parameters that the step is about."""
    ids = {id(leaf) for leaf in leaves}
    counted = [(sum(id(p) in ids for p in root.parameters()), root) for root in recorder.modules.roots.values()]
    most, model = max(counted, key=lambda pair: pair[0], default=(0, None))
    return model if most else None


def optimizer_of(recorder: Recorder, leaves: dict[int, Any]) -> Optimizer | None:
    """The optimizer among the user's variables that has moved these parameters."""
    for _, frame in recorder.frames:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if isinstance(value, Optimizer) and recorder.updated.keys() & {
                id(p) for group in value.param_groups for p in group["params"]
            }:
                return value
    return None


def parameters_of(recorder: Recorder, graph: Graph, leaves: dict[int, Any]) -> dict[str, tuple[Any, Any, Any]]:
    """Under each parameter's path its values before the step, its gradient, and its values after."""
    order = {id(line): k for k, line in enumerate(graph.lines)}
    firsts = {id(leaf): recorder.memory.given.get(id(leaf.array)) for leaf in leaves.values()}
    found = []
    for leaf in leaves.values():
        first = firsts[id(leaf)]
        if first is not None:
            line = first[1]
            gradient = recorder.gradients[id(leaf)][1].value if id(leaf) in recorder.gradients else grad_of(leaf)
            found.append((order[id(line)], line.path or line.name, (line.value, gradient, np.array(leaf.array))))
    return {path: values for _, path, values in sorted(found, key=lambda each: each[0])}


def grad_of(leaf: Any) -> Any:
    """A gradient that arrived before the step: the optimizer of other parameters has asked for it."""
    return None if leaf.grad is None else np.array(leaf.grad.array)
