"""A: training and evaluation mode."""

from __future__ import annotations

from typing import Any

from backlit import nn
from backlit.autograd.modes import grad_mode
from backlit.doctor.order import THRICE
from backlit.doctor.rule import Rule, here


def depends_on_mode(model: Any) -> list[str]:
    """The names of the modules that behave otherwise in training: dropout that drops, and batch normalisation."""
    return [
        name
        for name, m in model.named_modules()
        if isinstance(m, nn.modules.batchnorm._BatchNorm) or (isinstance(m, nn.modules.dropout._DropoutNd) and m.p > 0)
    ]


class TrainForgotten(Rule):
    """Steps are taken in evaluation mode."""

    id, group, severity = "train-forgotten", "A", "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.asleep: Any = None
        self.running = 0

    def on_module(self, module: Any, args: tuple[Any, ...]) -> None:
        if self.watch.depth != 1 or not grad_mode.enabled or (module.training and self.asleep is None):
            return  # before the modules are walked through: that takes as long as calling a few of them
        if depends_on_mode(module):
            is_trained = any(p.requires_grad for p in module.parameters())
            self.asleep = module if is_trained and not module.training else None

    def after_step(self, optimizer: Any) -> None:
        self.running = self.running + 1 if self.asleep is not None else 0
        if self.running >= THRICE:
            names = ", ".join(depends_on_mode(self.asleep)[:3])
            self.find(
                f"Three steps in a row were taken in evaluation mode, in which {names} do not do what they do in "
                "training.",
                "model.train()   # before the loop over the batches",
            )


class EvalForgotten(Rule):
    """The model is evaluated in training mode."""

    id, group, severity = "eval-forgotten", "A", "warning"

    def __init__(self, watch: Any) -> None:
        super().__init__(watch)
        self.times = 0
        self.last: tuple[int, Any] = (-1, None)

    def on_module(self, module: Any, args: tuple[Any, ...]) -> None:
        if self.watch.depth != 1 or grad_mode.enabled or not module.training or not self.watch.passes:
            return
        names = depends_on_mode(module)
        now = self.watch.steps, args[0] if args else None
        # The same rows again between two steps: samples of what dropout makes of them, as for an uncertainty.
        is_sampling = now[0] == self.last[0] and now[1] is self.last[1]
        self.last = now
        if names and not is_sampling:
            self.times += 1
            if self.times >= 2:
                self.find(
                    f"The model was called without gradients in training mode, {self.times} times: "
                    f"{', '.join(names[:3])} drop or normalise by the batch there.",
                    "model.eval()\nwith torch.no_grad():\n    prediction = model(x)\nmodel.train()",
                    place=here(),
                )
