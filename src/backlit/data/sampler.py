"""Samplers: in which order rows are visited. Each draws from PyTorch's stream exactly as PyTorch's does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from backlit.dtypes import float64
from backlit.functions.creation import tensor
from backlit.random import Generator, default_generator

Index = TypeVar("Index", covariant=True)

# PyTorch draws the indices of sampling with replacement in blocks of this many.
REPLACEMENT_BLOCK = 32


class Sampler(Generic[Index]):
    """Yields indices, or lists of indices: a subclass defines `__iter__`, and `__len__` where the count is known."""

    def __init__(self, data_source: Sized | None = None) -> None:
        """`data_source` is accepted, and not used, for subclasses that hand it over."""

    def __iter__(self) -> Iterator[Index]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__, which yields the indices.")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... len(data_source) - 1."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The rows in random order, or `num_samples` rows drawn with replacement.

    Without a generator of its own it draws a seed from the default one at each pass, and shuffles with that: so one
    number leaves the default stream however many rows there are.
    Raises TypeError if `replacement` is not a bool, ValueError if `num_samples` is not a positive integer.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        require_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices one pass yields: the number of rows, unless given."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        rows = len(self.data_source)
        generator = self.generator or Generator().manual_seed(draw_seed())
        whole, rest = divmod(self.num_samples, REPLACEMENT_BLOCK if self.replacement else rows)
        for _ in range(whole):
            yield from self._block(generator, rows, REPLACEMENT_BLOCK)
        # Drawn even where nothing is left over: a generator that the user holds must end where PyTorch's ends.
        yield from self._block(generator, rows, rest)[:rest]

    def _block(self, generator: Generator, rows: int, count: int) -> list[int]:
        if self.replacement:
            return generator.integers(0, rows, (count,)).tolist()
        return generator.permutation(rows).tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in (self.generator or default_generator).permutation(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """`num_samples` indices, index i with a probability proportional to `weights[i]`.

    Shape: weights (N,).  Raises ValueError if weights are not one-dimensional or `num_samples` is not positive.
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        require_positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or default_generator
        yield from generator.multinomial(self.weights.array, self.num_samples, self.replacement).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices of another sampler; the last list is shorter, or left out if `drop_last`.

    >>> from backlit.utils.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        require_positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        rows = len(self.sampler)  # type: ignore[arg-type]
        return rows // self.batch_size if self.drop_last else -(-rows // self.batch_size)


def draw_seed(generator: Generator | None = None) -> int:
    """A seed from a stream: the number that PyTorch's `torch.empty((), dtype=torch.int64).random_()` would give."""
    return int((generator or default_generator).random_full(np.dtype(np.int64), ()))


def require_positive(name: str, value: Any) -> None:
    """Raise ValueError unless `value` is an integer above 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
