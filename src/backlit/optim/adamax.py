"""Adamax."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate, shares
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, rewrite, scalar, zeros_like
from backlit.tensor import Tensor


class Adamax(Optimizer):
    """Adam with the largest gradient, slowly forgotten, in place of the root mean square; rule `adamax`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.1000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        learning_rate(lr)
        at_least_zero(eps=eps, weight_decay=weight_decay)
        shares("betas", betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def update(self, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        settings = {"lr": float(group["lr"]), "beta1": beta1, "beta2": beta2, "eps": float(group["eps"])}
        for p, g in self.pending(group):
            state = self.memory(p, group)
            rewrite(rules.adamax, g, p, state["exp_avg"], state["exp_inf"], step=count(state["step"]), **settings)
