"""NumPy with the gradients derived on paper: what a careful person writes without any library."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.workloads import Workload

Arrays = list[np.ndarray]


class Network:
    """Weights and biases in float32, updated in place."""

    def __init__(self, workload: Workload) -> None:
        rng = np.random.default_rng(0)
        pairs = list(pairwise(workload.sizes))
        self.weights = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in pairs]
        self.biases = [np.zeros(b, np.float32) for _, b in pairs]
        self.is_sigmoid, self.is_binary = workload.activation == "sigmoid", workload.is_binary
        self.loss = float("nan")

    def gradients(self, x: np.ndarray, y: np.ndarray) -> Arrays:
        """The mean loss goes to `loss`; out: d weights, then d biases."""
        inputs = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            z = inputs[-1] @ w + b
            inputs.append(sigmoid(z) if self.is_sigmoid else np.maximum(z, 0))
        scores = inputs[-1] @ self.weights[-1] + self.biases[-1]
        d = self.from_binary(scores, y) if self.is_binary else self.from_classes(scores, y)
        d_weights: Arrays = []
        d_biases: Arrays = []
        for layer in reversed(range(len(self.weights))):
            a = inputs[layer]
            d_weights.insert(0, a.T @ d)
            d_biases.insert(0, d.sum(axis=0))
            if layer:
                d = d @ self.weights[layer].T * (a * (1 - a) if self.is_sigmoid else a > 0)
        return d_weights + d_biases

    def from_binary(self, scores: np.ndarray, y: np.ndarray) -> np.ndarray:
        # -[y log p + (1 - y) log(1 - p)] with p = sigmoid(z) is max(z, 0) - z y + log(1 + exp(-|z|)).
        losses = np.maximum(scores, 0) - scores * y + np.log1p(np.exp(-np.abs(scores)))
        self.loss = float(losses.mean())
        return (sigmoid(scores) - y) / np.float32(len(y))

    def from_classes(self, scores: np.ndarray, y: np.ndarray) -> np.ndarray:
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        chosen = np.arange(len(y)), y
        self.loss = float(-np.log(p[chosen]).mean())
        p[chosen] -= 1
        p /= np.float32(len(y))
        return p


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def descend(parameters: Arrays, gradients: Arrays, lr: float) -> None:
    for p, g in zip(parameters, gradients, strict=True):
        p -= np.float32(lr) * g


class Adam:
    """Kingma & Ba 2015, Algorithm 1, with the moments updated in place."""

    def __init__(self, parameters: Arrays) -> None:
        self.m, self.v = ([np.zeros_like(p) for p in parameters] for _ in range(2))
        self.t = 0

    def __call__(self, parameters: Arrays, gradients: Arrays, lr: float) -> None:
        self.t += 1
        rate, scale = np.float32(lr / (1 - 0.9**self.t)), np.float32(1 / np.sqrt(1 - 0.999**self.t))
        for p, g, m, v in zip(parameters, gradients, self.m, self.v, strict=True):
            m += np.float32(0.1) * (g - m)
            v += np.float32(0.001) * (g * g - v)
            p -= rate * m / (np.sqrt(v) * scale + np.float32(1e-8))


def prepare(workload: Workload) -> tuple[Callable[[], None], Callable[[], float]]:
    x, y = workload.data()
    network, rng = Network(workload), np.random.default_rng(1)
    parameters = network.weights + network.biases
    update = descend if workload.optimizer == "sgd" else Adam(parameters)

    def epoch() -> None:
        if workload.batch == workload.rows:
            update(parameters, network.gradients(x, y), workload.lr)
            return
        order = rng.permutation(workload.rows)
        for start in range(0, workload.rows, workload.batch):
            rows = order[start : start + workload.batch]
            update(parameters, network.gradients(x[rows], y[rows]), workload.lr)

    return epoch, lambda: network.loss
