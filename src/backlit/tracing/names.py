"""From a recorder to a graph: every line gets the name that a person would give it."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import numpy as np

from backlit.autograd.tracked import Tracked
from backlit.tracing.graph import Graph, Line
from backlit.tracing.recorder import Recorder


def graph_of(recorder: Recorder, step: Callable[..., Any] | None, examples: Iterable[Any], result: Any) -> Graph:
    """The finished record. What it leaves behind: the losses, the gradients, the parameters and their state."""
    names = Names(recorder, step, tuple(examples))
    names.give()
    loss = recorder.roots[0] if recorder.roots else None
    graph = Graph(recorder.lines, {}, loss, result, calls=recorder.made_calls)
    for line in recorder.roots:
        line.role = "loss"
        graph.outputs[line.name] = line
    for leaf, line in recorder.gradients.values():
        graph.outputs[f"d_{names.of_tensor(leaf)}"] = line
    for array, line in recorder.memory.held.values():
        path = names.paths.get(id(array))
        if path is not None and line.kind != "input" and path[0] not in graph.outputs:
            graph.outputs[path[0]] = line
    for line in lines_of(recorder, result):
        if line not in graph.outputs.values():
            graph.outputs[line.name] = line
    return graph


def lines_of(recorder: Recorder, result: Any) -> list[Line]:
    """The lines of the tensors that a step returned."""
    parts = result if isinstance(result, (tuple, list)) else [result]
    return [
        recorder.memory.line_of(part.array)
        for part in parts
        if isinstance(part, Tracked) and recorder.memory.knows(part.array)
    ]


class Names:
    """Names from the model's paths, the step's arguments and the user's variables, each given once."""

    def __init__(self, recorder: Recorder, step: Callable[..., Any] | None, examples: tuple[Any, ...]) -> None:
        self.recorder = recorder
        self.taken: set[str] = {"np"}
        #: Of an array: what a program and what the user calls it.
        self.paths: dict[int, tuple[str, str]] = {}
        for root in recorder.modules.roots.values():
            for path, tensor in [*root.named_parameters(), *root.named_buffers()]:
                self.paths.setdefault(id(tensor.array), (plain(path), path))
        for name, value in [*arguments_of(step, examples), *variables(recorder.frames)]:
            self.paths.setdefault(id(value.array), (plain(name), name))
            if value.grad is not None:
                self.paths.setdefault(id(value.grad.array), (f"d_{plain(name)}", f"{name}.grad"))

    def of_tensor(self, tensor: Any) -> str:
        if id(tensor.array) not in self.paths:
            self.paths[id(tensor.array)] = (f"p{len(self.paths)}", "")
        return self.paths[id(tensor.array)][0]

    def give(self) -> None:
        """Name every line: those that the user knows first, then numbers for the rest."""
        recorder = self.recorder
        chosen: dict[int, tuple[str, str]] = {}
        for array, line in recorder.memory.given.values():
            if id(array) in self.paths:
                chosen[id(line)] = self.paths[id(array)]
        for array, line in recorder.memory.held.values():
            if id(array) in self.paths and id(line) not in chosen and line.role != "update":
                chosen[id(line)] = self.paths[id(array)]
        for leaf, line in recorder.gradients.values():
            name = self.of_tensor(leaf)
            chosen.setdefault(id(line), (f"d_{name}", f"{self.paths[id(leaf.array)][1]}.grad"))
        for line in recorder.lines:
            home = line.place
            if home is not line and id(line) in chosen:
                chosen.setdefault(id(home), chosen[id(line)])
        for line in recorder.lines:
            if line.place is not line:  # the same memory, later
                line.name, line.path = line.place.name, line.place.path
                continue
            line.name, line.path = chosen.get(id(line), (line.name, ""))
            line.is_named = line.is_named or id(line) in chosen
            line.name = self.unique(line.name)

    def unique(self, name: str) -> str:
        count, wanted = 1, name
        while wanted in self.taken:
            count += 1
            wanted = f"{name}_{count}"
        self.taken.add(wanted)
        return wanted


def plain(path: str) -> str:
    """A path as a Python name: "0.weight" -> "layer_0_weight", "net.0.bias" -> "net_0_bias"."""
    name = re.sub(r"\W+", "_", path)
    return f"layer_{name}" if name[:1].isdigit() or keyword.iskeyword(name) else name


def arguments_of(step: Callable[..., Any] | None, examples: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """The tensors among a step's arguments, under its parameters' names."""
    if step is None:
        return []
    try:
        names = [p.name for p in inspect.signature(step).parameters.values()]
    except (TypeError, ValueError):
        names = []
    names += [f"x{k}" for k in range(len(names), len(examples))]
    return [(name, value) for name, value in zip(names, examples, strict=False) if isinstance(value, Tracked)]


def variables(frames: list[tuple[int, Any]]) -> list[tuple[str, Any]]:
    """The tensors that the user's variables hold: what the step itself calls them, before what it calls does."""
    found: list[tuple[str, Any]] = []
    for _, frame in sorted(frames, key=itemgetter(0)):
        for scope in (frame.f_locals, frame.f_globals):
            found += [(n, v) for n, v in list(scope.items()) if isinstance(v, Tracked) and not n.startswith("__")]
    return [(n, v) for n, v in found if isinstance(v.array, np.ndarray)]
