"""What learning-rate schedulers share: epochs are counted, and the optimizer's groups get their new rates.

Attributes carry PyTorch's names, because a scheduler's state_dict is its attributes.
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable
from typing import Any

from backlit.functions.conversion import typename
from backlit.optim.optimizer import Group, Optimizer
from backlit.tensor import Tensor

Rates = list[Any]  # one for each parameter group: floats, or tensors where the optimizer was given tensors

EPOCH_WARNING = (
    "the epoch parameter of scheduler.step() is deprecated: call scheduler.step() once after each epoch. With an "
    "epoch, the rate is computed from the start where there is a formula for it"
)
ORDER_WARNING = (
    "lr_scheduler.step() was called before optimizer.step(). Call optimizer.step() first: the other way round, "
    "training never uses the first rate of the schedule"
)
OVERRIDDEN_WARNING = (
    "optimizer.step was replaced after the scheduler was made, so it cannot be told whether optimizer.step() comes "
    "before lr_scheduler.step(), as it must"
)
ASKED_WARNING = "get_lr() computes the next rate; for the rate in use call get_last_lr()"


class LRScheduler:
    """Sets the learning rate of each parameter group, once at the start and then at each `step`.

    A subclass of your own defines `get_lr`, from `self.last_epoch`, `self.base_lrs` and `self.optimizer.param_groups`.
    """

    _get_lr_called_within_step = False
    _is_initial = False
    optimizer: Optimizer

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked(optimizer)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param_groups[{number}] has no 'initial_lr', which last_epoch={last_epoch} needs. To resume, call "
                    "optimizer.load_state_dict(...) before the scheduler is made; for a new run leave out last_epoch."
                )
        self.base_lrs: Rates = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        optimizer.watch_steps()
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rate of epoch 0."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch, after the optimizer's steps of this one."""
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warnings.warn(OVERRIDDEN_WARNING, UserWarning, stacklevel=2)
            elif not getattr(self.optimizer, "_opt_called", False):
                warnings.warn(ORDER_WARNING, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed_form = getattr(self, "_get_closed_form_lr", None)
        self._get_lr_called_within_step = True
        try:
            rates = self.get_lr() if epoch is None or closed_form is None else closed_form()
        finally:
            self._get_lr_called_within_step = False
        self.assign(rates)

    def assign(self, rates: Rates) -> None:
        """Give each group its rate."""
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            put(group, "lr", rate)
        self._last_lr = values_of(self.optimizer, "lr")

    def get_lr(self) -> Rates:
        """The rates of `last_epoch`, from those in use. Called by `step`."""
        if not self._get_lr_called_within_step:
            warnings.warn(ASKED_WARNING, UserWarning, stacklevel=2)
        return self.rates()

    def rates(self) -> Rates:
        """What `get_lr` returns; the schedulers here say only this."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr()")

    def get_last_lr(self) -> Rates:
        """The rates in use."""
        return self._last_lr

    def current(self, factor: float | None = None) -> Rates:
        """The rates in use, times `factor`."""
        rates = values_of(self.optimizer, "lr")
        return rates if factor is None else [rate * factor for rate in rates]

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned, here or in PyTorch."""
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """The name that PyTorch's older scripts derive their schedulers from."""


def checked(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{typename(optimizer)} is not an Optimizer; a scheduler takes the optimizer first")
    return optimizer


def copied(value: Any) -> Any:
    """A number that a later in-place change of a tensor leaves as it is."""
    return Tensor.wrap(value.array.copy()) if isinstance(value, Tensor) else value


def values_of(optimizer: Optimizer, key: str) -> list[Any]:
    """The setting `key` of each group."""
    return [copied(group[key]) for group in optimizer.param_groups]


def put(group: Group, key: str, value: Any) -> None:
    """Set a setting; where it is a tensor, in place."""
    if isinstance(group[key], Tensor):
        group[key].array[...] = float(value)
        group[key].bump()
    else:
        group[key] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group, from one for all or a list of them."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(f"{name} has {len(value)} values, but the optimizer has {groups} parameter groups")
    return [copied(entry) for entry in value]


def attributes(function: Callable[..., Any]) -> dict[str, Any] | None:
    """What can be saved of a function: the attributes of a callable object, nothing of a plain function."""
    return None if isinstance(function, types.FunctionType) else dict(function.__dict__)
