"""A small problem with a gradient by hand, so that optimizers are compared without any network: the same in PyTorch."""

import warnings

import numpy as np
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what PyTorch's own test modules import
    from torch.testing._internal.common_optimizers import optim_db

NAMES = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop", "ASGD", "LBFGS"]
PLATFORM_FLAGS = ("foreach", "fused", "capturable", "differentiable")
SHAPES = [(3, 5), (5,), (2, 1, 4), ()]


def arrays(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [np.array(rng.normal(size=shape), dtype) for shape in SHAPES]


def loss_and_gradients(params):
    """The sum of log cosh(k · p - c), with other k and c for each element: smooth, and minimal at p = c / k."""
    loss, gradients = 0.0, []
    for number, p in enumerate(params, 1):
        k = 1 + np.arange(p.size, dtype=p.dtype).reshape(p.shape) / number
        z = k * p - number / 2
        loss += float(np.sum(np.logaddexp(z, -z) - np.log(2)))  # log cosh, without overflow
        gradients.append(np.asarray(k * np.tanh(z), p.dtype))
    return loss, gradients


class Problem:
    """Parameters in one library, and a closure that gives them gradients."""

    def __init__(self, ns, seed=0, dtype=np.float64, without_gradient=()):
        self.ns = ns
        self.params = [ns.from_numpy(array).requires_grad_() for array in arrays(seed, dtype)]
        self.without_gradient = without_gradient

    def values(self):
        return [p.detach().numpy().copy() for p in self.params]

    def closure(self):
        loss, gradients = loss_and_gradients([p.detach().numpy() for p in self.params])
        for number, (p, g) in enumerate(zip(self.params, gradients, strict=True)):
            p.grad = None if number in self.without_gradient else self.ns.from_numpy(g)
        return loss

    def train(self, optimizer, steps):
        """The values after each step."""
        path = []
        for _ in range(steps):
            optimizer.step(self.closure)
            path.append(self.values())
        return path


def configurations():
    """Name and keyword arguments of every configuration in PyTorch's database, and of some that it lacks."""
    for info in optim_db:
        name = info.optim_cls.__name__
        if name in NAMES:
            for case in info.optim_inputs_func(device="cpu"):
                yield name, {
                    key: float(value) if isinstance(value, torch.Tensor) else value
                    for key, value in case.kwargs.items()
                    if key not in PLATFORM_FLAGS
                }
    yield "SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}
    yield "Adam", {"lr": 0.01, "betas": (0.0, 0.5), "eps": 0.1}
    yield "Adam", {"weight_decay": 0.1, "amsgrad": True, "decoupled_weight_decay": True}
    yield "RMSprop", {"momentum": 0.5, "alpha": 0.5}
    yield "ASGD", {"t0": 5, "lambd": 0.1, "alpha": 0.5}
    yield "RAdam", {"betas": (0.5, 0.6), "lr": 0.05}
    yield "NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}
    yield "LBFGS", {"history_size": 3, "max_iter": 4, "lr": 0.5}
    yield "LBFGS", {"history_size": 2, "max_iter": 6, "max_eval": 5, "line_search_fn": "strong_wolfe"}
    yield "LBFGS", {"max_iter": 1, "line_search_fn": "strong_wolfe"}


CONFIGURATIONS = list(configurations())
IDS = [f"{name}({', '.join(f'{k}={v}' for k, v in settings.items())})" for name, settings in CONFIGURATIONS]


def optimizer_of(ns, name, params, settings):
    return getattr(ns.optim, name)(params, **settings)
