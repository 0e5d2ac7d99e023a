"""Routes from one weight to the loss: their sum is the gradient, and the finite difference agrees."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit as torch
import backlit.nn as nn
import backlit.nn.functional as F
from backlit.explain import Explanation
from backlit.explain.path import path
from backlit.ops.registry import OPS
from backlit.tensor import apply

X = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [0.0, 1.0, 1.0], [-2.0, 0.5, 0.75]])
CLASSES = torch.tensor([0, 1, 2, 1])


def explained(step):
    return Explanation(torch.trace(step))


def check(found, tolerance=1e-5):
    """What every path promises."""
    assert found.agrees
    assert found.total == pytest.approx(found.gradient, rel=1e-4, abs=found.tolerance)
    assert found.difference == pytest.approx(found.total, rel=tolerance, abs=1e-8)
    listed = sum(route.product for route in found.routes)
    assert listed + found.more_sum == pytest.approx(found.total, rel=1e-9, abs=1e-12)
    sizes = [abs(route.product) for route in found.routes]
    assert all(a >= b * (1 - 1e-12) for a, b in pairwise(sizes))
    assert sum(many for _, many, _ in found.groups) == len(found.routes) + found.more
    assert sum(part for *_, part in found.groups) == pytest.approx(found.total, rel=1e-9, abs=1e-12)


def test_one_row_through_two_layers_is_one_route_a_hidden_unit():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    step = explained(lambda: net(X[:1]).sum().backward())
    found = path(step, "0.weight[2,1]")
    check(found)
    assert len(found.routes) == 2  # unit 2 feeds both outputs
    first = found.routes[0]
    assert [hop.start for hop in first.hops][:2] == ["W1[2, 1]", "z1[0, 2]"]
    assert first.hops[0].value == -1.0  # the input that the weight multiplies
    tanh = np.tanh(float((X[0] @ net[0].weight[2] + net[0].bias[2]).item()))
    assert first.hops[1].value == pytest.approx(1 - tanh**2, rel=1e-5)
    assert first.hops[1].says == "∂a1/∂z1 = 1 - a1²"
    assert sorted(route.hops[2].value for route in found.routes) == pytest.approx(
        sorted(net[2].weight[:, 2].tolist()), rel=1e-6
    )


def test_the_variable_of_the_model_may_stand_in_front_and_the_programs_name_will_do():
    net = nn.Sequential(nn.Linear(3, 1))
    step = explained(lambda: net(X).sum().backward())
    assert path(step, "0.weight[0,2]").total == path(step, "net.0.weight[0,2]").total == path(step, "W1[0, 2]").total
    assert path(step, "0.weight[-1,-1]").total == path(step, "0.weight[0,2]").total
    assert path(step, "0.bias").total == 4  # one element needs no index; four rows


class Custom(nn.Module):
    """One layer used twice."""

    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(3, 3)

    def forward(self, x):
        return self.shared(torch.tanh(self.shared(x)))


def test_routes_through_both_uses_of_a_shared_weight_add_up():
    torch.manual_seed(1)
    net = Custom()
    found = path(explained(lambda: F.cross_entropy(net(X), CLASSES).backward()), "shared.weight[1,2]", most=100)
    check(found)
    # Of each row one route from the second use, and three (one for each output) from the first.
    assert len(found.routes) == 4 * (1 + 3)
    assert found.more == 0
    assert {len(route.hops) for route in found.routes} == {2, 4}


@pytest.mark.parametrize("name", ["0.weight[1,2]", "1.weight[2]", "1.bias[0]", "4.weight[2,3]"])
def test_rows_that_mix_in_batch_normalisation(name):
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sigmoid(), nn.Dropout(0.3), nn.Linear(4, 3))
    check(path(explained(lambda: F.cross_entropy(net(X), CLASSES).backward()), name))


def test_a_gradient_that_is_rounding_alone_is_no_way_past_the_ops():
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))
    found = path(explained(lambda: F.cross_entropy(net(X), CLASSES).backward()), "0.bias[1]")
    assert found.total == pytest.approx(0, abs=1e-12)  # the mean is taken off again
    assert found.agrees
    assert not found.is_bypassed


def test_tensors_by_hand_are_called_by_their_variables():
    slope = torch.tensor([0.1, -0.2, 0.3], requires_grad=True)
    offset = torch.tensor(0.5, requires_grad=True)

    def step():
        out = torch.sigmoid((X * slope).sum(dim=1) + offset)
        torch.square(out - 1).mean().backward()

    done = explained(step)
    check(path(done, "slope[1]"))
    check(path(done, "offset"))
    # The gradients are there now, and a second backward pass adds to them: this step's part alone is compared.
    check(path(explained(step), "slope[1]"))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.threshold(x, 0.1, 7.0),
        lambda x: torch.fmax(x, torch.tensor(0.15)),
        lambda x: torch.where(x > 0, x * x, 0.5),
        lambda x: x.max(dim=0).values,
        lambda x: x.sort(dim=0).values[1:],
        lambda x: x.clamp(-0.3, 0.3),
    ],
)
def test_ways_through_choices(function):
    scale = torch.tensor([0.3, -0.2, 0.4], requires_grad=True)
    check(path(explained(lambda: torch.square(function(X * scale)).sum().backward()), "scale[1]"))


def with_leaf(op, sample):
    """The tensors of an op's sample, and the first of them that is differentiated."""
    tensors = []
    for k, array in enumerate(sample.arrays):
        letter = op.inputs[min(k, len(op.inputs) - 1)]
        if isinstance(array, np.ndarray):
            array = torch.from_numpy(array.copy()).requires_grad_(array.dtype.kind == "f" and letter in op.rules)
        tensors.append(array)
    leaves = [t for t in tensors if isinstance(t, torch.Tensor) and t.requires_grad and t.numel()]
    return tensors, leaves[0] if leaves else None


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.samples and op.rules], ids=lambda op: op.name)
def test_every_ops_local_derivatives(op):
    sample = next(iter(op.samples(np.random.default_rng(0))))
    tensors, leaf = with_leaf(op, sample)

    def step():
        assert leaf.requires_grad  # read here, so that the record takes the variable's name
        squares = torch.square(
            apply(op, *([sample.through(*tensors)] if sample.through else tensors), **sample.settings)
        )
        (squares * torch.from_numpy(np.linspace(0.5, 1.5, squares.numel()).reshape(squares.shape))).sum().backward()

    found = path(explained(step), f"leaf[{', '.join(['0'] * leaf.ndim)}]")
    assert found.agrees
    assert not found.is_bypassed
    assert found.difference == pytest.approx(found.total, rel=1e-5, abs=1e-7)
    assert sum(route.product for route in found.routes) + found.more_sum == pytest.approx(found.total, abs=1e-9)


def test_two_losses_and_a_gradient_given_to_backward():
    w = torch.tensor([0.5, -0.25, 1.0], requires_grad=True)

    def two():
        h = torch.tanh(X * w)
        h.sum().backward(retain_graph=True)
        (h * h).mean().backward()

    found = path(explained(two), "w[2]")
    check(found)
    assert len(found.routes) == 4 * 3  # to the sum once; to the mean through both factors
    w.grad = None
    check(path(explained(lambda: torch.tanh(X * w).backward(torch.full((4, 3), 2.0))), "w[0]"))


def test_many_routes_are_counted_and_the_largest_listed():
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3))
    step = explained(lambda: F.cross_entropy(net(X), CLASSES).backward())
    every, some = path(step, "0.weight[2,1]", most=1000), path(step, "0.weight[2,1]", most=5)
    check(every)
    check(some)
    assert len(every.routes) == 4 * 6 * 3
    assert some.routes == every.routes[:5]
    assert some.more == 4 * 6 * 3 - 5
    assert some.more_sum == pytest.approx(sum(route.product for route in every.routes[5:]), abs=1e-12)
    assert {called for called, *_ in some.groups} == {f"z1[{row}, 2]" for row in range(4)}
    assert f"and {some.more} more, which sum to" in str(some)


def test_what_is_too_large_to_take_apart_is_taken_in_one_piece(monkeypatch):
    from backlit.explain import factors

    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    step = explained(lambda: F.cross_entropy(net(X), CLASSES).backward())
    whole = path(step, "0.weight[2,1]")
    monkeypatch.setattr(factors, "MOST_RUNS", 5)
    bundled = path(step, "0.weight[2,1]")
    check(bundled)
    assert bundled.is_bundled
    assert not whole.is_bundled
    assert bundled.total == pytest.approx(whole.total, rel=1e-12)
    assert "taken in one piece" in str(bundled)


def test_a_dead_unit_shows_where_its_routes_end():
    w = torch.tensor([1.0], requires_grad=True)
    found = path(explained(lambda: torch.relu(X[:, :1] * w - 100).sum().backward()), "w[0]")
    assert found.total == found.gradient == found.difference == 0
    assert all(hop.value == 0 for route in found.routes for hop in route.hops if hop.op == "relu")
    assert len(found.routes) == 4
    assert "[relu_1 > 0]" in str(found)


def test_what_no_gradient_went_through_is_seen_by_the_difference_alone():
    w = torch.tensor([0.5], requires_grad=True)
    found = path(explained(lambda: (w * w.detach()).sum().backward()), "w[0]")
    assert (found.total, found.gradient) == (0.5, 0.5)
    assert found.difference == pytest.approx(1.0)
    assert "detach()" in str(found)


def test_the_rounding_of_a_difference_is_no_way_of_its_own():
    w = torch.tensor([1e-6], dtype=torch.float64, requires_grad=True)
    found = path(explained(lambda: (w * 1e-7 + 1000).sum().backward()), "w[0]")
    assert found.agrees
    assert abs(found.difference - found.total) <= found.noise
    assert "sees what gradients do not" not in str(found)


def test_a_function_of_the_users_own_is_taken_from_the_record():
    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.sign(x)

        @staticmethod
        def backward(ctx, g):
            return g

    w = torch.tensor([0.5, -2.0], requires_grad=True)
    found = path(explained(lambda: (Straight.apply(w * 3) * 5).sum().backward()), "w[1]")
    assert found.agrees
    assert found.is_bypassed
    assert [hop.value for hop in found.routes[0].hops] == [3.0, 5.0]
    assert found.routes[0].hops[-1].end == "the loss"
    assert (found.gradient, found.difference) == (15.0, 0.0)
    assert "autograd.Function" in str(found)


def test_a_write_to_a_part_of_a_tensor_is_a_way_past_the_ops():
    w = torch.tensor([0.5, -2.0], requires_grad=True)

    def step():
        h = torch.zeros(3, 2)
        h[0] = w * 2
        h[1] = w * w
        (h * h).sum().backward()

    found = path(explained(step), "w[1]")
    assert found.agrees
    assert found.gradient == pytest.approx(8 * -2.0 + 4 * (-2.0) ** 3)
    assert found.difference == pytest.approx(found.gradient, rel=1e-6)
    assert "a write to a part" in str(found)


def test_a_hook_changes_the_gradient_on_its_way():
    w = torch.tensor([0.5, -2.0], requires_grad=True)

    def step():
        h = w * 2
        h.register_hook(lambda g: 10 * g)
        h.sum().backward()

    found = path(explained(step), "w[0]")
    assert found.agrees
    assert (found.gradient, found.total) == (20.0, 20.0)
    assert found.difference == pytest.approx(2.0)
    assert {hop.end for route in found.routes for hop in route.hops} >= {"the loss"}


def test_a_weight_that_the_loss_does_not_read():
    used, unused = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)

    def step():
        unused * 2
        used.sum().backward()

    found = path(explained(step), "unused[0]")
    assert (found.total, found.gradient, found.routes) == (0.0, None, ())
    assert "No route leads from here" in str(found)
    assert "no gradient arrived" in str(found)


def test_values_that_are_not_finite_are_shown_as_they_are():
    w = torch.tensor([0.0, 1.0], requires_grad=True)
    found = path(explained(lambda: torch.log(w).sum().backward()), "w[0]")
    assert found.total == found.gradient == np.inf
    assert "inf" in str(found)


def test_double_precision_agrees_to_twelve_digits():
    torch.manual_seed(5)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    found = path(explained(lambda: F.cross_entropy(net(X.double()), CLASSES).backward()), "0.weight[1,1]")
    assert found.total == pytest.approx(found.gradient, rel=1e-12)


def test_unknown_names_and_elements():
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    step = explained(lambda: net(X).sum().backward())
    with pytest.raises(KeyError, match=r"no weight '0\.wieght'.*Did you mean '0\.weight'"):
        path(step, "0.wieght[1,1]")
    with pytest.raises(IndexError, match=r"0\.weight has no element \[2, 0\]: its shape is \[2, 3\]"):
        path(step, "0.weight[2,0]")
    with pytest.raises(IndexError, match=r"1 indices were given for 2 axes. Write 0\.weight\[0, 0\]"):
        path(step, "0.weight[1]")
    with pytest.raises(ValueError, match="no loss"):
        path(explained(lambda: net(X)), "0.weight[0,0]")


ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": F.softplus, "silu": F.silu}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=1, max_size=3),
    st.integers(1, 3), st.integers(1, 3), st.integers(0, 1000),
)  # fmt: skip
def test_the_sum_is_the_gradient_for_any_small_network(kinds, width, rows, seed):
    torch.manual_seed(seed)
    weights = [torch.randn(width, width, dtype=torch.float64, requires_grad=True) for _ in kinds]
    x = torch.randn(rows, width, dtype=torch.float64)

    def step():
        h = x
        for kind, weight in zip(kinds, weights, strict=True):
            h = ACTIVATIONS[kind](h @ weight.T)
        torch.square(h).mean().backward()

    found = path(explained(step), "weights[0][0,0]")
    assert found.gradient == weights[0].grad[0, 0].item()
    assert found.total == pytest.approx(found.gradient, rel=1e-9, abs=1e-12)
    assert found.difference == pytest.approx(found.total, rel=1e-4, abs=1e-8)
    assert len(found.routes) + found.more == rows * width ** (len(kinds) - 1)


def test_what_rounding_leaves_of_a_converged_loss_is_no_gradient_from_elsewhere():
    z = torch.tensor([[18.0], [-18.0], [17.5]], requires_grad=True)
    w = torch.tensor([1.0], requires_grad=True)
    y = torch.tensor([[1.0], [0.0], [1.0]])
    found = path(explained(lambda: F.binary_cross_entropy_with_logits(z * w, y).backward()), "w[0]")
    assert not found.is_bypassed
    assert len(found.routes) == 3
