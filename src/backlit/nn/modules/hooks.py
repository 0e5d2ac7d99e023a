"""Hooks of modules: functions called before and after forward, and when the gradients of a module's call are known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from backlit.autograd.modes import grad_mode
from backlit.nn.modules.backward_hooks import BackwardWatch
from backlit.utils.hooks import RemovableHandle, add_hook

Hooks = OrderedDict[int, Callable[..., Any]]

#: Hooks of every module, each with its kind. It is empty almost always, which a call can check at the least cost.
everywhere: OrderedDict[int, Any] = OrderedDict()


def hooks_everywhere(kind: str) -> list[Callable[..., Any]]:
    return [hook for of_kind, hook in list(everywhere.values()) if of_kind == kind]


class Hooked:
    """The part of Module that registers hooks, and calls a module that has some."""

    _forward_pre_hooks: Hooks
    _forward_hooks: Hooks
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _is_hooked = False  # whether a hook was ever registered: one look a call, instead of one into each dict
    forward: Callable[..., Any]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns, if anything, replaces the arguments.

        with_kwargs: call `hook(module, args, kwargs)`, which may return `(args, kwargs)`. prepend: before the others.
        Returns a handle with `remove()`.
        """
        return self._hook(self._forward_pre_hooks, WithKwargs(hook) if with_kwargs else hook, prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns, if anything, replaces the output.

        with_kwargs: call `hook(module, args, kwargs, output)`. always_call: also when forward raises, with output None.
        Returns a handle with `remove()`.

        >>> import backlit as torch
        >>> m = torch.nn.Identity()
        >>> handle = m.register_forward_hook(lambda module, args, output: output * 2)
        >>> m(torch.ones(2))
        tensor([2., 2.])
        >>> handle.remove()
        """
        hook = WithKwargs(hook) if with_kwargs else hook
        return self._hook(self._forward_hooks, Always(hook) if always_call else hook, prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the gradients of the outputs are known; it may return others."""
        return self._hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the inputs are known.

        It may return other gradients of the inputs. Both are tuples, with None for what needs no gradient.
        """
        return self._hook(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """PyTorch's older name. The hook gets what `register_full_backward_hook` gives."""
        return self.register_full_backward_hook(hook)

    def _hook(self, hooks: Hooks, hook: Any, prepend: bool) -> RemovableHandle:
        self._is_hooked = True
        return add_hook(hooks, hook, prepend)

    def _backward_watch(self) -> BackwardWatch | None:
        before = [*hooks_everywhere("backward_pre"), *self._backward_pre_hooks.values()]
        after = [*hooks_everywhere("backward"), *self._backward_hooks.values()]
        return BackwardWatch(self, before, after) if grad_mode.enabled and (before or after) else None

    def _call_hooked(self, *args: Any, **kwargs: Any) -> Any:
        """forward with all hooks around it, in PyTorch's order."""
        after = [*hooks_everywhere("forward"), *self._forward_hooks.values()]
        called: set[Any] = set()
        try:
            for hook in (*hooks_everywhere("forward_pre"), *self._forward_pre_hooks.values()):
                args, kwargs = replaced_arguments(hook, self, args, kwargs)
            watch = self._backward_watch()
            if watch is not None:
                args = watch.around_inputs(args)
            output = self.forward(*args, **kwargs)
            for hook in after:
                called.add(hook)
                result = run_after(hook, self, args, kwargs, output)
                output = output if result is None else result
            return output if watch is None else watch.around_output(output)
        except Exception:
            for hook in after:
                if isinstance(hook, Always) and hook not in called:
                    run_after(hook, self, args, kwargs, None)
            raise


class WithKwargs:
    """A hook that also takes the keyword arguments of the call."""

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook

    def __call__(self, *args: Any) -> Any:
        return self.hook(*args)


class Always(WithKwargs):
    """A forward hook that runs although forward raised."""


def replaced_arguments(
    hook: Callable[..., Any], module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments after a forward pre-hook has seen them."""
    if not isinstance(hook, WithKwargs):
        result = hook(module, args)
        return (args if result is None else result if isinstance(result, tuple) else (result,)), kwargs
    result = hook(module, args, kwargs)
    if result is None:
        return args, kwargs
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise RuntimeError(
        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {type(result).__name__}."
    )


def run_after(hook: Callable[..., Any], module: Any, args: Any, kwargs: Any, output: Any) -> Any:
    inner = hook.hook if isinstance(hook, Always) else hook
    return inner(module, args, kwargs, output) if isinstance(inner, WithKwargs) else inner(module, args, output)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module."""
    return add_hook(everywhere, ("forward_pre", hook))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module."""
    hook = WithKwargs(hook) if with_kwargs else hook
    return add_hook(everywhere, ("forward", Always(hook) if always_call else hook))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` in the backward pass of every module."""
    return add_hook(everywhere, ("backward_pre", hook))


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` in the backward pass of every module."""
    return add_hook(everywhere, ("backward", hook))


register_module_backward_hook = register_module_full_backward_hook
