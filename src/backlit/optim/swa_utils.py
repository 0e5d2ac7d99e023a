"""Averages of a model's weights along training, and the scheduler that keeps training in one place for them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Literal

from backlit.autograd.modes import no_grad
from backlit.functions.creation import tensor
from backlit.nn.modules.module import Module
from backlit.optim.lr_scheduler.base import LRScheduler, Rates, for_each_group
from backlit.optim.optimizer import Optimizer
from backlit.tensor import Tensor

Average = Callable[[Tensor, Tensor, Any], Tensor]
AverageAll = Callable[[list[Tensor], list[Tensor], Any], None]


def get_swa_avg_fn() -> Average:
    """The plain mean of all models so far: each of n + 1 counts the same."""

    def average(averaged: Any, current: Any, number: Any) -> Any:
        return averaged + (current - averaged) / (number + 1)

    return average


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """The exponential moving average, which keeps the share `decay` of the old."""
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"decay must be from 0 to 1, but decay={decay} was given. It is the share kept, often 0.999.")

    def average(averaged: Any, current: Any, number: Any) -> Any:
        return decay * averaged + (1 - decay) * current

    return average


def get_swa_multi_avg_fn() -> AverageAll:
    """`get_swa_avg_fn` for a list of tensors, written in place."""
    return for_all(get_swa_avg_fn())


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """`get_ema_avg_fn` for a list of tensors, written in place."""
    return for_all(get_ema_avg_fn(decay))


def for_all(average: Average) -> AverageAll:
    def update(averaged: list[Tensor], current: list[Tensor], number: Any) -> None:
        with no_grad():
            for mean, value in zip(averaged, current, strict=True):
                mean.overwrite(average(mean, value, number))

    return update


class AveragedModel(Module):
    """A copy of `model` whose parameters are an average over training; `update_parameters` adds to it.

    avg_fn: of the average, the current parameter and the number of models so far, the new average; or multi_avg_fn, of
    lists, in place. By default the plain mean. use_buffers: whether buffers are averaged too, or taken as they are.
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.

    >>> import backlit as torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> averaged = torch.optim.swa_utils.AveragedModel(model)
    >>> for weight in (1.0, 2.0, 6.0):
    ...     model.weight.data.fill_(weight)
    ...     averaged.update_parameters(model)
    tensor([[1.]])
    tensor([[2.]])
    tensor([[6.]])
    >>> averaged(torch.ones(1)).item()
    3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model says."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take `model` as it is now into the average."""
        averaged, current = list(self.averaged(self.module)), list(self.averaged(model))
        if self.n_averaged.item() == 0:
            for mean, value in zip(averaged, current, strict=True):
                mean.overwrite(value)
        else:
            average = self.multi_avg_fn or for_all(self.avg_fn or get_swa_avg_fn())
            average(averaged, current, self.n_averaged)
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().overwrite(theirs.detach())
        self.n_averaged.overwrite(self.n_averaged.item() + 1)

    def averaged(self, model: Module) -> Iterator[Tensor]:
        """The tensors of `model` that are averaged, without their history."""
        for value in chain(model.parameters(), model.buffers() if self.use_buffers else ()):
            yield value.detach()


class SWALR(LRScheduler):
    """lr goes from where it is to `swa_lr` in `anneal_epochs` epochs, and stays there while weights are averaged.

    >>> import backlit as torch
    >>> optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = torch.optim.swa_utils.SWALR(optimizer, 0.25, anneal_epochs=2, anneal_strategy="linear")
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     print(scheduler.get_last_lr())
    [0.625]
    [0.25]
    [0.25]
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, rate in zip(optimizer.param_groups, for_each_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be an integer from 0 on, but anneal_epochs={anneal_epochs} was given")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def rates(self) -> Rates:
        step = self._step_count - 1 if self.anneal_epochs > 0 else max(1, self._step_count - 1)
        before, now = self.share(step - 1), self.share(step)
        rates = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            # The rate in use is a mixture of the one before the annealing and the goal; that one is solved for.
            start = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            rates.append(goal * now + start * (1 - now))
        return rates

    def share(self, step: int) -> float:
        """How much of the way to swa_lr is gone after `step` steps."""
        gone = max(0, min(1, step / max(1, self.anneal_epochs)))
        return gone if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * gone)) / 2


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute batch norm's running statistics anew over `loader`: an average of weights has none that fit.

    loader: batches of inputs, or of tuples that begin with the inputs.
    """
    norms: list[Any] = [module for module in model.modules() if getattr(module, "running_mean", None) is not None]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    with no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)
