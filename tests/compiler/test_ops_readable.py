"""Every op of the registry and every optimizer: the readable program gives the record's numbers."""

import inspect

import numpy as np
import pytest

import backlit as torch
import backlit.nn as nn
from backlit import tracing
from backlit.compiler.magnitudes import scales
from tracing.traced import EVERY_OP, traced

OPTIMIZERS = [name for name in dir(torch.optim) if isinstance(getattr(torch.optim, name), type) and name != "Optimizer"]


def units_apart(found, recorded):
    """The greatest distance in units in the last place of the recorded numbers."""
    found, recorded = np.asarray(found), np.asarray(recorded)
    assert (found.shape, found.dtype) == (recorded.shape, recorded.dtype)
    if recorded.dtype.kind not in "fc":
        np.testing.assert_array_equal(found, recorded)
        return 0.0
    with np.errstate(all="ignore"):
        is_same = (found == recorded) | (np.isnan(found) & np.isnan(recorded))
        apart = np.where(is_same, 0, np.abs(found - recorded) / np.spacing(np.abs(recorded)))
    return apart.max(initial=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", EVERY_OP, ids=lambda op: op.name)
def test_an_ops_readable_program_is_within_four_units_in_the_last_place(op, dtype):
    for sample in op.samples(np.random.default_rng(0)):
        graph, _ = traced(op, sample, dtype)
        simple = graph.readable()
        assert not any("left out" in note for note in simple.notes)
        assert len(simple) <= len(graph)
        found = simple.run()
        for name, line in graph.outputs.items():
            assert units_apart(found[name], line.value) <= 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_readable_program_leaves_the_recorded_parameters(name, dtype):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)
    made = getattr(torch.optim, name)
    fewer = {"max_iter": 4} if "max_iter" in inspect.signature(made).parameters else {}
    optimizer = made(net.parameters(), lr=0.01, **fewer)
    x, y = torch.randn(6, 3, dtype=dtype), torch.randn(6, 1, dtype=dtype)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)
    graph = tracing.trace(lambda: optimizer.step(closure))
    found, terms = graph.run(verbatim=False), scales(graph)
    for name, line in graph.outputs.items():
        share = {"float32": 1e-6, "float64": 1e-12}.get(str(line.dtype), 0)
        assert np.max(np.abs(found[name] - line.value), initial=0) <= share * terms[name]
