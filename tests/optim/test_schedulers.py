"""Every scheduler gives PyTorch's rates, exactly."""

import functools
import math
import warnings

import pytest
import torch

import backlit
import backlit.optim

BOTH = pytest.mark.parametrize("ns", [backlit, torch], ids=["backlit", "torch"])


class Falling:
    """A factor that is an object, so that its attributes are saved."""

    def __init__(self, share):
        self.share = share

    def __call__(self, epoch):
        return self.share**epoch


SCHEDULERS = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda k: 0.95**k),
    "LambdaLR, each": lambda s, o: s.LambdaLR(o, [lambda k: 0.95**k, lambda k: 1 / (1 + k)]),
    "LambdaLR, object": lambda s, o: s.LambdaLR(o, Falling(0.9)),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda k: 0.97),
    "StepLR": lambda s, o: s.StepLR(o, 7, gamma=0.5),
    "StepLR, positional": lambda s, o: s.StepLR(o, 3, 0.9),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [5, 20, 21, 21], gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.5, total_iters=4),
    "ConstantLR, default": lambda s, o: s.ConstantLR(o),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.25, total_iters=9),
    "LinearLR, down": lambda s, o: s.LinearLR(o, 1.0, 0.1, 12),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, total_iters=30, power=2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 11, eta_min=1e-3),
    "CosineAnnealingLR, one period": lambda s, o: s.CosineAnnealingLR(o, T_max=40),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 6, T_mult=2),
    "CosineAnnealingWarmRestarts, equal": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, eta_min=0.01),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=41),
    "OneCycleLR, linear, three": lambda s, o: s.OneCycleLR(
        o, [0.5, 0.1], epochs=6, steps_per_epoch=7, anneal_strategy="linear", three_phase=True, pct_start=0.25
    ),
    "OneCycleLR, no momentum": lambda s, o: s.OneCycleLR(o, max_lr=0.5, total_steps=50, cycle_momentum=False),
    "CyclicLR": lambda s, o: s.CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=8, mode="triangular2"),
    "CyclicLR, triangular": lambda s, o: s.CyclicLR(o, 0.01, 0.2, step_size_up=4, step_size_down=7),
    "CyclicLR, exp_range": lambda s, o: s.CyclicLR(o, 0.01, 0.2, 5, mode="exp_range", gamma=0.97),
    "CyclicLR, own": lambda s, o: s.CyclicLR(o, [0.01, 0.02], [0.2, 0.1], 5, scale_fn=Falling(0.8)),
    "CyclicLR, own, steps": lambda s, o: s.CyclicLR(
        o, 0.01, 0.2, 5, scale_fn=lambda k: 1 / (1 + k), scale_mode="iterations", cycle_momentum=False
    ),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 5), s.LinearLR(o), s.ExponentialLR(o, 0.9)], milestones=[5, 11]
    ),
    "SequentialLR, second at once": lambda s, o: s.SequentialLR(o, [s.StepLR(o, 2), s.ExponentialLR(o, 0.5)], [0]),
    "SequentialLR, restarts": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.01, total_iters=5), s.CosineAnnealingLR(o, 20)], [5]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.9)]),
    "ChainedScheduler, optimizer": lambda s, o: s.ChainedScheduler([s.StepLR(o, 3)], optimizer=o),
}
OPTIMIZERS = {"SGD": {"momentum": 0.9}, "Adam": {}}


def optimizer_of_two_groups(ns, name="SGD", **settings):
    groups = [{"params": [ns.ones(2, requires_grad=True)]}, {"params": [ns.ones(3, requires_grad=True)], "lr": 0.03}]
    return getattr(ns.optim, name)(groups, lr=0.2, **settings)


def train(optimizer, scheduler, epochs):
    """What a schedule sets, each epoch: rates, momenta, and what get_last_lr says."""
    seen = []
    for _ in range(epochs):
        momenta = [group.get("momentum", group.get("betas")) for group in optimizer.param_groups]
        seen.append(([group["lr"] for group in optimizer.param_groups], momenta, list(scheduler.get_last_lr())))
        optimizer.step()
        scheduler.step()
    return seen


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("case", SCHEDULERS)
def test_rates_are_pytorchs(case, name):
    found = []
    for ns in (backlit, torch):
        optimizer = optimizer_of_two_groups(ns, name, **OPTIMIZERS[name])
        found.append(train(optimizer, SCHEDULERS[case](ns.optim.lr_scheduler, optimizer), 40))
    assert found[0] == found[1]


@pytest.mark.parametrize("case", SCHEDULERS)
def test_a_schedule_goes_on_after_loading(case):
    """Saved after 13 epochs and loaded into a fresh scheduler, it goes on as if never stopped."""
    make = SCHEDULERS[case]
    optimizer = optimizer_of_two_groups(backlit, momentum=0.9)
    scheduler = make(backlit.optim.lr_scheduler, optimizer)
    train(optimizer, scheduler, 13)
    saved, groups = scheduler.state_dict(), optimizer.state_dict()
    fresh = optimizer_of_two_groups(backlit, momentum=0.9)
    other = make(backlit.optim.lr_scheduler, fresh)
    fresh.load_state_dict(groups)
    other.load_state_dict(saved)
    assert train(fresh, other, 20) == train(optimizer, scheduler, 20)


@pytest.mark.parametrize("direction", ["from PyTorch", "to PyTorch"])
@pytest.mark.parametrize("case", SCHEDULERS)
def test_state_is_exchanged_with_pytorch(case, direction):
    source, target = (torch, backlit) if direction == "from PyTorch" else (backlit, torch)
    optimizer = optimizer_of_two_groups(source, momentum=0.9)
    scheduler = SCHEDULERS[case](source.optim.lr_scheduler, optimizer)
    train(optimizer, scheduler, 13)
    other = optimizer_of_two_groups(target, momentum=0.9)
    resumed = SCHEDULERS[case](target.optim.lr_scheduler, other)
    other.load_state_dict({**optimizer.state_dict(), "state": {}})
    resumed.load_state_dict(scheduler.state_dict())
    assert train(other, resumed, 20) == train(optimizer, scheduler, 20)


def test_attributes_of_factor_objects_are_saved():
    optimizer = optimizer_of_two_groups(backlit)
    scheduler = backlit.optim.lr_scheduler.LambdaLR(optimizer, [Falling(0.5), lambda epoch: 1.0])
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [{"share": 0.5}, None]
    other = backlit.optim.lr_scheduler.LambdaLR(optimizer, [Falling(0.25), lambda epoch: 1.0])
    other.load_state_dict(saved)
    assert other.lr_lambdas[0].share == 0.5


METRICS = [1.0, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.49999, 0.6, 0.6, 0.6, 0.6, math.nan, 0.6, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
PLATEAUS = [
    {"factor": 0.5, "patience": 2},
    {"mode": "max", "patience": 1, "cooldown": 2},
    {"threshold": 0.05, "threshold_mode": "abs", "patience": 0, "min_lr": 0.01},
    {"mode": "max", "threshold": 0.05, "threshold_mode": "abs", "patience": 1},
    {"patience": 0, "min_lr": [0.05, 0.001], "factor": 0.3},
    {"patience": 0, "eps": 0.05},
]


@pytest.mark.parametrize("settings", PLATEAUS)
def test_plateau_follows_pytorch(settings):
    found = []
    for ns in (backlit, torch):
        optimizer = optimizer_of_two_groups(ns)
        scheduler = ns.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
        path = []
        for number, metric in enumerate(METRICS):
            scheduler.step(ns.tensor(metric) if number % 2 else metric)
            path.append(([group["lr"] for group in optimizer.param_groups], scheduler.num_bad_epochs))
        found.append((path, scheduler.best, scheduler.get_last_lr()))
        saved = scheduler.state_dict()
        again = ns.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        again.load_state_dict(saved)
        assert again.is_better(0.0) if ns is backlit and again.mode == "min" else again.patience == scheduler.patience
    assert found[0] == found[1]


@BOTH
def test_plateau_and_groups_that_come_later(ns):
    optimizer = optimizer_of_two_groups(ns)
    same = ns.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    each = ns.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.0, 0.0])
    optimizer.add_param_group({"params": [ns.ones(1, requires_grad=True)], "lr": 1.0})
    same.step(1.0)
    same.step(2.0)
    assert optimizer.param_groups[2]["lr"] == 0.5
    each.step(1.0)
    with pytest.raises(RuntimeError, match="min_lrs"):
        each.step(2.0)


@pytest.mark.parametrize(
    "case",
    ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
     "LambdaLR"],
)
def test_a_given_epoch_uses_the_formula(case):
    found = []
    for ns in (backlit, torch):
        optimizer = optimizer_of_two_groups(ns)
        scheduler = SCHEDULERS[case](ns.optim.lr_scheduler, optimizer)
        optimizer.step()
        rates = []
        for epoch in (3, 10, 29):
            with pytest.warns(UserWarning, match="epoch"):
                scheduler.step(epoch)
            rates.append(scheduler.get_last_lr())
        found.append(rates)
    assert found[0] == found[1]


def test_restarts_take_fractions_of_an_epoch():
    found = []
    for ns in (backlit, torch):
        optimizer = optimizer_of_two_groups(ns)
        for factor in (1, 2):
            scheduler = ns.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3, T_mult=factor)
            optimizer.step()
            for epoch in (0, 0.5, 2.75, 3, 8.5, 20):
                scheduler.step(epoch)
                found.append((ns.__name__, scheduler.get_last_lr(), scheduler.last_epoch))
            scheduler.step()
            found.append((ns.__name__, scheduler.get_last_lr(), scheduler.last_epoch))
    half = len(found) // 2
    assert [entry[1:] for entry in found[:half]] == [entry[1:] for entry in found[half:]]


@BOTH
def test_a_tensor_rate_is_changed_in_place(ns):
    rate = ns.tensor(0.5)
    optimizer = ns.optim.SGD([ns.ones(1, requires_grad=True)], lr=rate)
    scheduler = ns.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 0.25
    assert scheduler.get_last_lr()[0] is not rate
    assert scheduler.base_lrs[0].item() == 0.5


@pytest.mark.parametrize("case", [case for case in SCHEDULERS if not case.startswith(("Sequential", "Chained"))])
def test_resuming_by_last_epoch_follows_pytorch(case):
    found = []
    for ns in (backlit, torch):
        optimizer = optimizer_of_two_groups(ns, momentum=0.9)
        train(optimizer, SCHEDULERS[case](ns.optim.lr_scheduler, optimizer), 4)
        resumed = SCHEDULERS[case](Resumed(ns.optim.lr_scheduler, 4), optimizer)
        found.append((resumed.last_epoch, train(optimizer, resumed, 9)))
    assert found[0] == found[1]


class Resumed:
    """The schedulers of a library, made with last_epoch."""

    def __init__(self, schedulers, last_epoch):
        self.schedulers, self.last_epoch = schedulers, last_epoch

    def __getattr__(self, name):
        return functools.partial(getattr(self.schedulers, name), last_epoch=self.last_epoch)


@BOTH
def test_resuming_needs_the_initial_rate(ns):
    with pytest.raises(KeyError, match="initial_lr"):
        ns.optim.lr_scheduler.StepLR(optimizer_of_two_groups(ns), 3, last_epoch=4)


@BOTH
def test_a_scheduler_before_the_optimizer_is_warned_of(ns):
    optimizer = optimizer_of_two_groups(ns)
    scheduler = ns.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with pytest.warns(UserWarning, match=r"before `?optimizer\.step\(\)"):
        scheduler.step()
    optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


@BOTH
def test_a_replaced_step_is_warned_of(ns):
    optimizer = optimizer_of_two_groups(ns)
    scheduler = ns.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match=r"optimizer\.step"):
        scheduler.step()


@BOTH
def test_asking_for_the_next_rate_is_warned_of(ns):
    scheduler = ns.optim.lr_scheduler.ExponentialLR(optimizer_of_two_groups(ns), 0.9)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


@BOTH
@pytest.mark.parametrize("base", ["LRScheduler", "_LRScheduler"])
def test_a_scheduler_of_ones_own(ns, base):
    class Halving(getattr(ns.optim.lr_scheduler, base)):
        def get_lr(self):
            return [rate / 2**self.last_epoch for rate in self.base_lrs]

    optimizer = optimizer_of_two_groups(ns)
    seen = train(optimizer, Halving(optimizer), 3)
    assert [rates[0] for rates, _, _ in seen] == [0.2, 0.1, 0.05]


REFUSED = {
    "no optimizer": (lambda s, o: s.StepLR(object(), 3), TypeError, "not an Optimizer"),
    "no optimizer for a plateau": (lambda s, o: s.ReduceLROnPlateau(3), TypeError, "int is not an Optimizer"),
    "lambdas": (lambda s, o: s.LambdaLR(o, [lambda k: 1.0]), ValueError, "1"),
    "factor for function": (lambda s, o: s.MultiplicativeLR(o, 0.9), TypeError, "should be a function"),
    "constant factor": (lambda s, o: s.ConstantLR(o, factor=2.0), ValueError, "between 0 and 1|factor=2.0"),
    "linear from 0": (lambda s, o: s.LinearLR(o, start_factor=0), ValueError, "greater than 0"),
    "linear to 2": (lambda s, o: s.LinearLR(o, end_factor=2), ValueError, "between 0 and 1|end_factor=2"),
    "restart after 0": (lambda s, o: s.CosineAnnealingWarmRestarts(o, 0), ValueError, "positive integer"),
    "restart factor": (lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, T_mult=0), ValueError, "T_mult"),
    "restart minimum": (lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, eta_min="0"), ValueError, "eta_min"),
    "plateau factor": (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), ValueError, "(?i)factor"),
    "plateau mode": (lambda s, o: s.ReduceLROnPlateau(o, mode="low"), ValueError, "low.* is unknown"),
    "plateau threshold": (lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "is unknown"),
    "plateau minima": (lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1]), ValueError, "min_lr"),
    "cycle steps": (lambda s, o: s.OneCycleLR(o, 0.1), ValueError, "total_steps"),
    "cycle negative": (lambda s, o: s.OneCycleLR(o, 0.1, total_steps=-3), ValueError, "positive integer"),
    "cycle epochs": (lambda s, o: s.OneCycleLR(o, 0.1, epochs=1.5, steps_per_epoch=3), ValueError, "epochs"),
    "cycle start": (lambda s, o: s.OneCycleLR(o, 0.1, total_steps=3, pct_start=2.0), ValueError, "pct_start"),
    "cycle shape": (lambda s, o: s.OneCycleLR(o, 0.1, total_steps=3, anneal_strategy="x"), ValueError, "'cos' or"),
    "cycle rates": (lambda s, o: s.OneCycleLR(o, [0.1], total_steps=3), ValueError, "max_lr"),
    "cyclic mode": (lambda s, o: s.CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "mode"),
    "nothing in a row": (lambda s, o: s.SequentialLR(o, [], []), ValueError, "at least one scheduler"),
    "milestones": (lambda s, o: s.SequentialLR(o, [s.StepLR(o, 2)], [3]), ValueError, "(?i)milestone"),
    "no scheduler": (lambda s, o: s.SequentialLR(o, [3], []), TypeError, "index 0"),
    "plateau in a row": (lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]), ValueError, "does not support"),
    "nothing in a chain": (lambda s, o: s.ChainedScheduler([]), ValueError, "at least one scheduler"),
}


@BOTH
@pytest.mark.parametrize("case", REFUSED)
def test_wrong_schedules_are_refused(ns, case):
    make, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        make(ns.optim.lr_scheduler, optimizer_of_two_groups(ns, momentum=0.9))


@BOTH
@pytest.mark.parametrize("kind", ["SequentialLR", "ChainedScheduler"])
def test_schedulers_of_two_optimizers_are_refused(ns, kind):
    schedulers = ns.optim.lr_scheduler
    one, other = optimizer_of_two_groups(ns), optimizer_of_two_groups(ns)
    parts = [schedulers.StepLR(one, 2), schedulers.StepLR(other, 2)]
    with pytest.raises(ValueError, match="same optimizer"):
        schedulers.SequentialLR(one, parts, [3]) if kind == "SequentialLR" else schedulers.ChainedScheduler(parts)


@BOTH
@pytest.mark.parametrize("kind", ["OneCycleLR", "CyclicLR"])
def test_momentum_needs_an_optimizer_that_has_it(ns, kind):
    optimizer = optimizer_of_two_groups(ns, "Adagrad")
    arguments = (0.1,) if kind == "OneCycleLR" else (0.1, 0.2)
    settings = {"total_steps": 5} if kind == "OneCycleLR" else {}
    with pytest.raises(ValueError, match="must support momentum"):
        getattr(ns.optim.lr_scheduler, kind)(optimizer, *arguments, **settings)


@BOTH
def test_one_cycle_is_over_at_its_end(ns):
    optimizer = optimizer_of_two_groups(ns, momentum=0.9)
    scheduler = ns.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    train(optimizer, scheduler, 3)
    with pytest.raises(ValueError, match="total"):
        scheduler.step()
