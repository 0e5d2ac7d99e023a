"""SGD."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.ops.registry import reading
from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import PIECE, rewrite, zeros_like
from backlit.tensor import Tensor


class SGD(Optimizer):
    """Gradient descent, plain or with momentum, Polyak's or Nesterov's; rules `sgd`, `momentum`, `nesterov`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        learning_rate(lr)
        at_least_zero(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"Nesterov momentum requires a momentum and zero dampening, but momentum={momentum} and "
                f"dampening={dampening} were given. Write SGD(..., momentum=0.9, nesterov=True)."
            )
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    @property
    def needs_state(self) -> bool:
        return any(group["momentum"] != 0 for group in self.param_groups)

    def update(self, group: Group) -> None:
        if group["momentum"] != 0:
            return self.update_with_momentum(group)
        lr = float(group["lr"])
        for p, g in self.pending(group):
            if p.array.nbytes > PIECE or reading.recorder is not None:
                rewrite(rules.sgd, g, p, lr=lr)
            else:  # what rewrite would do: without its call, which is a fifth of a small network's step
                p.array[...] = rules.sgd(p.array, g, lr=lr)
        return None

    def update_with_momentum(self, group: Group) -> None:
        lr, momentum = float(group["lr"]), float(group["momentum"])
        for p, g in self.pending(group):
            state = self.state[p]
            is_first = state.get("momentum_buffer") is None
            if is_first:
                state["momentum_buffer"] = zeros_like(p)
            if group["nesterov"]:
                rewrite(rules.nesterov, g, p, state["momentum_buffer"], lr=lr, momentum=momentum)
            else:
                dampening = 0.0 if is_first else float(group["dampening"])
                rewrite(rules.momentum, g, p, state["momentum_buffer"], lr=lr, momentum=momentum, dampening=dampening)
