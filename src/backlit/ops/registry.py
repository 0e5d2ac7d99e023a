"""The op contract: a forward body in NumPy and one gradient rule per input, side by side.

An op is read four ways, by what it is called with: on arrays it computes, on tensors it differentiates, on symbols it
becomes source code, and that source becomes machine code. Its body never knows who is reading it.
"""

from __future__ import annotations

import contextvars
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

#: Every op by name, in the order of definition. Tests, the tracer and the compiler walk it.
OPS: dict[str, Op] = {}

#: The op that reads a NumPy function when it is called on tensors or symbols.
BY_NUMPY: dict[Callable[..., Any], Op] = {}

#: The flag of a code object that takes `*xs`, and the default of a setting that has none.
CO_VARARGS = 0x04
REQUIRED = object()


class Reading(threading.local):
    """Who reads the ops of this thread besides the eager engine.

    recorder: while a step is written down, who does it. listener: who is told of every call of an op and every backward
    pass: the recorder, or someone who waits for the step to record. Both None else.
    """

    recorder: Any = None
    listener: Any = None


reading = Reading()


class Sample(NamedTuple):
    """Arrays and settings with which an op is checked.

    `through` makes the op's inputs from the arrays, where it expects more of them than a shape: symmetry, say.
    """

    arrays: tuple[Any, ...]
    settings: dict[str, Any]
    through: Callable[..., Any] | None = None


Samples = Callable[["np.random.Generator"], Iterator[Sample]]


class Keep(NamedTuple):
    """Where a value that some rule names comes from when the op has run."""

    name: str
    kind: str  # input, inputs (of a variadic op), shape, shapes, out, setting or extra
    at: int


class Rule(NamedTuple):
    """The gradient of one input: `body` called with the values it names, the gradient of the output among them."""

    at: int
    body: Callable[..., Any]
    names: tuple[str, ...]


class Plan(NamedTuple):
    """What one call records, once it is known which inputs need a gradient.

    `keeps` are in the order in which their values are kept: inputs first, then the output, then the rest.
    """

    op: Op
    keeps: tuple[Keep, ...]
    rules: tuple[tuple[Callable[..., Any], Callable[[list[Any]], Sequence[Any]]], ...]
    wanted: tuple[int, ...]
    inputs: tuple[int, ...]
    keeps_out: bool
    rest: tuple[Keep, ...]
    holds: bool  # values, and not only shapes and settings


class Op:
    """One operation: its forward `body`, its gradient rules, and how NumPy and PyTorch call it.

    `broadcasts`: the rules may return the gradient in the output's shape; the walk sums it back to the input's.
    `promotes`: "same" brings all arrays to one dtype by PyTorch's rules, "float" also makes integers floats.
    `view`: the output shares the input's memory.
    """

    def __init__(self, body: Callable[..., Any], **traits: Any) -> None:
        self.forward = body
        self.name: str = traits["name"] or body.__name__
        self.torch: str | None = traits["torch"]
        self.node: str | Callable[..., str] = traits["node"] or camel(self.torch or self.name) + "Backward0"
        self.broadcasts: bool = traits["broadcasts"]
        self.promotes: str | None = traits["promotes"]
        self.view: bool = traits["view"]
        self.extras: tuple[str, ...] = traits["extras"]
        self.samples: Samples | None = traits["samples"]
        self.inputs, self.settings, self.variadic = signature(body)
        self.rules: dict[str, Rule] = {}
        self.plans: dict[tuple[int, ...], Plan] = {}
        self.__doc__ = body.__doc__
        self.__name__ = self.name

    def gradient(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Define the rule for input `name`; the rule asks by argument name for what it needs."""
        if name not in self.inputs:
            raise TypeError(f"op {self.name} has no input {name!r}; its inputs are {', '.join(self.inputs)}")

        def define(body: Callable[..., Any]) -> Callable[..., Any]:
            names = body.__code__.co_varnames[: body.__code__.co_argcount]
            for asked in names:
                if asked not in ("g", "k") and self.source(asked) is None:
                    raise TypeError(
                        f"the gradient of {self.name} with respect to {name} asks for {asked!r}, which is none of: g, "
                        f"out, {', '.join((*self.inputs, *self.settings, *self.extras))} or an input's name + '_shape'"
                    )
            self.rules[name] = Rule(self.inputs.index(name), body, names)
            return body

        return define

    def source(self, asked: str) -> Keep | None:
        """Where the value called `asked` comes from, or None."""
        if asked == "out":
            return Keep(asked, "out", 0)
        if asked in self.inputs:
            return Keep(asked, "inputs" if self.is_rest(asked) else "input", self.inputs.index(asked))
        if asked in self.settings:
            return Keep(asked, "setting", 0)
        if asked in self.extras:
            return Keep(asked, "extra", 0)
        if asked.endswith("_shape") and asked.removesuffix("_shape") in self.inputs:
            name = asked.removesuffix("_shape")
            return Keep(asked, "shapes" if self.is_rest(name) else "shape", self.inputs.index(name))
        return None

    def is_rest(self, name: str) -> bool:
        """Whether an input is the `*xs` of a variadic op."""
        return self.variadic and name == self.inputs[-1]

    def plan(self, wanted: tuple[int, ...]) -> Plan:
        """What to keep, and which rules to run, when the inputs at `wanted` need a gradient."""
        plan = self.plans.get(wanted)
        if plan is None:
            plan = self.plans[wanted] = self._plan(wanted)
        return plan

    def _plan(self, wanted: tuple[int, ...]) -> Plan:
        known = {rule.at: rule for rule in self.rules.values()}
        last = len(self.inputs) - 1
        chosen = [(i, known[at]) for i in wanted if (at := min(i, last) if self.variadic else i) in known]
        asked = dict.fromkeys(n for _, rule in chosen for n in rule.names if n not in ("g", "k"))
        sources = [self.source(n) for n in asked]
        keeps = [keep for keep in sources if keep is not None]
        if any(keep.kind == "extra" for keep in keeps):  # second derivatives compute an extra anew from the inputs
            known_names = {keep.name for keep in keeps}
            keeps += [keep for n in self.inputs if n not in known_names and (keep := self.source(n))]
            keeps += [Keep(n, "setting", 0) for n in self.settings if n not in known_names]
        keeps.sort(key=lambda keep: {"input": 0, "out": 1}.get(keep.kind, 2))
        slots = {"g": 0, **{keep.name: k for k, keep in enumerate(keeps, 1)}}
        rules = tuple((rule.body, picker([slots.get(n, -1) for n in rule.names], i - last)) for i, rule in chosen)
        inputs = tuple(keep.at for keep in keeps if keep.kind == "input")
        keeps_out = "out" in slots
        rest = tuple(keeps[len(inputs) + keeps_out :])
        holds = any(keep.kind in ("input", "out", "inputs", "extra") for keep in keeps)
        return Plan(self, tuple(keeps), rules, tuple(i for i, _ in chosen), inputs, keeps_out, rest, holds)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Split a call written NumPy's way (settings by position) into arrays and settings."""
        if self.variadic:
            return tuple(args[0]), {**dict(zip(self.settings, args[1:], strict=False)), **kwargs}
        count = len(self.inputs)
        return args[:count], {**dict(zip(self.settings, args[count:], strict=False)), **kwargs}

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """Run on arrays, or hand over to the reader that one of the inputs brings (tensors, symbols)."""
        for value in inputs:
            reader = getattr(value, "__backlit_op__", None)
            if reader is not None:
                return reader(self, inputs, settings)
        out = self.forward(*inputs, **settings)
        return out[0] if self.extras else out

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join((*self.inputs, *self.settings))})>"


def kernel(body: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a helper of the bodies that loops or writes inside. On symbols it is one line: a call of its name."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            reader = getattr(value, "__backlit_kernel__", None)
            if reader is not None:
                return reader(body, args, kwargs)
        return body(*args, **kwargs)

    return call


def signature(body: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any], bool]:
    """The names of a body's arrays (positional), its settings with defaults (keyword-only), and if it is variadic."""
    code, defaults = body.__code__, body.__kwdefaults__ or {}  # `inspect` would cost a tenth of the start
    first_setting, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    variadic = bool(code.co_flags & CO_VARARGS)
    inputs = code.co_varnames[:first_setting] + code.co_varnames[end : end + variadic]
    return inputs, {name: defaults.get(name, REQUIRED) for name in code.co_varnames[first_setting:end]}, variadic


def picker(slots: list[int], position: int) -> Callable[[list[Any]], Sequence[Any]]:
    """A function from the kept values to a rule's arguments; slot -1 stands for the input's position (`k`)."""
    if -1 in slots:
        return lambda values: tuple(position if slot < 0 else values[slot] for slot in slots)
    if len(slots) == 1:
        return itemgetter(slice(slots[0], slots[0] + 1))  # a sequence of one value, as of several
    return itemgetter(*slots)


def camel(name: str) -> str:
    """binary_cross_entropy -> BinaryCrossEntropy."""
    return "".join(part[:1].upper() + part[1:] for part in name.split(".")[-1].split("_"))


def op(
    *,
    torch: str | None = None,
    numpy: Callable[..., Any] | tuple[Callable[..., Any], ...] = (),
    name: str | None = None,
    node: str | Callable[..., str] | None = None,
    broadcasts: bool = False,
    promotes: str | None = None,
    view: bool = False,
    extras: tuple[str, ...] = (),
    samples: Samples | None = None,
) -> Callable[[Callable[..., Any]], Op]:
    """Register a body as an op.

    torch: the name under which PyTorch has it. numpy: the functions that read as this op on tensors and symbols.
    node: PyTorch's name of its graph node, or a function that finds it from the settings which the gradient rules name.
    extras: intermediates that the forward also returns: `out, {name: value}`.
    samples: a function of a random generator that yields arrays and settings to check the op with.
    """

    def define(body: Callable[..., Any]) -> Op:
        made = Op(body, torch=torch, name=name, node=node, broadcasts=broadcasts, promotes=promotes, view=view,
                  extras=extras, samples=samples)  # fmt: skip
        if made.name in OPS:
            raise TypeError(f"two ops are called {made.name!r}")
        OPS[made.name] = made
        for function in numpy if isinstance(numpy, tuple) else (numpy,):
            BY_NUMPY[function] = made
        return made

    return define


def _quiet_context() -> tuple[contextvars.ContextVar[Any], Any]:
    """NumPy's own context variable for floating-point warnings, and its value under `errstate(all="ignore")`.

    PyTorch computes log(0) = -inf without a word, and so must an op. Entering `np.errstate` costs a microsecond, more
    than a small op itself; setting the variable behind it costs a tenth of that.
    """
    with np.errstate(all="ignore"):
        context = contextvars.copy_context()
    for variable, value in context.items():
        if variable.name in ("numpy.ufunc.extobj", "numpy.ufunc_extobj"):
            return variable, value
    return contextvars.ContextVar("unused"), None


#: `token = QUIET.set(IGNORE)` ... `QUIET.reset(token)` keeps NumPy from warning of overflow, division by zero and NaN.
QUIET, IGNORE = _quiet_context()
