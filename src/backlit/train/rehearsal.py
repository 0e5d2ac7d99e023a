"""Trying a step out without taking it, and what must stay as it was for the trial to tell about later steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backlit.compiler.following import rates_between, settings_of
from backlit.nn import Module
from backlit.nn.modules.hooks import everywhere
from backlit.optim import Optimizer
from backlit.optim.optimizer import EVERY_STEP
from backlit.random import default_generator
from backlit.tensor import Tensor
from backlit.train.batches import Batches

MODULE_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


@contextmanager
def rehearsal(model: Module, optimizer: Optimizer, batches: Batches) -> Iterator[None]:
    """Whatever steps change inside is afterwards as it was: weights, buffers, state, gradients, generator, rows."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    states = {key: (state, dict(state)) for key, state in optimizer.state.items()}
    arrays = [(t.array, t.array.copy()) for t in tensors_of(model, optimizer)]
    gradients = [(p, p.grad) for p in (*model.parameters(), *parameters)]
    generator, place = default_generator.get_state(), (batches.order, batches.start)
    try:
        yield
    finally:
        for array, values in arrays:
            array[...] = values
        for key in [key for key in optimizer.state if key not in states]:
            del optimizer.state[key]
        for state, kept in states.values():
            state.clear()
            state.update(kept)
        for p, gradient in gradients:
            p.grad = gradient
        default_generator.set_state(generator)
        batches.order, batches.start = place


def tensors_of(model: Module, optimizer: Optimizer) -> list[Tensor]:
    """What a step may overwrite: parameters, buffers, and the optimizer's state."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state = [v for kept in optimizer.state.values() for v in kept.values() if isinstance(v, Tensor)]
    return [*model.parameters(), *model.buffers(), *parameters, *state]


def obstacle(model: Module, optimizer: Optimizer) -> str:
    """What of the user's Python a compiled step would leave out; "" if there is nothing."""
    if everywhere:
        return "there are hooks on all modules"
    kept = [value for state in optimizer.state.values() for value in state.values()]
    if not all(value is None or isinstance(value, (Tensor, int, float)) for value in kept):
        return f"{type(optimizer).__name__} keeps more than numbers from step to step"
    for name, module in model.named_modules():
        if any(getattr(module, kind) for kind in MODULE_HOOKS):
            return f"there is a hook on the module {name or type(module).__name__!r}"
    for name, p in model.named_parameters():
        if p.hooks:
            return f"there is a hook on the parameter {name!r}"
    if any(EVERY_STEP.values()) or any(optimizer._hooks[kind] for kind in ("step_pre", "step_post")):
        return "there is a hook on the optimizer's steps"
    return ""


class Recorded:
    """How a model and its optimizer were set up when a step of theirs was recorded."""

    def __init__(self, model: Module, optimizer: Optimizer) -> None:
        self.model, self.optimizer = model, optimizer
        self.groups = [settings_of(group) for group in optimizer.param_groups]
        self.arrays = [t.array for t in tensors_of(model, optimizer)]
        self.modes = [module.training for module in model.modules()]

    def rates(self) -> dict[float, float] | None:
        """For each recorded learning rate the present one; None if anything but rates is other than it was."""
        now = [settings_of(group) for group in self.optimizer.param_groups]
        rates = rates_between(self.groups, now)
        if self.modes != [module.training for module in self.model.modules()]:
            return None
        arrays = [t.array for t in tensors_of(self.model, self.optimizer)]
        if len(arrays) != len(self.arrays) or any(a is not b for a, b in zip(arrays, self.arrays, strict=True)):
            return None
        return rates
