"""Every draw against PyTorch's: the numbers, and the place in the stream where the draw leaves it."""

import copy
import pickle
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import backlit.random as random
from backlit.random import Generator

SIZES = [0, 1, 5, 15, 16, 17, 31, 32, 33, 100, 623, 624, 625, 1000, 100_003]
FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["bool", "uint8", "int8", "int16", "int32", "int64"]
RANGES = [(0.0, 1.0), (-0.3, 0.3), (-1.7, 4.123), (1000.0, 1001.0), (0.0, 3.3), (2.0, 2.0), (-1e-3, 1.0)]


def pair(seed=0):
    """A generator of each library, on the same seed."""
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def empty(shape, dtype):
    return torch.empty(shape, dtype=getattr(torch, dtype))


def assert_same_place(ours, theirs):
    assert np.array_equal(ours.get_state(), theirs.get_state().numpy())


def assert_close(ours, theirs):
    """Equal but for what two libraries' elementary functions differ by, in the digits that the dtype has."""
    assert ours.dtype == theirs.numpy().dtype
    tolerance = 2e-3 if ours.dtype == np.float16 else 1e-6
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=tolerance, atol=tolerance)


def assert_equal(ours, theirs):
    assert ours.dtype == theirs.numpy().dtype
    assert np.array_equal(ours, theirs.numpy())


# Each draw, on sizes around every border


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("low", "high"), RANGES)
def test_uniform_numbers_are_pytorchs_to_the_bit(dtype, low, high):
    ours, theirs = pair()
    for size in SIZES:
        assert_equal(ours.uniform((size,), dtype, low, high), empty(size, dtype).uniform_(low, high, generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (1.0, 2.0), (-3.0, 0.01), (5.0, 0.0)])
def test_normal_numbers_are_pytorchs(dtype, mean, std):
    ours, theirs = pair(1)
    for size in [*SIZES, 1, 2, 3]:
        assert_close(ours.normal((size,), dtype, mean, std), empty(size, dtype).normal_(mean, std, generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize("size", [3, 40])
def test_normal_numbers_may_have_a_mean_and_a_deviation_each(size):
    ours, theirs = pair(2)
    means, deviations = np.linspace(-2, 2, size, dtype=np.float32), np.linspace(0, 3, size)
    mean, std = torch.from_numpy(means), torch.from_numpy(deviations)
    assert_close(ours.normal_array(means, deviations), torch.normal(mean, std, generator=theirs))
    assert_close(ours.normal_array(means, 0.5), torch.normal(mean, 0.5, generator=theirs))
    assert_close(ours.normal_array(1.5, deviations), torch.normal(1.5, std, generator=theirs))
    assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2), (0, 100), (1, 2), (3, 127)])
def test_integers_of_every_dtype(dtype, low, high):
    if dtype == "bool":
        low, high = low % 2, min(high, 2)
    ours, theirs = pair(3)
    for size in SIZES:
        assert_equal(ours.integers(low, high, (size,), dtype), empty(size, dtype).random_(low, high, generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (-5, 1000),
        (0, 2**28 - 1),
        (0, 2**28),
        (-(2**31), 2**31),
        (-(2**40), 2**50),
        (-(2**63), 2**63 - 1),
        (7, None),
        (-(2**63), None),
    ],
)
def test_wide_ranges_take_two_words(low, high):
    ours, theirs = pair(4)
    assert_equal(ours.integers(low, high, (9,)), empty(9, "int64").random_(low, high, generator=theirs))
    assert_same_place(ours, theirs)


@pytest.mark.filterwarnings("ignore:.*Due to precision limitations:UserWarning")
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("low", "high"), [(0, 60_000), (2049, 4100), (0, 2**24 + 1), (1, 2**25 - 1), (1 - 2**26, 2**27 + 3), (100, None)]
)
def test_a_float_dtype_moves_the_bounds_to_integers_it_holds(dtype, low, high):
    if dtype == "float16":
        low, high = max(low, -65504), high and min(high, 65504)
    ours, theirs = pair(5)
    assert_equal(ours.integers(low, high, (50,), dtype), empty(50, dtype).random_(low, high, generator=theirs))
    assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_integers_over_the_whole_of_a_dtype(dtype):
    ours, theirs = pair(6)
    for size in SIZES[:-1]:
        assert_equal(ours.random_full(dtype, (size,)), empty(size, dtype).random_(generator=theirs))
        assert_same_place(ours, theirs)


def test_permutations():
    ours, theirs = pair(7)
    for n in [*SIZES, 2, 64, 999, 1000, 20_000]:
        assert_equal(ours.permutation(n), torch.randperm(n, generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_bernoulli_of_a_number(dtype, p):
    ours, theirs = pair(8)
    for size in SIZES:
        assert_equal(ours.bernoulli(p, (size,), dtype), empty(size, dtype).bernoulli_(p, generator=theirs))
        assert_same_place(ours, theirs)


def test_a_dropout_mask_is_pytorchs():
    torch.manual_seed(9)
    kept = torch.nn.functional.dropout(torch.ones(64, 128), 0.25) != 0
    assert np.array_equal(Generator().manual_seed(9).bernoulli(0.75, (64, 128), bool), kept.numpy())


@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli_of_an_array(dtype):
    ours, theirs = pair(10)
    for size in SIZES:
        p = np.random.default_rng(size).random(size).astype(dtype)
        assert_equal(ours.bernoulli_array(p), torch.bernoulli(torch.from_numpy(p), generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["exponential", "cauchy", "log_normal"])
def test_other_distributions(name, dtype):
    ours, theirs = pair(11)
    for size in [*SIZES[:-1], 1, 3]:
        drawn = getattr(empty(size, dtype), f"{name}_")(generator=theirs)
        assert_close(getattr(ours, name)((size,), dtype), drawn)
        assert_same_place(ours, theirs)
    assert_close(ours.exponential((4,), dtype, 2.5), empty(4, dtype).exponential_(2.5, generator=theirs))
    assert_close(ours.cauchy((4,), dtype, 3, 0.1), empty(4, dtype).cauchy_(3, 0.1, generator=theirs))
    assert_close(ours.log_normal((4,), dtype, 0.5, 0.1), empty(4, dtype).log_normal_(0.5, 0.1, generator=theirs))


@pytest.mark.parametrize("dtype", ["int64", *FLOATS])
def test_geometric(dtype):
    ours, theirs = pair(12)
    for size in SIZES[:-1]:
        assert_equal(ours.geometric(0.3, (size,), dtype), empty(size, dtype).geometric_(0.3, generator=theirs))
        assert_same_place(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1,), (2,), (27,), (1000,), (5, 6), (32, 65), (0, 3)])
@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial(shape, dtype, replacement):
    ours, theirs = pair(13)
    weights = np.random.default_rng(1).random(shape).astype(dtype) * 7
    for n in (1, 2, 4, 300):
        if replacement or n <= shape[-1]:
            drawn = torch.multinomial(torch.from_numpy(weights), n, replacement, generator=theirs)
            assert_equal(ours.multinomial(weights, n, replacement), drawn)
            assert_same_place(ours, theirs)


@pytest.mark.parametrize("n", [1, 50])
def test_multinomial_never_draws_a_weight_of_zero(n):
    weights = np.array([0, 0.25, 0, 0.75, 0])
    assert set(Generator().multinomial(weights, n, replacement=True).tolist()) <= {1, 3}
    assert set(Generator().multinomial(weights, 2).tolist()) == {1, 3}


# Draws of all kinds in one stream

DRAWS = {
    "uniform": lambda g, n, d: g.uniform((n,), d, -0.5, 2),
    "normal": lambda g, n, d: g.normal((n,), d),
    "integers": lambda g, n, d: g.integers(-3, 4, (n,)),
    "wide": lambda g, n, d: g.integers(0, 2**40, (n,)),
    "full": lambda g, n, d: g.random_full("int64", (n,)),
    "permutation": lambda g, n, d: g.permutation(n),
    "bernoulli": lambda g, n, d: g.bernoulli(0.4, (n,), d),
    "exponential": lambda g, n, d: g.exponential((n,), d),
    "log_normal": lambda g, n, d: g.log_normal((n,), d, 0, 0.25),
    "multinomial": lambda g, n, d: g.multinomial(np.ones(n + 1, d), 2, True),
}
TORCH_DRAWS = {
    "uniform": lambda g, n, d: empty(n, d).uniform_(-0.5, 2, generator=g),
    "normal": lambda g, n, d: torch.randn(n, dtype=getattr(torch, d), generator=g),
    "integers": lambda g, n, d: torch.randint(-3, 4, (n,), generator=g),
    "wide": lambda g, n, d: torch.randint(2**40, (n,), generator=g),
    "full": lambda g, n, d: empty(n, "int64").random_(generator=g),
    "permutation": lambda g, n, d: torch.randperm(n, generator=g),
    "bernoulli": lambda g, n, d: empty(n, d).bernoulli_(0.4, generator=g),
    "exponential": lambda g, n, d: empty(n, d).exponential_(generator=g),
    "log_normal": lambda g, n, d: empty(n, d).log_normal_(0, 0.25, generator=g),
    "multinomial": lambda g, n, d: torch.multinomial(torch.ones(n + 1, dtype=getattr(torch, d)), 2, True, generator=g),
}


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(-(2**63), 2**64 - 1),
    draws=st.lists(
        st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(0, 700), st.sampled_from(["float32", "float64"])),
        max_size=12,
    ),
)
def test_any_sequence_of_draws_goes_as_in_pytorch(seed, draws):
    ours, theirs = pair(seed)
    for name, size, dtype in draws:
        assert_close(DRAWS[name](ours, size, dtype), TORCH_DRAWS[name](theirs, size, dtype))
        assert_same_place(ours, theirs)


def test_shapes_are_filled_row_by_row():
    flat, shaped = Generator().manual_seed(1).uniform(24), Generator().manual_seed(1).uniform((2, 3, 4))
    assert np.array_equal(flat.reshape(2, 3, 4), shaped)
    assert Generator().normal(()).shape == ()
    assert Generator().integers(0, 5, [2, 0]).shape == (2, 0)


def test_a_draw_is_the_callers_to_write_into():
    ours = Generator().manual_seed(1)
    ours.uniform((5,))[:] = 0
    ours.integers(0, 9, (5,))[:] = 0
    ours.normal((16,))[:] = 0
    assert np.array_equal(ours.uniform((3,)), Generator().manual_seed(1).uniform((29,))[26:])


# Seeds and states


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1, 2**32, 2**64 - 1, -1, -(2**63), 67280421310721])
def test_seeds(seed):
    ours, theirs = pair(seed)
    assert ours.initial_seed() == theirs.initial_seed()
    assert_same_place(ours, theirs)
    assert_equal(ours.uniform((700,)), torch.rand(700, generator=theirs))


def test_a_generator_begins_as_pytorchs_does():
    assert_same_place(Generator(), torch.Generator())
    assert Generator("cpu").initial_seed() == torch.Generator("cpu").initial_seed()


def test_the_twister_is_the_standards():
    # ISO C++ [rand.predef] requires 4123659995 of the 10,000th word of the twister with seed 5489.
    assert Generator().manual_seed(5489).words(10_000)[-1] == 4123659995


def test_seed_begins_an_unforeseen_stream():
    ours = Generator()
    first, second = ours.seed(), ours.seed()
    assert first != second
    assert ours.initial_seed() == second
    assert np.array_equal(ours.uniform(3), Generator().manual_seed(second).uniform(3))


@pytest.mark.parametrize("before", [0, 1, 3, 17, 623, 624, 1300])
def test_states_pass_between_the_libraries(before):
    ours, theirs = pair(14)
    ours.uniform(before), torch.rand(before, generator=theirs)
    ours.normal(3), torch.randn(3, generator=theirs)  # one normal number stays behind in the state
    state, their_state = ours.get_state(), theirs.get_state()
    expected = torch.randn(5, generator=theirs), torch.rand(2000, generator=theirs)

    for resumed in (Generator().set_state(their_state.numpy()), Generator().set_state(state)):
        assert_close(resumed.normal(5), expected[0])
        assert_equal(resumed.uniform(2000), expected[1])
    theirs.set_state(torch.from_numpy(state))
    assert torch.equal(torch.randn(5, generator=theirs), expected[0])
    assert torch.equal(torch.rand(2000, generator=theirs), expected[1])


@pytest.mark.parametrize("copied", [Generator.clone_state, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_copies_go_their_own_way_from_the_same_place(copied):
    ours = Generator().manual_seed(15)
    ours.normal(7)
    other = copied(ours)
    expected = other.normal(9)
    ours_next = ours.normal(9)
    assert np.array_equal(ours_next, expected)
    ours.uniform(10)
    assert not np.array_equal(ours.get_state(), other.get_state())


def test_a_generator_that_is_gone_leaves_no_trace_in_the_next():
    Generator().manual_seed(1).uniform(1000)  # its twister is used again
    assert np.array_equal(Generator().manual_seed(2).uniform(5), np.asarray(torch.manual_seed(2) and torch.rand(5)))


def test_threads_share_a_stream_without_taking_a_word_twice():
    ours, taken = Generator().manual_seed(16), []

    def draw():
        for _ in range(200):
            taken.append(ours.words(37))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = Generator().manual_seed(16).words(4 * 200 * 37)
    assert np.array_equal(np.sort(np.concatenate(taken)), np.sort(expected))


# The default generator


def test_the_default_generator_is_seeded_and_restored_by_the_module():
    assert random.manual_seed(3.7) is random.default_generator  # PyTorch cuts a float, too
    assert random.initial_seed() == 3
    state = random.get_rng_state()
    first = random.default_generator.uniform(4)
    random.set_rng_state(state)
    assert np.array_equal(random.default_generator.uniform(4), first)
    assert random.seed() == random.initial_seed()


def test_fork_rng_hides_what_is_drawn_inside_even_after_an_error():
    random.manual_seed(17)
    with pytest.raises(KeyError), random.fork_rng():
        {}[random.manual_seed(99).normal(5).size]
    with random.fork_rng(enabled=False):
        random.default_generator.uniform(2)
    assert_equal(random.default_generator.uniform(3), torch.manual_seed(17) and torch.rand(5)[2:])


# What is refused, and how


def array(*values):
    return np.array(values, np.float32)


REFUSED = [
    (lambda g: g.integers(5, 5, (2,)), lambda: torch.randint(5, 5, (2,)), "from=5 >= to=5.*randint\\(5, 6"),
    (
        lambda g: g.integers(0, 300, (2,), "uint8"),
        lambda: empty(2, "uint8").random_(300),
        "to - 1 = 299.*uint8.*0 to 255",
    ),
    (lambda g: g.integers(-1, 3, (2,), "bool"), lambda: empty(2, "bool").random_(-1, 3), "from = -1.*0 to 1"),
    (lambda g: g.integers(0, 70_000, (2,), "float16"), lambda: empty(2, "float16").random_(70_000), "to - 1 = 69999"),
    (
        lambda g: g.integers(2**25 + 1, 2**25 + 2, 2, "float32"),
        lambda: empty(2, "float32").random_(2**25 + 1, 2**25 + 2),
        "float32 holds no integer.*int64",
    ),
    (lambda g: g.uniform(2, low=1, high=0), lambda: torch.empty(2).uniform_(1, 0), "from=1 and to=0: swap"),
    (lambda g: g.uniform(2, low=-3e38, high=3e38), lambda: torch.empty(2).uniform_(-3e38, 3e38), "distance"),
    (lambda g: g.uniform(2, high=np.nan), lambda: torch.empty(2).uniform_(0, np.nan), "to=nan is out of bounds"),
    (lambda g: g.uniform(2, "int64"), lambda: torch.rand(2, dtype=torch.int64), "not implemented for int64.*float32"),
    (lambda g: g.normal(2, "int64"), lambda: torch.randn(2, dtype=torch.int64), "not implemented for int64"),
    (lambda g: g.normal(2, std=-1), lambda: torch.empty(2).normal_(0, -1), "std -1.*var"),
    (
        lambda g: g.normal_array(0.0, array(1, -2)),
        lambda: torch.normal(0.0, torch.tensor([1.0, -2])),
        "elements of std >= 0.*-2",
    ),
    (lambda g: g.bernoulli(50, 2), lambda: torch.empty(2).bernoulli_(50), "p=50.*p / 100"),
    (
        lambda g: g.bernoulli_array(array(0.5, 1.5)),
        lambda: torch.bernoulli(torch.tensor([0.5, 1.5])),
        "0.5 to 1.5.*sigmoid",
    ),
    (lambda g: g.bernoulli_array(array(np.nan)), lambda: torch.bernoulli(torch.tensor([np.nan])), "nan"),
    (
        lambda g: g.bernoulli_array(np.ones(1, int)),
        lambda: torch.bernoulli(torch.ones(1, dtype=int)),
        "not implemented",
    ),
    (lambda g: g.exponential(2, rate=0), lambda: torch.empty(2).exponential_(0), "lambda=0"),
    (lambda g: g.cauchy(2, sigma=0), lambda: torch.empty(2).cauchy_(0, 0), "sigma=0"),
    (lambda g: g.log_normal(2, std=0), lambda: torch.empty(2).log_normal_(0, 0), "std=0"),
    (lambda g: g.log_normal(2, "int64"), lambda: empty(2, "int64").log_normal_(), "not implemented for int64"),
    (lambda g: g.geometric(1, 2), lambda: torch.empty(2).geometric_(1), "p=1"),
    (lambda g: g.permutation(-1), lambda: torch.randperm(-1), "negative dimension -1"),
    (lambda g: g.uniform((2, -1)), lambda: torch.rand(2, -1), "negative dimension -1"),
    (lambda g: g.multinomial(array(1, 2), 0), lambda: torch.multinomial(torch.ones(2), 0), "n_sample <= 0.*received 0"),
    (lambda g: g.multinomial(array(1, 2), 3), lambda: torch.multinomial(torch.ones(2), 3), "3 of 2.*replacement=True"),
    (lambda g: g.multinomial(np.ones((1, 1, 2)), 1), lambda: torch.multinomial(torch.ones(1, 1, 2), 1), "1 or 2 dim"),
    (lambda g: g.multinomial(np.ones(2, int), 1), lambda: torch.multinomial(torch.ones(2, dtype=int), 1), "int64"),
    (lambda g: g.multinomial(array(1, -2), 1), lambda: torch.multinomial(torch.tensor([1.0, -2]), 1), "< 0.*softmax"),
    (
        lambda g: g.multinomial(array(1, np.inf), 2, True),
        lambda: torch.multinomial(torch.tensor([np.inf]), 2, True),
        "inf",
    ),
    (
        lambda g: g.multinomial(array(0, 0), 1),
        lambda: torch.multinomial(torch.zeros(2), 1),
        "sum of probabilities <= 0",
    ),
    (lambda g: g.multinomial(array(), 1, True), lambda: torch.multinomial(torch.ones(0), 1, True), "no category"),
    (lambda g: g.manual_seed(3.5), lambda: torch.Generator().manual_seed(3.5), "got float: 3.5"),
    (lambda g: g.manual_seed(True), lambda: torch.Generator().manual_seed(True), "got bool"),
    (lambda g: g.manual_seed(2**64), lambda: torch.Generator().manual_seed(2**64), "overflows 64 bits"),
    (lambda g: g.manual_seed(-(2**63) - 1), lambda: torch.manual_seed(-(2**63) - 1), "overflows 64 bits"),
    (lambda g: Generator("cuda"), lambda: torch.Generator("cuda"), "'cuda'.*Write torch.Generator\\(\\)"),
    (
        lambda g: g.set_state(np.zeros(3, np.uint8)),
        lambda: torch.set_rng_state(torch.zeros(3).byte()),
        "5056.*received 3",
    ),
    (lambda g: g.set_state(np.zeros(5056)), lambda: torch.set_rng_state(torch.zeros(5056)), "ByteTensor.*float64"),
    (lambda g: g.set_state(np.zeros(5056, np.uint8)), lambda: torch.set_rng_state(torch.zeros(5056).byte()), "Invalid"),
]


@pytest.mark.parametrize(("call", "torch_call", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_what_pytorch_refuses_is_refused_with_its_exception_and_a_way_out(call, torch_call, words):
    ours = Generator().manual_seed(18)
    before = ours.get_state()
    with pytest.raises((RuntimeError, TypeError, ValueError)) as theirs:
        torch_call()
    with pytest.raises(theirs.type, match=words):
        call(ours)
    assert np.array_equal(ours.get_state(), before)
