"""Handles that take hooks off again."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import MutableMapping
from typing import Any

_numbers = itertools.count()


class RemovableHandle:
    """Stands for one hook in the dicts that hold it; `remove()`, or leaving a `with` block, takes it out of them."""

    def __init__(self, hooks: MutableMapping[int, Any], *, extra_dict: Any = ()) -> None:
        self.id = next(_numbers)
        extras = extra_dict if isinstance(extra_dict, (list, tuple)) else (extra_dict,)
        self.holders = (hooks, *extras)

    def remove(self) -> None:
        for holder in self.holders:
            holder.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def add_hook(hooks: OrderedDict[int, Any], hook: Any, prepend: bool = False) -> RemovableHandle:
    """Put a hook last, or first, in a dict of hooks."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
