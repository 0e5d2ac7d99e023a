"""Hooks around steps, saving and loading."""

import pytest
import torch

import backlit
import backlit.optim

BOTH = pytest.mark.parametrize("ns", [backlit, torch], ids=["backlit", "torch"])


def optimizer_of_one(ns):
    p = ns.tensor([1.0], requires_grad=True)
    p.grad = ns.tensor([1.0])
    return p, ns.optim.SGD([p], lr=0.5)


@BOTH
def test_step_hooks_see_the_optimizer_before_and_after(ns):
    p, optimizer = optimizer_of_one(ns)
    seen = []
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append(("before", opt is optimizer, p.item())))
    after = optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append(("after", len(args), p.item())))
    optimizer.step()
    after.remove()
    optimizer.step()
    assert seen == [("before", True, 1.0), ("after", 1, 0.5), ("before", True, 0.5)]


@BOTH
def test_a_pre_hook_may_change_the_arguments(ns):
    _, optimizer = optimizer_of_one(ns)
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((opt, lambda: "theirs"), {}))
    assert optimizer.step(lambda: "mine") == "theirs"


@BOTH
def test_saving_and_loading_hooks(ns):
    _, optimizer = optimizer_of_one(ns)
    seen = []
    optimizer.register_state_dict_pre_hook(lambda opt: seen.append("saving"))
    optimizer.register_state_dict_post_hook(lambda opt, saved: {**saved, "note": 1})
    optimizer.register_state_dict_post_hook(lambda opt, saved: seen.append("first"), prepend=True)
    saved = optimizer.state_dict()
    assert saved["note"] == 1
    optimizer.register_load_state_dict_pre_hook(lambda opt, saved: seen.append(saved.pop("note")))
    optimizer.register_load_state_dict_post_hook(lambda opt: seen.append("loaded"))
    optimizer.load_state_dict(saved)
    assert seen == ["saving", "first", 1, "loaded"]
    assert saved["note"] == 1  # a hook works on a copy


@BOTH
def test_hooks_of_every_optimizer_stand_around_its_own(ns):
    optimizers = __import__(f"{ns.__name__}.optim.optimizer", fromlist=["optimizer"])
    seen = []
    with (
        optimizers.register_optimizer_step_pre_hook(lambda opt, args, kwargs: seen.append("every before")),
        optimizers.register_optimizer_step_post_hook(lambda opt, args, kwargs: seen.append("every after")),
    ):
        _, optimizer = optimizer_of_one(ns)
        optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append("before"))
        optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append("after"))
        optimizer.step()
    assert seen == ["every before", "before", "after", "every after"]
    optimizer.step()
    assert seen[4:] == ["before", "after"]


def test_a_watched_optimizer_is_freed_with_its_last_reference():
    """The wrapper around step must not keep the optimizer, and with it the model, alive."""
    import gc
    import weakref

    _, optimizer = optimizer_of_one(backlit)
    optimizer.register_step_post_hook(lambda *_: None)
    optimizer.step()
    gc.disable()
    try:
        gone = weakref.ref(optimizer)
        del optimizer
        assert gone() is None
    finally:
        gc.enable()
