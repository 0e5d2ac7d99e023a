"""What lies behind a number on the page: the terms of a neuron, the routes of a weight; all from the recorded step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backlit.autograd.modes import no_grad
from backlit.explain.explanation import Explanation
from backlit.explain.formulas import in_general, text
from backlit.explain.groups import update_of_each
from backlit.explain.path import Path
from backlit.explain.routes import Route
from backlit.live.phases import Step
from backlit.nn import Linear, Module
from backlit.nn.functional import sigmoid, softmax
from backlit.tensor import Tensor
from backlit.tracing.graph import Call, Graph, Line

#: Routes that are listed one by one.
MOST_ROUTES = 12
#: The score of the last layer as the page shows it, by the kind of the problem: the op that makes a probability of it.
OUTPUTS = {"binary": "sigmoid", "classes": "softmax", "regression": ""}


def layers_of(model: Module) -> list[tuple[str, Linear]]:
    """The layers with weights in order, each with its path in the model."""
    return [(path, module) for path, module in model.named_modules() if isinstance(module, Linear)]


def linear_calls(step: Step) -> list[Call]:
    """The recorded calls of the layers with weights, the first layer's first."""
    weights = {path: number for number, (path, _) in enumerate(layers_of(step.model))}
    found: dict[int, Call] = {}
    for call in step.explanation.graph.calls.values():
        if call.op == "linear" and isinstance(call.inputs[1], Line):
            path = call.inputs[1].path.rpartition(".")[0]
            if path in weights:
                found.setdefault(weights[path], call)
    return [found[number] for number in sorted(found)]


def neuron(step: Step, layer: int, unit: int, row: int | None, kind: str) -> dict[str, Any]:
    """z = w1 x1 + ... + b of one neuron with every term, for a row of the batch, or as the mean over its rows.

    Layers count from 1, the first that has weights.
    """
    calls = linear_calls(step)
    call = calls[layer - 1]
    x, weight, bias = (np.asarray(line.value) for line in call.inputs)
    inputs, weights, scores = of_row(x, row), weight[unit].astype(np.float64), of_row(np.asarray(call.out.value), row)
    before = layer - 1
    terms = [
        {
            "edge": f"{layer}.{unit}.{i}", "weight": float(w), "from": f"{before}.{i}", "input": float(v),
            "product": float(w * v), "label": f"w{i + 1} {'x' if before == 0 else 'a'}{i + 1}",
        }
        for i, (w, v) in enumerate(zip(weights, inputs, strict=True))
    ]  # fmt: skip
    z, activation = float(scores[unit]), activation_of(step, calls, layer, unit, row, kind)
    whose = "the mean over the batch" if row is None else f"row {row} of the batch"
    words = f"Neuron {unit + 1} of layer {layer}, {whose}: z = {z:.6g}, out = {activation['out']:.6g}."
    return {
        "is": "inspection", "kind": "neuron", "layer": layer, "neuron": unit, "row": row, "rows": len(x),
        "step": step.explanation.step, "terms": terms, "bias": float(bias[unit]), "z": z, "activation": activation,
        "text": words,
    }  # fmt: skip


def of_row(array: np.ndarray[Any, Any], row: int | None) -> np.ndarray[Any, Any]:
    """One row of a batch, or the mean over all, in double precision.  Shape: array (B, C), out (C,)."""
    return array.mean(axis=0, dtype=np.float64) if row is None else array[row].astype(np.float64)


def activation_of(step: Step, calls: list[Call], layer: int, unit: int, row: int | None, kind: str) -> dict[str, Any]:
    """What a neuron's sum becomes on its way out: through its activation, or, last, as the page shows the answer."""
    if layer < len(calls):
        names = " → ".join(modules_after(step.model, layer)) or "none"
        ops = ops_between(step.explanation.graph, calls[layer - 1], calls[layer])
        out = of_row(np.asarray(calls[layer].inputs[0].value), row)
        return {"name": names, "formula": "; ".join(in_general(op) for op in ops), "out": float(out[unit])}
    op, scores = OUTPUTS[kind], np.asarray(calls[-1].out.value)
    if not op:
        return {"name": "none", "formula": "out = z", "out": float(of_row(scores, row)[unit])}
    with no_grad():
        shares = sigmoid(Tensor.wrap(scores)) if op == "sigmoid" else softmax(Tensor.wrap(scores), 1)
    return {"name": op, "formula": in_general(op), "out": float(of_row(np.asarray(shares.array), row)[unit])}


def modules_after(model: Module, layer: int) -> list[str]:
    """The names of what stands between a layer with weights and the next."""
    modules = [module for module in model.modules() if not any(True for _ in module.children())]
    places = [k for k, module in enumerate(modules) if isinstance(module, Linear)]
    return [type(module).__name__ for module in modules[places[layer - 1] + 1 : places[layer]]]


def ops_between(graph: Graph, call: Call, after: Call) -> Iterator[str]:
    """The ops on the way from one layer's sums to the next layer's inputs, in order."""
    reached = {call.out}
    for other in graph.calls.values():
        is_between = call.number < other.number < after.number
        if is_between and any(isinstance(x, Line) and x in reached for x in other.inputs):
            reached.add(other.out)
            yield other.op


def weight(step: Step, layer: int, unit: int, source: int | None) -> dict[str, Any]:
    """The chain rule of one weight along every route, the finite difference beside it, and its update.

    `source` is the input that the weight leads from, None for the neuron's bias.
    """
    path, _ = layers_of(step.model)[layer - 1]
    name = f"{path}.bias[{unit}]" if source is None else f"{path}.weight[{unit},{source}]"
    found = step.explanation.path(name, MOST_ROUTES)
    called = f"{layer}.{unit}.{'b' if source is None else source}"
    moved = update(step.explanation, name.partition("[")[0], (unit,) if source is None else (unit, source))
    return {
        "is": "inspection", "kind": "weight", "layer": layer, "neuron": unit,
        "input": "b" if source is None else source, "edge": called, "value": found.value, "gradient": found.gradient,
        "difference": found.difference, "h": found.h, "agrees": found.agrees,
        "routes": [told(step, route) for route in found.routes], "more": found.more, "more_sum": found.more_sum,
        "total": found.total, "update": moved, "text": words_of(called, found, moved),
    }  # fmt: skip


def told(step: Step, route: Route) -> dict[str, Any]:
    """A route for the page. A hop that ends at a neuron's sum says which neuron."""
    sums = {call.out.name: number for number, call in enumerate(linear_calls(step), start=1)}
    hops = []
    for hop in route.hops:
        start, end = element_of(hop.start), element_of(hop.end)
        told = {"from": hop.start, "to": hop.end, "value": hop.value, "says": hop.says}
        ends = [f"{sums[line]}.{index[-1]}" for line, index in (end, start) if line in sums and index]
        hops.append({**told, "neuron": ends[0]} if ends else told)
    return {"product": route.product, "hops": hops}


def element_of(label: str) -> tuple[str, list[str]]:
    """A label such as "z1[0, 2]" as its line's name and its index."""
    line, _, index = label.partition("[")
    return line, [part.strip() for part in index.rstrip("]").split(",")] if index else []


def update(explanation: Explanation, path: str, at: tuple[int, ...]) -> dict[str, Any]:
    """How the optimizer moved one element: its formula, and the numbers in it, states before and after."""
    before, _, after = explanation.parameters[path]
    lines = update_lines(explanation.graph.readable(), path)
    terms: dict[str, dict[str, Any]] = {}
    for line in lines:
        for operand in line.operands:
            if operand.path != path and operand not in lines and np.asarray(operand.value).dtype.kind in "fiu":
                terms.setdefault(operand.name, {"name": operand.name, "value": at_element(operand.value, at)})
        if line.name in terms:  # a state that the rule renews
            terms[line.name] |= {"before": terms[line.name]["value"], "value": at_element(line.value, at)}
    return {
        "formula": "\n".join(text(line) for line in lines) or "not updated", "terms": list(terms.values()),
        "before": at_element(before, at), "after": at_element(after, at),
    }  # fmt: skip


def update_lines(graph: Graph, path: str) -> list[Line]:
    """The lines of a readable step that renew a parameter and its states, with the numbers that only updates share."""
    renewed = next((line for line in graph.lines if line.role == "update" and is_of(line, path)), None)
    if renewed is None:
        return []
    numbers = update_of_each(graph.lines)
    own = {line for line, number in numbers.items() if number == numbers[renewed]}
    waiting = list(own)
    while waiting:  # the step's size and the like: numbers that the rule made on its way
        for line in waiting.pop().operands:
            if line.role == "update" and line not in own and np.ndim(line.value) == 0:
                own.add(line)
                waiting.append(line)
    return [line for line in graph.lines if line in own and line.kind != "input"]


def is_of(line: Line, path: str) -> bool:
    return any(operand.path == path for operand in line.operands)


def at_element(value: Any, at: tuple[int, ...]) -> float:
    """One element of an array of the parameter's shape, or the number itself."""
    array = np.asarray(value)
    return float(array[at]) if array.ndim == len(at) and array.ndim else float(array.reshape(-1)[0])


def words_of(called: str, found: Path, moved: dict[str, Any]) -> str:
    count = len(found.routes) + found.more
    return (
        f"Weight {called}: {count} route{'' if count == 1 else 's'} to the loss, whose products add up to "
        f"{found.total:.6g}; the finite difference is {found.difference:.6g}. The update takes it from "
        f"{moved['before']:.6g} to {moved['after']:.6g}."
    )
