"""fit(doctor=...): the mistake is named, and no bit of the run changes."""

import warnings

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.doctor import DoctorWarning
from backlit.ops.registry import reading


def trained(engine="eager", doctor=False, last=(), **options):
    torch.manual_seed(0)
    x = torch.randn(60, 3)
    y = (x[:, 0] > x[:, 1]).long()
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2), *last)
    settings = {"loss": "cross_entropy", "optimizer": "adam", "epochs": 60, "batch_size": 20, "seed": 1, **options}
    history = torch.fit(net, x, y, engine=engine, doctor=doctor, **settings)
    return history, [p.detach().numpy() for p in net.parameters()]


@pytest.mark.parametrize("engine", ["eager", "auto"])
def test_a_watched_run_is_the_same_to_the_bit(engine):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoctorWarning)
        (plain, weights), (watched, others) = (trained(engine, doctor) for doctor in (False, True))
    np.testing.assert_array_equal(plain.losses, watched.losses)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_array_equal(a, b)
    assert reading.listener is None


@pytest.mark.parametrize("engine", ["eager", "auto", "native"])
def test_a_mistake_is_found_in_every_engine(engine):
    history, _ = trained(engine, "collect", last=[nn.Softmax(1)])
    assert history.findings[0].rule == "softmax-twice"


def test_a_mistake_is_warned_of():
    with pytest.warns(DoctorWarning, match="takes the softmax itself"):
        trained(doctor=True, last=[nn.Softmax(1)])


def test_without_a_doctor_nothing_is_found():
    assert trained(last=[nn.Softmax(1)])[0].findings == []


def test_losses_are_watched_where_the_steps_are_compiled():
    history, _ = trained("auto", "collect", optimizer=lambda p: torch.optim.SGD(p, lr=0.5, maximize=True), epochs=200)
    assert any(f.rule in ("divergence", "lr-too-high", "nan-origin") for f in history.findings)


def test_another_mode_is_refused():
    with pytest.raises(ValueError, match='True, False, "warn" or "collect"'):
        trained(doctor="loudly")


def test_a_run_that_begins_with_equal_weights_is_named_as_in_a_script():
    """The doctor hears of fresh gradients before the update, as he does where a script takes the steps."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    for p in model.parameters():
        torch.nn.init.constant_(p, 0.1)
    x = torch.randn(40, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = torch.fit(
        model, x, x[:, :1], loss="mse", optimizer=optimizer, epochs=30, doctor="collect", engine="eager", seed=0
    )
    assert history.findings[0].rule == "symmetric-init"
