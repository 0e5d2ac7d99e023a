"""B: loss, output and target, looked at on the first calls of every loss, and then now and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backlit import nn
from backlit.autograd.node import Node, OpNode
from backlit.doctor.rule import LossCall, OpCall, Rule, here

#: Calls of a loss that are looked at all, and how often after that.
ALWAYS, EVERY = 20, 10
LOGITS = ("cross_entropy", "binary_cross_entropy_with_logits")
CLASSES = ("cross_entropy", "nll_loss")
#: Losses whose input and target must be of one shape.
PAIRED = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")


def producer(tensor: Any) -> OpNode | None:
    """The node of the operation that made a tensor, past changes of shape."""
    node = tensor.node
    while isinstance(node, OpNode) and node.plan.op.view and node.edges:
        node = node.edges[0]
    return node if isinstance(node, OpNode) else None


def made_by(tensor: Any, *ops: str) -> bool:
    node = producer(tensor)
    return node is not None and node.plan.op.name in ops


class LossRule(Rule):
    """A rule that looks at losses' inputs and targets, often at first and then now and again."""

    group = "B"
    losses: tuple[str, ...] = ()

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.calls = 0

    def on_loss(self, call: LossCall) -> None:
        if self.finding is None and call.name in self.losses:
            self.calls += 1
            if self.calls <= ALWAYS or self.calls % EVERY == 0:
                self.look(call)

    def look(self, call: LossCall) -> None:
        raise NotImplementedError


class SoftmaxTwice(LossRule):
    """Cross-entropy takes raw scores, and takes their softmax itself."""

    id, losses = "softmax-twice", ("cross_entropy",)
    swallows = ("stuck-at-baseline", "vanishing-gradient", "output-cannot-reach-target", "lr-too-low",
                "saturated-units", "stopped-too-early", "bad-initial-loss")  # fmt: skip

    def look(self, call: LossCall) -> None:
        if made_by(call.input, "softmax"):
            k = call.input.shape[-1]
            self.find(
                f"CrossEntropyLoss was given the output of a softmax, and takes the softmax itself: over {k} classes "
                f"the loss can then not fall below {-math.log(math.e / (math.e + k - 1)):.4f}.",
                "nn.Linear(32, 10)          # the last layer: raw scores, no nn.Softmax after it\n"
                "loss = nn.CrossEntropyLoss()(scores, y)",
                place=call.place,
            )
        elif made_by(call.input, "log_softmax"):
            self.find(
                "CrossEntropyLoss was given log-softmax values, and takes the log-softmax itself. It changes nothing, "
                "and costs time.",
                "loss = F.cross_entropy(scores, y)   # or F.nll_loss(log_p, y)",
                place=call.place,
                severity="note",
            )


class SigmoidTwice(LossRule):
    """BCEWithLogitsLoss takes raw scores, and takes their sigmoid itself."""

    id, losses = "sigmoid-twice", ("binary_cross_entropy_with_logits",)
    swallows = SoftmaxTwice.swallows

    def look(self, call: LossCall) -> None:
        if made_by(call.input, "sigmoid"):
            self.find(
                "BCEWithLogitsLoss was given the output of a sigmoid, and takes the sigmoid itself: no prediction can "
                "then fall below 0.5.",
                "nn.Linear(32, 1)           # the last layer: raw scores, no nn.Sigmoid after it\n"
                "loss = nn.BCEWithLogitsLoss()(scores, y)",
                place=call.place,
            )


class BceOnLogits(LossRule):
    """Binary cross-entropy takes probabilities."""

    id, losses = "bce-on-logits", ("binary_cross_entropy",)

    def look(self, call: LossCall) -> None:
        x = call.input.array
        if x.size and (np.min(x) < 0 or np.max(x) > 1):
            self.find(
                f"BCELoss takes probabilities, and was given raw scores, from {np.min(x):.4g} to {np.max(x):.4g}.",
                "loss = nn.BCEWithLogitsLoss()(scores, y)",
                place=call.place,
            )


class NllWithoutLog(LossRule):
    """NLLLoss takes logarithms of probabilities."""

    id, losses = "nll-without-log", ("nll_loss",)
    swallows = ("divergence", "nan-origin", "exploding-gradient")

    def look(self, call: LossCall) -> None:
        x = call.input.array
        if made_by(call.input, "log_softmax") or not x.size:
            return
        rows = np.sum(x, axis=1) if x.ndim > 1 else np.sum(x)
        if np.max(x) > 0 or np.allclose(rows, 1, atol=1e-3):
            self.find(
                f"NLLLoss takes log-probabilities, and was given values from {np.min(x):.4g} to {np.max(x):.4g}.",
                "loss = nn.CrossEntropyLoss()(scores, y)   # or nn.NLLLoss()(scores.log_softmax(1), y)",
                place=call.place,
            )


class LossBroadcast(LossRule):
    """Input and target of a loss broadcast: every prediction meets every row's target."""

    id, losses = "loss-broadcast", PAIRED
    swallows = ("stuck-at-baseline", "output-cannot-reach-target")

    def look(self, call: LossCall) -> None:
        x, y = call.input.array.shape, call.target.array.shape
        if x != y:
            try:
                both = np.broadcast_shapes(x, y)
            except ValueError:
                return
            if math.prod(both) > max(math.prod(x), 1):
                self.find(
                    f"{call.name} was given a prediction of shape {list(x)} and a target of shape {list(y)}: they "
                    f"broadcast to {list(both)}, so that every prediction is compared with every row's target.",
                    "loss = loss_fn(prediction, y.unsqueeze(1))   # both of one shape",
                    place=call.place,
                )


class LabelsOutOfRange(LossRule):
    """Class numbers run from 0 to K - 1."""

    id, losses = "labels-out-of-range", CLASSES

    def look(self, call: LossCall) -> None:
        y, x = call.target.array, call.input.array
        if y.dtype.kind not in "iu" or not y.size or x.ndim == 0 or y.shape == x.shape:
            return
        k = x.shape[1] if x.ndim > 1 else x.shape[0]
        kept = y[y != call.settings.get("ignore_index", -100)]
        if kept.size and (kept.min() < 0 or kept.max() >= k):
            from_one = " They run from 1: subtract 1." if kept.min() >= 1 and kept.max() == k else ""
            self.find(
                f"Class numbers from {kept.min()} to {kept.max()} were given for {k} classes, which are 0 to {k - 1}."
                f"{from_one}",
                "loss = F.cross_entropy(scores, y - 1)" if from_one else f"nn.Linear(32, {int(kept.max()) + 1})",
                place=call.place,
            )


class LabelsOneHot(LossRule):
    """Cross-entropy takes class numbers, one for each row."""

    id, losses = "labels-one-hot", ("cross_entropy",)

    def look(self, call: LossCall) -> None:
        y, x = call.target.array, call.input.array
        if y.dtype.kind not in "iub" or y.ndim != 2:
            return
        if y.shape[1] == 1 and x.ndim == 2:
            self.say(call, f"class numbers of shape {list(y.shape)}", "y.squeeze(1)")
        elif y.shape == x.shape and np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1):
            self.say(call, f"one-hot integers of shape {list(y.shape)}", "y.argmax(1)")

    def say(self, call: LossCall, what: str, fix: str) -> None:
        self.find(f"CrossEntropyLoss was given {what}.", f"loss = F.cross_entropy(scores, {fix})", place=call.place)


class LabelsFloat(LossRule):
    """Class numbers are integers."""

    id, losses = "labels-float", ("cross_entropy",)

    def look(self, call: LossCall) -> None:
        y = call.target.array
        if y.dtype.kind == "f" and y.ndim == 1 and call.input.array.ndim == 2 and np.all(y == np.round(y)):
            self.find(
                "CrossEntropyLoss was given class numbers as floats.",
                "loss = F.cross_entropy(scores, y.long())",
                place=call.place,
            )


class BceTargetRange(LossRule):
    """Targets of binary cross-entropy lie from 0 to 1."""

    id, losses = "bce-target-range", ("binary_cross_entropy", "binary_cross_entropy_with_logits")
    swallows = ("divergence", "nan-origin", "exploding-gradient")

    def look(self, call: LossCall) -> None:
        y = call.target.array
        if y.size and (np.min(y) < 0 or np.max(y) > 1):
            is_signed = np.all((y == -1) | (y == 1))
            self.find(
                f"Targets of binary cross-entropy lie from 0 to 1, and were given from {np.min(y):g} to {np.max(y):g}.",
                "loss = loss_fn(scores, (y + 1) / 2)" if is_signed else "y = (y > threshold).float()",
                place=call.place,
            )


class OneClassOutput(LossRule):
    """A softmax over one class is 1, whatever the network says."""

    id, losses = "one-class-output", ("cross_entropy",)
    ops = ("softmax", "log_softmax")
    swallows = ("stuck-at-baseline", "softmax-twice", "softmax-wrong-axis")

    def look(self, call: LossCall) -> None:
        if call.input.array.ndim == 2 and call.input.array.shape[1] == 1:
            self.say("CrossEntropyLoss was given scores for one class: its loss is 0, whatever they are.", call.place)

    def on_op(self, call: OpCall) -> None:
        if self.finding is None:
            x = call.inputs[0].array
            if x.ndim >= 1 and x.shape[call.settings["axis"]] == 1:
                self.say("A softmax was taken over an axis of length 1: it gives 1 everywhere.", here())

    def say(self, message: str, place: Any) -> None:
        fix = "nn.Linear(32, 1) with nn.BCEWithLogitsLoss()   # or two units with nn.CrossEntropyLoss()"
        self.find(message, fix, place=place)


class SoftmaxWrongAxis(Rule):
    """A softmax over the rows of a batch: its rows do not sum to 1."""

    id, group = "softmax-wrong-axis", "B"
    ops = ("softmax", "log_softmax")
    swallows = ("stuck-at-baseline", "softmax-twice")

    def on_op(self, call: OpCall) -> None:
        if self.finding is None:
            x = call.inputs[0].array
            if x.ndim == 2 and x.shape[0] > 1 and call.settings["axis"] in (0, -2):
                self.find(
                    f"A softmax over dim 0 of a batch of shape {list(x.shape)} makes the rows compete with each other, "
                    "not the classes.",
                    "p = scores.softmax(dim=1)",
                )


class OutputCannotReachTarget(LossRule):
    """The last operation's range leaves out some targets."""

    id, losses = "output-cannot-reach-target", PAIRED
    severity = "warning"
    swallows = ("stuck-at-baseline", "dead-relu", "saturated-units")

    def look(self, call: LossCall) -> None:
        node, y = producer(call.input), call.target.array
        ranges = {"relu": (0, math.inf), "sigmoid": (0, 1), "tanh": (-1, 1), "softmax": (0, 1)}
        if node is None or node.plan.op.name not in ranges or not y.size:
            return
        low, high = ranges[node.plan.op.name]
        if np.min(y) < low or np.max(y) > high:
            outside = int(np.count_nonzero((y < low) | (y > high)))
            self.find(
                f"The output comes from {node.plan.op.name}, which gives {low} to {high:g}; {outside} of {y.size} "
                f"targets lie outside (from {np.min(y):.4g} to {np.max(y):.4g}).",
                "nn.Linear(32, 1)   # the last layer, without an activation; or scale y",
                place=call.place,
            )


class ReluBeforeLoss(LossRule):
    """Scores cut off at zero can speak against no class."""

    id, losses = "relu-before-loss", LOGITS
    severity = "warning"
    swallows = ("stuck-at-baseline", "dead-relu")

    def look(self, call: LossCall) -> None:
        if made_by(call.input, "relu"):
            self.find(
                f"The scores given to {call.name} come from a ReLU: they cannot fall below 0.",
                "nn.Linear(32, 10)   # the last layer, without nn.ReLU after it",
                place=call.place,
            )


class NoNonlinearity(Rule):
    """Two linear layers with nothing between are one."""

    id, group, severity = "no-nonlinearity", "B", "warning"
    swallows = ("stuck-at-baseline",)
    #: What may stand between two layers without making them more than one linear map.
    BETWEEN = ("dropout", "batch_norm")
    ops = ("linear",)

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.newest = self.first = -1

    def on_module(self, module: Any, args: tuple[Any, ...]) -> None:
        if self.watch.depth == 1 and not isinstance(module, nn.Linear):  # one model may go into another: a GAN
            self.first = self.newest

    def on_op(self, call: OpCall) -> None:
        if self.finding is not None or self.watch.passes > 2:
            return
        self.newest = max(self.newest, getattr(call.result.node, "number", -1))
        node = producer(call.inputs[0])
        while node is not None and node.plan.op.name in self.BETWEEN and isinstance(node.edges[0], Node):
            node = node.edges[0] if isinstance(node.edges[0], OpNode) else None
        if node is not None and node.plan.op.name == "linear" and node.number > self.first:
            self.find(
                "The output of a linear layer goes into another one with no activation between: both together are one "
                "linear layer.",
                "nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))",
            )
