"""The classic mistakes, each a change to how a run is built or loops, with what one sees of it and why."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, ClassVar

import numpy as np

from backlit import nn
from backlit.autograd.modes import no_grad
from backlit.data.task import Kind
from backlit.live.build import Recipe, SharedOrder, initialise, linear_layers
from backlit.live.controls import Settings
from backlit.live.messages import Refusal
from backlit.live.problems import PROBLEMS, SEED
from backlit.live.rows import Rows
from backlit.optim import Optimizer
from backlit.suggest import did_you_mean
from backlit.tensor import Tensor
from backlit.train.batches import Batches
from backlit.train.choices import Loss
from backlit.train.engines import Eager, Engine

EVERY: tuple[Kind, ...] = ("binary", "classes", "regression")


class Mistake(Recipe):
    """A recipe with one line wrong.

    `rules` are the findings by which the doctor names it, as far as it can. It shows on problems of `kinds`, drawn
    ones where `needs_points`; on others `problem` is taken.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    symptom: ClassVar[str]
    lesson: ClassVar[str]
    rules: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[tuple[Kind, ...]] = EVERY
    needs_points: ClassVar[bool] = False
    problem: ClassVar[str] = "circle"


AS_WRITTEN = "a loop with this mistake is run as it is written"


class WithoutZeroGrad(Eager):
    reason = AS_WRITTEN

    def forward_and_backward(self, x: Any, y: Any) -> Any:
        loss = self.loss(self.model(x), y)
        loss.backward()
        return loss


class WithoutStep(Eager):
    reason = AS_WRITTEN

    def step(self, x: Any, y: Any) -> Any:
        """A forward and a backward pass."""
        return self.forward_and_backward(x, y)


class LoopMistake(Mistake):
    """A mistake in the loop, which is run as it is written."""

    def engine(self, loop: Eager) -> Engine:
        return loop


class ForgotZeroGrad(LoopMistake):
    name, title = "forgot-zero-grad", "zero_grad() forgotten"
    symptom = "The loss swings, or grows without end."
    lesson = (
        "backward() adds to .grad. Without zero_grad() each step goes along the sum of all gradients since the "
        "beginning, like a ball that nothing slows down."
    )
    rules = ("missing-zero-grad",)

    def loop(self, model: nn.Module, loss: Loss, optimizer: Optimizer, batches: Batches) -> Eager:
        return WithoutZeroGrad(model, loss, optimizer, batches)


class ForgotStep(LoopMistake):
    name, title = "forgot-step", "step() forgotten"
    symptom = "Gradients are there, and the weights stay as they are."
    lesson = "backward() computes gradients and changes no weight: optimizer.step() does that."
    rules = ("missing-step",)

    def loop(self, model: nn.Module, loss: Loss, optimizer: Optimizer, batches: Batches) -> Eager:
        return WithoutStep(model, loss, optimizer, batches)


class RateTooHigh(Mistake):
    name, title = "rate-too-high", "Learning rate a hundred times too high"
    symptom = "The loss leaps about, or is no number any more."
    lesson = (
        "The gradient says which way is down here, not how far it goes down. A step that is too long lands on the "
        "other side, higher up than before."
    )
    rules = ("lr-too-high", "divergence", "exploding-gradient", "nan-origin", "saturated-units", "dead-relu")
    needs_points = True

    def rate(self, settings: Settings) -> float:
        return 100 * settings.learning_rate


class ZeroInit(Mistake):
    name, title = "zero-init", "All weights begin at zero"
    symptom = "All neurons of a layer stay alike, and their pictures are the same."
    lesson = (
        "Neurons with the same weights get the same gradients, and so stay the same for ever: a wide layer is then one "
        "neuron. Random weights make them differ."
    )
    rules = ("symmetric-init", "vanishing-gradient", "stuck-at-baseline")

    def model(self, settings: Settings, rows: Rows) -> nn.Sequential:
        model = super().model(settings, rows)
        initialise(model, "zeros")
        return model


class FlatTarget(nn.Module):
    """A loss that is given its target without the second axis.  Shape: input (B, 1), target (B, 1)."""

    def __init__(self, loss: Any) -> None:
        super().__init__()
        self.inner = loss

    def forward(self, input: Any, target: Any) -> Any:
        with warnings.catch_warnings():  # the doctor says it
            warnings.simplefilter("ignore", UserWarning)
            return self.inner(input, target.squeeze(1))


class Broadcast(Mistake):
    name, title = "broadcast", "Target of shape (N,) against (N, 1)"
    symptom = "The network predicts the mean of all targets for every row."
    lesson = (
        "(N, 1) minus (N,) is (N, N): every prediction is compared with every row's target, and what suits all targets "
        "best is their mean. No error is raised."
    )
    rules = ("loss-broadcast",)
    kinds, problem = ("regression",), "curve"

    def loss(self, settings: Settings, rows: Rows) -> Loss:
        return FlatTarget(super().loss(settings, rows))


class SoftmaxTwice(Mistake):
    name, title = "softmax-twice", "Softmax before a loss that takes it itself"
    symptom = "The loss falls slowly, and not below a level well above 0."
    lesson = (
        "CrossEntropyLoss takes raw scores and their softmax itself. Given probabilities, between 0 and 1, it takes "
        "them for scores that hardly differ. The sigmoid and BCEWithLogitsLoss are alike."
    )
    rules = ("softmax-twice", "sigmoid-twice")
    kinds, problem = ("binary", "classes"), "rings"

    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, loss="")  # the right one, which takes scores

    def model(self, settings: Settings, rows: Rows) -> nn.Sequential:
        last = nn.Softmax(dim=1) if rows.kind == "classes" else nn.Sigmoid()
        return nn.Sequential(*super().model(settings, rows), last)


class Unscaled(Mistake):
    name, title = "unscaled", "Inputs on very different scales"
    symptom = "One input drowns the other, and the units are at their flat ends."
    lesson = (
        "The first input is given in units 300 times as small, so its numbers are 300 times as large. What its weights "
        "add decides everything, and a rate that suits them is too low for the others."
    )
    rules = ("unscaled-inputs",)
    FACTOR = 300.0

    def rows(self, rows: Rows) -> Rows:
        std = rows.std.copy()
        std[0] /= self.FACTOR
        return dataclasses.replace(rows, std=std)


class ShuffledLabels(Mistake):
    name, title = "shuffled-labels", "Labels shuffled, inputs not"
    symptom = "The network learns the training rows by heart, at best, and test rows are at chance."
    lesson = (
        "Inputs and labels were put in different orders, so no label belongs to its row. There is nothing to learn but "
        "the rows themselves, which helps no other row."
    )
    rules = ("overfit", "stuck-at-baseline")
    needs_points = True

    def rows(self, rows: Rows) -> Rows:
        trained = np.flatnonzero(~rows.is_test)
        targets = rows.targets.copy()
        targets[trained] = targets[np.random.default_rng(SEED).permutation(trained)]
        return dataclasses.replace(rows, targets=targets)


class NotShuffled(Mistake):
    name, title = "not-shuffled", "Rows sorted by label, and not shuffled"
    symptom = "The loss saws up and down: each class is forgotten while the next one is learned."
    lesson = (
        "A batch stands for all rows only if it is drawn from all of them. With one class at a time, each step "
        "unlearns what the last ones learned."
    )
    rules = ("not-shuffled",)
    kinds, needs_points = ("binary", "classes"), True
    MOST_BATCH = 16

    def batches(self, settings: Settings, rows: Rows) -> SharedOrder:
        x, y = rows.train
        order = np.argsort(y.array.reshape(-1), kind="stable")
        sorted_rows = Tensor.wrap(x.array[order]), Tensor.wrap(y.array[order])
        batches = SharedOrder(*sorted_rows, min(settings.batch, self.MOST_BATCH), shuffle=False)
        batches.numbers = order
        return batches


class DeadRelu(Mistake):
    name, title = "dead-relu", "Dead ReLUs"
    symptom = "Neurons are 0 everywhere, and their gradients are 0."
    lesson = (
        "A ReLU whose sum is below 0 for every row gives 0 and passes no gradient back, so nothing can ever lift it. "
        "Large steps or bad first biases do that; here the biases begin at -10."
    )
    rules = ("dead-relu",)
    needs_points = True

    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(
            settings, hidden=settings.hidden or (4,), activation="relu", activations=(), batch_norm=False
        )

    def model(self, settings: Settings, rows: Rows) -> nn.Sequential:
        model = super().model(settings, rows)
        with no_grad():
            for layer in linear_layers(model)[:-1]:
                nn.init.constant_(layer.bias, -10.0)
        return model


class EvalForgotten(Mistake):
    name, title = "eval-forgotten", "eval() forgotten"
    symptom = "Test loss and accuracy jump about from one look to the next, though the weights stay."
    lesson = (
        "Dropout leaves units out in training. Without model.eval() it does so in the evaluation too: what is measured "
        "is a network with holes in it, other ones each time."
    )
    rules = ("eval-forgotten",)
    evaluates_in_training = True
    DROPOUT = 0.3

    def settings(self, settings: Settings) -> Settings:
        hidden = settings.hidden or (4,)
        return dataclasses.replace(settings, hidden=hidden, dropout=settings.dropout or self.DROPOUT)


MISTAKES: dict[str, type[Mistake]] = {
    mistake.name: mistake
    for mistake in (
        ForgotZeroGrad, ForgotStep, RateTooHigh, ZeroInit, Broadcast, SoftmaxTwice, Unscaled, ShuffledLabels,
        NotShuffled, DeadRelu, EvalForgotten,
    )
}  # fmt: skip


def suited(mistake: type[Mistake], settings: Settings, rows: Rows) -> Settings:
    """The settings, with a problem that the mistake shows on."""
    is_drawn = settings.problem not in PROBLEMS or not PROBLEMS[settings.problem].is_whole
    if rows.kind in mistake.kinds and (is_drawn or not mistake.needs_points):
        return settings
    return dataclasses.replace(settings, problem=mistake.problem)


def mistake_named(name: str) -> type[Mistake]:
    """The mistake of that name. Raises Refusal if there is none."""
    if name not in MISTAKES:
        raise Refusal(f"There is no mistake {name!r}. {did_you_mean(name, MISTAKES)}")
    return MISTAKES[name]
