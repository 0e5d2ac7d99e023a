"""Datasets: where rows come from. A dataset answers `dataset[i]` and `len(dataset)`, or can only be iterated."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from backlit.random import Generator, default_generator
from backlit.tensor import Tensor

Row = TypeVar("Row", covariant=True)


class Dataset(Generic[Row]):
    """Rows that are fetched by index: a subclass defines `__getitem__`, and `__len__` where the size is known."""

    def __getitem__(self, index: Any) -> Row:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__, so its rows cannot be fetched by index. "
            "Define it:\n    def __getitem__(self, index): return self.x[index], self.y[index]"
        )

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Row], ABC):
    """Rows that come one after another, as from a stream: a subclass defines `__iter__`."""

    @abstractmethod
    def __iter__(self) -> Iterator[Row]: ...

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]  # PyTorch's rule for streams
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Row i is the tuple of every tensor's row i.

    Shape: each tensor (N, ...).  Raises AssertionError if the tensors differ in N.

    >>> import backlit as torch
    >>> rows = torch.utils.data.TensorDataset(torch.arange(3.0), torch.tensor([7, 8, 9]))
    >>> rows[1]
    (tensor(1.), tensor(8))
    """

    def __init__(self, *tensors: Tensor) -> None:
        counts = [tensor.shape[0] for tensor in tensors]
        if len(set(counts)) > 1:
            raise AssertionError(
                f"TensorDataset: the tensors must have as many rows as each other; they have {counts} "
                f"(shapes {[tuple(t.shape) for t in tensors]}). Is one of them transposed, or cut shorter?"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class Subset(Dataset[Row]):
    """The rows `indices` of another dataset, in that order."""

    def __init__(self, dataset: Dataset[Row], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Row:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[Any]):
    """Several datasets, one after the other, under one index."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("ConcatDataset: datasets should not be an empty iterable; it was given none.")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError(
                "ConcatDataset: an IterableDataset has no index. Chain it instead: ChainDataset([first, second])."
            )
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError(
                    f"absolute value of index should not exceed dataset length: got {index} for {len(self)} rows"
                )
            index += len(self)
        part = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[part - 1] if part else 0
        return self.datasets[part][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[Any]):
    """Several iterable datasets, one after the other."""

    def __init__(self, datasets: Iterable[Dataset[Any]]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            yield from self._checked(dataset)

    def __len__(self) -> int:
        return sum(self._checked(dataset).__len__() for dataset in self.datasets)  # type: ignore[attr-defined]

    @staticmethod
    def _checked(dataset: Dataset[Any]) -> IterableDataset[Any]:
        if not isinstance(dataset, IterableDataset):
            raise AssertionError(
                f"ChainDataset only supports IterableDataset, and got {type(dataset).__name__}. "
                "Rows with an index are joined by ConcatDataset."
            )
        return dataset


class StackDataset(Dataset[Any]):
    """Datasets side by side: row i is the tuple (or, given by name, the dictionary) of every dataset's row i.

    >>> from backlit.utils.data import StackDataset
    >>> StackDataset(image=[10, 11], label=["a", "b"])[1]
    {'image': 11, 'label': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError("StackDataset: give the datasets either by position or by name, not both ways.")
        if not args and not kwargs:
            raise ValueError("StackDataset: at least one dataset should be passed.")
        self.datasets: tuple[Any, ...] | dict[str, Any] = args or kwargs
        lengths = [len(dataset) for dataset in self._parts()]
        if len(set(lengths)) > 1:
            raise ValueError(f"StackDataset: size mismatch between datasets, which have {lengths} rows.")
        self._length = lengths[0]

    def _parts(self) -> Iterable[Any]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return self._length


def random_split(
    dataset: Dataset[Row], lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[Row]]:
    """Deal the rows into disjoint random subsets of the given lengths, or fractions that sum to 1.

    One permutation of all rows is drawn from `generator` and cut into consecutive pieces, as PyTorch does. Fractions
    are rounded down; rows left over go to the first subsets, one each.
    Raises ValueError if lengths do not sum to the number of rows, or a fraction is outside [0, 1].

    >>> import backlit as torch
    >>> [len(part) for part in torch.utils.data.random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    rows = len(dataset)  # type: ignore[arg-type]
    counts = _counts_from_fractions(rows, lengths) if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 else lengths
    if sum(counts) != rows:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {list(lengths)} sum to "
            f"{sum(lengths)}, and there are {rows} rows. Fractions must sum to 1, as in [0.8, 0.2]."
        )
    order = (generator or default_generator).permutation(rows).tolist()
    ends = itertools.accumulate(counts)
    return [Subset(dataset, order[int(end - count) : int(end)]) for end, count in zip(ends, counts, strict=True)]


def _counts_from_fractions(rows: int, fractions: Sequence[float]) -> list[int]:
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
    counts = [math.floor(rows * fraction) for fraction in fractions]
    for i in range(rows - sum(counts)):
        counts[i % len(counts)] += 1
    for i, count in enumerate(counts):
        if count == 0:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return counts


def gather(dataset: Any, indices: Sequence[int]) -> list[Tensor] | None:
    """Rows `indices` of a TensorDataset, or of Subsets of one, as whole batches; None for any other dataset.

    The same numbers as collating `dataset[i]` one by one, at the cost of one indexing per tensor. A subclass may
    have its own `__getitem__`, so only the classes themselves take this path.
    """
    if type(dataset) is Subset:
        return gather(dataset.dataset, [dataset.indices[i] for i in indices])
    if type(dataset) is TensorDataset:
        rows = np.asarray(indices)
        return [t[rows] if t.requires_grad else Tensor.wrap(t.array[rows]) for t in dataset.tensors]
    return None
