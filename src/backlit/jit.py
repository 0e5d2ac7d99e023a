"""`torch.jit`: PyTorch compiles models with it. Here they run as Python, so what is compiled is the model itself."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def script(obj: T, *_: Any, **__: Any) -> T:
    """The function or module as it is."""
    return obj


def trace(func: T, example_inputs: Any = None, *_: Any, **__: Any) -> T:
    """The function or module as it is. Unlike PyTorch's trace, branches on values stay branches."""
    return func


def ignore(obj: T, *_: Any, **__: Any) -> T:
    """The function as it is."""
    return obj


export = unused = ignore


def is_scripting() -> bool:
    """False: everything runs as Python."""
    return False


is_tracing = is_scripting
