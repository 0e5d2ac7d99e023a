"""What a record holds of a step beyond its ops: writes, views, draws, branches, hooks; and what it refuses."""

import threading

import numpy as np
import pytest

import backlit as torch
from backlit import nn, tracing


def check(step, *examples):
    """Record a step; its program must give every output to the bit."""
    graph = tracing.trace(step, *examples)
    found = graph.run()
    for name, line in graph.outputs.items():
        np.testing.assert_array_equal(found[name], line.value, err_msg=name)
    return graph


def test_a_write_to_a_view_is_seen_through_its_base():
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)

    def step():
        y = w * 2
        part = y[1:]
        part *= 10
        y[0] = 5.0
        loss = (y * y).sum()
        loss.backward()
        return loss

    graph = check(step)
    assert graph.loss.value == 5**2 + 40**2 + 60**2
    np.testing.assert_array_equal(w.grad.array, [0, 2 * 40 * 20, 2 * 60 * 20])


def test_a_parameter_updated_by_hand():
    w = torch.tensor([1.0, 2.0], requires_grad=True)

    def step():
        loss = (w**2).sum()
        loss.backward()
        with torch.no_grad():
            w.sub_(0.1 * w.grad)
            w.grad.zero_()

    graph = check(step)
    assert graph.outputs["w"].role == "update"
    np.testing.assert_allclose(graph.run()["w"], [0.8, 1.6], rtol=1e-6)


def test_gradients_that_were_not_cleared_are_added_to():
    w = torch.tensor([3.0], requires_grad=True)
    (w * w).sum().backward()
    graph = check(lambda: (w * w).sum().backward())
    assert graph.outputs["d_w"].value.tolist() == [12.0]


def test_a_loop_and_a_branch_on_item_are_recorded_as_they_ran():
    w = torch.tensor([0.5], requires_grad=True)

    def step():
        y = w
        while y.item() < 3:
            y = y * 2
        if y.item() > 3.9:
            y = y + 1
        y.sum().backward()
        return y

    graph = check(step)
    assert graph.outputs["d_w"].value.tolist() == [8.0]


def test_dropout_is_an_input_with_the_generators_state():
    torch.manual_seed(3)
    x = torch.ones(4, 5, requires_grad=True)
    graph = check(lambda: nn.functional.dropout(x, 0.5).sum().backward())
    (drawn,) = [line for line in graph.inputs if line.expression.text == "drawn"]
    settings = dict(drawn.expression.settings)
    torch.set_rng_state(torch.from_numpy(settings["state"]))
    np.testing.assert_array_equal(torch.ones(4, 5).bernoulli_(0.5).array, drawn.value)


def test_an_own_function_and_hooks():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * g

    w = torch.tensor([1.0, 2.0], requires_grad=True)
    w.register_hook(lambda g: g * 2)

    def step():
        y = Cube.apply(w)
        y.retain_grad()
        y.register_hook(lambda g: g + 1)
        y.sum().backward()

    graph = check(step)
    assert graph.outputs["d_w"].value.tolist() == [12.0, 48.0]


def test_second_derivatives_and_two_losses():
    w = torch.tensor([2.0], requires_grad=True)

    def step():
        (first,) = torch.autograd.grad((w**3).sum(), w, create_graph=True)
        (first.sum() + (w * 5).sum()).backward()

    assert check(step).outputs["d_w"].value.tolist() == [17.0]


def test_integers_meet_floats_as_a_line_of_their_own():
    w, n = torch.tensor([1.5], requires_grad=True), torch.tensor([2])
    graph = check(lambda: (w * n).sum().backward())
    assert graph.outputs["d_w"].value.tolist() == [2.0]


def test_batch_norm_moves_its_statistics():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    x = torch.randn(6, 2)
    graph = check(lambda: net(x).pow(2).sum().backward())
    np.testing.assert_array_equal(graph.run()["layer_1_running_mean"], net[1].running_mean.array)


def test_a_way_through_numpy_is_refused_with_what_to_write():
    w = torch.tensor([1.0], requires_grad=True)

    def step():
        y = w * 2
        (w * torch.from_numpy(np.exp(y.detach().numpy()))).sum().backward()

    with pytest.raises(tracing.TraceError, match=r"taken out with numpy\(\).*torch.exp\(x\)"):
        tracing.trace(step)


def test_numpy_for_looking_at_does_no_harm():
    w = torch.tensor([1.0], requires_grad=True)
    seen = []

    def step():
        loss = (w * 2).sum()
        seen.append(float(loss.detach().numpy().mean()))
        again = torch.from_numpy(loss.detach().numpy())
        (loss + again).backward()

    check(step)
    assert seen == [2.0]


def test_a_copy_made_by_tensor_keeps_its_line():
    w = torch.tensor([1.0, 4.0], requires_grad=True)
    graph = check(lambda: (w * (w * 2).detach().clone()).sum().backward())
    assert graph.outputs["d_w"].value.tolist() == [2.0, 8.0]


def test_a_record_cannot_stand_in_a_record():
    with pytest.raises(tracing.TraceError, match="recorded already"):
        tracing.trace(lambda: tracing.trace(lambda: None))


def test_after_an_error_nothing_is_recorded():
    def step():
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        tracing.trace(step)
    graph = tracing.trace(lambda: torch.ones(2, requires_grad=True).sum().backward())
    assert graph.loss.value == 2


def test_another_thread_that_trains_is_not_recorded():
    def mean_after_dropout(model, rows):
        return model(torch.randn(rows, 2)).square().mean()

    def train():
        model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
        optimizer = torch.optim.Adam(model.parameters())
        mean_after_dropout(model, 3).backward()
        optimizer.step()

    class Busy(nn.Tanh):
        def forward(self, x):
            for target in meanwhile:
                thread = threading.Thread(target=target)
                thread.start()
                thread.join()
            return super().forward(x)

    meanwhile = []
    model = nn.Sequential(nn.Linear(2, 4), Busy(), nn.Dropout(0.5), nn.Linear(4, 1))
    alone = check(lambda: mean_after_dropout(model, 5).backward())
    model.zero_grad()
    meanwhile.append(train)
    beside = check(lambda: mean_after_dropout(model, 5).backward())
    assert [line.name for line in beside] == [line.name for line in alone]
    assert [line.module for line in beside] == [line.module for line in alone]


def test_threads_record_at_the_same_time():
    is_open, is_over = threading.Event(), threading.Event()
    graphs = []

    def step():
        is_open.set()
        is_over.wait()
        return torch.rand(3) * 2

    other = threading.Thread(target=lambda: graphs.append(tracing.trace(step)))

    def first():
        other.start()
        is_open.wait()
        return torch.rand(2) * 2

    graphs.append(tracing.trace(first))
    is_over.set()
    other.join()
    assert [[line.shape for line in graph if line.expression.text == "drawn"] for graph in graphs] == [[(2,)], [(3,)]]
    assert type(torch.default_generator) is torch.Generator


def test_a_matrix_still_has_a_trace():
    assert torch.trace(torch.eye(3)).item() == 3
