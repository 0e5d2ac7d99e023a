"""DataLoader: rows, in a sampler's order, made into batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from backlit.data.collate import default_collate, default_convert
from backlit.data.dataset import Dataset, IterableDataset, gather
from backlit.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed
from backlit.random import Generator

Row = TypeVar("Row", covariant=True)

# What the batches depend on; PyTorch forbids changing it afterwards, because the samplers are made once.
FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[Row]):
    """Iterates over a dataset in batches.

    `num_workers` and its companions are accepted and checked, and the rows are fetched in this process: the batches
    and their order are the same. `worker_init_fn` is for a worker process and is therefore not called.
    Raises ValueError for options that exclude each other or are out of range.

    >>> import backlit as torch
    >>> rows = torch.utils.data.TensorDataset(torch.arange(5))
    >>> [batch.tolist() for (batch,) in torch.utils.data.DataLoader(rows, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Dataset[Row],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        is_stream = isinstance(dataset, IterableDataset)
        if is_stream:
            _check_stream(shuffle, sampler, batch_sampler)
        _check_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        if sampler is None:
            sampler = _default_sampler(dataset, is_stream, shuffle, generator)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn: Callable[[Any], Any] = collate_fn or (
            default_convert if batch_sampler is None else default_collate
        )
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._started = False
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and getattr(self, "_ready", False):
            raise ValueError(
                f"{name} attribute should not be set after DataLoader is initialized. "
                f"Make a new one: DataLoader(dataset, {name}={value!r}, ...)."
            )
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        indices = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)
        if not (self.persistent_workers and self._started):
            # The seed that PyTorch's workers would start from: one number leaves the stream at each pass, or once if
            # the workers outlive the pass.
            draw_seed(self.generator)
        self._started = True
        if isinstance(self.dataset, IterableDataset):
            return self._stream(indices, iter(self.dataset))
        return self._fetch(indices)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            rows = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return rows
            return rows // self.batch_size if self.drop_last else -(-rows // self.batch_size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def _fetch(self, indices: Iterator[Any]) -> Iterator[Any]:
        if self.batch_sampler is None:
            for index in indices:
                yield self.collate_fn(self.dataset[index])
            return
        for rows in indices:
            batch = gather(self.dataset, rows) if self.collate_fn is default_collate else None
            yield self.collate_fn(self._rows(rows)) if batch is None else batch

    def _rows(self, indices: list[Any]) -> list[Any]:
        many = getattr(self.dataset, "__getitems__", None)
        return many(indices) if callable(many) else [self.dataset[i] for i in indices]

    def _stream(self, indices: Iterator[Any], rows: Iterator[Any]) -> Iterator[Any]:
        """Batches from rows that come by themselves; the sampler only says how many to a batch."""
        if self.batch_sampler is None:
            yield from map(self.collate_fn, rows)
            return
        for wanted in indices:
            batch = list(itertools.islice(rows, len(wanted)))
            if not batch or (self.drop_last and len(batch) < len(wanted)):
                return
            yield self.collate_fn(batch)


def get_worker_info() -> None:
    """None: rows are fetched in the main process, where PyTorch says None too."""
    return None


class _Endless(Sampler[None]):
    """Stands for the order of a stream, which has none."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _default_sampler(dataset: Any, is_stream: bool, shuffle: bool | None, generator: Generator | None) -> Sampler[Any]:
    if is_stream:
        return _Endless()
    return RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool) -> None:
    if num_workers < 0:
        raise ValueError(f"num_workers option should be non-negative, but got num_workers={num_workers}")
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, but got timeout={timeout}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(f"prefetch_factor={prefetch_factor} needs num_workers > 0; leave it out.")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, but got {prefetch_factor}")
    if persistent and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0; leave it out.")


def _check_stream(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}. "
                "An iterable dataset decides its own order; shuffle inside its __iter__."
            )


def _check_order(batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool) -> None:
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle: a sampler already decides the order.")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last: "
            "it already decides which rows make a batch."
        )
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError("batch_size=None makes no batches, so drop_last=True has no last batch to drop.")
