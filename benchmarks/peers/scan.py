"""JAX with the whole run inside one compiled scan, which is the fastest that it offers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workloads import Workload


def prepare(workload: Workload) -> tuple[Callable[[], None], Callable[[], float]]:
    import jax

    x, y = map(jax.numpy.asarray, workload.data())
    keys = jax.random.split(jax.random.PRNGKey(0), workload.epochs)
    start = (initial(workload), initial(workload, scale=0.0), initial(workload, scale=0.0), 0.0)
    compiled = jax.jit(lambda state: jax.lax.scan(one_epoch(workload, x, y), state, keys)).lower(start).compile()
    losses: list[Any] = []

    def epoch() -> None:
        losses[:] = [jax.block_until_ready(compiled(start)[1])]

    epoch.takes_all = True  # type: ignore[attr-defined]
    return epoch, lambda: float(np.ravel(losses[0])[-1])


def initial(workload: Workload, scale: float = 1.0) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(0)
    pairs = pairwise(workload.sizes)
    return [
        ((scale * rng.normal(0, np.sqrt(2 / a), (a, b))).astype(np.float32), np.zeros(b, np.float32)) for a, b in pairs
    ]


def one_epoch(workload: Workload, x: Any, y: Any) -> Callable[..., Any]:
    import jax

    grad = jax.value_and_grad(lambda parameters, a, b: loss(workload, parameters, a, b))

    def step(state: Any, rows: Any) -> tuple[Any, Any]:
        value, gradients = grad(state[0], x[rows], y[rows]) if rows is not None else grad(state[0], x, y)
        return update(workload, state, gradients), value

    def epoch(state: Any, key: Any) -> tuple[Any, Any]:
        if workload.batch == workload.rows:
            return step(state, None)
        order = jax.random.permutation(key, workload.rows).reshape(-1, workload.batch)
        return jax.lax.scan(step, state, order)

    return epoch


def loss(workload: Workload, parameters: Any, x: Any, y: Any) -> Any:
    import jax
    import jax.numpy as jnp

    hidden = jax.nn.sigmoid if workload.activation == "sigmoid" else jax.nn.relu
    *inner, (w, b) = parameters
    for weight, bias in inner:
        x = hidden(x @ weight + bias)
    z = x @ w + b
    if workload.is_binary:
        return jnp.mean(jax.nn.softplus(z) - z * y)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def update(workload: Workload, state: Any, gradients: Any) -> Any:
    import jax
    import jax.numpy as jnp

    parameters, m, v, t = state
    each = jax.tree.map
    if workload.optimizer == "sgd":
        return each(lambda p, g: p - workload.lr * g, parameters, gradients), m, v, t
    t = t + 1
    m = each(lambda a, g: a + 0.1 * (g - a), m, gradients)
    v = each(lambda a, g: a + 0.001 * (g * g - a), v, gradients)
    rate, scale = workload.lr / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
    parameters = each(lambda p, a, c: p - rate * a / (jnp.sqrt(c) * scale + 1e-8), parameters, m, v)
    return parameters, m, v, t
