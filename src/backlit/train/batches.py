"""The training rows, and which of them each step sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlit.data.sampler import draw_seed
from backlit.random import Generator
from backlit.swaps import swapped
from backlit.tensor import Tensor


class Batches:
    """Rows in the order of one epoch after another: `next()` gives a step's x and y.

    Shape: x (N, ...), y (N, ...).  The order is drawn as `DataLoader(shuffle=True)` draws it, so a loop over that
    loader sees the same rows. When one batch holds every row there is no order to draw, and nothing is drawn.
    """

    def __init__(self, x: Tensor, y: Tensor, batch_size: int | None, shuffle: bool) -> None:
        self.x, self.y = x, y
        self.rows = x.shape[0]
        self.batch_size = min(batch_size or self.rows, self.rows)
        self.shuffle = shuffle and self.batch_size < self.rows
        self.shuffler = swapped  # what puts the rows in the order that was drawn
        self.order: np.ndarray | None = None
        self.start = 0

    @property
    def steps_per_epoch(self) -> int:
        """The last batch of an epoch may be shorter."""
        return -(-self.rows // self.batch_size)

    def sizes(self) -> np.ndarray:
        """How many rows each step of an epoch sees.  Shape: (steps_per_epoch,)."""
        starts = np.arange(0, self.rows, self.batch_size)
        return np.minimum(self.batch_size, self.rows - starts)

    def next_size(self) -> int:
        """How many rows the next step sees."""
        return min(self.batch_size, self.rows - self.start)

    def left(self) -> int:
        """How many whole batches the epoch still has."""
        return (self.rows - self.start) // self.batch_size

    def take(self, steps: int) -> np.ndarray | None:
        """The numbers of the rows of the next `steps` batches; None where each sees all in order.

        Shape: out (steps * batch_size,) int64. Where an epoch ends with a short batch, fewer: that one is taken by
        itself, and nothing of the next epoch.
        """
        if self.batch_size == self.rows:
            return None
        parts = [self._take_in_epoch(steps * self.batch_size)]
        missing = steps * self.batch_size - len(parts[0])
        while missing and self.rows % self.batch_size == 0:
            parts.append(self._take_in_epoch(missing))
            missing -= len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _take_in_epoch(self, most: int) -> np.ndarray:
        if self.start == 0 and self.shuffle:
            self.order = self.draw()
        rows = slice(self.start, min(self.start + most, self.rows))
        self.start = rows.stop if rows.stop < self.rows else 0
        return np.arange(rows.start, rows.stop) if self.order is None else self.order[rows]

    def draw(self) -> np.ndarray:
        """The order of an epoch that begins, as a shuffling DataLoader draws it.  Shape: out (rows,) int64."""
        draw_seed()  # the number that a DataLoader draws for its workers
        return Generator().manual_seed(draw_seed()).permutation(self.rows, shuffler=self.shuffler)

    def next(self) -> tuple[Any, Any]:
        """The next step's rows."""
        if self.batch_size == self.rows:
            return self.x, self.y
        if self.start == 0 and self.shuffle:
            self.order = self.draw()
        rows = slice(self.start, self.start + self.batch_size)
        self.start = rows.stop if rows.stop < self.rows else 0
        if self.order is None:
            return self.x[rows], self.y[rows]
        chosen = self.order[rows]
        return Tensor.wrap(self.x.array[chosen]), Tensor.wrap(self.y.array[chosen])
