"""fit with a schedule and a penalty: the rates and losses of a loop written by hand in PyTorch."""

import numpy as np
import pytest
import torch

import backlit
from backlit.train import Callback
from backlit.train.schedules import SCHEDULES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3).astype(np.float32)
EPOCHS, BATCH = 40, 10
STEPS = EPOCHS * 3


def network(ns):
    ns.manual_seed(0)
    return ns.nn.Sequential(ns.nn.Linear(3, 8), ns.nn.Tanh(), ns.nn.Linear(8, 1))


class Rates(Callback):
    """The rate of each step."""

    def __init__(self):
        self.rates = []

    def on_start(self, run):
        self.rates.append(run.optimizer.param_groups[0]["lr"])

    def on_step(self, run):
        self.rates.append(run.optimizer.param_groups[0]["lr"])


def fitted(**options):
    model = network(backlit)
    history = backlit.fit(
        model, X, Y, loss="mse", optimizer=backlit.optim.SGD(model.parameters(), lr=0.05), epochs=EPOCHS,
        batch_size=BATCH, seed=7, **options,
    )  # fmt: skip
    return history, model


BY_HAND = {
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=EPOCHS),
    "step": lambda s, o: s.StepLR(o, step_size=30, gamma=0.1),
    "plateau": lambda s, o: s.ReduceLROnPlateau(o),
    "onecycle": lambda s, o: s.OneCycleLR(o, max_lr=0.05, total_steps=STEPS, cycle_momentum=False),
    "warmup": lambda s, o: s.LinearLR(o, start_factor=0.2, total_iters=4),
}


def by_hand(make, l1=0.0):
    """What a PyTorch user writes: the losses of all steps."""
    model = network(torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scheduler = make(torch.optim.lr_scheduler, optimizer) if make else None
    rows = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    torch.manual_seed(7)
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for x, y in torch.utils.data.DataLoader(rows, batch_size=BATCH, shuffle=True):
            loss = torch.nn.functional.mse_loss(model(x), y)
            loss = loss + l1 * (model[0].weight.abs().sum() + model[2].weight.abs().sum())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            total += loss.item() * len(x)
            if isinstance(scheduler, torch.optim.lr_scheduler.OneCycleLR) and len(losses) < STEPS:
                scheduler.step()
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            scheduler.step(total / len(X))
        elif scheduler is not None and not isinstance(scheduler, torch.optim.lr_scheduler.OneCycleLR):
            scheduler.step()
    return losses


def test_every_name_is_compared():
    assert BY_HAND.keys() == SCHEDULES.keys()


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_by_name_gives_the_losses_of_pytorch(name):
    history, _ = fitted(schedule=name)
    np.testing.assert_allclose(history.losses, by_hand(BY_HAND[name]), rtol=2e-3)


def test_a_schedule_may_be_a_callable_or_a_scheduler():
    def make(optimizer):
        return backlit.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)

    model = network(backlit)
    optimizer = backlit.optim.SGD(model.parameters(), lr=0.05)
    options = dict(loss="mse", epochs=EPOCHS, batch_size=BATCH, seed=7)
    made = backlit.fit(model, X, Y, optimizer=optimizer, schedule=make(optimizer), **options)
    named, _ = fitted(schedule="step")
    called, _ = fitted(schedule=make)
    assert np.array_equal(made.losses, named.losses)
    assert np.array_equal(called.losses, named.losses)


def test_a_plateau_is_one_of_the_validation_loss():
    """The inputs of the validation rows are all 0 and their targets far away: its loss is made to rise."""
    rates = Rates()
    far = np.zeros((4, 3), np.float32), np.full((4, 1), -1e4, np.float32)
    fitted(schedule="plateau", validation=far, callbacks=[rates])
    assert rates.rates[-1] < rates.rates[0] == 0.05


@pytest.mark.parametrize(
    ("schedule", "error", "words"),
    [("cosin", ValueError, "Did you mean 'cosine'"), (3, TypeError, "schedule must be a name, a scheduler")],
)
def test_what_is_no_schedule_is_said(schedule, error, words):
    with pytest.raises(error, match=words):
        fitted(schedule=schedule)


def test_a_penalty_is_added_to_each_steps_loss_as_in_pytorch():
    history, _ = fitted(penalty=backlit.train.L1(0.01))
    np.testing.assert_allclose(history.losses, by_hand(None, l1=0.01), rtol=2e-3)


def test_validation_leaves_the_penalty_out():
    history, model = fitted(penalty=backlit.train.L1(0.01), validation=(X, Y))
    model.eval()
    expected = backlit.nn.functional.mse_loss(model(backlit.from_numpy(X)), backlit.from_numpy(Y)).item()
    assert history.epochs[-1]["validation_loss"] == pytest.approx(expected, rel=1e-6)


def test_a_strong_penalty_leaves_no_weights_but_the_bias():
    _, model = fitted(penalty=backlit.train.L1(10.0))
    weights = np.concatenate([p.detach().numpy().ravel() for p in model.parameters() if p.ndim > 1])
    assert abs(weights).max() < 1.0
    with pytest.raises(TypeError, match="penalty must be a function of the model"):
        fitted(penalty=0.01)
