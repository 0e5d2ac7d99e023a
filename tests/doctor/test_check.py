"""doctor.check: a look before the training, which leaves everything as it was."""

import numpy as np
import pytest

import backlit as torch
from backlit import nn
from backlit.doctor import check


@pytest.fixture
def batch():
    torch.manual_seed(3)
    return torch.randn(40, 2), torch.randint(0, 3, (40,))


def network():
    return nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 3))


def test_a_sound_network_has_no_errors(batch):
    assert [f.rule for f in check(network(), nn.CrossEntropyLoss(), batch) if f.severity == "error"] == []


def test_model_gradients_and_generator_are_as_before(batch):
    net = network().eval()
    kept, state = {k: v.numpy().copy() for k, v in net.state_dict().items()}, torch.get_rng_state().numpy().copy()
    check(net, nn.CrossEntropyLoss(), batch)
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), kept[name])
    np.testing.assert_array_equal(torch.get_rng_state().numpy(), state)
    assert not net.training
    assert all(p.grad is None for p in net.parameters())


def test_an_operation_that_mixes_rows_is_named(batch):
    class Mixing(nn.Linear):
        def forward(self, x):
            return super().forward(x.softmax(dim=0))

    found = check(Mixing(2, 3), nn.CrossEntropyLoss(), batch)
    mixed = next(f for f in found if f.rule in ("batch-mixed", "softmax-wrong-axis"))
    assert mixed.severity == "error"


def test_a_network_that_cannot_learn_sixteen_rows_is_told_of(batch):
    class Deaf(nn.Linear):
        def forward(self, x):
            return super().forward(0 * x)

    found = check(Deaf(2, 3), nn.CrossEntropyLoss(), batch)
    assert [f.rule for f in found if f.severity != "note"] == ["cannot-overfit-one-batch"]


def test_labels_that_make_the_loss_raise_are_explained(batch):
    x, y = batch
    assert check(network(), nn.CrossEntropyLoss(), (x, y + 1))[0].rule == "labels-out-of-range"


def test_an_error_without_an_explanation_is_the_users(batch):
    with pytest.raises(RuntimeError):
        check(nn.Linear(5, 3), nn.CrossEntropyLoss(), batch)
