"""What a step adds to the loss, so that the weights stay small: the training objective, which validation leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backlit.nn import Module
from backlit.train.choices import Loss

Penalty = Callable[[Any], Any]


@dataclass(frozen=True)
class L1:
    """out = factor * sum |w| over the weights, which draws the ones of little use to 0.

    Biases and the scales of norms are left alone: to hold them down takes nothing from the network's complexity, and
    only shifts its outputs. Tibshirani, "Regression Shrinkage and Selection via the Lasso", 1996, equation 1, which
    centres the data instead of a bias.

    >>> import backlit as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[3.0, -1.0]]))
    >>> L1(0.5)(layer).item()
    2.0
    """

    factor: float

    def __call__(self, model: Module) -> Any:
        sums = [w.abs().sum() for w in weights_of(model)]
        return self.factor * sum(sums[1:], start=sums[0])


def weights_of(model: Module) -> list[Any]:
    """The parameters that multiply inputs: matrices and kernels, not biases and scales, which are vectors."""
    return [p for p in model.parameters() if p.ndim > 1]


def with_penalty(loss: Loss, penalty: Penalty | None, model: Module) -> Loss:
    """The loss of (output, target), plus the penalty on the model as it then is.

    Raises TypeError if the penalty cannot be called with a model.
    """
    if penalty is None:
        return loss
    if not callable(penalty):
        raise TypeError(
            f"fit: penalty must be a function of the model, and is {penalty!r}. Write penalty=backlit.train.L1(1e-4)."
        )
    return lambda output, target: loss(output, target) + penalty(model)
