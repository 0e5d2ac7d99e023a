"""From settings to model, loss, optimizer, order of rows and engine. A mistake changes one of these."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit import nn
from backlit.autograd.modes import no_grad
from backlit.live.controls import Settings
from backlit.live.messages import Refusal
from backlit.live.rows import Rows
from backlit.nn.functional import sigmoid, softmax
from backlit.optim import Optimizer
from backlit.optim.writing import zeros_like
from backlit.tensor import Tensor
from backlit.train.batches import Batches
from backlit.train.choices import OPTIMIZERS, Loss
from backlit.train.engines import Eager, Engine, engine_from
from backlit.train.options import ACTIVATIONS
from backlit.train.penalty import L1, weights_of, with_penalty
from backlit.train.table import network_of

LAYER_ACTIVATIONS = {**ACTIVATIONS, "linear": nn.Identity}
INITS = {
    "xavier_uniform": nn.init.xavier_uniform_,
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "kaiming_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "zeros": nn.init.zeros_,
}


class Brier(nn.Module):
    """Mean squared error of the probability that raw scores stand for.  Shape: input and target (B, 1).

    Brier, "Verification of forecasts expressed in terms of probability", 1950, equation 2, for one of two classes.
    """

    def forward(self, input: Tensor, target: Tensor) -> Any:
        return ((sigmoid(input) - target) ** 2).mean()


LOSSES: dict[str, Any] = {
    "bce": nn.BCEWithLogitsLoss,
    "brier": Brier,
    "cross_entropy": nn.CrossEntropyLoss,
    "smoothed": lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
    "mse": nn.MSELoss,
    "l1": nn.L1Loss,
    "huber": nn.HuberLoss,
}


class SharedOrder(Batches):
    """Rows in an order of their own, or in the one that a run beside this has drawn: `given`.

    `numbers` says which training row each row is.
    """

    given: np.ndarray | None = None
    numbers: Any = slice(None)

    def draw(self) -> np.ndarray:
        """The order of an epoch. One is drawn in any case, so that what is drawn after it is the same in both runs."""
        own = super().draw()
        return own if self.given is None else self.given


class Recipe:
    """How a run is built from settings and rows. The classic mistakes each override a line of it."""

    #: Whether the network is evaluated in training mode.
    evaluates_in_training = False

    def settings(self, settings: Settings) -> Settings:
        """The settings that are built from."""
        return settings

    def rows(self, rows: Rows) -> Rows:
        """The rows that are trained and tested on."""
        return rows

    def model(self, settings: Settings, rows: Rows) -> nn.Sequential:
        """A network with fresh weights, drawn from the default generator."""
        sizes = [len(rows.names), *settings.hidden, rows.task.outputs]
        activations = [LAYER_ACTIVATIONS[name] for name in settings.layer_activations]
        model = network_of(sizes, activations, settings.batch_norm, settings.dropout)
        if settings.init != "default":
            initialise(model, settings.init)
        return model

    def loss(self, settings: Settings, rows: Rows) -> Loss:
        """The loss of (output, target), without a penalty."""
        return LOSSES[settings.loss_for(rows.kind)]()

    def optimizer(self, settings: Settings, model: nn.Module) -> Optimizer:
        """The optimizer of the model, its state made."""
        weights = weights_of(model)
        ids = {id(p) for p in weights}
        others = [p for p in model.parameters() if id(p) not in ids]
        made = OPTIMIZERS[settings.optimizer]([{"params": weights}, {"params": others}], lr=self.rate(settings))
        self.tune(made, settings)
        return made

    def rate(self, settings: Settings) -> float:
        """The learning rate of the optimizer."""
        return settings.learning_rate

    def tune(self, optimizer: Optimizer, settings: Settings) -> None:
        """Give an optimizer its rate, weight decay and momentum, and the state that a first step would make.

        L2 is the weight decay of the weights alone; 0 leaves the optimizer's default, as everywhere in Backlit.
        """
        default = optimizer.defaults.get("weight_decay")
        for group, decay in zip(optimizer.param_groups, (settings.l2, 0.0), strict=True):
            group["lr"] = self.rate(settings)
            if default is not None:
                group["weight_decay"] = decay if settings.l2 else default
            if "momentum" in optimizer.defaults:
                group["momentum"] = settings.momentum
            for p in group["params"]:
                fresh = optimizer.initial(p, group)
                if settings.optimizer == "sgd" and settings.momentum:
                    fresh = {"momentum_buffer": zeros_like(p)}
                optimizer.state[p] = {**fresh, **optimizer.state[p]}

    def batches(self, settings: Settings, rows: Rows) -> SharedOrder:
        """The training rows in the order of the steps."""
        return SharedOrder(*rows.train, settings.batch, shuffle=True)

    def loop(self, model: nn.Module, loss: Loss, optimizer: Optimizer, batches: Batches) -> Eager:
        """A step as it is written, which the doctor listens to."""
        return Eager(model, loss, optimizer, batches)

    def engine(self, loop: Eager) -> Engine:
        """Who computes the steps: the first 200 eagerly, which is as long as compiling takes, and then natively."""
        return engine_from("auto", loop.model, loop.loss, loop.optimizer, loop.batches)


def objective(loss: Loss, settings: Settings, model: nn.Module) -> Loss:
    """What a step descends: the loss, and the penalty on the weights."""
    return with_penalty(loss, L1(settings.l1) if settings.l1 else None, model)


def initialise(model: nn.Module, name: str) -> None:
    """Draw all matrices anew, and set the biases of linear layers to 0."""
    with no_grad():
        for layer in linear_layers(model):
            INITS[name](layer.weight)
            nn.init.zeros_(layer.bias)


def linear_layers(model: nn.Module) -> list[Any]:
    """The layers with weights, from the first on."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


def with_dropout(model: nn.Sequential, rate: float) -> nn.Sequential:
    """The same modules with another share of dropout, or none, after each activation."""
    made: list[Any] = []
    for module in model:
        if not isinstance(module, nn.Dropout):
            made.append(module)
        if rate and isinstance(module, tuple(LAYER_ACTIVATIONS.values())):
            made.append(nn.Dropout(rate))
    return nn.Sequential(*made)


def check_batch(settings: Settings, rows: Rows, is_asked: bool = False) -> None:
    """Raise Refusal for a batch that these rows cannot have. One that nobody asked for may be larger than all rows."""
    count = int(np.count_nonzero(~rows.is_test))
    if is_asked and settings.batch > count:
        raise Refusal(
            f"Batch size is at most {count:,}, the number of training rows, and {settings.batch:,} was given."
        )
    size = min(settings.batch, count)
    if settings.batch_norm and (count - 1) % size == 0:
        raise Refusal(
            f"Of {count} training rows in batches of {size}, the last has a single row, which batch norm cannot "
            f"normalise. Take a batch of {size + 1}."
        )


def predicted(rows: Rows, scores: np.ndarray) -> np.ndarray:
    """What raw scores say: the second class's probability, each class's, or the value in its own units.

    Shape: (n, outputs) to (n, outputs).
    """
    if rows.kind == "regression":
        return scores.astype(np.float64) * rows.task.std + rows.task.mean
    made = Tensor.wrap(scores)
    return np.asarray((sigmoid(made) if rows.kind == "binary" else softmax(made, -1)).array)
