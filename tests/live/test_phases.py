"""The next step taken apart."""

import numpy as np
import pytest

from backlit import nn
from backlit.live.phases import BACKWARD, BATCH, LOSS, UPDATE, ZERO_GRAD, record
from backlit.random import default_generator
from live.network import network_in_training


def everything(eager):
    arrays = [t.array.copy() for t in eager.model.state_dict().values()]
    arrays += [v.array.copy() for state in eager.optimizer.state.values() for v in state.values() if v is not None]
    arrays += [p.grad.array.copy() for p in eager.model.parameters() if p.grad is not None]
    return [*arrays, default_generator.get_state(), np.array(eager.batches.start)]


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("steps", [0, 2])
def test_recording_the_next_step_leaves_the_run_as_it_was(optimizer, steps):
    eager = network_in_training(optimizer=optimizer, steps=steps, between=(nn.Tanh, lambda: nn.Dropout(0.3)))
    before = everything(eager)
    record(eager)
    after = everything(eager)
    assert len(before) == len(after)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_the_step_that_is_taken_is_the_recorded_one_to_the_bit():
    eager = network_in_training(between=(lambda: nn.BatchNorm1d(4), nn.ReLU))
    step = record(eager)
    assert eager.advance(1)[0] == step.loss
    for p, gradient, (_, _, after) in zip(
        eager.model.parameters(), step.fresh, step.explanation.parameters.values(), strict=True
    ):
        assert np.array_equal(p.grad.array, gradient)
        assert np.array_equal(p.array, after)


def test_the_rows_are_those_of_the_batch():
    eager = network_in_training(rows=30, batch=8)
    for size in (8, 6, 8):  # the epoch's third and its short last batch, then the next epoch's first
        step = record(eager)
        x, _ = eager.batches.next()
        assert len(step.rows) == size
        assert np.array_equal(eager.batches.x.array[step.rows], x.array)


def test_gradients_are_stale_until_they_are_cleared_and_new_after_backward():
    eager = network_in_training()
    last = [p.grad.array.copy() for p in eager.model.parameters()]
    step = record(eager)
    for phase in (BATCH, LOSS):
        assert all(np.array_equal(a, b) for a, b in zip(step.gradients(phase), last, strict=True))
    assert step.gradients(ZERO_GRAD) == [None] * 4
    assert not np.array_equal(step.gradients(BACKWARD)[0], last[0])
    assert step.gradients(UPDATE) is step.gradients(BACKWARD)


def test_a_loop_that_forgets_to_clear_shows_the_old_gradients_there():
    eager = network_in_training()
    last = [p.grad.array.copy() for p in eager.model.parameters()]

    def forgetful(x, y):
        loss = eager.loss(eager.model(x), y)
        loss.backward()
        return loss

    eager.forward_and_backward = forgetful
    step = record(eager)
    assert all(np.array_equal(a, b) for a, b in zip(step.gradients(ZERO_GRAD), last, strict=True))
