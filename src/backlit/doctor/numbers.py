"""D: numbers that run away, stand still, or are no numbers any more."""

from __future__ import annotations

import math
from statistics import median
from typing import Any, ClassVar

import numpy as np

from backlit.doctor.finding import Severity
from backlit.doctor.rule import LossCall, OpCall, Place, Rule
from backlit.doctor.tape import array_of, finite, given_to
from backlit.nn import Parameter

#: A loss has diverged at so many times its minimum, for so many steps.
DIVERGED, DIVERGED_STEPS = 3.0, 10
#: A step changes a weight by about a thousandth of it; a tenth, again and again, is no descent.
MOST_UPDATE, LEAST_UPDATE = 0.1, 1e-5
#: Steps over which updates are judged too large, and too small.
UPDATES, STILL = 20, 100
#: A loss that stood still fell by less than this share.
STOOD_STILL = 0.01
#: Cross-entropy of an untrained network, in those of a guess.
BAD_START = 2.0
#: What a loss at the baseline is within, after how many steps and epochs, and how little outputs vary then.
AT_BASELINE, BASELINE_STEPS, BASELINE_EPOCHS, FLAT = 0.02, 200, 5, 0.1
#: The share of epochs at the end that is looked at, and by how much a loss still falls in each.
END, STILL_FALLS = 0.2, 0.01


class NumberRule(Rule):
    """A rule about a run with one optimizer: where two play against each other, losses rise and fall for good."""

    group = "D"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.place: Place | None = None

    @property
    def course(self) -> Any:
        return self.watch.course

    @property
    def is_alone(self) -> bool:
        return len(self.watch.optimizers) <= 1

    def finish(self) -> None:
        """A run that learned in the end was not ill."""
        if self.finding is not None and self.course.is_fitted():
            self.withdraw()


class NanOrigin(Rule):
    """A number that is not finite came out of finite ones."""

    id, group = "nan-origin", "D"

    def on_broken(self, place: Place) -> None:
        if self.finding is not None:
            return
        call = self.watch.tape.origin()
        if call is not None:
            self.find(story(call), fix_of(call.op.name), place=call.place)
            return
        for parameter in self.parameters():
            if not finite(parameter):
                bad = int(np.count_nonzero(~np.isfinite(parameter.array)))
                self.find(
                    f"{bad} of {parameter.array.size} numbers of a parameter of shape {list(parameter.shape)} are not "
                    f"finite: step {self.watch.steps} broke it.",
                    "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)   # or a lower lr",
                    place=place,
                )
                return
        self.find(
            "The loss is not finite, and neither are the data.", "X = X[torch.isfinite(X).all(dim=1)]", place=place
        )

    def parameters(self) -> list[Any]:
        """Those of this step, in the order in which they were used."""
        return [x for call in self.watch.tape.read() for x in call.inputs if isinstance(x, Parameter)]


def story(call: OpCall) -> str:
    """Where, in the output of an operation, the first broken number is, and what it was made of."""
    out = np.atleast_1d(call.result.array)
    at = tuple(int(k) for k in np.argwhere(~np.isfinite(out))[0])
    operands = []
    for given in given_to(call)[: len(call.inputs)]:
        array = array_of(given)
        if array is not None and np.size(array):
            operands.append(operand(np.asarray(array), at, out.shape))
    where = f"row {at[0]}" + (f", column {', '.join(map(str, at[1:]))}" if len(at) > 1 else "")
    count = int(np.count_nonzero(~np.isfinite(out)))
    name = call.op.torch or call.op.name
    return (
        f"{name} gave {out[at]} in {where}, from {' and '.join(operands) or 'finite numbers'}: "
        f"the first of {count} numbers that are not finite in an output of shape {list(out.shape)}."
    )


def operand(x: np.ndarray, at: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """The number of an input at that place of the output, or the range of an input of another shape."""
    try:
        return f"{np.broadcast_to(x, shape)[at]:.6g}"
    except ValueError:
        return f"numbers from {np.min(x):.4g} to {np.max(x):.4g}"


def fix_of(name: str) -> str:
    known = {
        "log": "torch.log(x.clamp(min=1e-6))   # or torch.log1p(x); F.log_softmax for probabilities",
        "sqrt": "torch.sqrt(x.clamp(min=0) + 1e-12)",
        "div": "x / (norm + 1e-8)",
        "exp": "torch.exp(x - x.max())   # or F.softmax, F.logsumexp, which do so",
        "pow": "x.clamp(min=1e-6) ** p",
    }
    return known.get(name, "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)   # or a lower lr, scaled data")


class Divergence(NumberRule):
    """The loss rises far above what it was."""

    id = "divergence"
    swallows = ("nan-origin", "stuck-at-baseline", "dead-relu", "saturated-units", "vanishing-gradient",
                "exploding-gradient", "stopped-too-early", "lr-too-low", "overfit")  # fmt: skip

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.running = 0

    def after_step(self, optimizer: Any) -> None:
        self.place = self.watch.place

    def on_losses(self) -> None:
        if self.finding is None and self.is_risen() and self.is_alone:
            self.running += 1
            if self.running >= DIVERGED_STEPS:
                self.say(f"{self.course.means[-1]:.4g}")
        else:
            self.running = 0

    def on_broken(self, place: Place) -> None:
        if self.finding is None and len(self.course.means) >= 3 and self.is_risen() and self.is_alone:
            self.place = place
            self.say(f"{self.course.means[-1]:.4g}, and then no number")

    def is_risen(self) -> bool:
        c = self.course
        return bool(c.means) and c.means[-1] > DIVERGED * c.lowest and c.means[-1] > c.losses[0] and c.lowest > 0

    def say(self, what: str) -> None:
        self.find(
            f"The smoothed loss began at {self.course.losses[0]:.4g}, was {self.course.lowest:.4g} at its lowest, and "
            f"rose to {what}.",
            "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)   # a tenth of the rate, to begin with",
            place=self.place,
            severity="error",
        )


class UpdateRule(NumberRule):
    """A rule that compares a weight's change in a step with the weight."""

    def after_step(self, optimizer: Any) -> None:
        if self.finding is None and self.is_alone:
            self.place = self.watch.place
            changes, sizes = self.watch.updates.changes, self.watch.updates.sizes
            if any(map(math.isfinite, changes)):
                self.look(changes, sizes)

    def look(self, changes: list[float], sizes: list[float]) -> None:
        raise NotImplementedError


class LrTooHigh(UpdateRule):
    """Each step changes the weights by more than they can bear."""

    id = "lr-too-high"
    swallows = ("divergence", "nan-origin", "dead-relu", "saturated-units", "exploding-gradient", "stuck-at-baseline",
                "vanishing-gradient", "stopped-too-early", "lr-too-low", "overfit")  # fmt: skip

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.steps: list[tuple[list[float], list[float]]] = []  # the layers' changes, and their weights before

    def look(self, changes: list[float], sizes: list[float]) -> None:
        self.steps = [step for step in self.steps[1 - UPDATES :] if len(step[0]) == len(changes)]
        self.steps.append((changes, sizes))
        means = self.course.means
        if len(self.steps) >= UPDATES and means[-1] >= means[1 - UPDATES :][0]:
            self.judge()

    def on_broken(self, place: Place) -> None:
        """The loss is no number any more: what was seen must do."""
        means = self.course.means
        if len(self.steps) >= 3 and means and means[-1] > means[0]:
            self.judge()

    def judge(self) -> None:
        # Beside the weights at the window's beginning: one leap makes them so large that all later steps look small.
        first = self.steps[0][1]
        ratio = median(c / s for changes, _ in self.steps for c, s in zip(changes, first, strict=True) if c >= 0 < s)
        if self.finding is None and ratio > MOST_UPDATE:
            rates = {group["lr"] for optimizer in self.watch.optimizers for group in optimizer.param_groups}
            rate = float(max(rates))
            self.find(
                f"A step changes the weights by {ratio:.0%} of their size (about 0.1 % is usual), and the loss does "
                f"not fall: the rate {rate:g} is too high.",
                f"optimizer = torch.optim.Adam(model.parameters(), lr={min(rate / 10, 1e-2):g})",
                place=self.place,
            )


class LrTooLow(UpdateRule):
    """The weights hardly move, from the first step on."""

    id = "lr-too-low"
    swallows = ("stuck-at-baseline", "stopped-too-early")

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.largest = 0.0

    def look(self, changes: list[float], sizes: list[float]) -> None:
        ratio, means = max(c / s for c, s in zip(changes, sizes, strict=True) if s > 0), self.course.means
        self.largest = max(self.largest, ratio)
        if self.largest < LEAST_UPDATE and len(means) >= STILL and ratio > 0:
            fell = 1 - means[-1] / means[-STILL] if means[-STILL] else 0.0
            if fell < STOOD_STILL and not self.course.is_fitted():
                self.find(
                    f"In {self.watch.steps} steps no step changed a weight by more than {self.largest:.1e} of its "
                    f"size, and the loss fell by {max(fell, 0):.2%} in the last {STILL}: the rate is too low.",
                    "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)",
                    place=self.place,
                )


class BadInitialLoss(Rule):
    """The first predictions are sure, and wrong."""

    id, group, severity = "bad-initial-loss", "D", "note"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.is_done = False

    def after_loss(self, call: LossCall, value: Any) -> None:
        if self.is_done or call.name != "cross_entropy" or call.input.array.ndim < 2 or value.array.size != 1:
            return
        self.is_done = True
        k = call.input.array.shape[1]
        if k > 1 and float(value.array) > BAD_START * math.log(k):
            self.find(
                f"The first loss is {float(value.array):.4g}; a guess among {k} classes has {math.log(k):.4g}. The "
                "first scores are too large.",
                "nn.init.normal_(model[-1].weight, std=0.01)   # small first scores; and scaled inputs",
                place=call.place,
            )


class StuckAtBaseline(NumberRule):
    """After long training the network says the same of every row."""

    id = "stuck-at-baseline"
    swallows = ("stopped-too-early",)

    def after_loss(self, call: LossCall, value: Any) -> None:
        self.place = call.place

    def finish(self) -> None:
        c = self.course
        baseline = c.baseline
        limit = FLAT * math.sqrt(baseline) if c.name == "mse_loss" and baseline > 0 else FLAT
        is_long = self.watch.steps >= BASELINE_STEPS and c.epochs >= BASELINE_EPOCHS
        if is_long and self.is_alone and abs(c.heard - baseline) <= AT_BASELINE * baseline and c.spread < limit:
            self.find(
                f"After {self.watch.steps} steps the loss is {c.heard:.4g}; saying the same of every row gives "
                f"{baseline:.4g}, and the outputs hardly differ from row to row ({c.spread:.2g}).",
                "backlit.doctor.check(model, loss_fn, (x, y))   # can it learn one batch? then: rate, inputs, depth",
                place=self.place,
            )


class StoppedTooEarly(NumberRule):
    """The loss was still falling when the run ended."""

    id, severity = "stopped-too-early", "note"

    def after_step(self, optimizer: Any) -> None:
        if self.place is None:
            self.place = self.watch.place

    def finish(self) -> None:
        c = self.course
        epochs = int(c.epochs)
        if epochs < 5 or not self.is_alone or c.is_fitted():
            return
        last = max(1, round(END * epochs))
        steps = max(1, round(last * len(c.means) / c.epochs))
        if steps < len(c.means) and c.means[-1 - steps] > 0 and c.means[-1] > 0:
            falls = 1 - (c.means[-1] / c.means[-1 - steps]) ** (1 / last)
            if falls > STILL_FALLS:
                self.find(
                    f"In the last {last} of {epochs} epochs the loss still fell by {falls:.1%} an epoch.",
                    f"for epoch in range({4 * epochs}):",
                    place=self.place,
                )
