"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, rewrite, scalar, zeros_like
from backlit.tensor import Tensor


class Adadelta(Optimizer):
    """Steps as large as steps have usually been, so that no learning rate is needed; rule `adadelta`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w])
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968, 1.0032], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        learning_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"rho must be from 0 to 1, but rho={rho} was given. It is the share of the average kept.")
        at_least_zero(eps=eps, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def update(self, group: Group) -> None:
        settings = {name: float(group[name]) for name in ("lr", "rho", "eps")}
        for p, g in self.pending(group):
            state = self.memory(p, group)
            count(state["step"])
            rewrite(rules.adadelta, g, p, state["square_avg"], state["acc_delta"], **settings)
