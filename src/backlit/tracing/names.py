"""From a recorder to a graph: every line gets the name that a person would give it."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable
from operator import itemgetter
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from backlit.autograd.tracked import Tracked
from backlit.nn import Module
from backlit.tracing.graph import Graph, Line
from backlit.tracing.layers import layer_names, module_names, plain
from backlit.tracing.recorder import Recorder

#: Names that a program has for other things: modules, and what the kernels' text calls.
RESERVED = (
    "np", "math", "special", "abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "len", "list", "map",
    "max", "min", "pow", "range", "reversed", "round", "set", "slice", "sorted", "sum", "tuple", "type", "zip",
)  # fmt: skip
#: Words for what functions and operators make.
WORDS = {
    ("call", "add"): "sum", ("call", "maximum"): "max", ("call", "minimum"): "min", ("call", "multiply"): "product",
    ("call", "sqrt"): "root", ("call", "absolute"): "size", ("call", "equal"): "is_equal",
    ("infix", "+"): "sum", ("infix", "-"): "difference", ("infix", "*"): "product", ("infix", "/"): "quotient",
    ("infix", "@"): "product", ("infix", "**"): "power", ("infix", "//"): "quotient", ("infix", "%"): "remainder",
    ("infix", "<"): "is_less", ("infix", "<="): "is_less", ("infix", ">"): "is_greater", ("infix", ">="): "is_greater",
    ("infix", "=="): "is_equal", ("infix", "!="): "differs", ("infix", "&"): "both", ("infix", "|"): "either",
    ("prefix", "-"): "negative", ("prefix", "~"): "is_not", ("index", ""): "part", ("attribute", "T"): "transposed",
}  # fmt: skip


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
    for parameter, line in recorder.updated.values():
        graph.outputs[names.of_tensor(parameter)] = line
    for array, line in recorder.memory.held.values():
        path = names.paths.get(id(array))
        if path is not None and line.kind != "input" and path[0] not in graph.outputs:
            graph.outputs[path[0]] = line
    for line in lines_of(recorder, result):
        if line not in graph.outputs.values():
            graph.outputs[line.name] = line
    last = {id(line.place): line for line in recorder.lines if line.kind in ("write", "same")}
    graph.outputs = {name: last.get(id(line.place), line) for name, line in graph.outputs.items()}
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
    """Names from the model, the step's arguments and the user's variables, each given once.

    Data, targets and losses have the user's names, the values of a plain layered network the textbook's (`layer_names`)
    with the user's beside them, those of other networks their module's. Gradients are `d_` and a name.
    """

    def __init__(self, recorder: Recorder, step: Callable[..., Any] | None, examples: tuple[Any, ...]) -> None:
        self.recorder = recorder
        self.calls = list(recorder.made_calls.values())
        self.taken: set[str] = set(RESERVED)
        self.taken |= {line.expression.function.__name__ for line in recorder.lines if line.expression.function}
        self.counts: Counter[str] = Counter()
        self.named: set[int] = set()
        #: Of an array: what a program and what the user calls it.
        self.paths: dict[int, tuple[str, str]] = {}
        self.layers = self.name_parameters()
        self.models = {path for _, path in self.paths.values()}
        for name, value in [*arguments_of(step, examples), *variables(recorder.frames)]:
            owner, path = self.paths.setdefault(id(value.array), (plain(name), name))
            if value.grad is not None:
                self.paths.setdefault(id(value.grad.array), (f"d_{owner}", f"{path}.grad"))
        for tensor, array in recorder.moved:
            self.of_tensor(tensor)
            self.paths.setdefault(id(array), self.paths[id(tensor.array)])
        for parameter, array, name in recorder.states:
            self.of_tensor(parameter)
            owner, path = self.paths[id(parameter.array)]
            self.paths.setdefault(id(array), (f"{name}_{owner}", f"{path}.{name}"))

    def name_parameters(self) -> dict[int, str]:
        """Name the parameters and buffers of the models that ran. Out: the textbook's names, by id of line."""
        given = self.recorder.memory.given
        tensors: dict[int, str] = {}
        models = {}
        for root in self.recorder.modules.roots.values():
            held = {id(t.array): path for path, t in [*root.named_parameters(), *root.named_buffers()]}
            if any(key in given for key in held):
                models[root] = held
        several = sum(any(True for _ in model.parameters()) for model in models) > 1
        for model, held in models.items():
            before = f"{self.called(model)}." if several else ""  # two models may both have a "0.weight"
            for key, path in held.items():
                tensors.setdefault(key, before + path)
        lines = {key: given[key][1] for key in tensors if key in given}
        layers = layer_names(self.calls, {id(line) for line in lines.values()})
        if any(id(line) not in layers for line in lines.values()):  # there are parameters of other kinds
            layers = {}
        for key, path in tensors.items():
            name = layers.get(id(lines[key]), plain(path)) if key in lines else plain(path)
            self.paths[key] = (name, path)
        return layers

    def called(self, model: Module) -> str:
        """What the user calls a model: the variable that holds it, or its place in one that does."""
        for _, frame in self.recorder.frames:
            for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
                if isinstance(value, Module) and name != "self":
                    path = next((path for path, inner in value.named_modules() if inner is model), None)
                    if path is not None:
                        return path or name
        return type(model).__name__

    def of_tensor(self, tensor: Any) -> str:
        if id(tensor.array) not in self.paths:
            self.paths[id(tensor.array)] = (f"p{len(self.paths)}", "")
        return self.paths[id(tensor.array)][0]

    def give(self) -> None:
        """Name every line: those that the user knows first, then layers, gradients, updates, and the rest."""
        recorder = self.recorder
        for line in recorder.lines:
            line.is_named = False
        for line in recorder.settings.values():
            self.name(line, line.name)
        for array, line in recorder.memory.given.values():
            self.name(line, *self.paths.get(id(array), ("", "")))
        known: dict[int, tuple[str, str]] = {}
        for array, line in recorder.memory.held.values():
            if id(array) in self.paths and line.role != "update":
                known.setdefault(id(line.place), self.paths[id(array)])
        for root in recorder.roots:
            self.name(root.place, *known.get(id(root.place), ("loss", "")))
        self.name_calls(known)
        for leaf, line in recorder.gradients.values():
            name = self.of_tensor(leaf)
            self.name(line, f"d_{name}", f"{self.paths[id(leaf.array)][1]}.grad")
        for array, line in recorder.memory.held.values():
            name, path = self.paths.get(id(array), ("", ""))
            self.name(line.place, f"new_{name}" if name and line.role == "update" else name, path)
        self.name_gradients()
        self.name_rest()

    def name(self, line: Line, name: str, path: str = "", is_named: bool = True) -> None:
        """Give a line a name, unless it has one."""
        if name and id(line) not in self.named:
            self.named.add(id(line))
            line.name, line.path, line.is_named = self.unique(name), path, is_named

    def name_calls(self, known: dict[int, tuple[str, str]]) -> None:
        """The values between: from the textbook, the user's variables, or the module that made them."""
        owners = self.owners()
        modules = module_names(self.calls, owners)
        for call in self.calls:
            if call.op == "dropout" and isinstance(call.inputs[1], Line):
                self.name(call.inputs[1], self.of_module(call.out.module, "mask"))
        for call, module in zip(self.calls, owners, strict=True):
            line = call.out.place
            name, path = known.get(id(line), ("", ""))
            if name in self.taken:  # before it was overwritten, or the user's name for something else
                name, path = (f"new_{name}", path) if path in self.models else ("", "")
            before = call.inputs[0] if call.inputs else None
            if id(line) in self.layers:
                self.name(line, self.layers[id(line)], path)
            elif self.layers and isinstance(before, Line) and before.name in self.layers.values() and module:
                self.name(line, f"{before.name}_{call.op}", path)
            elif name:
                self.name(line, name, path)
            elif module:
                self.name(line, modules[id(call.out)], path)
            else:
                self.name(line, self.numbered(call.op), path, is_named=bool(path))
            for extra, value in call.extras.items():
                if isinstance(value, Line):
                    self.name(value, self.of_module(module, extra), is_named=False)

    def of_module(self, module: str, word: str) -> str:
        """A word behind the path of the module that it belongs to, where layers have no names of the textbook's."""
        return word if self.layers or not module else f"{plain(module)}_{word}"

    def owners(self) -> list[str]:
        """Of each call the path of the module that makes it, with the model's name in front where there are several."""
        memory = self.recorder.memory
        owner = {
            id(line): self.paths[id(array)][1].rpartition(".")[0]
            for array, line in [*memory.given.values(), *memory.held.values()]
            if id(array) in self.paths and self.paths[id(array)][1] in self.models
        }
        models: dict[int, str] = {}  # of a call's output: the model's name and a dot, if it is known
        for call in self.calls:
            module = call.out.module
            wholes = (owner[id(value)] for value in call.inputs if id(value) in owner)
            own = next((whole for whole in wholes if module and whole.endswith(f".{module}")), "")
            before = next((models[id(value)] for value in call.inputs if models.get(id(value))), "")
            models[id(call.out)] = own.removesuffix(module) if own else before
        return [models[id(call.out)] + call.out.module if call.out.module else "" for call in self.calls]

    def name_gradients(self) -> None:
        """d_ and the name of what it is the gradient of."""
        for call in reversed(self.calls):
            if isinstance(call.g, Line):
                self.name(call.g, f"d_{call.out.name}", is_named=call.out.is_named)
        for call in reversed(self.calls):
            for at, line in call.gradients.items():
                of = call.inputs[at] if at < len(call.inputs) else None
                if isinstance(of, Line) and id(of.place) in self.named:
                    self.name(line, f"d_{of.name.removeprefix('new_')}_part", is_named=False)

    def name_rest(self) -> None:
        """What a body or a rule needs on the way: after its function, with a number."""
        for line in self.recorder.lines:
            if line.place is not line:  # the same memory, later
                line.name, line.path, line.is_named = line.place.name, line.place.path, line.place.is_named
            elif line.kind == "input" and line.expression.text == "seed":
                self.name(line, "d_loss", is_named=False)
            elif id(line) not in self.named:
                module = line.module if line.role == "forward" else ""
                self.name(line, self.numbered(self.of_module(module, hint(line))), is_named=False)

    def numbered(self, name: str) -> str:
        """exp -> exp_1, and exp_2 the next time."""
        while True:
            self.counts[name] += 1
            if f"{name}_{self.counts[name]}" not in self.taken:
                return f"{name}_{self.counts[name]}"

    def unique(self, name: str) -> str:
        count, wanted = 1, name
        while wanted in self.taken:
            count += 1
            wanted = f"{name}_{count}"
        self.taken.add(wanted)
        return wanted


def hint(line: Line) -> str:
    """A word for what a line computes."""
    kind, text, arguments, _, _ = line.expression
    if kind == "input":
        return "random" if text == "drawn" else "given"
    if kind == "infix" and text == "/" and isinstance(arguments[0], Line):
        return "mean" if arguments[0].expression.text == "np.add.reduce" else "quotient"
    function = text.removesuffix(".reduce").split(".")[-1]
    return WORDS.get((kind, function)) or WORDS.get(("call", function)) or function or "value"


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
    """The tensors that the user's variables hold: what the step itself calls them, before what it calls does.

    A function's own variables come last: `for p in (w, b)` shall not rename b.
    """
    found: list[tuple[str, Any]] = []
    for _, frame in sorted(frames, key=itemgetter(0)):
        for scope in (given_to(frame), frame.f_globals, frame.f_locals):
            for name, value in list(scope.items()):
                if not name.startswith("__"):
                    found += [(name, value)] if isinstance(value, Tracked) else leaves_in(name, value)
    return [(n, v) for n, v in found if isinstance(v.array, np.ndarray)]


def given_to(frame: Any) -> dict[str, Any]:
    """A function's arguments, and what it takes from the functions around it: tensors before what may hold them."""
    code, own = frame.f_code, frame.f_locals
    free = sorted(code.co_freevars, key=lambda name: not isinstance(own.get(name), Tracked))
    return {name: own[name] for name in (*code.co_varnames[: code.co_argcount], *free) if name in own}


def leaves_in(name: str, holder: Any) -> list[tuple[str, Any]]:
    """The leaves in a list ("w[0]"), a dictionary ("w['out']") or an object of the user's own class ("net.w")."""
    if isinstance(holder, (list, tuple)):
        parts = [(f"{name}[{k}]", part) for k, part in enumerate(holder)]
    elif isinstance(holder, dict):
        parts = [(f"{name}[{key!r}]", part) for key, part in holder.items()]
    elif hasattr(holder, "__dict__") and not isinstance(holder, (Module, type, ModuleType, FunctionType)):
        parts = [(f"{name}.{key}", part) for key, part in vars(holder).items()]
    else:
        return []
    return [(path, part) for path, part in parts if isinstance(part, Tracked) and part.edge is part]
