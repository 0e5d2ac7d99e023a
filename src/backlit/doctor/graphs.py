"""A: the shape of the graph. What is trained must be reached from the loss, and be the optimizer's and the model's."""

from __future__ import annotations

import re
from typing import Any

from backlit.autograd.node import Node
from backlit.doctor.order import THRICE, held, needs_no_grad
from backlit.doctor.rule import LossCall, Place, Rule
from backlit.nn import Parameter
from backlit.tensor import Tensor

#: Steps after which parameters that nobody knows of have shown themselves.
MOST_STEPS = 20


def named(watch: Any, parameter: Any) -> str:
    """What the user's model calls a parameter, or its shape."""
    for model in watch.models:
        for name, p in model.named_parameters():
            if p is parameter:
                return f"'{name}'"
    return f"a parameter of shape {list(parameter.shape)}"


class StaleOptimizer(Rule):
    """The optimizer's parameters are not the model's: it was made for another one."""

    id, group = "stale-optimizer", "A"
    swallows = ("disconnected-parameter", "stuck-at-baseline", "missing-step", "missing-backward", "stopped-too-early",
                "missing-zero-grad")  # fmt: skip

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.reached: dict[int, Any] = {}
        self.lonely: dict[int, int] = {}

    def after_backward(self, leaves: list[Any]) -> None:
        self.reached.update((id(leaf), leaf) for leaf in leaves)

    def after_step(self, optimizer: Any) -> None:
        mine = {id(p) for p in held(optimizer)}
        if self.reached and mine and not mine & self.reached.keys():
            self.find(
                f"The backward pass reached {len(self.reached)} parameters and this optimizer holds {len(mine)}: no "
                "one of them is among both. The model was made anew after the optimizer.",
                "model = Net()\noptimizer = torch.optim.Adam(model.parameters())   # after the model",
            )
        others = {key: leaf for key, leaf in self.reached.items() if key not in mine and isinstance(leaf, Parameter)}
        if others:
            self.look_after(others)
        self.reached = {}

    def look_after(self, leaves: dict[int, Any]) -> None:
        """Count the steps in which no optimizer held these parameters, though they got gradients."""
        everyones = {id(p) for other in (*self.watch.optimizers, *self.watch.created) for p in held(other)}
        for key, leaf in leaves.items():
            if key not in everyones:
                self.lonely[key] = self.lonely.get(key, 0) + 1
                if self.lonely[key] >= THRICE:
                    self.find(
                        f"{named(self.watch, leaf)} gets gradients, and no optimizer holds it: it never changes.",
                        "optimizer = torch.optim.Adam(model.parameters())",
                        severity="warning",
                    )


class DisconnectedParameter(Rule):
    """A parameter is held and wants gradients, and the loss does not depend on it."""

    id, group, severity = "disconnected-parameter", "A", "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.reached: set[int] = set()
        self.ever: set[int] = set()
        self.steps: dict[int, int] = {}

    def after_backward(self, leaves: list[Any]) -> None:
        self.ever.update(id(leaf) for leaf in leaves)

    def after_step(self, optimizer: Any) -> None:
        self.steps[id(optimizer)] = self.steps.get(id(optimizer), 0) + 1
        if self.steps[id(optimizer)] != THRICE:
            return
        never = [p for p in held(optimizer) if id(p) not in self.ever]
        if never and len(never) < len(held(optimizer)):
            names = ", ".join(named(self.watch, p) for p in never[:3])
            more = f" and {len(never) - 3} more" if len(never) > 3 else ""
            self.find(
                f"In three steps the loss never depended on {names}{more}.",
                "def forward(self, x):\n    return self.unused(self.used(x))   # or leave the layer out",
            )


class UnregisteredParameter(Rule):
    """A layer that the model does not know of: it stands in a Python list or a dict."""

    id, group = "unregistered-parameter", "A"
    swallows = ("stale-optimizer", "stuck-at-baseline")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.times = 0

    def on_backward(self, roots: list[Any]) -> None:
        if not self.watch.models:
            return
        if self.watch.steps > MOST_STEPS:
            return  # walking through all modules takes as long as a small step, and no layer appears later
        known = {id(p) for model in self.watch.models for p in model.parameters()}
        known |= {id(p) for optimizer in self.watch.optimizers for p in held(optimizer)}
        unknown = [leaf for leaf in self.watch.reached if isinstance(leaf, Parameter) and id(leaf) not in known]
        self.times += bool(unknown)
        if unknown and self.times >= 2:  # once the optimizer has had its first step, it is known what it holds
            shapes = ", ".join(str(list(leaf.shape)) for leaf in unknown[:4])
            self.find(
                f"{len(unknown)} parameters (of shapes {shapes}) are used and are not in model.parameters(): no "
                "optimizer of the model trains them, and no state_dict holds them.",
                "self.layers = nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16)])   # no plain list",
            )


class GraphCut(Rule):
    """The loss does not lead back to any parameter: something on the way left the graph."""

    id, group = "graph-cut", "A"
    swallows = ("missing-step", "missing-backward")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.cut: tuple[str, Place] | None = None
        self.strength = 0

    def on_cut(self, tensor: Any, how: str, place: Place) -> None:
        # A parameter that is used without gradients is mostly an evaluation; item and numpy are mostly for looking at.
        strength = 1 if tensor.is_leaf else 3 if how in ("detach", "no_grad") else 2
        if strength >= self.strength and not (strength == 2 and self.strength == 2):
            self.cut, self.strength = (how, place), strength

    def after_backward(self, leaves: list[Any]) -> None:
        self.cut, self.strength = None, 0

    def on_error(self, error: BaseException, place: Place) -> None:
        if needs_no_grad(error):
            how, where = self.cut or ("", place)
            words = {"detach": "detach()", "no_grad": "torch.no_grad()", "": "something before"}.get(how, f"{how}()")
            self.find(
                f"backward() was called on a loss that needs no gradient: {words} cut the way to the parameters.",
                "prediction = model(x)   # without detach(), item(), numpy() or no_grad() before the loss",
                place=where,
            )


class LossArgumentsSwapped(Rule):
    """The target stands where the prediction belongs."""

    id, group = "loss-arguments-swapped", "A"
    swallows = ("labels-out-of-range", "bce-on-logits", "loss-broadcast", "labels-float", "bce-target-range")

    def on_loss(self, call: LossCall) -> None:
        if call.target.requires_grad and not call.input.requires_grad:
            self.find(
                f"{call.name} was given an input that needs no gradient and a target that does: they are swapped.",
                "loss = loss_fn(model(x), y)   # the prediction first",
                place=call.place,
            )


class GraphGrows(Rule):
    """A backward pass goes through nodes that an earlier step made, or through the loss of an earlier pass."""

    id, group = "graph-grows", "A"
    swallows = ("backward-twice", "in-place-overwrite")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.newest = self.before = -1
        self.roots: list[Any] = []
        self.losses: set[int] = set()

    def on_backward(self, roots: list[Any]) -> None:
        numbers = [node.number for node in self.watch.nodes]
        self.roots = [root.number for root in roots if isinstance(root, Node)]
        if self.losses.intersection(numbers) - set(self.roots):
            self.find(
                "The backward pass went through the loss of the pass before: losses are summed with their graphs.",
                "total += loss.item()   # the number, without its graph\nloss.backward()",
            )
        elif numbers and min(numbers) <= self.before:
            self.find(
                f"The backward pass went through {sum(n <= self.before for n in numbers)} operations of earlier steps: "
                "a tensor with its graph is carried from step to step.",
                "total += loss.item()   # the number, without its graph\nhidden = hidden.detach()",
            )
        self.newest = max(numbers, default=self.newest)

    def after_backward(self, leaves: list[Any]) -> None:
        self.losses = set(self.roots)

    def after_step(self, optimizer: Any) -> None:
        self.before = self.newest


class BackwardTwice(Rule):
    """A graph is freed by its first backward pass."""

    id, group = "backward-twice", "A"

    def on_error(self, error: BaseException, place: Place) -> None:
        if isinstance(error, RuntimeError) and "through the graph a second time" in str(error):
            self.find(
                "backward() went through a graph that an earlier backward() had freed.",
                "(loss_a + loss_b).backward()   # one pass for both; or loss_a.backward(retain_graph=True)",
                place=place,
            )


class InPlaceOverwrite(Rule):
    """A value that the backward pass needs was overwritten."""

    id, group = "in-place-overwrite", "A"

    def on_error(self, error: BaseException, place: Place) -> None:
        found = re.search(r"overwritten at (.+):(\d+)", str(error))
        if isinstance(error, RuntimeError) and "inplace operation" in str(error):
            what = str(error).split("inplace operation: ")[-1].split(";")[0]
            self.find(
                f"An operation in place overwrote {what}, which the backward pass needs.",
                "y = y + 1   # a new tensor, not y += 1",
                place=Place(found.group(1), int(found.group(2))) if found else place,
            )


class NonScalarLoss(Rule):
    """A loss must be one number."""

    id, group = "non-scalar-loss", "A"

    def on_error(self, error: BaseException, place: Place) -> None:
        if isinstance(error, RuntimeError) and "only for scalar outputs" in str(error):
            self.find(
                "backward() was called on a tensor of more than one element.", "loss.mean().backward()", place=place
            )


class ReboundParameter(Rule):
    """`w = w - lr * w.grad` makes a new tensor, which is no leaf and gets no gradient."""

    id, group = "rebound-parameter", "A"

    def on_error(self, error: BaseException, place: Place) -> None:
        if not isinstance(error, (TypeError, AttributeError)) or "NoneType" not in str(error):
            return
        frame = innermost(error, place.file)
        if frame is None or ".grad" not in line_of(place):
            return
        values = [*frame.f_locals.items(), *frame.f_globals.items()]
        rebound = [n for n, v in values if isinstance(v, Tensor) and v.requires_grad and not v.is_leaf]
        if rebound:
            self.find(
                f"The gradient of '{rebound[0]}' is None: it was computed from another tensor in the step before, and "
                "only leaves have gradients.",
                f"with torch.no_grad():\n    {rebound[0]} -= lr * {rebound[0]}.grad   # in place: it stays a leaf",
                place=place,
            )


def innermost(error: BaseException, file: str) -> Any:
    """The last frame of the user's file in an error's traceback."""
    frame, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            frame = trace.tb_frame
        trace = trace.tb_next
    return frame


def line_of(place: Place) -> str:
    import linecache

    return linecache.getline(place.file, place.line)
