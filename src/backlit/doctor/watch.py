"""Watching a training program: events of the engine, handed to the rules."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from backlit.autograd.modes import grad_mode
from backlit.autograd.node import Node
from backlit.autograd.tracked import Tracked
from backlit.doctor.finding import DoctorError, DoctorWarning, Finding
from backlit.doctor.precedence import ordered
from backlit.doctor.rule import LossCall, OpCall, Rule, here
from backlit.doctor.state import Gradients
from backlit.nn import functional as F
from backlit.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from backlit.ops.registry import Op, reading
from backlit.optim.lr_scheduler.base import LRScheduler
from backlit.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from backlit.tensor import Tensor

Mode = Literal["collect", "warn", "raise"]
#: Loss functions of (input, target).
LOSSES = (
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss", "l1_loss",
    "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss", "soft_margin_loss",
)  # fmt: skip
#: Ways in which a tensor leaves the graph.
CUTS = ("detach", "item", "numpy", "tolist")


class Watch:
    """Listens while it is entered, and asks every rule what it makes of each event.

    `steps` counts the steps of all optimizers; `gradients` are the states of the parameters' gradients.
    """

    def __init__(self, rules: Iterable[type[Rule]], mode: Mode = "collect", silence: Sequence[str] = ()) -> None:
        self.mode, self.silence = mode, frozenset(silence)
        self.steps = self.passes = 0
        self.gradients = Gradients()
        self.optimizers: list[Any] = []
        self.models: list[Any] = []
        self.depth = 0  # of modules that run
        self.rules = [rule(self) for rule in rules if rule.id not in self.silence]
        self.pending: tuple[Any, ...] = ()
        self.reached: list[Any] = []
        self.open = ExitStack()
        self.heard: dict[str, list[Callable[..., None]]] = {
            event: [
                getattr(rule, event) for rule in self.rules if getattr(type(rule), event) is not getattr(Rule, event)
            ]
            for event in vars(Rule)
            if event.startswith(("on_", "after_", "before_")) or event == "finish"
        }

    # Entering and leaving.

    def __enter__(self) -> Watch:
        enter = self.open.enter_context
        enter(register_optimizer_step_pre_hook(lambda optimizer, args, kwargs: self.before_step(optimizer)))
        enter(register_optimizer_step_post_hook(lambda optimizer, args, kwargs: self.after_step(optimizer)))
        enter(register_module_forward_pre_hook(self.enter_module))
        enter(register_module_forward_hook(self.leave_module, always_call=True))
        enter(replaced(LRScheduler, "step", self.around_scheduler))
        for name in LOSSES:
            enter(replaced(F, name, functools.partial(self.around_loss, name)))
        for name in CUTS:
            enter(replaced(Tensor, name, functools.partial(self.around_cut, name)))
        reading.listener = self
        self.open.callback(self.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def stop(self) -> None:
        reading.listener = None

    def follow(self, optimizer: Any) -> None:
        """Hear of the steps of an optimizer that was made before."""
        self.open.enter_context(optimizer.register_step_pre_hook(lambda o, args, kwargs: self.before_step(o)))
        self.open.enter_context(optimizer.register_step_post_hook(lambda o, args, kwargs: self.after_step(o)))

    def tell(self, event: str, *values: Any) -> None:
        for handler in self.heard[event]:
            handler(*values)

    def finish(self) -> None:
        """The program has ended: rules that wait for the end have their say."""
        self.gradients.look()
        self.tell("finish")

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
        self.pending = (op, tuple(inputs), settings)
        if not grad_mode.enabled and any(isinstance(x, Tracked) and x.needs_grad for x in inputs):
            place = here()
            for x in inputs:
                if isinstance(x, Tracked) and x.needs_grad and not x.is_leaf:  # type: ignore[attr-defined]
                    self.tell("on_cut", x, "no_grad", place)
        return op.forward(*arrays, **settings)

    def made(self, result: Any) -> None:
        if self.heard["on_op"]:
            self.tell("on_op", OpCall(*self.pending, result))

    def begin_backward(self, roots: Sequence[Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
        self.gradients.look()
        self.passes += 1
        self.reached = leaves_of(roots)
        self.tell("on_backward", list(roots))
        return wrap

    def end_backward(self) -> None:
        pass

    def arrived(self, leaves: Iterable[Any]) -> None:
        """`backward()` has added to the gradients of these leaves."""
        self.reached = list(leaves)
        for leaf in self.reached:
            self.gradients.of(leaf).after_backward()
        self.tell("after_backward", self.reached)

    # Optimizers, schedules, modules, losses.

    def before_step(self, optimizer: Any) -> None:
        if optimizer not in self.optimizers:
            self.optimizers.append(optimizer)
        for group in optimizer.param_groups:
            for p in group["params"]:
                self.gradients.of(p)
        self.gradients.look()
        self.tell("before_step", optimizer)

    def after_step(self, optimizer: Any) -> None:
        self.steps += 1
        self.tell("after_step", optimizer)
        for group in optimizer.param_groups:
            for p in group["params"]:
                self.gradients.of(p).after_step()

    def around_scheduler(self, plain: Callable[..., Any], scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(scheduler, "_step_count", 1) > 0:  # and not the first call, by which a schedule sets itself up
            self.tell("on_scheduler", scheduler)
        return plain(scheduler, *args, **kwargs)

    def enter_module(self, module: Any, args: tuple[Any, ...]) -> None:
        if self.depth == 0 and all(module is not known for known in self.models):
            self.models.append(module)
        self.depth += 1
        self.tell("on_module", module, args)

    def leave_module(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        self.depth -= 1
        self.tell("after_module", module, output)

    def around_loss(self, name: str, plain: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(("input", "target"), args, strict=False)), **kwargs}
        x, y = given.pop("input", None), given.pop("target", None)
        if not isinstance(x, Tensor) or not isinstance(y, Tensor):
            return plain(*args, **kwargs)
        call = LossCall(name, x, y, given, here())
        self.tell("on_loss", call)
        value = plain(*args, **kwargs)
        self.tell("after_loss", call, value)
        return value

    def around_cut(self, name: str, plain: Callable[..., Any], tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if self.heard["on_cut"] and tensor.needs_grad and not tensor.is_leaf:
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


def leaves_of(roots: Iterable[Any]) -> list[Any]:
    """The leaves that gradients from these nodes will reach."""
    seen: dict[int, Any] = {}
    waiting = list(roots)
    leaves = []
    while waiting:
        edge = waiting.pop()
        if id(edge) in seen:
            continue
        seen[id(edge)] = edge
        if isinstance(edge, Node):
            waiting += edge.edges
        else:
            leaves.append(edge)
    return leaves


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
