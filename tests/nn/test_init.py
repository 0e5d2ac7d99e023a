"""nn.init: PyTorch's values under the same seed, and the statistics that each function promises."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import numpy_of, seed

DRAWS = [
    ("uniform_", {"a": -2.0, "b": 3.0}),
    ("normal_", {"mean": 1.0, "std": 0.3}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 3.0}),
    ("xavier_uniform_", {"gain": 1.4}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {"a": math.sqrt(5)}),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaiming_normal_", {"nonlinearity": "tanh"}),
    ("orthogonal_", {"gain": 2.0}),
    ("sparse_", {"sparsity": 0.3}),
]
FILLS = [("constant_", {"val": 0.3}), ("ones_", {}), ("zeros_", {}), ("eye_", {})]
SHAPES = [(3, 5), (5, 3), (20, 16), (1, 1)]


def both(name, shape, dtype="float32", **settings):
    """What both libraries' functions make under the same seed, and how many draws they took."""
    results = []
    for library in (backlit, torch):
        tensor = library.zeros(shape, dtype=getattr(library, dtype))
        assert getattr(library.nn.init, name)(tensor, **settings) is tensor
        results.append((numpy_of(tensor), library.rand(1).item()))
    return results


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "kwargs"), DRAWS + FILLS)
def test_values_and_draws_are_pytorchs(name, kwargs, shape, dtype):
    seed(11)
    (mine, mine_next), (theirs, theirs_next) = both(name, shape, dtype, **kwargs)
    assert mine.dtype == theirs.dtype
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    assert mine_next == theirs_next


@pytest.mark.parametrize("name", ["xavier_uniform_", "kaiming_normal_", "orthogonal_"])
def test_receptive_fields_count_into_the_fans(name):
    seed(2)
    (mine, _), (theirs, _) = both(name, (4, 3, 2, 2))
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("shape", "groups"), [((4, 2, 3), 1), ((4, 2, 3, 3), 2), ((3, 3, 2, 2, 2), 1)])
def test_dirac_is_pytorchs(shape, groups):
    (mine, _), (theirs, _) = both("dirac_", shape, groups=groups)
    np.testing.assert_array_equal(mine, theirs)


@settings(deadline=None, max_examples=30)
@given(rows=st.integers(1, 12), columns=st.integers(1, 12))
def test_orthogonal_rows_or_columns_are_orthonormal(rows, columns):
    w = nn.init.orthogonal_(backlit.empty(rows, columns, dtype=backlit.float64)).numpy()
    product = w @ w.T if rows < columns else w.T @ w
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-9)


def test_truncated_values_stay_inside():
    seed(0)
    values = nn.init.trunc_normal_(backlit.empty(2000), a=-0.5, b=0.25).numpy()
    assert values.min() >= -0.5
    assert values.max() <= 0.25


def test_a_generator_of_ones_own_leaves_the_default_stream_alone(library):
    library.manual_seed(0)
    expected = library.rand(1).item()
    library.manual_seed(0)
    own = library.Generator().manual_seed(5)
    first = library.nn.init.normal_(library.empty(4), generator=own)
    assert library.rand(1).item() == expected
    again = library.nn.init.normal_(library.empty(4), generator=library.Generator().manual_seed(5))
    assert first.tolist() == again.tolist()


def test_parameters_are_overwritten_without_history(library):
    parameter = library.nn.Parameter(library.ones(2, 2))
    library.nn.init.zeros_(parameter)
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert parameter.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("nonlinearity", "param"),
    [("linear", None), ("sigmoid", None), ("tanh", None), ("relu", None), ("leaky_relu", None), ("leaky_relu", 0.2),
     ("selu", None), ("conv2d", None)],
)  # fmt: skip
def test_gains_are_pytorchs(nonlinearity, param):
    assert nn.init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)


def test_what_cannot_be_initialised(library):
    init = library.nn.init
    with pytest.raises(ValueError, match="Unsupported nonlinearity swish"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", "0.1")
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.xavier_uniform_(library.empty(3))
    with pytest.raises(ValueError, match="Mode fan_both not supported"):
        init.kaiming_uniform_(library.empty(3, 3), mode="fan_both")
    for name in ("eye_", "dirac_"):
        with pytest.raises(ValueError, match="dimensions are supported"):
            getattr(init, name)(library.empty(3))
    with pytest.raises(ValueError, match="divisible by groups"):
        init.dirac_(library.empty(3, 2, 2), groups=2)
    with pytest.raises(ValueError, match="2 or more dimensions"):
        init.orthogonal_(library.empty(3))
    with pytest.raises(ValueError, match="2 dimensions are supported"):
        init.sparse_(library.empty(3), 0.5)


def test_warnings_are_pytorchs(library):
    init = library.nn.init
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_uniform_(library.empty(0, 3))
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(library.empty(3), mean=9.0)
    for name in ("uniform", "xavier_normal", "kaiming_uniform", "orthogonal"):
        with pytest.warns(FutureWarning, match=f"{name}.*deprecated"):
            getattr(init, name)(library.empty(3, 3))
