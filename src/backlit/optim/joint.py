"""Small parameters updated together, in one pass of a rule over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
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
        ends = np.cumsum([0, *(p.array.size for p in params)]).tolist()
        self.params, self.names = list(params), names
        self.pieces = [slice(start, end) for start, end in pairwise(ends)]
        self.whole = [np.concatenate([state[name].array for state in states], axis=None) for name in names]
        for name, whole in zip(names, self.whole, strict=True):
            for p, state, piece in zip(params, states, self.pieces, strict=True):
                state[name].array = whole[piece].reshape(p.array.shape)
        self.arrays = self.arrays_of(states)

    def arrays_of(self, states: Sequence[State]) -> list[Any]:
        return [state[name].array for state in states for name in self.names]

    def holds(self, params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> bool:
        """Whether these are the parameters, as many steps old, and nobody has put another array in the place of one."""
        return (
            names == self.names
            and len(params) == len(self.params)
            and len(ages(states)) == 1
            and all(p is own for p, own in zip(params, self.params, strict=True))
            and all(a is own for a, own in zip(self.arrays_of(states), self.arrays, strict=True))
            and all(p.array.size == s.stop - s.start for p, s in zip(params, self.pieces, strict=True))
        )

    def rewrite(self, rule: Callable[..., Any], gradients: Sequence[Any], **settings: float) -> None:
        """Overwrite the parameters and their memory with what `rule` makes of them."""
        old = np.concatenate([p.array for p in self.params], axis=None)
        new, *results = rule(old, np.concatenate(gradients, axis=None), *self.whole, **settings)
        for whole, result in zip(self.whole, results, strict=True):
            whole[...] = result
        for p, piece in zip(self.params, self.pieces, strict=True):
            p.array[...] = new[piece].reshape(p.array.shape)


def joined(params: Sequence[Tensor], states: Sequence[State], names: Sequence[str]) -> Joint | None:
    """A joint of several small parameters of one dtype, all of them as many steps old; else None."""
    if len(params) < 2 or sum(p.array.nbytes for p in params) > PIECE:
        return None
    dtypes = {array.dtype for p, state in zip(params, states, strict=True)
              for array in (p.array, *(state[name].array for name in names))}  # fmt: skip
    is_plain = all(p.array.flags.c_contiguous for p in params) and len(set(map(id, params))) == len(params)
    return Joint(params, states, names) if len(dtypes) == len(ages(states)) == 1 and is_plain else None


def ages(states: Sequence[State]) -> set[float]:
    """How many steps they have taken."""
    return {state["step"].array.item() for state in states}


def counted(states: Sequence[State]) -> float:
    """Add one to the counters of all, which are equal. Out: what they count now."""
    number = 0.0
    for state in states:
        number = count(state["step"])
    return number
