"""A scheduler that looks at how training goes."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal, SupportsFloat

from backlit.optim.lr_scheduler.base import EPOCH_WARNING, LRScheduler, checked, put, values_of
from backlit.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """lr falls by `factor` when a metric has not improved for more than `patience` epochs.

    mode: whether the metric should become small ("min") or large ("max"). threshold: what counts as an improvement, as
    a share of the best ("rel") or as it is ("abs"). cooldown: epochs after a fall that do not count. min_lr: the lowest
    rate, for all groups or each. eps: a fall of less is left out.

    >>> import backlit as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"factor must be less than 1, or the rate would not fall, but factor={factor} was given")
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' for a loss, 'max' for an accuracy; mode={mode!r} is unknown")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode is 'rel' or 'abs'; threshold_mode={threshold_mode!r} is unknown")
        self.optimizer = checked(optimizer)
        self.factor = factor
        self.default_min_lr, self.min_lrs = self.lowest(min_lr)
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = values_of(optimizer, "lr")
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self._reset()

    def lowest(self, min_lr: Any) -> tuple[float | None, list[float]]:
        """The lowest rate that groups added later get, and that of each group."""
        groups = len(self.optimizer.param_groups)
        if not isinstance(min_lr, (list, tuple)):
            return min_lr, [min_lr] * groups
        if len(min_lr) != groups:
            raise ValueError(f"min_lr has {len(min_lr)} values, but the optimizer has {groups} parameter groups")
        return None, list(min_lr)

    def _reset(self) -> None:
        """Forget the metrics so far."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at this epoch's metric, and lower the rates if it is time."""
        metric = float(metrics)
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = values_of(self.optimizer, "lr")

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def is_better(self, metric: float) -> bool:
        """Whether `metric` beats the best by more than the threshold."""
        if self.threshold_mode == "rel":
            if self.mode == "min":
                return metric < self.best * (1.0 - self.threshold)
            return metric > self.best * (1.0 + self.threshold)
        return metric < self.best - self.threshold if self.mode == "min" else metric > self.best + self.threshold

    def reduce(self) -> None:
        """Lower each group's rate."""
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"the optimizer now has {len(groups)} parameter groups, min_lr was given for {len(self.min_lrs)}. "
                    "Append the new group's to scheduler.min_lrs."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, low in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, low)
            if old - new > self.eps:
                put(group, "lr", new)
