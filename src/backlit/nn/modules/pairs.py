"""What the containers share: their positions, and the pairs that they are made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any


def position(index: int, length: int, what: str = "index") -> int:
    """A position counted from the front. Raises IndexError beyond the ends."""
    if not -length <= index < length:
        raise IndexError(f"{what} {index} is out of range: there are {length} modules, so {-length} to {length - 1}.")
    return index % length


def pairs_of(values: Any, what: str, in_order: bool) -> list[tuple[str, Any]]:
    """The pairs in a mapping, or in an iterable of pairs.

    A plain dict is sorted by name unless `in_order`: PyTorch orders parameters so.
    """
    if isinstance(values, Mapping) and not in_order and not isinstance(values, OrderedDict):
        return sorted(values.items())
    if hasattr(values, "items"):
        return list(values.items())
    if not isinstance(values, Iterable):
        raise TypeError(
            f"{what}.update should be called with an iterable of key/value pairs, but got {type(values).__name__}"
        )
    pairs = [tuple(pair) if isinstance(pair, Iterable) else pair for pair in values]
    for k, pair in enumerate(pairs):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"{what} update sequence element #{k} is no pair of a name and a value: {pair!r}")
    return pairs
