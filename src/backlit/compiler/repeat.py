"""compile: a user's own training step, repeated as machine code."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.ops.registry import reading
from backlit.tensor import Tensor
from backlit.tracing.graph import Graph, Line, replaced
from backlit.tracing.record import recording
from backlit.tracing.recorder import Recorder

if TYPE_CHECKING:
    from backlit.compiler.native import NativeStep, Plan

#: Versions of one step for different shapes, dtypes and other arguments; the one unused for longest makes room.
MOST_VERSIONS = 4


class CompiledStep:
    """A step function that runs as machine code once it has repeated itself.

    For arguments of new shapes or dtypes the first call is eager (optimizers make their state in it), the next two are
    recorded, and if both did the same, later ones run what they did. A step that cannot be compiled stays eager, and a
    warning says why and where, once; with `strict` it raises NotCompilable instead.
    """

    def __init__(self, step: Callable[..., Any], strict: bool = False) -> None:
        self.step, self.strict = step, strict
        self.versions: OrderedDict[Any, Version] = OrderedDict()
        functools.update_wrapper(self, step)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if reading.listener is not None:  # somebody wants to see every operation
            return self.step(*args, **kwargs)
        key = signature(args, kwargs)
        version = self.versions.get(key)
        if version is None:
            if len(self.versions) == MOST_VERSIONS:
                self.versions.popitem(last=False)
            version = self.versions[key] = Version(self.step, self.give_up)
        self.versions.move_to_end(key)
        return version.call(args, kwargs)

    def give_up(self, error: Exception) -> None:
        if self.strict:
            raise error
        name = getattr(self.step, "__name__", "the step")
        warnings.warn(f"compile: {name} runs eagerly, since {error}.", stacklevel=5)

    # What there is to see.

    @property
    def version(self) -> Version:
        """The version that ran last. Raises RuntimeError if none is compiled yet."""
        version = next(reversed(self.versions.values()), None)
        if version is None or version.native is None:
            raise RuntimeError(
                "compile: nothing is compiled yet. Call the step three times: once to make the optimizer's state, "
                "twice to record what it does."
            )
        return version

    def source(self) -> str:
        """The step as NumPy, as `backlit explain` shows it."""
        assert self.version.graph is not None
        return self.version.graph.source()

    def ir(self) -> str:
        """LLVM's text, after its passes."""
        return self.version.compiled.code.ir()

    def assembly(self) -> str:
        """The CPU's instructions."""
        return self.version.compiled.code.assembly()

    def report(self) -> str:
        """What a step costs: its time, its arithmetic, its dearest lines, and the distance to the machine's peak."""
        from backlit.compiler.native.account import report

        return report(self.version.compiled)

    def __repr__(self) -> str:
        count = sum(version.native is not None for version in self.versions.values())
        return f"<compiled {getattr(self.step, '__name__', 'step')}: {count} of {len(self.versions)} versions native>"


class Version:
    """A step for arguments of one shape and dtype."""

    def __init__(self, step: Callable[..., Any], give_up: Callable[[Exception], None]) -> None:
        self.step, self.give_up = step, give_up
        self.calls = 0
        self.is_eager = False
        self.plans: list[tuple[Plan, Any, int]] = []  # recorded so far: the plan, the result, the steps counted
        self.native: NativeStep | None = None
        self.graph: Graph | None = None

    @property
    def compiled(self) -> NativeStep:
        assert self.native is not None
        return self.native

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.calls += 1
        if self.is_eager or self.calls == 1:
            return self.step(*args, **kwargs)
        if self.native is None or not self.followed.is_as_recorded():
            return self.recorded(args, kwargs)
        return self.natively(args, kwargs)

    def recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the step eagerly and write it down; after the second time compile it."""
        from backlit.compiler.native import NotCompilable, check_repeats, compile_plan

        self.native = None
        with recording() as recorder:
            result = self.step(*args, **kwargs)
        try:
            outputs: list[Any] = []
            form = replaced(result, lambda part: output_of(part, recorder, outputs))
            given = [tensor.array for tensor in tensors_in((args, kwargs))]
            plan = with_arguments(plan_with_results(recorder, outputs), given)
            self.plans = [*self.plans[-1:], (plan, form, count_of(recorder.optimizers))]
            if len(self.plans) == 2:
                first, old_form, count = self.plans[0]
                check_repeats(first, plan, self.plans[1][2] - count)
                check_same_form(old_form, form)
                self.prepare(compile_plan(plan), recorder, args, kwargs, form)
        except NotCompilable as error:
            self.is_eager = True
            self.give_up(error)
        return result

    def prepare(self, native: NativeStep, recorder: Recorder, args: Any, kwargs: Any, form: Any) -> None:
        from backlit.tracing.names import graph_of

        self.native, self.form = native, form
        self.followed = Followed(recorder.optimizers)
        arrays = [tensor.array for tensor in tensors_in((args, kwargs))]
        self.places = [place_of(b.array, arrays) for b in native.plan.bindings]
        self.homes = {b.after: b.array for b in native.plan.bindings if b.after is not None}
        self.graph = graph_of(recorder, self.step, tensors_in((args, kwargs)), None)
        self.plans = []

    def natively(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = tensors_in((args, kwargs))
        plan = self.compiled.plan
        arrays = [
            b.array if place is None else np.ascontiguousarray(given[place].array)
            for b, place in zip(plan.bindings, self.places, strict=True)
        ]
        settings = self.compiled.settings_at(self.followed.taken + 1, self.followed.rates)
        if len(self.compiled.run(1, None, settings, arrays)) == 0:  # an index out of range: the eager step says which
            return self.step(*args, **kwargs)
        self.followed.note(1)
        return replaced(self.form, lambda part: self.fresh(part))

    def fresh(self, part: Any) -> Any:
        """A part of the result: a tensor of its own for each array."""
        return Tensor.wrap(self.homes[part].copy()) if isinstance(part, Line) else part


class Followed:
    """The optimizers of a recorded step: what they counted and were told since."""

    def __init__(self, optimizers: Sequence[Any]) -> None:
        self.optimizers = list(dict.fromkeys(optimizers))
        self.groups = [settings_of(group) for group in self.all_groups()]
        self.recorded_at = count_of(self.optimizers)
        self.rates: dict[float, float] = {}

    def all_groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def is_as_recorded(self) -> bool:
        """Whether the groups' settings are still the recorded ones; the rate alone may have changed."""
        self.rates = {}
        now = [settings_of(group) for group in self.all_groups()]
        for before, after in zip(self.groups, now, strict=False):
            if self.rates.setdefault(before["lr"], after["lr"]) != after["lr"]:
                return False
        return [{**a, "lr": 0} for a in now] == [{**b, "lr": 0} for b in self.groups]

    @property
    def taken(self) -> int:
        """How many steps the optimizers took since, in this version or another."""
        return count_of(self.optimizers) - self.recorded_at

    def note(self, count: int) -> None:
        """So many steps were taken: what the optimizers count, and that their parameters' memory was overwritten."""
        for optimizer in self.optimizers:
            for state in optimizer.state.values():
                if "step" in state:
                    state["step"].array[...] += count
        for group in self.all_groups():
            for p in group["params"]:
                p.version.count += 1


def count_of(optimizers: Sequence[Any]) -> int:
    """How many steps the optimizers have counted; 0 where none counts."""
    counts = (state["step"].item() for o in optimizers for state in o.state.values() if "step" in state)
    return int(next(counts, 0))


def settings_of(group: dict[str, Any]) -> dict[str, Any]:
    """A group's settings as numbers, and which of its parameters are trained."""
    settings = {name: value for name, value in group.items() if name != "params"}
    return {**settings, "lr": float(group["lr"]), "trained": [p.requires_grad for p in group["params"]]}


def plan_with_results(recorder: Recorder, outputs: Sequence[Line]) -> Plan:
    """The step's plan, with room for what it returns and for the gradients that it leaves.

    Raises NotCompilable for a step that reads values, since what it does with them in Python is not recorded.
    """
    from backlit.compiler.native import Binding, NotCompilable, plan_of

    reads = [recorder.memory.line_of(array) for _, array in recorder.reads if recorder.memory.knows(array)]
    if reads:
        raise NotCompilable("the step reads a value, by .item() or as a condition", reads[0])
    left = [
        Binding(leaf.grad.array, None, recorder.memory.line_of(leaf.grad.array))
        for leaf, _ in recorder.gradients.values()
        if leaf.grad is not None and id(leaf.grad.array) not in recorder.memory.given
    ]
    bound = {b.after for b in left}
    returned = [Binding(np.array(line.value), None, line) for line in outputs if line not in bound]
    return plan_of(recorder, [], 0, [*left, *returned])


def output_of(part: Any, recorder: Recorder, outputs: list[Line]) -> Any:
    """A part of the result: a recorded tensor as its line, anything else as it is."""
    if not isinstance(part, Tensor):
        return part
    line = recorder.memory.line_of(part.array)
    if line not in outputs:
        outputs.append(line)
    return line


def check_same_form(first: Any, second: Any) -> None:
    """Raise NotCompilable if two results differ in what is no tensor."""
    from backlit.compiler.native import NotCompilable

    forms = [replaced(form, lambda part: "tensor" if isinstance(part, Line) else part) for form in (first, second)]
    if forms[0] != forms[1]:
        raise NotCompilable("the step returns a number or an object that is another each time")


def signature(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What two calls must share to be served by the same code."""

    def part(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.array.shape, value.array.dtype.str, value.requires_grad
        try:
            hash(value)
        except TypeError:
            return id(value)
        return value

    return repr(replaced((args, tuple(sorted(kwargs.items()))), part))


def tensors_in(nest: Any) -> list[Tensor]:
    """The tensors of a nest, in order."""
    found: list[Tensor] = []
    replaced(nest, lambda part: found.append(part) if isinstance(part, Tensor) else None)
    return found


def with_arguments(plan: Plan, arrays: Sequence[Any]) -> Plan:
    """The plan, with a mark on what the step is given anew at each call."""
    marked = [replace(b, argument=place_of(b.array, arrays) is not None) for b in plan.bindings]
    return replace(plan, bindings=marked)


def place_of(array: Any, arrays: Sequence[Any]) -> int | None:
    """Which argument an array is."""
    return next((k for k, other in enumerate(arrays) if other is array), None)


def compile(step: Any = None, *, strict: bool = False, **options: Any) -> Any:
    """A training step of your own, at the speed of machine code: `fast = compile(step)`, then `fast(x, y)`.

    The step is a function of tensors that trains once (forward, loss, backward, update) and may return tensors.
    Results are those of the step itself, up to rounding. A step that cannot be compiled runs eagerly, and one line
    says why and where; with `strict` that is an error. Models and other callables, and PyTorch's own options, are
    accepted as in PyTorch: they run as they are. As a decorator too.

    >>> import backlit as torch
    >>> net = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> @torch.compile
    ... def step(x, y):
    ...     loss = ((net(x) - y) ** 2).mean()
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> x = torch.linspace(-1, 1, 8).unsqueeze(1)
    >>> losses = [step(x, 3 * x).item() for _ in range(200)]
    >>> losses[-1] < 1e-3
    True
    """
    if step is None:
        return functools.partial(compile, strict=strict, **options)
    is_function = callable(step) and hasattr(step, "__code__")
    return CompiledStep(step, strict) if is_function else step
