"""LBFGS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from backlit.autograd.modes import enable_grad
from backlit.autograd.tracked import users_line
from backlit.functions.publish import array_in
from backlit.ops.registry import IGNORE, QUIET
from backlit.optim.checks import learning_rate
from backlit.optim.line_search import Trial, strong_wolfe
from backlit.optim.optimizer import Closure, Optimizer
from backlit.optim.writing import kept, put, read
from backlit.tensor import Tensor

Array = Any


def newton_direction(g: Array, history: list[tuple[Array, Array, float]], scale: float) -> Array:
    """-H · g, where H, the inverse of the curvature, is known only from `history`: how g changed over past moves.

    history: (change of the gradient y, move s, 1 / y·s), oldest first. scale: H before any of it.
    The two loops of Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4.
    """
    q = -g
    weights = []
    for y, s, rho in reversed(history):
        weights.append(np.dot(s, q) * rho)
        q = q - weights[-1] * y
    q = q * scale
    for (y, s, rho), weight in zip(history, reversed(weights), strict=True):
        q = q + (weight - np.dot(y, q) * rho) * s
    return q


class LBFGS(Optimizer):
    """Quasi-Newton steps from the last `history_size` gradients; for full batches. `step` needs a closure.

    One step makes up to `max_iter` moves and evaluates the closure up to `max_eval` times (1.25 · max_iter). It ends
    early when no gradient exceeds `tolerance_grad`, or neither parameters nor loss change by `tolerance_change`.
    line_search_fn: None takes `lr` as the length of each move, "strong_wolfe" searches for it.

    >>> import backlit as torch
    >>> w = torch.tensor([3.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> print(optimizer.step(closure).item(), w.item())
    4.0 1.0
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        learning_rate(lr)
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError(
                f"LBFGS doesn't support per-parameter options: it takes one parameter group, but got "
                f"{len(self.param_groups)}. All parameters move along one direction."
            )

    @property
    def params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def step(self, closure: Closure | None = None) -> Any:
        """Move until the closure's loss is as low as `max_iter` moves get it. Returns the loss before.

        closure: clears the gradients, computes the loss, calls backward and returns the loss. It is called many times.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step needs a closure, which it calls many times:\n"
                "def closure():\n    optimizer.zero_grad()\n    loss = loss_fn(model(x), y)\n    loss.backward()\n"
                "    return loss\noptimizer.step(closure)"
            )
        if self.param_groups[0]["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"only 'strong_wolfe' is supported, but line_search_fn={self.param_groups[0]['line_search_fn']!r}"
            )
        quiet = QUIET.set(IGNORE)
        try:
            return self.minimise(enable_grad()(closure))
        finally:
            QUIET.reset(quiet)

    def minimise(self, closure: Closure) -> Any:
        group, state = self.param_groups[0], self.state[self.params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, g, evaluated = float(first), self.gradient(), 1
        state["func_evals"] += 1
        moves = 0
        while moves < group["max_iter"] and not np.max(np.abs(g)) <= group["tolerance_grad"]:
            moves += 1
            d = self.direction(g, state)
            slope, before = float(np.dot(g, d)), loss
            state.update(d=kept(d), prev_flat_grad=kept(g), prev_loss=loss, t=self.first_length(g, state))
            if slope > -group["tolerance_change"]:
                break
            loss, g, tried = self.move(closure, Trial(0.0, loss, g, slope), d, moves, evaluated)
            evaluated += tried
            state["func_evals"] += tried
            still = np.max(np.abs(d * state["t"])) <= group["tolerance_change"]
            if evaluated >= group["max_eval"] or still or abs(loss - before) < group["tolerance_change"]:
                break
        return first

    def first_length(self, g: Array, state: dict[str, Any]) -> float:
        """The length to try: lr, but in the very first move, where d = -g, no more than 1 in the sum of |changes|."""
        lr = float(self.param_groups[0]["lr"])
        return min(1.0, 1.0 / float(np.sum(np.abs(g)))) * lr if state["n_iter"] == 1 else lr

    def direction(self, g: Array, state: dict[str, Any]) -> Array:
        """Note how the gradient changed over the last move, and where to go from here."""
        state["n_iter"] += 1
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        y, s = g - read(state["prev_flat_grad"].array), read(state["d"].array) * float(state["t"])
        curvature = np.dot(y, s)
        if curvature > 1e-10:  # else H would not stay positive definite (Nocedal and Wright, equation 7.18)
            for name, value in (("old_dirs", y), ("old_stps", s), ("ro", 1 / curvature)):
                if len(state[name]) == self.param_groups[0]["history_size"]:
                    state[name].pop(0)
                state[name].append(kept(value))
            state["H_diag"] = kept(curvature / np.dot(y, y))
        history = [tuple(read(array_in(part)) for part in entry)
                   for entry in zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True)]  # fmt: skip
        return newton_direction(g, history, read(array_in(state["H_diag"])))

    def move(self, closure: Closure, start: Trial, d: Array, moves: int, evaluated: int) -> tuple[float, Array, int]:
        """Go along `d`; the loss and the gradient there, and how often the closure was called."""
        group, state = self.param_groups[0], self.state[self.params[0]]
        here = [read(p.array).copy() for p in self.params]
        if group["line_search_fn"] is None:
            self.place(here, d, state["t"])
            if moves == group["max_iter"]:  # nobody would look at what one more evaluation says
                return start.loss, start.gradient, 0
            return float(closure()), self.gradient(), 1

        def attempt(t: float) -> Trial:
            self.place(here, d, t)
            loss, g = float(closure()), self.gradient()
            return Trial(t, loss, g, float(np.dot(g, d)))

        trial, tried = strong_wolfe(attempt, start, state["t"], width=float(np.max(np.abs(d))),
                                    tolerance=1e-9, budget=group["max_eval"] - evaluated)  # fmt: skip
        self.place(here, d, trial.t)
        state["t"] = trial.t
        return trial.loss, trial.gradient, tried

    def gradient(self) -> Array:
        """All gradients in one row; zeros for a parameter that has none."""
        return np.concatenate(
            [
                np.zeros(p.array.size, p.array.dtype) if p.grad is None else read(p.grad.array).ravel()
                for p in self.params
            ]
        )

    def place(self, here: list[Array], d: Array, t: float) -> None:
        """Put the parameters at `here` + t · d."""
        start, line = 0, users_line()
        for p, x in zip(self.params, here, strict=True):
            put(p, x + t * d[start : start + x.size].reshape(x.shape))
            p.version.count += 1
            p.version.writer = line
            start += x.size
