"""compile: a user's own training step, repeated as machine code."""

from __future__ import annotations

import functools
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backlit.autograd.modes import grad_mode
from backlit.compiler.following import Followed
from backlit.compiler.surroundings import PLAIN, Surroundings
from backlit.ops.registry import reading
from backlit.random import default_generator
from backlit.tensor import Tensor
from backlit.tracing.errors import TraceError
from backlit.tracing.graph import Graph, Line, replaced
from backlit.tracing.record import recording
from backlit.tracing.recorder import Recorder

if TYPE_CHECKING:
    from backlit.compiler.native import NativeStep, Plan

#: Versions of one step for different shapes, dtypes and other arguments; the one unused for longest makes room.
MOST_VERSIONS = 4
#: A version that had to be compiled more often than this, since something around it changed, stays eager.
MOST_PREPARED = 5


class CompiledStep:
    """A step function that runs as machine code once it has repeated itself.

    For arguments of new shapes or dtypes the first call is eager (optimizers make their state in it), the next two are
    recorded, and if both did the same, later ones run what they did, for as long as the step would find the same around
    it: the same arrays, modules, modes and numbers. Then it is recorded anew. A step that cannot be compiled stays
    eager, and a warning says why and where, once; with `strict` it raises NotCompilable instead. Threads take turns.
    """

    def __init__(self, step: Callable[..., Any], strict: bool = False) -> None:
        self.step, self.strict = step, strict
        self.versions: OrderedDict[Any, Version] = OrderedDict()
        self.told: set[str] = set()
        self.turn = threading.RLock()  # a step may call itself
        functools.update_wrapper(self, step)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if reading.listener is not None:  # somebody wants to see every operation
            return self.step(*args, **kwargs)
        with self.turn:
            version = self.version_for(args, kwargs)
            if version.reason is not None and self.strict:
                raise version.reason
            result = version.call(args, kwargs)
            if version.reason is not None:
                self.give_up(version.reason)
            return result

    def version_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Version:
        key = signature(args, kwargs)
        if key not in self.versions:
            if len(self.versions) == MOST_VERSIONS:
                self.versions.popitem(last=False)
            self.versions[key] = Version(self.step, objects_in((args, kwargs)))
        self.versions.move_to_end(key)
        return self.versions[key]

    def give_up(self, error: Exception) -> None:
        if self.strict:
            raise error
        words = f"compile: {getattr(self.step, '__name__', 'the step')} runs eagerly, since {error}."
        if words not in self.told:
            self.told.add(words)
            warnings.warn(words, stacklevel=3)

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
    """A step for arguments of one shape and dtype. `objects` are the arguments that are neither numbers nor tensors."""

    def __init__(self, step: Callable[..., Any], objects: Sequence[Any]) -> None:
        self.step, self.objects = step, objects
        self.calls = 0  # since what it finds around it was another
        self.prepared = 0  # how often it was compiled
        self.reason: Exception | None = None  # why it is eager from now on
        self.first: Recorded | None = None
        self.native: NativeStep | None = None
        self.graph: Graph

    @property
    def compiled(self) -> NativeStep:
        assert self.native is not None
        return self.native

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.reason is not None:
            return self.step(*args, **kwargs)
        if self.native is not None:
            if self.latest.still_holds():
                return self.natively(args, kwargs)
            self.native, self.first, self.calls = None, None, 0
        self.calls += 1
        return self.step(*args, **kwargs) if self.calls == 1 else self.recorded(args, kwargs)

    def recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the step eagerly and write it down; after the second time compile it."""
        before = Before(self.step, self.objects)
        try:
            with recording() as recorder:
                result = self.step(*args, **kwargs)
        except TraceError as error:  # the record's own, not the step's
            before.put_back()
            self.reason = error
            return self.step(*args, **kwargs)
        try:
            self.compile(Recorded(before, recorder, (args, kwargs), result), recorder)
        except ImportError as error:
            self.reason = RuntimeError(f"LLVM cannot be used ({error})")
        except Exception as error:  # the result is there, whatever the compiler, or LLVM, says
            self.reason = error
        return result

    def compile(self, record: Recorded, recorder: Recorder) -> None:
        """Compile what was recorded, if it is what was recorded before."""
        from backlit.compiler.native import NotCompilable, NotYet, check_repeats, compile_plan
        from backlit.tracing.names import graph_of

        first, self.first = self.first, record
        if first is None:
            return
        if self.prepared == MOST_PREPARED:
            raise NotCompilable("what it finds outside of it is another again and again")
        self.prepared += 1
        try:
            check_repeats(first.plan, record.plan, first.followed.taken() or 0)
        except NotYet:
            return  # the next call's record is held against this one
        check_same_form(first.form, record.form)
        self.native, self.latest, self.first = compile_plan(record.plan), record, None
        self.graph = graph_of(recorder, self.step, record.given, None)

    def natively(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        record, given = self.latest, tensors_in((args, kwargs))
        arrays = [
            b.array if place is None else in_order(given[place].array)
            for b, place in zip(record.plan.bindings, record.places, strict=True)
        ]
        settings = self.compiled.settings_at(record.taken + 1, record.rates)
        if len(self.compiled.run(1, None, settings, arrays)) == 0:
            result = self.step(*args, **kwargs)  # raises at an index out of range
            self.native, self.first = None, None  # else the count of steps leads another way from here on
            return result
        record.followed.note()
        record.leave_gradients()
        return replaced(record.form, record.fresh)


class Before:
    """What a step finds around it before it is recorded, and the means to put that back."""

    def __init__(self, step: Callable[..., Any], objects: Sequence[Any]) -> None:
        self.step, self.objects = step, objects
        self.found = Surroundings(step, objects)
        tensors = self.found.tensors
        self.gradients = {id(t): (t, t.grad) for t in tensors if t.is_leaf}
        kept = [*tensors, *(gradient for _, gradient in self.gradients.values() if gradient is not None)]
        self.arrays = [(t.array, t.array.copy()) for t in kept if t.array.flags.writeable]
        self.generator = default_generator.get_state()

    def put_back(self) -> None:
        for array, values in self.arrays:
            array[...] = values
        for leaf, gradient in self.gradients.values():
            leaf.grad = gradient
        default_generator.set_state(self.generator)


class Recorded:
    """One call of a step, written down: its plan, its result, and what must still hold for it to be repeated.

    Raises NotCompilable for a step that does more than a plan can tell.
    """

    def __init__(self, before: Before, recorder: Recorder, given: Any, result: Any) -> None:
        from backlit.compiler.native import NotCompilable

        name = before.found.changed()
        if name is not None:
            raise NotCompilable(f"the step changes {name!r}, and not only numbers in its tensors")
        self.given = tensors_in(given)
        self.followed = Followed(recorder.optimizers, [p for p, _ in recorder.updated.values()])
        self.found = Surroundings(before.step, [*before.objects, *self.followed.optimizers])
        self.gradients = gradients_in(recorder, before)
        outputs: list[Line] = []
        self.form = replaced(result, lambda part: output_of(part, recorder, outputs))
        self.plan, self.places = with_arguments(plan_with_results(recorder, outputs), self.given)
        self.homes = {b.after: b.array for b in self.plan.bindings if b.after is not None}
        self.rates: dict[float, float] = {}
        self.taken = 0

    def still_holds(self) -> bool:
        """Whether the step would find what it found; the rates may differ, and the optimizers may have counted on."""
        rates, taken = self.followed.rates(), self.followed.taken()
        if rates is None or taken is None or self.found.changed() is not None:
            return False
        self.rates, self.taken = rates, taken
        return all(is_as_before(leaf, start) for leaf, start, _ in self.gradients)

    def leave_gradients(self) -> None:
        for leaf, _, left in self.gradients:
            if left != "the same":
                leaf.grad = self.fresh(left)

    def fresh(self, part: Any) -> Any:
        """A part of the result: a tensor of its own for each array."""
        return Tensor.wrap(self.homes[part].copy()) if isinstance(part, Line) else part


def gradients_in(recorder: Recorder, before: Before) -> list[tuple[Any, Any, Any]]:
    """For each leaf what stood as its gradient at first, and what is left there.

    At first: None, the array if the step used it, or "another", which the step took away. Left: None, the line of a
    new gradient, or "the same" array with other numbers. Raises NotCompilable for leaves that are not in `before`.
    """
    from backlit.compiler.native import NotCompilable

    memory = recorder.memory
    for key, (_, line) in recorder.gradients.items():
        if key not in before.gradients:
            raise NotCompilable("an argument, or a tensor that the step's names do not lead to, gets a gradient", line)
    used = {**memory.given, **memory.unseen}
    found: list[tuple[Any, Any, Any]] = []
    for leaf, start in before.gradients.values():
        end = leaf.grad
        if end is not None and end is not start and id(end.array) in used:
            raise NotCompilable("the step takes a tensor from elsewhere as a gradient")
        was_used = start is not None and id(start.array) in used
        first = None if start is None else start.array if was_used else "another"
        left = end if end is None else "the same" if end is start else memory.line_of(end.array)
        found.append((leaf, first, left))
    return found


def is_as_before(leaf: Any, start: Any) -> bool:
    """Whether a leaf's gradient is what the recorded step began with."""
    if start is None or isinstance(start, str):
        return start is not None or leaf.grad is None
    return leaf.grad is not None and leaf.grad.array is start


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
        if leaf.grad is not None and id(leaf.grad.array) not in {**recorder.memory.given, **recorder.memory.unseen}
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
    seen: dict[int, int] = {}  # arrays by the order in which they come: one may be given twice

    def part(value: Any) -> Any:
        if isinstance(value, Tensor):
            number = seen.setdefault(id(value.array), len(seen))
            return number, value.array.shape, value.array.dtype.str, value.requires_grad
        return value if isinstance(value, PLAIN) else (type(value).__name__, id(value))

    return grad_mode.enabled, repr(replaced((args, tuple(kwargs.items())), part))


def objects_in(nest: Any) -> list[Any]:
    """The leaves of a nest that are neither tensors nor numbers, such as a model. Kept, their ids stay theirs."""
    found: list[Any] = []
    replaced(nest, lambda part: None if isinstance(part, (Tensor, *PLAIN)) else found.append(part))
    return found


def tensors_in(nest: Any) -> list[Tensor]:
    """The tensors of a nest, in order."""
    found: list[Tensor] = []
    replaced(nest, lambda part: found.append(part) if isinstance(part, Tensor) else None)
    return found


def with_arguments(plan: Plan, given: Sequence[Tensor]) -> tuple[Plan, list[int | None]]:
    """The plan, with a mark on what the step is given anew at each call; and which argument each array is.

    Raises NotCompilable if the step overwrites an argument, which may be any memory of the user's.
    """
    from backlit.compiler.native import NotCompilable

    places = [place_of(b.array, [tensor.array for tensor in given]) for b in plan.bindings]
    for binding, place in zip(plan.bindings, places, strict=True):
        if place is not None and binding.after is not None:
            raise NotCompilable("the step overwrites an argument", binding.after)
    marked = [
        b if place is None else replace(b, array=in_order(b.array), argument=True)
        for b, place in zip(plan.bindings, places, strict=True)
    ]
    return replace(plan, bindings=marked), places


def in_order(array: Any) -> Any:
    """An array, or a copy of it, as machine code expects arguments: aligned, row after row."""
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else array.copy("C")


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
