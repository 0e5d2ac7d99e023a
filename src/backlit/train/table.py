"""From a prepared table to a trained network with its figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from backlit import nn
from backlit.data.table import Part, Prepared
from backlit.random import manual_seed
from backlit.tensor import Tensor
from backlit.train.choices import OPTIMIZERS, loss_from
from backlit.train.events import Callback, Run
from backlit.train.history import History
from backlit.train.loop import fit, outputs_of
from backlit.train.options import ACTIVATIONS, Options


class TrainingError(RuntimeError):
    """A run that cannot end well, such as one whose loss is no longer a number."""


@dataclass(frozen=True)
class Trained:
    """A network trained on a table. `metrics` has, for each part, its rows, its loss and the task's measures."""

    prepared: Prepared
    options: Options
    model: nn.Sequential
    history: History
    metrics: dict[str, dict[str, float]]


def build_network(inputs: int, options: Options, outputs: int) -> nn.Sequential:
    """Linear layers with an activation after each but the last, which gives raw scores."""
    sizes = [inputs, *options.hidden, outputs]
    layers: list[nn.Module] = []
    for narrow, wide in pairwise(sizes):
        layers += [nn.Linear(narrow, wide), ACTIVATIONS[options.activation]()]
    return nn.Sequential(*layers[:-1])


def train_table(prepared: Prepared, options: Options, callbacks: Iterable[Any] = ()) -> Trained:
    """Train a network on a table's training rows, stop by its validation rows, and measure every part.

    The seed decides the initial weights, the order of the rows, and so every number.
    Raises TrainingError if the loss stops being a finite number.
    """
    manual_seed(options.seed)
    task, train = prepared.task, prepared.parts["train"]
    model = build_network(train.x.shape[1], options, task.outputs)
    validation = prepared.parts.get("validation")
    history = fit(
        model,
        train.x,
        train.y,
        loss=task.loss,
        optimizer=lambda parameters: OPTIMIZERS[options.optimizer](parameters, lr=options.lr),
        epochs=options.epochs,
        batch_size=options.batch,
        validation=None if validation is None else (validation.x, validation.y),
        patience=None if validation is None else options.patience,
        callbacks=[Measure(prepared), StopAtNonFinite(), *callbacks],
    )
    metrics = {name: measure(prepared, model, part) for name, part in prepared.parts.items()}
    return Trained(prepared, options, model, history, metrics)


def measure(prepared: Prepared, model: nn.Module, part: Part) -> dict[str, float]:
    """The number of rows of a part, the loss over them, and the task's measures."""
    scores = outputs_of(model, Tensor.wrap(part.x))
    loss = float(loss_from(prepared.task.loss)(scores, Tensor.wrap(part.y)).item())
    return {"rows": len(part), "loss": loss, **prepared.task.measure(np.asarray(scores.array), part.y)}


class Measure(Callback):
    """Adds to each epoch the task's first measure, on the validation rows or, without any, the training rows."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.part_name = "validation" if "validation" in prepared.parts else "train"

    def on_epoch(self, run: Run) -> None:
        part, task = self.prepared.parts[self.part_name], self.prepared.task
        scores = outputs_of(run.model, Tensor.wrap(part.x)).array
        run.history.epochs[-1][f"{self.part_name}_{task.headline}"] = task.measure(scores, part.y)[task.headline]


class StopAtNonFinite(Callback):
    """Ends a run whose loss has overflowed: no later step can bring it back."""

    def on_step(self, run: Run) -> None:
        if not math.isfinite(run.loss):
            raise TrainingError(
                f"The loss became {run.loss} at step {run.step} (epoch {run.epoch + 1}). The steps are too large: "
                f"lower the learning rate, as in --lr {run.optimizer.param_groups[0]['lr'] / 10:g}."
            )
