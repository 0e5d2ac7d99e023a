"""From a prepared table to a trained network with its figures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from backlit import nn
from backlit.data.table import Part, Prepared
from backlit.optim import Optimizer
from backlit.random import manual_seed
from backlit.tensor import Tensor
from backlit.train.choices import OPTIMIZERS, Loss, loss_from
from backlit.train.events import Callback, Run
from backlit.train.find_lr import find_lr
from backlit.train.history import History
from backlit.train.loop import fit, outputs_of
from backlit.train.options import ACTIVATIONS, OptionError, Options
from backlit.train.penalty import L1, weights_of
from backlit.train.state import Capture, Resume, State
from backlit.train.stopping import EarlyStopping


class TrainingError(RuntimeError):
    """A run that cannot end well, such as one whose loss is no longer a number."""


@dataclass(frozen=True)
class Trained:
    """A network trained on a table. `metrics` has, for each part, its rows, its loss and the task's measures.

    `options.lr` is the rate that was used, also where it was found. `state` is where the run can go on.
    """

    prepared: Prepared
    options: Options
    model: nn.Sequential
    history: History
    metrics: dict[str, dict[str, float]]
    state: State

    def scores_of(self, x: np.ndarray) -> np.ndarray:
        """What the network says of encoded rows.  Shape: x (rows, features), out (rows, outputs)."""
        return np.asarray(outputs_of(self.model, Tensor.wrap(x)).array)


def build_network(inputs: int, options: Options, outputs: int) -> nn.Sequential:
    """Hidden layers, and a last one that gives raw scores.

    A hidden layer is Linear, BatchNorm1d if wanted (Ioffe & Szegedy 2015 put it before the activation), the activation,
    and Dropout if wanted.
    """
    activations = [ACTIVATIONS[options.activation]] * len(options.hidden)
    return network_of([inputs, *options.hidden, outputs], activations, options.batch_norm, options.dropout)


def network_of(
    sizes: Sequence[int], activations: Sequence[Callable[[], nn.Module]], batch_norm: bool, dropout: float
) -> nn.Sequential:
    """Linear layers from each size to the next, with an activation of its own after each but the last."""
    layers: list[nn.Module] = []
    for (narrow, wide), activation in zip(pairwise(sizes[:-1]), activations, strict=True):
        layers.append(nn.Linear(narrow, wide))
        layers += [nn.BatchNorm1d(wide)] if batch_norm else []
        layers.append(activation())
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def build_optimizer(model: nn.Module, options: Options) -> Optimizer:
    """The optimizer at its rate. `l2` is the weight decay of the weights alone; 0 leaves the optimizer's default."""
    make = OPTIMIZERS[options.optimizer]
    if not options.l2:
        return make(model.parameters(), lr=options.lr)
    weights = weights_of(model)
    ids = {id(p) for p in weights}
    others = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": weights, "weight_decay": options.l2}, {"params": others, "weight_decay": 0.0}]
    return make(groups, lr=options.lr)


def loss_of(prepared: Prepared) -> Loss:
    """The task's loss; where classes are balanced, each row counts by the weight of its class.

    Of two classes with the weights u and v, binary cross-entropy takes u for all, and v / u for the second.
    """
    weights, task = prepared.class_weights, prepared.task
    if weights is None:
        return loss_from(task.loss)
    if task.kind == "binary":
        u, v = (np.array([weight], np.float32) for weight in weights)
        return nn.BCEWithLogitsLoss(weight=Tensor.wrap(u), pos_weight=Tensor.wrap(v / u))
    return nn.CrossEntropyLoss(weight=Tensor.wrap(np.asarray(weights, np.float32)))


def train_table(
    prepared: Prepared, options: Options, callbacks: Iterable[Any] = (), state: State | None = None,
    doctor: bool | str = False, **checkpoints: Any,
) -> Trained:  # fmt: skip
    """Train a network on a table's training rows, stop by its validation rows, and measure every part.

    The seed decides the initial weights, the order of the rows, and so every number. With a `state` the run goes on
    from there, to the bit as if it had never stopped. `doctor` is `fit`'s, and so are `checkpoints`:
    `checkpoint` and `every`.
    Raises OptionError for options that do not suit the table, TrainingError if the loss stops being a finite number.
    """
    _check_suited(prepared, options)
    manual_seed(options.seed)
    train, validation = prepared.parts["train"], prepared.parts.get("validation")
    model = build_network(train.x.shape[1], options, prepared.task.outputs)
    objective = _objective(prepared, options)
    if options.find_lr and state is None:
        found = find_lr(model, train.x, train.y, optimizer=build_optimizer(model, options), **objective)
        options = dataclasses.replace(options, lr=found.lr)
    resume, capture = [] if state is None else [Resume(state)], Capture()
    stopping = [] if validation is None else [EarlyStopping(options.patience)]
    history = fit(
        model,
        train.x,
        train.y,
        **objective,
        optimizer=build_optimizer(model, options),
        epochs=options.epochs,
        validation=None if validation is None else (validation.x, validation.y),
        schedule=None if options.schedule == "none" else options.schedule,
        callbacks=[*resume, Measure(prepared), StopAtNonFinite(), capture, *stopping, *callbacks],
        doctor=doctor,
        **checkpoints,
    )
    metrics = {name: measure(prepared, model, part) for name, part in prepared.parts.items()}
    return Trained(prepared, options, model, history, metrics, capture.state)


def _objective(prepared: Prepared, options: Options) -> dict[str, Any]:
    """What each step descends, as `fit` and `find_lr` take it."""
    penalty = L1(options.l1) if options.l1 else None
    return {"loss": loss_of(prepared), "penalty": penalty, "batch_size": options.batch}


def measure(prepared: Prepared, model: nn.Module, part: Part) -> dict[str, float]:
    """The number of rows of a part, the loss over them, and the task's measures."""
    scores = outputs_of(model, Tensor.wrap(part.x))
    loss = float(loss_of(prepared)(scores, Tensor.wrap(part.y)).item())
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


def _check_suited(prepared: Prepared, options: Options) -> None:
    """Raise OptionError for what only the table shows to be amiss."""
    if options.balance and prepared.class_weights is None:
        raise OptionError(f"--balance: '{prepared.table.target}' is a quantity, and has no classes to balance.")
    rows = len(prepared.parts["train"])
    if options.batch_norm and options.hidden and (rows - 1) % min(options.batch, rows) == 0:
        better = next((size for size in range(options.batch + 1, rows + 1) if (rows - 1) % size), rows)
        raise OptionError(
            f"--batch {options.batch}: of {rows} training rows the last step would see a single one, which "
            f"--batch-norm cannot normalise. Take --batch {better}."
        )
