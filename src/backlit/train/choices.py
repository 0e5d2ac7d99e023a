"""Losses and optimizers by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backlit import nn, optim
from backlit.suggest import did_you_mean

Loss = Callable[[Any, Any], Any]

LOSSES: dict[str, type[nn.Module]] = {
    "mse": nn.MSELoss,
    "l1": nn.L1Loss,
    "smooth_l1": nn.SmoothL1Loss,
    "huber": nn.HuberLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "nll": nn.NLLLoss,
    "bce": nn.BCELoss,
    "bce_with_logits": nn.BCEWithLogitsLoss,
}

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "rmsprop": optim.RMSprop,
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
    "adamax": optim.Adamax,
    "nadam": optim.NAdam,
    "radam": optim.RAdam,
    "rprop": optim.Rprop,
    "asgd": optim.ASGD,
    "lbfgs": optim.LBFGS,
}


def loss_from(choice: str | Loss) -> Loss:
    """A loss function: the one that a name stands for, or the callable itself.

    Raises ValueError for an unknown name, TypeError for what cannot be called with (output, target).
    """
    if isinstance(choice, str):
        return _named("loss", choice, LOSSES)()
    if isinstance(choice, type) or not callable(choice):
        raise TypeError(
            f"fit: loss must be a name or a callable of (output, target), and is {choice!r}. "
            'Write loss="mse", or loss=torch.nn.MSELoss() with its parentheses.'
        )
    return choice


def optimizer_from(choice: str | optim.Optimizer | Callable[..., optim.Optimizer], model: nn.Module) -> optim.Optimizer:
    """An optimizer of the model's parameters: by name with PyTorch's defaults, made by a callable, or as it is.

    Raises ValueError for an unknown name, TypeError where the callable makes no optimizer.
    """
    if isinstance(choice, optim.Optimizer):
        return choice
    make = _named("optimizer", choice, OPTIMIZERS) if isinstance(choice, str) else choice
    made = make(model.parameters()) if callable(make) else make
    if not isinstance(made, optim.Optimizer):
        raise TypeError(
            f"fit: optimizer must be a name, an Optimizer, or a callable that makes one, and gave {made!r}. Write "
            'optimizer="adam", or optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.1).'
        )
    return made


def _named(what: str, name: str, known: dict[str, Any]) -> Any:
    """The entry for a name, however it is written: "MSELoss", "mse_loss" and "mse" are one."""
    wanted = _plain(name)
    for each, value in known.items():
        if wanted in (_plain(each), _plain(value.__name__)):
            return value
    raise ValueError(f"fit: there is no {what} named {name!r}. {did_you_mean(name, known)}")


def _plain(name: str) -> str:
    short = name.lower().replace("_", "").replace("binarycrossentropy", "bce")
    return short if short == "loss" else short.removesuffix("loss")
