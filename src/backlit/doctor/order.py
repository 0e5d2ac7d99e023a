"""A: the order of calls. A step takes a fresh gradient, once, of the parameters that it holds."""

from __future__ import annotations

from typing import Any

from backlit.doctor.rule import Place, Rule, here
from backlit.doctor.state import GradientState, State

#: How often something must happen to be more than a beginning or an end.
THRICE = 3
LOOP = (
    "for x, y in loader:\n    optimizer.zero_grad()\n    loss = loss_fn(model(x), y)\n    loss.backward()\n"
    "    optimizer.step()"
)


def held(optimizer: Any) -> list[Any]:
    """The optimizer's parameters that want gradients."""
    return [p for group in optimizer.param_groups for p in group["params"] if p.needs_grad]


def needs_no_grad(error: BaseException) -> bool:
    """backward() was called on what leads to no parameter."""
    return isinstance(error, RuntimeError) and "does not require grad" in str(error)


class MissingZeroGrad(Rule):
    """A gradient that a step has used is added to, and used again."""

    id, group = "missing-zero-grad", "A"
    swallows = ("exploding-gradient", "divergence", "lr-too-high", "dead-relu", "nan-origin", "stuck-at-baseline",
                "saturated-units", "overfit", "unscaled-inputs", "class-imbalance")  # fmt: skip

    def before_step(self, optimizer: Any) -> None:
        mixed = [p for p in held(optimizer) if self.watch.gradients.of(p).state is State.MIXED]
        if mixed:
            passes = self.watch.gradients.of(mixed[0]).passes
            self.find(
                f"The gradients of {len(mixed)} parameters are the sum of {passes} backward passes, of which earlier "
                "steps have used some: they were not cleared.",
                LOOP,
            )


class MissingStep(Rule):
    """Gradients are computed and never used."""

    id, group = "missing-step", "A"
    swallows = ("stuck-at-baseline", "vanishing-gradient", "lr-too-low", "stopped-too-early", "stale-optimizer")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.unused = 0
        self.versions: dict[int, tuple[Any, int]] = {}
        self.place = here()
        self.reached: dict[int, int] = {}  # how often each leaf was reached
        self.first: dict[int, int] = {}  # its version then

    def after_backward(self, leaves: list[Any]) -> None:
        for leaf in leaves:
            self.reached[id(leaf)] = self.reached.get(id(leaf), 0) + 1
            self.first.setdefault(id(leaf), leaf.version.count)

    def on_backward(self, roots: list[Any]) -> None:
        self.place = here()
        for state in self.watch.gradients.known.values():
            p = state.parameter
            if self.versions.setdefault(id(p), (p, p.version.count))[1] != p.version.count:
                self.unused, self.versions = 0, {}
                return
        thrown_away = any(state.discarded for state in self.watch.gradients.known.values())
        self.unused += thrown_away
        if self.unused >= THRICE and not self.watch.steps:
            self.say()

    def finish(self) -> None:
        changed = any(p.version.count != count for p, count in self.versions.values())
        if self.watch.passes >= THRICE and not self.watch.steps and not changed and self.versions:
            self.say()
        elif any(map(self.is_idle, self.watch.created)):
            self.find(
                "An optimizer has never taken a step, though its parameters got gradients again and again.",
                "loss.backward()\noptimizer.step()",
                place=self.place,
            )

    def is_idle(self, optimizer: Any) -> bool:
        """Whether an optimizer never stepped, and its parameters stayed as they were while they got gradients."""
        if any(optimizer is active for active in self.watch.optimizers):
            return False
        mine = held(optimizer)
        return bool(mine) and all(
            self.reached.get(id(p), 0) >= THRICE and self.first[id(p)] == p.version.count for p in mine
        )

    def say(self) -> None:
        self.find(
            f"{self.watch.passes} backward passes have run, no optimizer has taken a step, and no parameter has "
            "changed.",
            "loss.backward()\noptimizer.step()",
            place=self.place,
        )


class MissingBackward(Rule):
    """A step without a gradient, and no backward pass that could have made one."""

    id, group = "missing-backward", "A"
    swallows = ("stuck-at-baseline", "disconnected-parameter", "stopped-too-early", "stale-optimizer")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.passes = 0
        self.was_empty = False

    def before_step(self, optimizer: Any) -> None:
        states = [self.watch.gradients.of(p) for p in held(optimizer)]
        self.was_empty = bool(states) and all(s.state is State.EMPTY and not s.discarded for s in states)

    def after_step(self, optimizer: Any) -> None:
        if self.was_empty and self.watch.passes == self.passes:
            self.find(
                "The optimizer took a step, and no parameter has a gradient: no backward pass ran since the step "
                "before.",
                "loss.backward()\noptimizer.step()",
            )
        self.passes = self.watch.passes


class ZeroedBeforeStep(Rule):
    """Gradients are cleared after they were computed and before they are used."""

    id, group = "zeroed-before-step", "A"
    swallows = ("stuck-at-baseline", "missing-backward", "missing-step", "disconnected-parameter", "stopped-too-early")
    passes = 0

    def before_step(self, optimizer: Any) -> None:
        states = [self.watch.gradients.of(p) for p in held(optimizer)]
        self.passes = self.watch.passes
        self.look(states)

    def after_step(self, optimizer: Any) -> None:
        if self.watch.passes > self.passes:  # in a closure, which may clear what it computed
            self.watch.gradients.look()
            self.look([self.watch.gradients.of(p) for p in held(optimizer)])

    def look(self, states: list[GradientState]) -> None:
        if states and all(s.state is State.EMPTY for s in states) and any(s.discarded for s in states):
            self.find(
                f"The gradients of {sum(s.discarded for s in states)} parameters were computed, and cleared before "
                "this step could use them.",
                LOOP,
            )


class StepRepeated(Rule):
    """The same gradient is used again and again."""

    id, group = "step-repeated", "A"
    swallows = ("divergence", "lr-too-high")

    def before_step(self, optimizer: Any) -> None:
        states = [self.watch.gradients.of(p) for p in held(optimizer)]
        again = [s for s in states if s.state is State.USED]
        if again:
            self.watch.until = max(self.watch.until, self.watch.steps + THRICE)  # do the next ones use it too?
        if again and all(s.uses >= THRICE - 1 for s in again):
            self.find(
                f"This is step number {again[0].uses + 1} with one and the same gradient: no backward pass ran "
                "between.",
                "loss.backward()   # before every optimizer.step()\noptimizer.step()",
            )


class NothingToTrain(Rule):
    """All parameters of the optimizer are frozen."""

    id, group = "nothing-to-train", "A"
    swallows = ("missing-backward", "stuck-at-baseline", "missing-step", "graph-cut")

    def before_step(self, optimizer: Any) -> None:
        count = sum(len(group["params"]) for group in optimizer.param_groups)
        if not held(optimizer):
            self.find(
                f"The optimizer holds {count} parameters, and none of them has requires_grad=True.",
                "for p in model.head.parameters():\n    p.requires_grad_()",
            )

    def on_error(self, error: BaseException, place: Place) -> None:
        parameters = [p for model in self.watch.models for p in model.parameters()]
        if needs_no_grad(error) and parameters and not any(p.requires_grad for p in parameters):
            self.find(
                f"The model has {len(parameters)} parameters, and none of them has requires_grad=True.",
                "for p in model.head.parameters():\n    p.requires_grad_()",
                place=place,
            )


class SchedulerFirst(Rule):
    """A schedule steps before its optimizer ever did: the first rate is never used."""

    id, group, severity = "scheduler-first", "A", "warning"

    def on_scheduler(self, scheduler: Any) -> None:
        if self.watch.steps == 0:
            self.find(
                "The schedule changed the rate before the optimizer took a step: the first rate is skipped.",
                "optimizer.step()\nscheduler.step()   # after it",
            )
