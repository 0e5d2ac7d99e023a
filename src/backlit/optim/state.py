"""Reading a state_dict: does it fit this optimizer, and its values as tensors of our own."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from backlit.functions.publish import array_in
from backlit.tensor import Tensor


def fitting(state_dict: dict[str, Any], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy of the saved groups, once it is sure that they match `groups` in number and size."""
    for part in ("state", "param_groups"):
        if part not in state_dict:
            raise KeyError(
                f"an optimizer's state_dict has 'state' and 'param_groups', this one only {sorted(state_dict)}. "
                "Is it the model's? Then write model.load_state_dict(...)."
            )
    saved: list[dict[str, Any]] = copy.deepcopy(state_dict["param_groups"])
    if len(saved) != len(groups):
        raise ValueError(
            f"loaded state dict has a different number of parameter groups: {len(saved)}, this optimizer has "
            f"{len(groups)}. Build the optimizer with the groups it was saved with."
        )
    for number, (theirs, ours) in enumerate(zip(saved, groups, strict=True)):
        if len(theirs["params"]) != len(ours["params"]):
            raise ValueError(
                f"loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                f"group {number} was saved with {len(theirs['params'])} parameters, here it has "
                f"{len(ours['params'])}. Is it the same model?"
            )
    return saved


def loaded(p: Tensor, kept: dict[str, Any], number: int, expected: dict[str, Any]) -> dict[str, Any]:
    """The saved state of parameter `number`, copied, in the parameter's dtype.

    expected: the state that `p` would start with; what is saved must have its entries, of the same shapes.
    """
    for name, ours in expected.items():
        if name not in kept:
            raise ValueError(
                f"loaded state dict lacks {name!r} for parameter {number}; it has {sorted(kept)}. "
                "Was it saved by another kind of optimizer?"
            )
        theirs = kept[name]
        if theirs is not None and np.shape(theirs) != np.shape(ours):
            raise ValueError(
                f"loaded state dict has {name!r} of shape {tuple(np.shape(theirs))} for parameter {number} of shape "
                f"{tuple(p.shape)}. Is it the same model?"
            )
    return {
        name: owned(value, expected[name].array.dtype if name in expected else p.array.dtype)
        for name, value in kept.items()
    }


def owned(value: Any, dtype: Any) -> Any:
    """A copy of a saved value: arrays, also those of PyTorch itself, as tensors; floating ones in `dtype`."""
    if isinstance(value, dict):
        return {name: owned(part, dtype) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(owned(part, dtype) for part in value)
    if not hasattr(value, "__array__"):
        return value
    array = np.asarray(array_in(value))
    return Tensor.wrap(np.array(array, dtype if array.dtype.kind == "f" else None))
