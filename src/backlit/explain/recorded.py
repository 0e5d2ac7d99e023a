"""From a recorder to an explanation: what the step did to each parameter, by the name that the user has for it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from operator import itemgetter
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
        return explanation_of(recorder, graph=graph_of(recorder, step, examples, result))


def explanation_of(
    recorder: Recorder, changed: Iterable[tuple[Any, Any]] = (), *, graph: Graph | None = None, step: int = 1,
    optimizer: Optimizer | None = None,
) -> Explanation:  # fmt: skip
    """What is told of a finished record. `changed` are leaves that the user changed, each with its array before."""
    graph = graph_of(recorder, None, (), None) if graph is None else graph
    found = [(leaf, leaf.array) for leaf, _ in [*recorder.gradients.values(), *recorder.updated.values()]]
    leaves = {id(leaf): (leaf, array) for leaf, array in [*found, *changed]}
    model = model_of(recorder, leaves)
    parameters = parameters_of(recorder, graph, leaves)
    return Explanation(graph, step, "", model, optimizer or optimizer_of(recorder), parameters)


def model_of(recorder: Recorder, leaves: Container[int]) -> Module | None:
    """Of the modules that were called, the one with most of the parameters that the step is about."""
    counted = [(sum(id(p) in leaves for p in root.parameters()), root) for root in recorder.modules.roots.values()]
    most, model = max(counted, key=itemgetter(0), default=(0, None))
    return model if most else None


def optimizer_of(recorder: Recorder) -> Optimizer | None:
    """The optimizer among the user's variables that has moved the parameters."""
    for _, frame in recorder.frames:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if isinstance(value, Optimizer):
                owned = {id(p) for group in value.param_groups for p in group["params"]}
                if owned & recorder.updated.keys():
                    return value
    return None


def parameters_of(
    recorder: Recorder, graph: Graph, leaves: dict[int, tuple[Any, Any]]
) -> dict[str, tuple[Any, Any, Any]]:
    """Under each parameter's path its values before the step, its gradient, and its values after.

    leaves: each with the array that it had before the step.
    """
    order = {id(line): k for k, line in enumerate(graph.lines)}
    found = []
    for key, (leaf, array) in leaves.items():
        _, first = recorder.memory.given.get(id(array), (None, None))
        if first is not None:
            arrived = recorder.gradients.get(key)
            gradient = grad_of(leaf) if arrived is None else arrived[1].value
            found.append((order[id(first)], first, (first.value, gradient, np.array(leaf.array))))
    parameters: dict[str, tuple[Any, Any, Any]] = {}
    for _, line, values in sorted(found, key=itemgetter(0)):
        path = line.path or line.name
        parameters[line.name if path in parameters else path] = values
    return parameters


def grad_of(leaf: Any) -> Any:
    """A gradient that arrived before the step: the optimizer of other parameters has asked for it."""
    return None if leaf.grad is None else np.array(leaf.grad.array)
