"""state_dict: PyTorch's layout, exchanged both ways, and training that goes on to the bit."""

import copy

import numpy as np
import pytest
import torch

import backlit
import backlit.optim
from optim.problem import CONFIGURATIONS, IDS, NAMES, Problem, optimizer_of

STATEFUL = [
    ("SGD", {"momentum": 0.9, "lr": 0.01}),
    ("Adam", {"amsgrad": True, "lr": 0.01}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("LBFGS", {"lr": 0.1, "line_search_fn": "strong_wolfe", "max_iter": 3}),
    *[(name, {}) for name in NAMES if name not in ("SGD", "LBFGS")],
]


def translated(value, to):
    """A state_dict of one library with the tensors of the other."""
    if isinstance(value, dict):
        return {key: translated(part, to) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(translated(part, to) for part in value)
    return to(value.detach().numpy().copy()) if hasattr(value, "detach") else value


def to_torch(array):
    return torch.from_numpy(np.asarray(array))


def to_backlit(array):
    return backlit.from_numpy(np.asarray(array))


def started(ns, name, settings, steps=4, **problem):
    here = Problem(ns, **problem)
    optimizer = optimizer_of(ns, name, here.params, settings)
    here.train(optimizer, steps)
    return here, optimizer


def kinds(value):
    """The structure of a state_dict: keys, and what is a tensor of which shape and dtype."""
    if isinstance(value, dict):
        return {key: kinds(part) for key, part in value.items()}
    if hasattr(value, "detach"):
        return tuple(value.shape), str(value.dtype)
    return value


@pytest.mark.parametrize(("name", "settings"), CONFIGURATIONS, ids=IDS)
def test_layout_is_pytorchs(name, settings):
    (_, mine), (_, theirs) = (started(ns, name, settings, 1, dtype=np.float32) for ns in (backlit, torch))
    mine, theirs = mine.state_dict(), theirs.state_dict()
    assert mine["param_groups"] == theirs["param_groups"]
    if name == "LBFGS":  # its state is work in progress: lists of directions, and PyTorch's scratch space "al"
        assert set(mine["state"][0]) == set(theirs["state"][0]) - {"al"}
    else:
        assert kinds(mine["state"]) == kinds(theirs["state"])


@pytest.mark.parametrize(("name", "settings"), STATEFUL)
@pytest.mark.parametrize("direction", ["from PyTorch", "to PyTorch"])
def test_the_other_library_goes_on(name, settings, direction):
    """Four steps in one library, four in the other: as eight in one."""
    source, target = (torch, backlit) if direction == "from PyTorch" else (backlit, torch)
    first, optimizer = started(source, name, settings)
    second = Problem(target)
    for p, value in zip(second.params, first.values(), strict=True):
        p.detach().numpy()[...] = value
    other = optimizer_of(target, name, second.params, settings)
    other.load_state_dict(translated(optimizer.state_dict(), to_backlit if target is backlit else to_torch))
    for mine, theirs in zip(second.train(other, 4), first.train(optimizer, 4), strict=True):
        for a, b in zip(mine, theirs, strict=True):
            # PyTorch rounds NAdam's and ASGD's counters to float32, but not after loading them.
            rtol = 1e-5 if name in ("NAdam", "ASGD") else 1e-8
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9)


def test_tensors_of_pytorch_itself_are_taken():
    _, theirs = started(torch, "Adam", {})
    here = Problem(backlit)
    optimizer = backlit.optim.Adam(here.params)
    optimizer.load_state_dict(theirs.state_dict())
    state = optimizer.state[here.params[0]]
    assert isinstance(state["exp_avg"], type(here.params[0].detach()))
    np.testing.assert_array_equal(state["exp_avg"].numpy(), theirs.state_dict()["state"][0]["exp_avg"].numpy())


@pytest.mark.parametrize(("name", "settings"), STATEFUL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resumed_training_is_the_same_to_the_bit(name, settings, dtype):
    whole, optimizer = started(backlit, name, settings, 4, dtype=dtype)
    saved, values = copy.deepcopy(optimizer.state_dict()), whole.values()
    expected = whole.train(optimizer, 4)
    resumed = Problem(backlit, seed=1, dtype=dtype)
    for p, value in zip(resumed.params, values, strict=True):
        p.detach().numpy()[...] = value
    fresh = optimizer_of(backlit, name, resumed.params, {})
    fresh.load_state_dict(saved)
    for mine, theirs in zip(resumed.train(fresh, 4), expected, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_loaded_state_is_a_copy():
    _, optimizer = started(backlit, "Adam", {})
    saved = optimizer.state_dict()
    before = saved["state"][0]["exp_avg"].numpy().copy()
    other = Problem(backlit)
    fresh = backlit.optim.Adam(other.params)
    fresh.load_state_dict(saved)
    other.train(fresh, 1)
    np.testing.assert_array_equal(saved["state"][0]["exp_avg"].numpy(), before)


def test_state_takes_the_parameters_dtype_and_the_counter_does_not():
    _, optimizer = started(backlit, "Adam", {}, dtype=np.float32)
    here = Problem(backlit)
    fresh = backlit.optim.Adam(here.params)
    fresh.load_state_dict(optimizer.state_dict())
    state = fresh.state[here.params[0]]
    assert state["exp_avg"].dtype == backlit.float64
    assert state["step"].dtype == backlit.float32
    assert state["step"].item() == 4.0


def test_settings_that_an_older_file_lacks_keep_their_values():
    here, optimizer = started(backlit, "SGD", {"momentum": 0.9})
    saved = optimizer.state_dict()
    for name in ("maximize", "foreach", "fused", "differentiable"):
        del saved["param_groups"][0][name]
    fresh = backlit.optim.SGD(here.params)
    fresh.load_state_dict(saved)
    here.train(fresh, 1)
    assert fresh.param_groups[0]["maximize"] is False
    assert fresh.param_groups[0]["momentum"] == 0.9


def test_adamw_stays_adamw_after_loading_an_adam():
    here, optimizer = started(backlit, "Adam", {})
    fresh = backlit.optim.AdamW(here.params)
    fresh.load_state_dict(optimizer.state_dict())
    assert fresh.param_groups[0]["decoupled_weight_decay"] is True


def test_a_state_without_parameter_is_kept():
    _, optimizer = started(backlit, "Adam", {})
    saved = optimizer.state_dict()
    saved["state"]["extra"] = {"note": 1}
    optimizer.load_state_dict(saved)
    assert optimizer.state_dict()["state"]["extra"] == {"note": 1}


def misfits():
    _, optimizer = started(backlit, "Adam", {})
    good = optimizer.state_dict()

    def changed(**kept):
        return {**good, "state": {**good["state"], 1: {**good["state"][1], **kept}}}

    lacking = {**good, "state": {**good["state"], 2: {"step": good["state"][2]["step"]}}}
    group = good["param_groups"][0]
    yield "groups", {**good, "param_groups": [group, group]}, ValueError, "2, this optimizer has 1"
    yield "sizes", {**good, "param_groups": [{**group, "params": [0, 1]}]}, ValueError, "group 0 was saved with 2"
    yield "shape", changed(exp_avg=backlit.zeros(7)), ValueError, r"'exp_avg' of shape \(7,\) for parameter 1"
    yield "lacking", lacking, ValueError, "lacks 'exp_avg' for parameter 2"
    yield "of a model", {"weight": backlit.zeros(1)}, KeyError, "Is it the model's"


@pytest.mark.parametrize("case", range(5))
def test_a_state_that_does_not_fit_is_refused_whole(case):
    _, state, error, words = list(misfits())[case]
    here, optimizer = started(backlit, "Adam", {}, steps=2)
    before = copy.deepcopy(optimizer.state_dict()["param_groups"])
    with pytest.raises(error, match=words):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict()["param_groups"] == before
    assert optimizer.state[here.params[0]]["step"].item() == 2.0


def test_a_copied_optimizer_trains_the_copied_parameters():
    here, optimizer = started(backlit, "Adam", {})
    optimizer.register_step_post_hook(lambda *_: None)
    before = here.values()
    copied = Problem(backlit)
    twin, copied.params = copy.deepcopy((optimizer, here.params))
    expected = copied.train(twin, 1)
    for a, b in zip(here.values(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(here.train(optimizer, 1)[0], expected[0], strict=True):
        np.testing.assert_array_equal(a, b)
