"""Which part of a running program is the step that was asked for, and what is kept of it."""

import threading
from contextlib import suppress

import numpy as np
import pytest

import backlit as torch
from backlit import explain, nn
from backlit.explain.script import lacking
from backlit.explain.watch import StepIsComplete, Watcher
from backlit.ops.registry import reading


def opened(program, step):
    """The watcher after a program in which it waited for a step."""
    with Watcher(step) as watcher, suppress(StepIsComplete):
        program()
        watcher.finish()
    return watcher


def with_optimizer(make=torch.optim.SGD, steps=4, lr=0.1):
    """A program that trains a small network on batches that it draws; and what it noted of itself after each step."""
    notes = []

    def program():
        torch.manual_seed(3)
        rows, targets = torch.randn(12, 2), torch.randn(12, 1)
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        optimizer = make(model.parameters(), lr=lr)
        for _ in range(steps):
            batch = torch.randperm(12)[:4]
            before = [p.detach().clone().array for p in model.parameters()]
            loss = nn.functional.mse_loss(model(rows[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            gradients = [p.grad.array.copy() for p in model.parameters()]
            after = [p.detach().clone().array for p in model.parameters()]
            notes.append((before, gradients, after, rows[batch].array))

    return program, notes


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("make", [torch.optim.SGD, torch.optim.Adam])
def test_the_step_is_the_one_that_the_program_takes_by_itself(make, step):
    program, notes = with_optimizer(make)
    program()
    told = opened(with_optimizer(make)[0], step).explanation
    before, gradients, after, _ = notes[step - 1]
    assert told.step == step
    assert list(told.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for found, *expected in zip(told.parameters.values(), before, gradients, after, strict=True):
        for mine, theirs in zip(found, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert isinstance(told.optimizer, make)
    assert isinstance(told.model, nn.Sequential)


@pytest.mark.parametrize("step", [1, 2])
def test_the_program_of_a_step_repeats_it(step):
    graph = opened(with_optimizer(torch.optim.Adam)[0], step).explanation.graph
    for name, value in graph.run().items():
        np.testing.assert_allclose(value, graph.outputs[name].value, rtol=1e-6)


def test_what_prepares_the_batch_is_given_to_the_step():
    program, notes = with_optimizer()
    program()
    graph = opened(with_optimizer()[0], 2).explanation.graph
    assert any(np.array_equal(line.value, notes[1][3]) for line in graph.inputs)
    assert not any(line.shape == (12, 2) for line in graph.lines)  # the rows that it was gathered from


def test_watching_changes_no_number_and_ends_with_the_program():
    program, alone = with_optimizer()
    program()
    program, watched = with_optimizer()
    watcher = opened(program, 99)
    assert (watcher.done, watcher.explanation) == (4, None)
    for mine, theirs in zip(watched[-1][2], alone[-1][2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert reading.listener is None
    assert reading.recorder is None


def by_hand(update, steps=3):
    def program():
        torch.manual_seed(0)
        w = torch.randn(2, requires_grad=True)
        x = torch.randn(5, 2)
        for _ in range(steps):
            loss = ((x @ w - 1) ** 2).mean()
            loss.backward()
            update(w)

    return program


def descend(w):
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad.zero_()


def descend_through_data(w):
    w.data -= 0.1 * w.grad.data
    w.grad = None


def descend_to_new_data(w):
    w.data = w.data - 0.1 * w.grad
    w.grad = None


@pytest.mark.parametrize("update", [descend, descend_through_data, descend_to_new_data])
@pytest.mark.parametrize("step", [1, 3])
def test_an_update_by_hand_is_a_step(update, step):
    told = opened(by_hand(update), step).explanation
    assert told.optimizer is None
    ((path, (before, gradient, after)),) = told.parameters.items()
    assert path == "w"
    np.testing.assert_allclose(after, before - np.float32(0.1) * gradient, rtol=1e-6)
    roles = [line.role for line in told.graph.lines]
    assert roles.index("forward") < roles.index("backward") < roles.index("update")


def test_steps_by_hand_are_counted_to_the_last():
    assert opened(by_hand(descend), 9).done == 3


def test_gradients_that_are_asked_for_make_a_step_too():
    def program():
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        for _ in range(2):
            (g,) = torch.autograd.grad((w * w).sum(), w)
            with torch.no_grad():
                w -= 0.25 * g

    told = opened(program, 2).explanation
    np.testing.assert_array_equal(told.parameters["w"][0], np.float32([0.5, 1]))
    np.testing.assert_array_equal(told.parameters["w"][2], np.float32([0.25, 0.5]))


def test_a_backward_pass_that_changes_nothing_is_no_step():
    def program():
        w = torch.tensor([1.0], requires_grad=True)
        for _ in range(3):
            (w * w).sum().backward()

    watcher = opened(program, 1)
    assert (watcher.done, watcher.passes, watcher.explanation) == (0, 3, None)


def test_steps_of_another_thread_are_none_of_the_programs():
    def program():
        thread = threading.Thread(target=with_optimizer(steps=3)[0])
        thread.start()
        thread.join()
        with_optimizer(steps=2)[0]()

    assert opened(program, None).done == 2
    assert opened(program, 2).explanation.step == 2


def test_a_program_that_trains_in_a_thread_is_told_what_to_write():
    def program():
        thread = threading.Thread(target=with_optimizer()[0])
        thread.start()
        thread.join()

    told = lacking("train.py", 1, opened(program, 1))
    assert "train.py trains in a thread of its own" in told
    assert "Call the function that trains directly" in told


def test_a_step_with_a_closure_is_one_however_often_it_looks():
    def program():
        w = torch.tensor([3.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = ((w - 1) ** 2).sum()
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)

    watcher = opened(program, 1)
    assert watcher.explanation.parameters["w"][2] == pytest.approx(1)
    assert opened(program, 9).done == 2


def test_of_two_optimizers_each_takes_its_own_steps():
    def program():
        torch.manual_seed(0)
        first, second = nn.Linear(1, 1), nn.Linear(1, 1)
        one, two = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (first, second))
        for _ in range(2):
            made = first(torch.ones(1, 1))
            second(made).sum().backward()
            one.step()
            two.step()
            del made

    assert opened(program, 9).done == 4
    told = opened(program, 1).explanation
    assert list(told.parameters) == ["first.weight", "first.bias", "second.weight", "second.bias"]
    moved = {name for name, (before, _, after) in told.parameters.items() if not np.array_equal(before, after)}
    assert moved == {"first.weight", "first.bias"}
    told = opened(program, 2).explanation
    moved = {name for name, (before, _, after) in told.parameters.items() if not np.array_equal(before, after)}
    assert len(moved) == 2
    assert {name for name, line in told.graph.outputs.items() if line.role == "update"} == {"weight", "bias"}


def test_a_look_ahead_before_the_step_is_a_part_of_it():
    def program():
        w = torch.tensor([1.0], requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1)
        for _ in range(2):
            (w * w).sum().backward()
            with torch.no_grad():
                w += 0.5
            optimizer.zero_grad()
            (w * w).sum().backward()
            with torch.no_grad():
                w -= 0.5
            optimizer.step()
            optimizer.zero_grad()

    assert opened(program, 9).done == 2
    before, gradient, after = opened(program, 1).explanation.parameters["w"]
    assert (before, gradient, after) == (1, 3, pytest.approx(0.7))


def test_the_steps_of_a_copied_optimizer_count():
    import copy

    def program():
        w = torch.tensor([1.0], requires_grad=True)
        first = torch.optim.SGD([w], lr=0.1)
        first, w = copy.deepcopy((first, w))
        for _ in range(2):
            (w * w).sum().backward()
            first.step()

    assert opened(program, 9).done == 2


def test_a_loss_with_weights_is_no_second_model():
    model = nn.Linear(2, 3)
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
    told = explain.explain(lambda x: criterion(model(x), torch.tensor([0, 2])).backward(), torch.ones(2, 2))
    assert list(told.parameters) == ["weight", "bias"]


def test_a_step_inside_of_another_optimizers_step_is_no_step_of_its_own():
    class Twice(torch.optim.Optimizer):
        def __init__(self, params):
            self.inner = torch.optim.SGD(params, lr=0.1)
            super().__init__(self.inner.param_groups, {})

        def step(self, closure=None):
            self.inner.step()
            self.inner.step()

    def program():
        w = torch.tensor([1.0], requires_grad=True)
        optimizer = Twice([w])
        for _ in range(3):
            (w * 1).sum().backward()
            optimizer.step()
            optimizer.zero_grad()

    assert opened(program, 9).done == 3
    before, _, after = opened(program, 2).explanation.parameters["w"]
    assert before - after == pytest.approx(0.2)


def test_a_function_that_trains_once_is_explained_as_it_runs():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    weight = model.weight.array.copy()

    def step(x, y):
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    told = explain.explain(step, torch.ones(3, 2), torch.zeros(3, 1))
    assert told.optimizer is optimizer
    assert told.model is model
    before, gradient, after = told.parameters["weight"]
    np.testing.assert_array_equal(before, weight)
    np.testing.assert_array_equal(gradient, model.weight.grad.array)
    np.testing.assert_array_equal(after, model.weight.array)
