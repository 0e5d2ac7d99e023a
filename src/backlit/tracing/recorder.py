"""The recorder: where the engine hands over while a step is written down.

The engine asks `reading.recorder` at its five doors: an op's forward (`tensor.apply`), a node's rules
(`autograd.node`), a gradient's arrival at a leaf (`autograd.backward`), a write to memory (`writing`) and an
optimizer's rule (`optim.writing`). Arrays stay arrays everywhere else: the recorder knows them again by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from backlit.autograd.modes import grad_mode
from backlit.autograd.tracked import Tracked, users_frame
from backlit.ops.registry import Op
from backlit.tracing.graph import Call, Expression, Line, Role, lines_in, replaced
from backlit.tracing.memory import Memory
from backlit.tracing.modules import ModuleStack
from backlit.tracing.symbol import Symbol

NUMBERS = (bool, int, float)


class Recorder:
    """Writes down what one thread does until it is closed.

    `lines` in order; `memory` says which line an array holds now; `gradients` are the tensors whose gradients
    arrived, with the line of the gradient; `updated` the parameters that rules overwrote, with their new line.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.memory = Memory(self)
        self.modules = ModuleStack()
        self.role: Role = "forward"
        self.op, self.reading, self.call, self.calls = "", "forward", -1, 0
        self.made_calls: dict[int, Call] = {}
        self.origins: dict[int, tuple[str, str]] = {}  # of a call: the user's line, and the module's path
        self.states: list[tuple[Any, Any, str]] = []  # an optimizer's arrays: parameter, array, name in the rule
        self.gradients: dict[int, tuple[Any, Line]] = {}
        self.updated: dict[int, tuple[Any, Line]] = {}
        self.moved: list[tuple[Any, Any]] = []  # tensors that were given another array, with the one before
        self.settings: dict[tuple[str, Any], Line] = {}
        self.frames: list[tuple[int, Any]] = []  # the user's, each with its depth
        self.roots: list[Line] = []  # what backward passes began from: the losses
        self.nodes: dict[int, tuple[Any, Line]] = {}
        self.before: list[Role] = []
        self.branches: list[Line] = []  # what bodies and rules branched on
        self.reads: list[tuple[Role, Any]] = []  # when, and of what array, the user's Python asked for the numbers
        self.optimizers: list[Any] = []  # those that stepped

    @property
    def looks(self) -> list[Any]:
        """The arrays whose numbers were asked for before the update, which may have gone one way or another for it."""
        return [array for role, array in self.reads if role in ("forward", "backward")]

    # Lines.

    def noted(self, expression: Expression, value: Any) -> Symbol:
        """A new line."""
        where, module = self.origins.get(self.call, ("", ""))
        line = Line(
            f"t{len(self.lines)}", expression, value, self.role, self.op, self.reading, self.call, where, module
        )
        self.lines.append(line)
        return Symbol(line, self, value)

    def asked(
        self, kind: str, text: str, args: Sequence[Any], kwargs: dict[str, Any], compute: Callable[..., Any],
        function: Callable[..., Any] | None = None,
    ) -> Any:  # fmt: skip
        """Compute something and write it down. Results that are no arrays are handed on as they are."""
        arguments, settings = replaced((tuple(args), dict(kwargs)), self.in_record)
        values, named = replaced((tuple(args), dict(kwargs)), value_of)
        result = compute(*values, **named)
        expression = Expression(kind, text, arguments, tuple(settings.items()), function)
        return self.result(expression, result)

    def called(self, function: Callable[..., Any], name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a NumPy function."""
        return self.asked("call", name, args, kwargs, function, function)

    def result(self, expression: Expression, value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)):
            return self.noted(expression, value)
        if isinstance(value, NUMBERS):  # arithmetic of settings; anything else is a fact about shapes
            lines = list(lines_in((expression.arguments, expression.settings)))
            return self.noted(expression, value) if all(isinstance(x.value, NUMBERS) for x in lines) else value
        if isinstance(value, (tuple, list)) and value and all(isinstance(v, (np.ndarray, np.generic)) for v in value):
            whole = self.noted(expression, value).line
            parts = [self.noted(Expression("index", "", (whole, k)), v) for k, v in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        return value

    def in_record(self, value: Any) -> Any:
        """A value as an expression holds it: symbols and arrays as lines."""
        if isinstance(value, Symbol):
            return value.line
        return self.memory.line_of(value) if isinstance(value, np.ndarray) else value

    def given(self, value: Any, sort: str, name: str = "", settings: tuple[tuple[str, Any], ...] = ()) -> Line:
        """A line for something that was there before: an input of the step."""
        expression = Expression("input", sort, (), settings)
        line = Line(name or f"c{len(self.lines)}", expression, value, "input", is_named=bool(name))
        self.lines.append(line)
        return line

    def lifted(self, value: Any) -> Any:
        """A value as a body or a rule is given it: arrays as symbols, and nests of them."""
        if isinstance(value, np.ndarray):
            return Symbol(self.memory.line_of(value), self, value)
        if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
            return type(value)(self.lifted(v) for v in value)
        return value

    def lowered(self, value: Any) -> Any:
        """The array of a symbol, known again when it comes back."""
        if not isinstance(value, Symbol):
            return value
        array = np.asarray(value.value)
        self.memory.hold(array, value.line)
        return array

    @contextmanager
    def within(self, op: str, reading: str, call: int) -> Iterator[None]:
        before = self.op, self.reading, self.call
        self.op, self.reading, self.call = op, reading, call
        try:
            yield
        finally:
            self.op, self.reading, self.call = before

    # The doors of the engine.

    def forward(self, op: Op, inputs: Sequence[Any], arrays: Sequence[Any], settings: dict[str, Any]) -> Any:
        """Run an op's body on symbols. Out: arrays, as the body itself would give."""
        frame = users_frame()
        self.look_at(frame)
        if self.role == "update" and grad_mode.enabled and any(getattr(given, "needs_grad", False) for given in inputs):
            self.role = "forward"  # once more: a second loss, or LBFGS looking where it has come to
        self.calls += 1
        self.origins[self.calls] = (f"{frame.f_code.co_filename}:{frame.f_lineno}", self.modules.path)
        with self.within(op.name, "forward", self.calls):
            symbols = [self.input_of(given, array) for given, array in zip(inputs, arrays, strict=True)]
            call = self.calls
            out = op.forward(*symbols, **settings)
            whole = out[0] if op.extras else out
            if isinstance(whole, Symbol):
                kept = {name: self.in_record(value) for name, value in out[1].items()} if op.extras else {}
                self.made_calls[call] = Call(op.name, call, self.lines_of(inputs), settings, whole.line, kept)
            if op.extras:
                out, extras = out
                return self.lowered(out), {name: self.lowered(value) for name, value in extras.items()}
            return self.lowered(out)

    def lines_of(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """The lines of an op's inputs, before they are brought to one dtype; what is no tensor as it is."""
        return tuple(self.in_record(given.array if isinstance(given, Tracked) else given) for given in inputs)

    def input_of(self, given: Any, array: Any) -> Any:
        """A symbol of an op's input; where promotion changed the dtype, that is a line too."""
        if isinstance(given, Tracked) and array is not given.array and isinstance(array, np.ndarray):
            return self.lifted(given.array).astype(array.dtype.type)
        return self.lifted(array)

    def made(self, result: Any) -> None:
        """An op has given `result` a node: its rules belong to the same call."""
        if result.node is not None:
            result.node.call = self.calls
            self.nodes[id(result.node)] = (result.node, self.memory.line_of(result.array))

    def rules(self, node: Any, values: Sequence[Any]) -> list[Any]:
        """Run a node's rules on symbols. Out: a symbol for each wanted input."""
        op = node.plan.op
        lifted = [self.lifted(value) for value in values]
        if isinstance(values[0], np.generic):  # the gradient of a loss with respect to itself
            lifted[0] = Symbol(self.given(values[0], "seed", "d_loss"), self, values[0])
        results = []
        for (rule, pick), at in zip(node.plan.rules, node.plan.wanted, strict=True):
            name = op.inputs[min(at, len(op.inputs) - 1)]
            with self.within(op.name, f"gradient of {name}", getattr(node, "call", -1)):
                results.append(rule(*pick(lifted)))
        self.differentiated(getattr(node, "call", -1), lifted[0], dict(zip(node.plan.wanted, results, strict=True)))
        return results

    def differentiated(self, number: int, g: Any, results: dict[int, Any]) -> None:
        """Note in a call what its rules were given and gave."""
        call = self.made_calls.get(number)
        if call is not None:
            call.g = self.in_record(g)
            call.gradients = {at: line for at, r in results.items() if isinstance(line := self.in_record(r), Line)}

    def begin_backward(self, roots: Sequence[Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
        """A backward walk starts. Out: how it makes tensors of what it carries, symbols among it."""
        self.look_at(users_frame())
        self.before.append(self.role)
        self.role = "backward"
        self.roots += [self.nodes[id(root)][1] for root in roots if id(root) in self.nodes]
        return lambda array, node=None: wrap(self.lowered(array), node)

    def end_backward(self) -> None:
        before = self.before.pop()
        self.role = "update" if before == "forward" else before

    def arrived(self, leaves: Iterable[Any]) -> None:
        """`backward()` has added to the gradients of these leaves."""

    def lowered_copy(self, g: Any, dtype: Any) -> Any:
        """An array of its own with the value of a symbol, in a dtype."""
        symbol = g if isinstance(g, Symbol) else self.lifted(np.asarray(g))
        if symbol.dtype != dtype:
            symbol = symbol.astype(dtype.type)
        array = np.array(symbol.value)
        self.memory.hold(array, symbol.line)
        return array

    def accumulate(self, leaf: Any, g: Any) -> None:
        """A gradient arrives: it becomes the leaf's, or is added to what stands there."""
        if leaf.grad is None:
            leaf.grad = leaf.wrap(self.lowered_copy(g, leaf.array.dtype))
        else:
            symbol = g if isinstance(g, Symbol) else self.lifted(np.asarray(g))
            with self.within("accumulate", "gradient", -1):
                self.memory.write(leaf.grad.array, self.lifted(leaf.grad.array) + symbol)
            leaf.grad.version.count += 1
        self.gradients[id(leaf)] = (leaf, self.memory.line_of(leaf.grad.array))

    def update(
        self, rule: Callable[..., Any], g: Any, p: Any, state: Sequence[Any], settings: dict[str, float]
    ) -> None:
        """Run an optimizer's rule on symbols, and write what it returns over the parameter and the state."""
        before, self.role = self.role, "update"
        with self.within(rule.__name__, "update", -1):
            named = {name: self.setting(name, value) for name, value in settings.items()}
            arrays = [p.array, *(kept.array for kept in state)]
            self.states += [(p, *kept) for kept in zip(arrays[1:], rule.__code__.co_varnames[2:], strict=False)]
            olds = [self.lifted(array) for array in arrays]
            news = rule(olds[0], self.lifted(g), *olds[1:], **named)
            for array, new in zip(arrays, news if state else (news,), strict=True):
                self.memory.write(array, new)
        self.updated[id(p)] = (p, self.memory.line_of(p.array))
        self.role = before

    def put(self, p: Any, value: Any) -> None:
        """An optimizer overwrites a parameter with something that it computed by itself."""
        self.renew(p.array, value)
        self.updated[id(p)] = (p, self.memory.line_of(p.array))

    def renew(self, array: Any, value: Any) -> None:
        """An optimizer overwrites an array of its own."""
        before, self.role = self.role, "update"
        self.memory.write(array, value)
        self.role = before

    def number(self, p: Any, array: Any, name: str) -> Symbol:
        """A number that an optimizer keeps in an array, to compute with as Python does: in double precision."""
        self.states.append((p, array, name))
        return self.noted(Expression("method", "item", (self.memory.line_of(array),)), array.item())

    def computed(self, function: Callable[..., Any], arrays: Sequence[Any], settings: dict[str, Any]) -> Any:
        """A function of the rules' own kind, such as weight decay, on symbols."""
        with self.within(function.__name__, "update", -1):
            named = {name: self.setting(name, value) for name, value in settings.items()}
            return function(*(self.lifted(array) for array in arrays), **named)

    def setting(self, name: str, value: Any) -> Any:
        """A number that a person chose, such as the learning rate, under its name."""
        if not isinstance(value, float):
            return value
        if (name, value) not in self.settings:
            self.settings[name, value] = self.given(value, "setting", name, (("name", name),))
        return Symbol(self.settings[name, value], self, value)

    def look(self, array: Any) -> None:
        """Python asks for the numbers of an array, and may do one thing or another for them."""
        self.reads.append((self.role, array))

    # What names can be taken from.

    def look_at(self, frame: Any) -> None:
        """Remember the frame: at the end its variables give names to the lines they hold."""
        if not self.frames or self.frames[-1][1] is not frame:
            self.frames.append((depth(frame), frame))


def value_of(part: Any) -> Any:
    return part.value if isinstance(part, Symbol) else part


def depth(frame: Any) -> int:
    """How many calls lie above a frame that runs."""
    count = 0
    while frame.f_back is not None:
        frame, count = frame.f_back, count + 1
    return count
