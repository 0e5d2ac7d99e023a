"""The options of a training run on a table: one field each, checked when they are made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, get_args

from backlit import nn
from backlit.data.missing import Missing
from backlit.suggest import did_you_mean
from backlit.train.choices import OPTIMIZERS
from backlit.train.schedules import SCHEDULES

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
}
# LBFGS takes one step on all rows at once and has settings of its own: it is no choice for a table.
TABLE_OPTIMIZERS = [name for name in OPTIMIZERS if name != "lbfgs"]

# The kind of value that a field takes, by the type of its default, in the words of an error.
KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a name",
    tuple: "whole numbers, as in [32, 16]",
}


class OptionError(ValueError):
    """An option of a training run that is out of range, of the wrong kind or unknown."""


@dataclass(frozen=True)
class Options:
    """How to train on a table: with the data and its target, all that decides a run's numbers.

    `hidden`: units of each hidden layer. `dropout`: share of a hidden layer's units left out in a step.
    `l1`: factor of the sum of |w| over the weights, added to the loss. `l2`: the optimizer's weight decay of the
    weights. `schedule`: how the rate changes. `find_lr`: find the rate first; `lr` of the finished run is the one
    found. `batch`: rows in a step. `patience`: epochs without a better validation loss before stopping.
    `missing`: what to do about missing values. `balance`: classes count alike, however rare.
    Raises OptionError for a value out of range, of the wrong kind, or a name that is not known.

    >>> Options(hidden=(8, 4), lr=0.1).epochs
    200
    """

    hidden: tuple[int, ...] = (32,)
    activation: str = "relu"
    dropout: float = 0.0
    batch_norm: bool = False
    optimizer: str = "adam"
    lr: float = 0.01
    find_lr: bool = False
    schedule: str = "none"
    l1: float = 0.0
    l2: float = 0.0
    batch: int = 32
    epochs: int = 200
    patience: int = 30
    missing: Missing = "error"
    balance: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = _of_kind(field.name, getattr(self, field.name), field.default)
            object.__setattr__(self, field.name, value)  # the way past `frozen` that Python's documentation names
        self._check_numbers()
        for name, known in CHOICES.items():
            choice = getattr(self, name)
            _require(choice in known, name, choice, did_you_mean(choice, known))

    def _check_numbers(self) -> None:
        for width in self.hidden:
            _require(width >= 1, "hidden", width, "each hidden layer needs at least one unit, as in 32,16")
        for name in ("batch", "epochs", "patience"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "it must be at least 1")
        _require(self.lr > 0 and math.isfinite(self.lr), "lr", self.lr, "the learning rate must be above 0")
        for name in ("l1", "l2"):
            value = getattr(self, name)
            _require(value >= 0 and math.isfinite(value), name, value, "it must be 0 (none) or above")
        _require(0 <= self.dropout < 1, "dropout", self.dropout, "it must be at least 0 and below 1: 0.2 for a fifth")
        _require(0 <= self.seed < 1 << 32, "seed", self.seed, "it must lie between 0 and 4294967295")
        _require(self.l2 == 0 or self.optimizer != "rprop", "l2", self.l2, "rprop has no weight decay; take adam")


CHOICES = {
    "activation": list(ACTIVATIONS),
    "optimizer": TABLE_OPTIMIZERS,
    "schedule": ["none", *SCHEDULES],
    "missing": list(get_args(Missing)),
}


def flag(name: str) -> str:
    """An option's name as it is written on the command line."""
    return "--" + name.replace("_", "-")


def _of_kind(name: str, value: Any, default: Any) -> Any:
    """The value as its field holds it, whole numbers as floats where floats stand. Raises OptionError for others."""
    kind = type(default)
    if kind is tuple and isinstance(value, (list, tuple)):
        _require(all(type(each) is int for each in value), name, value, f"it must be {KINDS[kind]}")
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    _require(type(value) is kind, name, value, f"it must be {KINDS[kind]}")
    return value


def _require(is_right: bool, name: str, value: Any, why: str) -> None:
    if not is_right:
        raise OptionError(f"{flag(name)} {value}: {why}")
