"""The memory of a compiled step: arrays lie where others lay that nothing reads any more, and nowhere else."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backlit as torch
from backlit import nn
from backlit.compiler.native import compile_plan, plan_of_graph
from backlit.compiler.native.lifetimes import places_for

WIDTH, BATCH = 64, 128
#: Bytes of what one layer hands to the next.
ACTIVATION = WIDTH * BATCH * 4


def compiled(step, *tensors):
    """A function of tensors as machine code; it has run once, and its results are NumPy's to the bit."""
    native = compile_plan(plan_of_graph(torch.trace(step, *tensors)))
    native.run(1, None, [])
    for line, array in native.results().items():
        np.testing.assert_array_equal(array, line.value)
    return native


def whole_numbers(*shape):
    """Small whole numbers: their products and sums are exact, in whatever order they are taken."""
    return torch.from_numpy(np.random.default_rng(len(shape)).integers(-2, 3, shape).astype(np.float32))


def layers(count):
    """A deep network's forward pass, with numbers that stay small and whole."""

    def forward(x, w):
        for _ in range(count):
            x = (x @ w).clamp(-3, 3)
        return x

    return compiled(forward, whole_numbers(BATCH, WIDTH), whole_numbers(WIDTH, WIDTH))


def test_a_forward_pass_needs_no_more_memory_the_deeper_it_is():
    assert layers(12).memory.nbytes == layers(3).memory.nbytes


def trained(depth):
    """A step of training that is compiled, and has run."""
    torch.manual_seed(0)
    model = nn.Sequential(*(layer for _ in range(depth) for layer in (nn.Linear(WIDTH, WIDTH), nn.ReLU())))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    @torch.compile(strict=True)
    def step(x, y):
        loss = (model(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    losses = [step(torch.ones(BATCH, WIDTH), torch.zeros(BATCH, WIDTH)).item() for _ in range(4)]
    return step, losses


def test_training_keeps_one_array_for_each_layer_until_its_gradient_is_known():
    short, long = (trained(depth)[0].version.compiled for depth in (4, 12))
    assert long.memory.nbytes - short.memory.nbytes <= 8 * ACTIVATION


def test_the_account_tells_of_a_deep_step():
    step, losses = trained(6)
    assert losses == sorted(losses, reverse=True)
    assert "GFLOP/s" in step.report()


def late(x, w):
    """`turned` is computed where it is read: at the end, long after the line that made it."""
    first = x @ w
    turned = first.T * 2
    for _ in range(5):
        x = (x @ w).clamp(-3, 3)
    return turned + x.T


def twice(x, w):
    """What is returned stays, whatever is computed behind it."""
    first = x @ w
    second = (first.clamp(-3, 3) @ w).clamp(-3, 3)
    return first, second, second @ w


def running(x, w):
    """A loop reads what the pass before it left."""
    total = x.cumsum(0)
    part = torch.cat([total[1:], x[:1]]).cumsum(1)
    return (part.flip(0) + total) @ w


def batched(x, w):
    """Products inside a loop."""
    many = (x.reshape(4, -1, WIDTH) @ w.expand(4, WIDTH, WIDTH)).clamp(-3, 3)
    return many @ (many.transpose(1, 2) @ many)


@pytest.mark.parametrize("step", [late, twice, running, batched], ids=lambda f: f.__name__)
def test_what_is_still_to_be_read_is_not_overwritten(step):
    x, w = whole_numbers(BATCH, WIDTH), whole_numbers(WIDTH, WIDTH)
    native = compiled(step, x, w)
    native.run(3, None, [])
    for line, array in native.results().items():
        np.testing.assert_array_equal(array, line.value)


def test_many_small_arrays_fit_a_thread_with_a_small_stack():
    def deep(x):
        for _ in range(80):
            x = x.cumsum(0).clamp(-3, 3)
        return x

    native = compiled(deep, whole_numbers(1024))
    expected = [array.copy() for array in native.results().values()]
    before = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=lambda: native.run(2, None, []))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    np.testing.assert_array_equal(list(native.results().values()), expected)


SPANS = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)


@given(st.lists(st.tuples(st.integers(1, 5), SPANS), max_size=30))
def test_arrays_in_use_at_the_same_time_share_no_memory(arrays):
    sizes, spans = [size for size, _ in arrays], [span for _, span in arrays]
    places, total = places_for(sizes, spans)
    for moment in range(21):
        used = [
            range(p, p + n)
            for p, n, (first, last) in zip(places, sizes, spans, strict=True)
            if first <= moment <= last
        ]  # fmt: skip
        cells = [cell for own in used for cell in own]
        assert len(cells) == len(set(cells))
        assert all(0 <= cell < total for cell in cells)
