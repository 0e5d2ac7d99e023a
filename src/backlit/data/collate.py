"""From a list of rows to a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from backlit.dtypes import float64
from backlit.functions.creation import as_tensor, tensor
from backlit.functions.joining import stack
from backlit.tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Rows to a batch: tensors, arrays and numbers are stacked on a new first axis; tuples, lists and dictionaries
    are collated field by field; strings stay as they are.

    Raises TypeError for anything else (None, objects), RuntimeError for rows of different sizes.

    >>> from backlit.utils.data import default_collate
    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch))
    if isinstance(first, (np.ndarray, np.generic)):
        return _stack_arrays(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, {key: default_collate([row[key] for row in batch]) for key in first})
    if isinstance(first, Sequence):
        return _like_sequence(first, [default_collate(field) for field in _fields(batch)])
    raise _refusal(type(first))


def default_convert(data: Any) -> Any:
    """A row as it is, with its NumPy arrays as tensors: what a DataLoader does when it makes no batches."""
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biuf":
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(value) for value in data])
    return data


def _stack_arrays(batch: Sequence[Any]) -> Any:
    if np.asarray(batch[0]).dtype.kind not in "biuf":
        raise _refusal(np.asarray(batch[0]).dtype)
    return stack([as_tensor(row) for row in batch])


def _fields(batch: Sequence[Any]) -> list[tuple[Any, ...]]:
    lengths = {len(row) for row in batch}
    if len(lengths) > 1:
        raise RuntimeError(
            f"each element in list of batch should be of equal size: rows have {sorted(lengths)} fields. "
            "Pad them, or give the DataLoader a collate_fn that does."
        )
    return list(zip(*batch, strict=True))


def _like_mapping(example: Mapping[Any, Any], fields: dict[Any, Any]) -> Any:
    """`fields` in the mapping type of the rows (OrderedDict and such), or a dict where that cannot be made."""
    if isinstance(example, MutableMapping):
        same = copy.copy(example)
        same.update(fields)
        return same
    return fields


def _like_sequence(example: Sequence[Any], fields: list[Any]) -> Any:
    """`fields` in the row's type where that is a named tuple or a list of its own kind; other rows become lists."""
    if hasattr(example, "_fields"):
        return type(example)(*fields)
    if isinstance(example, MutableSequence) and type(example) is not list:
        same = copy.copy(example)
        same[:] = fields
        return same
    return fields


def _refusal(kind: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}. "
        "Let the dataset's __getitem__ return one of these, or give the DataLoader a collate_fn."
    )
