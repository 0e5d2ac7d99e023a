"""A module's state by name: `state_dict`, and `load_state_dict`, which names every entry that does not fit at once."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from backlit.autograd.modes import no_grad
from backlit.nn.modules.registry import Registry
from backlit.nn.parameter import Parameter, is_lazy
from backlit.suggest import did_you_mean
from backlit.tensor import Tensor
from backlit.utils.hooks import RemovableHandle, add_hook

#: The key of what `get_extra_state` returns.
EXTRA_STATE = "_extra_state"


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` did not find, and what it had no place for."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if self.missing_keys or self.unexpected_keys else "<All keys matched successfully>"

    __str__ = __repr__


class Saving(Registry):
    """The part of Module that gives out its state and takes it back."""

    _version: int = 1
    _state_dict_hooks: OrderedDict[int, Callable[..., Any]]
    _state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_pre_hooks: OrderedDict[int, Callable[..., Any]]
    _load_state_dict_post_hooks: OrderedDict[int, Callable[..., Any]]

    def get_extra_state(self) -> Any:
        """Override together with `set_extra_state` to keep more than parameters and buffers in the state_dict."""
        raise RuntimeError("get_extra_state is not defined: override it in your Module subclass.")

    def set_extra_state(self, state: Any) -> None:
        """Called by `load_state_dict` with what `get_extra_state` returned."""
        raise RuntimeError("set_extra_state is not defined: override it in your Module subclass.")

    # Giving out.

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Names and values of all parameters and persistent buffers, in the order in which they were registered.

        The tensors share the module's memory, and need no gradient unless `keep_vars`.

        >>> import backlit as torch
        >>> list(torch.nn.Linear(2, 1).state_dict())
        ['weight', 'bias']
        """
        for name, value in zip(("destination", "prefix", "keep_vars"), args, strict=False):  # an old signature
            destination = value if name == "destination" else destination
            prefix = value if name == "prefix" else prefix
            keep_vars = value if name == "keep_vars" else keep_vars
        if destination is None:
            destination = OrderedDict()
            vars(destination)["_metadata"] = OrderedDict()  # the version of each module that writes to it
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, metadata)
            destination = destination if result is None else result
        return destination

    def _saved(self) -> dict[str, Any]:
        """This module's own parameters and persistent buffers."""
        kept = {name: b for name, b in self._buffers.items() if name not in self._non_persistent_buffers_set}
        return {name: value for name, value in (*self._parameters.items(), *kept.items()) if value is not None}

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not Saving.get_extra_state

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own entries; subclasses may override it."""
        for name, value in self._saved().items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if self._has_extra_state():
            destination[prefix + EXTRA_STATE] = self.get_extra_state()

    # Taking back.

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy values by name into this module's parameters and buffers.

        Args:
            state_dict: names to tensors, as `state_dict()` gives them.
            strict: names that are missing, or not of this module, are an error.
            assign: take the tensors themselves in place of the present ones.

        Returns (missing_keys, unexpected_keys). Raises RuntimeError that lists everything that does not fit; values
        that do fit have been copied by then, as in PyTorch.

        >>> import backlit as torch
        >>> torch.nn.Linear(2, 1).load_state_dict(torch.nn.Linear(2, 1).state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"Expected state_dict to be dict-like, got {type(state_dict)}. If this is a file's name, load it: "
                "model.load_state_dict(torch.load(path))."
            )
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None) or {}
        self._load_below(OrderedDict(state_dict), "", metadata, assign, missing, unexpected, errors)
        if strict:
            errors[:0] = complaints(missing, unexpected)
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return _IncompatibleKeys(missing, unexpected)

    def _load_below(
        self, state: Any, prefix: str, metadata: Any, assign: bool, missing: list[str], unexpected: list[str],
        errors: list[str],
    ) -> None:  # fmt: skip
        """Load this module's entries, then those of the modules below it."""
        own = {**metadata.get(prefix[:-1], {}), **({"assign_to_params_buffers": True} if assign else {})}
        self._load_from_state_dict(state, prefix, own, True, missing, unexpected, errors)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                part = OrderedDict((k, v) for k, v in state.items() if k.startswith(below))
                module._load_below(part, below, metadata, assign, missing, unexpected, errors)
        keys = _IncompatibleKeys(missing, unexpected)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise AssertionError("A load_state_dict post hook changes the lists in place and returns nothing.")

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], strict: bool, missing_keys: list[str],
        unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        """Load this module's own entries and note what does not fit; subclasses may override it."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        own = self._saved()
        for name, present in own.items():
            key = prefix + name
            if key not in state_dict:
                missing_keys.append(key)
            elif (problem := misfit(key, state_dict[key], present)) is not None:
                error_msgs.append(problem)
            elif assign:
                setattr(self, name, adopted(state_dict[key], present))
            else:
                copy_values(present, state_dict[key])
        self._load_extra_state(state_dict, prefix + EXTRA_STATE, missing_keys, unexpected_keys)
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + EXTRA_STATE:
                head, dot, _ = key[len(prefix) :].partition(".")
                if head not in (self._modules if dot else own):
                    unexpected_keys.append(key)

    def _load_extra_state(self, state: Any, key: str, missing: list[str], unexpected: list[str]) -> None:
        if self._has_extra_state() or type(self).set_extra_state is not Saving.set_extra_state:
            if key in state:
                self.set_extra_state(state[key])
            else:
                missing.append(key)
        elif key in state:
            unexpected.append(key)

    # Hooks.

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before the state is given out."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` when the state was collected; it may change it."""
        return add_hook(self._state_dict_hooks, hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before this module loads its entries."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        def bound(*args: Any) -> Any:
            return hook(self, *args)

        return add_hook(self._load_state_dict_pre_hooks, bound if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` once the module and all below it were loaded; it may change the lists.
        """
        return add_hook(self._load_state_dict_post_hooks, hook)


def misfit(key: str, value: Any, present: Any) -> str | None:
    """Why a value cannot be copied into a parameter or buffer, or None if it can."""
    if not isinstance(value, Tensor):
        return f"{key}: a Tensor is needed, but the state_dict holds {type(value)}."
    # Files of before PyTorch 0.4 hold scalars as tensors of one element.
    if is_lazy(present) or value.shape == present.shape or (value.shape == (1,) and present.shape == ()):
        return None
    return f"size mismatch for {key}: the state_dict has shape {value.shape}, this model has {present.shape}."


def copy_values(present: Any, value: Any) -> None:
    """Overwrite a parameter or buffer; a lazy one first takes the value's shape."""
    if is_lazy(present):
        present.materialize(value.shape)
    with no_grad():
        present.overwrite(value.array.reshape(present.array.shape))


def adopted(value: Any, present: Any) -> Any:
    """The value as what stands in its place: a Parameter that wants gradients as the present one does, or a tensor."""
    if isinstance(present, Parameter) and not isinstance(value, Parameter):
        return Parameter(value, requires_grad=present.requires_grad)
    if isinstance(present, Parameter):
        value.requires_grad_(present.requires_grad)
    return value


def complaints(missing: list[str], unexpected: list[str]) -> list[str]:
    """A line for the missing names, one for the unexpected ones, and what may have been meant."""
    lines = []
    if missing:
        lines.append(f"Missing key(s) in state_dict: {quoted(missing)}. ")
    if unexpected:
        lines.append(f"Unexpected key(s) in state_dict: {quoted(unexpected)}. ")
    if missing and unexpected:
        lines += prefix_advice(missing, unexpected) or closest(missing, unexpected)
    return lines


def quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def prefix_advice(missing: list[str], unexpected: list[str]) -> list[str]:
    """What to write when the names differ by one prefix, such as the "module." that DataParallel adds."""
    if (prefix := common_prefix(unexpected, missing)) is not None:
        return [f"The state_dict's names have {prefix!r} in front. "
                f"Load {{k.removeprefix({prefix!r}): v for k, v in state_dict.items()}}"]  # fmt: skip
    if (prefix := common_prefix(missing, unexpected)) is not None:
        return [f"The state_dict's names lack {prefix!r} in front. "
                f"Load {{{prefix!r} + k: v for k, v in state_dict.items()}}"]  # fmt: skip
    return []


def common_prefix(longer: list[str], shorter: list[str]) -> str | None:
    """The prefix by which the longer names become the shorter ones, if there is one; either may have some more."""
    prefix = next((name.removesuffix(shorter[0]) for name in longer if name.endswith(shorter[0])), "")
    alike = {prefix + name for name in shorter} & set(longer)
    return prefix if prefix and len(alike) == min(len(longer), len(shorter)) else None


def closest(missing: list[str], unexpected: list[str], at_most: int = 10) -> list[str]:
    """For each missing name the unexpected ones that look like it."""
    offers = [(key, did_you_mean(key, unexpected)) for key in missing[:at_most]]
    return [f'For "{key}": {offer}' for key, offer in offers if offer.startswith("Did you mean")]
