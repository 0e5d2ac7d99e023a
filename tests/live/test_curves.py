"""Curves in buckets: nothing that was seen is lost when they are joined."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backlit.live.curves import BUCKETS, Curve
from backlit.live.session import Session
from backlit.live.training import Measures
from live.steered import section, set_


def filled(curve):
    table = curve.buckets()
    return table[~np.isnan(table[:, 0])]


def test_a_spike_of_one_step_survives_a_million_steps():
    curve, spike = Curve(), 123_457
    for start in range(1, 1_000_001, 1000):
        steps = np.arange(start, start + 1000)
        curve.add(steps, np.where(steps == spike, 77.0, 1 / steps))
    table = filled(curve)
    assert len(table) <= BUCKETS
    hit = table[table[:, 2] == 77.0]
    assert len(hit) == 1
    assert spike <= hit[0, 0] < spike + curve.width
    assert table[-1].tolist() == [1_000_000, 1e-6, table[-1, 2], 1e-6]


@settings(max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_buckets_are_the_same_however_the_values_came(sizes, seed):
    values = np.random.default_rng(seed).normal(size=sum(sizes))
    steps = np.arange(1, len(values) + 1)
    whole, parts, one_by_one = Curve(), Curve(), Curve()
    whole.add(steps, values)
    start = 0
    for size in sizes:
        parts.add(steps[start : start + size], values[start : start + size])
        start += size
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        one_by_one.add_one(step, value)
    np.testing.assert_array_equal(parts.buckets(), whole.buckets())
    np.testing.assert_array_equal(one_by_one.buckets(), whole.buckets())
    table = filled(whole)
    assert table[:, 1].min() == values.min()
    assert table[:, 2].max() == values.max()
    assert table[-1, 3] == values[-1]


def test_steps_may_be_far_apart():
    curve = Curve()
    for step in (0, 5, 1000, 50_000):
        curve.add_one(step, step)
    assert filled(curve)[:, 3].tolist() == [5, 1000, 50_000]


def test_what_is_not_finite_is_left_out():
    curve = Curve()
    curve.add(np.arange(3), np.array([1.0, np.inf, np.nan]))
    assert filled(curve).tolist() == [[0, 1, 1, 1]]


def test_a_cut_forgets_what_came_later():
    curve = Curve()
    curve.add(np.arange(1000), np.arange(1000.0))
    curve.cut(500)
    assert filled(curve)[-1, 0] <= 500
    assert filled(curve)[-1, 0] >= 500 - curve.width
    curve.add_one(501, -1.0)
    assert filled(curve)[-1].tolist()[0] == 501


def test_a_frame_has_the_curves_of_a_run():
    session = Session("circle", batch=16)
    losses = []
    for _ in range(20):
        session.answer({"do": "step", "what": "batch"})
        losses.append(session.training.loss)
    loss = section(session, "curves")[0]
    np.testing.assert_array_equal(loss[:20, 0], np.arange(1, 21))
    np.testing.assert_array_equal(loss[:20, 3], losses)
    assert np.isnan(loss[20:]).all()


def test_the_gradient_norms_of_the_layers_make_up_the_whole():
    session = Session("circle", hidden=(5, 3), batch=16)
    expected = []
    for _ in range(20):
        session.answer({"do": "step", "what": "batch"})
        layers = session.training.layers
        gradients = [np.append(layer.weight.grad.array, layer.bias.grad.array) for layer in layers]
        expected.append([np.linalg.norm(gradient.astype(float)) for gradient in gradients])
    total, by_layer = section(session, "curves")[3], section(session, "layer_curves")
    assert by_layer.shape == (3, BUCKETS, 4)
    np.testing.assert_array_equal(by_layer[:, :20, 0], np.tile(np.arange(1, 21), (3, 1)))
    np.testing.assert_allclose(by_layer[:, :20, 3].T, expected, rtol=1e-12)
    np.testing.assert_allclose((by_layer[:, :20, 3] ** 2).sum(axis=0), total[:20, 3] ** 2, rtol=1e-12)


def test_each_network_has_as_many_curves_as_layers():
    session = Session("xor", hidden=())
    for hidden in ([], [4], [3] * 6, [2]):
        set_(session, "hidden", hidden)
        session.answer({"do": "step", "what": "batch"})
        norms = section(session, "layer_curves")
        assert len(norms) == len(hidden) + 1
        np.testing.assert_array_equal(norms[:, 0, 0], 1)
        np.testing.assert_array_equal(norms[:, 0, 3], session.training.measures.layers[:, 0])


def test_a_layer_without_a_finite_gradient_leaves_the_others_theirs():
    session = Session("xor", hidden=(4,))
    norms = np.array([[math.nan, 1, 1], [0, 1, 1]])
    session.training.curves.add(1, Measures(layers=norms))
    session.training.curves.add(2, Measures(layers=np.where(np.isnan(norms), math.inf, norms)))
    broken, still = section(session, "layer_curves")
    assert np.isnan(broken).all()
    assert still[:2].tolist() == [[1, 0, 0, 0], [2, 0, 0, 0]]
