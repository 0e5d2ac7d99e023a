"""Checks of what an optimizer is given: its parameters and its settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlit.functions.conversion import typename
from backlit.tensor import Tensor

HINTS = {
    "lr": "A step goes against the gradient by itself; to climb instead, write maximize=True.",
    "weight_decay": "It pulls weights towards 0; a small number such as 1e-4 is usual.",
    "eps": "It keeps a division from going to infinity; 1e-8 is usual.",
    "momentum": "It is the share of the last step that is kept; 0.9 is usual.",
}


def at_least_zero(**settings: Any) -> None:
    """Raise ValueError for a setting that is negative or NaN."""
    for name, value in settings.items():
        if not value >= 0.0:
            raise ValueError(f"{name} must be 0 or more, but {name}={value} was given. {HINTS.get(name, '')}".rstrip())


def learning_rate(lr: Any) -> None:
    """Raise ValueError unless `lr` is one number, 0 or more; it may be in a tensor of one element."""
    shape = getattr(lr, "shape", ())
    if any(n != 1 for n in shape):
        raise ValueError(f"lr must be one number, but a tensor of shape {tuple(shape)} was given")
    at_least_zero(lr=lr)


def shares(name: str, values: Any) -> None:
    """Raise ValueError unless both `values` are in [0, 1): shares of the old that an average keeps."""
    for index in (0, 1):
        if not 0.0 <= values[index] < 1.0:
            raise ValueError(
                f"{name}[{index}] must be at least 0 and less than 1, but {name}={values} was given. It is the share "
                "of the old average that is kept; (0.9, 0.999) is usual."
            )


def listed(params: Iterable[Any]) -> list[Any]:
    """The parameters or groups that an optimizer was given, as a list."""
    if isinstance(params, Tensor):
        raise TypeError(
            f"params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
            f"{typename(params)}. Put it in a list: [tensor]."
        )
    try:
        return list(params)
    except TypeError:
        call = "it is not called: write model.parameters()" if callable(params) and hasattr(params, "__func__") else (
            "of a model, pass model.parameters()")  # fmt: skip
        raise TypeError(f"the optimizer needs an iterable of parameters, but got {typename(params)}; {call}") from None


def named(params: Any) -> tuple[list[str], list[Any]]:
    """The names, if there are any, and the tensors of a group's "params": a tensor, or an ordered collection."""
    if isinstance(params, Tensor):
        return [], [params]
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections: the order of a set changes between "
            "runs, and a saved state would come back to other parameters. Use a list instead."
        )
    entries = list(params)
    names = [entry[0] for entry in entries if isinstance(entry, tuple)]
    if names and len(names) < len(entries):
        raise ValueError(f"all parameters come with a name or none does; here {len(names)} of {len(entries)} have one")
    return names, [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
