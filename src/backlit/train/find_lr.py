"""A learning rate found by trying: a short training whose rate grows at every step."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.random import fork_rng
from backlit.train.batches import Batches
from backlit.train.choices import Loss, loss_from, optimizer_from
from backlit.train.engines import Eager
from backlit.train.penalty import Penalty, with_penalty
from backlit.train.rows import rows_from

# From a rate that changes nothing to one that no network survives, in as many steps.
LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 120
# Single batches are noisy: each smoothed loss is this share the one before it.
SMOOTHING = 0.9
# Beyond this many times its lowest, the loss does not come back.
DIVERGED = 4.0
# The loss is lowest just before it diverges: a tenth of that rate is still fast, and safe.
SAFETY = 10.0


class LRFinding(NamedTuple):
    """The rate found, and the sweep it was found in: `losses[i]`, smoothed, at `rates[i]`.  Shape: (steps,)."""

    lr: float
    rates: np.ndarray
    losses: np.ndarray


def find_lr(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | Loss,
    optimizer: str | Optimizer | Callable[..., Optimizer],
    batch_size: int | None = None,
    penalty: Penalty | None = None,
) -> LRFinding:
    """Find a learning rate: the range test of Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, 3.3.

    Shape: x (N, ...), y (N, ...); the arguments are those of `fit`. The rate grows by the same factor each step, until
    the loss diverges; the rate found is a tenth of the one with the lowest smoothed loss. It is done on copies: the
    model, the optimizer and the random generator are afterwards as they were before.

    Raises what `fit` raises for its arguments, and ValueError if the loss is never a finite number.

    >>> import backlit as torch
    >>> x = torch.linspace(-1, 1, 64).unsqueeze(1)
    >>> found = torch.find_lr(torch.nn.Linear(1, 1), x, 3 * x, loss="mse", optimizer="sgd")
    >>> 0.01 < found.lr <= 1
    True
    """
    training, loss_function = rows_from("x, y", model, x, y), loss_from(loss)
    # Copied as one, the optimizer's parameters are those of the copied model.
    model, optimizer = copy.deepcopy((model, optimizer)) if isinstance(optimizer, Optimizer) else (
        copy.deepcopy(model), optimizer)  # fmt: skip
    chosen = optimizer_from(optimizer, model.train())
    with fork_rng():
        engine = Eager(model, with_penalty(loss_function, penalty, model), chosen, Batches(*training, batch_size, True))
        rates, losses = _sweep(engine)
    if not len(losses):
        raise ValueError(
            "find_lr: the loss is no finite number even before the first step. Do x or y hold NaN or infinities?"
        )
    return LRFinding(float(rates[int(np.argmin(losses))] / SAFETY), rates, losses)


def _sweep(engine: Eager) -> tuple[np.ndarray, np.ndarray]:
    """The rates tried, and the smoothed loss that was met with each."""
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    mean = 0.0
    for step, rate in enumerate(rates.tolist(), 1):
        for group in engine.optimizer.param_groups:
            group["lr"] = rate
        mean = SMOOTHING * mean + (1 - SMOOTHING) * float(engine.advance(1)[0])
        # The mean began at 0: Kingma & Ba, "Adam", 2015, section 3, divide by the share that is not of that beginning.
        smooth = mean / (1 - SMOOTHING**step)
        if not math.isfinite(smooth) or smooth > DIVERGED * min(losses, default=math.inf):
            break
        losses.append(smooth)
    return rates[: len(losses)], np.array(losses)
