"""What all optimizers share: parameter groups, state, the step around the rules, and PyTorch's state_dict."""

from __future__ import annotations

import functools
import warnings
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from backlit.autograd.modes import enable_grad
from backlit.autograd.node import Handle
from backlit.autograd.tracked import users_line
from backlit.functions.conversion import typename
from backlit.ops.registry import IGNORE, QUIET, reading
from backlit.optim.checks import listed, named
from backlit.optim.rules import penalised
from backlit.optim.state import fitting, loaded
from backlit.optim.writing import run
from backlit.tensor import Tensor

#: A default that every parameter group has to set for itself.
required: Any = type("required", (), {"__repr__": lambda _: "<required parameter>"})()

Group = dict[str, Any]
Closure = Callable[[], Any]

#: Hooks around the steps of every optimizer that is made while they stand here.
EVERY_STEP: dict[str, list[Callable[..., Any]]] = {"step_pre": [], "step_post": []}
#: The optimizers around whose steps somebody listens.
WATCHED: weakref.WeakSet[Any] = weakref.WeakSet()


class Optimizer:
    """Changes parameters by their gradients. Each subclass says in `update` by which rule.

    params: tensors, or dicts with "params" and settings of their own, or (name, tensor) pairs.
    defaults: the settings of groups that do not set them.
    state: per parameter what the rule remembers, as tensors under PyTorch's names; empty before its first step. Plain
    tensors cost little beside the rule, and leave nothing to convert for a state_dict or for `state[p]["step"].item()`.

    A subclass of your own may also override `step` as a whole, as in PyTorch.

    >>> import backlit as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._hooks: dict[str, list[Callable[..., Any]]] = defaultdict(list)
        groups = listed(params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list. Does the model have layers as attributes, and was "
                "model.parameters() not used up by an earlier loop? Write SGD(model.parameters(), ...)."
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)
        if any(EVERY_STEP.values()):
            self.watch_steps()

    # The step.

    def step(self, closure: Closure | None = None) -> Any:
        """Change every parameter that has a gradient, once. Returns what `closure` does, which is called first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        quiet = QUIET.set(IGNORE)  # numbers may overflow to inf, as in PyTorch, without a word
        try:
            for group in self.param_groups:
                self.update(group)
        finally:
            QUIET.reset(quiet)
        if reading.recorder is not None:
            reading.recorder.optimizers.append(self)
        return loss

    def update(self, group: Group) -> None:
        """One step of the parameters in `group`. Subclasses say how."""
        raise NotImplementedError(f"{type(self).__name__} has neither update(group) nor a step() of its own")

    def pending(self, group: Group, *, decay: bool = True) -> Iterator[tuple[Any, Any]]:
        """Each parameter that has a gradient, with the gradient to descend along.

        Without `decay`, weight_decay is left to the rule.
        """
        weight_decay = float(group["weight_decay"]) if decay and "weight_decay" in group else 0.0
        maximize, line = group["maximize"], users_line()
        as_it_is = weight_decay == 0 and not maximize
        for p in group["params"]:
            if p.grad is not None:
                g = p.grad.array
                yield p, g if as_it_is else run(penalised, p.array, g, weight_decay=weight_decay, maximize=maximize)
                p.version.count += 1
                p.version.writer = line

    def memory(self, p: Any, group: Group) -> dict[str, Any]:
        """The state of `p`, made when its first step comes."""
        state = self.state[p]
        if not state:
            state.update(self.initial(p, group))
        return state

    @property
    def needs_state(self) -> bool:
        """Whether the first step makes a state that later ones go on from."""
        return type(self).initial is not Optimizer.initial

    def initial(self, p: Any, group: Group) -> dict[str, Any]:
        """What the rule remembers of `p` before its first step."""
        return {}

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients: None, or zeros in the same memory with `set_to_none=False`."""
        if set_to_none:
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad = None
            return
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.detach_()
                    p.grad.overwrite(0)

    # Parameter groups.

    def add_param_group(self, param_group: Group) -> None:
        """Optimize more parameters, with settings of their own. Layers that are unfrozen later come in here."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {typename(param_group)}")
        names, params = named(param_group["params"])
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for p in params:
            self.check_parameter(p)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"a parameter group has no {name!r}, and {type(self).__name__} has no default for it")
            param_group.setdefault(name, default)
        self.check_group(param_group)
        self.param_groups.append(param_group)

    def check_parameter(self, p: Any) -> None:
        if not isinstance(p, Tensor):
            raise TypeError(
                f"optimizer can only optimize Tensors, but one of the params is {typename(p)}. "
                f"Of a model, pass its parameters: {type(self).__name__}(model.parameters(), ...)."
            )
        if not (p.is_leaf or p.retains_grad or self.defaults.get("differentiable")):
            raise ValueError(
                f"can't optimize a non-leaf Tensor: this one, of shape {tuple(p.shape)}, was computed by "
                f"{p.grad_fn.name()}. Optimize what it was computed from, or start anew with "
                "x.detach().requires_grad_()."
            )

    def check_group(self, new: Group) -> None:
        ids = {id(p) for p in new["params"]}
        if len(ids) < len(new["params"]):
            warnings.warn("a parameter stands twice in one parameter group: each step moves it twice", stacklevel=4)
        for group in self.param_groups:
            if ("param_names" in group) != ("param_names" in new):
                raise ValueError("either all parameter groups come with names or none does")
            if ids.intersection(map(id, group["params"])):
                raise ValueError(
                    "some parameters appear in more than one parameter group. Leave them out of one: "
                    "[p for p in model.parameters() if p is not shared]"
                )

    # Saving and loading.

    def state_dict(self) -> dict[str, Any]:
        """State and groups with parameters numbered in order, in PyTorch's layout. The tensors are not copied."""
        self._run("state_dict_pre")
        numbers: dict[int, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        state = {numbers[id(p)] if isinstance(p, Tensor) else p: kept for p, kept in self.state.items()}
        return self._run("state_dict_post", {"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` of an optimizer over the same parameters returned, here or in PyTorch."""
        state_dict = self._run("load_state_dict_pre", dict(state_dict))
        groups = fitting(state_dict, self.param_groups)
        numbers = [number for group in groups for number in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        of = dict(zip(numbers, params, strict=True))
        for group, old in zip(groups, self.param_groups, strict=True):
            group["params"] = old["params"]
            for name in old.keys() & ({"param_names"} | self.defaults.keys()):
                group.setdefault(name, old[name])
        group_of = {id(p): group for group in groups for p in group["params"]}
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, kept in state_dict["state"].items():
            p = of.get(number, number)
            is_ours = number in of and kept
            state[p] = loaded(p, kept, number, self.initial(p, group_of[id(p)])) if is_ours else kept
        self.__setstate__({"state": state, "param_groups": groups})
        self._run("load_state_dict_post")

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along: not the hooks, nor the step that they wrap, which belongs to this optimizer."""
        return {name: self.__dict__[name] for name in ("defaults", "state", "param_groups")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__.setdefault("_hooks", defaultdict(list))
        if any(EVERY_STEP.values()):
            self.watch_steps()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines += [""] if number else []
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join(lines) + "\n)"

    # Hooks.

    def watch_steps(self) -> None:
        """From now on call hooks around this optimizer's steps, and note in `_opt_called` that there was one.

        The first hook or scheduler asks for it, so that without any a step pays nothing for it.
        """
        if hasattr(self.step, "_wrapped_by_lr_sched"):
            return
        plain, itself = type(self).step, weakref.ref(self)
        WATCHED.add(self)

        @functools.wraps(plain)
        def step(*args: Any, **kwargs: Any) -> Any:
            optimizer: Any = itself()
            optimizer._opt_called = True
            args = (optimizer, *args)
            for hook in (*EVERY_STEP["step_pre"], *optimizer._hooks["step_pre"]):
                args, kwargs = hook(optimizer, args, kwargs) or (args, kwargs)
            out = plain(*args, **kwargs)
            for hook in (*optimizer._hooks["step_post"], *EVERY_STEP["step_post"]):
                hook(optimizer, args, kwargs)
            return out

        step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
        self.step = step  # type: ignore[method-assign]

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return new (args, kwargs)."""
        self.watch_steps()
        return Handle(self._hooks["step_pre"], hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        self.watch_steps()
        return Handle(self._hooks["step_post"], hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` before `state_dict`."""
        return self._hook("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` after `state_dict`; what it returns, unless None, is returned instead."""
        return self._hook("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns, unless None, is loaded instead."""
        return self._hook("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` after loading."""
        return self._hook("load_state_dict_post", hook, prepend)

    def _hook(self, event: str, hook: Callable[..., Any], prepend: bool) -> Handle:
        handle = Handle(self._hooks[event], hook)
        if prepend:
            self._hooks[event].insert(0, self._hooks[event].pop())
        return handle

    def _run(self, event: str, *value: Any) -> Any:
        """Call the hooks of `event`, each with what the one before made of `value`."""
        for hook in tuple(self._hooks[event]):
            changed = hook(self, *value)
            if changed is not None and value:
                value = (changed,)
        return value[0] if value else None


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer that is made from now on.

    In PyTorch optimizers that were made before are heard of too.
    """
    return Handle(EVERY_STEP["step_pre"], hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer that is made from now on."""
    return Handle(EVERY_STEP["step_post"], hook)
