"""A shuffle's swaps, one after the other or, in large arrays, all at once."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# From about this many numbers on, a dozen passes of NumPy are quicker than one of Python.
MANY = 1000


def swapped(partners: Array) -> Array:
    """0 .. n-1 after place 0 has changed with place partners[0], then 1 with partners[1], and so on.

    Shape: partners (n,) int64, partners[i] from i to n-1; out (n,) int64.

    >>> swapped(np.array([2, 1, 2]))
    array([2, 1, 0])
    """
    return _at_once(partners) if len(partners) >= MANY else _in_turn(partners)


def _in_turn(partners: Array) -> Array:
    order = list(range(len(partners)))
    for i, j in enumerate(partners.tolist()):
        order[i], order[j] = order[j], order[i]
    return np.array(order, np.int64)


def _at_once(partners: Array) -> Array:
    """At turn i, place i gets for good what partners[i] holds, and partners[i] gets what place i holds.

    So what a place holds at some turn is what the last turn that went there brought: its own number if there was none.
    """
    n = len(partners)
    turns = np.arange(n)
    brought = turns.copy()  # what each turn brings: what its place holds then, followed back to where it came from
    away = np.flatnonzero(partners > turns)
    brought[partners[away]] = away  # of several turns that went there, NumPy's assignment keeps the last
    while not np.array_equal(earlier := brought[brought], brought):
        brought = earlier
    out = np.where(partners > turns, partners, brought)
    # Turns by the place they went to: behind another, a turn finds what that one brought.
    turn = _sorting(partners)
    place = partners[turn]
    behind = np.flatnonzero(place[1:] == place[:-1])
    out[turn[behind + 1]] = brought[turn[behind]]
    return out


def _sorting(places: Array) -> Array:
    """What sorts the places, equal ones in their order: 16 bits at a time, for which NumPy counts and does not compare.

    Shape: places (n,), from 0 to n-1; out (n,) int64.
    """
    order = np.arange(len(places))
    for bits in range(0, len(places).bit_length(), 16):
        order = order[np.argsort((places[order] >> bits).astype(np.uint16), kind="stable")]
    return order
