"""Learning-rate schedules by name, and the callback that takes their steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backlit.optim import Optimizer
from backlit.optim.lr_scheduler import (
    CosineAnnealingLR,
    CyclicLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)
from backlit.suggest import did_you_mean
from backlit.train.events import Callback, Run

Make = Callable[[Run], LRScheduler]
Schedule = str | LRScheduler | Callable[[Optimizer], LRScheduler]

# A tenth of the rate every 30 epochs: He et al., "Deep Residual Learning for Image Recognition", 2016, section 3.4,
# as PyTorch's example for ImageNet has it.
STEP_EPOCHS = 30
# Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 2.2: the rate rises in the first five epochs.
WARM_UP_EPOCHS = 5


def _cosine(run: Run) -> LRScheduler:
    """From the rate to 0 over the whole run. Loshchilov & Hutter, "SGDR", 2017, equation 5 without restarts."""
    return CosineAnnealingLR(run.optimizer, T_max=run.epochs)


def _step(run: Run) -> LRScheduler:
    return StepLR(run.optimizer, step_size=STEP_EPOCHS, gamma=0.1)


def _plateau(run: Run) -> LRScheduler:
    """A tenth of the rate when the validation loss has not improved for more than 10 epochs: PyTorch's defaults."""
    return ReduceLROnPlateau(run.optimizer)


def _onecycle(run: Run) -> LRScheduler:
    # The momentum is left alone: not every optimizer has one.
    rate = run.optimizer.param_groups[0]["lr"]
    return OneCycleLR(run.optimizer, max_lr=rate, total_steps=run.steps, cycle_momentum=False)


def _warmup(run: Run) -> LRScheduler:
    return LinearLR(run.optimizer, start_factor=1 / WARM_UP_EPOCHS, total_iters=WARM_UP_EPOCHS - 1)


SCHEDULES: dict[str, Make] = {
    "cosine": _cosine,
    "step": _step,
    "plateau": _plateau,
    "onecycle": _onecycle,
    "warmup": _warmup,
}
# Those whose rate at a step depends on how long the whole run is. One over 20 epochs is no beginning of one over 50.
SPANNING = ("cosine", "onecycle")
# Those that PyTorch's users step after each batch.
BY_STEPS = (OneCycleLR, CyclicLR)


class Scheduled(Callback):
    """Takes a schedule's steps: after each epoch, or after each step where the schedule is made for that.

    `choice`: a name of SCHEDULES, a scheduler of the run's optimizer, or a function that makes one of the optimizer.
    Raises ValueError for an unknown name, TypeError for anything else.
    """

    def __init__(self, choice: Schedule) -> None:
        if isinstance(choice, str) and choice not in SCHEDULES:
            raise ValueError(f"fit: there is no schedule named {choice!r}. {did_you_mean(choice, SCHEDULES)}")
        if not isinstance(choice, str | LRScheduler) and not callable(choice):
            raise TypeError(
                f"fit: schedule must be a name, a scheduler, or a callable that makes one, and is {choice!r}. Write "
                'schedule="cosine", or schedule=lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=10).'
            )
        self.choice = choice
        self.scheduler: Any = None

    def on_start(self, run: Run) -> None:
        if isinstance(self.choice, str):
            self.scheduler = SCHEDULES[self.choice](run)
        else:
            self.scheduler = self.choice if isinstance(self.choice, LRScheduler) else self.choice(run.optimizer)
        run.one_by_one = run.one_by_one or isinstance(self.scheduler, BY_STEPS)

    def on_step(self, run: Run) -> None:
        # The last step of a OneCycleLR is the run's last: there is no rate after it.
        if isinstance(self.scheduler, BY_STEPS) and run.step < run.steps:
            self.scheduler.step()

    def on_epoch(self, run: Run) -> None:
        if isinstance(self.scheduler, ReduceLROnPlateau):
            row = run.history.epochs[-1]
            self.scheduler.step(row.get("validation_loss", row["loss"]))
        elif not isinstance(self.scheduler, BY_STEPS):
            self.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        """The scheduler's."""
        return dict(self.scheduler.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned."""
        self.scheduler.load_state_dict(state)
