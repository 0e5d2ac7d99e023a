"""NAdam."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate, shares
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, number, renew, rewrite, run, scalar, zeros_like
from backlit.tensor import Tensor


class NAdam(Optimizer):
    """Adam with Nesterov's momentum, which is warmed up; rule `nadam`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944, 1.1056], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        learning_rate(lr)
        at_least_zero(eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        shares("betas", betas)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "mu_product": scalar(1.0), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def update(self, group: Group) -> None:
        beta1, beta2 = map(float, group["betas"])
        decay, decoupled = float(group["momentum_decay"]), group["decoupled_weight_decay"]
        settings = {"lr": float(group["lr"]), "beta1": beta1, "beta2": beta2, "eps": float(group["eps"]),
                    "weight_decay": float(group["weight_decay"]) if decoupled else 0.0}  # fmt: skip
        for p, g in self.pending(group, decay=not decoupled):
            state = self.memory(p, group)
            step = count(state["step"])
            mu, mu_next = (
                run(rules.nadam_momentum, beta1=beta1, momentum_decay=decay, step=t) for t in (step, step + 1)
            )
            renew(state["mu_product"], number(p, state, "mu_product") * mu)
            rewrite(rules.nadam, g, p, state["exp_avg"], state["exp_avg_sq"], step=step, mu=mu, mu_next=mu_next,
                    mu_product=number(p, state, "mu_product"), **settings)  # fmt: skip
