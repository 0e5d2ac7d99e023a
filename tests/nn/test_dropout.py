"""Dropout: the masks are PyTorch's, and evaluation changes nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import carried, numpy_of, seed

KINDS = {
    "dropout": (3, 40), "dropout1d": (3, 5, 7), "dropout2d": (3, 5, 4, 2), "dropout3d": (3, 5, 2, 2, 3),
    "alpha_dropout": (3, 40), "feature_alpha_dropout": (3, 5, 7),
}  # fmt: skip


def both(function, x, **settings):
    """What both libraries' functions make of the same input under the same seed, with the gradient of the input."""
    results = []
    for library, copy in ((backlit, carried(x)), (torch, x)):
        library.manual_seed(4)
        leaf = copy.detach().clone().requires_grad_()
        out = getattr(library.nn.functional, function)(leaf, **settings)
        (out * out).sum().backward()
        results.append((numpy_of(out), numpy_of(leaf.grad), library.rand(1).item()))
    return results


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("function", KINDS)
def test_the_same_seed_drops_the_same(function, p, dtype):
    x = torch.randn(KINDS[function], dtype=dtype)
    mine, theirs = both(function, x, p=p, training=True)
    for a, b in zip(mine[:2], theirs[:2], strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert mine[2] == theirs[2]


@settings(deadline=None, max_examples=40)
@given(shape=st.lists(st.integers(0, 9), max_size=4).map(tuple), p=st.floats(0, 1))
def test_dropout_of_any_shape(shape, p):
    mine, theirs = both("dropout", torch.ones(shape), p=p)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-6)
    assert mine[2] == theirs[2]


@pytest.mark.parametrize("function", KINDS)
def test_nothing_is_dropped_out_of_training(function):
    x = backlit.ones(KINDS[function])
    assert getattr(nn.functional, function)(x, p=0.5, training=False) is x


@pytest.mark.parametrize(
    "name", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
)
def test_modules_drop_in_training_only(library, name):
    layer = getattr(library.nn, name)(p=0.5)
    x = library.ones(2, 3, 4, 2, 2) if name == "Dropout3d" else library.ones(2, 3, 4)
    x = library.ones(2, 3, 4, 2) if name == "Dropout2d" else x
    seed()
    assert not bool((layer(x) == x).all())
    assert bool((layer.eval()(x) == x).all())
    assert repr(layer) == f"{name}(p=0.5, inplace=False)"


def test_dropout_keeps_the_mean():
    seed()
    out = nn.functional.dropout(backlit.ones(20000), 0.3)
    assert sorted(set(out.tolist())) == pytest.approx([0, 1 / 0.7])
    # The mean of n masked ones has a standard deviation of sqrt(p / (1 - p) / n).
    assert abs(out.mean().item() - 1) < 5 * (0.3 / 0.7 / 20000) ** 0.5


def test_alpha_dropout_keeps_mean_and_variance():
    seed()
    out = nn.functional.alpha_dropout(backlit.randn(100000), 0.2, training=True)
    assert out.mean().item() == pytest.approx(0, abs=0.02)
    assert out.var().item() == pytest.approx(1, abs=0.02)


def test_in_place_overwrites_the_input(library):
    x = library.ones(100)
    out = library.nn.functional.dropout(x, 0.5, inplace=True)
    assert x.tolist() == out.tolist()
    assert set(x.tolist()) == {0, 2}


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_a_probability_is_from_0_to_1(library, p):
    with pytest.raises(ValueError, match=f"dropout probability has to be between 0 and 1, but got {p}"):
        library.nn.functional.dropout(library.ones(1), p)
    with pytest.raises(ValueError, match="between 0 and 1"):
        library.nn.Dropout(p)


def test_channels_need_dimensions(library):
    functional = library.nn.functional
    with pytest.raises(RuntimeError, match="Expected 2D or 3D input"):
        functional.dropout1d(library.ones(1, 2, 3, 4))
    with pytest.warns(UserWarning, match="dropout2d: Received a 3-?D input"):
        functional.dropout2d(library.ones(1, 2, 3))
    with pytest.warns(UserWarning, match="dropout3d: Received a 3-D input"):
        functional.dropout3d(library.ones(1, 2, 3))


def test_rrelu_draws_pytorchs_slopes():
    x = torch.randn(5, 7)
    for kwargs in ({"training": True}, {"training": False}, {"training": True, "lower": 0.1, "upper": 0.9}):
        mine, theirs = both("rrelu", x, **kwargs)
        np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-5)
        np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-5)
        assert mine[2] == theirs[2]


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_draws_pytorchs_noise(hard):
    mine, theirs = both("gumbel_softmax", torch.randn(4, 5), tau=0.7, hard=hard)
    np.testing.assert_allclose(mine[0], theirs[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(mine[1], theirs[1], rtol=1e-4, atol=1e-5)
