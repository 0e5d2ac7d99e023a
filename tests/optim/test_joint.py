"""Small parameters that Adam updates in one pass come out as if each had been updated by itself."""

import copy

import numpy as np
import pytest

import backlit as torch

VARIANTS = {
    "Adam": (torch.optim.Adam, {}),
    "Adam with weight decay": (torch.optim.Adam, {"weight_decay": 0.1}),
    "AMSGrad": (torch.optim.Adam, {"amsgrad": True}),
    "AdamW": (torch.optim.AdamW, {"weight_decay": 0.1, "maximize": True}),
}


def networks():
    """Two equal ones, with parameters of one and of two dimensions."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    return model, copy.deepcopy(model)


def one_by_one(model, kind, **settings):
    """An optimizer that has a group for each parameter, and so a pass for each."""
    return kind([{"params": [p]} for p in model.parameters()], **settings)


def step(model, optimizer, without=()):
    """A step, in which some parameters have no gradient."""
    optimizer.zero_grad()
    model(torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])).square().sum().backward()
    for p in (list(model.parameters())[k] for k in without):
        p.grad = None
    optimizer.step()


def same(first, second):
    for p, q in zip(first, second, strict=True):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def moments(optimizer):
    return [value for state in optimizer.state.values() for value in state.values()]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_pass_over_all_equals_a_pass_for_each(name):
    kind, settings = VARIANTS[name]
    models = networks()
    optimizers = kind(models[0].parameters(), **settings), one_by_one(models[1], kind, **settings)
    for without in ((), (), (1,), (), (0, 2), ()):
        for model, optimizer in zip(models, optimizers, strict=True):
            step(model, optimizer, without)
    same(*([p.detach() for p in m.parameters()] for m in models))
    same(*map(moments, optimizers))


def test_parameters_that_share_memory_are_taken_in_turn():
    base = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    kinds = []
    for grouped in (lambda ps: ps, lambda ps: [{"params": [p]} for p in ps]):
        memory = base.copy()
        params = [torch.from_numpy(part).requires_grad_() for part in (memory[:3], memory[1:])]
        optimizer = torch.optim.Adam(grouped(params), lr=0.1, weight_decay=0.5)
        for _ in range(2):
            for p in params:
                p.grad = torch.ones(3)
            optimizer.step()
        kinds.append(memory)
    np.testing.assert_array_equal(*kinds)


def test_a_parameter_of_another_shape_than_its_memory_is_refused():
    model, _ = networks()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    weight = model[0].weight
    weight.data = weight.data.T.contiguous()
    weight.grad = torch.ones(3, 5)
    with pytest.raises((RuntimeError, ValueError)):
        optimizer.step()


def test_a_loaded_state_goes_on_as_it_would_have():
    models = networks()
    optimizers = [torch.optim.Adam(model.parameters()) for model in models]
    for _ in range(3):
        step(models[0], optimizers[0])
    models[1].load_state_dict(models[0].state_dict())
    optimizers[1].load_state_dict(optimizers[0].state_dict())
    for _ in range(3):
        for model, optimizer in zip(models, optimizers, strict=True):
            step(model, optimizer)
    same(*([p.detach() for p in m.parameters()] for m in models))
    same(*map(moments, optimizers))


def test_what_is_remembered_stays_where_it_is_and_may_be_written_to():
    models = networks()
    optimizers = torch.optim.Adam(models[0].parameters()), one_by_one(models[1], torch.optim.Adam)
    for model, optimizer in zip(models, optimizers, strict=True):
        step(model, optimizer)
    places = [value.numpy().ctypes.data for value in moments(optimizers[0])]
    for model, optimizer in zip(models, optimizers, strict=True):
        next(iter(optimizer.state.values()))["exp_avg"].mul_(0.5)
        step(model, optimizer)
    assert [value.numpy().ctypes.data for value in moments(optimizers[0])] == places
    for model, optimizer in zip(models, optimizers, strict=True):
        state = next(iter(optimizer.state.values()))
        state["exp_avg_sq"] = state["exp_avg_sq"] * 2  # another array in its place
        step(model, optimizer)
    same(*([p.detach() for p in m.parameters()] for m in models))


def test_a_copy_of_the_optimizer_has_a_memory_of_its_own():
    model, _ = networks()
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer)
    before = [value.numpy().copy() for value in moments(optimizer)]
    step(*copy.deepcopy((model, optimizer)))
    same([torch.from_numpy(value) for value in before], moments(optimizer))
