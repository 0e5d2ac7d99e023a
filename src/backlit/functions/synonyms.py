"""NumPy's argument names beside PyTorch's: `axis` for `dim`, `keepdims` for `keepdim`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
PYTORCH_NAME = {"axis": "dim", "keepdims": "keepdim"}


def numpy_names(function: F) -> F:
    """The function, which from now on understands `axis` and `keepdims` too, as PyTorch's own functions do.

    Raises TypeError if both names of one argument are given.
    """

    @functools.wraps(function)
    def answering(*args: Any, **kwargs: Any) -> Any:
        if "axis" in kwargs or "keepdims" in kwargs:
            kwargs = renamed(kwargs, function.__name__)
        return function(*args, **kwargs)

    return cast(F, answering)


def renamed(kwargs: dict[str, Any], name: str) -> dict[str, Any]:
    """The arguments under PyTorch's names."""
    for synonym, known in PYTORCH_NAME.items():
        if synonym in kwargs and known in kwargs:
            raise TypeError(f"{name}() got both {known!r} and {synonym!r}, two names of one argument. Leave one out.")
    return {PYTORCH_NAME.get(key, key): value for key, value in kwargs.items()}
