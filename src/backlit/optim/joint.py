"""Small parameters updated together, in one pass of a rule over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from backlit.optim.writing import PIECE, count
from backlit.tensor import Tensor

State = dict[str, Any]


class Joint:
    """Parameters of one group whose memory lies side by side, in one array for each thing that is remembered.

    A rule works element by element, so a pass over all of them gives each the same numbers as a pass of its own, to the
    bit. In a small network the calls of those passes are most of what a step of Adam takes.
    """

    def __init__(self, params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> None:
        self.places = [p.array for p in params]
        ends = np.cumsum([0, *(place.size for place in self.places)]).tolist()
        self.pieces = [slice(start, end) for start, end in pairwise(ends)]
        self.whole = [np.concatenate([state[name].array for state in states], axis=None) for name in names]
        for name, whole in zip(names, self.whole, strict=True):
            for place, state, piece in zip(self.places, states, self.pieces, strict=True):
                state[name].array = whole[piece].reshape(place.shape)
        self.arrays = arrays_of(params, states, names)

    def holds(self, params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> bool:
        """Whether these parameters are those, as many steps old, and no array has been replaced by another."""
        now = arrays_of(params, states, names)
        is_same = len(now) == len(self.arrays) and all(a is b for a, b in zip(now, self.arrays, strict=True))
        return is_same and len(ages(states)) == 1

    def update(
        self, rule: Callable[..., Any], gradients: Iterable[Any], states: Sequence[State], **settings: float
    ) -> None:
        """Count the step, and overwrite the parameters and their memory with what `rule` makes of them."""
        step = max(count(state["step"]) for state in states)
        old, g = (np.concatenate(list(arrays), axis=None) for arrays in (self.places, gradients))
        new, *results = rule(old, g, *self.whole, step=step, **settings)
        for whole, result in zip(self.whole, results, strict=True):
            whole[...] = result
        for place, piece in zip(self.places, self.pieces, strict=True):
            place[...] = new[piece].reshape(place.shape)


def are_small(params: Sequence[Tensor]) -> bool:
    """Whether passes for each of these parameters would take their time for the calls, and not for the numbers."""
    return len(params) > 1 and sum(p.array.nbytes for p in params) <= PIECE


def joined(params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> Joint | None:
    """A joint of parameters of one dtype, as many steps old, that share no memory; None for others."""
    dtypes = {array.dtype for array in arrays_of(params, states, names)}
    is_plain = all(
        p.array.flags.c_contiguous and all(state[name].array.shape == p.array.shape for name in names)
        for p, state in zip(params, states, strict=True)
    )
    is_apart = not any(np.may_share_memory(p.array, q.array) for p, q in combinations(params, 2))
    is_possible = len(dtypes) == len(ages(states)) == 1 and is_plain and is_apart
    return Joint(params, states, names) if is_possible else None


def arrays_of(params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> list[Any]:
    """Those of the parameters, then those of their state."""
    return [*[p.array for p in params], *[state[name].array for state in states for name in names]]


def ages(states: Sequence[State]) -> set[float]:
    """How many steps they have taken."""
    return {state["step"].array.item() for state in states}
