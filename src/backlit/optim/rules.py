"""The rules: every optimizer's update as one pure NumPy function.

A rule takes arrays by position (the parameter `p`, the gradient `g`, then what the optimizer remembers of the steps
before) and numbers by keyword, and returns the new parameter and the new memory in the same order. All arrays have the
parameter's shape; every rule works element by element. `step` counts from 1.

Numbers are Python floats, never np.float64: NumPy lets those turn float32 arrays into float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # an np.ndarray, or a symbol that stands for one


def penalised(p: Array, g: Array, *, weight_decay: float = 0.0, maximize: bool = False) -> Array:
    """The gradient of what is minimised: f, or -f if it is to grow, plus weight_decay/2 · |p|²."""
    if maximize:
        g = -g
    if weight_decay != 0:
        g = g + weight_decay * p
    return g


def average(old: Array, new: Array, keep: float) -> Array:
    """Exponential moving average: keep the share `keep` of the old, take the rest from the new."""
    return keep * old + (1 - keep) * new


def sgd(p: Array, g: Array, *, lr: float) -> Array:
    """p ← p - lr · g.  Gradient descent; stochastic where g comes from a sample (Robbins and Monro, 1951)."""
    return p - lr * g


def momentum(p: Array, g: Array, velocity: Array, *, lr: float, momentum: float, dampening: float = 0.0) -> Array:
    """v ← momentum · v + (1 - dampening) · g,  p ← p - lr · v.

    Polyak (1964), in the form of Sutskever et al. (2013) without the rate inside v, so that a change of the rate acts
    at once. The very first step has v = g, whatever the dampening.
    """
    if dampening != 0:
        g = (1 - dampening) * g
    velocity = momentum * velocity + g
    return p - lr * velocity, velocity


def nesterov(p: Array, g: Array, velocity: Array, *, lr: float, momentum: float) -> Array:
    """v ← momentum · v + g,  p ← p - lr · (g + momentum · v).

    Nesterov (1983) as Sutskever et al. (2013, section 3) rewrite it: the step is taken from where v will lead.
    """
    velocity = momentum * velocity + g
    return p - lr * (g + momentum * velocity), velocity


def adam(p: Array, g: Array, m: Array, v: Array, *, lr: float, beta1: float, beta2: float, eps: float,
         step: float) -> Array:  # fmt: skip
    """m ← β1 · m + (1 - β1) · g,  v ← β2 · v + (1 - β2) · g²,  p ← p - lr · m̂ / (√v̂ + eps).

    m̂ = m / (1 - β1^step) and v̂ = v / (1 - β2^step) undo the start of m and v at zero.
    Kingma and Ba, "Adam", 2015, algorithm 1, in the order of operations that ends their section 2.
    """
    m = average(m, g, beta1)
    v = average(v, g * g, beta2)
    return p - corrected(lr, beta1, step) * m / spread(v, beta2, step, eps), m, v


def adamw(p: Array, g: Array, m: Array, v: Array, *, lr: float, weight_decay: float, **settings: float) -> Array:
    """p ← p - lr · weight_decay · p, then Adam's step: the decay bypasses m and v.

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
    """
    return adam(shrunk(p, lr, weight_decay), g, m, v, lr=lr, **settings)


def amsgrad(p: Array, g: Array, m: Array, v: Array, v_max: Array, *, lr: float, beta1: float, beta2: float,
            eps: float, step: float) -> Array:  # fmt: skip
    """Adam that divides by the root of the largest v so far, so that no step size ever grows again.

    Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", 2018, algorithm 2, with Adam's bias corrections.
    """
    m = average(m, g, beta1)
    v = average(v, g * g, beta2)
    v_max = np.maximum(v_max, v)
    return p - corrected(lr, beta1, step) * m / spread(v_max, beta2, step, eps), m, v, v_max


def amsgradw(p: Array, g: Array, m: Array, v: Array, v_max: Array, *, lr: float, weight_decay: float,
             **settings: float) -> Array:  # fmt: skip
    """AdamW's decay of p, then AMSGrad's step."""
    return amsgrad(shrunk(p, lr, weight_decay), g, m, v, v_max, lr=lr, **settings)


def shrunk(p: Array, lr: float, weight_decay: float) -> Array:
    """Weight decay on the parameter itself: p · (1 - lr · weight_decay)."""
    return p * (1 - lr * weight_decay) if weight_decay != 0 else p


def corrected(value: Any, beta: float, step: float) -> Any:
    """value / (1 - β^step): what an average that started at zero lacks after `step` steps is made up for."""
    return value / (1 - beta**step)


def spread(v: Array, beta: float, step: float, eps: float) -> Array:
    """√v̂ + eps with v̂ = v / (1 - β^step): how large gradients usually are."""
    return np.sqrt(v) / (1 - beta**step) ** 0.5 + eps


def adamax(p: Array, g: Array, m: Array, u: Array, *, lr: float, beta1: float, beta2: float, eps: float,
           step: float) -> Array:  # fmt: skip
    """m ← β1 · m + (1 - β1) · g,  u ← max(β2 · u, |g| + eps),  p ← p - lr / (1 - β1^step) · m / u.

    Kingma and Ba, "Adam", 2015, algorithm 2: the largest gradient, slowly forgotten, in place of the root mean square.
    """
    m = average(m, g, beta1)
    u = np.maximum(beta2 * u, np.abs(g) + eps)
    return p - corrected(lr, beta1, step) * m / u, m, u


def nadam(p: Array, g: Array, m: Array, v: Array, *, lr: float, beta1: float, beta2: float, eps: float, step: float,
          mu: float, mu_next: float, mu_product: float, weight_decay: float = 0.0) -> Array:  # fmt: skip
    """Adam with Nesterov's look ahead: the numerator is mu_next · m / (1 - Πμ · mu_next) + (1 - mu) · g / (1 - Πμ).

    Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2. mu and mu_next are the momentum of this step
    and of the next (`nadam_momentum`), mu_product (Πμ) is the product of all up to this one.
    """
    m = average(m, g, beta1)
    v = average(v, g * g, beta2)
    ahead = mu_next / (1 - mu_product * mu_next) * m + (1 - mu) / (1 - mu_product) * g
    return shrunk(p, lr, weight_decay) - lr * ahead / spread(v, beta2, step, eps), m, v


def nadam_momentum(beta1: float, momentum_decay: float, step: float) -> float:
    """The warming momentum of Dozat's section 3: β1 · (1 - 0.96^(step · momentum_decay) / 2); 0.96 is the paper's."""
    return beta1 * (1 - 0.5 * 0.96 ** (step * momentum_decay))


def radam(p: Array, g: Array, m: Array, v: Array, *, lr: float, beta1: float, beta2: float, eps: float, step: float,
          weight_decay: float = 0.0) -> Array:  # fmt: skip
    """Adam's step times √(((ρ - 4)(ρ - 2) ρ∞) / ((ρ∞ - 4)(ρ∞ - 2) ρ)), once v rests on ρ > 5 gradients.

    Before that v is too uncertain to divide by, and the step is that of the corrected momentum alone.
    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020, algorithm 2; it asks for ρ > 4,
    PyTorch for ρ > 5. As PyTorch has it, eps joins √v before the bias correction.
    """
    m = average(m, g, beta1)
    v = average(v, g * g, beta2)
    p = shrunk(p, lr, weight_decay)
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / (1 - beta2**step)
    direction = corrected(lr, beta1, step) * m
    if length <= 5:
        return p - direction, m, v
    certainty = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
    return p - direction * (certainty * (1 - beta2**step) ** 0.5) / (np.sqrt(v) + eps), m, v


def adagrad(p: Array, g: Array, total: Array, *, lr: float, lr_decay: float, eps: float, step: float) -> Array:
    """total ← total + g²,  p ← p - lr / (1 + (step - 1) · lr_decay) · g / (√total + eps).

    Duchi, Hazan and Singer, "Adaptive Subgradient Methods", 2011, with the diagonal of their equation 1.
    """
    total = total + g * g
    return p - lr / (1 + (step - 1) * lr_decay) * g / (np.sqrt(total) + eps), total


def adadelta(p: Array, g: Array, square_avg: Array, acc_delta: Array, *, lr: float, rho: float, eps: float) -> Array:
    """Δ = √(mean of Δ² + eps) / √(mean of g² + eps) · g,  p ← p - lr · Δ: a step in the units of the parameter.

    Zeiler, "ADADELTA", 2012, algorithm 1, where lr is 1.
    """
    square_avg = average(square_avg, g * g, rho)
    delta = np.sqrt(acc_delta + eps) / np.sqrt(square_avg + eps) * g
    return p - lr * delta, square_avg, average(acc_delta, delta * delta, rho)


def rmsprop(p: Array, g: Array, square_avg: Array, *, lr: float, alpha: float, eps: float) -> Array:
    """v ← α · v + (1 - α) · g²,  p ← p - lr · g / (√v + eps).  Tieleman and Hinton, Coursera lecture 6.5, 2012."""
    square_avg = average(square_avg, g * g, alpha)
    return p - lr * g / (np.sqrt(square_avg) + eps), square_avg


def rmsprop_momentum(p: Array, g: Array, square_avg: Array, velocity: Array, *, lr: float, alpha: float, eps: float,
                     momentum: float) -> Array:  # fmt: skip
    """RMSprop's scaled gradient with momentum: u ← momentum · u + g / (√v + eps),  p ← p - lr · u."""
    square_avg = average(square_avg, g * g, alpha)
    velocity = momentum * velocity + g / (np.sqrt(square_avg) + eps)
    return p - lr * velocity, square_avg, velocity


def rmsprop_centered(p: Array, g: Array, square_avg: Array, grad_avg: Array, *, lr: float, alpha: float,
                     eps: float) -> Array:  # fmt: skip
    """RMSprop with the variance v - mean² in place of v.  Graves, arXiv 1308.0850, 2013, equations 38 to 45."""
    square_avg, grad_avg, scaled = centered(g, square_avg, grad_avg, alpha, eps)
    return p - lr * scaled, square_avg, grad_avg


def rmsprop_centered_momentum(p: Array, g: Array, square_avg: Array, velocity: Array, grad_avg: Array, *, lr: float,
                              alpha: float, eps: float, momentum: float) -> Array:  # fmt: skip
    """Graves's RMSprop with momentum on the scaled gradient."""
    square_avg, grad_avg, scaled = centered(g, square_avg, grad_avg, alpha, eps)
    velocity = momentum * velocity + scaled
    return p - lr * velocity, square_avg, velocity, grad_avg


def centered(g: Array, square_avg: Array, grad_avg: Array, alpha: float, eps: float) -> tuple[Array, Array, Array]:
    """The averages of g² and g, and g divided by its standard deviation."""
    square_avg = average(square_avg, g * g, alpha)
    grad_avg = average(grad_avg, g, alpha)
    return square_avg, grad_avg, g / (np.sqrt(square_avg - grad_avg * grad_avg) + eps)


def rprop(p: Array, g: Array, before: Array, size: Array, *, eta_minus: float, eta_plus: float, size_min: float,
          size_max: float) -> Array:  # fmt: skip
    """p ← p - sign(g) · size; size grows by eta_plus while g keeps its sign, shrinks by eta_minus when it turns.

    Where it turned, the parameter waits and forgets g, so that the next step changes no size.
    Riedmiller and Braun, "RPROP", 1993, in the form that Igel and Hüsken (2000) call iRprop-.
    """
    turn = np.sign(g * before)
    size = np.where(turn > 0, eta_plus * size, np.where(turn < 0, eta_minus * size, size))
    size = np.clip(size, size_min, size_max)
    g = np.where(turn < 0, 0.0, g)
    return p - np.sign(g) * size, g, size


def asgd(p: Array, g: Array, mean: Array, *, lambd: float, eta: float, mu: float) -> Array:
    """p ← (1 - lambd · eta) · p - eta · g,  mean ← mean + mu · (p - mean).

    Polyak and Juditsky, 1992, with the rate eta of `asgd_rate`, and the share mu of `asgd_share`.
    """
    p = (1 - lambd * eta) * p - eta * g
    return p, mean + mu * (p - mean)


def asgd_rate(lr: float, lambd: float, alpha: float, step: float) -> float:
    """The rate of the next step: lr / (1 + lambd · lr · step)^alpha.  Xu, arXiv 1107.2490, 2011, section 2."""
    return lr / (1 + lambd * lr * step) ** alpha


def asgd_share(step: float, t0: float) -> Any:
    """The next point's share in the mean: 1 up to step t0, then 1 / (step - t0).  Only the state takes it in."""
    return 1 / np.maximum(1.0, step - t0)


#: Every rule: what tests walk, and whoever reads rules with something else than arrays.
RULES = (
    sgd, momentum, nesterov, adam, adamw, amsgrad, amsgradw, adamax, nadam, radam, adagrad, adadelta, rmsprop,
    rmsprop_momentum, rmsprop_centered, rmsprop_centered_momentum, rprop, asgd,
)  # fmt: skip
