"""A quantity over time in buckets of least, greatest and last, so that a spike of one step is never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from backlit.live.training import Measures

#: Buckets of a curve. When they are full, neighbours merge, and each covers twice as many steps.
BUCKETS = 256


class Curve:
    """Values by step, as many as there are.  Bucket k covers the steps from k * width on.

    >>> curve = Curve()
    >>> curve.add(np.arange(1, 1001), np.where(np.arange(1, 1001) == 500, 9.0, 1.0))
    >>> curve.width, float(np.nanmax(curve.buckets()[:, 2]))
    (4, 9.0)
    """

    def __init__(self) -> None:
        self.width = 1
        self.table = np.full((BUCKETS, 4), np.nan)  # step of the last value, least, greatest, last

    def add(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Values of later and later steps. What is not finite has no place in a picture, and is left out.

        Shape: steps and values (n,).
        """
        kept = np.isfinite(values)
        steps, values = steps[kept], values[kept]
        if not len(steps):
            return
        while steps[-1] >= BUCKETS * self.width:
            self.merge()
        places = steps // self.width
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        ends = np.append(starts[1:], len(places)) - 1
        where = places[starts]
        table = self.table
        table[where, 1] = np.fmin(table[where, 1], np.minimum.reduceat(values, starts))
        table[where, 2] = np.fmax(table[where, 2], np.maximum.reduceat(values, starts))
        table[where, 0], table[where, 3] = steps[ends], values[ends]

    def add_one(self, step: int, value: float) -> None:
        """The value at one step."""
        self.add(np.array([step]), np.array([value]))

    def merge(self) -> None:
        """Join neighbours, the first with the second and so on."""
        first, second = self.table[::2], self.table[1::2]
        joined = np.full_like(self.table, np.nan)
        is_later = ~np.isnan(second[:, :1])
        joined[: BUCKETS // 2] = np.where(is_later, second, first)
        joined[: BUCKETS // 2, 1] = np.fmin(first[:, 1], second[:, 1])
        joined[: BUCKETS // 2, 2] = np.fmax(first[:, 2], second[:, 2])
        self.table, self.width = joined, 2 * self.width

    def cut(self, step: int) -> None:
        """Forget what came after a step, and the bucket that it stands in with it."""
        self.table[~(self.table[:, 0] <= step)] = np.nan

    def buckets(self) -> np.ndarray:
        """What there is, in order, and NaN beyond.  Shape: out (256, 4)."""
        out = np.full_like(self.table, np.nan)
        filled = self.table[~np.isnan(self.table[:, 0])]
        out[: len(filled)] = filled
        return out


CURVES = ("loss", "test_loss", "accuracy", "grad_norm")


class Curves:
    """The four curves of a run, and of each of its layers the norm of the gradient."""

    def __init__(self, layers: int) -> None:
        self.of = {name: Curve() for name in CURVES}
        self.layers = [Curve() for _ in range(layers)]

    def add(self, step: int, measures: Measures) -> None:
        """What was measured after a step."""
        for name in ("test_loss", "accuracy", "grad_norm"):
            self.of[name].add_one(step, getattr(measures, name))
        for curve, grad_norm in zip(self.layers, measures.layers[:, 0], strict=True):
            curve.add_one(step, grad_norm)

    def cut(self, step: int) -> None:
        """Forget what came after a step."""
        for curve in [*self.of.values(), *self.layers]:
            curve.cut(step)

    def buckets(self) -> np.ndarray:
        """As a frame has them.  Shape: out (4, 256, 4)."""
        return np.stack([curve.buckets() for curve in self.of.values()])

    def layer_buckets(self) -> np.ndarray:
        """The norms of the layers' gradients, as a frame has them.  Shape: out (layers, 256, 4)."""
        return np.stack([curve.buckets() for curve in self.layers])
