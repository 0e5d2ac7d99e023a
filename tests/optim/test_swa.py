"""Averages of weights follow PyTorch's."""

import numpy as np
import pytest
import torch

import backlit
import backlit.nn
import backlit.optim.swa_utils

BOTH = pytest.mark.parametrize("ns", [backlit, torch], ids=["backlit", "torch"])
WAYS = {
    "mean": lambda s: {},
    "mean of buffers too": lambda s: {"use_buffers": True},
    "moving": lambda s: {"avg_fn": s.get_ema_avg_fn(0.75)},
    "moving, all": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.75)},
    "mean, all": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    "own": lambda s: {"avg_fn": lambda mean, value, number: mean + value / (2 + number)},
}


def model_of(ns):
    model = ns.nn.Linear(3, 2).double()
    model.register_buffer("seen", ns.zeros(2, dtype=ns.float64))
    return model


@pytest.mark.parametrize("way", WAYS)
def test_average_follows_pytorch(way):
    found = []
    for ns in (backlit, torch):
        model = model_of(ns)
        averaged = ns.optim.swa_utils.AveragedModel(model, **WAYS[way](ns.optim.swa_utils))
        for seed in range(4):
            rng = np.random.default_rng(seed)
            for value in (model.weight, model.bias, model.seen):
                value.detach().numpy()[...] = rng.normal(size=value.shape)
            averaged.update_parameters(model)
        assert averaged.n_averaged.item() == 4
        found.append(averaged)
    for mine, theirs in zip(*[averaged.state_dict().items() for averaged in found], strict=True):
        assert mine[0] == theirs[0]
        # PyTorch rounds the share 1 / (number + 1) to float32 where it averages all at once.
        np.testing.assert_allclose(mine[1].numpy(), theirs[1].numpy(), rtol=1e-7)


@BOTH
def test_the_averaged_model_is_a_copy(ns):
    model = model_of(ns)
    averaged = ns.optim.swa_utils.AveragedModel(model)
    averaged.update_parameters(model)
    with ns.no_grad():
        model.weight.fill_(7.0)
    assert not (averaged.module.weight == 7.0).any()
    assert averaged(ns.ones(1, 3, dtype=ns.float64)).shape == (1, 2)


@BOTH
def test_decay_is_a_share(ns):
    for make in (ns.optim.swa_utils.get_ema_avg_fn, ns.optim.swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="decay"):
            make(1.5)
    with pytest.raises(AssertionError, match="Only one"):
        ns.optim.swa_utils.AveragedModel(model_of(ns), avg_fn=print, multi_avg_fn=print)


@pytest.mark.parametrize("settings", [{}, {"anneal_strategy": "linear"}, {"anneal_epochs": 0}, {"anneal_epochs": 3}])
def test_rates_follow_pytorch(settings):
    found = []
    for ns in (backlit, torch):
        groups = [{"params": [ns.ones(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.01)]
        optimizer = ns.optim.SGD(groups)
        scheduler = ns.optim.swa_utils.SWALR(optimizer, swa_lr=0.05, **settings)
        path = []
        for _ in range(15):
            optimizer.step()
            scheduler.step()
            path.append(scheduler.get_last_lr())
        found.append(path)
    assert found[0] == found[1]


@BOTH
def test_wrong_annealing_is_refused(ns):
    optimizer = ns.optim.SGD([ns.ones(1, requires_grad=True)])
    with pytest.raises(ValueError, match="anneal_strategy"):
        ns.optim.swa_utils.SWALR(optimizer, 0.1, anneal_strategy="sudden")
    with pytest.raises(ValueError, match="anneal_epochs"):
        ns.optim.swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)


class Norm(backlit.nn.Module):
    """What update_bn needs to know of a batch norm: running statistics, whose momentum None means a plain mean."""

    def __init__(self):
        super().__init__()
        self.register_buffer("running_mean", backlit.zeros(1))
        self.momentum = 0.1
        self.seen = 7

    def reset_running_stats(self):
        self.running_mean.fill_(0.0)
        self.seen = 0

    def forward(self, x):
        assert self.momentum is None
        assert self.training
        self.seen += 1
        self.running_mean += (x.mean() - self.running_mean) / self.seen
        return x


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: (x, None), lambda x: [x]], ids=["tensor", "tuple", "list"])
def test_running_statistics_are_those_of_the_loader(wrap):
    model = backlit.nn.Sequential(Norm()).eval()
    model[0].running_mean.fill_(50.0)
    loader = [wrap(backlit.tensor([[value], [value + 2.0]])) for value in (1.0, 2.0, 6.0)]
    backlit.optim.swa_utils.update_bn(loader, model)
    assert model[0].running_mean.item() == 4.0
    assert model[0].momentum == 0.1
    assert not model.training


def test_a_model_without_norms_is_not_run():
    class Once(backlit.nn.Module):
        def forward(self, x):
            raise AssertionError("nothing to compute statistics for")

    backlit.optim.swa_utils.update_bn([backlit.ones(1)], Once())
