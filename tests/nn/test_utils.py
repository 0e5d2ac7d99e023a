"""nn.utils: clipping, vectors of parameters, computed parameters, padded sequences; beside PyTorch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit
from backlit import nn
from nn.cases import carried, numpy_of, seed

SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=4)
NORMS = st.sampled_from([1.0, 2.0, 3.0, float("inf")])


def with_gradients(library, sizes, scale, number):
    rng = np.random.default_rng(number)
    parameters = []
    for n in sizes:
        p = library.nn.Parameter(library.zeros(n, 2))
        p.grad = library.tensor(rng.normal(size=(n, 2)) * scale, dtype=library.float32)
        parameters.append(p)
    return [*parameters, library.nn.Parameter(library.zeros(3))]  # one without a gradient


@settings(deadline=None, max_examples=60)
@given(
    sizes=SIZES, norm=NORMS, scale=st.sampled_from([1e-3, 1.0, 1e3]), limit=st.floats(0.1, 10),
    number=st.integers(0, 99),
)  # fmt: skip
def test_clip_grad_norm_is_pytorchs(sizes, norm, scale, limit, number):
    mine, theirs = (with_gradients(library, sizes, scale, number) for library in (backlit, torch))
    total = nn.utils.clip_grad_norm_(mine, limit, norm_type=norm)
    expected = torch.nn.utils.clip_grad_norm_(theirs, limit, norm_type=norm)
    np.testing.assert_allclose(numpy_of(total), numpy_of(expected), rtol=1e-5)
    for p, q in zip(mine[:-1], theirs[:-1], strict=True):
        np.testing.assert_allclose(numpy_of(p.grad), numpy_of(q.grad), rtol=1e-5, atol=1e-9)
    assert mine[-1].grad is None


def test_clipping_keeps_the_gradients_own_memory():
    p = nn.Parameter(backlit.zeros(2))
    p.grad = backlit.tensor([3.0, 4.0])
    before = p.grad
    nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad is before
    assert before.tolist() == pytest.approx([0.6, 0.8], rel=1e-5)


def test_without_gradients_the_norm_is_zero():
    assert nn.utils.clip_grad_norm_([nn.Parameter(backlit.ones(2))], 1.0).item() == 0


def test_a_norm_that_is_not_finite_is_refused_where_asked():
    p = nn.Parameter(backlit.zeros(1))
    p.grad = backlit.tensor([float("inf")])
    with pytest.raises(RuntimeError, match=r"total norm of order 2.0 .* is non-finite \(inf\)"):
        nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [float("inf")]


def test_clip_grad_value_is_pytorchs():
    mine, theirs = (with_gradients(library, [3, 2], 2.0, 0) for library in (backlit, torch))
    nn.utils.clip_grad_value_(mine, 0.7)
    torch.nn.utils.clip_grad_value_(theirs, 0.7)
    for p, q in zip(mine[:-1], theirs[:-1], strict=True):
        np.testing.assert_array_equal(numpy_of(p.grad), numpy_of(q.grad))


def test_parameters_go_to_a_vector_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (11,)
    held = list(net.parameters())
    nn.utils.vector_to_parameters(backlit.arange(11.0), net.parameters())
    assert all(p is q for p, q in zip(net.parameters(), held, strict=True))
    assert net[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net[1].bias.tolist() == [10]


def test_a_vector_of_parameters_must_be_a_tensor():
    with pytest.raises(TypeError, match="expected torch.Tensor, but got: list"):
        nn.utils.vector_to_parameters([1.0], nn.Linear(1, 1).parameters())


# Computed parameters.


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def __init__(self):
        super().__init__()
        self.runs = 0

    def forward(self, x):
        self.runs += 1
        return x * 2


def test_a_parametrized_weight_is_computed_and_trained():
    layer = nn.Linear(3, 3)
    nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.weight.tolist() == layer.weight.T.tolist()
    layer(backlit.ones(1, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert isinstance(layer, nn.Linear)
    assert nn.utils.parametrize.is_parametrized(layer, "weight")


def test_assigning_a_parametrized_weight_goes_through_the_inverse():
    layer = nn.utils.parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    layer.weight = backlit.tensor([[1.0, 2.0], [2.0, 5.0]])
    assert layer.parametrizations.weight.original.tolist() == [[1, 2], [0, 5]]
    assert layer.weight.tolist() == [[1, 2], [2, 5]]


def test_cached_computes_once():
    layer = nn.utils.parametrize.register_parametrization(nn.Linear(2, 2), "weight", Doubled())
    doubled = layer.parametrizations.weight[0]
    with nn.utils.parametrize.cached():
        before = doubled.runs
        assert layer.weight is layer.weight
        assert doubled.runs == before + 1
    assert layer.weight is not layer.weight


@pytest.mark.parametrize("leave", [True, False])
def test_removing_a_parametrization_leaves_a_plain_parameter(leave):
    layer = nn.Linear(2, 2)
    original = layer.weight.tolist()
    nn.utils.parametrize.register_parametrization(layer, "weight", Doubled())
    computed = layer.weight.tolist()
    nn.utils.parametrize.remove_parametrizations(layer, "weight", leave_parametrized=leave)
    assert type(layer) is nn.Linear
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.tolist() == (computed if leave else original)
    assert sorted(layer.state_dict()) == ["bias", "weight"]


def test_parametrizing_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="does not have a parameter, a buffer"):
        nn.utils.parametrize.register_parametrization(nn.Linear(2, 2), "wait", Doubled())
    with pytest.raises(ValueError, match="does not have a parametrization on weight"):
        nn.utils.parametrize.remove_parametrizations(nn.Linear(2, 2), "weight")


def test_a_parametrization_that_changes_the_shape_is_refused():
    class Wider(nn.Module):
        def forward(self, x):
            return backlit.cat([x, x])

    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="may not change the shape or dtype of weight"):
        nn.utils.parametrize.register_parametrization(layer, "weight", Wider())
    assert isinstance(layer.weight, nn.Parameter)


def after_three_steps(library, layer):
    """Output and state after three steps of descent, all in float64."""
    layer.double()
    x = library.tensor(np.random.default_rng(0).normal(size=(5, 3)))
    for _ in range(3):
        layer.zero_grad()
        (layer(x) ** 2).sum().backward()
        with library.no_grad():
            for p in layer.parameters():
                p -= 0.01 * p.grad
    return numpy_of(layer(x)), {k: numpy_of(v) for k, v in layer.state_dict().items()}


@pytest.mark.parametrize("dim", [0, 1, None, -1])
@pytest.mark.parametrize("where", ["parametrizations", "utils"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weight_norm_trains_as_pytorchs(where, dim):
    results = []
    for library in (backlit, torch):
        seed()
        room = library.nn.utils if where == "utils" else library.nn.utils.parametrizations
        results.append(after_three_steps(library, room.weight_norm(library.nn.Linear(3, 2), dim=dim)))
    (out, state), (expected, expected_state) = results
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    assert list(state) == list(expected_state)
    for key, value in expected_state.items():
        np.testing.assert_allclose(state[key], value, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weight_norm_comes_off_again():
    layer = nn.Linear(3, 2)
    weight = layer.weight.tolist()
    nn.utils.weight_norm(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    with pytest.raises(RuntimeError, match="Cannot register two weight_norm hooks"):
        nn.utils.weight_norm(layer)
    nn.utils.remove_weight_norm(layer)
    np.testing.assert_allclose(layer.weight.tolist(), weight, rtol=1e-6)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="weight_norm of 'weight' not found"):
        nn.utils.remove_weight_norm(layer)


def test_spectral_norm_trains_as_pytorchs():
    results = []
    for library in (backlit, torch):
        seed()
        layer = library.nn.utils.parametrizations.spectral_norm(library.nn.Linear(3, 4), n_power_iterations=2)
        results.append(after_three_steps(library, layer))
    (out, state), (expected, expected_state) = results
    np.testing.assert_allclose(out, expected, rtol=1e-4)
    for key, value in expected_state.items():
        np.testing.assert_allclose(state[key], value, rtol=1e-4, atol=1e-6)


# Sequences.


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5), batch_first=st.booleans(),
    tail=st.sampled_from([(), (3,)]), side=st.sampled_from(["left", "right"]),
)  # fmt: skip
def test_padded_sequences_are_pytorchs_and_come_back(lengths, batch_first, tail, side):
    theirs = [torch.randn(n, *tail) for n in lengths]
    settings = {"batch_first": batch_first, "padding_value": -1.0}
    mine = nn.utils.rnn.pad_sequence(carried(theirs), padding_side=side, **settings)
    expected = torch.nn.utils.rnn.pad_sequence(theirs, padding_side=side, **settings)
    np.testing.assert_array_equal(numpy_of(mine), numpy_of(expected))
    if side == "right":
        back = nn.utils.rnn.unpad_sequence(mine, lengths, batch_first)
        assert [row.tolist() for row in back] == [row.tolist() for row in theirs]
