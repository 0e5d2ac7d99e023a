"""RMSprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, rewrite, scalar, zeros_like
from backlit.tensor import Tensor

#: By whether there is momentum, and whether the mean is taken off: the rule, and the state it takes and returns.
VARIANTS: dict[tuple[bool, bool], tuple[Any, tuple[str, ...]]] = {
    (False, False): (rules.rmsprop, ("square_avg",)),
    (True, False): (rules.rmsprop_momentum, ("square_avg", "momentum_buffer")),
    (False, True): (rules.rmsprop_centered, ("square_avg", "grad_avg")),
    (True, True): (rules.rmsprop_centered_momentum, ("square_avg", "momentum_buffer", "grad_avg")),
}


class RMSprop(Optimizer):
    """Steps measured in the gradient's root mean square, or standard deviation; rule `rmsprop` and its variants.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w], lr=0.01)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.1000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        learning_rate(lr)
        at_least_zero(eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        _, names = VARIANTS[group["momentum"] > 0, bool(group["centered"])]
        return {"step": scalar(0.0), **{name: zeros_like(p) for name in names}}

    def update(self, group: Group) -> None:
        rule, names = VARIANTS[group["momentum"] > 0, bool(group["centered"])]
        settings = {name: float(group[name]) for name in ("lr", "alpha", "eps")}
        if group["momentum"] > 0:
            settings["momentum"] = float(group["momentum"])
        for p, g in self.pending(group):
            state = self.memory(p, group)
            count(state["step"])
            rewrite(rule, g, p, *[state[name] for name in names], **settings)
