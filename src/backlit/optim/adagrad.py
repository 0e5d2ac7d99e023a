"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, full_like, rewrite, scalar
from backlit.tensor import Tensor


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far; rule `adagrad`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.1000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        learning_rate(lr)
        at_least_zero(lr_decay=lr_decay, weight_decay=weight_decay,
                      initial_accumulator_value=initial_accumulator_value, eps=eps)  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "sum": full_like(p, self.defaults["initial_accumulator_value"])}

    def update(self, group: Group) -> None:
        settings = {name: float(group[name]) for name in ("lr", "lr_decay", "eps")}
        for p, g in self.pending(group):
            state = self.memory(p, group)
            rewrite(rules.adagrad, g, p, state["sum"], step=count(state["step"]), **settings)
