"""A learning rate found by a sweep: what it finds, and that it leaves no trace."""

import numpy as np
import pytest

import backlit
from backlit.data.table import load_table, prepare
from backlit.train.options import Options
from backlit.train.table import train_table

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5], [3.0]])).astype(np.float32)


def network():
    backlit.manual_seed(0)
    nn = backlit.nn
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))


def found(model, optimizer, **options):
    return backlit.find_lr(model, X, Y, **({"loss": "mse", "optimizer": optimizer, "batch_size": 16} | options))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_the_rate_found_trains_better_than_one_far_from_it(optimizer):
    rate = found(network(), optimizer).lr

    def loss_with(lr):
        make = {"sgd": backlit.optim.SGD, "adam": backlit.optim.Adam, "rmsprop": backlit.optim.RMSprop}[optimizer]
        options = dict(loss="mse", optimizer=lambda p: make(p, lr=lr), epochs=5, batch_size=16, seed=0)
        return backlit.fit(network(), X, Y, **options).epochs[-1]["loss"]

    assert loss_with(rate) < 0.5 * loss_with(rate / 1000)
    worse = loss_with(rate * 1000)
    assert not worse <= loss_with(rate)


@pytest.mark.parametrize("kind", ["name", "callable", "optimizer"])
def test_model_optimizer_and_generator_are_as_before(kind):
    model = network()
    adam = backlit.optim.Adam(model.parameters(), lr=0.5)
    optimizer = {"name": "adam", "callable": backlit.optim.Adam, "optimizer": adam}[kind]
    model.eval()
    before = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    backlit.manual_seed(3)
    expected = backlit.rand(4).tolist()
    backlit.manual_seed(3)
    found(model, optimizer)
    assert backlit.rand(4).tolist() == expected
    assert all(np.array_equal(before[name], tensor.numpy()) for name, tensor in model.state_dict().items())
    assert not model.training
    assert all(p.grad is None for p in model.parameters())
    assert adam.state_dict()["state"] == {}
    assert adam.param_groups[0]["lr"] == 0.5


def test_the_sweep_can_be_drawn():
    finding = found(network(), "sgd")
    assert finding.rates.shape == finding.losses.shape
    assert np.isfinite(finding.losses).all()
    ratios = finding.rates[1:] / finding.rates[:-1]
    np.testing.assert_allclose(ratios, ratios[0])
    assert finding.rates[0] < finding.lr < finding.rates[-1]


def test_a_loss_that_is_no_number_is_said():
    with pytest.raises(ValueError, match="no finite number even before the first step"):
        found(backlit.nn.Linear(4, 1), "sgd", loss=lambda output, target: (output * float("nan")).sum())


def test_a_table_is_trained_with_the_rate_found():
    prepared = prepare(load_table("iris"))
    run = train_table(prepared, Options(find_lr=True, optimizer="sgd", lr=1e-9, epochs=30))
    assert run.options.lr > 1e-3
    assert run.metrics["test"]["accuracy"] > 0.8
    # Named, the same rate gives the same run: the sweep has drawn nothing from its stream.
    again = train_table(prepared, Options(optimizer="sgd", lr=run.options.lr, epochs=30))
    assert np.array_equal(again.history.losses, run.history.losses)
