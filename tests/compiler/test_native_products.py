"""Products in tiles of vectors, on this CPU's vectors and on those of others."""

import math
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import backlit as torch
from backlit import swaps, tracing
from backlit.compiler.native import blas, swapped, tiles
from backlit.compiler.native.jit import VectorUnit
from compiler import plans

UNITS = {
    "AVX-512": VectorUnit(64, 32),
    "AVX": VectorUnit(32, 16),
    "SSE": VectorUnit(16, 16),
    "NEON": VectorUnit(16, 32),
}
#: Lengths on both sides of a vector's width, and of a tile's.
LENGTHS = st.one_of(st.integers(1, 70), st.sampled_from([127, 128, 129, 257]))


def record(rows, depth, columns, dtype, spoiled=None):
    """A linear layer and its gradients: of three products one has x turned, and one y."""
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype(dtype) for shape in ((rows, depth), (columns, depth)))
    if spoiled is not None:
        x[spoiled] = np.nan
    x, w = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)

    def step():
        out = x @ w.T
        out.backward(torch.from_numpy(np.linspace(-1, 1, out.numel()).astype(dtype).reshape(out.shape)))
        return out

    return tracing.trace(step)


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=12)
@given(rows=LENGTHS, depth=LENGTHS, columns=LENGTHS, dtype=st.sampled_from([np.float32, np.float64]))
def test_products_are_numpys_with_vectors_of_any_cpu(unit, rows, depth, columns, dtype):
    graph = record(rows, depth, columns, dtype)
    with mock.patch.object(tiles, "vector_unit", return_value=UNITS[unit]):
        plans.check_native([graph], math.sqrt(max(rows, depth, columns)))


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4), batch=st.integers(1, 130))
@example(sizes=[2, 8, 1], batch=64)  # narrow: kept column by column
@example(sizes=[13, 16, 4], batch=88)
@example(sizes=[4, 16, 16, 1], batch=1024)  # columns that a cache's lines come round to
def test_networks_of_any_widths_and_batches_train_as_eagerly(sizes, batch):
    losses = {}
    for engine in ("eager", "native"):
        torch.manual_seed(0)
        x, y = torch.randn(2 * batch + 3, sizes[0]), torch.randn(2 * batch + 3, sizes[-1])
        layers = [layer for pair in pairwise(sizes) for layer in (torch.nn.Linear(*pair), torch.nn.Tanh())]
        model = torch.nn.Sequential(*layers[:-1])
        sgd = torch.optim.SGD(model.parameters(), lr=0.1)
        history = torch.fit(model, x, y, loss="mse", optimizer=sgd, epochs=3, batch_size=batch, engine=engine, seed=0)
        losses[engine] = history.losses
    np.testing.assert_allclose(losses["native"], losses["eager"], rtol=1e-4)


def test_a_nan_in_a_row_stays_in_its_row():
    plans.check_native([record(37, 41, 43, np.float32, spoiled=5)], 7)


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([4, 8, 16]), st.sampled_from(list(UNITS.values())))
def test_the_sums_of_a_tile_fit_into_the_registers_and_the_result(rows, columns, lanes, unit):
    height, width = tiles.tile_size(rows, columns, lanes, unit)
    assert height * width < unit.registers
    assert 1 <= height <= rows
    assert 1 <= width <= -(-columns // lanes)


@pytest.mark.parametrize(("variables", "count"), [
    ({"OMP_NUM_THREADS": "3"}, 3),
    ({"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "2"}, 2),
    ({"OPENBLAS_NUM_THREADS": "many", "OMP_NUM_THREADS": "5"}, 5),
    ({"OPENBLAS_NUM_THREADS": "²", "OMP_NUM_THREADS": " 2,1"}, 2),
])  # fmt: skip
def test_blas_has_the_threads_that_its_variables_say(variables, count, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert blas.threads() == count


@given(st.integers(1, 2500), st.integers(0, 9))
def test_compiled_swaps_are_those_of_python(count, seed):
    places = np.arange(count)
    partners = places + np.random.default_rng(seed).integers(0, count - places)
    np.testing.assert_array_equal(swapped(partners), swaps.swapped(partners))
