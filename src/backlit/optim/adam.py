"""Adam, and what AdamW shares with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.ops.registry import reading
from backlit.optim import rules
from backlit.optim.checks import at_least_zero, learning_rate, shares
from backlit.optim.joint import Joint, are_small, joined
from backlit.optim.optimizer import Group, Optimizer
from backlit.optim.writing import count, rewrite, scalar, zeros_like
from backlit.tensor import Tensor

#: By whether weight decay is decoupled, and AMSGrad's maximum is kept: the rule, and the state it takes and returns.
VARIANTS: dict[tuple[bool, bool], tuple[Any, tuple[str, ...]]] = {
    (False, False): (rules.adam, ("exp_avg", "exp_avg_sq")),
    (True, False): (rules.adamw, ("exp_avg", "exp_avg_sq")),
    (False, True): (rules.amsgrad, ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")),
    (True, True): (rules.amsgradw, ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")),
}


class Adam(Optimizer):
    """Steps of the mean gradient, measured in its root mean square; rules `adam`, `amsgrad`.

    weight_decay is a penalty in the loss, or with `decoupled_weight_decay` AdamW's; rules `adamw`, `amsgradw`.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.1)
    >>> (w * torch.tensor([1.0, -5.0])).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.1000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        learning_rate(lr)
        at_least_zero(eps=eps, weight_decay=weight_decay)
        shares("betas", betas)
        if {isinstance(beta, Tensor) for beta in betas} != {True} and not all(isinstance(b, float) for b in betas):
            raise ValueError(f"betas must be either both floats or both Tensors, but betas={betas} was given")
        #: The parameters that are updated together, by the id of their group. They are joined when their state is made
        #: or loaded, and never later: others may hold its arrays, which stay where they are.
        self.joints: dict[int, Joint | None] = {}
        super().__init__(params, {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        _, moments = VARIANTS[False, bool(group["amsgrad"])]
        return {"step": scalar(0.0), **{name: zeros_like(p) for name in moments}}

    def update(self, group: Group) -> None:
        decoupled = bool(group["decoupled_weight_decay"] and group["weight_decay"] != 0)
        rule, moments = VARIANTS[decoupled, bool(group["amsgrad"])]
        beta1, beta2 = group["betas"]
        settings = {"lr": float(group["lr"]), "beta1": float(beta1), "beta2": float(beta2), "eps": float(group["eps"])}
        if decoupled:
            settings["weight_decay"] = float(group["weight_decay"])
        params = [p for p in group["params"] if p.grad is not None]
        if reading.recorder is None and are_small(params):
            joint, states = self.together(group, params, moments)
            if joint is not None:
                joint.update(rule, (g for _, g in self.pending(group, decay=not decoupled)), states, **settings)
                return
        for p, g in self.pending(group, decay=not decoupled):
            state = self.memory(p, group)
            rewrite(rule, g, p, *[state[name] for name in moments], step=count(state["step"]), **settings)

    def together(
        self, group: Group, params: list[Tensor], moments: tuple[str, ...]
    ) -> tuple[Joint | None, list[dict[str, Any]]]:
        """The joint of these parameters, if they have one, and their state."""
        is_first = not any(self.state[p] for p in params)
        states = [self.memory(p, group) for p in params]
        if is_first:
            self.joints[id(group)] = joined(params, states, moments)
        joint = self.joints.get(id(group))
        return (joint if joint is not None and joint.holds(params, states, moments) else None), states

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As every optimizer does; what is loaded is laid side by side, as a first step would have laid it."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            params = [p for p in group["params"] if self.state.get(p)]
            if are_small(params):
                _, moments = VARIANTS[False, bool(group["amsgrad"])]
                self.joints[id(group)] = joined(params, [self.state[p] for p in params], moments)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.joints = {}
