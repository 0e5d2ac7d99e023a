"""Which columns a network's predictions rest on: what is lost when one of them is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backlit.data.table import Part, Prepared

#: How often a column is shuffled; the spread is over these.
SHUFFLES = 5
#: Rows looked at: a measure is known to a hundredth with these, and wide tables stay quick.
MOST_ROWS = 5000


class Importance(NamedTuple):
    """How much the headline measure falls when the column is shuffled: its mean and its standard deviation."""

    column: str
    fall: float
    spread: float


def importance(
    prepared: Prepared, predict: Callable[[np.ndarray], np.ndarray], part: Part, seed: int
) -> list[Importance]:
    """The columns by importance, the greatest first.

    `predict` gives the network's scores for encoded rows. A column's own inputs (all of a category's) are shuffled
    together among the rows, which keeps its values and takes away what they tell of the row: Breiman 2001, "Random
    forests", section 10. Correlated columns can stand in for each other, and then both seem to matter less.
    """
    task, draw = prepared.task, np.random.default_rng(seed)
    rows = np.sort(draw.permutation(len(part))[:MOST_ROWS])
    x, y = np.array(part.x[rows]), part.y[rows]
    whole = task.measure(predict(x), y)[task.headline]
    found, start = [], 0
    for column in prepared.columns:
        end = start + len(column.features)
        falls = []
        for _ in range(SHUFFLES):
            shuffled = x.copy()
            shuffled[:, start:end] = x[draw.permutation(len(x)), start:end]
            falls.append(whole - task.measure(predict(shuffled), y)[task.headline])
        found.append(Importance(column.name, float(np.mean(falls)), float(np.std(falls))))
        start = end
    return sorted(found, key=lambda row: -row.fall)
