"""Mean, spread and range of numbers that come in chunks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Moments:
    """Count, mean, sum of squared deviations, least and greatest of the values so far.

    Chunks are merged as in Chan, Golub & LeVeque, "Algorithms for Computing the Sample Variance" (1983), eq. 2.1:
    subtracting a square from a sum of squares would lose every digit of a small spread around a large mean.

    >>> moments = Moments()
    >>> moments.add(np.array([1.0, 2.0]))
    >>> moments.add(np.array([6.0]))
    >>> moments.mean, moments.least, moments.most, round(moments.std, 3)
    (3.0, 1.0, 6.0, 2.16)
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    least: float = np.inf
    most: float = -np.inf

    def add(self, values: np.ndarray) -> None:
        """Take in more values.  Shape: (n,) float64."""
        if not values.size:
            return
        total = self.count + values.size
        with np.errstate(over="ignore", invalid="ignore"):  # a spread beyond float64's range is infinite
            mean = float(values.mean())
            apart = np.float64(mean - self.mean)
            within = np.square(values - mean).sum()
            self.squares = float(self.squares + within + apart * apart * self.count * values.size / total)
            self.mean = float(self.mean + apart * values.size / total)
        self.count = total
        self.least = min(self.least, float(values.min()))
        self.most = max(self.most, float(values.max()))

    @property
    def std(self) -> float:
        """The standard deviation, with the count (not one less) as divisor."""
        return float(np.sqrt(self.squares / self.count)) if self.count else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether all values are the same."""
        return self.least == self.most
