"""Arrays to check ops with: typical, empty, of length 1, broadcast, and so large that a careless formula saturates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backlit.ops.registry import Sample, Samples

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (5,), (2, 3), (0, 3), (2, 1, 4))
PAIRS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), ()), ((3,), ()), ((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((0, 3), (3,)), ((1,), (4, 1)),
)  # fmt: skip


def drawn(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> Any:
    """Uniform values, kept off small integers and their halves, where kinks and steps lie."""
    values = rng.uniform(low, high, shape)
    near = np.abs(values * 2 - np.round(values * 2)) < 0.05
    return np.asarray(np.where(near, values + 0.07, values))


def unary(low: float = -3.0, high: float = 3.0, extremes: tuple[float, ...] = (), **settings: Any) -> Samples:
    """Samples of an op on one array, with values between low and high, and with each of `extremes`."""

    def samples(rng: np.random.Generator) -> Iterator[Sample]:
        for shape in SHAPES:
            yield Sample((drawn(rng, shape, low, high),), settings)
        if extremes:
            yield Sample((np.array(extremes, float),), settings)

    return samples


def binary(low: float = -3.0, high: float = 3.0, second: tuple[float, float] | None = None, **settings: Any) -> Samples:
    """Samples of an op on two arrays that broadcast; `second` bounds the second one's values."""

    def samples(rng: np.random.Generator) -> Iterator[Sample]:
        for first_shape, second_shape in PAIRS:
            other = drawn(rng, second_shape, *(second or (low, high)))
            yield Sample((drawn(rng, first_shape, low, high), other), settings)

    return samples


def cases(*rows: tuple[tuple[Any, ...], dict[str, Any]], low: float = -3.0, high: float = 3.0) -> Samples:
    """Samples written out: for each row the inputs (a shape is drawn, anything else taken as is) and the settings."""

    def samples(rng: np.random.Generator) -> Iterator[Sample]:
        for inputs, settings in rows:
            yield Sample(tuple(drawn(rng, v, low, high) if isinstance(v, tuple) else v for v in inputs), settings)

    return samples
