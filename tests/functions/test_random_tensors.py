"""Random tensors: the same seed gives PyTorch's numbers, and leaves the stream where PyTorch's stands."""

import pytest
import torch as oracle

import backlit as torch
from functions.both import assert_same, both_raise, values

DRAWS = {
    "rand": lambda t: t.rand(3, 5),
    "rand of one": lambda t: t.rand(1),
    "randn short": lambda t: t.randn(5),
    "randn long": lambda t: t.randn(33),
    "randn float64": lambda t: t.randn(4, 5, dtype=t.float64),
    "rand_like": lambda t: t.rand_like(t.ones(4)),
    "randn_like": lambda t: t.randn_like(t.ones(20, dtype=t.float64)),
    "randint": lambda t: t.randint(7, (9,)),
    "randint from": lambda t: t.randint(-3, 4, (3, 3)),
    "randint named": lambda t: t.randint(low=2, high=9, size=(5,)),
    "randint named from 0": lambda t: t.randint(high=9, size=(5,)),
    "randint of floats": lambda t: t.randint(3, (4,), dtype=t.float32),
    "randint_like": lambda t: t.randint_like(t.ones(4), 9),
    "randperm": lambda t: t.randperm(12),
    "normal": lambda t: t.normal(1.0, 2.0, (4,)),
    "normal of means": lambda t: t.normal(t.arange(5.0), t.ones(5)),
    "normal of one mean": lambda t: t.normal(t.zeros(3), 2.0),
    "bernoulli": lambda t: t.bernoulli(t.full((9,), 0.4)),
    "bernoulli p": lambda t: t.bernoulli(t.ones(9), p=0.4),
    "multinomial": lambda t: t.multinomial(t.tensor([[0.2, 0.8, 0.0], [1.0, 1.0, 1.0]]), 2),
    "multinomial again": lambda t: t.tensor([0.2, 0.8]).multinomial(7, replacement=True),
    "uniform_": lambda t: t.empty(4, 4).uniform_(-1, 3),
    "uniform_ named": lambda t: t.empty(4).uniform_(to=5),
    "normal_": lambda t: t.empty(20).normal_(mean=2, std=0.5),
    "random_": lambda t: t.zeros(5).random_(),
    "random_ to": lambda t: t.zeros(5, dtype=t.int64).random_(10),
    "random_ from": lambda t: t.zeros(5).random_(3, 9),
    "bernoulli_": lambda t: t.empty(9).bernoulli_(0.3),
    "bernoulli_ tensor": lambda t: t.empty(2, 2).bernoulli_(t.tensor([0.0, 1.0])),
    "exponential_": lambda t: t.empty(6).exponential_(2.0),
    "cauchy_": lambda t: t.empty(3).cauchy_(),
    "log_normal_": lambda t: t.empty(3).log_normal_(),
    "geometric_": lambda t: t.empty(6).geometric_(0.3),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_pytorchs_and_the_stream_goes_on_alike(name):
    found = []
    for library in (torch, oracle):
        library.manual_seed(11)
        found.append(values([DRAWS[name](library), library.rand(2)]))
    assert_same(*found, rtol=2e-6)


def test_a_generator_of_its_own_leaves_the_default_stream():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    own = torch.rand(3, generator=torch.Generator().manual_seed(5))
    assert torch.equal(torch.rand(3), expected)
    assert own.tolist() == oracle.rand(3, generator=oracle.Generator().manual_seed(5)).tolist()


def test_a_state_can_be_kept():
    state = torch.get_rng_state()
    first = torch.randn(4)
    torch.set_rng_state(state)
    assert torch.equal(torch.randn(4), first)
    assert (state.dtype, state.shape) == (torch.uint8, oracle.get_rng_state().shape)


def test_draws_in_place_share_memory_and_count_as_writes():
    x = torch.zeros(4)
    row = x[:2]
    row.uniform_()
    assert (x[:2] > 0).all()
    assert (x[2:] == 0).all()


def test_a_leaf_that_wants_a_gradient_is_drawn_within_no_grad_only():
    both_raise(lambda t: t.ones(2, requires_grad=True).normal_(), "leaf Variable.*no_grad")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda t: t.randint(5), "randint"),
        (lambda t: t.normal(0.0, 1.0), "normal"),
        (lambda t: t.normal(0.0, -1.0, (2,)), "std"),
        (lambda t: t.bernoulli(t.tensor([1.5])), "0 <=|p_in >= 0"),
        (lambda t: t.multinomial(t.tensor([1, 2]), 1), "floating-point"),
        (lambda t: t.rand(-2), "non-negative"),
        (lambda t: t.randperm(-2), "negative"),
    ],
)
def test_errors_are_pytorchs(call, match):
    both_raise(call, match)
