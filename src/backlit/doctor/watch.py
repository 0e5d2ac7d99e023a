"""Watching a training program: events of the engine, handed to the rules."""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import numpy as np

from backlit.autograd import modes
from backlit.autograd.modes import _Mode, grad_mode
from backlit.autograd.tracked import PACKAGE, users_frame
from backlit.doctor.course import Course
from backlit.doctor.finding import DoctorError, DoctorWarning, Finding
from backlit.doctor.precedence import ordered
from backlit.doctor.rule import Batch, LossCall, OpCall, Place, Rule, here
from backlit.doctor.state import Gradients, graph_of
from backlit.doctor.tape import LONGEST, Tape
from backlit.doctor.updates import Updates
from backlit.nn import functional as F
from backlit.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from backlit.ops.registry import IGNORE, QUIET, Op, reading
from backlit.optim.lr_scheduler.base import LRScheduler
from backlit.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from backlit.tensor import Tensor

Mode = Literal["collect", "warn", "raise"]
#: Loss functions of (input, target).
LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss", "soft_margin_loss",
)  # fmt: skip
#: Ways in which a tensor leaves the graph.
CUTS = ("detach", "item", "numpy", "tolist")


#: Steps that are watched in full at first. Mistakes in the order of calls show at once; what comes later lasts.
ALWAYS = 20
#: After that every twentieth is, in a long run every fiftieth: a small step watched in full takes three times as long.
EVERY, LONG, EVERY_OF_LONG = 20, 200, 50


class Watch:
    """Listens while it is entered, and asks every rule what it makes of each event.

    The first steps and some after them are watched in full (`is_awake`), and so is all that happens without gradients.
    Between them it only writes down the operations of the present step, so that it is known where a number broke.
    `steps` counts the steps of all optimizers; `gradients` are the states of the parameters' gradients.
    """

    def __init__(self, rules: Iterable[type[Rule]], mode: Mode = "collect", silence: Sequence[str] = ()) -> None:
        self.mode, self.silence = mode, frozenset(silence)
        self.steps = self.passes = 0
        self.gradients, self.course, self.tape, self.updates = Gradients(), Course(), Tape(), Updates()
        self.optimizers: list[Any] = []  # that have stepped
        self.created: list[Any] = []  # whether they stepped or not
        self.models: list[Any] = []
        self.depth = 0  # of modules that run
        self.rules = [rule(self) for rule in rules if rule.id not in self.silence]
        self.pending: tuple[Any, Any, Any] = (None, (), {})
        self.nodes: list[Any] = []  # of the graph that the last backward pass went through, and the leaves it reached
        self.reached: list[Any] = []
        self.place = Place("", 0)  # the user's line of the last step that was watched in full
        self.values: list[float] = []  # of the losses of this step
        self.scores: list[float] = []  # of the losses without gradients since
        self.called = Place("", 0)  # the user's line that called a model without gradients last
        self.within: list[tuple[Any, bool]] = []  # modes that are entered; whether Backlit itself did, as in batch norm
        self.given: Any = None  # what the model was called with last, in training
        self.is_awake = self.has_rested = False
        self.until = ALWAYS  # steps that are watched in full at least
        self.open, self.full = ExitStack(), ExitStack()
        self.heard: dict[str, list[Callable[..., None]]] = {
            event: [
                getattr(rule, event) for rule in self.rules if getattr(type(rule), event) is not getattr(Rule, event)
            ]
            for event in vars(Rule)
            if event.startswith(("on_", "after_", "before_")) or event == "finish"
        }
        self.by_op: dict[str, list[Callable[..., None]]] = {}
        for rule in self.rules:
            for op in rule.ops:
                self.by_op.setdefault(op, []).append(rule.on_op)

    # Entering and leaving.

    def __enter__(self) -> Watch:
        enter = self.open.enter_context
        enter(register_optimizer_step_pre_hook(self.before_step))
        enter(register_optimizer_step_post_hook(self.after_step))
        enter(replaced(Optimizer, "__init__", self.around_creation))
        enter(replaced(LRScheduler, "step", self.around_scheduler))
        enter(replaced(_Mode, "__enter__", self.around_mode))
        enter(replaced(_Mode, "__exit__", self.after_mode))
        for name in LOSSES:
            enter(replaced(F, name, functools.partial(self.around_loss, name)))
        for name in CUTS:
            enter(replaced(Tensor, name, functools.partial(self.around_cut, name)))
        self.open.callback(setattr, reading, "listener", reading.listener)
        self.open.callback(self.sleep)
        reading.listener = self
        self.wake()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def follow(self, optimizer: Any) -> None:
        """Hear of the steps of an optimizer that was made before."""
        optimizer.watch_steps()
        self.created.append(optimizer)

    def wake(self, stepped: Any = None) -> None:
        """Watch in full from here on. `stepped` is the optimizer whose step has just ended."""
        if self.is_awake:
            return
        self.is_awake, self.depth = True, 0
        if self.steps:
            self.gradients.resume([] if stepped is None else params_of(stepped))
        enter = self.full.enter_context
        enter(register_module_forward_pre_hook(self.enter_module))
        enter(register_module_forward_hook(self.leave_module, always_call=True))

    def sleep(self) -> None:
        """Write down operations, and no more."""
        self.is_awake, self.nodes = False, []
        self.full.close()

    def rest(self) -> None:
        """Listen to nothing; `note` is told of the losses."""
        self.open.close()
        self.tape.clear()

    def note(self, losses: Iterable[float]) -> None:
        """Steps were taken that could not be listened to."""
        self.has_rested = True
        for loss in losses:
            self.steps += 1
            self.count(loss)
        if self.course.means:
            self.course.heard, self.course.outputs = self.course.means[-1], []

    def count(self, loss: float | None) -> None:
        if loss is not None:
            self.course.step(loss)
        self.tell("on_losses")

    def tell(self, event: str, *values: Any) -> None:
        if not self.heard[event]:
            return
        token = QUIET.set(IGNORE)  # numbers may be infinite, and that is what rules look for
        try:
            for handler in self.heard[event]:
                handler(*values)
        finally:
            QUIET.reset(token)

    def finish(self) -> None:
        """The program has ended: rules that wait for the end have their say."""
        if self.is_awake:
            self.gradients.look()
        self.score()
        self.tell("finish")

    def score(self) -> None:
        """An evaluation has ended, if there was one."""
        if self.scores:
            self.tell("on_score", sum(self.scores) / len(self.scores))
            self.scores = []

    # What rules find.

    def found(self, rule: Rule) -> None:
        finding = rule.finding
        assert finding is not None
        if self.mode == "warn" and finding.severity != "note":
            warnings.warn_explicit(str(finding), DoctorWarning, finding.file or "<unknown>", finding.line or 1)
        if self.mode == "raise" and finding.severity == "error":
            raise DoctorError(f"{finding}\n{finding.fix}")

    @property
    def findings(self) -> list[Finding]:
        """What was found, causes first; what they explain is listed with them."""
        return ordered([rule for rule in self.rules if rule.finding is not None])

    # The engine's doors (`reading.listener`).

    def forward(self, op: Op, inputs: Sequence[Any], arrays: Sequence[Any], settings: dict[str, Any]) -> Any:
        self.pending = (op, inputs, settings)
        if self.is_awake and not grad_mode.enabled:
            self.leave_graph(inputs)
        return op.forward(*arrays, **settings)

    def made(self, result: Any) -> None:
        op, inputs, settings = self.pending
        calls = self.tape.calls
        if not self.is_awake:
            if len(calls) < LONGEST:
                calls.append((op, inputs, settings, result, None, 0))
            return
        frame = users_frame()
        call = (op, inputs, settings, result, frame.f_code, frame.f_lineno)
        if grad_mode.enabled and len(calls) < LONGEST:
            calls.append(call)
        for handler in self.by_op.get(op.name, ()):
            handler(OpCall(*call))

    def leave_graph(self, inputs: Sequence[Any]) -> None:
        if self.within and self.within[-1][1]:
            return
        for x in inputs:
            if isinstance(x, Tensor) and x.needs_grad:
                self.tell("on_cut", x, "no_grad", self.called if self.depth else here())

    def begin_backward(self, roots: Sequence[Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
        self.passes += 1
        if self.scores:
            self.score()
        value = self.tape.value_of(roots[0])
        if value is not None:
            self.values.append(value)
            if not math.isfinite(value):
                self.tell("on_broken", here())
        if not self.course.epoch_rows:
            x = self.tape.inputs_of_model()
            if x is not None:
                self.course.see(x.array)
        else:
            self.course.seen += self.course.batch_rows
        if self.is_awake:
            self.tape.done = len(self.tape.calls)
            self.gradients.look()
            self.nodes, self.reached = graph_of(roots)
            self.tell("on_backward", list(roots))
        elif value is not None:
            self.tape.drop()
        return wrap

    def end_backward(self) -> None:
        pass

    def arrived(self, leaves: Iterable[Any]) -> None:
        """`backward()` has added to the gradients of these leaves."""
        if not self.is_awake:
            return
        self.reached = list(leaves)
        for leaf in self.reached:
            self.gradients.of(leaf).after_backward()
        self.tell("after_backward", self.reached)

    # Optimizers, schedules, modules, losses.

    @property
    def is_heard(self) -> bool:
        """Whether nobody else listens just now: what a check tries out on a copy is no part of the program."""
        return reading.listener is self

    def before_step(self, optimizer: Any, *_: Any) -> None:
        if not self.is_heard:
            return
        is_known = optimizer in self.optimizers
        if is_known and not self.is_awake:
            return
        if not is_known:
            self.optimizers.append(optimizer)
            self.until = max(self.until, self.steps + ALWAYS)
            self.wake()
        self.updates.begin(optimizer)
        for p in params_of(optimizer):
            self.gradients.of(p)
        self.gradients.look()
        self.tell("before_step", optimizer)

    def after_step(self, optimizer: Any, *_: Any) -> None:
        if not self.is_heard:
            return
        self.steps += 1
        if self.is_awake:
            with np.errstate(all="ignore"):
                self.updates.end()
            self.place = here()
            self.tell("after_step", optimizer)
            for p in params_of(optimizer):
                self.gradients.of(p).after_step()
        self.count(sum(self.values) / len(self.values) if self.values else None)
        self.values = []
        self.tape.clear(self.is_awake)
        every = EVERY if self.steps < LONG else EVERY_OF_LONG
        if self.steps < self.until or self.steps % every < len(self.optimizers):
            self.wake(optimizer)
        elif self.is_awake:
            self.sleep()

    def around_creation(self, plain: Callable[..., Any], optimizer: Any, *args: Any, **kwargs: Any) -> None:
        plain(optimizer, *args, **kwargs)
        self.created.append(optimizer)

    def around_scheduler(self, plain: Callable[..., Any], scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(scheduler, "_step_count", 1) > 0:  # and not the first call, by which a schedule sets itself up
            self.tell("on_scheduler", scheduler)
        return plain(scheduler, *args, **kwargs)

    def around_mode(self, plain: Callable[..., Any], mode: Any) -> Any:
        self.within.append((mode, is_ours(sys._getframe(2))))
        if not mode.enabled and not self.within[-1][1]:
            self.wake()  # an evaluation, perhaps
        return plain(mode)

    def after_mode(self, plain: Callable[..., Any], mode: Any, *error: object) -> None:
        if self.within and self.within[-1][0] is mode:  # else it was entered before the watch was
            self.within.pop()
        plain(mode, *error)

    def enter_module(self, module: Any, args: tuple[Any, ...]) -> None:
        if not self.is_heard:
            return
        self.depth += 1
        if self.depth == 1:
            if all(module is not known for known in self.models):
                self.models.append(module)
            if not grad_mode.enabled:
                self.called = here()
                self.tell("on_evaluation", module, args[0] if args else None)
            elif args and not getattr(args[0], "needs_grad", False):  # a loss is given what a model made of its rows
                self.given = args[0]
        self.tell("on_module", module, args)

    def leave_module(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        if not self.is_heard:
            return
        self.depth -= 1
        self.tell("after_module", module, output)

    def around_loss(self, name: str, plain: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self.is_awake or not self.is_heard:
            return plain(*args, **kwargs)
        given = {**dict(zip(("input", "target"), args, strict=False)), **kwargs}
        x, y = given.pop("input", None), given.pop("target", None)
        if not isinstance(x, Tensor) or not isinstance(y, Tensor):
            return plain(*args, **kwargs)
        call = LossCall(name, x, y, given, here())
        self.tell("on_loss", call)
        if grad_mode.enabled:
            self.tell("on_batch", Batch(self.given, y, call.place))
        value = plain(*args, **kwargs)
        number = float(np.mean(value.array)) if value.array.size else math.nan
        if grad_mode.enabled:
            with np.errstate(all="ignore"):
                self.course.hear(call, number)
        else:
            self.scores.append(number)
        self.tell("after_loss", call, value)
        return value

    def around_cut(self, name: str, plain: Callable[..., Any], tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if self.is_awake and tensor.needs_grad and not tensor.is_leaf and not is_ours(sys._getframe(2)):
            self.tell("on_cut", tensor, name, here())
        return plain(tensor, *args, **kwargs)


@contextmanager
def replaced(owner: Any, name: str, around: Callable[..., Any]) -> Iterator[None]:
    """`owner.name(...)` becomes `around(plain, ...)` for a while."""
    plain = getattr(owner, name)

    @functools.wraps(plain)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return around(plain, *args, **kwargs)

    setattr(owner, name, wrapper)
    try:
        yield
    finally:
        setattr(owner, name, plain)


def is_ours(frame: Any) -> bool:
    """Whether Backlit itself does this, and not a decorator of the user's."""
    file = frame.f_code.co_filename
    return file.startswith(PACKAGE) and file != modes.__file__


def params_of(optimizer: Any) -> Iterator[Any]:
    for group in optimizer.param_groups:
        yield from group["params"]


@contextmanager
def watch(
    model: Any = None, optimizer: Any = None, mode: Mode = "collect", silence: Sequence[str] = ()
) -> Iterator[Watch]:
    """Watch a training loop of your own: `.findings` afterwards, causes first.

    `mode`: "collect" says nothing by itself, "warn" warns of each finding at once, "raise" stops at the first error
    (DoctorError). `silence` are the ids of rules to leave out. An optimizer that was made before must be given.

    >>> import backlit as torch
    >>> from backlit.doctor import watch
    >>> net = torch.nn.Linear(1, 1)
    >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    >>> x = torch.ones(4, 1)
    >>> with watch(net, optimizer) as doctor:
    ...     for _ in range(3):
    ...         loss = ((net(x) - 3 * x) ** 2).mean()
    ...         loss.backward()
    ...         optimizer.step()
    >>> doctor.findings[0].rule
    'missing-zero-grad'
    """
    from backlit.doctor import RULES

    watching = Watch(RULES, mode, silence)
    with watching:
        if optimizer is not None:
            watching.follow(optimizer)
        if model is not None:
            watching.models.append(model)
        yield watching
        watching.finish()
