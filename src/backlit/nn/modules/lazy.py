"""Modules whose parameters take their shape from the first input."""

from __future__ import annotations

from typing import Any

from backlit.nn.modules.module import Module
from backlit.nn.parameter import is_lazy


class LazyModuleMixin:
    """Calls `initialize_parameters` with the arguments of the first forward, and then is an instance of `becomes`."""

    becomes: type[Module]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first_call = self.register_forward_pre_hook(set_shapes, with_kwargs=True)  # type: ignore[attr-defined]

    def has_uninitialized_params(self) -> bool:
        """Whether the first input has not been seen yet."""
        return any(map(is_lazy, self.parameters()))  # type: ignore[attr-defined]

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Take the shapes that the first input asks for."""
        raise NotImplementedError(f"{type(self).__name__} does not define initialize_parameters.")


def set_shapes(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """The hook that runs before a lazy module's first forward."""
    if module.has_uninitialized_params():
        module.initialize_parameters(*args, **kwargs)
    module._first_call.remove()
    del module._first_call
    module.__class__ = module.becomes
