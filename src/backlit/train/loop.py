"""fit: the training loop, in reading order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from backlit.autograd.modes import no_grad
from backlit.nn import Module
from backlit.optim import Optimizer
from backlit.random import manual_seed
from backlit.tensor import Tensor
from backlit.train.batches import Batches
from backlit.train.checkpoint import checkpointing
from backlit.train.choices import Loss, loss_from, optimizer_from
from backlit.train.doctoring import doctoring
from backlit.train.engines import Engine, engine_from
from backlit.train.events import Listeners, Run
from backlit.train.history import History
from backlit.train.interrupt import WholeSteps
from backlit.train.penalty import Penalty, with_penalty
from backlit.train.rows import Rows, rows_from
from backlit.train.schedules import Schedule, Scheduled
from backlit.train.stopping import EarlyStopping

# Rows that an evaluation sends through the model at a time: enough to keep the products large, small enough for memory.
EVALUATION_ROWS = 4096


def fit(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | Loss,
    optimizer: str | Optimizer | Callable[..., Optimizer],
    epochs: int,
    batch_size: int | None = None,
    shuffle: bool = True,
    validation: tuple[Any, Any] | None = None,
    seed: int | None = None,
    patience: int | None = None,
    schedule: Schedule | None = None,
    penalty: Penalty | None = None,
    callbacks: Iterable[Any] = (),
    engine: str = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    doctor: bool | str = False,
    every: int = 1000,
) -> History:
    """Train a model on rows: forward, loss, backward, update, for every batch of every epoch.

    Shape: x (N, ...), y (N, ...), arrays or tensors; floating arrays are taken in the model's dtype.
    `loss` is a callable of (output, target) or a name such as "mse", "cross_entropy", "bce_with_logits"; `optimizer`
    an Optimizer, a name, or a callable that is given the parameters. Without `batch_size` each step sees every row.
    `validation` is a pair (x, y) evaluated after each epoch; with `patience` the run stops when its loss has not
    improved for that many epochs, and the model ends with its best weights. `schedule` changes the rate: "cosine",
    "step", "plateau", "onecycle", "warmup", a scheduler of that optimizer, or a callable that makes one; it takes its
    step after each epoch, or after each step where it is a OneCycleLR or CyclicLR. `penalty` is a function of the
    model, such as `backlit.train.L1(1e-4)`: each step adds its value to the loss, and validation does not.
    `seed` makes the run repeatable (it seeds the default generator, as `manual_seed` does). Ctrl-C raises
    KeyboardInterrupt after a whole step. The model is trained in training mode and handed back in the mode in which it
    came. With `checkpoint`, a folder, the whole state is written there `every` so many steps and at the end, and a run
    that finds checkpoints there goes on from the last, to the bit as if it had never stopped. With `doctor` the run is
    watched for mistakes: they are warned of (DoctorWarning) and stand in `history.findings`; "collect" does not warn.
    An eager run is watched throughout, another one for its first 20 steps and then by its losses. No bit changes, but
    that `engine="native"` takes those 20 steps eagerly.

    Raises ValueError or TypeError, before the first step, for rows that do not match and options out of range.

    >>> import backlit as torch
    >>> x = torch.linspace(-1, 1, 20).unsqueeze(1)
    >>> model = torch.nn.Linear(1, 1)
    >>> history = torch.fit(model, x, 3 * x + 1, loss="mse", optimizer="lbfgs", epochs=5, seed=0)
    >>> bool(history.epochs[-1]["loss"] < 1e-6)
    True
    """
    training, held_out = rows_from("x, y", model, x, y), _validation_rows(model, validation)
    _check_options(epochs, batch_size, patience, held_out)
    loss_function, chosen = loss_from(loss), optimizer_from(optimizer, model)
    if seed is not None:
        manual_seed(seed)
    batches = Batches(*training, batch_size, shuffle)
    penalised = with_penalty(loss_function, penalty, model)
    runner = engine_from(engine, model, penalised, chosen, batches)
    scheduled = [] if schedule is None else [Scheduled(schedule)]
    others = [*([] if patience is None else [EarlyStopping(patience)]), *callbacks]
    keeps_best = any(isinstance(other, EarlyStopping) for other in others)
    with checkpointing(checkpoint, every) as (go_on, keep), doctoring(doctor, engine, keeps_best) as watching:
        run = Run(model, chosen, batches, epochs, [*scheduled, *go_on, *others, *watching, *keep])
        was_training = model.training
        model.train()
        try:
            _train(run, runner, batches, Listeners(run.callbacks), loss_function, held_out)
        finally:
            model.train(was_training)
    run.history.findings = [finding for each in watching for finding in each.findings]
    run.history.early_findings = [finding for each in watching for finding in each.early]
    return run.history


def _train(run: Run, engine: Engine, batches: Batches, listeners: Listeners, loss: Loss, held_out: Rows | None) -> None:
    # Where nobody needs the model as it is at the end of an epoch, an engine may run on past it.
    must_pause = held_out is not None or listeners.hear("on_epoch")
    listeners.tell("on_start", run)
    with WholeSteps() as interrupt:
        while run.step < run.steps and not run.is_stopped:
            until = (run.epoch + 1) * run.steps_per_epoch if must_pause else run.steps
            if run.step < run.pause:
                until = min(until, run.pause)
            if run.one_by_one:
                until = run.step + 1
            losses = engine.advance(until - run.step, run.step)
            run.step += len(losses)
            run.loss = float(losses[-1])
            run.history.add_steps(losses)
            listeners.tell("on_step", run)
            while run.epoch < run.step // run.steps_per_epoch:
                _end_epoch(run, batches, loss, held_out)
                listeners.tell("on_epoch", run)
            interrupt.check()
    if not run.is_stopped:
        run.stop(f"all {run.epochs} epochs are done")
    listeners.tell("on_end", run)


def _end_epoch(run: Run, batches: Batches, loss: Loss, held_out: Rows | None) -> None:
    start, end = run.epoch * run.steps_per_epoch, (run.epoch + 1) * run.steps_per_epoch
    run.epoch += 1
    losses = run.history.losses[start:end]
    row = {"epoch": run.epoch, "step": end, "loss": float(np.average(losses, weights=batches.sizes()))}
    if held_out is not None:
        row["validation_loss"] = evaluate(run.model, loss, *held_out)
    run.history.epochs.append(row)


def outputs_of(model: Module, x: Tensor) -> Tensor:
    """The model's outputs for many rows, in evaluation mode and without a graph.  Shape: x (N, ...), out (N, ...)."""
    was_training = model.training
    model.eval()
    try:
        with no_grad():
            starts = range(0, x.shape[0], EVALUATION_ROWS)
            parts = [model(x[start : start + EVALUATION_ROWS]).array for start in starts]
            return Tensor.wrap(np.concatenate(parts))
    finally:
        model.train(was_training)


def evaluate(model: Module, loss: Loss, x: Tensor, y: Tensor) -> float:
    """The loss over all rows, in evaluation mode and without a graph."""
    with no_grad():
        return float(loss(outputs_of(model, x), y).item())


def _validation_rows(model: Module, validation: Any) -> Rows | None:
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(
            f"fit: validation must be a pair of inputs and targets, and is {type(validation).__name__}. "
            "Write validation=(x_validation, y_validation)."
        )
    return rows_from("validation", model, *validation)


def _check_options(epochs: Any, batch_size: Any, patience: Any, held_out: Rows | None) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience)):
        is_left_out = value is None and name != "epochs"
        if not is_left_out and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ValueError(f"fit: {name} must be a whole number of at least 1, and is {value!r}.")
    if patience is not None and held_out is None:
        raise ValueError(
            f"fit: patience={patience} watches the validation loss, and there is no validation. "
            "Write validation=(x_validation, y_validation), or leave patience out."
        )
