"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.optim import rules
from backlit.optim.checks import learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, full_like, rewrite, scalar, zeros_like
from backlit.tensor import Tensor


class Rprop(Optimizer):
    """Steps by the gradient's sign alone, longer while it stays, shorter when it turns; for full batches; rule `rprop`.

    lr: the size of the first step. etas: what a size is multiplied by. step_sizes: the smallest and the largest size.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.1000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        learning_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(
                f"etas must be a shrinking factor between 0 and 1 and a growing one above 1, but etas={etas} was "
                "given. (0.5, 1.2) is usual."
            )
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        return {"step": scalar(0.0), "prev": zeros_like(p), "step_size": full_like(p, float(group["lr"]))}

    def update(self, group: Group) -> None:
        eta_minus, eta_plus = map(float, group["etas"])
        size_min, size_max = map(float, group["step_sizes"])
        settings = {"eta_minus": eta_minus, "eta_plus": eta_plus, "size_min": size_min, "size_max": size_max}
        for p, g in self.pending(group):
            state = self.memory(p, group)
            count(state["step"])
            rewrite(rules.rprop, g, p, state["prev"], state["step_size"], **settings)
