"""Every optimizer traces: the program of its third step leaves the very parameters that the step left."""

import numpy as np
import pytest

import backlit as torch
from backlit import nn, tracing
from backlit.optim.optimizer import Optimizer

VARIANTS = {
    "SGD": [{}, {"momentum": 0.9, "dampening": 0.1}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}],
    "Adam": [{}, {"amsgrad": True}, {"weight_decay": 0.1}, {"maximize": True}],
    "AdamW": [{}, {"amsgrad": True}],
    "RMSprop": [{}, {"momentum": 0.9, "centered": True}],
    "LBFGS": [{"max_iter": 3}, {"max_iter": 3, "line_search_fn": "strong_wolfe"}],
}
# SparseAdam and the like are none of ours; whatever optimizer there is must be here.
EVERY = sorted(
    name for name, kind in vars(torch.optim).items() if isinstance(kind, type) and issubclass(kind, Optimizer)
)
CASES = [(name, settings) for name in EVERY if name != "Optimizer" for settings in VARIANTS.get(name, [{}])]


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_an_optimizers_program_leaves_its_parameters_to_the_bit(name, settings):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = getattr(torch.optim, name)(net.parameters(), **{"lr": 0.01, **settings})
    x, y = torch.randn(6, 3), torch.randn(6, 1)

    def closure():
        optimizer.zero_grad()
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(3):
        before = [p.array.copy() for p in net.parameters()]
        graph = tracing.trace(lambda: optimizer.step(closure))
    found, names = graph.run(), {line.path: name for name, line in graph.outputs.items()}
    for path, parameter, old in zip(dict(net.named_parameters()), net.parameters(), before, strict=True):
        np.testing.assert_array_equal(found[names[path]], parameter.array)
        assert not np.array_equal(old, parameter.array)


def test_recording_changes_no_number():
    def trained(record):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.3), nn.Linear(4, 2))
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
        x, y = torch.randn(6, 3), torch.tensor([0, 1, 0, 1, 1, 0])

        def step():
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.1)
            optimizer.step()

        for _ in range(5):
            tracing.trace(step) if record else step()
        return [value.array for value in net.state_dict().values()]

    for plain, recorded in zip(trained(False), trained(True), strict=True):
        np.testing.assert_array_equal(plain, recorded)
