"""ASGD."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, number, renew, rewrite, run, scalar, zeros_like
from backlit.tensor import Tensor


class ASGD(Optimizer):
    """Gradient descent that also averages the parameters, in the state's "ax", from step t0 on; rule `asgd`.

    lambd: decay of the parameters and of the rate. alpha: power of the rate's decay.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        learning_rate(lr)
        at_least_zero(weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "eta": scalar(float(group["lr"])), "mu": scalar(1.0), "ax": zeros_like(p)}

    def update(self, group: Group) -> None:
        lr, lambd, alpha, t0 = (float(group[name]) for name in ("lr", "lambd", "alpha", "t0"))
        for p, g in self.pending(group):
            state = self.memory(p, group)
            step, eta, mu = count(state["step"]), number(p, state, "eta"), number(p, state, "mu")
            rewrite(rules.asgd, g, p, state["ax"], lambd=lambd, eta=eta, mu=mu)
            renew(state["eta"], run(rules.asgd_rate, lr=lr, lambd=lambd, alpha=alpha, step=step))
            renew(state["mu"], run(rules.asgd_share, step=step, t0=t0))
